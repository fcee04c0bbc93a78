"""What a real server is started with, and what a test asks of it: zone text in, port out."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

KEY_NAME = "tdr-key"
SECRET = base64.b64encode(b"a key for tests, of 32 octets...").decode()
READER_NAME = "reader"  # may transfer, and may not update
READER_SECRET = base64.b64encode(b"another one, also of 32 octets..").decode()
START = """\
$TTL 3600
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 192.0.2.53
"""


@dataclass(frozen=True, slots=True)
class RealServer:
    """A running name server."""

    kind: str
    port: int
    folder: Path
    address: str = "127.0.0.1"

    def ask(self, name: str, kind: str) -> dns.message.Message:
        """Ask without recursion."""
        return dns.query.tcp(dns.message.make_query(name, kind, flags=0), self.address, 5.0, self.port)

    def values(self, name: str, kind: str) -> list[str]:
        """What it answers for a name, with TTLs: `TTL VALUE`."""
        wanted = dns.rdatatype.from_text(kind)
        answer = self.ask(name, kind).answer
        return sorted(f"{s.ttl} {rdata.to_text()}" for s in answer if s.rdtype == wanted for rdata in s)

    def serial(self, zone: str) -> int:
        """The zone's serial."""
        return int(self.ask(zone, "SOA").answer[0][0].serial)

    def content(self, zone: str) -> list[str]:
        """All that is stored, but for the SOA: `NAME TTL TYPE VALUE`."""
        found = dns.zone.Zone(zone, relativize=False)
        query, _ = dns.xfr.make_query(found, serial=None, keyring=self.key())
        dns.query.inbound_xfr(self.address, found, query, self.port, 5.0)
        return sorted(
            f"{name.to_text(omit_final_dot=True)} {ttl} {rdata.rdtype.name} {rdata.to_text()}"
            for name, ttl, rdata in found.iterate_rdatas()
            if rdata.rdtype != dns.rdatatype.SOA
        )

    def nsupdate(self, zone: str, *adds: str, deletes: tuple[str, ...] = ()) -> str:
        """What a person types: add `NAME TTL TYPE VALUE`, delete `NAME TYPE`, no prerequisite; the rcode."""
        message = dns.update.UpdateMessage(zone, keyring=self.key())
        for line in deletes:
            message.delete(
                *(dns.name.from_text(part) if n == 0 else part for n, part in enumerate(line.split()))
            )
        for line in adds:
            name, ttl, kind, value = line.split(maxsplit=3)
            message.add(dns.name.from_text(name), int(ttl), kind, value)
        return dns.rcode.to_text(dns.query.tcp(message, self.address, 5.0, self.port).rcode())

    @staticmethod
    def key() -> dns.tsig.Key:
        """The key that may do anything."""
        return dns.tsig.Key(KEY_NAME, SECRET, "hmac-sha256")


def written(folder: Path, zones: Mapping[str, str]) -> None:
    """Write the zone files: a start of authority and NS, unless the lines have them, then the lines."""
    for zone, lines in zones.items():
        start = "" if " SOA " in lines else START
        (folder / f"{zone}.zone").write_text(f"$ORIGIN {zone}.\n{start}{lines}\n")
