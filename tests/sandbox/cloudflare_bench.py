"""A sandbox with Cloudflare and a plain origin in it, and the calls that tests make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from providers.sandbox import started
from providers.sandbox.cloudflare import EMULATOR
from providers.sandbox.contract import Emulator
from providers.sandbox.fetch import Fetched
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.running import Running
from providers.sandbox.zone import NameServer, Record, Zone
from tests.contract.judge import judge

TOKEN = "sandbox-token"
START = "2026-01-05T09:00:00Z"
ORIGIN_ADDRESS = "203.0.113.10"
EDGE = "198.51.100.7"


def record(name: str, content: str = "spgo.io", **more: Any) -> dict[str, Any]:
    """A CNAME as the world and the API write it."""
    return {"type": "CNAME", "name": name, "content": content, "ttl": 300, **more}


def world(*zones: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A world with one account that has these zones; example.com where none is given."""
    chosen = list(zones) or [{"name": "example.com"}]
    account = {"token": TOKEN, "env": "CLOUDFLARE_API_TOKEN", "account": "acme", "zones": chosen}
    return {"clock": START, "cloudflare": [account], **more}


class Origin:
    """A tracking endpoint that remembers what it was asked and answers 302."""

    name = "origin"

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.asked: list[EdgeRequest] = []

    def start(self, kernel: Kernel, section: Any) -> Origin:
        """Serve spgo.io, with a certificate for that name only."""
        certificate = kernel.ca.issue(["spgo.io"], issuer="DigiCert Inc")
        kernel.edge(ORIGIN_ADDRESS, vendor="origin", tls=lambda _: certificate, handle=self.serve)
        server = NameServer("ns1.spgo.io", "192.0.2.30")
        kernel.add_zone(Zone("spgo.io", [server], lambda: [Record("spgo.io", "A", 60, ORIGIN_ADDRESS)]))
        return self

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Redirect, and set a cookie, so that caching shows."""
        self.asked.append(request)
        headers = (("Server", "msys-http"), ("Location", "https://target.example/"), ("Set-Cookie", "a=b"))
        return EdgeResponse(302, headers, b"moved")

    def env(self) -> Mapping[str, str]:
        """Nothing to export."""
        return {}

    def dump(self) -> Any:
        """Nothing to keep."""
        return None

    def load(self, state: Any) -> None:
        """Nothing to take."""

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Nothing to change."""
        return {}


class Bench:
    """One running sandbox and its API."""

    def __init__(self, sandbox: Running, origin: Origin) -> None:
        """Speak to the API with the world's first token."""
        self.sandbox, self.origin = sandbox, origin
        self.url = sandbox.env["CLOUDFLARE_BASE_URL"]
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"})

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Make one call; `{zone}` in the path is the first zone's id."""
        if "{zone}" in path:
            path = path.replace("{zone}", self.zone_id())
        return self.http.request(method, path, json=body, params=query)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Make a call that must be answered 200, and give its result."""
        response = self.call(method, path, body, **query)
        assert response.status_code == 200, response.text
        assert response.json()["success"] is True
        return response.json()["result"]

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, int, str]:
        """Make a call that must be refused, and give status, code and message."""
        response = self.call(method, path, body, **query)
        answer = response.json()
        assert answer["success"] is False, response.text
        return response.status_code, answer["errors"][0]["code"], answer["errors"][0]["message"]

    def zone_id(self, name: str = "") -> str:
        """The id of a zone of the world: the first unless named."""
        zones = self.http.get("/zones").json()["result"]
        return str(next(z["id"] for z in zones if name in ("", z["name"])))

    def patch(self, zone: str = "example.com", **changes: Any) -> Any:
        """Change a zone behind the API's back."""
        return self.sandbox.control("PATCH", "/vendors/cloudflare", {"zones": {zone: changes}})

    def switch(self, name: str, setting: str) -> None:
        """Set a switch."""
        self.sandbox.control("PUT", f"/switches/{name}", {"setting": setting})

    def advance(self, seconds: float) -> None:
        """Let sandbox time pass."""
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})

    def visit(self, url: str, **options: Any) -> Fetched:
        """Ask the edge for a URL, wherever DNS points."""
        options.setdefault("connect_to", EDGE)
        return self.sandbox.run(self.sandbox.kernel.fetch(url, **options))

    def dns(self, name: str, kind: str) -> tuple[str, ...]:
        """What the world's resolver finds."""
        return self.sandbox.do(lambda: self.sandbox.kernel.resolve(name, kind, fresh=True).values(kind))

    def rule(self, phase: str, **rule: Any) -> dict[str, Any]:
        """Create an entry point with one rule, and give the ruleset."""
        ruleset: dict[str, Any] = self.ok(
            "PUT", f"/zones/{{zone}}/rulesets/phases/{phase}/entrypoint", {"rules": [rule]}
        )
        return ruleset


@contextmanager
def bench(given: Mapping[str, Any] | None = None, *more: Emulator) -> Iterator[Bench]:
    """Run a sandbox; at the end every exchange is judged by the vendor's description."""
    origin = Origin()
    with started(given or world(), emulators=[origin, EMULATOR, *more]) as sandbox:
        running = Bench(sandbox, origin)
        with running.http:
            yield running
        findings = judge(sandbox.kernel.calls)
        assert not findings, "\n".join(findings)
