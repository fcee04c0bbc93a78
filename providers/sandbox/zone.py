"""DNS zones of the sandbox: content computed on read, versions with serials, and authoritative look-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

Name = dns.name.Name
_CNAME, _NS, _SOA, _DS, _ANY = (
    dns.rdatatype.CNAME,
    dns.rdatatype.NS,
    dns.rdatatype.SOA,
    dns.rdatatype.DS,
    dns.rdatatype.ANY,
)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as an authoritative server answers it.

    Names are absolute with or without the final dot, lower case. `content` is the master-file form. A TXT that
    does not begin with a quote is taken as plain text and split into strings of 255 bytes.
    """

    name: str
    type: str
    ttl: int
    content: str


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server: its host name and its documentation address."""

    host: str
    address: str


class Zone:
    """A zone on its servers. `content` is called on read, so that a vendor answers from its own state.

    `delegation` is what the parent says: the servers its NS records point to. By default the zone's own; ()
    is not delegated (the parent knows nothing of it), other servers is delegated elsewhere. It may be changed
    at any time. `revision`, where given, must change whenever content would: it saves computing the content.
    The apex SOA and NS are added; the serial goes up by one with each change seen.
    """

    def __init__(
        self,
        name: str,
        servers: Iterable[NameServer],
        content: Callable[[], Iterable[Record]],
        *,
        delegation: Iterable[NameServer] | None = None,
        revision: Callable[[], object] | None = None,
        negative_ttl_s: int = 300,
        ns_ttl_s: int = 86_400,
        soa_contact: str = "",
    ) -> None:
        """Names are normalised; nothing is read yet."""
        self.name = name.lower().rstrip(".")
        self.servers = tuple(servers)
        self.delegation = self.servers if delegation is None else tuple(delegation)
        self.content = content
        self.revision = revision
        self.negative_ttl_s = negative_ttl_s
        self.ns_ttl_s = ns_ttl_s
        self.soa_contact = soa_contact or f"hostmaster.{self.name}".rstrip(".")
