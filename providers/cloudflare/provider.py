"""The protocol's methods, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Self

from providers._outcomes import placed
from providers.cloudflare.api import BASE_URL, Api, client_for
from providers.cloudflare.certificates import certificate_status
from providers.cloudflare.composing import Wishes, compose_edges
from providers.cloudflare.members import Members
from providers.cloudflare.names import CUSTOM_HOSTNAME, SSL_HOST
from providers.cloudflare.reading import Account, read_live, usable_zones
from providers.cloudflare.records import apply_records
from providers.cloudflare.saas_apply import Saas
from providers.cloudflare.saas_composing import compose_saas
from providers.cloudflare.saas_state import hostname_from
from providers.cloudflare.saas_statuses import hostname_status
from providers.cloudflare.spelling import spell_records
from providers.cloudflare.zones import CloudflareState, ZoneState, pack_from
from reconciler.dns import Record
from reconciler.errors import AuthError, Conflict
from reconciler.model import Change, ResourceId
from reconciler.provider import (
    Composition,
    Live,
    Outcomes,
    Parts,
    Scope,
    Setting,
    Side,
    Status,
    one_by_one,
)


class CloudflareProvider:
    """One alias of type cloudflare. Thread-safe: all that it keeps is which zone has which id."""

    def __init__(self, api: Api, account: Account, wishes: Wishes, together: Side = one_by_one) -> None:
        self._api, self._account, self._wishes, self._together = api, account, wishes, together
        self._zones: Mapping[str, ZoneState] = {}
        self._delegation: str | None = None
        self._lock = threading.Lock()

    @classmethod
    def opened(cls, setting: Setting) -> Self:
        """Make the provider of an alias. Raises AuthError where there is no token."""
        token = setting.secrets.get("API_TOKEN")
        if not token:
            variable = f"TDR_{setting.alias.upper().replace('-', '_')}_API_TOKEN"
            raise AuthError(f"no API token: set {variable} or CLOUDFLARE_API_TOKEN", provider=setting.alias)
        options = setting.options
        client = client_for(token, setting.environ.get("CLOUDFLARE_BASE_URL") or BASE_URL)
        saas_zone = options.get("saas_zone") if options.get("mode") == "saas" else None
        account = Account(
            setting.alias, setting.owner, options.get("account"), dict(options.get("zones") or {}), saas_zone
        )
        wishes = Wishes(
            setting.alias, setting.owner, options.get("ssl", "full"), options.get("cache_ttl", 10), saas_zone
        )
        return cls(Api(client, setting.calls), account, wishes, setting.together)

    def close(self) -> None:
        """End all connections."""
        self._api.close()

    def read(self, scope: Scope) -> Live:
        """Return what exists in the zones that the scope concerns."""
        live = read_live(self._api, self._account, scope, self._together)
        state = _state(live)
        self._remember(state.zones)
        if state.saas is not None:
            with self._lock:
                self._delegation = state.saas.delegation
        return live

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what the cdn part needs; the dns part is spelt, not composed."""
        compose = compose_edges if self._wishes.saas_zone is None else compose_saas
        return compose(parts.cdn, _state(live), self._wishes)

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as Cloudflare reports them, and what forbids them."""
        return spell_records(self._account.alias, records, _state(live), live.rrsets)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container: a zone's records, the members of one phase's rules, or what
        Cloudflare for SaaS holds in a zone.
        """
        kind, _, rest = (batch[0].container or "").partition("/")
        name, _, phase = rest.partition("/")
        zone = self._zone(name, batch[0].id)
        alias, owner = self._account.alias, self._account.owner
        if kind == "zone":
            outcomes = apply_records(self._api, zone, owner, batch)
        elif kind == "saas":
            outcomes = Saas(self._api, owner, zone, self._delegated(zone)).apply(batch)
        else:
            outcomes = Members(self._api, alias, owner, zone, phase).apply(batch)
        return placed(outcomes, f"{alias} (cloudflare)")

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Return for each tracking host whether an active certificate covers it; one list for each zone."""
        zones: dict[str, list[ResourceId]] = {}
        statuses = {
            id_: Status(ready=True, text="written")
            for id_ in ids
            if id_.kind not in (SSL_HOST, CUSTOM_HOSTNAME)
        }
        statuses |= self._custom([id_ for id_ in ids if id_.kind == CUSTOM_HOSTNAME])
        for id_ in ids:
            if id_.kind == SSL_HOST:
                zones.setdefault(self._zone_of(id_.key).name, []).append(id_)
        for name, members in zones.items():
            packs = [pack_from(native) for native in self._api.packs(name, self._zones[name].id)]
            statuses.update((m, certificate_status(m.key, name, packs)) for m in members)
        return statuses

    def _custom(self, ids: Collection[ResourceId]) -> dict[ResourceId, Status]:
        """Return for each custom hostname whether it is served with its certificate; one list for all."""
        if not ids:
            return {}
        zone = self._zone(str(self._wishes.saas_zone), next(iter(ids)))
        found = {one.host: one for one in map(hostname_from, self._api.custom_hostnames(zone.name, zone.id))}
        return {
            id_: hostname_status(one.status, one.ssl_status, one.errors)
            for id_ in ids
            if (one := found.get(id_.key)) is not None
        }

    def _delegated(self, zone: ZoneState) -> str:
        """Return what the zone's names for delegated validation hold; asked for once."""
        if self._delegation is None:
            self._delegation = self._api.delegation(zone.name, zone.id)
        return self._delegation

    def _remember(self, zones: Mapping[str, ZoneState]) -> None:
        with self._lock:
            self._zones = {**self._zones, **zones}

    def _zone(self, name: str, asked: ResourceId) -> ZoneState:
        if name not in self._zones:
            self._remember(usable_zones(self._api, self._account).zones)
        if name not in self._zones:
            raise Conflict(f"zone {name} is gone", resource=asked.address)
        return self._zones[name]

    def _zone_of(self, host: str) -> ZoneState:
        zone = CloudflareState(self._zones).zone_of(host)
        if zone is None:
            self._remember(usable_zones(self._api, self._account).zones)
            zone = CloudflareState(self._zones).zone_of(host)
        if zone is None:
            raise Conflict(f"no zone holds {host} any more", resource=host)
        return zone


def _state(live: Live) -> CloudflareState:
    if not isinstance(live.facts, CloudflareState):
        raise TypeError("not what this provider read")
    return live.facts
