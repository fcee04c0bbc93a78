"""What CloudFront and ACM have in DNS: names of distributions, and the zone that validation records point to.

docs: CloudFront developer guide, "Routing traffic to an Amazon CloudFront distribution by using your domain
name" (A and AAAA), "Enable IPv6 for CloudFront distributions".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from providers.sandbox.zone import NameServer, Record, Zone

from .acm_issuing import VALIDATIONS_ZONE

if TYPE_CHECKING:
    from .account import Accounts

CLOUDFRONT_ZONE = "cloudfront.net"
EDGE_ADDRESSES = ("198.51.100.60", "198.51.100.61")
EDGE_ADDRESSES_6 = ("2001:db8:60::1",)
TTL_S = 60
NAME_SERVERS = (
    NameServer("ns-418.awsdns-52.com", "192.0.2.35"),
    NameServer("ns-1306.awsdns-35.org", "192.0.2.36"),
)
VALIDATION_SERVERS = (
    NameServer("ns-201.awsdns-25.com", "192.0.2.37"),
    NameServer("ns-1144.awsdns-15.org", "192.0.2.38"),
)


def cloudfront_zone(accounts: Accounts) -> Zone:
    """Give the zone of all distributions: a name resolves from the moment its distribution exists."""

    def content() -> Iterator[Record]:
        yield from (Record(CLOUDFRONT_ZONE, "A", TTL_S, address) for address in EDGE_ADDRESSES)
        for account in accounts:
            for distribution in account.cloudfront.distributions.values():
                name = distribution.domain_name
                yield from (Record(name, "A", TTL_S, address) for address in EDGE_ADDRESSES)
                if distribution.config.get("IsIPV6Enabled"):
                    yield from (Record(name, "AAAA", TTL_S, address) for address in EDGE_ADDRESSES_6)

    def revision() -> object:
        return tuple(account.cloudfront.revision for account in accounts)

    return Zone(CLOUDFRONT_ZONE, NAME_SERVERS, content, revision=revision)


def validations_zone() -> Zone:
    """Give the zone that validation records point to: their targets need not exist."""
    return Zone(VALIDATIONS_ZONE, VALIDATION_SERVERS, tuple, revision=lambda: 0)
