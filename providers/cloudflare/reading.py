"""Reading zones: a fixed number of calls for each, whatever the number of hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

from providers.cloudflare.api import Api
from providers.cloudflare.convert import entry_from, rrsets_from
from providers.cloudflare.names import CHECKED_PHASES, OUR_PHASES, rule_permission
from providers.cloudflare.rules import members
from providers.cloudflare.zones import (
    CloudflareState,
    Ruleset,
    ZoneState,
    chosen,
    pack_from,
    page_rule_from,
    ruleset_from,
    zone_from,
)
from reconciler.dns import RRset
from reconciler.errors import AuthError
from reconciler.model import Resource, attrs
from reconciler.provider import Live, Scope, Side, one_by_one

T = TypeVar("T")
_SETTINGS: Final = ("ssl", "always_use_https", "security_header")


@dataclass(frozen=True, slots=True)
class Account:
    """Which zones an alias may use, and who asks."""

    alias: str
    owner: str
    account: str | None
    pinned: dict[str, str]


def usable_zones(api: Api, account: Account) -> CloudflareState:
    """List the zones that the alias may use, without what is in them."""
    usable, ambiguous = chosen(map(zone_from, api.zones()), account.account, account.pinned)
    return CloudflareState(usable, ambiguous)


def read_live(api: Api, account: Account, scope: Scope, together: Side = one_by_one) -> Live:
    """Read the zones that hold a host of the scope, or all of them, side by side. Raises ProviderError."""
    found = usable_zones(api, account)
    edges = _zones_of(found, (w.host for w in scope.parts.cdn))
    served = _zones_of(found, (w.host for w in scope.parts.cdn if not w.absent))
    names = _zones_of(found, (w.host for w in scope.parts.dns))

    def read(name: str) -> tuple[ZoneState, tuple[RRset, ...]]:
        zone = _with_rules(api, found.zones[name], edge=name in edges, checked=name in served)
        sets: tuple[RRset, ...] = ()
        if scope.everything or name in names:
            sets = _rrsets(api, zone)
            zone = replace(zone, records=sum(len(rrset.values) for rrset in sets))
        return (_checked(api, zone) if name in served else zone), sets

    wanted = sorted(found.zones if scope.everything else edges | names)
    held = together([partial(read, name) for name in wanted])
    zones = {zone.name: zone for zone, _ in held}
    rrsets = tuple(rrset for _, sets in held for rrset in sets)
    return Live(
        resources=tuple(r for zone in zones.values() for r in _members(zone, account)),
        zones=tuple(zone.as_zone() for zone in zones.values()),
        rrsets=rrsets,
        accounts=frozenset(zone.account for zone in found.zones.values()),
        facts=CloudflareState(zones, found.ambiguous),
    )


def _zones_of(found: CloudflareState, hosts: Any) -> set[str]:
    return {zone.name for host in hosts if (zone := found.zone_of(host)) is not None}


def _rrsets(api: Api, zone: ZoneState) -> tuple[RRset, ...]:
    return rrsets_from(zone.name, map(entry_from, api.records(zone.name, zone.id)))


def _members(zone: ZoneState, account: Account) -> Iterator[Resource]:
    outputs = attrs(zone_ssl=zone.settings.get("ssl"))
    for phase in OUR_PHASES:
        if phase in zone.rulesets:
            yield from members(account.alias, zone.name, zone.rulesets[phase], outputs, account.owner)


def _with_rules(api: Api, zone: ZoneState, *, edge: bool, checked: bool) -> ZoneState:
    """Read the entry points that exist: those with rules of tdr, and where `checked` those of others.

    A zone that is no edge has no rules to write: there a token for DNS alone will do.
    """
    unreadable = list(zone.unreadable)
    rulesets: dict[str, Ruleset] = {}
    listed = _asked(unreadable, "Config Rules Read", lambda: api.rulesets(zone.name, zone.id), must=edge)
    present = {ruleset["phase"] for ruleset in listed or () if ruleset["kind"] == "zone"}
    for phase in (*OUR_PHASES, *CHECKED_PHASES) if checked else OUR_PHASES:
        if phase in present:
            must = edge and phase in OUR_PHASES
            permission = rule_permission(phase, "Read")
            native = _asked(unreadable, permission, _entry_point(api, zone, phase), must=must)
            if native is not None:
                rulesets[phase] = ruleset_from(native)
    return replace(zone, rulesets=rulesets, unreadable=tuple(unreadable))


def _entry_point(api: Api, zone: ZoneState, phase: str) -> Callable[[], Any]:
    return lambda: api.entry_point(zone.name, zone.id, phase)


def _asked(unreadable: list[str], permission: str, ask: Callable[[], T], *, must: bool = False) -> T | None:
    """Ask; what need not be known is only noted where the token has no right to it (403).

    A token that is no longer taken at all (401) is no gap in the checks but an error.
    """
    try:
        return ask()
    except AuthError as error:
        if must or error.status != HTTPStatus.FORBIDDEN:
            raise
        unreadable.append(permission)
        return None


def _checked(api: Api, zone: ZoneState) -> ZoneState:
    """Read what decides whether links on an edge work: settings, certificates, page rules."""
    name, id_, unreadable = zone.name, zone.id, list(zone.unreadable)
    settings = {
        setting: _asked(unreadable, "Zone Settings Read", _setting(api, zone, setting))
        for setting in _SETTINGS
    }
    universal = _asked(unreadable, "SSL and Certificates Read", lambda: api.universal(name, id_))
    page_rules = _asked(unreadable, "Page Rules Read", lambda: api.page_rules(name, id_))
    return replace(
        zone,
        settings=attrs(**{key: value for key, value in settings.items() if value is not None}),
        universal=universal,
        packs=tuple(map(pack_from, api.packs(name, id_))),
        page_rules=tuple(map(page_rule_from, page_rules or ())),
        unreadable=tuple(dict.fromkeys(unreadable)),
        checked=True,
    )


def _setting(api: Api, zone: ZoneState, name: str) -> Callable[[], Any]:
    return lambda: api.setting(zone.name, zone.id, name)
