"""Reading zones: a fixed number of calls for each, whatever the number of hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from providers.cloudflare.api import Api
from providers.cloudflare.convert import entry_from, rrsets_from
from providers.cloudflare.names import CHECKED_PHASES, OUR_PHASES, SAAS_SSL_HOST, rule_permission
from providers.cloudflare.rules import members
from providers.cloudflare.saas_state import SaasState, state_of
from providers.cloudflare.zones import (
    CloudflareState,
    ZoneState,
    chosen,
    pack_from,
    page_rule_from,
    ruleset_from,
    zone_from,
)
from reconciler.dns import RRset, is_within
from reconciler.errors import AuthError
from reconciler.model import Resource, attrs
from reconciler.provider import Live, Scope, Side, one_by_one

_SETTINGS: Final = ("ssl", "always_use_https", "security_header")


@dataclass(frozen=True, slots=True)
class Account:
    """Which zones an alias may use, and who asks."""

    alias: str
    owner: str
    account: str | None
    pinned: dict[str, str]
    saas_zone: str | None = None


def usable_zones(api: Api, account: Account) -> CloudflareState:
    """List the zones that the alias may use, without what is in them."""
    usable, ambiguous = chosen(map(zone_from, api.zones()), account.account, account.pinned)
    return CloudflareState(usable, ambiguous, usable)


def read_live(api: Api, account: Account, scope: Scope, together: Side = one_by_one) -> Live:
    """Read the zones that hold a host of the scope, or all of them, side by side. Raises ProviderError."""
    if account.saas_zone is not None and scope.known is not None and _adds_nothing(scope):
        return scope.known
    found = usable_zones(api, account)
    names = _zones_of(found, (w.host for w in scope.parts.dns))
    if account.saas_zone is None:
        edges = _zones_of(found, (w.host for w in scope.parts.cdn))
        served = _zones_of(found, (w.host for w in scope.parts.cdn if not w.absent))
    else:
        # Always: a host that went to another alias left something there.
        edges = found.zones.keys() & {account.saas_zone}
        served = edges if any(not w.absent for w in scope.parts.cdn) else set()

    looks = [
        Look(
            api,
            found.zones[name],
            edge=name in edges,
            checked=name in served,
            records=scope.everything or name in names or name == account.saas_zone,
            saas=name == account.saas_zone,
        )
        for name in sorted(found.zones if scope.everything else {*edges, *names})
    ]
    first = _all(together, [look.asks() for look in looks])
    second = _all(together, [look.entry_points(said) for look, said in zip(looks, first, strict=True)])
    zones = {
        look.zone.name: look.told(said, rules) for look, said, rules in zip(looks, first, second, strict=True)
    }
    listed = {
        look.zone.name: said["records"] for look, said in zip(looks, first, strict=True) if look.records
    }
    found_members = [member for zone in zones.values() for member in _members(zone, account)]
    saas = next(
        (_saas(look, said, found_members) for look, said in zip(looks, first, strict=True) if look.saas), None
    )
    rrsets = tuple(
        rrset for name, sets in listed.items() if scope.everything or name in names for rrset in sets
    )
    concerned = {*zones} if scope.everything or scope.parts.cdn else names
    custom = saas.resources(account.alias, account.owner) if saas is not None else ()
    return Live(
        resources=(*found_members, *custom),
        zones=tuple(zone.as_zone() for name, zone in zones.items() if name in concerned),
        rrsets=rrsets,
        accounts=frozenset(zone.account for zone in found.zones.values()),
        facts=CloudflareState(zones, found.ambiguous, found.usable, saas),
    )


def _adds_nothing(scope: Scope) -> bool:
    """Tell whether none of the hosts lies in a zone of the account: then what was read is all there is."""
    facts = scope.known.facts if scope.known is not None else None
    hosts = (wanted.host for wanted in scope.parts.dns)
    return isinstance(facts, CloudflareState) and all(facts.home_of(host) is None for host in hosts)


def _zones_of(found: CloudflareState, hosts: Any) -> set[str]:
    return {zone.name for host in hosts if (zone := found.zone_of(host)) is not None}


def _rrsets(api: Api, zone: ZoneState) -> tuple[RRset, ...]:
    return rrsets_from(zone.name, map(entry_from, api.records(zone.name, zone.id)))


def _members(zone: ZoneState, account: Account) -> Iterator[Resource]:
    outputs = attrs(zone_ssl=zone.settings.get("ssl"))
    saas = zone.name == account.saas_zone
    for phase in OUR_PHASES:
        if phase in zone.rulesets:
            found = members(account.alias, zone.name, zone.rulesets[phase], outputs, account.owner)
            # A host outside the zone comes into it as a custom hostname: another alias's than the others are.
            yield from (one for one in found if is_within(str(one.host), zone.name) is not saas)


def _saas(look: Look, said: Mapping[str, Any], found: Iterable[Resource]) -> SaasState:
    owners = {str(one.host): one.mark for one in found if one.id.kind == SAAS_SSL_HOST}
    return state_of(
        look.zone.name,
        said["custom hostnames"],
        said["fallback origin"],
        said["delegation"],
        said["records"],
        owners,
    )


Ask = Callable[[], Any]
"""A question about one zone; answered Unreadable where the token has no right to it and need not have."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read for want of a permission."""

    permission: str


def _all(together: Side, asked: Sequence[Mapping[str, Ask]]) -> list[dict[str, Any]]:
    """Ask everything about every zone side by side; return the answers as the questions stood."""
    answers = iter(together([ask for asks in asked for ask in asks.values()]))
    return [{what: next(answers) for what in asks} for asks in asked]


def _asking(permission: str, ask: Ask, *, must: bool = False) -> Ask:
    """Return a question that need not be answered where the token has no right to it (403), unless it must.

    A token that is no longer taken at all (401) is no gap in the checks but an error.
    """

    def once() -> Any:
        try:
            return ask()
        except AuthError as error:
            if must or error.status != HTTPStatus.FORBIDDEN:
                raise
            return Unreadable(permission)

    return once


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be known of one zone.

    A zone that is no `edge` has no rules to write: there a token for DNS alone will do. `checked`: also what
    decides whether links on an edge work: settings, certificates, page rules, the rules of others. `saas`:
    what Cloudflare for SaaS holds in it, in the place of the zone's own certificates.
    """

    api: Api
    zone: ZoneState
    edge: bool
    checked: bool
    records: bool
    saas: bool = False

    def asks(self) -> dict[str, Ask]:
        """Return what can be asked at once."""
        name, id_ = self.zone.name, self.zone.id
        asks: dict[str, Ask] = {
            "rulesets": _asking("Config Rules Read", partial(self.api.rulesets, name, id_), must=self.edge)
        }
        if self.records:
            asks["records"] = partial(_rrsets, self.api, self.zone)
        if self.saas:
            asks["custom hostnames"] = partial(self.api.custom_hostnames, name, id_)
            asks["fallback origin"] = partial(self.api.fallback_origin, name, id_)
            asks["delegation"] = partial(self.api.delegation, name, id_)
        if self.checked:
            for setting in _SETTINGS:
                asks[setting] = _asking("Zone Settings Read", partial(self.api.setting, name, id_, setting))
            asks["page rules"] = _asking("Page Rules Read", partial(self.api.page_rules, name, id_))
        if self.checked and not self.saas:  # a custom hostname has a certificate of its own
            asks["universal"] = _asking("SSL and Certificates Read", partial(self.api.universal, name, id_))
            asks["packs"] = partial(self.api.packs, name, id_)
        return asks

    def entry_points(self, said: Mapping[str, Any]) -> dict[str, Ask]:
        """Return a question for each entry point that exists: tdr's, and where checked those of others."""
        listed = _known(said["rulesets"]) or ()
        present = {ruleset["phase"] for ruleset in listed if ruleset["kind"] == "zone"}
        return {
            phase: _asking(
                rule_permission(phase, "Read"),
                partial(self.api.entry_point, self.zone.name, self.zone.id, phase),
                must=self.edge and phase in OUR_PHASES,
            )
            for phase in ((*OUR_PHASES, *CHECKED_PHASES) if self.checked else OUR_PHASES)
            if phase in present
        }

    def told(self, said: Mapping[str, Any], rules: Mapping[str, Any]) -> ZoneState:
        """Return the zone with the answers."""
        answers = {"rulesets": said["rulesets"], **rules, **said}
        missing = [answer.permission for answer in answers.values() if isinstance(answer, Unreadable)]
        zone = replace(
            self.zone,
            rulesets={p: ruleset_from(native) for p, native in rules.items() if _known(native) is not None},
            unreadable=tuple(dict.fromkeys([*self.zone.unreadable, *missing])),
        )
        if self.records:
            zone = replace(zone, records=sum(len(rrset.values) for rrset in said["records"]))
        return _checked(zone, said) if self.checked else zone


def _known(answer: Any) -> Any:
    return None if isinstance(answer, Unreadable) else answer


def _checked(zone: ZoneState, said: Mapping[str, Any]) -> ZoneState:
    settings = {name: said[name] for name in _SETTINGS if _known(said[name]) is not None}
    return replace(
        zone,
        settings=attrs(**settings),
        universal=_known(said.get("universal")),
        packs=tuple(map(pack_from, said.get("packs", ()))),
        page_rules=tuple(map(page_rule_from, _known(said["page rules"]) or ())),
        checked=True,
    )
