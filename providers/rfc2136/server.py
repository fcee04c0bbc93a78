"""Which server an alias speaks to, and with which key. Pure but for `addresses`, which looks a name up."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig

from providers.rfc2136.names import DNS_PORT
from reconciler.errors import AuthError
from reconciler.net_settings import Address, NetSettings

LOOKUP_S = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    """A primary: its host name or address as the file writes it, and the port."""

    host: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        """Spell it as the file does, the port always there."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def server_from(text: str) -> Server:
    """Read `host`, `host:port`, `192.0.2.1:53`, `[2001:db8::1]:53` or a bare IPv6 address.

    Raises ValueError.
    """
    try:
        return Server(str(ipaddress.ip_address(text)))
    except ValueError:
        pass
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DNS_PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is no port")
    if host.startswith("[") and host.endswith("]"):
        return Server(str(ipaddress.IPv6Address(host[1:-1])), int(port))
    return Server(plain_name(host), int(port))


def plain_name(text: str) -> str:
    """Give a name in lower case without a final dot. Raises ValueError for what is none."""
    try:
        name = dns.name.from_text(text)
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} is no name: {error}") from error
    if name == dns.name.root or not text.isascii() or " " in text or ":" in text:
        raise ValueError(f"{text!r} is no name")
    return name.to_text(omit_final_dot=True).lower()


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Say what of an alias's options cannot be meant."""
    try:
        server_from(str(options.get("server", "")))
    except ValueError as error:
        yield "server", f"the server cannot be read: {error}", "HOST or HOST:PORT, such as ns1.example.com:53"
    for name in options.get("zones") or ():
        if not _is_plain(name):
            text = f"{name} is not a zone's name"
            yield "zones", text, "the name in lower case, punycode, without a final dot"
    if not _is_name(str(options.get("key_name", ""))):
        yield (
            "key_name",
            f"{options.get('key_name')} is not a key's name",
            "the name in the server's `key` clause",
        )


def _is_plain(name: str) -> bool:
    return _is_name(name) and plain_name(name) == name


def _is_name(name: str) -> bool:
    try:
        plain_name(name)
    except ValueError:
        return False
    return True


def key_from(name: str, secret: str, algorithm: str, alias: str) -> dns.tsig.Key:
    """Make the key. Raises AuthError, without the secret, where that is not base64."""
    try:
        raw = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw:
        variable = f"TDR_{alias.upper().replace('-', '_')}_TSIG_SECRET"
        text = (
            f"the TSIG secret in {variable} or RFC2136_TSIG_SECRET is not base64: give what stands after "
            "`secret` in the server's key clause (`tsig-keygen` makes one), without quotes"
        )
        raise AuthError(text, provider=f"{alias} (rfc2136)")
    return dns.tsig.Key(dns.name.from_text(name), raw, algorithm)


def addresses(server: Server, net: NetSettings) -> list[Address]:
    """Give where to connect to, in the order in which to try. Raises OSError where the name has no address.

    A name is asked of the addresses in TDR_RESOLVERS where there are any, else of the system; TDR_NET_MAP has
    the last word.
    """
    return [net.route(Address(ip, server.port)) for ip in _ips(server.host, net)]


def _ips(host: str, net: NetSettings) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    if net.plain_resolvers:
        found = [ip for kind in ("A", "AAAA") for ip in _asked(host, kind, net)]
    else:
        listed = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(address[0]) for *_, address in listed))
    if not found:
        raise OSError(f"{host} has no address")
    return found


def _asked(host: str, kind: str, net: NetSettings) -> list[str]:
    """Ask the resolvers of the environment, one after the other until one answers. Raises OSError."""
    question = dns.message.make_query(host, kind)
    for resolver in net.plain_resolvers:
        ip, port = net.route(resolver)
        try:
            answer, _ = dns.query.udp_with_fallback(question, ip, LOOKUP_S, port)
        except (dns.exception.DNSException, OSError):
            continue
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            continue
        wanted = dns.rdatatype.from_text(kind)
        return [rdata.to_text() for rrset in answer.answer if rrset.rdtype == wanted for rdata in rrset]
    raise OSError(f"no resolver of TDR_RESOLVERS has an answer for {host}")
