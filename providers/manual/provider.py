"""The protocol's methods: what name servers show is what is there, and a write is a person's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Self

from providers.manual.looking import Look, names_of
from reconciler.dns import Record, Zone, nearest, record_id, zone_for
from reconciler.errors import ByHand
from reconciler.model import Change, Finding, Resource, ResourceId, Severity, Value, attrs
from reconciler.net import Network, from_environment
from reconciler.provider import (
    Composition,
    Done,
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
from reconciler.zone_file import going, record_lines


class ManualProvider:
    """One alias of type manual. Thread-safe: it keeps nothing."""

    def __init__(
        self, alias: str, zones: Sequence[str], network: Network, together: Side = one_by_one
    ) -> None:
        self._alias, self._look, self._together = alias, Look(alias, network), together
        self._zones = tuple(zone.lower().rstrip(".") for zone in zones)

    @classmethod
    def opened(cls, setting: Setting) -> Self:
        """Make the provider of an alias. Raises NetworkError where a network setting is malformed."""
        network = from_environment(setting.environ)
        return cls(setting.alias, setting.options["zones"], network, setting.together)

    def read(self, scope: Scope) -> Live:
        """Ask the zones' servers for the names that the scope's hosts concern; orphans cannot be seen."""
        hosts: dict[str, list[str]] = {zone: [] for zone in self._zones}
        for host in scope.parts.hosts:
            if (zone := self._zone_of(host)) is not None:
                hosts[zone].append(host)
        named = [zone for zone in self._zones if hosts[zone]]
        found = self._together([partial(self._look.hosts, zone, hosts[zone]) for zone in named])
        return Live(
            zones=tuple(
                Zone(
                    zone,
                    _container(zone),
                    one.servers,
                    min_ttl=1,
                    atomic=False,
                    by_hand=True,
                    asked=frozenset(name for host in hosts[zone] for name in names_of(host)),
                )
                for zone, one in zip(named, found, strict=True)
            ),
            rrsets=tuple(rrset for one in found for rrset in one.rrsets),
        )

    def read_names(self, names: Collection[str], live: Live) -> Live:
        """Ask the zones' servers for further names."""
        found: dict[str, set[str]] = {}
        for name in names:
            if (at := zone_for(name, live.zones)) is not None:
                found.setdefault(at.name, set()).add(name)
        shown = self._together([partial(self._look.names, zone, found[zone]) for zone in sorted(found)])
        kept = (rrset for rrset in live.rrsets if rrset.name not in found.get(rrset.zone, ()))
        return replace(
            live,
            zones=tuple(
                replace(zone, asked=(zone.asked or frozenset()) | found.get(zone.name, set()))
                for zone in live.zones
            ),
            rrsets=(*kept, *(rrset for one in shown for rrset in one.rrsets)),
        )

    def compose(self, _parts: Parts, _live: Live) -> Composition:
        """Compose nothing: records are spelt."""
        return Composition()

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as the servers show them. A TTL that a person chose otherwise is left alone."""
        shown = {(r.name, r.type): (frozenset(r.values), r.ttl) for r in live.rrsets}
        made = [self._spelt(record, shown) for record in records]
        proxied = [
            Finding(
                Severity.ERROR,
                record.host,
                "a proxied record can only stand in the CDN's own zone",
                "name the CDN's alias with `dns:`",
                "dns",
            )
            for record in records
            if record.proxied
        ]
        return Composition(tuple(made), findings=tuple(proxied))

    def _spelt(self, record: Record, shown: Mapping[tuple[str, str], tuple[frozenset[str], int]]) -> Resource:
        known = sorted({v for v in record.values if isinstance(v, str)})
        values: tuple[Value, ...] = (*known, *(v for v in record.values if not isinstance(v, str)))
        found = shown.get((str(record.name), record.type))
        ttl = found[1] if found is not None and found[0] == frozenset(values) else record.ttl
        place = record.name if isinstance(record.name, str) else record.host
        return Resource(
            id=record_id(self._alias, record.host, record.role),
            attrs=attrs(name=record.name, type=record.type, values=values, ttl=ttl),
            host=record.host,
            container=_container(self._zone_of(place) or ""),
        )

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Look whether a person has made the changes: on every server of the zone, or it is not done."""
        calls = [partial(self._outcome, change) for change in batch]
        return dict(zip([change.id for change in batch], self._together(calls), strict=True))

    def _outcome(self, change: Change) -> Done | Failed:
        resource = change.resource
        name, zone = str(resource.attrs["name"]), (resource.container or "").removeprefix("manual/")
        types = str(resource.attrs["type"]).split("+")
        seen = self._look.differing(zone, name, types, change.after)
        if seen is None:
            return Done(change.after)
        leaving = going(change.before, change.after)
        said = [f"remove {line}" for line in (record_lines(leaving) if leaving else ())]
        if change.after is not None:
            said.append("set " + "; ".join(record_lines(change.after)))
        return Failed(ByHand("; ".join([*said, seen]), provider=f"{self._alias} (manual)"))

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Whatever the servers show is ready."""
        return dict.fromkeys(ids, Status(ready=True, text="shown"))

    def _zone_of(self, name: str) -> str | None:
        return nearest(name, self._zones)


def _container(zone: str) -> str:
    return f"manual/{zone}"
