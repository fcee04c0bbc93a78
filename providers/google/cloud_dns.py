"""Cloud DNS as the dns part of an alias: what is read, spelt, written, and known by every server."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from providers.google.cloud_dns_api import CloudDnsApi
from providers.google.cloud_dns_records import DONE, Written, apply_records
from providers.google.cloud_dns_spelling import spell_records, unclear_zones
from providers.google.cloud_dns_zones import CloudDnsState, Quota, ZoneState, chosen
from providers.google.names import DNS_SERVICE, provider_of
from providers.google.rest import Rest
from providers.google.session import Session
from reconciler.dns import Record, RRset, Zone
from reconciler.errors import Conflict
from reconciler.model import Change, Finding, ResourceId
from reconciler.provider import Composition, Outcomes, Scope, Setting, Status, Wanted, both


@dataclass(frozen=True, slots=True)
class Found:
    """What the dns part read."""

    zones: tuple[Zone, ...] = ()
    rrsets: tuple[RRset, ...] = ()
    state: CloudDnsState = field(default_factory=CloudDnsState)


class CloudDns:
    """The dns part. Thread-safe: it keeps which zone is called what, and the changes that it wrote."""

    def __init__(self, setting: Setting, session: Session) -> None:
        self._alias, self._together = setting.alias, setting.together
        self._project = session.project
        self._pinned = dict(setting.options.get("zones") or {})
        rest = Rest(session, setting.calls, DNS_SERVICE)
        self._api = CloudDnsApi(rest, setting.together)
        self._lock = threading.Lock()
        self._zones: Mapping[str, ZoneState] = {}
        self._quota = Quota()
        self._pending: dict[ResourceId, tuple[str, str]] = {}

    def read(self, scope: Scope, account: str) -> Found:
        """Return the zones that hold a host of the scope, or all of them, with their records."""
        hosts = [wanted.host for wanted in scope.parts.dns]
        if not (hosts or scope.everything):
            return Found(state=CloudDnsState(self._project))
        listed = self._listed()
        near = {zone.name for host in hosts if (zone := listed.zone_of(host)) is not None}
        names = sorted(listed.zones if scope.everything else near)
        zones = self._together([partial(self._api.whole, listed.zones[name]) for name in names])
        with self._lock:
            self._zones = {**self._zones, **{zone.name: zone for zone in zones}}
        return Found(
            zones=tuple(zone.as_zone(account) for zone in zones),
            rrsets=tuple(rrset for zone in zones for rrset in zone.rrsets()),
            state=replace(listed, zones={zone.name: zone for zone in zones}),
        )

    def unclear(self, wanted: Sequence[Wanted], state: CloudDnsState) -> Iterator[Finding]:
        """Tell of hosts whose zone is in doubt."""
        return unclear_zones(wanted, state)

    def spell(self, records: Sequence[Record], state: CloudDnsState) -> Composition:
        """Return records as Cloud DNS reports them, and what forbids them."""
        return spell_records(self._alias, records, state)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one zone."""
        zone = self._zone((batch[0].container or "").partition("/")[2], batch[0])
        written = Written()
        try:
            apply_records(self._api, zone, self._quota, batch, written)
        finally:
            pending = {
                id_: (zone.managed, change)
                for id_, change in written.changes.items()
                if change in written.pending
            }
            with self._lock:
                self._pending.update(pending)
        return written.outcomes

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell which records every server was told; one question for each change that is still on its way.

        What this process did not write has long arrived.
        """
        with self._lock:
            pending = {id_: self._pending[id_] for id_ in ids if id_ in self._pending}
        asked = sorted(set(pending.values()))
        told = self._together([partial(self._api.status, managed, change) for managed, change in asked])
        status = dict(zip(asked, told, strict=True))
        arrived = {change for change, word in status.items() if word == DONE}
        with self._lock:
            self._pending = {id_: c for id_, c in self._pending.items() if c not in arrived}
        words = {id_: status[pending[id_]] if id_ in pending else DONE for id_ in ids}
        return {id_: Status(ready=word == DONE, text=word) for id_, word in words.items()}

    def _listed(self) -> CloudDnsState:
        listed, quota = both(self._together, self._api.zones, self._api.quota)
        found = replace(chosen(self._project, listed, self._pinned), quota=quota)
        with self._lock:
            self._zones, self._quota = found.zones, quota
        return found

    def _zone(self, name: str, change: Change) -> ZoneState:
        zone = self._zones.get(name) or self._listed().zones.get(name)
        if zone is None:
            raise Conflict(
                f"zone {name} is gone", provider=provider_of(self._alias), resource=change.id.address
            )
        return zone
