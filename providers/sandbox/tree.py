"""The tree of zones, from the root down, and what each server answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import dns.name
import dns.rcode
import dns.rdatatype

from providers.sandbox.contract import ControlError
from providers.sandbox.lookup import REFUSED, Reply, look_up
from providers.sandbox.outside import ask
from providers.sandbox.zone import Name, NameServer, RdataType, Record, Version, Zone, ancestors, to_name

ROOT = NameServer("a.root-servers.example", "192.0.2.1")
TLD = NameServer("a.tld-servers.example", "192.0.2.2")
PLAIN = (
    NameServer("ns1.nameservers.example", "192.0.2.20"),
    NameServer("ns2.nameservers.example", "192.0.2.21"),
)

_ADDRESS_TTL_S = 86_400
_KEPT_QUERIES = 10_000
_KEPT_NAMES = 16_384
_OUTAGES = ("drop", "SERVFAIL", "REFUSED")


@dataclass(frozen=True, slots=True)
class Query:
    """One question that a server was asked."""

    at: float  # sandbox time
    server: str  # documentation address, or "resolver"
    name: str
    type: str
    rcode: str  # "DROPPED" where no answer was given


@dataclass(frozen=True, slots=True)
class Outage:
    """Answers that fail: every part that is not empty must match."""

    answer: str  # drop, SERVFAIL, REFUSED
    server: str = ""
    name: str = ""
    type: str = ""

    def hits(self, server: str, name: Name, rtype: RdataType) -> bool:
        """Say whether this question is one that fails."""
        return (
            self.server in ("", server)
            and (not self.name or to_name(self.name) == name)
            and self.type in ("", dns.rdatatype.to_text(rtype))
        )


class Tree:
    """All zones. The root, the TLDs and the zones of name servers' own names come by themselves."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin with a root that knows nobody."""
        self._now = now
        self._zones: list[Zone] = []
        self._made: dict[str, Zone] = {}  # root, TLDs, homes of name servers
        self.lags: dict[tuple[str, str], float] = {}  # (server, zone or "") -> sandbox seconds
        self.outages: list[Outage] = []
        self.queries: deque[Query] = deque(maxlen=_KEPT_QUERIES)
        self._outside: dict[str, str] = {}  # documentation address -> where a real server runs
        self._family: dict[str, tuple[Record, ...]] = {}  # additions by zone, for one revision of the tree
        self._family_revision: object = None
        self._make("", ROOT)
        self._complete()

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones that were added."""
        return tuple(self._zones)

    def add(self, zone: Zone) -> Zone:
        """Serve a zone, delegated by the zones that enclose it."""
        self._zones.append(zone)
        self._outside.update({server.address: server.at for server in zone.servers if server.at})
        self._adopt(zone)
        self._complete()
        return zone

    def remove(self, zone: Zone) -> None:
        """Serve a zone no more; its parent forgets it."""
        self._zones.remove(zone)

    def servers(self) -> set[NameServer]:
        """Give every name server that serves a zone."""
        return {server for zone in self._all() for server in zone.servers}

    def answer(self, address: str, name: Name, rtype: RdataType) -> Reply | None:
        """Answer as the server at this address does; None is silence."""
        reply = self._answer(address, name, rtype)
        rcode = "DROPPED" if reply is None else dns.rcode.to_text(reply.rcode)
        self.queries.append(Query(self._now(), address, _text(name), dns.rdatatype.to_text(rtype), rcode))
        return reply

    def fails(self, server: str, name: Name, rtype: RdataType) -> str | None:
        """Give how this question fails at this server (or at ``resolver``), if it does."""
        return next((o.answer for o in self.outages if o.hits(server, name, rtype)), None)

    def set_lag(self, server: str, zone: str, seconds: float) -> None:
        """Let a server answer a zone ("" is all) as it was so many sandbox seconds ago; 0 ends it."""
        if server not in {known.address for known in self.servers()}:
            known = ", ".join(sorted(s.address for s in self.servers()))
            raise ControlError(f"no name server at {server!r}; there are {known}")
        for candidate in self._all():
            self._read(candidate)  # what is true now must be remembered to be served later
        self.lags[server, zone.lower().rstrip(".")] = seconds
        self.lags = {key: lag for key, lag in self.lags.items() if lag > 0}

    def add_outage(self, outage: Outage) -> None:
        """Let matching questions fail until the outages are cleared."""
        if outage.answer not in _OUTAGES:
            raise ControlError(f"unknown answer {outage.answer!r}: write one of {', '.join(_OUTAGES)}")
        self.outages.append(outage)

    def refresh(self) -> None:
        """Take note of changes now: where a server lags, the time of a change matters."""
        if self.lags:
            for zone in self._all():
                self._read(zone)

    def dump(self) -> list[dict[str, Any]]:
        """Give all zones with their content, for ``GET /state``."""
        return [
            {
                "zone": zone.name,
                "servers": [asdict(server) for server in zone.servers],
                "delegation": [asdict(server) for server in zone.parent_servers],
                "serial": self._read(zone).serial,
                "records": [asdict(record) for record in self._read(zone).content],
            }
            for zone in self._all()
        ]

    def _answer(self, address: str, name: Name, rtype: RdataType) -> Reply | None:
        failure = self.fails(address, name, rtype)
        if failure:
            return None if failure == "drop" else Reply(dns.rcode.from_text(failure), authoritative=False)
        if address in self._outside:
            return ask(self._outside[address], name, rtype)
        zone = self._zone_on(address, name)
        if zone is None:
            return REFUSED
        version = self._read(zone)
        lag = self.lags.get((address, zone.name), self.lags.get((address, ""), 0))
        if lag:
            version = zone.version_at(self._now() - lag)
        return look_up(version, zone.apex, name, rtype)

    def _read(self, zone: Zone) -> Version:
        zone.additions_revision = self._revision()
        return zone.current(self._now())

    def _all(self) -> Iterator[Zone]:
        yield from self._zones
        yield from self._made.values()

    def _zone_on(self, address: str, name: Name) -> Zone | None:
        """Give the deepest zone on a server that holds a name; of two alike, the one delegated there."""
        above = _above(name.labels)
        serving = [
            zone
            for zone in self._all()
            if zone.apex_text in above and any(server.address == address for server in zone.servers)
        ]
        return max(
            serving,
            key=lambda zone: (len(zone.apex), any(s.address == address for s in zone.parent_servers)),
            default=None,
        )

    def _revision(self) -> object:
        return tuple((zone.name, *zone.parent_servers) for zone in self._all())

    def _adopt(self, zone: Zone) -> None:
        zone.additions = lambda content: self._additions(zone, content)

    def _additions(self, parent: Zone, content: Iterable[Record]) -> list[Record]:
        """Give the referrals to children that the zone itself does not have, and name servers' addresses."""
        revision = self._revision()
        if revision != self._family_revision:
            self._family, self._family_revision = {}, revision
        if parent.name not in self._family:
            self._family[parent.name] = (*self._referrals(parent), *self._addresses(parent))
        has = {(to_name(record.name), record.type) for record in content if record.type in ("NS", "A")}
        return [r for r in self._family[parent.name] if (to_name(r.name), r.type) not in has]

    def _referrals(self, parent: Zone) -> list[Record]:
        apexes = {zone.apex for zone in self._all()}
        children = [zone for zone in self._all() if _parent(zone, apexes) == parent.apex]
        return [
            Record(child.name, "NS", child.ns_ttl_s, f"{server.host}.")
            for child in children
            for server in child.parent_servers
        ]

    def _addresses(self, parent: Zone) -> list[Record]:
        hosts = {s for zone in self._all() for s in (*zone.servers, *zone.parent_servers)}
        inside = [server for server in hosts if to_name(server.host).is_subdomain(parent.apex)]
        return sorted(
            (Record(server.host, "A", _ADDRESS_TTL_S, server.address) for server in inside),
            key=lambda record: (record.name, record.content),
        )

    def _complete(self) -> None:
        """Make the TLDs of all zones, and a zone for each name server's own name that lies in none."""
        for server in {s for zone in self._all() for s in (*zone.servers, *zone.parent_servers)}:
            name = to_name(server.host)
            if not any(len(zone.apex) > 2 and name.is_subdomain(zone.apex) for zone in self._all()):
                self._make(".".join(server.host.split(".")[-2:]), *PLAIN)
        for zone in list(self._all()):
            if zone.name:
                self._make(zone.name.rpartition(".")[2], TLD)

    def _make(self, name: str, *servers: NameServer) -> None:
        if name in self._made or any(zone.name == name for zone in self._zones):
            return
        zone = Zone(name, servers, tuple)
        self._made[name] = zone
        self._adopt(zone)
        self._complete()


def _parent(zone: Zone, apexes: set[Name]) -> Name | None:
    """Give the apex of the zone that encloses this one."""
    return next((up for up in ancestors(zone.apex) if up != zone.apex and up in apexes), None)


def _text(name: Name) -> str:
    return _spelt(name.labels)


@lru_cache(maxsize=_KEPT_NAMES)
def _spelt(labels: tuple[bytes, ...]) -> str:
    """Spell a name. Asked for with every question, and by labels: to hash and to compare names is dear."""
    return Name(labels).to_text(omit_final_dot=True)


@lru_cache(maxsize=_KEPT_NAMES)
def _above(labels: tuple[bytes, ...]) -> frozenset[str]:
    """Spell a name and all those above it, in lower case."""
    return frozenset(_spelt(up.labels).lower() for up in ancestors(Name(labels)))
