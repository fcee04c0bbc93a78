"""The HTTP API of a server: its list of zones, a zone, a write into a zone.

docs: "Built-in Webserver and HTTP API".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from providers.sandbox.kernel import Kernel

from .state import Refusal, Server, Zone, plain

ZONES = "/api/v1/servers/{server}/zones"
Handler = Callable[[Server, web.Request], Awaitable[web.Response]]


def digest(key: str) -> str:
    """Give what a key is known by."""
    return hashlib.sha256(key.encode()).hexdigest()


class Api:
    """One listener for all servers of the world: the key says which is meant."""

    def __init__(self, kernel: Kernel, servers: Callable[[], Sequence[Server]]) -> None:
        """Bind the listener."""
        self._now, self._servers = kernel.now, servers
        routes = [
            web.get(ZONES, self._guarded(self._list)),
            web.get(f"{ZONES}/{{zone}}", self._guarded(self._get)),
            web.patch(f"{ZONES}/{{zone}}", self._guarded(self._patch)),
        ]
        self.url = kernel.api("powerdns", "api", routes)

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            key = digest(request.headers.get("X-API-Key", ""))
            server = next((server for server in self._servers() if server.key == key), None)
            if server is None:
                return _error(401, "Unauthorized")
            if request.match_info["server"] != server.server:
                return _error(404, "Not Found")
            try:
                return await handler(server, request)
            except Refusal as refusal:
                return _error(422, str(refusal))

        return handle

    async def _list(self, server: Server, request: web.Request) -> web.Response:
        """Give all zones, without what is in them: there are no pages."""
        signed = {} if request.query.get("dnssec") == "false" else {"dnssec": False}
        return web.json_response(
            [_placed(server, {**zone.as_api(), **signed}) for zone in server.zones.values()]
        )

    async def _get(self, server: Server, request: web.Request) -> web.Response:
        """Give a zone whole; a choice of sets is not emulated."""
        zone = _zone(server, request)
        if zone is None:
            return _error(404, "Not Found")
        if request.query:
            return web.json_response({"error": f"not emulated: {request.query_string}"}, status=501)
        shown = {**zone.as_api(), "dnssec": False, "api_rectify": False, "edited_serial": zone.changes}
        shown |= {"nsec3narrow": False, "nsec3param": "", "soa_edit": "", "soa_edit_api": zone.soa_edit_api}
        shown |= {"master_tsig_key_ids": [], "slave_tsig_key_ids": []}
        return web.json_response(_placed(server, {**shown, "rrsets": list(map(_shown, zone.sets.values()))}))

    async def _patch(self, server: Server, request: web.Request) -> web.Response:
        """Write into a zone; into a secondary one as well, whatever its primary says later."""
        zone = _zone(server, request)
        if zone is None:
            return _error(404, "Not Found")
        try:
            body = json.loads(await request.text())
        except ValueError:
            return _error(400, "Bad Request")
        if not isinstance(body, dict) or "rrsets" not in body:
            return _error(422, "No rrsets given in update request")
        zone.write(body["rrsets"], self._now())
        return web.Response(status=204)


def _zone(server: Server, request: web.Request) -> Zone | None:
    return server.zones.get(plain(request.match_info["zone"]))


def _placed(server: Server, zone: dict[str, Any]) -> dict[str, Any]:
    return {**zone, "url": f"/api/v1/servers/{server.server}/zones/{zone['id']}"}


def _shown(rrset: dict[str, Any]) -> dict[str, Any]:
    comments = [{**comment, "modified_at": int(comment["modified_at"])} for comment in rrset["comments"]]
    return {**rrset, "comments": comments}


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
