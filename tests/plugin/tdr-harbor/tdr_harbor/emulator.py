"""Harbor's side on loopback: berths that moor after a minute, an edge, and zones with compare-and-swap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from providers.sandbox.ca import Certificate
from providers.sandbox.contract import ControlError, Vendor
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer, Record, Zone

ADDRESS = "203.0.113.150"
SERVERS = (NameServer("ns1.harbor-cdn.com", "192.0.2.70"), NameServer("ns2.harbor-cdn.com", "192.0.2.71"))
MOORING_S = 60
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Harbor:
    """The one account of this vendor."""

    def __init__(self, kernel: Kernel, section: Mapping[str, Any]) -> None:
        """Open the API, the edge and the zones that the world names."""
        self.kernel = kernel
        self.key: str = section["key"]
        self.berths: dict[str, dict[str, Any]] = {}
        self.zones: dict[str, list[dict[str, Any]]] = {}
        routes = [
            web.get("/berths", self.guarded(self.list_berths)),
            web.put("/berths/{host}", self.guarded(self.put_berth)),
            web.delete("/berths/{host}", self.guarded(self.delete_berth)),
            web.get("/zones", self.guarded(self.list_zones)),
            web.post("/zones/{zone}/changes", self.guarded(self.change_zone)),
        ]
        self.url = kernel.api("harbor", "api", routes, prefix="/v1")
        kernel.edge(ADDRESS, vendor="harbor", tls=self.certificate, handle=self.serve)
        kernel.add_zone(
            Zone("harbor-cdn.com", SERVERS, lambda: [Record("edge.harbor-cdn.com", "A", 60, ADDRESS)])
        )
        for entry in section["zones"]:
            self.zones[entry["name"]] = [dict(rrset) for rrset in entry.get("rrsets", [])]
            kernel.add_zone(Zone(entry["name"], SERVERS, partial(self.records, entry["name"])))

    def env(self) -> Mapping[str, str]:
        """Where and with what to reach it."""
        return {"HARBOR_URL": self.url, "HARBOR_API_KEY": self.key}

    def dump(self) -> Any:
        """All state."""
        return {"berths": self.berths, "zones": self.zones}

    def load(self, state: Any) -> None:
        """All state again."""
        self.berths, self.zones = state["berths"], state["zones"]

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Nothing can be set from outside."""
        raise ControlError(f"harbor has nothing to set, not {sorted(changes)}")

    def guarded(self, handler: Handler) -> Handler:
        """Refuse a wrong key."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != self.key:
                return web.json_response({"error": "who are you?"}, status=401)
            return await handler(request)

        return handle

    def shown(self, host: str) -> dict[str, Any]:
        """A berth with the state that it has by now."""
        berth = self.berths[host]
        moored = self.kernel.now() >= berth["since"] + MOORING_S
        return {**berth, "host": host, "state": "moored" if moored else "mooring"}

    async def list_berths(self, _request: web.Request) -> web.StreamResponse:
        """All berths."""
        return web.json_response([self.shown(host) for host in sorted(self.berths)])

    async def put_berth(self, request: web.Request) -> web.StreamResponse:
        """Make or change a berth."""
        host = request.match_info["host"]
        since = self.berths.get(host, {"since": self.kernel.now()})["since"]
        self.berths[host] = {**await request.json(), "since": since}
        return web.json_response(self.shown(host))

    async def delete_berth(self, request: web.Request) -> web.StreamResponse:
        """Take a berth down; none is fine too."""
        self.berths.pop(request.match_info["host"], None)
        return web.json_response({})

    async def list_zones(self, _request: web.Request) -> web.StreamResponse:
        """All zones with their records."""
        servers = [server.host for server in SERVERS]
        return web.json_response(
            [{"name": n, "servers": servers, "rrsets": sets} for n, sets in self.zones.items()]
        )

    async def change_zone(self, request: web.Request) -> web.StreamResponse:
        """All changes, or none where what is expected is not there."""
        edits = await request.json()
        sets = self.zones[request.match_info["zone"]]
        if any(expected not in sets for expected in edits["expect"]):
            return web.json_response({"error": "the zone has moved on"}, status=409)
        kept = [found for found in sets if found not in edits["delete"]]
        taken = {(found["name"], found["type"]) for found in kept}
        if any((put["name"], put["type"]) in taken for put in edits["put"]):
            return web.json_response({"error": "that name is taken"}, status=409)
        sets[:] = kept + edits["put"]
        return web.json_response({})

    def records(self, zone: str) -> Iterator[Record]:
        """What the name servers answer."""
        for found in self.zones[zone]:
            yield from (
                Record(found["name"], found["type"], found["ttl"], value) for value in found["values"]
            )

    def certificate(self, name: str | None) -> Certificate | None:
        """One for each moored host."""
        if name in self.berths and self.shown(name)["state"] == "moored":
            return self.kernel.ca.issue([name], issuer="Harbor Trust")
        return None

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Hand the request to the host's origin, with the client's Host."""
        if request.host not in self.berths:
            return EdgeResponse(404, body=b"no such berth")
        origin = self.berths[request.host]["origin"]
        answer = await self.kernel.fetch(
            f"{request.scheme}://{origin}{request.target}",
            method=request.method,
            headers=(("Host", request.host), ("User-Agent", request.header("user-agent"))),
        )
        kept = tuple(
            pair for pair in answer.headers if pair[0].lower() not in ("connection", "transfer-encoding")
        )
        return EdgeResponse(answer.status, kept, answer.body)


class HarborEmulator:
    """What the entry point names."""

    name = "harbor"

    def start(self, kernel: Kernel, section: Any) -> Vendor:
        """Start it, with a key and no zones where the world says nothing."""
        return Harbor(kernel, section or {"key": "unused", "zones": []})


EMULATOR = HarborEmulator()
