"""What PowerDNS says of its zones, as values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from providers._records import Key, plain
from providers.powerdns.convert import NativeSet, set_from
from reconciler.dns import Zone, enclosing

WRITABLE: Final = frozenset({"native", "master", "primary"})
"""Kinds whose records are the server's own. A secondary takes a write as well, answers 204, and loses it at
the next transfer (seen on 4.7.3)."""

NOTIFYING: Final = frozenset({"master", "primary"})
VIEW: Final = ".."
"""Stands between zone and view in the id of a zone that only a view shows (docs: Views)."""


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone: from the list, or with all its sets.

    id              what paths name it by
    masters         where a secondary fetches it
    soa_edit_api    how an API write moves the serial; empty: not at all; None: not read
    answered        the types that are answered at each name
    """

    id: str
    name: str
    kind: str
    masters: tuple[str, ...] = ()
    soa_edit_api: str | None = None
    sets: Mapping[Key, NativeSet] = field(default_factory=dict)
    answered: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def writable(self) -> bool:
        return self.kind.lower() in WRITABLE

    @property
    def keeps_serial(self) -> bool:
        """Whether secondaries would never learn of a write."""
        return self.kind.lower() in NOTIFYING and self.soa_edit_api == ""

    def types_at(self, name: str) -> frozenset[str]:
        """The types that are answered at a name."""
        return self.answered.get(name, frozenset())

    def as_zone(self, account: str) -> Zone:
        """Give the zone to the engine; PowerDNS has no floor for a TTL."""
        apex = self.sets.get((self.name, "NS"))
        return Zone(
            name=self.name,
            container=container(self.name),
            name_servers=apex.values if apex else (),
            status=self.kind,
            min_ttl=0,
            atomic=True,
            account=account,
            read_only="" if self.writable else self._secondary,
        )

    @property
    def _secondary(self) -> str:
        source = f" from {', '.join(self.masters)}" if self.masters else ""
        lost = "what is written is lost at the next transfer"
        return f"it is of kind {self.kind} there, fetched{source}, and {lost}"


@dataclass(frozen=True, slots=True)
class PowerDnsState:
    """The zones that an alias may use by name, and ids of those of which it cannot tell which is meant."""

    zones: Mapping[str, ZoneState]
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def zone_of(self, name: str) -> ZoneState | None:
        """Return the zone with the longest suffix of name; one that is ambiguous hides those above it."""
        return enclosing(name, self.zones, self.ambiguous)


def container(zone: str) -> str:
    """Name the container of a zone's records."""
    return f"zone/{zone}"


def zone_from(native: Mapping[str, Any]) -> ZoneState:
    """Read a zone, with its sets where they are there. Raises KeyError, TypeError or ValueError."""
    sets = [set_from(row) for row in native.get("rrsets") or ()]
    edit = native.get("soa_edit_api")
    return ZoneState(
        id=str(native["id"]),
        name=plain(str(native["name"]).partition(VIEW)[0]),
        kind=str(native["kind"]),
        masters=tuple(str(master) for master in native.get("masters") or ()),
        soa_edit_api=None if edit is None else str(edit),
        sets={found.key: found for found in sets},
        answered=_answered(sets),
    )


def _answered(sets: Iterable[NativeSet]) -> dict[str, frozenset[str]]:
    types: dict[str, set[str]] = {}
    for found in sets:
        if found.contents:
            types.setdefault(found.name, set()).add(found.type)
    return {name: frozenset(kinds) for name, kinds in types.items()}


def chosen(listed: Iterable[ZoneState], pinned: Mapping[str, str]) -> PowerDnsState:
    """Pick for each name the zone that is pinned, else the only one that every client sees."""
    by_name: dict[str, list[ZoneState]] = {}
    for zone in listed:
        pin = pinned.get(zone.name)
        if zone.id == pin or (pin is None and VIEW not in zone.id):
            by_name.setdefault(zone.name, []).append(zone)
    return PowerDnsState(
        {name: found[0] for name, found in by_name.items() if len(found) == 1},
        {name: tuple(z.id for z in found) for name, found in by_name.items() if len(found) > 1},
    )
