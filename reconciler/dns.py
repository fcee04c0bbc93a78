"""The one common kind, `dns_record`: values, names, zones. Pure.

Names are lower-case, punycode, without a final dot. TXT values are plain text: quoting and the
splitting into strings of 255 bytes is each DNS provider's spelling.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.model import EMPTY, Attrs, ResourceId, Value

T = TypeVar("T")
DNS_RECORD = "dns_record"
ALIAS = "ALIAS"
"""The type of a record that names a target and is answered with the target's addresses, and that may stand
where a CNAME may not. Its value is the target's name; `ZONE/NAME` where the vendor has to know the zone."""
HOST = "host"
CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record that should exist, before a DNS provider spells it.

    host      the tracking host that it is for
    role      what it is for; the key is `HOST/ROLE`: "host", "claim", "validation", …
    name      the owner name; may be a Ref
    type      "CNAME", "A", "AAAA", "A+AAAA" (both, told apart by their values), "ALIAS", "TXT", "CAA"
    values    each may be a Ref; sorted where the order means nothing
    ttl       seconds
    proxied   the record is the edge itself (Cloudflare); None: a plain record
    """

    host: str
    role: str
    name: Value
    type: str
    values: tuple[Value, ...]
    ttl: int
    proxied: bool | None = None

    @property
    def key(self) -> str:
        return f"{self.host}/{self.role}"


def record_id(alias: str, host: str, role: str) -> ResourceId:
    """Return the id of the record with this role for host."""
    return ResourceId(alias, DNS_RECORD, f"{host}/{role}")


def role_of(id_: ResourceId) -> str:
    """Return the role of a DNS record: what follows the host in its key."""
    return id_.key.partition("/")[2]


def is_validation(id_: ResourceId) -> bool:
    """Tell whether a resource is a record that proves something to a vendor."""
    return id_.kind == DNS_RECORD and role_of(id_) not in (HOST, CLAIM)


def claim_name(host: str) -> str:
    """Return where the claim for host stands."""
    return f"_tdr.{host}"


@dataclass(frozen=True, slots=True)
class RRset:
    """A live record set, in the engine's spelling.

    `attrs` holds the provider's further managed attributes (`proxied`); `outputs` the vendor's ids.
    """

    zone: str
    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    attrs: Attrs = field(default_factory=lambda: EMPTY)
    outputs: Attrs = field(default_factory=lambda: EMPTY, compare=False)


@dataclass(frozen=True, slots=True)
class Delegation:
    """The servers that a parent hands a zone to, by name; none: it is not delegated.

    `ttl_s` is how long resolvers hold that, None where it was not the parent's own word.
    """

    servers: tuple[str, ...]
    ttl_s: int | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone in a vendor account.

    container     the name that writes to it are batched under
    name_servers  the vendor's assigned servers
    active        whether the vendor serves it; `status` is the vendor's word
    min_ttl       the vendor's floor, seconds
    atomic        whether one batch is one transaction
    compares      whether the vendor refuses a write when what it rests on has moved (compare-and-swap)
    cname_beside  whether the vendor lets records of other types stand beside a CNAME
    aliases       whether it may hold host records of type ALIAS: its provider reads and writes them, and may
                  spell a CNAME as one
    tells_sync    whether the vendor tells when all its name servers have a record: its provider's `ready` is
                  asked for records before they are
    by_hand       whether people write into it: tdr says what, and waits until it is shown
    read_only     why nothing can be written into it, empty where something can
    delegated_to  the servers that resolvers are sent to, where they were looked up and none is the vendor's
    undelegated   whether it was looked up, and resolvers are sent nowhere
    parent        what the parent says of it, where a host comes here or leaves; None where that is not known
    asked         the names that were asked for, where its records cannot be listed; None: all were read
    """

    name: str
    container: str
    name_servers: tuple[str, ...] = ()
    active: bool = True
    status: str = "active"
    min_ttl: int = 60
    atomic: bool = True
    account: str = ""
    compares: bool = False
    cname_beside: bool = False
    aliases: bool = False
    tells_sync: bool = False
    by_hand: bool = False
    read_only: str = ""
    delegated_to: tuple[str, ...] = ()
    undelegated: bool = False
    parent: Delegation | None = None
    asked: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class HostTarget:
    """Where a host record shall point.

    type          "CNAME", "A", "AAAA", "A+AAAA", "ALIAS"
    values        names or addresses; each may be a Ref
    proxied       the record is the edge (needs the CDN's own account as dns alias)
    before_dns    whether the edge can be proven with its certificate before DNS moves (class A)
    after_dns     whether the certificate is issued only after DNS moved (class C)
    """

    type: str
    values: tuple[Value, ...]
    proxied: bool = False
    before_dns: bool = False
    after_dns: bool = False

    @property
    def move_class(self) -> str:
        """The class of a move to this target: A, B or C."""
        if self.before_dns:
            return "A"
        return "C" if self.after_dns else "B"


def target_name(value: str) -> str:
    """Return the name that a value of a CNAME or ALIAS record points at."""
    return value.rpartition("/")[2]


def labels(name: str) -> tuple[str, ...]:
    """Return the labels of name, root last."""
    return tuple(name.split("."))


def is_within(name: str, zone: str) -> bool:
    """Tell whether name is zone or below it, by whole labels."""
    return name == zone or name.endswith(f".{zone}")


def zone_for(name: str, zones: Iterable[Zone]) -> Zone | None:
    """Return the zone with the longest suffix of name, or None."""
    return enclosing(name, {zone.name: zone for zone in zones})


def enclosing(name: str, known: Mapping[str, T], hidden: Container[str] = ()) -> T | None:
    """Return what is known by the longest suffix of name, by whole labels; None where there is none.

    A suffix that is `hidden` (a zone in doubt, one that is missing) hides those above it.
    """
    found = next((above for above in ancestors(name) if above in known or above in hidden), None)
    return None if found is None or found in hidden else known[found]


def nearest(name: str, names: Container[str]) -> str | None:
    """Return which of the names is the longest suffix of name, by whole labels; None where none is."""
    return next((above for above in ancestors(name) if above in names), None)


def ancestors(name: str) -> Iterator[str]:
    """Yield name and every name above it."""
    parts = labels(name)
    for depth in range(len(parts)):
        yield ".".join(parts[depth:])


def existing(names: Iterable[str]) -> frozenset[str]:
    """Return the names that exist in DNS: owners of records, and the names above them."""
    return frozenset(above for name in names for above in ancestors(name))


def wildcard_for(name: str, names: frozenset[str]) -> str | None:
    """Return the wildcard owner name that answers for name, given the names that exist in its zone.

    RFC 4592: the closest encloser decides; a name that exists, or has names below it, hides the wildcard.
    """
    if name in names:
        return None
    for encloser in list(ancestors(name))[1:]:
        if f"*.{encloser}" in names:
            return f"*.{encloser}"
        if encloser in names:
            return None
    return None
