"""A sandbox with Fastly and a tracking endpoint in it, and what tests of TLS and of the edge ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx

from providers.sandbox import started
from providers.sandbox.contract import Emulator
from providers.sandbox.fastly import EMULATOR
from providers.sandbox.fetch import Fetched
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.running import Running
from providers.sandbox.zone import NameServer, Record, Zone
from tests.contract.contract import Spec
from tests.contract.judge import specs_folder

TOKEN, OTHER_TOKEN = "fastly-sandbox-token", "the-others-token"
START = "2026-01-05T09:00:00Z"
HOST = "click.example.com"
EDGE = "198.51.100.50"
CNAME = "t.sni.global.fastly.net"
ORIGIN_ADDRESS = "203.0.113.10"


def world(*customers: Mapping[str, Any], records: Any = (), **more: Any) -> dict[str, Any]:
    """A world with these customers (one, unless given), and example.com on name servers of its own."""
    zone = {"zone": "example.com", "records": list(records)}
    return {"clock": START, "fastly": list(customers) or [customer()], "dns": [zone], **more}


def customer(**more: Any) -> dict[str, Any]:
    """A customer as the world writes one."""
    return {"customer": "4bNcKkz5jR0nXyv2sandbox", "token": TOKEN, **more}


class Origin:
    """The host spgo.io: remembers what it was asked, and answers as it is told."""

    name = "origin"

    def __init__(self) -> None:
        """Answer a redirect until told otherwise."""
        self.asked: list[EdgeRequest] = []
        self.answer = EdgeResponse(302, (("Server", "msys-http"), ("Location", "https://target.example/")))
        self.names = ["spgo.io"]

    def start(self, kernel: Kernel, section: Any) -> Origin:
        """Serve it, and its zone."""
        made = {name: kernel.ca.issue([name], issuer="DigiCert Inc") for name in ("spgo.io", "other.example")}
        kernel.edge(ORIGIN_ADDRESS, vendor="origin", tls=lambda _: made[self.names[0]], handle=self.serve)
        server = NameServer("ns1.spgo.io", "192.0.2.30")
        kernel.add_zone(Zone("spgo.io", [server], lambda: [Record("spgo.io", "A", 60, ORIGIN_ADDRESS)]))
        return self

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer as told."""
        self.asked.append(request)
        return self.answer

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
        self.http = httpx.Client(base_url=sandbox.env["FASTLY_API_URL"], headers={"Fastly-Key": TOKEN})

    def call(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        """Make one call of the TLS API."""
        headers = {"Accept": "application/vnd.api+json", "Content-Type": "application/vnd.api+json"}
        content = None if body is None else json.dumps(body)
        return self.http.request(method, path, content=content, params=query, headers=headers)

    def ok(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Make a call that must not be refused, and give the document that it is answered."""
        response = self.call(method, path, body, **query)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def refused(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, str, str]:
        """Make a call that must be refused, and give status, title and detail."""
        response = self.call(method, path, body, **query)
        assert response.headers["content-type"].startswith("application/vnd.api+json")
        (error,) = response.json()["errors"]
        return response.status_code, error["title"], error["detail"]

    def service(self, method: str, path: str, **fields: Any) -> Any:
        """Make a call of the service API, with a form."""
        response = self.http.request(method, path, data=fields or None)
        assert response.status_code < 300, response.text
        return response.json()

    def subscribe(self, *domains: str, authority: str = "", **query: str) -> dict[str, Any]:
        """Ask for a managed certificate, and give the whole answer."""
        made: dict[str, Any] = self.ok(
            "POST", "/tls/subscriptions", subscription(*domains, authority=authority)
        )
        return made

    def state(self, number: str) -> str:
        """Give how a subscription stands."""
        return str(self.ok("GET", f"/tls/subscriptions/{number}")["data"]["attributes"]["state"])

    def proof(self, number: str) -> dict[str, Any]:
        """Give the attributes of a subscription's only authorization."""
        document = self.ok("GET", f"/tls/subscriptions/{number}", include="tls_authorizations")
        (found,) = document["included"]
        attributes: dict[str, Any] = found["attributes"]
        return attributes

    def prove(self, made: Mapping[str, Any]) -> None:
        """Write the records that a subscription asks for into example.com."""
        for each in made["included"]:
            challenge = each["attributes"]["challenges"][0]
            self.add_record(challenge["record_name"], "CNAME", challenge["values"][0])

    def issued(self, *domains: str) -> str:
        """Ask for a certificate, prove its domains, wait, and give the subscription's id."""
        made = self.subscribe(*domains)
        self.prove(made)
        number = str(made["data"]["id"])
        for _ in range(2):
            self.advance(61)
            self.state(number)
        assert self.state(number) == "issued"
        return number

    def add_record(self, name: str, rtype: str, content: str) -> None:
        """Put a record into example.com."""
        added = {"name": name, "type": rtype, "content": content, "ttl": 60}
        self.sandbox.control("PATCH", "/dns/zones/example.com", {"add_records": [added]})

    def remove_record(self, name: str, rtype: str) -> None:
        """Take a record out of example.com."""
        self.sandbox.control("PATCH", "/dns/zones/example.com", {"remove_records": [f"{name} {rtype}"]})

    def change(self, **changes: Any) -> None:
        """Change the customer behind the API's back."""
        changed = {"customers": {"4bNcKkz5jR0nXyv2sandbox": changes}}
        self.sandbox.control("PATCH", "/vendors/fastly", changed)

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


def subscription(*domains: str, authority: str = "", state: str = "") -> dict[str, Any]:
    """A body that asks for a managed certificate for these domains, as Fastly's SDK spells it."""
    attributes = {"certificate_authority": authority} if authority else {}
    if state:
        attributes["state"] = state
    linked = [{"type": "tls_domain", "id": domain} for domain in domains]
    relationships = {"relationships": {"tls_domains": {"data": linked}}} if linked else {}
    return {"data": {"type": "tls_subscription", "attributes": attributes, **relationships}}


@cache
def described() -> Spec | None:
    """Fastly's description, None where the folder is absent; its answers hold more than it says."""
    file = specs_folder() / "fastly-sdk.json"
    return Spec(file, strict=False) if file.exists() else None


def findings(sandbox: Running) -> list[str]:
    """Say which answers of the TLS API are not as Fastly describes them."""
    spec, found = described(), dict[str, None]()
    for call in sandbox.kernel.calls:
        if spec is None or call.kind != "api" or not call.path.startswith("/tls/"):
            continue
        if spec.find(call.method, call.path)[0] is None:
            found[f"{call.method} {call.path}: no such operation"] = None
        elif call.status is not None and call.status < 300 and call.response_body:
            body = json.loads(call.response_body)
            errors = spec.response_errors(call.method, call.path, call.status, body)
            found |= dict.fromkeys(f"{call.method} {call.path} {call.status}: {error}" for error in errors)
    return list(found)


@contextmanager
def bench(given: Mapping[str, Any] | None = None, *more: Emulator) -> Iterator[Bench]:
    """Run a sandbox; at the end every answer is judged, and nothing was asked for that is not emulated."""
    origin = Origin()
    with started(given or world(), emulators=[origin, EMULATOR, *more]) as sandbox:
        running = Bench(sandbox, origin)
        with running.http:
            yield running
        assert findings(sandbox) == []
        assert sandbox.kernel.unemulated == []
