"""How the edge serves custom hostnames: which zone, which origin, which certificate.

docs: "Certificate and hostname priority" (a custom hostname goes before the host's own zone), "Custom origin
server" (Host and TLS names), "Troubleshooting" (1016 until a hostname is active or where its origin is not
there; 403 for the zone's own name), "Error 1014".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import traffic
from .names import proxies
from .saas_settling import World, settle
from .saas_state import Hostname
from .state import Pack, Record, Zone

GONE = frozenset({"deleted", "inactive", "pending_cleanup"})
HOST_HEADER = ":request_host_header:"


@dataclass(frozen=True, slots=True)
class Served:
    """Where a request goes; `sni` None: the visitor's host."""

    zone: Zone
    record: Record
    sni: str | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """One of Cloudflare's error pages."""

    status: int
    code: int


UNKNOWN, UNROUTED, CROSS_USER, PROHIBITED = (
    Error(409, 1001),
    Error(530, 1016),
    Error(409, 1014),
    Error(403, 1000),
)


def route(world: World, host: str) -> Served | Error:
    """Give who serves a host: an active custom hostname, else the host's own zone, else an error page."""
    custom = list(_candidates(world, host))
    active = [(zone, hostname) for zone, hostname in custom if hostname.serves]
    if active:
        zone, hostname = max(active, key=lambda each: each[1].proven or 0.0)
        return _to_origin(world, zone, hostname, host)
    own = world.state.zone_of(host)
    if own is not None and proxies(own, world.now):
        record = traffic.record_for(own, host)
        if record is not None:
            return Served(own, record)
    if custom:
        return UNROUTED
    return CROSS_USER if _leads_to_cloudflare(world, host) else UNKNOWN


def _candidates(world: World, host: str) -> Iterator[tuple[Zone, Hostname]]:
    """Give the custom hostnames that a host may be, settled."""
    for zone in world.state.zones.values():
        hostname = zone.saas.of(host) if proxies(zone, world.now) else None
        if hostname is not None:
            settle(world, zone, hostname)
            if hostname.id in zone.saas.hostnames:
                yield zone, hostname


def _to_origin(world: World, zone: Zone, hostname: Hostname, host: str) -> Served | Error:
    if host == zone.name:
        return PROHIBITED
    fallback = zone.saas.fallback_at(world.now)
    name = hostname.origin or (fallback.origin if fallback else "")
    record = traffic.record_for(zone, name) if zone.holds(name) else None
    if record is None:
        return UNROUTED
    own_sni = hostname.origin is not None and hostname.sni != HOST_HEADER
    return Served(zone, record, (hostname.sni or hostname.origin) if own_sni else None)


def _leads_to_cloudflare(world: World, host: str) -> bool:
    """Say whether a host's CNAMEs lead to a proxied host of some zone."""
    for target in world.look(host, "A").values("CNAME"):
        zone = world.state.zone_of(target)
        if zone is not None and proxies(zone, world.now) and traffic.record_for(zone, target) is not None:
            return True
    return False


def certificate(world: World, host: str) -> Pack | None:
    """Give the certificate that a custom hostname brings, as a pack; an expired one is served on."""
    ready = [h for _, h in _candidates(world, host) if h.issued is not None and h.ssl_status not in GONE]
    chosen = max(ready, key=lambda h: (h.serves, h.proven or 0.0), default=None)
    if chosen is None or chosen.issued is None:
        return None
    issued = chosen.issued
    late = chosen.ssl_status == "expired" or world.now >= issued.expires
    return Pack(
        id=f"{chosen.id}/{issued.number}",
        type="managed_hostname",
        hosts=list(issued.hosts),
        ordered=issued.since,
        active_from=issued.since,
        status="expired" if late else None,
        authority=issued.authority,
        expires=None if late else issued.expires,
    )
