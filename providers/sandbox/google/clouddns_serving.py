"""The name servers of managed zones: what they answer, by the zones' state.

Private zones are not served. Of a routing policy's items the first is answered, as to a client nearest to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer
from providers.sandbox.zone import Record as Answered
from providers.sandbox.zone import Zone as NamedZone

from .clouddns_values import GEO, PRIMARY, WRR, items_of
from .clouddns_zone import NEGATIVE_TTL_S, Key, Set, Zone
from .state import Google


def answers(sets: Mapping[Key, Set]) -> Iterator[Answered]:
    """Give the records of a zone; the SOA is the kernel's."""
    for one in sets.values():
        if one["type"] != "SOA":
            for value in _values(one):
                yield Answered(one["name"].rstrip("."), one["type"], one["ttl"], value)


def _values(one: Set) -> Iterable[str]:
    policy: Mapping[str, Any] | None = one.get("routingPolicy")
    if policy is None:
        return [str(value) for value in one["rrdatas"]]
    name = next(name for name in (PRIMARY, GEO, WRR) if name in policy)
    if name == PRIMARY:
        return _targets(policy[name].get("primaryTargets") or {})
    items = items_of(policy, name)
    first = max(items, key=lambda item: item.get("weight", 0)) if name == WRR else items[0]
    return [*(first.get("rrdatas") or ()), *_targets(first.get("healthCheckedTargets") or {})]


def _targets(checked: Mapping[str, Any]) -> list[str]:
    inside = [target["ipAddress"] for target in checked.get("internalLoadBalancers") or ()]
    return [*(checked.get("externalEndpoints") or ()), *inside]


class Served:
    """The public zones of all projects, on the kernel's name servers."""

    def __init__(self, kernel: Kernel, google: Callable[[], Google]) -> None:
        """Begin with none."""
        self._kernel, self._google = kernel, google
        self._there: dict[str, Zone] = {}
        self._zones: dict[str, NamedZone] = {}
        # How the world delegates zones of the same names on other servers.
        self._elsewhere: dict[NamedZone, tuple[NameServer, ...] | list[NameServer] | None] = {}

    def publish(self) -> None:
        """Answer for the zones of now, each delegated or not."""
        zones = [zone for project in self._google() for zone in project.zones.by_name.values()]
        self._there = {zone.id: zone for zone in zones if not zone.private}
        for zone_id in self._zones.keys() - self._there.keys():
            self._kernel.remove_zone(self._zones.pop(zone_id))
        for zone_id, zone in self._there.items():
            if zone_id not in self._zones:
                self._zones[zone_id] = self._kernel.add_zone(self._named(zone))
            self._zones[zone_id].delegation = None if zone.delegated else ()
        self._undelegate_others({z.dns_name.rstrip("."): z for z in self._there.values() if z.delegated})

    def _named(self, zone: Zone) -> NamedZone:
        def present() -> tuple[object, Mapping[Key, Set]]:
            return self._there[zone.id].served(self._kernel.now())

        return NamedZone(
            zone.dns_name,
            zone.name_servers,
            lambda: answers(present()[1]),
            revision=lambda: present()[0],
            negative_ttl_s=NEGATIVE_TTL_S,
            soa_contact="cloud-dns-hostmaster.google.com",
        )

    def _undelegate_others(self, ours: Mapping[str, Zone]) -> None:
        """Let the parent point here; servers elsewhere that hold the same zone lose it, or get it back."""
        here = set(self._zones.values())
        for other in self._kernel.tree.zones:
            if other in here:
                continue
            if other.name in ours:
                self._elsewhere.setdefault(other, other.delegation)
                other.delegation = ours[other.name].name_servers
            elif other in self._elsewhere:
                other.delegation = self._elsewhere.pop(other)
