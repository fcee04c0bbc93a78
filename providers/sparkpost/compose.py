"""From the file's domains and the live account to what SparkPost should hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from providers.sparkpost import convert
from providers.sparkpost.findings import Scene, findings
from reconciler.dns import HostTarget
from reconciler.model import Resource, ResourceId
from reconciler.provider import Composition, Issuance, Parts, Wanted
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE


def managed_hosts(parts: Parts) -> frozenset[str]:
    """Return the hosts whose TLS SparkPost shall terminate itself."""
    here = {wanted.host for wanted in parts.cdn}
    return frozenset(
        wanted.host
        for wanted in parts.sparkpost
        if not wanted.absent and (wanted.managed or wanted.host in here)
    )


def compose(scene: Scene, parts: Parts, live: Collection[Resource], identity: str) -> Composition:
    """Return the resources, targets and findings of one alias."""
    composed = {r.id: r for wanted in scene.wanted.values() for r in _resources(scene, wanted)}
    kept = {r.id: r for r in _kept(scene, live) if r.id not in composed}
    return Composition(
        resources=tuple({**composed, **kept}.values()),
        targets=_targets(scene, parts),
        accounts={w.host: identity for w in (*parts.sparkpost, *parts.cdn) if not w.absent},
        findings=tuple(findings(scene)),
        issuances=tuple(_issuances(scene)),
    )


def _issuances(scene: Scene) -> Iterator[Issuance]:
    """Yield the managed certificates that SparkPost does not hold yet: they come from Let's Encrypt."""
    for host in sorted(scene.managed):
        live = scene.holdings.domains.get(host)
        if live is None or not live.issued:
            yield Issuance(host, host, ("letsencrypt.org",))


def _targets(scene: Scene, parts: Parts) -> dict[str, HostTarget]:
    """Return where managed hosts point: the V2 endpoint, whose certificate is issued once DNS is there."""
    if scene.region is None:
        return {}
    target = HostTarget("CNAME", (scene.region.managed,), after_dns=True)
    return {wanted.host: target for wanted in parts.cdn if not wanted.absent}


def _resources(scene: Scene, wanted: Wanted) -> Iterator[Resource]:
    alias, host = scene.alias, wanted.host
    subaccount, managed = convert.subaccount(wanted.subaccount), host in scene.managed
    yield convert.tracking_domain(alias, host, subaccount=subaccount, verified=True)
    if managed:
        yield convert.managed_certificate(alias, host, enabled=True)
    yield convert.secure(alias, host, secure=True, managed=managed)
    if wanted.default is not None:
        yield _after_successor(scene, wanted, convert.default(alias, host, default=wanted.default))
    for sending in wanted.sending_domains or ():
        yield convert.link(alias, sending, host, subaccount=subaccount)


def _after_successor(scene: Scene, wanted: Wanted, resource: Resource) -> Resource:
    """Let the present default wait for the next one, so that no mail goes out with SparkPost's own host."""
    live = scene.holdings.domains.get(wanted.host)
    if wanted.default or live is None or not live.default:
        return resource
    successors = (
        ResourceId(scene.alias, DEFAULT, other.host)
        for other in scene.wanted.values()
        if other.default and convert.subaccount(other.subaccount) == live.subaccount
    )
    return replace(resource, after=resource.after.union(successors))


def _kept(scene: Scene, live: Collection[Resource]) -> Iterator[Resource]:
    """Yield live resources of the file's hosts that the file leaves alone: they stay as they are."""
    by_host: Mapping[str, list[Resource]] = _by_host(live)
    for host, wanted in scene.wanted.items():
        unmanaged = {
            DEFAULT: wanted.default is None,
            LINK: wanted.sending_domains is None,
            # There is no way to give it up; the finding says so.
            MANAGED_CERTIFICATE: host not in scene.managed,
        }
        yield from (r for r in by_host.get(host, ()) if unmanaged.get(r.id.kind))


def _by_host(live: Collection[Resource]) -> dict[str, list[Resource]]:
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in live:
        if resource.host is not None:
            found[resource.host].append(resource)
    return found
