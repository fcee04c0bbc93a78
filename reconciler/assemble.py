"""From desired state and live state to the resources on both sides. Pure.

Every alias composes its parts; the engine adds the host record and the claim; each DNS provider
spells what falls into its zones; live resources are matched to the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler import checks, handover, name_rules
from reconciler.accounts import cdn_account, sparkpost_account
from reconciler.claim import Claim
from reconciler.desired import Desired, Domain
from reconciler.diff import resolve, resolved
from reconciler.dns import HostTarget, Record, record_id
from reconciler.former import Places, remembering
from reconciler.hostview import HostView
from reconciler.model import Finding, Resource, ResourceId, Severity, attrs
from reconciler.parts import present
from reconciler.provider import Composition, DnsProvider, Issuance, Live, Parts, Provider, Wanted
from reconciler.records import (
    Memory,
    Views,
    answer_of,
    claim_by_hand,
    claim_record,
    claim_wanted,
    claimed_hosts,
    claims_of,
    host_remembered,
    host_wanted,
    live_claim,
    live_host,
    live_record,
    same_answer,
    view_for,
    was_of,
    wildcard_answer,
    zone_views,
)
from reconciler.tracking import SECURE
from reconciler.twins import composed_once, one_account, seen_once

World = Mapping[str, Live]


@dataclass(frozen=True, slots=True)
class Assembly:
    """Both sides, ready to compare.

    desired   what should exist, for the hosts that the file names as present
    live      what exists for hosts in the file, or claimed or marked by the owner
    hosts     the view of each host
    orphans   hosts that the owner claims, or marks where no zone tells of claims, and that no file names
    ready     what is ready today already
    issuances  the certificates that are to be issued
    versions  by alias and container, what a write of one means that is kept in versions
    """

    desired: Mapping[ResourceId, Resource]
    live: Mapping[ResourceId, Resource]
    hosts: Mapping[str, HostView]
    findings: tuple[Finding, ...]
    orphans: tuple[str, ...] = ()
    zones: Mapping[str, Views] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    ready: frozenset[ResourceId] = frozenset()
    issuances: tuple[Issuance, ...] = ()
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def assemble(
    desired: Desired,
    parts: Mapping[str, Parts],
    world: World,
    providers: Mapping[str, Provider],
    now_s: float = 0.0,
) -> Assembly:
    """Return what should be and what is; `now_s` tells what a zone that a host leaves may lose.

    Every composition is asked for present domains only; deletions are what is live and not composed.
    """
    zones = {alias: zone_views(live.zones, live.rrsets) for alias, live in world.items()}
    composed, live_other = composed_once(desired, parts, world, providers)
    orphans = tuple(sorted(_ours_unnamed(desired, zones, live_other.values())))
    places = Places.of(desired, world, zones)
    hosts = _host_views({*desired.domains, *orphans}, desired, zones, composed, live_other)
    hosts = handover.with_former(hosts, places, live_other, now_s)
    hosts = _pinned(desired, hosts, world, providers)
    hosts = _with_earlier(desired, hosts, world, providers)
    claims = _claims(desired, hosts, composed, places)
    wanted = list(_records(hosts, claims, composed))
    stale = _stale_records(desired, parts, world, providers, live_other)
    hosts = handover.with_left_behind(hosts, [*wanted, *stale], places, live_other)
    live = {
        **live_other,
        **_live_records(hosts, [*wanted, *stale], zones, live_other),
        **handover.to_remove(hosts.values()),
    }
    spelled, dns_findings = _spell(desired, wanted, world, providers)
    findings = (
        *(f for composition in composed.values() for f in composition.findings),
        *handover.permitted(dns_findings, hosts),
        *(f for view in hosts.values() for f in handover.findings(view, live)),
        *checks.findings(desired, hosts, world, composed),
        *checks.long_claims(claims),
        *name_rules.findings(_as_spelt(wanted, spelled, hosts), hosts, zones, live),
    )
    both = Assembly({r.id: r for r in spelled}, live, hosts, findings, orphans, zones, one_account(world))
    return _with_composed(both, composed)


def _with_composed(assembly: Assembly, composed: Mapping[str, Composition]) -> Assembly:
    """Return the assembly with what all compositions tell."""
    resources = (resource for one in composed.values() for resource in one.resources)
    return replace(
        assembly,
        desired={r.id: resolved(r, assembly.live) for r in (*resources, *assembly.desired.values())},
        ready=frozenset(id_ for one in composed.values() for id_ in one.ready),
        issuances=tuple(issuance for one in composed.values() for issuance in one.issuances),
        versions={alias: one.versions for alias, one in composed.items() if one.versions},
    )


def _ours_unnamed(desired: Desired, zones: Mapping[str, Views], live: Iterable[Resource]) -> Iterator[str]:
    claimed = (
        h for views in zones.values() for view in views.values() for h in claimed_hosts(view, desired.owner)
    )
    marked = {r.host for r in live if r.mark == desired.owner and r.host}
    lost = {host for host in marked if _is_given_up(host, desired.owner, zones)}
    yield from ({*claimed, *marked} - lost) - desired.domains.keys()


def _is_given_up(host: str, owner: str, zones: Mapping[str, Views]) -> bool:
    """Tell whether owner has no claim on host any more: it was forgotten or taken over, whatever marks say.

    Only where the records of the host's zone were read; elsewhere the marks are all there is to go by.
    """
    found = (view_for(host, of_account) for of_account in zones.values())
    views = [view for view in found if view is not None and view.by_name]
    return bool(views) and all(claim.owner != owner for view in views for claim in claims_of(host, view))


def _host_views(
    names: Iterable[str],
    desired: Desired,
    zones: Mapping[str, Views],
    composed: Mapping[str, Composition],
    live: Mapping[ResourceId, Resource],
) -> dict[str, HostView]:
    return {host: _host_view(host, desired, zones, composed, live) for host in sorted(names)}


def _host_view(
    host: str,
    desired: Desired,
    zones: Mapping[str, Views],
    composed: Mapping[str, Composition],
    live: Mapping[ResourceId, Resource],
) -> HostView:
    domain = desired.domains.get(host)
    dns = domain.dns if domain else _dns_alias_of_orphan(host, zones)
    view = view_for(host, zones.get(dns, {}))
    claims = claims_of(host, view) if view else ()
    claim = next((c for c in claims if c.owner == desired.owner), None)
    target = composed[domain.cdn].targets.get(host) if domain and domain.state == "present" else None
    before = live_host(dns, host, view) if view else None
    return HostView(
        host=host,
        domain=domain,
        dns=dns,
        view=view,
        claims=claims,
        claim=claim,
        target=target,
        before=before,
        moves=target is not None and _moves(target, before, live),
        https_live=_https_live(domain, claim, live),
    )


def _pinned(
    desired: Desired, hosts: Mapping[str, HostView], world: World, providers: Mapping[str, Provider]
) -> dict[str, HostView]:
    """Return the views; where a wildcard answers, with the record that keeps its answer for the host."""
    answers = {
        host: record
        for host, view in hosts.items()
        if view.view and view.target and all(claim.owner != desired.owner for claim in view.claims)
        if (record := wildcard_answer(host, view.view)) is not None
    }
    spelled, _ = _spell(desired, answers.values(), world, providers)
    outputs = {host: attrs(wildcard={"effective_ttl_s": record.ttl}) for host, record in answers.items()}
    pins = {record.host: record for record in spelled if record.host}
    return {
        host: replace(view, pinned=replace(pins[host], outputs=outputs[host])) if host in pins else view
        for host, view in hosts.items()
    }


def _with_earlier(
    desired: Desired, hosts: Mapping[str, HostView], world: World, providers: Mapping[str, Provider]
) -> dict[str, HostView]:
    """Return the views; those of hosts that a run moved and none proved, with what stood there before."""
    remembered = (
        host_remembered(host, view.claim.was, view.view.zone)
        for host, view in hosts.items()
        if view.view and view.target and view.claim and view.claim.unproven and view.claim.was
        if view.before is not None and not same_answer(view.claim.was, was_of(view.before))
    )
    spelled, _ = _spell(desired, remembered, world, providers)
    earlier = {record.host: record for record in spelled if record.host}
    return {
        host: replace(view, earlier=earlier[host]) if host in earlier else view
        for host, view in hosts.items()
    }


def _dns_alias_of_orphan(host: str, zones: Mapping[str, Views]) -> str:
    for alias, views in zones.items():
        view = view_for(host, views)
        if view and (claims_of(host, view) or live_host(alias, host, view)):
            return alias
    return next(iter(zones), "")


def _moves(target: HostTarget, before: Resource | None, live: Mapping[ResourceId, Resource]) -> bool:
    return not same_answer(was_of(before), answer_of(target, live))


def _https_live(domain: Domain | None, claim: Claim | None, live: Mapping[ResourceId, Resource]) -> bool:
    """Tell whether mail carries https links of the host; what no SparkPost account tells, a settled claim
    does: tdr made https work, so it may be used."""
    if domain is None:
        return False
    if domain.sparkpost is None:
        return claim is not None and not claim.unproven
    secure = live.get(ResourceId(domain.sparkpost, SECURE, domain.host))
    return secure is not None and secure.attrs.get("secure") is True


def _claims(
    desired: Desired, hosts: Mapping[str, HostView], composed: Mapping[str, Composition], places: Places
) -> dict[str, Claim]:
    """Return the claim that each present host of the file is to have."""
    return {
        view.host: _claim(view, _memory(view.domain, desired, composed), places)
        for view in hosts.values()
        if view.domain is not None and view.view is not None and view.target is not None
    }


def _claim(view: HostView, memory: Memory, places: Places) -> Claim:
    if view.by_hand:
        return claim_by_hand(memory, view.claim, view.answer)
    wanted = claim_wanted(memory, view.claim, view.answer, moves=view.moves)
    return remembering(wanted, view.former, places, over=view.former_over)


def _records(
    hosts: Mapping[str, HostView], claims: Mapping[str, Claim], composed: Mapping[str, Composition]
) -> Iterator[Record]:
    """Yield every DNS record that should exist: validation, host, claim."""
    for composition in composed.values():
        yield from composition.records
    for view in hosts.values():
        if view.domain is None or view.view is None or view.target is None:
            continue
        yield host_wanted(view.host, view.target, view.domain.ttl, view.view.zone)
        yield claim_record(view.host, claims[view.host], view.view, view.low_ttl_s)


def _memory(domain: Domain, desired: Desired, composed: Mapping[str, Composition]) -> Memory:
    return Memory(
        owner=desired.owner,
        digest=desired.digest(domain.host),
        sp=sparkpost_account(domain, desired, composed),
        cdn=cdn_account(domain, desired, composed),
    )


def _stale_records(
    desired: Desired,
    parts: Mapping[str, Parts],
    world: World,
    providers: Mapping[str, Provider],
    live: Mapping[ResourceId, Resource],
) -> list[Record]:
    """Return the records that an edge needed which no longer serves its host, to be found and removed.

    What such an edge would compose for the host today tells their names, also of a host that no file names.
    """
    found: list[Record] = []
    for alias, provider in sorted(providers.items()):
        ours = (r for r in live.values() if r.id.alias == alias and r.mark == desired.owner)
        held = {r.host for r in ours if r.host is not None}
        leaving = [
            *(
                replace(wanted, absent=False, leaving=True)
                for wanted in _all_wanted(parts)
                if wanted.host in held and _leaves(desired.domains[wanted.host], alias)
            ),
            *(Wanted(host, origin="", ttl=0, leaving=True) for host in sorted(held - desired.domains.keys())),
        ]
        if leaving:
            composed = provider.compose(Parts(cdn=tuple(leaving)), world[alias])
            found += [replace(r, role=f"{r.role}@{alias}") for r in composed.records]
    return found


def _all_wanted(parts: Mapping[str, Parts]) -> list[Wanted]:
    return sorted({w.host: w for part in parts.values() for w in part.cdn}.values(), key=lambda w: w.host)


def _leaves(domain: Domain, alias: str) -> bool:
    return domain.state == "absent" or domain.cdn != alias


def _live_records(
    hosts: Mapping[str, HostView],
    wanted: Iterable[Record],
    zones: Mapping[str, Views],
    live: Mapping[ResourceId, Resource],
) -> dict[ResourceId, Resource]:
    found: list[Resource | None] = []
    seen: set[tuple[str, str, str]] = set()  # what is wanted comes first: it is nobody's leftover
    for view in hosts.values():
        if view.view is not None:
            found += [view.before, live_claim(view.dns, view.host, view.view)]
    for record in wanted:
        owner = hosts.get(record.host)
        name = resolve(record.name, live)
        if owner is None or not isinstance(name, str) or record.role in ("host", "claim"):
            continue
        at, place = view_for(name, zones.get(owner.dns, {})), (owner.dns, name, record.type)
        if at is not None and place not in seen:
            seen.add(place)
            found.append(
                live_record(owner.dns, record.host, record.role, at.zone, at.sets(name, record.type))
            )
    return {resource.id: resource for resource in found if resource is not None}


def _spell(
    desired: Desired, wanted: Iterable[Record], world: World, providers: Mapping[str, Provider]
) -> tuple[list[Resource], list[Finding]]:
    by_alias: dict[str, list[Record]] = {}
    for record in wanted:
        by_alias.setdefault(desired.domains[record.host].dns, []).append(record)
    resources: list[Resource] = []
    findings: list[Finding] = []
    for alias, records in sorted(by_alias.items()):
        provider = providers[alias]
        if not isinstance(provider, DnsProvider):
            raise AssertionError(f"unreachable: {alias} plays dns and holds no zones")
        spelled = provider.spell(records, world[alias])
        resources += spelled.resources
        findings += spelled.findings
    return resources, findings


def _as_spelt(
    wanted: Iterable[Record], spelled: Iterable[Resource], hosts: Mapping[str, HostView]
) -> Iterator[Record]:
    """Yield the records with the types that their DNS providers give them."""
    types = {resource.id: str(resource.attrs["type"]) for resource in spelled}
    for record in wanted:
        view = hosts.get(record.host)
        id_ = record_id(view.dns, record.host, record.role) if view is not None else None
        type_ = types.get(id_, record.type) if id_ is not None else record.type
        yield record if type_ == record.type else replace(record, type=type_)


def names_told(
    desired: Desired, parts: Mapping[str, Parts], world: World, providers: Mapping[str, Provider]
) -> frozenset[str]:
    """Return the names of records that no host implies: a vendor's live state tells them."""
    live = seen_once(desired, world)
    composed = [providers[alias].compose(present(parts[alias]), world[alias]) for alias in sorted(providers)]
    wanted = [record for composition in composed for record in composition.records]
    names = (
        resolve(r.name, live) for r in (*wanted, *_stale_records(desired, parts, world, providers, live))
    )
    return frozenset(name for name in names if isinstance(name, str))


def blocked_hosts(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the hosts that an error forbids to touch."""
    return frozenset(f.host for f in findings if f.severity is Severity.ERROR and f.host)
