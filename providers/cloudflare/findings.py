"""What a person must know of a zone before tdr works in it. Pure.

Texts name the zone and not the host where they can, so that equal ones for many hosts are one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from providers.cloudflare.zones import CloudflareState, ZoneState
from reconciler.model import Finding, Severity

AGAIN: Final = "then run tdr apply again"


def error(host: str | None, text: str, lift: str, key: str = "") -> Finding:
    """Make a finding that forbids the host's changes."""
    return Finding(Severity.ERROR, host, text, lift, key)


def warning(host: str | None, text: str, lift: str = "", key: str = "") -> Finding:
    """Make a finding that is only told."""
    return Finding(Severity.WARNING, host, text, lift, key)


def no_zone(host: str, name: str, state: CloudflareState, key: str) -> Finding:
    """Say that no zone holds a name, or that several do."""
    for zone, ids in sorted(state.ambiguous.items()):
        if name == zone or name.endswith(f".{zone}"):
            text = f"zone {zone} stands in several accounts that the token reaches ({', '.join(ids)})"
            return error(host, text, f"write account: or zones: {{{zone}: ID}} at the alias", key)
    text = f"no Cloudflare zone that the token reaches holds {name}"
    lift = (
        "add the domain in Cloudflare (tdr never creates a zone) and move its name servers there, "
        f"or give the token Zone Read on it; {AGAIN}"
    )
    return error(host, text, lift, key)


def saas_zones(state: CloudflareState, host: str) -> list[str]:
    """Name the zones of the account through which Cloudflare for SaaS could serve a host."""
    home = state.home_of(host)
    return sorted(
        zone.name
        for zone in state.usable.values()
        if zone.active and not zone.paused and zone.type == "full" and zone is not home
    )


def or_saas(host: str, state: CloudflareState) -> str:
    """Say how a host is served whose own zone does not do: by a zone of the account if there is one."""
    others = saas_zones(state, host)
    zone = others[0] if others else "ZONE"
    which = "" if others else "; ZONE is any other domain of yours that is active at Cloudflare"
    return (
        f"; or leave its DNS where it is and name as cdn an alias with `mode: saas, saas_zone: {zone}` "
        f"(Cloudflare for SaaS, on any plan{which})"
    )


def zone_findings(host: str, zone: ZoneState, key: str) -> Iterator[Finding]:
    """Say why a zone cannot hold records that work."""
    if zone.type != "full" and key == "cdn":
        text = (
            f"zone {zone.name} is of type {zone.type}: its DNS is kept elsewhere, and tdr serves no hosts "
            "from such a zone"
        )
        yield error(host, text, "make it a full zone, its name servers Cloudflare's", key)
    elif zone.type != "full":
        text = f"zone {zone.name} is of type {zone.type}: its records are not kept at Cloudflare"
        yield error(host, text, "name the alias that holds the zone's records, or make it a full zone", key)
    elif not zone.active:
        text = f"zone {zone.name} is not active (status {zone.status}): {_why(zone)}"
        yield replace(error(host, text, _delegate(zone), key), until_delegated=True)


def _why(zone: ZoneState) -> str:
    if zone.status == "moved":
        return "its name servers are no longer Cloudflare's"
    if zone.status == "pending":
        return "its name servers are not Cloudflare's yet, so nothing in it takes effect"
    return "Cloudflare does not serve it yet"


def _delegate(zone: ZoneState) -> str:
    if not zone.name_servers:
        return f"wait until Cloudflare has assigned name servers, {AGAIN}"
    former = ", ".join(zone.former_name_servers)
    found = f" (found when the zone was added: {former})" if former else ""
    return f"set the name servers {', '.join(zone.name_servers)} at the registrar{found}, {AGAIN}"


def edge_findings(host: str, zone: ZoneState) -> Iterator[Finding]:
    """Say why a zone that is served cannot be an edge."""
    if zone.active and zone.paused:
        text = f"zone {zone.name} is paused: Cloudflare answers its DNS but does not proxy"
        yield error(host, text, f"unpause it (Overview, Enable Cloudflare on Site), {AGAIN}", "cdn")
    for permission in zone.unreadable:
        text = (
            f"the token may not read the {permission} of zone {zone.name}: what they do to links is not known"
        )
        yield warning(host, text, f"give the token the right to read {permission}", "cdn")
