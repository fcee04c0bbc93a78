"""A host whose `dns:` changed, on its way from zone to zone: what is refused, told and taken away. Pure.

The new zone gets the records, the claim and its memory; the former zone keeps answering the same until no
resolver can be sent there, then what is ours there goes, the claim last. tdr never changes a delegation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.claim import Claim
from reconciler.diff import resolve
from reconciler.dns import CLAIM, DNS_RECORD, HOST, Record, role_of
from reconciler.durations import duration
from reconciler.former import Former, Places, formers, inherited, is_over
from reconciler.hostview import HostView
from reconciler.model import Change, Finding, Resource, ResourceId, Severity
from reconciler.plan import Node
from reconciler.records import (
    ZoneView,
    answer_of,
    claims_of_record,
    live_claim,
    live_host,
    live_record,
    same_answer,
    view_for,
    was_of,
)

Resources = Mapping[ResourceId, Resource]


# -- what is known of it
def with_former(
    hosts: Mapping[str, HostView], places: Places, live: Resources, now_s: float
) -> dict[str, HostView]:
    """Return the views; those of hosts that leave another zone with that zone and its memory."""
    return {host: _with_former(view, places, live, now_s) for host, view in hosts.items()}


def _with_former(view: HostView, places: Places, live: Resources, now_s: float) -> HostView:
    found = formers(view.host, view.dns, view.view, view.claims, places) if view.view is not None else ()
    if not found:
        return view
    handed = all(one.handed for one in found)
    same = all(_answers_alike(view, one, live) for one in found)
    return replace(
        view,
        former=found,
        former_over=is_over(view.claim, found, now_s),
        claim=view.claim or inherited(found),
        # Where nobody asks yet, a record that answers what the former zone answers moves nobody.
        moves=view.moves and not (same and not handed),
    )


def _answers_alike(view: HostView, former: Former, live: Resources) -> bool:
    """Tell whether the host is to answer what the former zone answers for it, if that answers at all."""
    stands = was_of(live_host(former.alias, view.host, former.view))
    return stands is None or (view.target is not None and same_answer(stands, answer_of(view.target, live)))


def _left_behind(
    view: HostView, records: Iterable[Record], places: Places, live: Resources
) -> tuple[Resource, ...]:
    """Return what of ours stands in the former zones: the host's record where it answers what the host is to
    answer, the records that prove something where they are as we would write them, the claims."""
    wanted = [record for record in records if record.host == view.host]
    found = [one for former in view.former for one in _ours_in(former, view, wanted, places, live)]
    return tuple({one.id: one for one in found}.values())


def with_left_behind(
    hosts: Mapping[str, HostView], records: Iterable[Record], places: Places, live: Resources
) -> dict[str, HostView]:
    """Return the views; those of hosts that leave a zone with what of ours stands there."""
    listed = list(records) if any(view.former for view in hosts.values()) else []
    return {
        host: replace(view, left_behind=_left_behind(view, listed, places, live)) if view.former else view
        for host, view in hosts.items()
    }


def to_remove(hosts: Iterable[HostView]) -> dict[ResourceId, Resource]:
    """Return what former zones hold that is to go now: with its host, or once nobody asks there any more."""
    return {
        one.id: one
        for view in hosts
        if view.former_over or view.domain is None or view.domain.state == "absent"
        for one in view.left_behind
    }


def _ours_in(
    former: Former, view: HostView, wanted: Iterable[Record], places: Places, live: Resources
) -> Iterator[Resource]:
    record = live_host(former.alias, view.host, former.view)
    answer = answer_of(view.target, live) if view.target is not None else was_of(view.before)
    if record is not None and (answer is None or same_answer(was_of(record), answer)):
        yield record
    for proof in wanted:
        found = _as_written(proof, former, places, live)
        if found is not None:
            yield found
    claim = live_claim(former.alias, view.host, former.view)
    if claim is not None:
        yield claim


def _as_written(record: Record, former: Former, places: Places, live: Resources) -> Resource | None:
    name, values = resolve(record.name, live), [resolve(value, live) for value in record.values]
    if record.role in (HOST, CLAIM) or not isinstance(name, str):
        return None
    at = view_for(name, places.zones[former.alias])
    sets = at.sets(name, record.type) if at is not None else ()
    if at is None or {value for one in sets for value in one.values} != set(values):
        return None
    return live_record(former.alias, record.host, record.role, at.zone, sets)


# -- what is told
def findings(view: HostView, live: Resources) -> Iterator[Finding]:
    """Yield what forbids the hand-over of a present host, and what it waits for."""
    if view.domain is None or view.view is None or view.former_over or view.domain.state == "absent":
        return
    for former in view.former:
        yield from _refusals(view, former, live)
    yield from _waits(view)


def _refusals(view: HostView, former: Former, live: Resources) -> Iterator[Finding]:
    host, place = view.host, f"zone {former.view.zone.name} of `{former.alias}`"
    if former.claim.unproven and not any(c.owner == former.claim.owner for c in view.claims):
        yield _error(
            host,
            f"an earlier run began on {host} in {place} and none has proven it yet",
            f"write `dns: {former.alias}` until `tdr apply` is done with it, or has to be given up by "
            f"`tdr forget {host}`, then change `dns:`",
        )
    elif view.target is not None and view.target.proxied:
        yield _error(
            host,
            f"{host} leaves {place}, and its record in the new zone is its edge: the two zones cannot answer "
            "the same meanwhile",
            "move it to an edge that needs no zone of its own first, then change `dns:` alone",
        )
    elif not _answers_alike(view, former, live):
        yield _error(
            host,
            f"{host} leaves {place}, and is to answer something else than it answers there: as long as "
            "resolvers are sent to either zone, both must answer the same",
            f"change `dns:` alone, the rest when nothing of it is left in {place}",
        )


def _error(host: str, text: str, lift: str) -> Finding:
    return Finding(Severity.ERROR, host, text, lift, "dns")


def _waits(view: HostView) -> Iterator[Finding]:
    """Tell of each former zone what it waits for; texts without the host, so that many hosts are one line."""
    zone = view.view.zone if view.view is not None else None
    for former in view.former:
        if zone is None:
            continue
        count, place = len(view.left_behind), f"zone {former.view.zone.name} of `{former.alias}`"
        kept = f"{count} record{'s' * (count != 1)} in {place}"
        if former.handed:
            yield Finding(
                Severity.WARNING,
                view.host,
                f"{kept} stay until the old delegation has left caches ({duration(former.ns_ttl_s)})",
                "run tdr apply again after that",
                "dns",
            )
            continue
        found = zone.parent.servers if zone.parent is not None else None
        told = "where resolvers are sent cannot be told" if found is None else _delegated(found)
        servers = ", ".join(zone.name_servers) or f"that `{view.dns}` has assigned"
        yield Finding(
            Severity.WARNING,
            view.host,
            f"{kept} stay until {zone.name} is delegated to `{view.dns}`: {told}",
            f"when all else that the zone needs is there, set the name servers {servers} at the registrar of "
            f"{zone.name} (tdr never changes a delegation); then run tdr again",
            "dns",
        )


def _delegated(found: Iterable[str]) -> str:
    servers = ", ".join(found)
    return f"resolvers are sent to {servers}" if servers else "resolvers are sent nowhere"


def permitted(found: Iterable[Finding], hosts: Mapping[str, HostView]) -> Iterator[Finding]:
    """Leave out that a zone is not delegated yet, of hosts that still have another one that is."""
    for finding in found:
        view = hosts.get(finding.host or "")
        if not (finding.until_delegated and finding.key == "dns" and view is not None and view.former):
            yield finding


# -- what is taken away
def in_former(id_: ResourceId, view: HostView) -> bool:
    """Tell whether a resource is a record in a zone that the host leaves."""
    return id_.kind == DNS_RECORD and id_.alias != view.dns and any(id_.alias == f.alias for f in view.former)


def is_bookkeeping(change: Change, hosts: Mapping[str, HostView]) -> bool:
    """Tell whether a change only carries a hand-over on: nobody changed anything."""
    view, before, after = hosts.get(change.host or ""), change.before, change.after
    if view is None or change.id.kind != DNS_RECORD:
        return False
    if in_former(change.id, view):
        return True
    if role_of(change.id) != CLAIM or before is None or after is None:
        return False
    one, other = ([_plain(claim) for claim in claims_of_record(side)] for side in (before, after))
    return one == other


def _plain(claim: Claim) -> Claim:
    return claim.updated({"old": None, "keep": None})


def zones_of(changes: Iterable[Change], view: HostView) -> Iterator[ZoneView]:
    """Yield the zones that these changes of a host write to."""
    aliases = {change.id.alias for change in changes if change.id.kind == DNS_RECORD}
    if view.view is not None and view.dns in aliases:
        yield view.view
    yield from (former.view for former in view.former if former.alias in aliases)


def after(nodes: Iterable[Node], removal: Iterable[Node]) -> list[Node]:
    """Return the nodes of a host behind those that clear its former zone: its claim forgets that zone only
    once nothing is left there."""
    taken = list(removal)
    needed = {need for node in taken for need in node.needs}
    ends = frozenset(node.id for node in taken) - needed
    return [*taken, *(node if node.needs else replace(node, needs=ends) for node in nodes)]
