"""Writing records: look, compare with what the changes rest on, one batch of exact changes, look again.

A batch deletes what stands there, exactly, and creates what comes instead; it never says "whatever stands
there" (UPSERT). So it is a compare-and-swap: Route 53 refuses it whole when something moved in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

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
from providers.aws.errors import code_of
from providers.aws.route53_api import Route53Api
from providers.aws.route53_convert import Stood, natives_of, weight_of
from providers.aws.route53_refusals import moved_names
from providers.aws.route53_zones import ZoneState
from reconciler.errors import Conflict, InvalidRequest
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed

MOST_RECORDS: Final = 1000
MOST_CHARACTERS: Final = 32_000
"""Of one batch (docs: Route 53 quotas, ChangeResourceRecordSets)."""

INVALID_BATCH: Final = "InvalidChangeBatch"
_HELD: Final = "another record of the host changed"

Standing = Mapping[Key, Stood]


@dataclass(slots=True)
class Written:
    """What came of a batch, and for each change that was written the id of Route 53's change."""

    outcomes: dict[ResourceId, Outcome] = field(default_factory=dict)
    changes: dict[ResourceId, str] = field(default_factory=dict)


def apply_records(
    api: Route53Api, zone: ZoneState, owner: str, batch: Sequence[Change], written: Written
) -> None:
    """Make the changes of one zone, and tell in `written` what came of them.

    Changes for one host are made together or not at all. Raises ProviderError where Route 53 refuses what has
    not moved; what was written before that stands in `written`.
    """
    left = _judged(api, zone, batch, written)
    while left.changes:
        part = next(parts(left.changes, left.standing))
        refused = _write(api, zone, owner, part, left.standing, written)
        rest = [change for change in left.changes if change.id not in written.changes]
        if refused is not None:
            left = _after_refusal(api, zone, rest, refused, written)
        else:
            left = Left(rest, left.standing)
    _look_again(api, zone, batch, written)


@dataclass(frozen=True, slots=True)
class Left:
    """The changes that are still to be written, and what stood there when they were judged."""

    changes: Sequence[Change]
    standing: Standing


def _judged(api: Route53Api, zone: ZoneState, batch: Sequence[Change], written: Written) -> Left:
    """Look, and settle what is done already and what moved."""
    standing = {stood.key: stood for stood in api.stood(zone, names_of(batch))}
    judged = judge(batch, {key: stood.found for key, stood in standing.items()}, _HELD)
    written.outcomes.update(judged.outcomes)
    return Left(judged.to_write, standing)


def _write(
    api: Route53Api,
    zone: ZoneState,
    owner: str,
    part: Sequence[Change],
    standing: Standing,
    written: Written,
) -> InvalidRequest | None:
    """Write a part, all or none; returns the refusal where what it rests on may have moved."""
    try:
        id_ = api.change(zone, operations(part, standing), comment_of(owner, part))
    except InvalidRequest as error:
        if code_of(error) != INVALID_BATCH:
            raise
        return error
    written.changes.update(dict.fromkeys((change.id for change in part), id_))
    return None


def _after_refusal(
    api: Route53Api, zone: ZoneState, rest: Sequence[Change], refused: InvalidRequest, written: Written
) -> Left:
    """Look at what moved under a batch that was refused whole, and leave the others to be written.

    A change that is done by now is one whose answer was lost. What Route 53 names as moved has moved, even
    where the list does not show it yet. Raises the refusal where nothing explains it.
    """
    left = _judged(api, zone, rest, written)
    moved = moved_names(refused.message)
    for change in left.changes:
        if names_of([change]) & moved:
            conflict = Conflict(
                f"{change.resource.attrs['name']} changed since it was planned: {refused.message}",
                resource=change.id.address,
                request_id=refused.request_id,
            )
            written.outcomes[change.id] = Failed(conflict)
    remaining = held_back(left.changes, written)
    if len(remaining) == len(rest):
        raise refused
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


def _look_again(api: Route53Api, zone: ZoneState, batch: Sequence[Change], written: Written) -> None:
    changed = [change for change in batch if change.id in written.changes]
    if not changed:
        return
    after = {stood.key: stood.found for stood in api.stood(zone, names_of(changed))}
    for change in changed:
        stuck = is_done(change, after)
        written.outcomes[change.id] = Done(change.after) if stuck else did_not_stick(change, after)


# -- what is written
def operations(changes: Sequence[Change], standing: Standing) -> list[Mapping[str, Any]]:
    """Give the changes of one batch: what goes, exactly as it stands, before what comes.

    Two changes that ask for the same are one. Pure.
    """
    rows = [row for change in changes for row in _rows(change, standing)]
    return sorted({repr(row): row for row in rows}.values(), key=lambda row: row["Action"] == "CREATE")


def _rows(change: Change, standing: Standing) -> Iterator[Mapping[str, Any]]:
    after = sets_of(change.after)
    for key in {**sets_of(change.before), **after}:
        stood, wanted = standing.get(key), after.get(key)
        if is_at(stood.found if stood else None, wanted):
            continue
        for native in stood.natives if stood else ():
            yield {"Action": "DELETE", "ResourceRecordSet": native}
        for native in natives_of(wanted) if wanted else ():
            yield {"Action": "CREATE", "ResourceRecordSet": native}


def parts(changes: Sequence[Change], standing: Standing) -> Iterator[list[Change]]:
    """Cut changes into batches that Route 53 takes; those of one host stay together."""
    hosts: dict[str, list[Change]] = {}
    for change in changes:
        hosts.setdefault(host_of(change.id), []).append(change)
    part: list[Change] = []
    records = characters = 0
    for rows in hosts.values():
        more, longer = _weight(operations(rows, standing))
        if part and (records + more > MOST_RECORDS or characters + longer > MOST_CHARACTERS):
            yield part
            part, records, characters = [], 0, 0
        part += rows
        records, characters = records + more, characters + longer
    if part:
        yield part


def _weight(rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    weights = [weight_of(row["ResourceRecordSet"]) for row in rows]
    return sum(records for records, _ in weights), sum(characters for _, characters in weights)


def comment_of(owner: str, changes: Sequence[Change]) -> str:
    """Say whose change it is, for those who read the account's log."""
    hosts = sorted({host_of(change.id) for change in changes})
    more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
    return f"tdr {owner} {hosts[0]}{more}"
