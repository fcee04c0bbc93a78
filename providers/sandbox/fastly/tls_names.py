"""What Fastly has in DNS: the names that hosts point at, and the zone that challenges lead to.

docs: Fastly guide "Working with CNAME records and your DNS provider" (global, and `us-eu` for the billing
zones North America and Europe only; `dualstack.` adds IPv6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from providers.sandbox.zone import NameServer, Record, Zone

from .state import Fastly, digest
from .tls_issuing import EDGE_ADDRESSES, VALIDATIONS_ZONE, challenge_value

FASTLY_ZONE = "fastly.net"
EDGE_ADDRESSES_6 = ("2001:db8:50::1",)
TTL_S = 30
NAME_SERVERS = (NameServer("ns1.fastly.net", "192.0.2.100"), NameServer("ns2.fastly.net", "192.0.2.101"))
VALIDATION_SERVERS = (
    NameServer("ns1.fastly-validations.com", "192.0.2.102"),
    NameServer("ns2.fastly-validations.com", "192.0.2.103"),
)


def regional(cname: str) -> str:
    """Give the name beside a configuration's that keeps traffic in North America and Europe."""
    return cname.replace(".global.", ".us-eu.")


def fastly_zone(fastly: Callable[[], Fastly]) -> Zone:
    """Give the zone of all configurations' names."""

    def names() -> Iterator[str]:
        for customer in fastly():
            for each in customer.tls.configurations.values():
                yield each.cname
                yield regional(each.cname)

    def content() -> Iterator[Record]:
        for name in dict.fromkeys(names()):
            for spelt in (name, f"dualstack.{name}"):
                yield from (Record(spelt, "A", TTL_S, address) for address in EDGE_ADDRESSES)
            for address in EDGE_ADDRESSES_6:
                yield Record(f"dualstack.{name}", "AAAA", TTL_S, address)

    return Zone(FASTLY_ZONE, NAME_SERVERS, content, revision=lambda: tuple(dict.fromkeys(names())))


def validations_zone(fastly: Callable[[], Fastly]) -> Zone:
    """Give the zone that challenges lead to: one TXT for each that is open."""

    def tokens() -> Iterator[str]:
        for customer in fastly():
            for each in customer.tls.subscriptions.values():
                yield from (proof.token for proof in each.authorizations.values())

    def content() -> Iterator[Record]:
        for token in dict.fromkeys(tokens()):
            yield Record(challenge_value(token), "TXT", TTL_S, digest(token)[:43])

    return Zone(VALIDATIONS_ZONE, VALIDATION_SERVERS, content, revision=lambda: tuple(tokens()))
