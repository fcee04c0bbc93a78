"""One listener for each API base of a vendor: records calls, strikes faults, limits rates."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from providers.sandbox.calls import Call, CallLog, redacted
from providers.sandbox.clock import Clock
from providers.sandbox.contract import Limiting, NotEmulated, RateLimit, Usage
from providers.sandbox.faults import Fault, Faults
from providers.sandbox.limits import Windows

LOG = logging.getLogger(__name__)

#: What a call under way is given when the sandbox stops. aiohttp takes 0 for no limit.
GRACE_S = 0.01

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: Names what a request with this body asks for; empty where there is nothing like it.
Naming = Callable[[web.Request, bytes], str]


class Traffic(Protocol):
    """What all listeners share: the log and the means to disturb."""

    clock: Clock
    calls: CallLog
    faults: Faults
    windows: Windows
    latencies_ms: dict[str, float]
    limits: dict[str, RateLimit | None]  # set from outside, by vendor; None takes the vendor's own away

    def touch(self) -> None:
        """Take note that somebody called, and that state may have changed."""


@dataclass(slots=True)
class _Outcome:
    """What became of a request so far."""

    response: web.StreamResponse | None
    handled: bool = False
    emulated: bool = True
    fault: Fault | None = None


@dataclass(eq=False)
class ApiListener:
    """An API base on its own loopback port."""

    vendor: str
    name: str
    routes: Iterable[web.RouteDef]
    prefix: str
    limiting: Limiting | None
    traffic: Traffic
    naming: Naming | None = None
    _runner: web.AppRunner | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Bind the port."""
        self.socket = bind()
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}{self.prefix}"

    async def start(self) -> None:
        """Serve."""
        app = web.Application(middlewares=[self._middleware()], client_max_size=64 * 1024 * 1024)
        app.add_routes([self._placed(route) for route in self.routes])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
        await self._runner.setup()
        await web.SockSite(self._runner, self.socket).start()

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._runner:
            await self._runner.cleanup()

    def close(self) -> None:
        """Give the port back, whether it was served or not."""
        self.socket.close()

    def _placed(self, route: web.RouteDef) -> web.RouteDef:
        return web.RouteDef(route.method, self.prefix + route.path, route.handler, route.kwargs)

    def _middleware(self) -> Any:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            number = self.traffic.calls.next_id()
            at = self.traffic.clock.now()
            body = await request.read()
            operation = self.naming(request, body) if self.naming else ""
            outcome = await self._serve(request, handler, operation)
            self.traffic.calls.add(self._call(number, at, request, body, outcome, operation))
            self.traffic.touch()
            return await _deliver(request, outcome)

        return record

    async def _serve(self, request: web.Request, handler: Handler, operation: str) -> _Outcome:
        latency_ms = self.traffic.latencies_ms.get(self.vendor, 0)
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        path = request.raw_path.partition("?")[0]
        asked = self.vendor, self.name, request.method, path, operation
        fault = self.traffic.faults.strike("api", *asked)
        if fault and fault.kind == "delay":
            await delay(fault, self.traffic.clock)
        if fault and fault.kind in ("status", "reset") and not fault.after:
            return _Outcome(_answer_of(fault), fault=fault)
        if request.match_info.http_exception is not None:
            return _Outcome(_not_emulated(self.vendor, request), emulated=False, fault=fault)
        try:
            response = await self._within_limit(request, handler)
        except NotEmulated as beyond:
            return _Outcome(_not_emulated(self.vendor, request, str(beyond)), emulated=False, fault=fault)
        except Exception as error:
            LOG.exception("%s %s %s failed", self.vendor, request.method, path)
            return _Outcome(_mistaken(self.vendor, error), handled=True, emulated=False, fault=fault)
        if fault and fault.kind in ("status", "reset"):
            return _Outcome(_answer_of(fault), handled=True, fault=fault)
        return _Outcome(response, handled=True, fault=fault)

    async def _within_limit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        limiting = self.limiting
        limit = self.traffic.limits.get(self.vendor, limiting.default if limiting else None)
        if limit is None:
            return await _handled(request, handler)
        unit = limiting.unit(request) if limiting else self.name
        now = self.traffic.clock.now()
        within, usage = self.traffic.windows.count(self.vendor, unit, limit, now)
        if not within:
            return limiting.refuse(request, usage) if limiting else _too_many(usage)
        response = await _handled(request, handler)
        if limiting and limiting.announce:
            limiting.announce(response, usage)
        return response

    def _call(
        self,
        number: int,
        at: float,
        request: web.Request,
        body: bytes,
        outcome: _Outcome,
        operation: str,
    ) -> Call:
        response = outcome.response
        path, _, query = request.raw_path.partition("?")
        return Call(
            id=number,
            at=at,
            kind="api",
            vendor=self.vendor,
            listener=self.name,
            method=request.method,
            path=path,
            query=query,
            request_headers=redacted((k.decode(), v.decode("latin-1")) for k, v in request.raw_headers),
            request_body=body.decode("utf-8", "replace"),
            content_type=request.headers.get("Content-Type", ""),
            status=response.status if response is not None else None,
            response_headers=redacted(response.headers.items()) if response is not None else (),
            response_body=_body(response).decode("utf-8", "replace"),
            handled=outcome.handled,
            emulated=outcome.emulated,
            fault=outcome.fault.id if outcome.fault else None,
            operation=operation,
        )


def bind(port: int = 0) -> socket.socket:
    """Bind a loopback port, free unless one is named; it is not served yet."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(128)
    sock.settimeout(0)
    return sock


async def delay(fault: Fault, clock: Clock) -> None:
    """Let time pass: sandbox time goes on, or the client waits really."""
    if fault.delay_s:
        clock.advance(fault.delay_s)
    if fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1000)


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as raised:  # aiohttp's way of answering from below
        return raised


def _answer_of(fault: Fault) -> web.Response | None:
    if fault.kind == "reset":
        return None
    headers = {"Content-Type": fault.content_type(), **(fault.headers or {})}
    return web.Response(status=fault.status, body=fault.body_text().encode(), headers=headers)


def _not_emulated(vendor: str, request: web.Request, what: str = "") -> web.Response:
    message = f"the sandbox does not emulate {what or f'{request.method} {request.path}'} of {vendor}"
    return web.json_response({"error": message, "errors": [{"code": 501, "message": message}]}, status=501)


def _mistaken(vendor: str, error: Exception) -> web.Response:
    """Answer for an emulator that failed: a 500 would pass for the vendor's own."""
    message = f"the sandbox's own mistake in {vendor}: {error!r}"
    return web.json_response({"error": message, "errors": [{"code": 501, "message": message}]}, status=501)


def _too_many(usage: Usage) -> web.Response:
    headers = {"Retry-After": str(max(1, round(usage.reset_s)))}
    return web.json_response({"errors": [{"message": "Too many requests"}]}, status=429, headers=headers)


def _body(response: web.StreamResponse | None) -> bytes:
    body = response.body if isinstance(response, web.Response) else None
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


async def _deliver(request: web.Request, outcome: _Outcome) -> web.StreamResponse:
    """Send the answer as the fault has it: whole, broken, cut off, or not at all."""
    response, fault = outcome.response, outcome.fault
    if response is None:
        reset(request.transport)
        return web.Response()  # goes nowhere
    if fault and fault.kind == "malformed":
        broken = fault.body_text() or '{"result": [{"id": "0'
        return web.Response(status=response.status, body=broken.encode(), content_type=response.content_type)
    if fault and fault.kind == "truncated":
        return await _truncated(request, response)
    return response


async def _truncated(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    body = _body(response)
    cut = web.StreamResponse(status=response.status, headers=response.headers)
    cut.content_length = max(len(body), 2)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2] or b"{")
    if request.transport:
        request.transport.close()
    return cut


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Drop a connection the hard way (RST), as a crashed peer does."""
    if not isinstance(transport, asyncio.Transport):
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
