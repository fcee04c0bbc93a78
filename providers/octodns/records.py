"""Writing records: look, compare, let octoDNS plan, take from its plan what is ours, write, look again.

No class of octoDNS can be asked to write only if nothing changed. Its plan is made against a second look at
the zone; a change in it that is not ours is left out, and where it tells that somebody else wrote in between,
nothing is written at all. What comes between that look and the write is not seen; it stays, for a change
names its own set only, and the third look tells of what did not stick.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from providers.octodns.bridge import Bridge, Held, Step
from providers.octodns.convert import Key, Sets, StoredSet, WantedSet, sets_of
from reconciler.errors import Conflict, InvalidRequest, ProviderError, UnexpectedResponse
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.provider import Done, Failed

Outcome = Done | Failed
_SIGNATURES: Final = frozenset({"NSEC", "RRSIG"})


@dataclass(slots=True)
class Judged:
    """The changes of a batch, judged by what is there."""

    outcomes: dict[ResourceId, Outcome] = field(default_factory=dict)
    to_write: list[Change] = field(default_factory=list)


def apply_records(bridge: Bridge, zone: str, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
    """Make the changes of one zone. Changes for one host are made together, as far as the vendor can.

    Raises Conflict where somebody else wrote to the zone meanwhile, ProviderError where the vendor refuses.
    """
    held = bridge.read(zone)
    if held.exists is False:
        raise Conflict(f"zone {zone} is gone", resource=batch[0].id.address)
    judged = judge(batch, held.sets)
    if judged.to_write and _write(bridge, held, judged):
        after = bridge.read(zone).sets
        lost = _lost(held.sets, after, judged.to_write)
        for change in judged.to_write:
            judged.outcomes[change.id] = Failed(lost) if lost else _outcome(change, after)
    return judged.outcomes


# -- judging
def judge(batch: Sequence[Change], live: Sets) -> Judged:
    """Decide for each change: done already, moved under us, or to be written. Pure."""
    judged = Judged()
    leaving = {key for change in batch for key in _sets(change.before)}
    at_name = _by_name(live.values())
    for change in batch:
        if change.action in {Action.NOOP, Action.FORGET} or _is_done(change, live):
            judged.outcomes[change.id] = Done(change.after)
        elif _has_moved(change, live, at_name, leaving):
            judged.outcomes[change.id] = Failed(_conflict(change, at_name))
        else:
            judged.to_write.append(change)
    _hold_back(judged)
    return judged


def _by_name(sets: Iterable[StoredSet]) -> Mapping[str, Sequence[StoredSet]]:
    found: dict[str, list[StoredSet]] = {}
    for one in sets:
        found.setdefault(one.name, []).append(one)
    return found


def _sets(resource: Resource | None) -> Mapping[Key, WantedSet]:
    return sets_of(resource.attrs if resource is not None else None)


def _values(live: Sets, key: Key) -> tuple[str, ...]:
    return live[key].values if key in live else ()


def _is_at(found: StoredSet | None, wanted: WantedSet | None) -> bool:
    if found is None or wanted is None:
        return found is None and wanted is None
    return (found.values, found.ttl) == (wanted.values, wanted.ttl)


def _is_done(change: Change, live: Sets) -> bool:
    """Tell whether everything is already as it should be, what was there before gone."""
    after = _sets(change.after)
    return all(_is_at(live.get(key), after.get(key)) for key in {*after, *_sets(change.before)})


def _has_moved(
    change: Change, live: Sets, at_name: Mapping[str, Sequence[StoredSet]], leaving: Collection[Key]
) -> bool:
    before, after = _sets(change.before), _sets(change.after)
    if not _as_planned(change, before, after, live):
        return True
    new = {key for key in after if before and key not in before and _values(live, key)}
    return bool(new - set(leaving)) or bool(_rivals(after, at_name, leaving))


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
    ttls = [live[key].ttl for key in before if key in live]
    same = all(_values(live, key) == wanted.values for key, wanted in before.items())
    special = any(live[key].special for key in before if key in live)
    return same and not special and max(ttls, default=0) == change.before.attrs["ttl"]


def _rivals(
    after: Iterable[Key], at_name: Mapping[str, Sequence[StoredSet]], leaving: Collection[Key] = ()
) -> list[StoredSet]:
    """Give the sets that cannot stand beside those of a change, and do not leave with it."""
    return [
        found
        for key in after
        for found in at_name.get(key[0], ())
        if found.key not in leaving and _excludes(found, key)
    ]


def _excludes(found: StoredSet, key: Key) -> bool:
    if found.key == key or found.type in _SIGNATURES:
        return False
    return "CNAME" in (found.type, key[1])


def _conflict(change: Change, at_name: Mapping[str, Sequence[StoredSet]]) -> Conflict:
    name = str(change.resource.attrs["name"])
    now = _spoken(at_name.get(name, ())) or "gone"
    return Conflict(f"{name} changed since it was planned: it is now {now}", resource=change.id.address)


def _spoken(sets: Iterable[StoredSet]) -> str:
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
            text = f"not written, because another record of the host was not: {cause.message}"
            judged.outcomes[change.id] = Failed(Conflict(text, resource=change.id.address))
    judged.to_write = [change for change in judged.to_write if change.id not in judged.outcomes]


def _host(id_: ResourceId) -> str:
    return id_.key.partition("/")[0]


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


def wanted_of(changes: Iterable[Change]) -> dict[Key, WantedSet | None]:
    """Give each set of the changes as it is to be; None: gone. Pure."""
    wanted: dict[Key, WantedSet | None] = {}
    for change in changes:
        for key in _sets(change.before):
            wanted.setdefault(key, None)
        wanted.update(_sets(change.after))
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
            if key not in planned and not _is_at(live.get(key), wanted):
                ttl = f" with TTL {wanted.ttl}" if wanted is not None else ""
                text = f"{class_name} plans no change of {key[1]} {key[0]}{ttl}"
                lift = "if the vendor holds no TTL so low, write min_ttl at the alias"
                judged.outcomes[change.id] = Failed(
                    InvalidRequest(f"{text}: {lift}", resource=change.id.address)
                )
    _hold_back(judged)


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
    at_name = _by_name(after.values())
    if _is_done(change, after) and not _rivals(_sets(change.after), at_name):
        return Done(change.after)
    names = {key[0] for key in (*_sets(change.before), *_sets(change.after))}
    now = _spoken(found for name in names for found in at_name.get(name, ())) or "nothing"
    ttl = _held_ttl(change, after)
    lift = f"; write min_ttl: {ttl} at the alias" if ttl is not None else ""
    text = f"the write did not stick: {change.resource.attrs['name']} is now {now}{lift}"
    return Failed(UnexpectedResponse(text, resource=change.id.address))


def _held_ttl(change: Change, after: Sets) -> int | None:
    """Return the TTL that the vendor made of ours, where that is all that differs."""
    wanted = _sets(change.after)
    found = [after[key] for key in wanted if key in after]
    if not wanted or len(found) != len(wanted) or any(f.values != wanted[f.key].values for f in found):
        return None
    return max((f.ttl for f in found if f.ttl > wanted[f.key].ttl), default=None)
