"""Where probes go when the environment says so: resolvers, redirected addresses, one more authority to trust.

All of it is off by default. It exists for the sandbox, whose documentation addresses (RFC 5737) lie on
loopback ports, and for people whose resolver must be named.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from reconciler.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NET_MAP: Final = "TDR_NET_MAP"
RESOLVERS: Final = "TDR_RESOLVERS"
CA_FILE: Final = "TDR_CA_FILE"
DNS: Final = "TDR_DNS"
RECURSIVE: Final = "recursive"
DNS_PORT: Final = 53
HTTPS_PORT: Final = 443


class Address(NamedTuple):
    """An IP address with a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        """Spell it as in a URL."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class HttpsResolver(NamedTuple):
    """A recursive resolver that is asked over HTTPS (RFC 8484)."""

    url: str
    host: str
    port: int

    def __str__(self) -> str:
        """Spell it as it was given."""
        return self.url


Resolver = Address | HttpsResolver


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a probe waits, in seconds of real time, whatever clock the run goes by.

    udp       for one authoritative server, before TCP is tried
    resolver  for a recursive resolver, which may have to walk down from the root
    tcp       for DNS over TCP
    connect   for a TCP connection, and again for its TLS handshake
    answer    for a whole HTTP answer
    """

    udp_s: float = 2.0
    resolver_s: float = 4.0
    tcp_s: float = 4.0
    connect_s: float = 5.0
    answer_s: float = 15.0


@dataclass(frozen=True, slots=True)
class NetSettings:
    """How probes reach the network.

    resolvers   recursive resolvers to use; none: the system's
    net_map     addresses to connect to in place of others, by exact match, for UDP and TCP
    ca_file     a PEM file of authorities to trust beside the system's; "" for none
    recursive   authoritative servers cannot be reached from here: resolvers are asked in their place
    timeouts    how long to wait
    """

    resolvers: tuple[Resolver, ...] = ()
    net_map: Mapping[Address, Address] = field(default_factory=lambda: MappingProxyType({}))
    ca_file: str = ""
    recursive: bool = False
    timeouts: Timeouts = Timeouts()

    @property
    def plain_resolvers(self) -> tuple[Address, ...]:
        """The resolvers that are asked over UDP and TCP."""
        return tuple(each for each in self.resolvers if isinstance(each, Address))

    def route(self, address: Address) -> Address:
        """Give where a connect to this address really goes."""
        return self.net_map.get(address, address)

    def announcements(self) -> tuple[str, ...]:
        """Give one line for each setting that is on: whoever reads a probe's result has to know."""
        lines = []
        if self.net_map:
            lines.append(
                f"{NET_MAP}: {len(self.net_map)} addresses are redirected; this is not the real network"
            )
        if self.resolvers:
            lines.append(f"{RESOLVERS}: names are looked up at {', '.join(map(str, self.resolvers))}")
        if self.recursive:
            lines.append(
                f"{DNS}: authoritative servers are not asked; what resolvers answer, caches included, counts"
            )
        if self.ca_file:
            lines.append(f"{CA_FILE}: certificates signed by {self.ca_file} are trusted, too")
        return tuple(lines)


def settings_from(environ: Mapping[str, str]) -> NetSettings:
    """Read the four variables; raises NetworkError with everything that is malformed."""
    wrong: list[str] = []
    resolvers = tuple(_resolvers(environ.get(RESOLVERS, ""), wrong))
    net_map = dict(_pairs(environ.get(NET_MAP, ""), wrong))
    ways = environ.get(DNS, "").strip()
    if ways not in ("", RECURSIVE):
        wrong.append(f"{DNS}: {ways!r} is not known; write {RECURSIVE}, or leave it out")
    if wrong:
        raise NetworkError("\n".join(wrong))
    return NetSettings(
        resolvers, MappingProxyType(net_map), environ.get(CA_FILE, ""), recursive=ways == RECURSIVE
    )


def parse_address(text: str, default_port: int | None = None) -> Address:
    """Read `192.0.2.1:53` or `[2001:db8::1]:53`; the port may lack where there is a default.

    Raises ValueError.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon or (text.count(":") > 1 and not host.startswith("[")):
        if default_port is None:
            raise ValueError("the port is missing")
        host, port = text.strip(), str(default_port)
    ip = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is no port")
    return Address(str(ip), int(port))


def parse_https(text: str) -> HttpsResolver:
    """Read `https://resolver.example/dns-query`, a template's `{?dns}` left out. Raises ValueError."""
    url = text.strip().removesuffix("{?dns}")
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise ValueError("DNS over HTTP needs https://")
    if not parts.hostname:
        raise ValueError("the host is missing")
    if parts.username is not None or parts.fragment:
        raise ValueError("a user name or a fragment has no place here")
    if parts.path in ("", "/"):
        raise ValueError("the path is missing, which usually is /dns-query")
    return HttpsResolver(url, parts.hostname, parts.port or HTTPS_PORT)


def _resolvers(text: str, wrong: list[str]) -> Iterator[Resolver]:
    for part in _parts(text):
        try:
            yield parse_https(part) if "://" in part else parse_address(part, DNS_PORT)
        except ValueError as error:
            wrong.append(
                f"{RESOLVERS}: {part!r}: {error}; write IP:PORT or https://HOST/PATH, several with commas "
                "between"
            )


def _pairs(text: str, wrong: list[str]) -> Iterator[tuple[Address, Address]]:
    seen: set[Address] = set()
    for part in _parts(text):
        left, _, right = part.partition("=")
        try:
            pair = parse_address(left), parse_address(right)
        except ValueError as error:
            wrong.append(f"{NET_MAP}: {part!r}: {error}; write IP:PORT=IP:PORT, several with commas between")
            continue
        if pair[0] in seen:
            wrong.append(f"{NET_MAP}: {pair[0]} is redirected twice")
        seen.add(pair[0])
        yield pair


def _parts(text: str) -> Iterator[str]:
    return (part.strip() for part in text.split(",") if part.strip())
