"""The cdn part: which resources, target and findings each tracking host needs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from providers.cloudflare.certificates import AUTHORITIES, covering, lacking, within_universal
from providers.cloudflare.checks import cached_by_others, rule_findings
from providers.cloudflare.findings import (
    edge_findings,
    error,
    no_zone,
    or_saas,
    saas_zones,
    warning,
    zone_findings,
)
from providers.cloudflare.names import CACHE_PHASE, CONFIG_PHASE, OUR_PHASES, SSL_HOST
from providers.cloudflare.rules import Setting, member, member_setting, new_rules, own_rules
from providers.cloudflare.zones import CloudflareState, ZoneState
from reconciler.dns import HostTarget
from reconciler.model import Finding, Resource, ResourceId, attrs
from reconciler.provider import Composition, Issuance, Wanted

_PHASE_NAME: Final = {CONFIG_PHASE: "Configuration Rules", CACHE_PHASE: "Cache Rules"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the alias's options ask of every host: the SSL mode and the seconds to cache."""

    alias: str
    owner: str
    ssl: str
    cache_ttl: int
    saas_zone: str | None = None


def compose_edges(parts: Iterable[Wanted], state: CloudflareState, wishes: Wishes) -> Composition:
    """Compose the present hosts of the cdn part; absent ones need nothing."""
    resources: list[Resource] = []
    findings: list[Finding] = []
    targets: dict[str, HostTarget] = {}
    accounts: dict[str, str] = {}
    ready: set[ResourceId] = set()
    issuances: list[Issuance] = []
    for wanted in sorted((w for w in parts if not w.absent), key=lambda w: w.host):
        zone = state.zone_of(wanted.host)
        if zone is None:
            found = no_zone(wanted.host, wanted.host, state, "cdn")
            findings.append(replace(found, lift=found.lift + or_saas(wanted.host, state)))
            continue
        accounts[wanted.host] = zone.account
        if zone.type == "full":  # else there is no record that could be its edge, wherever its DNS is
            targets[wanted.host] = HostTarget("CNAME", (wanted.origin,), proxied=True)
        resources.extend(rule_resources(wanted.host, zone, wishes))
        findings.extend(_host_findings(wanted.host, zone, state, wishes))
        if any(pack.status == "active" for pack in covering(zone.packs, wanted.host)):
            ready.add(ResourceId(wishes.alias, SSL_HOST, wanted.host))
        elif zone.checked and within_universal(wanted.host, zone.name):
            issuances.append(Issuance(wanted.host, zone.name, AUTHORITIES))
    findings.extend(room(resources, state, wishes))
    return Composition(
        resources=tuple(resources),
        targets=targets,
        accounts=accounts,
        findings=tuple(findings),
        ready=frozenset(ready),
        issuances=tuple(issuances),
    )


def rule_resources(host: str, zone: ZoneState, wishes: Wishes) -> Iterator[Resource]:
    """Yield a host's membership in the rule of each phase."""
    outputs = attrs(zone_ssl=zone.settings.get("ssl"))
    for phase, setting in rule_settings(zone, wishes).items():
        made = member(wishes.alias, zone.name, phase, host, setting)
        yield replace(made, outputs=outputs, mark=wishes.owner)


def rule_settings(zone: ZoneState, wishes: Wishes) -> Mapping[str, Setting]:
    """Give the setting of each phase; no cache rule where the plan cannot hold anything so short."""
    settings: dict[str, Setting] = {CONFIG_PHASE: wishes.ssl}
    if can_cache(zone, wishes):
        settings[CACHE_PHASE] = wishes.cache_ttl
    return settings


def can_cache(zone: ZoneState, wishes: Wishes) -> bool:
    return wishes.cache_ttl == 0 or wishes.cache_ttl >= zone.plan.edge_s


def _host_findings(host: str, zone: ZoneState, state: CloudflareState, wishes: Wishes) -> Iterator[Finding]:
    """Yield what stands in the way, with what the other mode would do where the zone does not."""
    otherwise = or_saas(host, state)
    for finding in zone_findings(host, zone, "cdn"):
        # With no zone to name, a pending one is told as its dns part tells it: once.
        more = otherwise if zone.type != "full" or saas_zones(state, host) else ""
        yield replace(finding, lift=finding.lift + more)
    yield from edge_findings(host, zone)
    if not zone.checked:
        return
    if (lack := lacking(host, zone)) is not None:
        text, lift = lack
        yield error(host, text, lift + otherwise, "cdn")
    yield from served_findings(host, zone, wishes)


def served_findings(host: str, zone: ZoneState, wishes: Wishes) -> Iterator[Finding]:
    """Say what of a zone's rules, settings and plan a host feels that it serves."""
    yield from rule_findings(host, zone)
    yield from _edited_rules(host, zone, wishes)
    if zone.active:
        yield from _zone_mode(host, zone, wishes)
    if not can_cache(zone, wishes):
        yield _no_short_cache(host, zone, wishes)
        yield from cached_by_others(host, zone)


def _zone_mode(host: str, zone: ZoneState, wishes: Wishes) -> Iterator[Finding]:
    """Show the zone's own mode while the host is not in a rule yet."""
    housed = any(host in rule.readable for rule in own_rules(zone.rulesets.get(CONFIG_PHASE), wishes.owner))
    mode = zone.settings.get("ssl")
    if mode is not None and mode != wishes.ssl and not housed:
        yield warning(
            host,
            f"zone {zone.name} has SSL mode {mode}: the tracking hosts get {wishes.ssl} by a rule of their "
            f"own, all other hosts of the zone keep {mode}",
            key="cdn",
        )


def _no_short_cache(host: str, zone: ZoneState, wishes: Wishes) -> Finding:
    text = (
        f"zone {zone.name} is on the {zone.plan.name} plan, which caches for {zone.plan.edge_s} s at least, "
        f"so {wishes.cache_ttl} s cannot be had: links are not cached at all, and a mail scanner's repeats "
        "are recorded like a person's"
    )
    return warning(
        host, text, "a Business or Enterprise plan holds links for 10 s; cache_ttl: 0 accepts it", "cdn"
    )


def _edited_rules(host: str, zone: ZoneState, wishes: Wishes) -> Iterator[Finding]:
    for phase in OUR_PHASES:
        for rule in own_rules(zone.rulesets.get(phase), wishes.owner):
            if rule.hosts is None:
                text = (
                    f"rule {rule.ref} ({rule.id}) in the {_PHASE_NAME[phase]} of zone {zone.name} is tdr's, "
                    "but its expression was edited: tdr leaves it alone and puts its hosts into another rule"
                )
                yield warning(host, text, "delete that rule", "cdn")


def room(resources: Sequence[Resource], state: CloudflareState, wishes: Wishes) -> Iterator[Finding]:
    """Say where the plan's number of rules does not suffice, for each host that has no rule yet."""
    wanted: dict[tuple[str, str], dict[str, Setting]] = defaultdict(dict)
    for resource in resources:
        _, zone_name, phase = str(resource.container).split("/")
        wanted[zone_name, phase][str(resource.host)] = member_setting(resource)
    for zone in state.zones.values():
        for phase in OUR_PHASES:
            yield from _phase_room(zone, phase, wanted[zone.name, phase], wishes)


def _phase_room(
    zone: ZoneState, phase: str, wanted: Mapping[str, Setting], wishes: Wishes
) -> Iterator[Finding]:
    more, have = new_rules(zone, phase, wishes.owner, wanted), len(zone.rules(phase))
    if not more or have + more <= zone.plan.rules:
        return
    rules = own_rules(zone.rulesets.get(phase), wishes.owner)
    for host in sorted(wanted):
        if not any(host in rule.readable for rule in rules):
            text = (
                f"zone {zone.name} has {have} of the {zone.plan.rules} {_PHASE_NAME[phase]} of its "
                f"{zone.plan.name} plan and needs {more} more"
            )
            yield error(host, text, "remove a rule that is not needed, or take a larger plan", "cdn")
