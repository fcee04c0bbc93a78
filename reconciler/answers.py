"""What DNS servers answered, as values. Pure.

Names are lower case without a final dot; a TXT value is the text of its strings joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NOERROR = "NOERROR"
NXDOMAIN = "NXDOMAIN"
REFUSED = "REFUSED"


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
    """One address of one name server; the address is "" when the name has none.

    `recursive`: it is a resolver, asked in place of a zone's own servers where those cannot be reached.
    """

    name: str
    address: str
    recursive: bool = False

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.name} ({self.address or 'no address'})"


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one server answered to a question without recursion.

    server   name and address that was asked
    values   of exactly the name and type asked for; sorted
    ttl      seconds; 0 without values
    aa       whether the server calls itself authoritative
    serial   of the zone's SOA, where the answer shows it (negative answers do)
    cname    where the name points instead, when that is what stands there
    refers   the zone whose servers it names instead of an answer; None when it does not
    error    why there is no answer; None when there is one
    """

    server: NameServer
    values: tuple[str, ...] = ()
    ttl: int = 0
    aa: bool = False
    rcode: str = ""
    serial: int | None = None
    cname: str | None = None
    refers: str | None = None
    error: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why this answer cannot be counted on, in plain words; None when it can."""
        if self.error is not None:
            return self.error
        if self.rcode == REFUSED and not self.server.recursive:
            return "it answered REFUSED: it does not serve the zone"
        if self.rcode not in (NOERROR, NXDOMAIN):
            return f"it answered {self.rcode}"
        if self.aa or self.server.recursive:
            return None
        if self.values or self.cname:
            return "its answer lacks the AA bit: it answers from a cache, and does not serve the zone"
        elsewhere = f": it refers to the servers of {self.refers}" if self.refers else ""
        return f"it does not serve the zone{elsewhere}"

    @property
    def answered(self) -> str:
        """What it answered, or its trouble, in one line."""
        if self.trouble:
            return self.trouble
        if self.values:
            left = f"for {self.ttl} s more" if self.server.recursive else f"TTL {self.ttl} s"
            return f"{', '.join(self.values)} ({left})"
        return f"CNAME {self.cname}" if self.cname else "nothing"

    def __str__(self) -> str:
        """Say who answered what, in one line."""
        return f"{self.server}: {self.answered}"


def newest(serials: Iterable[int]) -> int | None:
    """Return the newest serial of a zone: they go round at 2**32 (RFC 1982)."""
    found: int | None = None
    for serial in serials:
        if found is None or 0 < (serial - found) % 2**32 < 2**31:
            found = serial
    return found
