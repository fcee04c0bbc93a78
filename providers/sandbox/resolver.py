"""The sandbox's recursive resolver: walks from the root, caches on the sandbox clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rdtypes.txtbase

from providers.sandbox.lookup import Reply, hosts_of, target_of
from providers.sandbox.tree import ROOT, Query, Tree
from providers.sandbox.zone import Name, RdataType, Record, RRset, to_name

_CNAME, _SOA, _A = dns.rdatatype.CNAME, dns.rdatatype.SOA, dns.rdatatype.A
_MOST_STEPS = 16
_MOST_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the resolver found: NOERROR, NXDOMAIN, SERVFAIL or REFUSED, and the records, CNAMEs included."""

    rcode: str
    rrsets: tuple[RRset, ...]  # in order of the chain, TTLs left
    authority: tuple[RRset, ...] = ()  # the SOA of a negative answer

    @property
    def records(self) -> tuple[Record, ...]:
        """The records in order of the chain; names and targets without a final dot."""
        return tuple(_records(self.rrsets))

    def values(self, rtype: str) -> tuple[str, ...]:
        """Give the contents of one type: addresses, CNAME targets, a TXT's strings joined without quotes."""
        return tuple(_value(rdata) for rrset in self.of(rtype) for rdata in rrset.rdatas)

    def of(self, rtype: str) -> tuple[RRset, ...]:
        """Give the RRsets of one type."""
        wanted = dns.rdatatype.from_text(rtype)
        return tuple(rrset for rrset in self.rrsets if rrset.type == wanted)


Look = Callable[[str, str], Resolved]
"""Asks DNS for a name and a type, as vendors and authorities do: around any cache."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One cached answer to one question: an RRset (of the type, or a CNAME), or a negative with its SOA."""

    rcode: dns.rcode.Rcode
    rrset: RRset | None
    soa: RRset | None
    expires: float


class Resolver:
    """Answers like a public resolver: any name, from the cache as long as TTLs allow."""

    def __init__(self, tree: Tree, now: Callable[[], float]) -> None:
        """Begin with an empty cache."""
        self._tree = tree
        self._now = now
        self._cache: dict[tuple[Name, RdataType], _Step] = {}

    def flush(self, name: str = "") -> None:
        """Forget one name, or everything."""
        kept = {} if not name else {k: v for k, v in self._cache.items() if k[0] != to_name(name)}
        self._cache = kept

    def resolve(self, name: Name, rtype: RdataType, *, fresh: bool = False) -> Resolved:
        """Follow CNAMEs to an answer. `fresh` neither reads nor fills the cache."""
        failure = self._tree.fails("resolver", name, rtype)
        resolved = Resolved(failure, ()) if failure else self._chain(name, rtype, fresh=fresh)
        asked = name.to_text(omit_final_dot=True)
        query = Query(self._now(), "resolver", asked, dns.rdatatype.to_text(rtype), resolved.rcode)
        self._tree.queries.append(query)
        return resolved

    def _chain(self, name: Name, rtype: RdataType, *, fresh: bool) -> Resolved:
        chain: list[RRset] = []
        while len(chain) < _MOST_STEPS:
            step = self._step(name, rtype, fresh=fresh)
            left = max(0, round(step.expires - self._now()))
            if step.rrset is None:
                authority = (replace(step.soa, ttl=left),) if step.soa else ()
                return Resolved(dns.rcode.to_text(step.rcode), tuple(chain), authority)
            chain.append(replace(step.rrset, ttl=left))
            if step.rrset.type != _CNAME or rtype in (_CNAME, dns.rdatatype.ANY):
                return Resolved("NOERROR", tuple(chain))
            name = target_of(step.rrset)
        return Resolved("SERVFAIL", ())

    def _step(self, name: Name, rtype: RdataType, *, fresh: bool) -> _Step:
        keys = ((name, rtype), (name, _CNAME), (name, dns.rdatatype.NONE))
        for key in () if fresh else keys:
            step = self._cache.get(key)
            if step and step.expires > self._now() and _answers(step, key[1], rtype):
                return step
        step = self._ask(name, rtype)
        if not fresh and step.rcode != dns.rcode.SERVFAIL:
            self._cache[self._key(name, rtype, step)] = step
        return step

    @staticmethod
    def _key(name: Name, rtype: RdataType, step: _Step) -> tuple[Name, RdataType]:
        if step.rrset:
            return name, step.rrset.type
        return name, dns.rdatatype.NONE if step.rcode == dns.rcode.NXDOMAIN else rtype

    def _ask(self, name: Name, rtype: RdataType) -> _Step:
        reply = self._walk(name, rtype, 0)
        if reply is None or reply.rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return _Step(dns.rcode.SERVFAIL, None, None, self._now())
        if reply.answer:
            first = next((r for r in reply.answer if r.type in (rtype, _CNAME)), reply.answer[0])
            return _Step(dns.rcode.NOERROR, first, None, self._now() + first.ttl)
        soa = next((rrset for rrset in reply.authority if rrset.type == _SOA), None)
        return _Step(reply.rcode, None, soa, self._now() + _negative_ttl(soa))

    def _walk(self, name: Name, rtype: RdataType, depth: int) -> Reply | None:
        """Ask from the root down; None when no server on the way answers."""
        addresses: Iterable[str] = (ROOT.address,)
        for _ in range(_MOST_STEPS):
            reply = self._first_reply(addresses, name, rtype)
            if reply is None or not reply.is_referral:
                return reply
            addresses = self._addresses(reply, depth)
        return None

    def _first_reply(self, addresses: Iterable[str], name: Name, rtype: RdataType) -> Reply | None:
        replies = (self._tree.answer(address, name, rtype) for address in addresses)
        usable = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        return next((reply for reply in replies if reply and reply.rcode in usable), None)

    def _addresses(self, referral: Reply, depth: int) -> Iterator[str]:
        """Give addresses of the servers referred to, one after the other: most often the first does."""
        glue = {rrset.name: rrset for rrset in referral.additional}
        for host in hosts_of(referral.authority[0]):
            rrset = glue.get(host)
            if rrset is None and depth < _MOST_DEPTH:
                reply = self._walk(host, _A, depth + 1)
                rrset = reply.answer[0] if reply and reply.answer else None
            if rrset:
                yield from map(_value, rrset.rdatas)


def _answers(step: _Step, cached_type: RdataType, rtype: RdataType) -> bool:
    """Say whether a cached step is good for a type: that the name is no CNAME says nothing of other types."""
    return cached_type in (rtype, dns.rdatatype.NONE) or step.rrset is not None


def _negative_ttl(soa: RRset | None) -> int:
    if soa is None:
        return 0
    rdata = soa.rdatas[0]
    minimum = rdata.minimum if isinstance(rdata, dns.rdtypes.ANY.SOA.SOA) else 0
    return min(soa.ttl, minimum)


def _records(rrsets: tuple[RRset, ...]) -> Iterator[Record]:
    for rrset in rrsets:
        name, rtype = rrset.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rrset.type)
        for rdata in rrset.rdatas:
            yield Record(name, rtype, rrset.ttl, rdata.to_text() if rtype == "TXT" else _value(rdata))


def _value(rdata: dns.rdata.Rdata) -> str:
    if isinstance(rdata, dns.rdtypes.txtbase.TXTBase):
        return b"".join(rdata.strings).decode("utf-8", "replace")
    text = rdata.to_text()
    return text.rstrip(".") if text != "." else text
