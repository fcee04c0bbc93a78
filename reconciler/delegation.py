"""Whether a zone that is about to be written to is the one that resolvers find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from reconciler.assemble import Assembly, World
from reconciler.dns import Zone
from reconciler.provider import Live

LOOKUPS_AT_ONCE = 16


class Delegations(Protocol):
    """The network as far as it is asked here (`reconciler.net`)."""

    def delegation(self, zone: str) -> tuple[str, ...] | None:
        """Return the names of the servers that the parent hands a zone to; None where it cannot be told."""


def with_delegations(world: World, assembly: Assembly, network: Delegations) -> World | None:
    """Return what was read with the name servers found for each zone that is delegated elsewhere.

    Only zones that matter to this plan are looked up: those in which a host is to move, and those that the
    vendor does not serve yet. None where there is nothing to add.
    """
    zones = sorted(set(_doubtful(assembly)))
    if not zones:
        return None
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as pool:
        found = dict(zip(zones, pool.map(network.delegation, zones), strict=True))
    known = {zone: servers for zone, servers in found.items() if servers is not None}
    told = {alias: _elsewhere(live, known) for alias, live in world.items()}
    return told if any(told[alias] is not live for alias, live in world.items()) else None


def _doubtful(assembly: Assembly) -> Iterator[str]:
    for view in assembly.hosts.values():
        zone = view.view.zone if view.view is not None and view.domain is not None else None
        if zone is not None and zone.name_servers and (view.moves or not zone.active):
            yield zone.name


def _elsewhere(live: Live, found: Mapping[str, tuple[str, ...]]) -> Live:
    zones = tuple(_told(zone, found[zone.name]) if zone.name in found else zone for zone in live.zones)
    return live if zones == live.zones else replace(live, zones=zones)


def _told(zone: Zone, found: tuple[str, ...]) -> Zone:
    """Return the zone; one of the vendor's servers among those found is enough: the rest is the user's."""
    if not found:
        return replace(zone, undelegated=True)
    plain = {_plain(name) for name in found}
    assigned = {_plain(name) for name in zone.name_servers}
    return zone if assigned & plain else replace(zone, delegated_to=tuple(sorted(plain)))


def _plain(name: str) -> str:
    return name.rstrip(".").lower()
