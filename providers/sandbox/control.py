"""The control API of the sandbox: clock, state, calls, faults, and every setter."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from providers.sandbox.contract import ControlError, RateLimit
from providers.sandbox.kernel import Kernel
from providers.sandbox.listener import GRACE_S, Handler, bind
from providers.sandbox.tree import Outage

_CALL_FILTERS = (
    *("kind", "vendor", "listener", "method", "path", "operation", "status", "handled", "emulated"),
    "client",
)


class Control:
    """The control API on one loopback port."""

    def __init__(self, kernel: Kernel, stop: Callable[[], None], port: int = 0) -> None:
        """Bind the port. `stop` is called once when ``POST /stop`` came."""
        self._kernel = kernel
        self._stop = stop
        self._socket = bind(port)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Serve."""
        app = web.Application(middlewares=[self._noticing(), _errors_as_json])
        app.add_routes(self.routes())
        # Cancelled handlers are how a participant's end, or that of a wait, is noticed.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=GRACE_S
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._runner:
            await self._runner.cleanup()
        self.close()

    def close(self) -> None:
        """Give the port back, whether it was served or not."""
        self._socket.close()

    def routes(self) -> list[web.RouteDef]:
        """Give every request that is understood."""
        return [
            web.get("/health", self._health),
            web.post("/stop", self._stopped),
            web.get("/clock", self._clock),
            web.post("/clock/join", self._join),
            web.post("/clock/wait", self._wait),
            web.post("/clock/advance", self._advance),
            web.get("/state", self._state),
            web.get("/calls", self._calls),
            web.delete("/calls", self._clear_calls),
            web.get("/unemulated", self._unemulated),
            web.get("/faults", self._faults),
            web.post("/faults", self._add_fault),
            web.delete("/faults", self._clear_faults),
            web.delete("/faults/{id}", self._clear_faults),
            web.get("/switches", self._switches),
            web.put("/switches/{name}", self._set_switch),
            web.put("/latency/{vendor}", self._set_latency),
            web.put("/limits/{vendor}", self._set_limit),
            web.delete("/limits/{vendor}", self._unset_limit),
            web.get("/dns/queries", self._queries),
            web.post("/dns/flush", self._flush),
            web.post("/dns/lag", self._lag),
            web.patch("/dns/zones/{zone}", self._edit_zone),
            web.post("/dns/outages", self._add_outage),
            web.delete("/dns/outages", self._clear_outages),
            web.get("/vendors/{name}", self._vendor),
            web.patch("/vendors/{name}", self._patch_vendor),
        ]

    def _noticing(self) -> Any:
        @web.middleware
        async def notice(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            if request.path != "/health":
                self._kernel.touch()
            return response

        return notice

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "vendors": sorted(self._kernel.vendors)})

    async def _stopped(self, _request: web.Request) -> web.Response:
        self._stop()
        return web.json_response({"stopping": True})

    async def _clock(self, _request: web.Request) -> web.Response:
        return web.json_response(self._kernel.clock.status())

    async def _join(self, request: web.Request) -> web.StreamResponse:
        clock = self._kernel.clock
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        participant = clock.join()
        try:
            await response.prepare(request)
            await response.write(json.dumps({"id": participant, "now": clock.now()}).encode() + b"\n")
            await clock.gone()  # until this handler is cancelled: the connection is the participation
        finally:
            clock.leave(participant)
            self._kernel.touch()
        return response

    async def _wait(self, request: web.Request) -> web.Response:
        body = await _body(request, {"id": int, "until": (int, float)})
        now = await self._kernel.clock.wait(body["id"], body["until"])
        return web.json_response({"now": now})

    async def _advance(self, request: web.Request) -> web.Response:
        body = await _body(request, {"seconds": (int, float)})
        if body["seconds"] < 0:
            raise ControlError("seconds: time never goes back")
        return web.json_response({"now": self._kernel.clock.advance(body["seconds"])})

    async def _state(self, _request: web.Request) -> web.Response:
        kernel = self._kernel
        state = kernel.dump() | {
            "clock": kernel.clock.status(),
            "switches": kernel.switches.dump(),
            "dns": kernel.tree.dump(),
            "faults": kernel.faults.dump(),
            "latencies_ms": kernel.latencies_ms,
            "limits": {vendor: limit and asdict(limit) for vendor, limit in kernel.limits.items()},
            "unemulated": kernel.unemulated,
        }
        return web.json_response(state)

    async def _calls(self, request: web.Request) -> web.Response:
        for key in request.query:
            if key not in _CALL_FILTERS:
                raise ControlError(f"unknown filter {key!r}; there are {', '.join(_CALL_FILTERS)}")
        return web.json_response([call.dump() for call in self._kernel.calls.matching(dict(request.query))])

    async def _clear_calls(self, _request: web.Request) -> web.Response:
        self._kernel.calls.clear()
        return web.json_response([])

    async def _unemulated(self, _request: web.Request) -> web.Response:
        return web.json_response(self._kernel.unemulated)

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._kernel.faults.dump())

    async def _add_fault(self, request: web.Request) -> web.Response:
        wanted = await _body(request, {})
        self._check_vendor(wanted.get("vendor", ""))
        return web.json_response(asdict(self._kernel.faults.add(wanted)), status=201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        fault = request.match_info.get("id")
        if fault is not None and not fault.isdigit():
            raise ControlError(f"no fault {fault!r}", 404)
        self._kernel.faults.clear(int(fault) if fault else None)
        return web.json_response(self._kernel.faults.dump())

    async def _switches(self, _request: web.Request) -> web.Response:
        return web.json_response(self._kernel.switches.dump())

    async def _set_switch(self, request: web.Request) -> web.Response:
        body = await _body(request, {"setting": str})
        return web.json_response(self._kernel.switches.set(request.match_info["name"], body["setting"]))

    async def _set_latency(self, request: web.Request) -> web.Response:
        vendor = self._check_vendor(request.match_info["vendor"])
        self._kernel.latencies_ms[vendor] = (await _body(request, {"ms": (int, float)}))["ms"]
        return web.json_response(self._kernel.latencies_ms)

    async def _set_limit(self, request: web.Request) -> web.Response:
        vendor = self._check_vendor(request.match_info["vendor"])
        body = await _body(request, {})
        limit = None
        if body.get("requests") is not None:
            _expect(body, {"requests": int, "per_s": (int, float)})
            limit = RateLimit(body["requests"], body["per_s"])
        self._kernel.limits[vendor] = limit
        self._kernel.windows.forget(vendor)
        return web.json_response({"vendor": vendor, "limit": limit and asdict(limit)})

    async def _unset_limit(self, request: web.Request) -> web.Response:
        vendor = self._check_vendor(request.match_info["vendor"])
        self._kernel.limits.pop(vendor, None)
        self._kernel.windows.forget(vendor)
        return web.json_response({"vendor": vendor, "limit": "the vendor's own"})

    async def _queries(self, _request: web.Request) -> web.Response:
        return web.json_response([asdict(query) for query in self._kernel.tree.queries])

    async def _flush(self, request: web.Request) -> web.Response:
        self._kernel.resolver.flush((await _body(request, {})).get("name", ""))
        return web.json_response({"flushed": True})

    async def _lag(self, request: web.Request) -> web.Response:
        body = await _body(request, {"server": str, "seconds": (int, float)})
        self._kernel.tree.set_lag(body["server"], body.get("zone", ""), body["seconds"])
        lags = [{"server": s, "zone": z, "seconds": lag} for (s, z), lag in self._kernel.tree.lags.items()]
        return web.json_response(lags)

    async def _edit_zone(self, request: web.Request) -> web.Response:
        name = request.match_info["zone"]
        plain = self._kernel.plain.get(name)
        if plain is None:
            known = ", ".join(sorted(self._kernel.plain)) or "none"
            raise ControlError(f"no zone {name!r} that people edit; there are {known}", 404)
        plain.edit(await _body(request, {}))
        self._kernel.tree.refresh()
        return web.json_response([asdict(record) for record in plain.records])

    async def _add_outage(self, request: web.Request) -> web.Response:
        body = await _body(request, {"answer": str})
        unknown = set(body) - {"answer", "server", "name", "type"}
        if unknown:
            raise ControlError(f"unknown key {min(unknown)!r}; write answer, server, name or type")
        self._kernel.tree.add_outage(Outage(**body))
        return web.json_response([asdict(outage) for outage in self._kernel.tree.outages], status=201)

    async def _clear_outages(self, _request: web.Request) -> web.Response:
        self._kernel.tree.outages.clear()
        return web.json_response([])

    async def _vendor(self, request: web.Request) -> web.Response:
        vendor = self._check_vendor(request.match_info["name"])
        return web.json_response(self._kernel.vendors[vendor].dump())

    async def _patch_vendor(self, request: web.Request) -> web.Response:
        vendor = self._check_vendor(request.match_info["name"])
        return web.json_response(self._kernel.vendors[vendor].patch(await _body(request, {})))

    def _check_vendor(self, name: str) -> str:
        if name and name not in self._kernel.vendors:
            known = ", ".join(sorted(self._kernel.vendors)) or "none"
            raise ControlError(f"no vendor {name!r}; there are {known}", 404)
        return name


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ControlError as error:
        return web.json_response({"error": str(error)}, status=error.status)
    except web.HTTPException as error:
        message = f"{request.method} {request.path}: {error.reason}; see docs/sandbox.md"
        return web.json_response({"error": message}, status=error.status)


async def _body(request: web.Request, required: dict[str, Any]) -> dict[str, Any]:
    """Read the JSON object of a request and check what it must hold. Raises `ControlError`."""
    text = await request.text()
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    _expect(body, required)
    return body


def _expect(body: dict[str, Any], required: dict[str, Any]) -> None:
    for key, kind in required.items():
        if not isinstance(body.get(key), kind) or isinstance(body.get(key), bool):
            wanted = {int: "a whole number", str: "a text"}.get(kind, "a number")
            raise ControlError(f"{key!r} must be {wanted}")
