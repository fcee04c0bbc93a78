"""Edges and origins: HTTP servers at documentation addresses, each port on a loopback port of its own."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from providers.sandbox.ca import Certificate
from providers.sandbox.calls import Call, redacted
from providers.sandbox.channel import Channel, TlsChannel
from providers.sandbox.faults import Fault
from providers.sandbox.http1 import (
    MAX_HEAD_BYTES,
    BadMessageError,
    Dropped,
    EdgeRequest,
    EdgeResponse,
    header,
    read_body,
    read_head,
    response_bytes,
    split_request_line,
)
from providers.sandbox.listener import Traffic, bind, delay, reset

LOG = logging.getLogger(__name__)

CLIENT_ADDRESS = "192.0.2.200"
CLIENT_HEADER = "x-sandbox-client"

Certificates = Callable[[str | None], Certificate | None]
EdgeHandler = Callable[[EdgeRequest], Awaitable[EdgeResponse]]


@dataclass(eq=False)
class EdgePort:
    """One port of one documentation address; 443 speaks TLS."""

    vendor: str
    address: str
    port: int
    tls: Certificates
    handle: EdgeHandler
    traffic: Traffic
    sources: dict[int, str]  # loopback port of a connection made by `fetch` -> who it stands for
    _server: asyncio.Server | None = field(default=None, repr=False)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        """Bind the loopback port."""
        self.socket = bind()
        self.loopback = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.name = spelt(self.address, self.port)

    async def start(self) -> None:
        """Serve."""
        self._server = await asyncio.start_server(self._connected, sock=self.socket, limit=MAX_HEAD_BYTES)

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    def close(self) -> None:
        """Give the port back, whether it was served or not."""
        self.socket.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        channel = TlsChannel(reader, writer, self.tls) if self.port == 443 else Channel(reader, writer)
        try:
            await channel.open()
            while await self._exchange(channel):
                pass
        except (BadMessageError, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            return  # the client left, was refused, or speaks no HTTP
        finally:
            self._writers.discard(writer)
            await channel.close()

    async def _exchange(self, channel: Channel) -> bool:
        """Serve one request; say whether the connection stays open."""
        head = await read_head(channel.reader)
        if head is None:
            return False
        method, target = split_request_line(head[0])
        # Known now only: whoever fetches says whom it stands for before it sends.
        client = self.sources.get(channel.peer_port, CLIENT_ADDRESS)
        if header(head[1], "expect").lower() == "100-continue":
            await channel.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = EdgeRequest(
            method=method,
            target=target,
            headers=tuple(pair for pair in head[1] if pair[0].lower() != CLIENT_HEADER),
            body=await read_body(channel.reader, head[1]),
            client=header(head[1], CLIENT_HEADER, client),
            address=self.address,
            port=self.port,
            sni=channel.sni,
        )
        response = await self._answer(request)
        if response is None:
            reset(channel.writer.transport)
            return False
        await channel.send(response_bytes(response, method))
        return not _closes(request, response, head[0])

    async def _answer(self, request: EdgeRequest) -> EdgeResponse | None:
        call = self._call(request)
        fault = self.traffic.faults.strike("edge", self.vendor, self.name, request.method, request.path)
        try:
            response, handled = await self._disturbed(request, fault)
        except Exception as error:
            LOG.exception("%s %s %s %s failed", self.vendor, self.name, request.method, request.target)
            call = replace(call, emulated=False)
            response, handled = EdgeResponse(501, (), f"the sandbox's own mistake: {error!r}".encode()), True
        if response:
            call = replace(
                call,
                status=response.status,
                response_headers=redacted(response.headers),
                response_body=response.body.decode("utf-8", "replace"),
            )
        self.traffic.calls.add(replace(call, handled=handled, fault=fault.id if fault else None))
        self.traffic.touch()
        return response

    async def _disturbed(self, request: EdgeRequest, fault: Fault | None) -> tuple[EdgeResponse | None, bool]:
        """Give the answer, and whether the vendor's side saw the request."""
        if fault and fault.kind == "delay":
            await delay(fault, self.traffic.clock)
        if fault and fault.kind != "delay" and not fault.after:
            return _answer_of(fault), False
        try:
            response: EdgeResponse | None = await self.handle(request)
        except Dropped:
            response = None
        if fault and fault.kind != "delay":
            return _answer_of(fault), True
        return response, True

    def _call(self, request: EdgeRequest) -> Call:
        return Call(
            id=self.traffic.calls.next_id(),
            at=self.traffic.clock.now(),
            kind="edge",
            vendor=self.vendor,
            listener=self.name,
            method=request.method,
            path=request.path,
            query=request.query,
            request_headers=redacted(request.headers),
            request_body=request.body.decode("utf-8", "replace"),
            content_type=request.header("content-type"),
            client=request.client,
        )


def spelt(address: str, port: int) -> str:
    """Spell an address with a port as in a URL: IPv6 in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _answer_of(fault: Fault) -> EdgeResponse | None:
    """Give what a fault answers; an edge that answers garbage is as good as one that hangs up."""
    if fault.kind != "status":
        return None
    headers = {"Content-Type": fault.content_type(), **(fault.headers or {})}
    return EdgeResponse(fault.status, tuple(headers.items()), fault.body_text().encode())


def _closes(request: EdgeRequest, response: EdgeResponse, first_line: str) -> bool:
    asked = request.header("connection").lower()
    if first_line.endswith("HTTP/1.0") and asked != "keep-alive":
        return True
    return "close" in asked or "close" in response.header("connection").lower()
