"""A real name server on this machine that a zone of the sandbox is delegated to."""

from __future__ import annotations

import ipaddress

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rrset

from providers.sandbox.lookup import Reply
from providers.sandbox.zone import Name, RdataType, RRset

PATIENCE_S = 2.0


def place_of(at: str) -> tuple[str, int]:
    """Read ``127.0.0.1:5302``. Raises ValueError for what is not on loopback."""
    address, _, port = at.rpartition(":")
    if not ipaddress.ip_address(address).is_loopback:
        raise ValueError(f"{address} is not on loopback")
    if not (port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is no port")
    return address, int(port)


def ask(at: str, name: Name, rtype: RdataType) -> Reply | None:
    """Ask as a resolver does, over UDP and then TCP; None is silence."""
    address, port = place_of(at)
    question = dns.message.make_query(name, rtype, flags=0)
    try:
        answer, _ = dns.query.udp_with_fallback(question, address, PATIENCE_S, port)
    except (OSError, EOFError, dns.exception.DNSException):
        return None
    return Reply(
        answer.rcode(),
        authoritative=bool(answer.flags & dns.flags.AA),
        answer=_sets(answer.answer),
        authority=_sets(answer.authority),
        additional=_sets(answer.additional),
    )


def _sets(section: list[dns.rrset.RRset]) -> tuple[RRset, ...]:
    return tuple(RRset(found.name.canonicalize(), found.rdtype, found.ttl, tuple(found)) for found in section)
