"""Cloudflare for SaaS as a few dictionaries behind the SDK's own client; requests are judged if possible."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import cloudflare
import httpx

from providers.cloudflare.api import BASE_URL, Api
from providers.cloudflare.saas_apply import Saas
from providers.cloudflare.zones import ZoneState, zone_from
from tests.contract.contract import Spec
from tests.contract.judge import specs_folder

T = TypeVar("T")
ZONE_ID, ZONE, OWNER = "0" * 32, "brand-links.net", "acme-mail"
ORIGIN = f"tdr-{OWNER}-spgo-io.{ZONE}"


@cache
def spec() -> Spec | None:
    """The vendor's description, None where it is not here."""
    file = specs_folder() / "cloudflare-sdk.json"
    return Spec(file, strict=True) if file.exists() else None


def zone(**more: Any) -> ZoneState:
    """The saas zone."""
    native = {"id": ZONE_ID, "name": ZONE, "status": "active", "plan": {"legacy_id": "business"}, **more}
    return zone_from({"account": {"id": "a", "name": "brand"}, **native})


def hostname(host: str, **more: Any) -> dict[str, Any]:
    """A custom hostname as Cloudflare answers it; `ssl` is laid over a new one's."""
    ssl = {
        "method": "txt",
        "type": "dv",
        "status": "pending_validation",
        "settings": {"min_tls_version": "1.2"},
        "dcv_delegation_records": [
            {"cname": f"_acme-challenge.{host}", "cname_target": f"{host}.x.dcv.cloudflare.com"}
        ],
        **more.pop("ssl", {}),
    }
    proof = {"type": "txt", "name": f"_cf-custom-hostname.{host}", "value": "token"}
    return {
        "id": f"id-{host}",
        "hostname": host,
        "status": "pending",
        "ownership_verification": proof,
        "ssl": ssl,
        **more,
    }


class Desk:
    """The vendor's side: what it holds, and what it was asked."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.hostnames: dict[str, dict[str, Any]] = {}
        self.fallback: dict[str, Any] | None = None
        self.made: dict[str, Any] = {}
        self.deleted: dict[str, Any] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.calls: Counter[str] = Counter()
        self.refusal: tuple[int, int, str] | None = None

    def saas(self) -> Saas:
        """The provider's hands on this desk."""
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        client = cloudflare.Cloudflare(api_token="t", base_url=BASE_URL, max_retries=0, http_client=http)
        return Saas(Api(client, self._call), OWNER, zone(), "")

    def _call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        self.calls[operation] += 1
        return fn()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        path = request.url.path.removeprefix("/client/v4")
        description = spec()
        if description is not None:
            found = description.request_errors(request.method, path, dict(request.url.params), body)
            assert found == [], found
        if request.method != "GET":
            self.asked.append((request.method, path.partition("/custom_hostnames")[2], body))
        if self.refusal is not None and request.method != "GET":
            status, code, text = self.refusal
            said = {"success": False, "errors": [{"code": code, "message": text}], "messages": []}
            return httpx.Response(status, json={**said, "result": None})
        if path.endswith("/fallback_origin"):
            return self._fallback(request.method, body)
        return self._hostname(request, path.rpartition("/")[2], body)

    def _fallback(self, method: str, body: Mapping[str, Any] | None) -> httpx.Response:
        if method == "PUT" and body is not None:
            self.fallback = {"origin": body["origin"], "status": "initializing"}
        elif method == "DELETE":
            self.fallback = {**(self.fallback or {}), "status": "pending_deletion"}
        return _good(self.fallback)

    def _hostname(self, request: httpx.Request, id_: str, body: Any) -> httpx.Response:
        if request.method == "GET":
            only = request.url.params.get("hostname.exact")
            rows = [one for one in self.hostnames.values() if only in (None, one["hostname"])]
            return _good(rows, total_pages=1)
        if request.method == "DELETE":
            self.hostnames = {host: one for host, one in self.hostnames.items() if one["id"] != id_}
            return httpx.Response(200, json={"id": id_, **self.deleted})
        host = body.get("hostname") or next(h for h, one in self.hostnames.items() if one["id"] == id_)
        old = self.hostnames.get(host) or hostname(host)
        ssl = {**old["ssl"], **body.get("ssl", {}), "status": "pending_validation"}
        self.hostnames[host] = {**old, **body, "hostname": host, "ssl": ssl, **self.made}
        return _good(self.hostnames[host])


def _good(result: Any, **info: Any) -> httpx.Response:
    said = {"success": True, "errors": [], "messages": [], "result": result, "result_info": info or None}
    return httpx.Response(200, json=said)
