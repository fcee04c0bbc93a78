"""Writing records: look, compare with what the changes rest on, one message for all, look again.

PowerDNS cannot be asked to write only if nothing changed: between the look and the write another writer may
come. A write names the sets that it replaces and touches no other; within those, the first look tells of
what came before, and the second of what came after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from providers.powerdns.api import Api
from providers.powerdns.convert import Key, NativeSet, WantedSet, emptied, replaced, sets_of
from providers.powerdns.zones import ZoneState
from reconciler.errors import Conflict, InvalidRequest, ProviderError, UnexpectedResponse
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.provider import Done, Failed

Outcome = Done | Failed
Sets = Mapping[Key, NativeSet]
_SIGNATURES: Final = frozenset({"NSEC", "RRSIG"})


@dataclass(slots=True)
class Judged:
    """The changes of a batch, judged by what is there."""

    outcomes: dict[ResourceId, Outcome] = field(default_factory=dict)
    to_write: list[Change] = field(default_factory=list)


def apply_records(api: Api, zone: ZoneState, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
    """Make the changes of one zone. Changes for one host are made together or not at all.

    Raises ProviderError where PowerDNS refuses the message.
    """
    live = api.zone(zone)
    if not live.writable:
        return {change.id: Failed(_not_ours(change, live)) for change in batch}
    judged = judge(batch, live.sets)
    if judged.to_write:
        api.write(zone, operations(judged.to_write, live.sets))
        after = api.zone(zone).sets
        judged.outcomes.update({change.id: _outcome(change, after) for change in judged.to_write})
    return judged.outcomes


def _not_ours(change: Change, zone: ZoneState) -> InvalidRequest:
    text = f"zone {zone.name} is of kind {zone.kind} here: a write would be lost at the next transfer"
    return InvalidRequest(text, resource=change.id.address)


# -- judging
def judge(batch: Sequence[Change], live: Sets) -> Judged:
    """Decide for each change: done already, moved under us, or to be written. Pure."""
    judged = Judged()
    leaving = {key for change in batch for key in _sets(change.before)}
    at_name: dict[str, list[NativeSet]] = {}
    for found in live.values():
        at_name.setdefault(found.name, []).append(found)
    for change in batch:
        if change.action in {Action.NOOP, Action.FORGET} or _is_done(change, live):
            judged.outcomes[change.id] = Done(change.after)
        elif _has_moved(change, live, at_name, leaving):
            judged.outcomes[change.id] = Failed(_conflict(change, at_name))
        else:
            judged.to_write.append(change)
    _hold_back(judged)
    return judged


def _sets(resource: Resource | None) -> Mapping[Key, WantedSet]:
    return sets_of(resource.attrs if resource is not None else None)


def _values(live: Sets, key: Key) -> tuple[str, ...]:
    return live[key].values if key in live else ()


def _is_at(found: NativeSet | None, wanted: WantedSet | None) -> bool:
    """Tell whether a set is as wanted; records that are switched off do not count."""
    if found is None or not found.contents:
        return wanted is None
    return wanted is not None and (found.values, found.ttl) == (wanted.values, wanted.ttl)


def _is_done(change: Change, live: Sets) -> bool:
    """Tell whether everything is already as it should be, what was there before gone."""
    after = _sets(change.after)
    return all(_is_at(live.get(key), after.get(key)) for key in {*after, *_sets(change.before)})


def _has_moved(
    change: Change, live: Sets, at_name: Mapping[str, Sequence[NativeSet]], leaving: Collection[Key]
) -> bool:
    before, after = _sets(change.before), _sets(change.after)
    if not _as_planned(change, before, after, live):
        return True
    rivals = (found for key in after for found in at_name.get(key[0], ()) if _excludes(found, key))
    new = {key for key in after if before and key not in before and _values(live, key)}
    return bool(new - set(leaving)) or any(found.key not in leaving for found in rivals)


def _as_planned(
    change: Change, before: Mapping[Key, WantedSet], after: Mapping[Key, WantedSet], live: Sets
) -> bool:
    """Tell whether what is there is what the plan saw.

    Sets of several types are one record to the engine, with the longest TTL of them. Where it saw no record
    of its own, only texts that it means to keep may stand.
    """
    if change.before is None:
        return all(
            set(_values(live, key)) <= (set(wanted.values) if wanted.type == "TXT" else set())
            for key, wanted in after.items()
        )
    ttls = [live[key].ttl for key in before if _values(live, key)]
    same = all(_values(live, key) == wanted.values for key, wanted in before.items())
    return same and max(ttls, default=0) == change.before.attrs["ttl"]


def _excludes(found: NativeSet, key: Key) -> bool:
    """Tell whether a set that is answered cannot stand beside one of this key."""
    if found.key == key or not found.contents or found.type in _SIGNATURES:
        return False
    return "CNAME" in (found.type, key[1])


def _conflict(change: Change, at_name: Mapping[str, Sequence[NativeSet]]) -> Conflict:
    name = str(change.resource.attrs["name"])
    now = _spoken(at_name.get(name, ()))
    return Conflict(
        f"{name} changed since it was planned: it is now {now or 'gone'}",
        resource=change.id.address,
    )


def _spoken(sets: Iterable[NativeSet]) -> str:
    return ", ".join(
        f"{found.type} {value} (TTL {found.ttl})"
        for found in sorted(sets, key=lambda one: one.type)
        for value in found.values
    )


def _hold_back(judged: Judged) -> None:
    """Leave a host alone altogether when one of its changes cannot be made."""
    refused = {_host(id_): o.error for id_, o in judged.outcomes.items() if isinstance(o, Failed)}
    for change in judged.to_write:
        if (cause := refused.get(_host(change.id))) is not None:
            text = f"not written, because another record of the host changed: {cause.message}"
            judged.outcomes[change.id] = Failed(Conflict(text, resource=change.id.address))
    judged.to_write = [change for change in judged.to_write if change.id not in judged.outcomes]


def _host(id_: ResourceId) -> str:
    return id_.key.partition("/")[0]


# -- writing
def operations(changes: Sequence[Change], live: Sets) -> list[Mapping[str, Any]]:
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


def _rows(change: Change, live: Sets) -> Iterator[Mapping[str, Any]]:
    after = _sets(change.after)
    going = [live[key] for key in _sets(change.before) if key not in after and _values(live, key)]
    # A set that is deleted takes its comments along: they go on at the one that takes its place.
    left = [comment for found in going if not found.disabled for comment in found.comments]
    yield from (emptied(found) for found in going)
    for key, wanted in after.items():
        found = live.get(key)
        if not _is_at(found, wanted):
            yield replaced(wanted, found, left if found is None and key[0] in {g.name for g in going} else ())


def _outcome(change: Change, after: Sets) -> Outcome:
    if _is_done(change, after):
        return Done(change.after)
    names = {key[0] for key in (*_sets(change.before), *_sets(change.after))}
    now = _spoken(found for found in after.values() if found.name in names) or "nothing"
    error: ProviderError = UnexpectedResponse(
        f"the write did not stick: {change.resource.attrs['name']} is now {now}",
        resource=change.id.address,
    )
    return Failed(error)
