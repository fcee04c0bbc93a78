"""What Cloud DNS says of a project's managed zones, as values. Pure.

docs: API: ManagedZone, Project (quota); Cloud DNS, "Quotas and limits".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from providers._records import Key, plain, rrset_of
from providers.google.cloud_dns_convert import Native, Stood, stood_from
from reconciler.dns import RRset, Zone, enclosing

PAGE: Final = 1000
"""Record sets that one list is asked for; the server may give fewer."""

_UNREAD_PAGES: Final = 4

_PRIVATE: Final[Mapping[str, str]] = {
    "forwardingConfig": "forwards what it is asked to servers of yours",
    "peeringConfig": "peers with another network's names",
    "reverseLookupConfig": "answers reverse lookups of a network",
    "serviceDirectoryConfig": "is Service Directory's",
}


@dataclass(frozen=True, slots=True)
class Quota:
    """What the project allows (API: Quota); the defaults are those that Cloud DNS documents."""

    additions: int = 1000
    deletions: int = 1000
    change_bytes: int = 100_000
    sets_per_zone: int = 10_000
    records_per_set: int = 100


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One managed zone: from the list, or with its record sets.

    name     what it serves
    managed  what it is called in the project: the API's name for it
    private  why nobody outside sees it, as a clause; empty for a public zone
    signed   whether DNSSEC is on
    whole    whether its record sets were read
    """

    name: str
    managed: str
    private: str = ""
    signed: bool = False
    name_servers: tuple[str, ...] = ()
    sets: tuple[Stood, ...] = ()
    whole: bool = False

    @property
    def pages(self) -> int:
        """How many lists it takes to read all of it; a guess where it was not read yet."""
        return max(1, -(-len(self.sets) // PAGE)) if self.whole else _UNREAD_PAGES

    @property
    def routed(self) -> Mapping[str, tuple[Stood, ...]]:
        """By name, the sets with a routing policy."""
        found: dict[str, tuple[Stood, ...]] = {}
        for stood in self.sets:
            if stood.found.special:
                found[stood.found.name] = (*found.get(stood.found.name, ()), stood)
        return found

    @property
    def keys(self) -> frozenset[Key]:
        """Names and types of what stands in it."""
        return frozenset(stood.key for stood in self.sets)

    def with_sets(self, natives: Iterable[Native]) -> ZoneState:
        """Give the zone with its record sets. Raises what `stood_from` does."""
        return replace(self, sets=tuple(stood_from(native) for native in natives), whole=True)

    def rrsets(self) -> Iterable[RRset]:
        """Give its sets to the engine."""
        return (rrset_of(self.name, stood.found) for stood in sorted(self.sets, key=lambda one: one.key))

    def as_zone(self, account: str) -> Zone:
        """Give the zone to the engine.

        A change is one transaction, and names what it deletes: whatever moved refuses it whole.
        """
        return Zone(
            name=self.name,
            container=container(self.name),
            name_servers=self.name_servers,
            min_ttl=0,
            atomic=True,
            compares=True,
            aliases=True,
            tells_sync=True,
            account=account,
        )


@dataclass(frozen=True, slots=True)
class CloudDnsState:
    """The public zones by name; managed zones that cannot be told apart, private ones, pins in vain.

    private  by name, the managed zones with why each is seen by nobody outside
    """

    project: str = ""
    zones: Mapping[str, ZoneState] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    private: Mapping[str, tuple[ZoneState, ...]] = field(default_factory=dict)
    astray: Mapping[str, str] = field(default_factory=dict)
    quota: Quota = field(default_factory=Quota)

    def zone_of(self, name: str) -> ZoneState | None:
        """Return the zone with the longest suffix of name; one in doubt hides those above it."""
        return enclosing(name, self.zones, {*self.ambiguous, *self.astray})


def container(zone: str) -> str:
    """Name the container of a zone's records."""
    return f"zone/{zone}"


def zone_from(native: Mapping[str, Any]) -> ZoneState:
    """Read a zone from the list. Raises KeyError, TypeError, AttributeError or ValueError."""
    signing = (native.get("dnssecConfig") or {}).get("state", "off")
    return ZoneState(
        name=plain(str(native["dnsName"])),
        managed=str(native["name"]),
        private=_why_private(native),
        signed=signing != "off",
        name_servers=tuple(sorted(plain(str(server)) for server in native.get("nameServers") or ())),
    )


def _why_private(native: Mapping[str, Any]) -> str:
    clause = next((clause for member, clause in _PRIVATE.items() if native.get(member)), "")
    return clause or ("is private" if native.get("visibility", "public") != "public" else "")


def quota_from(project: Mapping[str, Any]) -> Quota:
    """Read a project's quota; what it does not say is as documented. Raises TypeError or ValueError."""
    told, known = project.get("quota") or {}, Quota()
    return Quota(
        additions=int(told.get("rrsetAdditionsPerChange") or known.additions),
        deletions=int(told.get("rrsetDeletionsPerChange") or known.deletions),
        change_bytes=int(told.get("totalRrdataSizePerChange") or known.change_bytes),
        sets_per_zone=int(told.get("rrsetsPerManagedZone") or known.sets_per_zone),
        records_per_set=int(told.get("resourceRecordsPerRrset") or known.records_per_set),
    )


def chosen(project: str, listed: Iterable[ZoneState], pinned: Mapping[str, str]) -> CloudDnsState:
    """Pick for each name the zone that is pinned, else the only public one."""
    public: dict[str, list[ZoneState]] = {}
    private: dict[str, list[ZoneState]] = {}
    for zone in listed:
        if zone.private:
            private.setdefault(zone.name, []).append(zone)
        elif pinned.get(zone.name, zone.managed) == zone.managed:
            public.setdefault(zone.name, []).append(zone)
    return CloudDnsState(
        project=project,
        zones={name: found[0] for name, found in public.items() if len(found) == 1},
        ambiguous={name: tuple(z.managed for z in found) for name, found in public.items() if len(found) > 1},
        private={name: tuple(found) for name, found in private.items()},
        astray={name: managed for name, managed in pinned.items() if name not in public},
    )
