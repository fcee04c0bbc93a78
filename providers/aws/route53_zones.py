"""What Route 53 says of its hosted zones, as values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from providers._records import rrset_of
from providers.aws.route53_convert import Native, Stood, name_from, stood_from
from reconciler.dns import RRset, Zone, enclosing

PAGE: Final = 300
"""Record sets that one list gives at most (docs: ListResourceRecordSets)."""


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One hosted zone: from the list, or with its record sets.

    records      how many sets it holds, as the list says
    linked       the service that made it, and alone may write into it; empty: anyone with the right
    """

    id: str
    name: str
    private: bool = False
    records: int = 0
    linked: str = ""
    sets: tuple[Stood, ...] = ()

    @property
    def pages(self) -> int:
        """How many lists it takes to read all of it."""
        return max(1, -(-self.records // PAGE))

    @property
    def special(self) -> Mapping[str, tuple[Stood, ...]]:
        """By name, the sets that are more than their values."""
        found: dict[str, tuple[Stood, ...]] = {}
        for stood in self.sets:
            if stood.found.special:
                found[stood.found.name] = (*found.get(stood.found.name, ()), stood)
        return found

    def with_sets(self, natives: Iterable[Native]) -> ZoneState:
        """Give the zone with its record sets. Raises KeyError, TypeError or ValueError."""
        return replace(self, sets=tuple(stood_from(natives)))

    def rrsets(self) -> Iterable[RRset]:
        """Give its sets to the engine."""
        return (rrset_of(self.name, stood.found) for stood in sorted(self.sets, key=lambda one: one.key))

    def as_zone(self, account: str) -> Zone:
        """Give the zone to the engine.

        A batch is one transaction, and names what it rests on: whatever moved refuses it whole.
        """
        apex = next((s.found.values for s in self.sets if s.key == (self.name, "NS")), ())
        made = f"it was made by {self.linked}, which alone writes into it" if self.linked else ""
        return Zone(
            name=self.name,
            container=container(self.name),
            name_servers=apex,
            min_ttl=0,
            atomic=True,
            compares=True,
            aliases=True,
            tells_sync=True,
            account=account,
            read_only=made,
        )


@dataclass(frozen=True, slots=True)
class Route53State:
    """The public zones by name; ids of those that cannot be told apart, of private ones, of pins in vain."""

    zones: Mapping[str, ZoneState] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    private: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    astray: Mapping[str, str] = field(default_factory=dict)

    def zone_of(self, name: str) -> ZoneState | None:
        """Return the zone with the longest suffix of name; one in doubt hides those above it."""
        return enclosing(name, self.zones, {*self.ambiguous, *self.astray})


def container(zone: str) -> str:
    """Name the container of a zone's records."""
    return f"zone/{zone}"


def zone_from(native: Mapping[str, Any]) -> ZoneState:
    """Read a zone from the list. Raises KeyError, TypeError or ValueError."""
    return ZoneState(
        id=str(native["Id"]).rpartition("/")[2],
        name=name_from(str(native["Name"])),
        private=bool((native.get("Config") or {}).get("PrivateZone")),
        records=int(native.get("ResourceRecordSetCount") or 0),
        linked=str((native.get("LinkedService") or {}).get("ServicePrincipal") or ""),
    )


def chosen(listed: Iterable[ZoneState], pinned: Mapping[str, str]) -> Route53State:
    """Pick for each name the zone that is pinned, else the only public one."""
    public: dict[str, list[ZoneState]] = {}
    private: dict[str, list[str]] = {}
    for zone in listed:
        if zone.private:
            private.setdefault(zone.name, []).append(zone.id)
        elif pinned.get(zone.name, zone.id) == zone.id:
            public.setdefault(zone.name, []).append(zone)
    return Route53State(
        zones={name: found[0] for name, found in public.items() if len(found) == 1},
        ambiguous={name: tuple(z.id for z in found) for name, found in public.items() if len(found) > 1},
        private={name: tuple(ids) for name, ids in private.items()},
        astray={name: id_ for name, id_ in pinned.items() if name not in public},
    )
