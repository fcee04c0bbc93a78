"""The protocol's methods, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Self

from providers.cloudflare.api import BASE_URL, Api, client_for
from providers.cloudflare.certificates import certificate_status
from providers.cloudflare.composing import Wishes, compose_edges
from providers.cloudflare.members import Members
from providers.cloudflare.names import SSL_HOST
from providers.cloudflare.reading import Account, read_live, usable_zones
from providers.cloudflare.records import apply_records
from providers.cloudflare.spelling import spell_records
from providers.cloudflare.zones import CloudflareState, ZoneState, pack_from
from reconciler.dns import Record
from reconciler.errors import AuthError, Conflict
from reconciler.model import Change, ResourceId
from reconciler.provider import (
    Composition,
    Failed,
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
        account = Account(
            setting.alias, setting.owner, options.get("account"), dict(options.get("zones") or {})
        )
        wishes = Wishes(
            setting.alias, setting.owner, options.get("ssl", "full"), options.get("cache_ttl", 10)
        )
        return cls(Api(client, setting.calls), account, wishes, setting.together)

    def close(self) -> None:
        """End all connections."""
        self._api.close()

    def read(self, scope: Scope) -> Live:
        """Return what exists in the zones that the scope concerns."""
        live = read_live(self._api, self._account, scope, self._together)
        self._remember(_state(live).zones)
        return live

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what the cdn part needs; the dns part is spelt, not composed."""
        return compose_edges(parts.cdn, _state(live), self._wishes)

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as Cloudflare reports them, and what forbids them."""
        return spell_records(self._account.alias, records, _state(live), live.rrsets)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container: a zone's records, or the members of one phase's rules."""
        kind, _, rest = (batch[0].container or "").partition("/")
        name, _, phase = rest.partition("/")
        zone = self._zone(name, batch[0])
        alias, owner = self._account.alias, self._account.owner
        if kind == "zone":
            outcomes = apply_records(self._api, zone, owner, batch)
        else:
            outcomes = Members(self._api, alias, owner, zone, phase).apply(batch)
        for outcome in outcomes.values():
            # What no single call says, such as a write that did not stick, has no context yet.
            if isinstance(outcome, Failed):
                outcome.error.provider = outcome.error.provider or f"{alias} (cloudflare)"
        return outcomes

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Return for each tracking host whether an active certificate covers it; one list for each zone."""
        zones: dict[str, list[ResourceId]] = {}
        statuses = {id_: Status(ready=True, text="written") for id_ in ids if id_.kind != SSL_HOST}
        for id_ in ids:
            if id_.kind == SSL_HOST:
                zones.setdefault(self._zone_of(id_.key).name, []).append(id_)
        for name, members in zones.items():
            packs = [pack_from(native) for native in self._api.packs(name, self._zones[name].id)]
            statuses.update((m, certificate_status(m.key, name, packs)) for m in members)
        return statuses

    def _remember(self, zones: Mapping[str, ZoneState]) -> None:
        with self._lock:
            self._zones = {**self._zones, **zones}

    def _zone(self, name: str, change: Change) -> ZoneState:
        if name not in self._zones:
            self._remember(usable_zones(self._api, self._account).zones)
        if name not in self._zones:
            raise Conflict(f"zone {name} is gone", resource=change.id.address)
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
