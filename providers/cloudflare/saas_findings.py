"""What a person must know before tdr serves a host through Cloudflare for SaaS, and which mode fits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from providers.cloudflare.composing import Wishes, served_findings
from providers.cloudflare.findings import (
    edge_findings,
    error,
    no_zone,
    saas_zones,
    warning,
    zone_findings,
)
from providers.cloudflare.names import SAAS_ORIGIN, origin_comment
from providers.cloudflare.saas_state import CustomHostname, SaasState
from providers.cloudflare.saas_statuses import (
    HOSTNAME,
    PROXIED_ELSEWHERE,
    hostname_status,
    is_lost,
    is_proxied_elsewhere,
    meaning_of,
)
from providers.cloudflare.zones import CloudflareState, ZoneState
from reconciler.dns import is_within
from reconciler.model import Finding, Resource

INCLUDED, MOST = 100, 50_000
"""docs: "Plans", Cloudflare for SaaS: custom hostnames included, and the most there can be."""
COMMON_NAME_CHARACTERS: Final = 64
_NEEDED: Final = frozenset({"blocked", "pending_blocked"})


def no_saas_zone(host: str, state: CloudflareState, wishes: Wishes) -> Finding:
    """Say that the saas zone is not there."""
    name = str(wishes.saas_zone)
    if name in state.ambiguous:
        return no_zone(host, name, state, "cdn")
    others = saas_zones(state, host)
    instead = f"write one of the account's: {', '.join(others[:5])}; or " if others else ""
    text = f"saas_zone {name} is not among the zones that the token reaches"
    lift = f"{instead}give the token Zone Read on it, or add it in Cloudflare (any plan will do)"
    return error(host, text, lift, "cdn")


def host_findings(host: str, zone: ZoneState, state: CloudflareState, wishes: Wishes) -> Iterator[Finding]:
    """Say why a host cannot be a custom hostname of the zone, and what it feels of it."""
    others = [name for name in saas_zones(state, host) if name != zone.name]
    instead = f"; or write saas_zone: {others[0]}" if others else ""
    for finding in zone_findings(host, zone, "cdn"):
        lift = (
            finding.lift + instead if zone.type == "full" else "name as saas_zone a full zone of the account"
        )
        yield replace(finding, lift=lift, until_delegated=False)
    yield from edge_findings(host, zone)
    if is_within(host, zone.name):
        text = f"it lies in the saas zone {zone.name} itself, which serves its own names as `mode: zone` does"
        yield error(host, text, "give it an alias of type cloudflare without `mode: saas` as cdn", "cdn")
        return
    yield from _own_zone(host, state)
    if zone.checked:
        yield from served_findings(host, zone, wishes)
    if len(host) > COMMON_NAME_CHARACTERS:
        text = (
            f"it is longer than the {COMMON_NAME_CHARACTERS} characters of a certificate's common name: its "
            "certificate bears Cloudflare's sni.cloudflaressl.com there, and the host beside it"
        )
        yield warning(host, text, key="cdn")
    if state.saas is not None and (live := state.saas.hostnames.get(host)) is not None:
        yield from _standing(live, zone)


def _own_zone(host: str, state: CloudflareState) -> Iterator[Finding]:
    """Say what the host's own zone, where the account has it, makes of a custom hostname."""
    home = state.home_of(host)
    if home is None:
        return
    if home.type == "partial":
        text = (
            f"zone {home.name} is a partial one of this account (its DNS stays elsewhere): as a custom "
            "hostname the host is served by the saas zone's rules and certificate, no longer by that zone's"
        )
        yield warning(host, text, "leave it out of that zone's proxied records", "cdn")
    elif home.active and not home.paused:
        text = (
            f"zone {home.name} is an active zone of this account: `mode: zone` serves the host there with no "
            "custom hostname and no records to prove it; as a custom hostname it gets the rules of the saas "
            f"zone, and those of {home.name} do not reach it"
        )
        yield warning(
            host, text, "name an alias without `mode: saas` as cdn, unless that is what you want", "cdn"
        )


def _standing(live: CustomHostname, zone: ZoneState) -> Iterator[Finding]:
    """Say what is wrong with a custom hostname that stands."""
    if live.status in _NEEDED or live.status.startswith("test_"):
        means = meaning_of(HOSTNAME, live.status).text
        text = f"custom hostname {live.id} is {live.status} in zone {zone.name}: {means}"
        lift = "have the domain's owner release its zone hold, or ask Cloudflare"
        if live.status.startswith("test_"):
            lift = "end its trial in Cloudflare, or delete it there"
        yield error(live.host, text, f"{lift}; then run tdr apply again", "cdn")
    elif live.status == "moved":
        yield warning(live.host, f"custom hostname {live.id} is moved: {HOSTNAME['moved'].text}", key="cdn")
    elif is_lost(live.ssl_status):
        said = f" ({'; '.join(live.errors)})" if live.errors else ""
        text = f"the certificate of its custom hostname is {live.ssl_status}{said}: it is asked for again"
        yield warning(live.host, text, key="cdn")
    elif not live.serves and not is_proxied_elsewhere(live.errors):
        told = hostname_status(live.status, live.ssl_status, live.errors).text
        yield warning(
            live.host, f"its custom hostname in zone {zone.name} does not serve yet: {told}", key="cdn"
        )


def proxied_elsewhere(live: CustomHostname, target: str) -> Iterator[Finding]:
    """Say how a host that another zone of Cloudflare proxies goes over without a gap."""
    if not live.serves and is_proxied_elsewhere(live.errors):
        lift = (
            f"let its record in that zone, proxied as it is, be a CNAME to {target}, then run tdr apply at "
            "once: it has Cloudflare look again (links may fail until then if that zone is another account's)"
        )
        yield warning(live.host, PROXIED_ELSEWHERE, lift, "cdn")


def own_origin(host: str, endpoint: str, zone: ZoneState) -> Iterator[Finding]:
    """Say that a custom origin may not be had on the zone's plan."""
    if zone.plan_id != "enterprise":
        text = (
            f"it goes to {endpoint} by an origin server of its own, for zone {zone.name} has another "
            f"fallback origin: Cloudflare's documents do not agree whether the {zone.plan.name} plan has that"
        )
        lift = (
            "if Cloudflare refuses it (code 1414), serve these hosts by a second alias with another saas_zone"
        )
        yield warning(host, text, lift, "cdn")


# -- the zone as a whole
def zone_wide(
    hosts: Sequence[str], zone: ZoneState, saas: SaasState, shared: Sequence[Resource], wishes: Wishes
) -> Iterator[Finding]:
    """Say what concerns all hosts of the zone alike."""
    origins = [resource for resource in shared if resource.id.kind == SAAS_ORIGIN]
    for host in hosts:
        yield from _fallback(host, saas, wishes)
        for resource in origins:
            yield from _occupied(host, resource, saas, wishes)
    yield from _quota(hosts, saas)
    new = [r for r in origins if str(r.attrs["name"]) not in saas.records]
    if zone.records + len(new) > zone.quota:
        for host in sorted(set(hosts) - saas.standing.keys()):
            text = (
                f"zone {zone.name} holds {zone.records} of the {zone.quota} DNS records of its "
                f"{zone.plan.name} plan: the record that leads to SparkPost does not fit"
            )
            yield error(host, text, "remove records that are not needed, or take a larger plan", "cdn")


def _fallback(host: str, saas: SaasState, wishes: Wishes) -> Iterator[Finding]:
    live = saas.default
    new = host not in saas.standing
    if new and live is not None and not saas.is_of(wishes.owner, live.origin):
        text = (
            f"zone {saas.zone} has a fallback origin that is not tdr's, {live.origin}: it is left alone, and "
            "the hosts that it would send elsewhere name an origin server of their own"
        )
        yield warning(host, text, key="cdn")


def _occupied(host: str, resource: Resource, saas: SaasState, wishes: Wishes) -> Iterator[Finding]:
    name = str(resource.attrs["name"])
    if name in saas.addresses:
        text = f"record {name}, through which the zone would reach SparkPost, is an A or AAAA record"
        yield error(host, text, "remove it: tdr makes it a CNAME", "cdn")
    elif name in saas.records and saas.owner_of(name) != wishes.owner:
        text = f"record {name}, through which the zone would reach SparkPost, stands there and is not tdr's"
        comment = origin_comment(wishes.owner, resource.id.key)
        yield error(host, text, f'give it the comment "{comment}", or remove it if nothing uses it', "cdn")


def _quota(hosts: Sequence[str], saas: SaasState) -> Iterator[Finding]:
    new = sorted(set(hosts) - saas.hostnames.keys())
    total = len(saas.hostnames) + len(new)
    for host in new:
        if total > MOST:
            text = f"zone {saas.zone} would hold {total} custom hostnames, and {MOST:,} are the most"
            yield error(host, text, "a second alias with another saas_zone serves the rest", "cdn")
        elif total > INCLUDED:
            text = (
                f"zone {saas.zone} would hold {total} custom hostnames: each beyond {INCLUDED} is charged for"
            )
            yield warning(host, text, key="cdn")
