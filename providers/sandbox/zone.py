"""DNS zones of the sandbox: content computed on read, versions with serials."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

Name = dns.name.Name
RdataType = dns.rdatatype.RdataType

KEPT_VERSIONS = 64


@dataclass(frozen=True, slots=True)
class Record:
    """One record as an authoritative server answers it.

    Names are absolute, with or without the final dot. `content` is the master-file form. A TXT that does not
    begin with a quote is taken as plain text and split into strings of 255 bytes.
    """

    name: str
    type: str
    ttl: int
    content: str


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server: its host name, its documentation address, and where a real one runs in its place."""

    host: str
    address: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class RRset:
    """Records of one name and type; the TTL is the lowest of theirs."""

    name: Name
    type: RdataType
    ttl: int
    rdatas: tuple[dns.rdata.Rdata, ...]


@lru_cache(maxsize=65_536)
def to_name(text: str) -> Name:
    """Read a host name as absolute and in lower case. Raises ValueError."""
    try:
        return dns.name.from_text(text.rstrip(".").lower() + ".")
    except dns.exception.DNSException as error:
        raise ValueError(f"not a host name: {text!r} ({error})") from error


@lru_cache(maxsize=65_536)
def to_rdata(rtype: str, content: str) -> dns.rdata.Rdata:
    """Read a record's content; relative names are taken as absolute. Raises ValueError."""
    if rtype == "TXT" and not content.startswith('"'):
        content = quoted(content)
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, rtype, content, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"not the content of a {rtype} record: {content!r} ({error})") from error


def quoted(text: str) -> str:
    """Spell plain text as a TXT record's strings of at most 255 bytes."""
    raw = text.encode()
    parts = [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
    return " ".join('"' + "".join(_escaped(byte) for byte in part) + '"' for part in parts)


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}"


@dataclass(frozen=True)
class Version:
    """A zone's content at one serial, indexed for look-up."""

    serial: int
    since: float  # sandbox time at which it was first seen
    content: tuple[Record, ...]  # without the SOA, whose serial changes with each version
    soa: Record

    @cached_property
    def nodes(self) -> dict[Name, dict[RdataType, RRset]]:
        """RRsets by name and type."""
        grouped: dict[Name, dict[RdataType, list[Record]]] = {}
        for record in (self.soa, *self.content):
            types = grouped.setdefault(to_name(record.name), {})
            types.setdefault(dns.rdatatype.from_text(record.type), []).append(record)
        return {name: {t: _rrset(name, t, rs) for t, rs in types.items()} for name, types in grouped.items()}

    @cached_property
    def existing(self) -> frozenset[Name]:
        """All names that exist: those with records, and those above them (empty non-terminals)."""
        return frozenset(up for name in self.nodes for up in ancestors(name))


def ancestors(name: Name) -> Iterator[Name]:
    """Give a name, its parent, and so on up to the root."""
    yield name
    while len(name) > 1:
        name = name.parent()
        yield name


def _rrset(name: Name, rtype: RdataType, records: list[Record]) -> RRset:
    unique = dict.fromkeys(to_rdata(record.type.upper(), record.content) for record in records)
    return RRset(name, rtype, min(record.ttl for record in records), tuple(unique))


def _nothing(_content: tuple[Record, ...]) -> tuple[Record, ...]:
    return ()


@dataclass(eq=False)
class Zone:
    """A zone on its servers. `content` is called on read, so that a vendor answers from its own state.

    `delegation` is what the parent says: the servers that its NS records point to. None is the zone's own; ()
    is not delegated (the parent knows nothing of it), other servers is delegated elsewhere. It may be changed
    at any time. `revision`, where given, must change whenever content would: it saves computing the content.
    The apex SOA is added, and NS unless content has some; the serial goes up by one with each change seen.
    """

    name: str
    servers: tuple[NameServer, ...] | list[NameServer]
    content: Callable[[], Iterable[Record]]
    delegation: tuple[NameServer, ...] | list[NameServer] | None = None
    revision: Callable[[], object] | None = None
    negative_ttl_s: int = 300
    ns_ttl_s: int = 86_400
    soa_contact: str = ""
    first_serial: int = 1
    #: What the tree of zones adds: referrals to children, addresses of name servers.
    additions: Callable[[tuple[Record, ...]], Iterable[Record]] = field(default=_nothing, repr=False)
    additions_revision: object = field(default=None, repr=False)
    _versions: deque[Version] = field(default_factory=lambda: deque(maxlen=KEPT_VERSIONS), repr=False)
    _seen: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Normalise the name; nothing is read yet."""
        self.name = self.name.lower().rstrip(".")
        self.apex = to_name(self.name) if self.name else dns.name.root
        self.apex_text = self.apex.to_text(omit_final_dot=True)

    @property
    def parent_servers(self) -> tuple[NameServer, ...]:
        """The servers that the parent names; empty when it is not delegated."""
        return tuple(self.servers if self.delegation is None else self.delegation)

    def current(self, now: float) -> Version:
        """Give the content of now, as a new version if it changed since it was last read."""
        seen = (self.revision(), self.additions_revision) if self.revision else None
        latest = self._versions[-1] if self._versions else None
        if latest and seen is not None and seen == self._seen:
            return latest
        self._seen = seen
        own = tuple(self.content())
        content = (*self._name_servers(own), *own, *self.additions(own))
        if latest is None or content != latest.content:
            serial = latest.serial + 1 if latest else self.first_serial
            latest = Version(serial, now, content, self._soa(serial))
            self._versions.append(latest)
        return latest

    def version_at(self, when: float) -> Version:
        """Give the version, of those seen, that was current at `when`, or the oldest still kept."""
        return next((v for v in reversed(self._versions) if v.since <= when), self._versions[0])

    def _name_servers(self, content: tuple[Record, ...]) -> tuple[Record, ...]:
        if any(record.type == "NS" and to_name(record.name) == self.apex for record in content):
            return ()
        return tuple(Record(self.name, "NS", self.ns_ttl_s, f"{server.host}.") for server in self.servers)

    def _soa(self, serial: int) -> Record:
        contact = self.soa_contact or f"hostmaster.{self.name}".rstrip(".")
        timers = f"{serial} 10000 2400 604800 {self.negative_ttl_s}"
        return Record(self.name, "SOA", self.negative_ttl_s, f"{self.servers[0].host}. {contact}. {timers}")
