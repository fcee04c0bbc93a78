"""Writing records: look, compare with what the changes rest on, one message for all, look again.

PowerDNS cannot be asked to write only if nothing changed: between the look and the write another writer may
come. A write names the sets that it replaces and touches no other; within those, the first look tells of
what came before, and the second of what came after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers._records import Key, Outcome, Sets, did_not_stick, is_at, is_done, judge, names_of, sets_of
from providers.powerdns.api import Api
from providers.powerdns.convert import NativeSet, answered, emptied, replaced
from providers.powerdns.zones import ZoneState
from reconciler.errors import InvalidRequest
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed

_HELD: Final = "another record of the host changed"


def apply_records(api: Api, zone: ZoneState, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
    """Make the changes of one zone. Changes for one host are made together or not at all.

    Raises ProviderError where PowerDNS refuses the message.
    """
    live = api.zone(zone)
    if not live.writable:
        return {change.id: Failed(_not_ours(change, live)) for change in batch}
    names = names_of(batch)
    judged = judge(batch, answered(live.sets.values(), names), _HELD)
    if judged.to_write:
        api.write(zone, operations(judged.to_write, live.sets))
        after = answered(api.zone(zone).sets.values(), names)
        judged.outcomes.update({change.id: _outcome(change, after) for change in judged.to_write})
    return judged.outcomes


def _not_ours(change: Change, zone: ZoneState) -> InvalidRequest:
    text = f"zone {zone.name} is of kind {zone.kind} here: a write would be lost at the next transfer"
    return InvalidRequest(text, resource=change.id.address)


# -- writing
def operations(changes: Sequence[Change], live: Mapping[Key, NativeSet]) -> list[Mapping[str, Any]]:
    """Give the sets of one message: those that go before those that come, for PowerDNS looks at each in turn.

    Two changes that ask for the same set are one. Pure.
    """
    rows = [row for change in changes for row in _rows(change, live)]
    return sorted({repr(row): row for row in rows}.values(), key=_turn)


def _turn(row: Mapping[str, Any]) -> int:
    """Order: what is deleted, what is left with records that are switched off, what is answered."""
    if row["changetype"] == "DELETE":
        return 0
    return 1 if all(record["disabled"] for record in row["records"]) else 2


def _rows(change: Change, live: Mapping[Key, NativeSet]) -> Iterator[Mapping[str, Any]]:
    after = sets_of(change.after)
    gone = [key for key in sets_of(change.before) if key not in after]
    going = [live[key] for key in gone if key in live and live[key].contents]
    # A set that is deleted takes its comments along: they go on at the one that takes its place.
    left = [comment for found in going if not found.disabled for comment in found.comments]
    yield from (emptied(found) for found in going)
    for key, wanted in after.items():
        found = live.get(key)
        if not is_at(found.answered if found else None, wanted):
            yield replaced(wanted, found, left if found is None and key[0] in {g.name for g in going} else ())


def _outcome(change: Change, after: Sets) -> Outcome:
    return Done(change.after) if is_done(change, after) else did_not_stick(change, after)
