"""The sandbox's recursive resolver."""

from __future__ import annotations

from dataclasses import dataclass

from providers.sandbox.zone import Record


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the resolver found. `rcode` is NOERROR, NXDOMAIN, SERVFAIL or REFUSED; records include the CNAMEs."""

    rcode: str
    records: tuple[Record, ...]  # in order of the chain; names and targets without final dot, TTLs left

    def values(self, rtype: str) -> tuple[str, ...]:
        """Give the contents of one type: addresses, CNAME targets, a TXT's strings joined without quotes."""
        raise NotImplementedError
