"""A vendor that does as little as a vendor can: what the kernel's own tests run against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

import providers.sandbox
from providers.sandbox.ca import Certificate
from providers.sandbox.contract import ControlError, Limiting, Switch, Usage, Vendor, WorldError
from providers.sandbox.http1 import Dropped, EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.running import Running
from providers.sandbox.zone import NameServer, Record, Zone

ADDRESS = "203.0.113.99"
NAME_SERVERS = [NameServer("ns1.acme-dns.com", "192.0.2.60"), NameServer("ns2.acme-dns.com", "192.0.2.61")]


def refuse(_request: web.Request, usage: Usage) -> web.Response:
    """Refuse in this vendor's words."""
    return web.json_response({"slow": "down"}, status=429, headers={"Retry-After": str(round(usage.reset_s))})


def announce(response: web.StreamResponse, usage: Usage) -> None:
    """Tell what is left."""
    response.headers["X-Remaining"] = str(usage.remaining)


class Acme:
    """Things by name, an edge that echoes, and a zone that holds its records."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Register everything that a vendor may."""
        self.kernel = kernel
        self.things: list[str] = list((section or {}).get("things", []))
        self.records: list[Record] = [Record("www.acme.com", "A", 60, ADDRESS)]
        if any(not isinstance(thing, str) for thing in self.things):
            raise WorldError("acme.things", "must be texts")
        limiting = Limiting(None, lambda r: r.headers.get("Authorization", ""), refuse, announce)
        routes = [
            web.get("/things", self.list_things),
            web.post("/things", self.make_thing),
            web.get("/slow", self.slow),
        ]
        self.url = kernel.api("acme", "main", routes, prefix="/api", limiting=limiting)
        kernel.edge(ADDRESS, vendor="acme", tls=self.certificate, handle=self.serve)
        self.zone = kernel.add_zone(Zone("acme.com", NAME_SERVERS, lambda: self.records))
        kernel.register_switch(Switch("acme.mood", ("good", "bad"), "good", "guess: nobody asked"))

    def env(self) -> Mapping[str, str]:
        """Export the API and a key."""
        return {"ACME_URL": self.url, "ACME_KEY": "key"}

    def dump(self) -> Any:
        """Give the things."""
        return {"things": self.things}

    def load(self, state: Any) -> None:
        """Take the things."""
        self.things = state["things"]

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Set the things."""
        if set(changes) != {"things"}:
            raise ControlError("write things")
        self.things = list(changes["things"])
        return self.dump()

    async def list_things(self, _request: web.Request) -> web.Response:
        """Answer the things."""
        return web.json_response({"things": self.things, "mood": self.kernel.switch("acme.mood")})

    async def make_thing(self, request: web.Request) -> web.Response:
        """Make a thing."""
        self.things.append((await request.json())["name"])
        return web.json_response({"made": True}, status=201)

    async def slow(self, _request: web.Request) -> web.Response:
        """Answer the sandbox's time."""
        return web.json_response({"now": self.kernel.now()})

    def certificate(self, name: str | None) -> Certificate | None:
        """Serve two names only."""
        if name not in ("www.acme.com", "other.acme.com"):
            return None
        return self.kernel.ca.issue(["www.acme.com"], issuer="Acme Trust")

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Echo, redirect, or hang up."""
        if request.path == "/drop":
            raise Dropped
        if request.path == "/mistake":
            raise KeyError("wrong")
        if request.path == "/to-https":
            return EdgeResponse(301, (("Location", f"https://{request.host}/f/"),))
        seen = "\n".join(
            [
                f"{request.method} {request.target} sni={request.sni} client={request.client}",
                *(f"{name}: {value}" for name, value in request.headers),
            ]
        )
        return EdgeResponse(200, (("sErVer", "acme"), ("X-Two", "1"), ("X-Two", "2")), seen.encode())


class AcmeEmulator:
    """The entry point's value."""

    name = "acme"

    def __init__(self) -> None:
        """Keep the vendor that was started, for tests to look into."""
        self.vendor: Acme | None = None

    def start(self, kernel: Kernel, section: Any) -> Vendor:
        """Start it."""
        self.vendor = Acme(kernel, section)
        return self.vendor


@contextmanager
def acme_world(world: Mapping[str, Any] | None = None) -> Iterator[tuple[Running, Acme]]:
    """Run a sandbox with this vendor only."""
    emulator = AcmeEmulator()
    with providers.sandbox.started(world or {}, emulators=[emulator]) as sandbox:
        assert emulator.vendor
        yield sandbox, emulator.vendor
