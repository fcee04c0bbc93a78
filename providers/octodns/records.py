"""Writing records: look, compare, let octoDNS plan, take from its plan what is ours, write, look again.

No class of octoDNS can be asked to write only if nothing changed. Its plan is made against a second look at
the zone; a change in it that is not ours is left out, and where it tells that somebody else wrote in between,
nothing is written at all. What comes between that look and the write is not seen; it stays, for a change
names its own set only, and the third look tells of what did not stick.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from providers._records import (
    Judged,
    Key,
    Outcome,
    RecordSet,
    by_name,
    did_not_stick,
    hold_back,
    is_at,
    is_done,
    judge,
    rivals,
    sets_of,
)
from providers.octodns.bridge import Bridge, Held, Step
from providers.octodns.convert import Sets
from reconciler.errors import Conflict, InvalidRequest, ProviderError, UnexpectedResponse
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed

_HELD: Final = "another record of the host was not"


def apply_records(bridge: Bridge, zone: str, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
    """Make the changes of one zone. Changes for one host are made together, as far as the vendor can.

    Raises Conflict where somebody else wrote to the zone meanwhile, ProviderError where the vendor refuses.
    """
    held = bridge.read(zone)
    if held.exists is False:
        raise Conflict(f"zone {zone} is gone", resource=batch[0].id.address)
    judged = judge(batch, held.sets, _HELD)
    if judged.to_write and _write(bridge, held, judged):
        after = bridge.read(zone).sets
        lost = _lost(held.sets, after, judged.to_write)
        for change in judged.to_write:
            judged.outcomes[change.id] = Failed(lost) if lost else _outcome(change, after)
    return judged.outcomes


# -- writing
def _write(bridge: Bridge, held: Held, judged: Judged) -> bool:
    """Write what is to be written, and tell whether anything was. Raises Conflict, ProviderError."""
    wanted = wanted_of(judged.to_write)
    planned = bridge.plan(held, wanted)
    try:
        if (error := meddled(planned.steps, held.sets)) is not None:
            raise error
        leave_out(judged, held.sets, {step.key for step in planned.steps}, bridge.name)
        ours = wanted_of(judged.to_write)
        steps = [step for step in planned.steps if step.key in ours]
        if steps:
            bridge.write(held.name, planned, steps)
        return bool(steps)
    finally:
        bridge.end(planned)


def wanted_of(changes: Iterable[Change]) -> dict[Key, RecordSet | None]:
    """Give each set of the changes as it is to be; None: gone. Pure."""
    wanted: dict[Key, RecordSet | None] = {}
    for change in changes:
        for key in sets_of(change.before):
            wanted.setdefault(key, None)
        wanted.update(sets_of(change.after))
    return wanted


def meddled(steps: Iterable[Step], first: Sets) -> Conflict | None:
    """Say which sets octoDNS saw otherwise when it planned than we did just before. Pure.

    Were its plan carried out as it is, it would undo what somebody else wrote in between.
    """
    moved = sorted(step.key for step in steps if step.seen != first.get(step.key))
    if not moved:
        return None
    names = ", ".join(f"{kind} {name}" for name, kind in moved[:3])
    more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    return Conflict(f"somebody else changed {names}{more} at this moment: nothing was written; run tdr again")


def leave_out(judged: Judged, live: Sets, planned: Collection[Key], class_name: str) -> None:
    """Refuse the hosts of which the class means to leave a record as it is, whatever was asked."""
    for change in judged.to_write:
        for key, wanted in wanted_of([change]).items():
            if key not in planned and not is_at(live.get(key), wanted):
                ttl = f" with TTL {wanted.ttl}" if wanted is not None else ""
                text = f"{class_name} plans no change of {key[1]} {key[0]}{ttl}"
                lift = "if the vendor holds no TTL so low, write min_ttl at the alias"
                judged.outcomes[change.id] = Failed(
                    InvalidRequest(f"{text}: {lift}", resource=change.id.address)
                )
    hold_back(judged, _HELD)


# -- looking again
def _lost(before: Sets, after: Sets, changes: Sequence[Change]) -> ProviderError | None:
    """Say what of others stood there before the write and does not any more."""
    ours = wanted_of(changes)
    gone = sorted(key for key in before if key not in ours and key not in after)
    if not gone:
        return None
    names = ", ".join(f"{kind} {name}" for name, kind in gone[:3])
    return UnexpectedResponse(
        f"{names} stood in the zone before the write and is gone: unless somebody removed it at that moment, "
        "the class does not write records by themselves, and tdr should not be used with it"
    )


def _outcome(change: Change, after: Sets) -> Outcome:
    at_name = by_name(after.values())
    if is_done(change, after) and not rivals(sets_of(change.after), at_name):
        return Done(change.after)
    ttl = _held_ttl(change, after)
    return did_not_stick(change, after, f"; write min_ttl: {ttl} at the alias" if ttl is not None else "")


def _held_ttl(change: Change, after: Sets) -> int | None:
    """Return the TTL that the vendor made of ours, where that is all that differs."""
    wanted = sets_of(change.after)
    found = [after[key] for key in wanted if key in after]
    if not wanted or len(found) != len(wanted) or any(f.values != wanted[f.key].values for f in found):
        return None
    return max((f.ttl for f in found if f.ttl > wanted[f.key].ttl), default=None)
