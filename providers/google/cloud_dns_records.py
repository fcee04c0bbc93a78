"""Writing records: look, compare with what the changes rest on, one change of exact sets, look again.

A change of Cloud DNS is done whole or not at all, and a deletion must match what stands there exactly; so it
is a compare-and-swap: it is refused when something moved in between.
docs: API: changes.create, Change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from providers._records import (
    Key,
    Outcome,
    did_not_stick,
    host_of,
    is_at,
    is_done,
    judge,
    names_of,
    sets_of,
)
from providers.google.cloud_dns_api import CloudDnsApi
from providers.google.cloud_dns_convert import Native, Stood, native_of, size_of
from providers.google.cloud_dns_refusals import moved_names
from providers.google.cloud_dns_zones import Quota, ZoneState
from reconciler.errors import Conflict, InvalidRequest
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed

DONE: Final = "done"
_HELD: Final = "another record of the host changed"

Standing = Mapping[Key, Stood]


@dataclass(slots=True)
class Written:
    """What came of a batch, and for each change that was written the id of Cloud DNS's change.

    pending  the ids of those that are not done yet
    """

    outcomes: dict[ResourceId, Outcome] = field(default_factory=dict)
    changes: dict[ResourceId, str] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Left:
    """The changes that are still to be written, and what stood there when they were judged."""

    changes: Sequence[Change]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that Cloud DNS refused whole, and the names at which it says that something moved."""

    error: InvalidRequest | Conflict
    names: frozenset[str]


def apply_records(
    api: CloudDnsApi, zone: ZoneState, quota: Quota, batch: Sequence[Change], written: Written
) -> None:
    """Make the changes of one zone, and tell in `written` what came of them.

    Changes for one host are made together or not at all. Raises ProviderError where Cloud DNS refuses what
    has not moved; what was written before that stands in `written`.
    """
    left = _judged(api, zone, batch, written)
    while left.changes:
        part = next(parts(left.changes, left.standing, quota))
        refused = _write(api, zone, part, left.standing, written)
        rest = [change for change in left.changes if change.id not in written.changes]
        if refused is not None:
            left = _after_refusal(api, zone, rest, refused, written)
        else:
            left = Left(rest, left.standing)
    _look_again(api, zone, batch, written)


def _judged(api: CloudDnsApi, zone: ZoneState, batch: Sequence[Change], written: Written) -> Left:
    """Look, and settle what is done already and what moved."""
    standing = {stood.key: stood for stood in api.stood(zone, names_of(batch))}
    judged = judge(batch, {key: stood.found for key, stood in standing.items()}, _HELD)
    written.outcomes.update(judged.outcomes)
    return Left(judged.to_write, standing)


def _write(
    api: CloudDnsApi, zone: ZoneState, part: Sequence[Change], standing: Standing, written: Written
) -> Refused | None:
    """Write a part, all or none; returns the refusal where what it rests on may have moved."""
    asked = asked_of(part, standing)
    try:
        id_, status = api.change(zone, asked.additions, asked.deletions)
    except (Conflict, InvalidRequest) as error:
        names = moved_names(error.message, asked.additions, asked.deletions)
        if not names:
            raise
        return Refused(error, names)
    written.changes.update(dict.fromkeys((change.id for change in part), id_))
    if status != DONE:
        written.pending.add(id_)
    return None


def _after_refusal(
    api: CloudDnsApi, zone: ZoneState, rest: Sequence[Change], refused: Refused, written: Written
) -> Left:
    """Look at what moved under a change that was refused whole, and leave the others to be written.

    What is done by now is one whose answer was lost. What Cloud DNS names as moved has moved, even where the
    list does not show it yet. Raises the refusal where nothing explains it.
    """
    left = _judged(api, zone, rest, written)
    for change in left.changes:
        if names_of([change]) & refused.names:
            conflict = Conflict(
                f"{change.resource.attrs['name']} changed since it was planned: {refused.error.message}",
                resource=change.id.address,
                request_id=refused.error.request_id,
            )
            written.outcomes[change.id] = Failed(conflict)
    remaining = held_back(left.changes, written)
    if len(remaining) == len(rest):
        raise refused.error
    return Left(remaining, left.standing)


def held_back(changes: Sequence[Change], written: Written) -> list[Change]:
    """Give the changes that are still to be written, without those of a host that had a conflict."""
    failed = {host_of(id_): o.error for id_, o in written.outcomes.items() if isinstance(o, Failed)}
    for change in changes:
        cause = failed.get(host_of(change.id))
        if cause is not None and change.id not in written.outcomes:
            text = f"not written, because {_HELD}: {cause.message}"
            written.outcomes[change.id] = Failed(Conflict(text, resource=change.id.address))
    return [change for change in changes if change.id not in written.outcomes]


def _look_again(api: CloudDnsApi, zone: ZoneState, batch: Sequence[Change], written: Written) -> None:
    changed = [change for change in batch if change.id in written.changes]
    if not changed:
        return
    after = {stood.key: stood.found for stood in api.stood(zone, names_of(changed))}
    for change in changed:
        stuck = is_done(change, after)
        written.outcomes[change.id] = Done(change.after) if stuck else did_not_stick(change, after)


# -- what is written
@dataclass(frozen=True, slots=True)
class Asked:
    """One change: what goes, exactly as it stands, and what comes."""

    additions: Sequence[Native]
    deletions: Sequence[Native]

    @property
    def size(self) -> int:
        """Bytes of values."""
        return sum(map(size_of, (*self.additions, *self.deletions)))


def asked_of(changes: Sequence[Change], standing: Standing) -> Asked:
    """Give what is asked for changes; what two of them ask alike is asked once. Pure."""
    additions: dict[str, Native] = {}
    deletions: dict[str, Native] = {}
    for change in changes:
        after = sets_of(change.after)
        for key in {**sets_of(change.before), **after}:
            stood, wanted = standing.get(key), after.get(key)
            if is_at(stood.found if stood else None, wanted):
                continue
            if stood is not None:
                deletions[repr(stood.native)] = stood.native
            if wanted is not None:
                added = native_of(wanted)
                additions[repr(added)] = added
    return Asked(tuple(additions.values()), tuple(deletions.values()))


def parts(changes: Sequence[Change], standing: Standing, quota: Quota) -> Iterator[list[Change]]:
    """Cut changes into those that the project takes at once; those of one host stay together."""
    hosts: dict[str, list[Change]] = {}
    for change in changes:
        hosts.setdefault(host_of(change.id), []).append(change)
    part: list[Change] = []
    taken = (0, 0, 0)
    for rows in hosts.values():
        asked = asked_of(rows, standing)
        more = (len(asked.additions), len(asked.deletions), asked.size)
        total = (taken[0] + more[0], taken[1] + more[1], taken[2] + more[2])
        most = (quota.additions, quota.deletions, quota.change_bytes)
        if part and any(one > limit for one, limit in zip(total, most, strict=True)):
            yield part
            part, total = [], more
        part += rows
        taken = total
    if part:
        yield part
