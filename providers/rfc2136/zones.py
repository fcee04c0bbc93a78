"""What is known of a zone: its record sets as resolvers are answered, its delegations, its serial. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from types import MappingProxyType
from typing import Final

import dns.rdata
import dns.rdatatype
import dns.zone
from dns.rdtypes.ANY.SOA import SOA

from providers.rfc2136.convert import name_text, value_from
from providers.rfc2136.names import zone_container
from reconciler.dns import RRset, Zone, ancestors, nearest

Key = tuple[str, str]
SIGNING: Final = frozenset(
    ("RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "KEY", "TYPE65534")
)
"""Types that the server keeps itself, and that may stand beside a CNAME."""


@dataclass(frozen=True, slots=True)
class RecordSet:
    """The records of one name and type."""

    ttl: int
    rdatas: tuple[dns.rdata.Rdata, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The engine's texts, sorted."""
        return tuple(sorted(map(value_from, self.rdatas)))


NO_SETS: Mapping[Key, RecordSet] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone as its primary has it.

    sets            what stands in it and is answered; what lies below a delegation is not
    cuts            delegations to other zones: the servers by name
    negative_ttl_s  how long resolvers remember that a name is not there
    whole           whether `sets` is all; else it is what stands at the names that were `asked` for
    trouble         why the server does not serve it, or not to this key; "" where it does
    declined        what the server said to a transfer; "" where it gave it, or was not asked
    """

    name: str
    serial: int = 0
    negative_ttl_s: int = 0
    sets: Mapping[Key, RecordSet] = field(default_factory=lambda: NO_SETS)
    cuts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    whole: bool = True
    asked: frozenset[str] = frozenset()
    trouble: str = ""
    declined: str = ""
    types: Mapping[str, frozenset[str]] = field(init=False, default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Index the types by name."""
        found: dict[str, set[str]] = {}
        for name, kind in self.sets:
            found.setdefault(name, set()).add(kind)
        object.__setattr__(self, "types", {name: frozenset(kinds) for name, kinds in found.items()})

    def types_at(self, name: str) -> frozenset[str]:
        """Give the types that stand at a name."""
        return self.types.get(name, frozenset())

    def cut_above(self, name: str) -> str | None:
        """Give the delegation that a name lies at or below, None where the zone itself answers."""
        return cut_above(name, self.name, self.cuts)

    def as_zone(self, account: str) -> Zone:
        """Give the engine's view of it."""
        servers = self.sets.get((self.name, "NS"))
        return Zone(
            name=self.name,
            container=zone_container(self.name),
            name_servers=servers.values if servers else (),
            min_ttl=1,
            atomic=True,
            account=account,
            compares=True,
            asked=None if self.whole else self.asked,
        )

    def with_names(self, later: ZoneState) -> ZoneState:
        """Give what was read by names together with what was read of further names later."""
        if later.trouble:
            return replace(self, trouble=later.trouble)
        kept = {key: found for key, found in self.sets.items() if key[0] not in later.asked}
        both = state_from(self.name, {**kept, **later.sets}, whole=False)
        return replace(
            both,
            serial=later.serial,
            negative_ttl_s=later.negative_ttl_s,
            asked=self.asked | later.asked,
            declined=self.declined,
        )

    def rrsets(self) -> Iterator[RRset]:
        """Give the engine's record sets, delegations among them."""
        for (name, kind), found in self.sets.items():
            yield RRset(self.name, name, kind, found.ttl, found.values)


@dataclass(frozen=True, slots=True)
class Rfc2136State:
    """What `read` found, for `compose` and `spell`: the zones that were read, and all that the file names."""

    zones: Mapping[str, ZoneState]
    named: tuple[str, ...]

    def zone_of(self, name: str) -> ZoneState | None:
        """Give the zone that a name falls into, None where none was read."""
        found = nearest(name, self.named)
        return self.zones.get(found) if found else None

    @property
    def served(self) -> tuple[ZoneState, ...]:
        """Give the zones that were read."""
        return tuple(zone for zone in self.zones.values() if not zone.trouble)


def cut_above(name: str, zone: str, cuts: Mapping[str, object]) -> str | None:
    """Give the highest delegation of a zone that a name lies at or below."""
    inside = list(takewhile(lambda each: each != zone, ancestors(name)))
    return next((each for each in reversed(inside) if each in cuts), None)


def state_from(zone: str, sets: Mapping[Key, RecordSet], *, whole: bool = True) -> ZoneState:
    """Make the state of a zone from everything in it: what a delegation hides is left out."""
    cuts = {name: found.values for (name, kind), found in sets.items() if kind == "NS" and name != zone}
    highest = {name: servers for name, servers in cuts.items() if cut_above(name, zone, cuts) == name}
    answered = {
        (name, kind): found
        for (name, kind), found in sets.items()
        if kind != "SOA" and _is_answered(name, kind, zone, highest)
    }
    soa = sets.get((zone, "SOA"))
    serial, negative_ttl_s = _start(soa)
    return ZoneState(zone, serial, negative_ttl_s, answered, MappingProxyType(highest), whole=whole)


def _is_answered(name: str, kind: str, zone: str, cuts: Mapping[str, object]) -> bool:
    cut = cut_above(name, zone, cuts) if cuts else None
    return cut is None or (cut == name and kind == "NS")


def _start(soa: RecordSet | None) -> tuple[int, int]:
    """Give the serial, and how long "no such name" is kept (RFC 2308: the lesser of TTL and minimum)."""
    for rdata in soa.rdatas if soa else ():
        if isinstance(rdata, SOA):
            return rdata.serial, min(rdata.minimum, soa.ttl if soa else 0)
    return 0, 0


def sets_of(found: dns.zone.Zone) -> dict[Key, RecordSet]:
    """Give the record sets of a transferred zone, without what the server makes to sign it."""
    return {
        (name_text(name), kind): RecordSet(rdataset.ttl, tuple(rdataset))
        for name, rdataset in found.iterate_rdatasets()
        if (kind := dns.rdatatype.to_text(rdataset.rdtype)) not in SIGNING
    }
