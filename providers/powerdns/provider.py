"""The protocol's methods, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from providers._http import Client, credential
from providers._outcomes import placed
from providers._records import rrset_of
from providers.powerdns import options as given
from providers.powerdns.api import Api
from providers.powerdns.records import apply_records
from providers.powerdns.spelling import spell_records, unclear_zones
from providers.powerdns.zones import PowerDnsState, ZoneState, chosen
from reconciler.dns import Record
from reconciler.errors import Conflict
from reconciler.model import Change, ResourceId
from reconciler.provider import Composition, Live, Outcomes, Parts, Scope, Setting, Status

if TYPE_CHECKING:
    import httpx


class PowerDns:
    """One alias of type powerdns. Thread-safe: all that it keeps is which zone has which id.

    `transport` replaces the network, for tests.
    """

    def __init__(self, setting: Setting, *, transport: httpx.BaseTransport | None = None) -> None:
        """Raises AuthError for a key that cannot be one, InvalidRequest where no endpoint is named."""
        base = given.base_url(setting.alias, setting.options, setting.environ)
        variable = f"TDR_{setting.alias.upper().replace('-', '_')}_API_KEY"
        key = credential(
            setting.secrets.get("API_KEY", ""), f"the PowerDNS API key ({variable} or PDNS_API_KEY)"
        )
        client = Client(
            base,
            headers={"X-API-Key": key},
            secrets=[key],
            ca_file=setting.environ.get("TDR_CA_FILE"),
            transport=transport,
        )
        self._alias, self._together = setting.alias, setting.together
        self._identity = given.identity(setting.options, base)
        self._pinned = dict(setting.options.get("zones") or {})
        self._api = Api(client, setting.calls, variable)
        self._zones: Mapping[str, ZoneState] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """End all connections."""
        self._api.close()

    def read(self, scope: Scope) -> Live:
        """Return the zones that hold a host of the scope, or all of them, with their records."""
        hosts = [wanted.host for wanted in scope.parts.dns]
        if not (hosts or scope.everything):
            return Live(accounts=frozenset({self._identity}), facts=PowerDnsState({}))
        listed = self._listed()
        near = {zone.name for host in hosts if (zone := listed.zone_of(host)) is not None}
        names = sorted(listed.zones if scope.everything else near)
        zones = self._together([partial(self._api.zone, listed.zones[name]) for name in names])
        return Live(
            zones=tuple(zone.as_zone(self._identity) for zone in zones),
            rrsets=tuple(
                rrset_of(zone.name, found)
                for zone in zones
                for key in sorted(zone.sets)
                if (found := zone.sets[key].answered) is not None
            ),
            accounts=frozenset({self._identity}),
            facts=PowerDnsState({zone.name: zone for zone in zones}, listed.ambiguous),
        )

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return no resource, for the dns part is spelt; only why no zone is found for a host."""
        return Composition(findings=tuple(unclear_zones(parts.dns, _state(live))))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as PowerDNS reports them, and what forbids them."""
        return spell_records(self._alias, records, _state(live))

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one zone."""
        zone = self._zone((batch[0].container or "").partition("/")[2], batch[0])
        outcomes = apply_records(self._api, zone, batch)
        return placed(outcomes, f"{self._alias} (powerdns)")

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Return that records are ready when they are written: whether they are answered is the engine's."""
        return {id_: Status(ready=True, text="written") for id_ in ids}

    def _listed(self) -> PowerDnsState:
        found = chosen(self._api.zones(), self._pinned)
        with self._lock:
            self._zones = found.zones
        return found

    def _zone(self, name: str, change: Change) -> ZoneState:
        zone = self._zones.get(name) or self._listed().zones.get(name)
        if zone is None:
            raise Conflict(
                f"zone {name} is gone",
                provider=f"{self._alias} (powerdns)",
                resource=change.id.address,
            )
        return zone


def _state(live: Live) -> PowerDnsState:
    if not isinstance(live.facts, PowerDnsState):
        raise TypeError("not what this provider read")
    return live.facts
