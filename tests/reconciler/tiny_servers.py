"""Tiny servers on loopback for the tests of the probes: DNS over UDP and TCP, HTTP, and HTTPS."""

from __future__ import annotations

import contextlib
import http.server
import ipaddress
import socket
import socketserver
import ssl
import struct
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Addressed = tuple[str, int]


@dataclass
class Zone:
    """What a tiny DNS server answers with: lines of zone-file text by section, and its manners."""

    answers: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    authority: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    rcodes: dict[str, dns.rcode.Rcode] = field(default_factory=dict)
    authoritative: bool = True
    truncates: bool = False
    mute_on_udp: bool = False
    hangs_up: bool = False
    asked: list[tuple[str, str, bool]] = field(default_factory=list)

    def reply(self, wire: bytes, *, over_udp: bool) -> bytes | None:
        if self.hangs_up or (over_udp and self.mute_on_udp):
            return None
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        key = (name, dns.rdatatype.to_text(question.rdtype))
        self.asked.append((*key, bool(query.flags & dns.flags.RD)))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA if self.authoritative else 0
        response.set_rcode(self.rcodes.get(name, dns.rcode.NOERROR))
        if over_udp and self.truncates:
            response.flags |= dns.flags.TC
        else:
            response.answer = [_rrset(line) for line in self.answers.get(key, [])]
            response.authority = [_rrset(line) for line in self.authority.get(key, [])]
        return response.to_wire()


def _rrset(line: str) -> dns.rrset.RRset:
    """Read `NAME TTL TYPE VALUE | VALUE …`."""
    name, ttl, rtype, values = line.split(" ", 3)
    return dns.rrset.from_text(name + ".", int(ttl), "IN", rtype, *values.split(" | "))


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        if reply := self.server.zone.reply(wire, over_udp=True):  # type: ignore[attr-defined]
            sock.sendto(reply, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        (length,) = struct.unpack("!H", self.rfile.read(2))
        reply = self.server.zone.reply(self.rfile.read(length), over_udp=False)  # type: ignore[attr-defined]
        if reply is not None:
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


@contextlib.contextmanager
def dns_server(zone: Zone) -> Iterator[Addressed]:
    """Serve a zone on one loopback port, over UDP and TCP."""
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tcp))
        udp = stack.enter_context(socketserver.ThreadingUDPServer(tcp.server_address, _Udp))
        for server in (tcp, udp):
            server.zone = zone  # type: ignore[union-attr]
            stack.enter_context(_served(server))
        yield ("127.0.0.1", int(tcp.server_address[1]))


@dataclass
class Site:
    """What a tiny web server answers with, by path; and what it was asked."""

    pages: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    greeting: bytes = b""
    stall: threading.Event | None = None

    def release(self) -> None:
        """Let the connections end that the site holds open."""
        if self.stall:
            self.stall.set()


class _Http(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        context: ssl.SSLContext | None = self.server.context  # type: ignore[attr-defined]
        stream: Any = self.request
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if context:
                stream = stack.enter_context(context.wrap_socket(self.request, server_side=True))
            stream.sendall(site.greeting)
            head = b""
            while b"\r\n\r\n" not in head and (more := stream.recv(4096)):
                head += more
            if head:
                site.requests.append(head.decode())
                stream.sendall(site.pages.get(head.split(b" ")[1].decode(), b""))
            if site.stall:
                site.stall.wait(30)


@contextlib.contextmanager
def web_server(site: Site, context: ssl.SSLContext | None = None) -> Iterator[Addressed]:
    """Serve a site on loopback, with TLS where a context is given."""
    if context:
        context.sni_callback = lambda _sock, name, _context: site.names.append(name)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Http) as server:
        server.site = site  # type: ignore[attr-defined]
        server.context = context  # type: ignore[attr-defined]
        with _served(server):
            yield ("127.0.0.1", int(server.server_address[1]))


class _Doh(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        resolver: Doh = self.server.resolver  # type: ignore[attr-defined]
        resolver.asked.append((self.headers["Host"], self.path, self.headers["Content-Type"]))
        wire = self.rfile.read(int(self.headers["Content-Length"]))
        if resolver.stall:
            resolver.stall.wait(30)
            return
        body = resolver.zone.reply(wire, over_udp=False) if resolver.body is None else resolver.body
        self.send_response(resolver.status)
        self.send_header("Content-Type", resolver.kind)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@dataclass
class Doh:
    """A resolver over HTTPS: what it knows, what it was asked, how it misbehaves."""

    zone: Zone = field(default_factory=Zone)
    status: int = 200
    kind: str = "application/dns-message"
    body: bytes | None = None
    stall: threading.Event | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)


class _TlsServer(socketserver.ThreadingTCPServer):
    def finish_request(self, request: Any, client_address: Any) -> None:
        context: ssl.SSLContext = self.context  # type: ignore[attr-defined]
        with contextlib.suppress(OSError), context.wrap_socket(request, server_side=True) as stream:
            self.RequestHandlerClass(stream, client_address, self)


@contextlib.contextmanager
def doh_server(resolver: Doh, context: ssl.SSLContext) -> Iterator[Addressed]:
    """Serve a resolver over HTTPS on loopback."""
    context.sni_callback = lambda _sock, name, _context: resolver.names.append(name)
    with _TlsServer(("127.0.0.1", 0), _Doh) as server:
        server.daemon_threads = True
        server.resolver = resolver  # type: ignore[attr-defined]
        server.context = context  # type: ignore[attr-defined]
        server.block_on_close = False
        with _served(server):
            yield ("127.0.0.1", int(server.server_address[1]))


@contextlib.contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def page(status: str, *headers: str, body: str = "") -> bytes:
    """Spell an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


class Authority:
    """A certificate authority for tests."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"),
                x509.NameAttribute(NameOID.COMMON_NAME, "R1"),
            ]
        )
        self._own = self._sign(self._name, self._key.public_key(), (), authority=True)

    def write(self, path: Path) -> str:
        """Write the authority's own certificate as PEM."""
        path.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def context(self, folder: Path, *names: str, days: tuple[int, int] = (-1, 30)) -> ssl.SSLContext:
        """Make a server's context with a certificate for these names, valid between these days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        made = self._sign(subject, key.public_key(), names, days=days)
        path = folder / f"{names[0]}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(
        self,
        subject: x509.Name,
        key: Any,
        names: tuple[str, ...],
        *,
        days: tuple[int, int] = (-1, 30),
        authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            alternative = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def free_port() -> int:
    """Give a loopback port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
