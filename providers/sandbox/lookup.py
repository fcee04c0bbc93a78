"""What an authoritative server answers from one version of a zone: pure, after RFC 1034 and RFC 4592."""

from __future__ import annotations

from dataclasses import dataclass, replace

import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.NS

from providers.sandbox.zone import Name, RdataType, RRset, Version, ancestors

_A, _NS, _CNAME, _SOA = dns.rdatatype.A, dns.rdatatype.NS, dns.rdatatype.CNAME, dns.rdatatype.SOA
_MOST_CNAMES = 16


@dataclass(frozen=True, slots=True)
class Reply:
    """The sections of an answer. A referral is not authoritative and has NS records in `authority`."""

    rcode: dns.rcode.Rcode
    authoritative: bool = True
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()

    @property
    def is_referral(self) -> bool:
        """Say whether this points to other servers instead of answering."""
        return not self.authoritative and self.rcode == dns.rcode.NOERROR and bool(self.authority)


REFUSED = Reply(dns.rcode.REFUSED, authoritative=False)


def look_up(version: Version, apex: Name, name: Name, rtype: RdataType) -> Reply:
    """Answer a question from a zone: data, alias, referral, no data, or no such name."""
    answer: list[RRset] = []
    while len(answer) < _MOST_CNAMES:
        cut = _cut(version, apex, name, rtype)
        if cut:
            return _referral(version, cut, answer)
        types = _types_at(version, name)
        if types is None:
            return Reply(dns.rcode.NXDOMAIN, answer=tuple(answer), authority=_soa(version, apex))
        found = _matching(types, rtype)
        if found or _CNAME not in types:
            authority = () if found else _soa(version, apex)
            return Reply(dns.rcode.NOERROR, answer=(*answer, *found), authority=authority)
        alias = types[_CNAME]
        answer.append(alias)
        name = target_of(alias)
        if not name.is_subdomain(apex) or any(seen.name == name for seen in answer):
            break
    return Reply(dns.rcode.NOERROR, answer=tuple(answer))


def target_of(alias: RRset) -> Name:
    """Give the name that a CNAME RRset points to."""
    rdata = alias.rdatas[0]
    if not isinstance(rdata, dns.rdtypes.ANY.CNAME.CNAME):
        raise TypeError(f"not a CNAME: {rdata}")
    return rdata.target.canonicalize()


def hosts_of(servers: RRset) -> tuple[Name, ...]:
    """Give the host names of an NS RRset."""
    return tuple(r.target.canonicalize() for r in servers.rdatas if isinstance(r, dns.rdtypes.ANY.NS.NS))


def _cut(version: Version, apex: Name, name: Name, rtype: RdataType) -> RRset | None:
    """Find the highest delegation at or above `name` and below the apex; DS at a cut is the parent's."""
    below = [up for up in ancestors(name) if up != apex and up.is_subdomain(apex)]
    for up in reversed(below):
        servers = version.nodes.get(up, {}).get(_NS)
        if servers and not (up == name and rtype == dns.rdatatype.DS):
            return servers
    return None


def _referral(version: Version, servers: RRset, answer: list[RRset]) -> Reply:
    glue = (version.nodes.get(host, {}).get(_A) for host in hosts_of(servers))
    return Reply(
        dns.rcode.NOERROR,
        authoritative=bool(answer),
        answer=tuple(answer),
        authority=(servers,),
        additional=tuple(rrset for rrset in glue if rrset),
    )


def _types_at(version: Version, name: Name) -> dict[RdataType, RRset] | None:
    """Give the RRsets at a name, from a wildcard where the name does not exist; None is no such name."""
    if name in version.existing:
        return version.nodes.get(name, {})
    encloser = next(up for up in ancestors(name) if up in version.existing)
    source = version.nodes.get(Name((b"*", *encloser.labels)))
    return source and {rtype: replace(rrset, name=name) for rtype, rrset in source.items()}


def _matching(types: dict[RdataType, RRset], rtype: RdataType) -> tuple[RRset, ...]:
    if rtype == dns.rdatatype.ANY:
        return tuple(types.values())
    return (types[rtype],) if rtype in types else ()


def _soa(version: Version, apex: Name) -> tuple[RRset, ...]:
    return (version.nodes[apex][_SOA],)
