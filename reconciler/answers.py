"""What DNS servers answered, as values. Pure.

Names are lower case without a final dot; a TXT value is the text of its strings joined.
"""

from __future__ import annotations

from dataclasses import dataclass

NOERROR = "NOERROR"
NXDOMAIN = "NXDOMAIN"


@dataclass(frozen=True, slots=True)
class Answer:
    """A recursive resolver's answer.

    values   of the type asked for, at the end of the CNAME chain; sorted
    ttl      of these values, seconds left in the resolver's cache; 0 without values
    rcode    "NOERROR", "NXDOMAIN", "SERVFAIL", …; "" when no resolver answered
    cnames   the chain that was followed, first target first
    error    why there is no answer; None when there is one
    """

    name: str
    type: str
    values: tuple[str, ...] = ()
    ttl: int = 0
    rcode: str = NOERROR
    cnames: tuple[str, ...] = ()
    error: str | None = None

    @property
    def certain(self) -> bool:
        """Whether the answer may be built on: a failing resolver says nothing about the name."""
        return self.error is None and self.rcode in (NOERROR, NXDOMAIN)


@dataclass(frozen=True, slots=True)
class NameServer:
    """One address of one name server; the address is "" when the name has none."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one server answered to a question without recursion.

    server   name and address that was asked
    values   of exactly the name and type asked for; sorted
    ttl      seconds; 0 without values
    aa       whether the server calls itself authoritative
    serial   of the zone's SOA, where the answer shows it (negative answers do)
    cname    where the name points instead, when that is what stands there
    error    why there is no answer; None when there is one
    """

    server: NameServer
    values: tuple[str, ...] = ()
    ttl: int = 0
    aa: bool = False
    rcode: str = ""
    serial: int | None = None
    cname: str | None = None
    error: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why this answer cannot be counted on, in plain words; None when it can."""
        if self.error is not None:
            return self.error
        if self.rcode not in (NOERROR, NXDOMAIN):
            return f"it answered {self.rcode}"
        return None if self.aa else "it does not serve the zone"

    def __str__(self) -> str:
        """Say who answered what, in one line."""
        who = f"{self.server.name} ({self.server.address or 'no address'})"
        if self.trouble:
            return f"{who}: {self.trouble}"
        if self.values:
            return f"{who}: {', '.join(self.values)} (TTL {self.ttl} s)"
        return f"{who}: {f'CNAME {self.cname}' if self.cname else 'nothing'}"
