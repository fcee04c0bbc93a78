"""What Cloudflare's name servers answer for a zone.

docs: "Proxy status" (a proxied name answers with Cloudflare's addresses, TTL 300), "CNAME
flattening" (the apex), "CAA records" (added for Cloudflare's own authorities while Universal SSL is on).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from providers.sandbox.zone import NameServer, quoted
from providers.sandbox.zone import Record as Answered

from .state import Record, Zone

NAME_SERVERS = (
    NameServer("ada.ns.cloudflare.com", "192.0.2.10"),
    NameServer("bob.ns.cloudflare.com", "192.0.2.11"),
)
EDGE_ADDRESSES = ("198.51.100.7", "198.51.100.8")
AUTOMATIC_TTL_S = 300
OWN_AUTHORITIES = ("letsencrypt.org", "pki.goog; cansignhttpexchanges=yes", "ssl.com")
QUOTED = r'"(?:[^"\\]|\\.)*"'
Resolve = Callable[[str, str], tuple[str, ...]]


def proxies(zone: Zone, now: float) -> bool:
    """Say whether proxied records of a zone are answered with the edge: never while pending or paused."""
    return zone.status_at(now) == "active" and not zone.paused


def answers(zone: Zone, now: float, resolve: Resolve) -> Iterator[Answered]:
    """Give all that the name servers of a zone answer, SOA and apex NS apart."""
    guarded: set[str] = set()
    proxied: set[str] = set()
    for record in zone.records.values():
        ttl = AUTOMATIC_TTL_S if record.ttl == 1 else record.ttl
        if record.proxied and proxies(zone, now):
            # Two proxied addresses of one name are one edge.
            if record.name not in proxied:
                proxied.add(record.name)
                yield from (Answered(record.name, "A", AUTOMATIC_TTL_S, ip) for ip in EDGE_ADDRESSES)
        elif flattened(zone, record):
            yield from (Answered(record.name, "A", ttl, ip) for ip in resolve(record.content, "A"))
        else:
            yield Answered(record.name, record.type, ttl, master_form(record))
        if record.type == "CAA":
            guarded.add(record.name)
    if zone.universal:
        for name in sorted(guarded):
            yield from (
                Answered(name, "CAA", AUTOMATIC_TTL_S, f'0 {tag} "{value}"')
                for value in OWN_AUTHORITIES
                for tag in ("issue", "issuewild")
            )


def flattened(zone: Zone, record: Record) -> bool:
    """Say whether a CNAME is answered with the addresses of its target."""
    return record.type == "CNAME" and (record.name == zone.name or bool(record.settings.get("flatten_cname")))


def master_form(record: Record) -> str:
    """Give a record's content as a zone file has it."""
    match record.type:
        case "CNAME" | "NS" | "PTR":
            return f"{record.content}."
        case "MX":
            return f"{record.priority} {record.content}."
        case "SRV" | "URI":
            return f"{record.priority} {record.content}"
        case "TXT" if record.content.startswith('"'):
            return _strings(record.content)
        case _:
            return record.content


def _strings(content: str) -> str:
    """Split quoted strings of more than 255 bytes, as the service does by itself."""
    if all(len(string) <= 257 for string in re.findall(QUOTED, content)):
        return content
    text = "".join(re.sub(r"\\(.)", r"\1", string[1:-1]) for string in re.findall(QUOTED, content))
    return quoted(text)
