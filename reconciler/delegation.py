"""Whether a zone that is about to be written to is the one that resolvers find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from reconciler.assemble import Assembly, World
from reconciler.dns import Delegation, Zone
from reconciler.provider import Live

LOOKUPS_AT_ONCE = 16


class Delegations(Protocol):
    """The network as far as it is asked here (`reconciler.net`)."""

    def delegation(self, zone: str) -> tuple[str, ...] | None:
        """Return the names of the servers that the parent hands a zone to; None where it cannot be told."""

    def delegated(self, zone: str) -> Delegation | None:
        """Return all that the parent's servers say of a zone; None where it cannot be told."""


def with_delegations(world: World, assembly: Assembly, network: Delegations) -> World | None:
    """Return what was read with the name servers found for each zone that is delegated elsewhere.

    Only zones that matter to this plan are looked up: those in which a host is to move, those that the vendor
    does not serve yet, and those that a host leaves or comes to. None where there is nothing to add.
    """
    between = set(_between(assembly))
    zones = sorted({*_doubtful(assembly), *between})
    if not zones:
        return None
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as pool:
        looks = pool.map(lambda zone: _look(zone, network, thorough=zone in between), zones)
        found = dict(zip(zones, looks, strict=True))
    known = {zone: parent for zone, parent in found.items() if parent is not None}
    told = {alias: _elsewhere(live, known, between) for alias, live in world.items()}
    return told if any(told[alias] is not live for alias, live in world.items()) else None


def _doubtful(assembly: Assembly) -> Iterator[str]:
    for view in assembly.hosts.values():
        zone = view.view.zone if view.view is not None and view.domain is not None else None
        if zone is not None and zone.name_servers and (view.moves or not zone.active):
            yield zone.name


def _look(zone: str, network: Delegations, *, thorough: bool) -> Delegation | None:
    if thorough:
        return network.delegated(zone)
    servers = network.delegation(zone)
    return Delegation(servers) if servers is not None else None


def _between(assembly: Assembly) -> Iterator[str]:
    for view in assembly.hosts.values():
        if view.view is not None and view.former:
            yield view.view.zone.name
            yield from (former.view.zone.name for former in view.former)


def _elsewhere(live: Live, found: Mapping[str, Delegation], between: Collection[str]) -> Live:
    zones = tuple(
        _told(zone, found[zone.name].servers, found[zone.name] if zone.name in between else None)
        if zone.name in found
        else zone
        for zone in live.zones
    )
    return live if zones == live.zones else replace(live, zones=zones)


def _told(zone: Zone, found: tuple[str, ...], parent: Delegation | None) -> Zone:
    """Return the zone; one of the vendor's servers among those found is enough: the rest is the user's."""
    zone = zone if parent is None else replace(zone, parent=parent)
    if not found:
        return replace(zone, undelegated=True)
    plain = {_plain(name) for name in found}
    assigned = {_plain(name) for name in zone.name_servers}
    return zone if assigned & plain else replace(zone, delegated_to=tuple(sorted(plain)))


def _plain(name: str) -> str:
    return name.rstrip(".").lower()
