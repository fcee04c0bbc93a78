"""Route 53 as the dns part of an alias: what is read, spelt, written, and known by every server."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from providers.aws.names import provider_of
from providers.aws.route53_api import Route53Api
from providers.aws.route53_records import Written, apply_records
from providers.aws.route53_spelling import spell_records, unclear_zones
from providers.aws.route53_zones import Route53State, ZoneState, chosen
from providers.aws.session import Clients
from reconciler.dns import Record, RRset, Zone
from reconciler.errors import Conflict
from reconciler.model import Change, Finding, ResourceId
from reconciler.provider import Composition, Outcomes, Scope, Setting, Status, Wanted

INSYNC = "INSYNC"


@dataclass(frozen=True, slots=True)
class Found:
    """What the dns part read."""

    zones: tuple[Zone, ...] = ()
    rrsets: tuple[RRset, ...] = ()
    state: Route53State = field(default_factory=Route53State)


class Route53:
    """The dns part. Thread-safe: it keeps which zone has which id, and the changes that it wrote."""

    def __init__(self, setting: Setting, clients: Clients) -> None:
        self._alias, self._owner, self._together = setting.alias, setting.owner, setting.together
        self._pinned = dict(setting.options.get("zones") or {})
        self._as_alias = bool(setting.options.get("alias_records", False))
        self._api = Route53Api(clients, setting.calls, setting.together)
        self._lock = threading.Lock()
        self._zones: Mapping[str, ZoneState] = {}
        self._pending: dict[ResourceId, str] = {}

    def read(self, scope: Scope, account: str) -> Found:
        """Return the zones that hold a host of the scope, or all of them, with their records."""
        hosts = [wanted.host for wanted in scope.parts.dns]
        if not (hosts or scope.everything):
            return Found()
        listed = self._listed()
        near = {zone.name for host in hosts if (zone := listed.zone_of(host)) is not None}
        names = sorted(listed.zones if scope.everything else near)
        zones = self._together([partial(self._api.whole, listed.zones[name]) for name in names])
        return Found(
            zones=tuple(zone.as_zone(account) for zone in zones),
            rrsets=tuple(rrset for zone in zones for rrset in zone.rrsets()),
            state=Route53State(
                {zone.name: zone for zone in zones}, listed.ambiguous, listed.private, listed.astray
            ),
        )

    def unclear(self, wanted: Sequence[Wanted], state: Route53State) -> Iterator[Finding]:
        """Tell of hosts whose zone is in doubt."""
        return unclear_zones(wanted, state)

    def spell(self, records: Sequence[Record], state: Route53State) -> Composition:
        """Return records as Route 53 reports them, and what forbids them."""
        return spell_records(self._alias, records, state, as_alias=self._as_alias)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one zone."""
        zone = self._zone((batch[0].container or "").partition("/")[2], batch[0])
        written = Written()
        try:
            apply_records(self._api, zone, self._owner, batch, written)
        finally:
            with self._lock:
                self._pending.update(written.changes)
        return written.outcomes

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell which records every server answers; one question for each change that is still on its way.

        What this process did not write has long arrived.
        """
        with self._lock:
            pending = {id_: self._pending[id_] for id_ in ids if id_ in self._pending}
        asked = sorted(set(pending.values()))
        told = self._together([partial(self._api.status, change) for change in asked])
        status = dict(zip(asked, told, strict=True))
        arrived = {change for change, word in status.items() if word == INSYNC}
        with self._lock:
            self._pending = {id_: c for id_, c in self._pending.items() if c not in arrived}
        words = {id_: status[pending[id_]] if id_ in pending else INSYNC for id_ in ids}
        return {id_: Status(ready=word == INSYNC, text=word) for id_, word in words.items()}

    def _listed(self) -> Route53State:
        found = chosen(self._api.zones(), self._pinned)
        with self._lock:
            self._zones = found.zones
        return found

    def _zone(self, name: str, change: Change) -> ZoneState:
        zone = self._zones.get(name) or self._listed().zones.get(name)
        if zone is None:
            raise Conflict(
                f"zone {name} is gone", provider=provider_of(self._alias), resource=change.id.address
            )
        return zone
