"""The zones of an alias, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from providers.octodns.convert import Sets
from reconciler.dns import Zone, enclosing

MIN_TTL_S: Final = 60


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone that was read."""

    name: str
    sets: Sets = field(default_factory=dict)

    def as_zone(self, account: str, min_ttl_s: int) -> Zone:
        """Give the zone to the engine: that several changes are one transaction no class of octoDNS says."""
        apex = self.sets.get((self.name, "NS"))
        return Zone(
            name=self.name,
            container=container(self.name),
            name_servers=apex.values if apex else (),
            min_ttl=min_ttl_s,
            atomic=False,
            account=account,
        )


@dataclass(frozen=True, slots=True)
class OctoState:
    """What an alias knows when it spells.

    zones     by name, as far as they were read
    usable    the names of all that it may write to
    missing   those of them that the account has not
    supports  the types that the class holds
    named     whether the file names the zones, not the account
    """

    zones: Mapping[str, ZoneState]
    usable: frozenset[str]
    missing: frozenset[str]
    supports: frozenset[str]
    class_name: str
    min_ttl_s: int = MIN_TTL_S
    named: bool = True

    def zone_of(self, name: str) -> ZoneState | None:
        """Return the zone with the longest suffix of name; one that is missing hides those above it."""
        return enclosing(name, self.zones, self.usable - self.zones.keys())


def container(zone: str) -> str:
    """Name the container of a zone's records."""
    return f"zone/{zone}"
