"""What the SparkPost tests stand on: a client whose exchanges are judged, a small CDN, a way to the edges."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from providers import sandbox
from providers.sandbox.contract import Emulator
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import Dropped, EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.running import Running
from providers.sandbox.sparkpost import EMULATOR
from tests.contract.contract import Spec

ROOT = Path(__file__).resolve().parents[2]
CDN_ADDRESS = "198.51.100.99"
KEY = "key-us"

#: Answers that SparkPost gives and its description leaves out: (method, end of the path's template, status).
UNDESCRIBED = {
    ("GET", "/tracking-domains", 400): "general table of errors: X-MSYS-SUBACCOUNT must be a number",
    ("GET", "/sending-domains/{domain}", 404): "error table: 1600, sending domain not found",
    ("PUT", "/sending-domains/{domain}", 404): "error table: 1600, sending domain not found",
    ("PUT", "/sending-domains/{domain}", 422): "general table of errors",
    ("PUT", "/tracking-domains/{domain}", 415): "general table of errors",
    ("POST", "/tracking-domains", 415): "general table of errors",
    ("DELETE", "/tracking-domains/{domain}", 409): "a setting of sparkpost.delete-in-use",
    ("POST", "/tracking-domains/{domain}/certificate/enable", 409): "a setting of sparkpost.enable-again",
}


def description() -> Path | None:
    """SparkPost's machine-readable description, where this machine has the folder."""
    folder = Path(os.environ.get("TDR_API_SPECS") or ROOT.parent / "shared" / "api-specs")
    file = folder / "sparkpost.json"
    return file if file.exists() else None


@cache
def judge() -> Spec | None:
    """The contract's judge of SparkPost, or None where nothing describes SparkPost here."""
    file = description()
    return Spec(file, strict=True) if file else None


def exchange_errors(exchange: httpx.Response, body: Any, *, request_too: bool) -> list[str]:
    """What the description has against one exchange."""
    spec, request = judge(), exchange.request
    if spec is None:
        return []
    path = request.url.path
    template, _, _ = spec.find(request.method, path)
    if template is None:
        return [f"{request.method} {path}: no such operation"]
    errors: list[str] = []
    if request_too:
        errors += spec.request_errors(request.method, path, dict(request.url.params), body)
    if (request.method, template.removeprefix("/v1"), exchange.status_code) not in UNDESCRIBED:
        answer = exchange.json() if exchange.content else None
        errors += spec.response_errors(request.method, path, exchange.status_code, answer)
    return errors


class Client:
    """A plain HTTP client of one region's API; every exchange is judged by the description."""

    def __init__(self, base_url: str, key: str = KEY) -> None:
        self.key = key
        self._http = httpx.Client(base_url=base_url, trust_env=False, timeout=20)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        subaccount: int | str | None = None,
        headers: Mapping[str, str] | None = None,
        judged: bool = True,
    ) -> httpx.Response:
        """Make one call. `judged` False: the request is wrong on purpose, only the answer is judged."""
        sent = {"Authorization": self.key, **(headers or {})}
        if subaccount is not None:
            sent["X-MSYS-SUBACCOUNT"] = str(subaccount)
        answer = self._http.request(method, path, json=body, headers=sent)
        if answer.status_code not in (405, 501):
            assert exchange_errors(answer, body, request_too=judged) == []
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any, **more: Any) -> httpx.Response:
        return self.call("PUT", path, body, **more)

    def delete(self, path: str, **more: Any) -> httpx.Response:
        return self.call("DELETE", path, **more)

    def domain(self, name: str, **more: Any) -> dict[str, Any]:
        """One tracking domain as it is now."""
        return dict(self.get(f"/tracking-domains/{name}", **more).json()["results"])

    def close(self) -> None:
        self._http.close()


class SmallCdn:
    """A CDN of one address: terminates TLS for `hosts`, forwards to an origin in one of three ways.

    `forwards`: `host` keeps the client's Host; `x-forwarded-host` sends the origin's and tells the client's
    beside it; `neither` sends the origin's only; `redirect` answers http with a 301; `dead` answers nothing.
    """

    name = "smallcdn"

    def start(self, kernel: Kernel, section: Any) -> SmallCdn:
        self._kernel = kernel
        self._section = {"hosts": [], "origin": "spgo.io", "forwards": "host", **(section or {})}
        if self._section["hosts"]:
            self._certificate = kernel.ca.issue(self._section["hosts"], issuer="Small CDN")
        kernel.edge(CDN_ADDRESS, vendor=self.name, tls=self._served, handle=self._forward)
        return self

    def _served(self, sni: str | None) -> Any:
        return self._certificate if sni in self._section["hosts"] else None

    async def _forward(self, request: EdgeRequest) -> EdgeResponse:
        way, origin = self._section["forwards"], self._section["origin"]
        if way == "dead":
            raise Dropped
        if way == "redirect" and request.scheme == "http":
            return EdgeResponse(301, (("Location", f"https://{request.host}{request.target}"),))
        kept = tuple((k, v) for k, v in request.headers if k.lower() not in ("host", "connection"))
        kept += (("X-Forwarded-For", request.client),)
        if way == "x-forwarded-host":
            kept += (("X-Forwarded-Host", request.host),)
        host = request.host if way in ("host", "redirect") else origin
        url = f"{request.scheme}://{host}{request.target}"
        try:
            got = await self._kernel.fetch(
                url,
                method=request.method,
                headers=kept,
                connect_to=origin,
                sni=origin,
                verify=False,
                source=CDN_ADDRESS,
            )
        except FetchError:
            return EdgeResponse(502)
        return EdgeResponse(got.status, got.headers, got.body)

    def env(self) -> Mapping[str, str]:
        return {}

    def dump(self) -> Any:
        return None

    def load(self, state: Any) -> None:
        del state

    def patch(self, changes: Mapping[str, Any]) -> Any:
        self._section |= changes
        return self._section


class Bench:
    """A running sandbox with SparkPost, and the clients to it."""

    def __init__(self, running: Running) -> None:
        self.sandbox = running
        self._clients: list[Client] = []

    def client(self, key: str = KEY, region: str = "us") -> Client:
        variable = {"us": "TDR_SPARKPOST_ENDPOINT", "eu": "TDR_SPARKPOST_EU_ENDPOINT"}[region]
        made = Client(self.sandbox.env[variable], key)
        self._clients.append(made)
        return made

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def patch(self, **changes: Any) -> Any:
        return self.sandbox.control("PATCH", "/vendors/sparkpost", changes)

    def advance(self, seconds: float) -> None:
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        found = self.sandbox.control("GET", "/state")["vendors"]["sparkpost"]["events"]
        return [event for event in found if kind in (None, event["kind"])]

    def ask(
        self,
        url: str,
        address: str = "203.0.113.10",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        sni: str | None = None,
    ) -> httpx.Response:
        """Ask an edge for a URL, certificate verified against `sni` (the URL's host by default)."""
        wanted = httpx.URL(url)
        host, port = self.sandbox.net_map[f"{address}:{443 if wanted.scheme == 'https' else 80}"].split(":")
        context = ssl.create_default_context(cafile=self.sandbox.env["TDR_CA_FILE"])
        with httpx.Client(verify=context, trust_env=False, timeout=20) as http:
            request = http.build_request(
                method,
                wanted.copy_with(host=host, port=int(port)),
                headers={"Host": wanted.host, **(headers or {})},
                extensions={"sni_hostname": sni or wanted.host},
            )
            return http.send(request)


@contextmanager
def bench(
    *accounts: Mapping[str, Any],
    dns: Mapping[str, str] | None = None,
    cdn: Mapping[str, Any] | None = None,
    caa: str | None = None,
    switches: Mapping[str, str] | None = None,
) -> Iterator[Bench]:
    """A sandbox with these accounts, by default one in the US.

    `dns`: hosts of example.net to their CNAME or to `@cdn`; `caa`: a CAA record of example.net.
    """
    records = [
        {"type": "A", "name": host, "ttl": 60, "content": CDN_ADDRESS}
        if target == "@cdn"
        else {"type": "CNAME", "name": host, "ttl": 60, "content": target}
        for host, target in (dns or {}).items()
    ]
    if caa is not None:
        records.append({"type": "CAA", "name": "example.net", "ttl": 60, "content": caa})
    world: dict[str, Any] = {
        "clock": "2026-01-05T09:00:00Z",
        "sparkpost": [dict(account) for account in accounts] or [{"region": "us", "key": KEY}],
        "dns": [{"zone": "example.net", "records": records}],
        "switches": dict(switches or {}),
    }
    emulators: list[Emulator] = [EMULATOR]
    if cdn is not None:
        world["smallcdn"] = dict(cdn)
        emulators.append(SmallCdn())
    with sandbox.started(world, emulators=emulators) as running:
        made = Bench(running)
        try:
            yield made
        finally:
            made.close()
