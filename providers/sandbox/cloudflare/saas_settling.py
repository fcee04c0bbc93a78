"""How custom hostnames come to be active: looks at the sandbox's DNS at the moments that Cloudflare has.

docs: "Pre-validation" (the ownership TXT), "Real-time validation" (the CNAME), "Error codes" of hostname
validation, "TXT" and "Delegated" certificate validation, "CAA records", "Renew", "Remove custom hostnames".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from providers.sandbox.caa import permits
from providers.sandbox.resolver import Look
from providers.sandbox.zone import Record as Answered

from . import traffic
from .names import EDGE_ADDRESSES, proxies
from .saas_state import (
    CAA_NAMES,
    DCV_ZONE,
    MOVED_DELETED_S,
    RENEWED_BEFORE_S,
    TOKEN_S,
    Hostname,
    Order,
    last_look,
    token,
)
from .state import State, Zone

NO_FALLBACK = "Zone does not have a fallback origin set."
NO_CNAME = "custom hostname does not CNAME to this zone."
NOT_OURS = (
    "None of the A or AAAA records are owned by this account and the pre-generated ownership verification "
    "token was not found."
)
PROXIED = (
    "The hostname is using Cloudflare and cannot be activated with an TXT or HTTP validation token. To "
    "activate the custom hostname, the DNS target needs to point to the SaaS zone"
)
HELD = (
    "The hostname is associated with a held zone. Please contact the owner of this domain to have the hold "
    "removed."
)
RECHECK_S = 3600.0  # how often an active hostname is looked at again is not published
MOST_STEPS = 60
TOKEN_TTL_S = 60


@dataclass(frozen=True, slots=True)
class World:
    """What settling needs to see: the state, the time, DNS as an authority sees it, the switches."""

    state: State
    now: float
    look: Look
    switch: Callable[[str], str]


def delegation(zone: Zone, hostname: str) -> str:
    """Give where a host's `_acme-challenge` is to lead so that Cloudflare places the tokens itself."""
    return f"{hostname}.{delegation_id(zone)}.{DCV_ZONE}"


def delegation_id(zone: Zone) -> str:
    """Give the part of it that is the zone's own."""
    return token("delegation", zone.account, zone.id)[:16]


def placed(zone: Zone) -> Iterator[Answered]:
    """Give the records that Cloudflare places where the validation of a zone's hostnames is delegated to."""
    for hostname in zone.saas.hostnames.values():
        name = delegation(zone, hostname.hostname)
        for value in hostname.tokens():
            yield Answered(name, "TXT", TOKEN_TTL_S, f'"{value}"')


def settle_all(world: World, zone: Zone) -> None:
    """Do for every custom hostname of a zone what was due up to now."""
    for hostname in list(zone.saas.hostnames.values()):
        settle(world, zone, hostname)


def settle(world: World, zone: Zone, hostname: Hostname) -> None:
    """Do what was due up to now. Looks are at fixed moments, so that reading more often changes nothing."""
    _ownership(world, zone, hostname)
    for _ in range(MOST_STEPS):
        if not _certificate(world, zone, hostname):
            break
    if hostname.moved is not None and world.now >= hostname.moved + MOVED_DELETED_S:
        zone.saas.hostnames.pop(hostname.id, None)
        zone.changes += 1


def check_now(world: World, zone: Zone, hostname: Hostname) -> None:
    """Look once, out of turn, as a PATCH with the same method and type asks."""
    hostname.checking = hostname.looked = world.now
    if not hostname.serves:
        _prove(world, zone, hostname, world.now)
    order = hostname.order
    if order is not None and order.validated is None:
        order.checking = order.looked = world.now
        _validate(world, zone, hostname, order, world.now)


def _ownership(world: World, zone: Zone, hostname: Hostname) -> None:
    if hostname.status is not None or hostname.held or hostname.moved is not None:
        return
    if hostname.proven is not None:
        _recheck(world, zone, hostname)
        return
    moment = last_look(hostname.checking, world.now)
    if moment is None or moment <= hostname.looked:
        return
    last = last_look(hostname.checking, float("inf"))
    hostname.looked = moment
    _prove(world, zone, hostname, moment)
    if hostname.proven is None and not hostname.held and moment == last:
        hostname.moved = moment  # docs: Validation status: pending for the whole of the schedule


def _prove(world: World, zone: Zone, hostname: Hostname, moment: float) -> None:
    hostname.held = _held(world.state, zone, hostname.hostname)
    hostname.pointed = points(world, zone, hostname.hostname)
    hostname.errors = [HELD] if hostname.held else _errors(world, zone, hostname)
    if not hostname.errors:
        hostname.proven = moment


def _recheck(world: World, zone: Zone, hostname: Hostname) -> None:
    """A host whose own zone is at Cloudflare, and which points elsewhere now, is moved; others stay."""
    if hostname.proven is None or world.now < hostname.looked + RECHECK_S:
        return
    hostname.looked = world.now - (world.now - hostname.proven) % RECHECK_S
    there = points(world, zone, hostname.hostname)
    own = world.state.zone_of(hostname.hostname)
    if hostname.pointed and not there and own is not None and own is not zone and proxies(own, world.now):
        hostname.moved, hostname.proven, hostname.errors = hostname.looked, None, [NO_CNAME]
    hostname.pointed = there


def _held(state: State, zone: Zone, host: str) -> bool:
    return any(z.hold and z.holds(host) and z.account != zone.account for z in state.zones.values())


def _errors(world: World, zone: Zone, hostname: Hostname) -> list[str]:
    """Say why the hostname is not proven; nothing where it is."""
    fallback = zone.saas.fallback_at(world.now)
    if fallback is None:
        return [NO_FALLBACK]
    if (status := fallback.status_at(world.now)) != "active":
        return [f"Fallback origin is in a status of {status}."]
    if hostname.pointed:
        return []
    name, value = hostname.ownership
    shown = value in world.look(name, "TXT").values("TXT")
    proxied = bool(set(EDGE_ADDRESSES).intersection(world.look(hostname.hostname, "A").values("A")))
    if shown and (not proxied or world.switch("cloudflare.token-for-proxied-host") == "accepted"):
        return []
    if proxied:
        return [NOT_OURS, PROXIED] if shown else [NOT_OURS]
    return [NO_CNAME]


def points(world: World, zone: Zone, host: str) -> bool:
    """Say whether a host leads to a proxied name of the zone: by its CNAMEs, or inside Cloudflare."""
    own = world.state.zone_of(host)
    if own is not None and own.delegated and proxies(own, world.now):
        record = traffic.record_for(own, host)
        if record is not None:
            return own is zone or (record.type == "CNAME" and _proxied(zone, record.content))
    return any(_proxied(zone, target) for target in world.look(host, "A").values("CNAME"))


def _proxied(zone: Zone, name: str) -> bool:
    return zone.holds(name) and traffic.record_for(zone, name) is not None


def _certificate(world: World, zone: Zone, hostname: Hostname) -> bool:
    """Take one step with the certificate; say whether there may be another."""
    order = hostname.order
    if order is None or hostname.ssl_status is not None:
        return False
    if order.validated is None:
        return _look_again(world, zone, hostname, order)
    if hostname.issued is None or hostname.issued.number != order.number:
        if order.ready is None or world.now < order.ready:
            return False
        hostname.issue(order.validated)
        return True
    due = hostname.issued.expires - RENEWED_BEFORE_S
    if world.now >= due:
        hostname.ask(due, renewal=True)
        zone.changes += 1
    return world.now >= due


def _look_again(world: World, zone: Zone, hostname: Hostname, order: Order) -> bool:
    until = min(world.now, order.made + TOKEN_S[order.authority])
    moment = last_look(order.checking, until)
    if moment is None or moment <= order.looked:
        return False
    order.looked = moment
    _validate(world, zone, hostname, order, moment)
    return order.validated is not None


def _validate(world: World, zone: Zone, hostname: Hostname, order: Order, moment: float) -> None:
    """Let the authority look: the tokens, then CAA; an authority that nobody chose is one that CAA allows."""
    if not _shown(world, zone, hostname, order):
        return
    asked = [hostname.authority] if hostname.authority else ["google", "lets_encrypt"]
    names = [hostname.hostname, *([f"*.{hostname.hostname}"] if hostname.wildcard else [])]
    for authority in asked:
        judged = {permits(world.look, name, CAA_NAMES[authority]) for name in names}
        if judged == {True}:
            order.authority, order.validated, order.errors = authority, moment, []
            return
        order.errors = [
            f"SERVFAIL looking up CAA for {hostname.hostname}"
            if None in judged
            else f"CAA records of {hostname.hostname} do not allow {CAA_NAMES[authority]} to issue"
        ]


def _shown(world: World, zone: Zone, hostname: Hostname, order: Order) -> bool:
    seen = world.look(hostname.challenge, "TXT").values("TXT")
    if all(value in seen for value in hostname.tokens()):
        return hostname.method != "email"
    # docs: Renew: for an active hostname without wildcard Cloudflare serves the HTTP token itself.
    by_http = hostname.method == "http" or (order.renewal and hostname.serves)
    return by_http and not hostname.wildcard and points(world, zone, hostname.hostname)
