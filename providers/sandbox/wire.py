"""DNS over UDP and TCP on loopback: messages in, messages out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rrset

from providers.sandbox.lookup import Reply
from providers.sandbox.zone import Name, RdataType, RRset

#: What answers a question; None is silence.
Answerer = Callable[[Name, RdataType], Reply | None]

_PLAIN_UDP_BYTES = 512
_LARGEST_UDP_BYTES = 1232


class DnsServer:
    """One server on one loopback port, UDP and TCP."""

    def __init__(self, answer: Answerer, *, recursive: bool = False) -> None:
        """Bind the port; serving begins with `start`."""
        self._answer = answer
        self._recursive = recursive
        self._tcp_socket, self._udp_socket = _bind_pair()
        self.port: int = self._tcp_socket.getsockname()[1]
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Serve."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self.respond), sock=self._udp_socket)
        self._tcp = await asyncio.start_server(self._serve_tcp, sock=self._tcp_socket)

    async def stop(self) -> None:
        """Close both sockets and all connections."""
        if self._udp:
            self._udp.close()
        if self._tcp:
            self._tcp.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    def close(self) -> None:
        """Give the port back, whether it was served or not."""
        self._udp_socket.close()
        self._tcp_socket.close()

    def respond(self, wire: bytes, limit: int | None) -> bytes | None:
        """Answer one message; `limit` is the size for UDP, None for TCP. None is silence."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(
            query, recursion_available=self._recursive, our_payload=_LARGEST_UDP_BYTES
        )
        if not self._fill(query, response):
            return None
        if limit is None:
            return response.to_wire(max_size=65_535)
        size = min(max(query.payload, _PLAIN_UDP_BYTES), limit) if query.edns >= 0 else _PLAIN_UDP_BYTES
        try:
            return response.to_wire(max_size=size)
        except dns.exception.TooBig:
            return _truncated(response)

    def _fill(self, query: dns.message.Message, response: dns.message.Message) -> bool:
        if query.opcode() != dns.opcode.QUERY:
            response.set_rcode(dns.rcode.NOTIMP)
            return True
        if len(query.question) != 1:
            response.set_rcode(dns.rcode.FORMERR)
            return True
        question = query.question[0]
        if question.rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
            return True
        reply = self._answer(question.name.canonicalize(), question.rdtype)
        if reply is None:
            return False
        response.set_rcode(reply.rcode)
        if reply.authoritative and not self._recursive:
            response.flags |= dns.flags.AA
        response.answer = [_spelt(rrset) for rrset in reply.answer]
        response.authority = [_spelt(rrset) for rrset in reply.authority]
        response.additional = [_spelt(rrset) for rrset in reply.additional]
        return True

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                answer = self.respond(await reader.readexactly(length), None)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client is done, or gone
        finally:
            self._writers.discard(writer)
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, respond: Callable[[bytes, int | None], bytes | None]) -> None:
        self._respond = respond
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's UDP transport is no DatagramTransport by inheritance, only by its methods.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._respond(data, _LARGEST_UDP_BYTES)
        if answer is not None and self._transport:
            self._transport.sendto(answer, addr)


def _bind_pair() -> tuple[socket.socket, socket.socket]:
    """Bind one free port for TCP and UDP both."""
    while True:
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # the port is taken for UDP: try another
            tcp.close()
            udp.close()
            continue
        tcp.settimeout(0)
        udp.settimeout(0)
        return tcp, udp


def _spelt(rrset: RRset) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, list(rrset.rdatas))


def _truncated(response: dns.message.Message) -> bytes:
    response.answer, response.authority, response.additional = [], [], []
    response.flags |= dns.flags.TC
    return response.to_wire()
