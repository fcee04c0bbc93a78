"""Fastly's lists and its TLS API behind httpx's transport seam, to be told what to answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from providers._http import Client
from providers.fastly.api import Transport
from providers.fastly.service_api import ServiceApi
from providers.fastly.tls_api import TlsApi
from tests.providers.fastly.fastly_values import CONFIGURATION, CUSTOMER, order_documents, ref_one
from tests.providers.sparkpost.desk import Noted

TOKEN = "fastly-token-1"
MISSING = (
    404,
    {"errors": [{"title": "Not found", "detail": "The subscription you requested was not found"}]},
)
PAGE = 100


@dataclass
class TlsDesk:
    """The vendor's side.

    orders   by id what a subscription is: its host, authority, configuration, state
    ignores  attributes and relationships whose writes get 200 and no effect
    instead  canned answers by method and path; used up in order
    """

    services: list[dict[str, Any]] = field(default_factory=list)
    domains: list[dict[str, Any]] | None = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    activations: dict[str, dict[str, str]] = field(default_factory=dict)
    configurations: dict[str, Any] = field(default_factory=lambda: {"data": []})
    certificates: list[dict[str, Any]] = field(default_factory=list)
    ignores: set[str] = field(default_factory=set)
    instead: dict[tuple[str, str], list[tuple[int, Any]]] = field(default_factory=dict)
    told: bool = True
    seen: list[httpx.Request] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def order(self, host: str, **more: Any) -> TlsDesk:
        """Have a subscription for a host."""
        given = {"certificate_authority": "certainly", "configuration": CONFIGURATION, "state": "issued"}
        self.orders[f"s{next(self.numbers)}"] = {"host": host, **given, **more}
        return self

    def activate(self, host: str, certificate: str, configuration: str = CONFIGURATION) -> TlsDesk:
        """Have a certificate served for a host."""
        given = {"tls_domain": host, "tls_certificate": certificate, "tls_configuration": configuration}
        self.activations[f"act{next(self.numbers)}"] = given
        return self

    @property
    def calls(self) -> list[str]:
        return [f"{r.method} {r.url.path}" for r in self.seen]

    @property
    def writes(self) -> list[tuple[str, Any]]:
        pairs = zip(self.calls, self.seen, strict=True)
        return [(call, json.loads(r.content or b"null")) for call, r in pairs if r.method != "GET"]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        path = request.url.path
        canned = self.instead.get((request.method, path))
        status, body = canned.pop(0) if canned else self._route(request, path)
        return httpx.Response(status) if body is None else httpx.Response(status, json=body)

    def _route(self, request: httpx.Request, path: str) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        match [request.method, *parts]:
            case [method, "tls", "subscriptions", *rest]:
                return self._orders(method, rest, request)
            case [method, "tls", "activations", *rest]:
                return self._activations(method, rest, request)
            case ["GET", "domain-management", *_]:
                return self._domains(request.url.params)
        return 200, self._read(parts, request.url.params)

    def _read(self, parts: Sequence[str], params: httpx.QueryParams) -> Any:
        match parts:
            case ["service"]:
                return _page(self.services, int(params["page"]))
            case ["service", id_, "details"]:
                return next(s for s in self.services if s["id"] == id_)
            case ["tls", "configurations"]:
                return self.configurations
            case ["tls", "certificates"]:
                return {"data": self.certificates}
        assert parts == ["tokens", "self"]
        return {"customer_id": CUSTOMER}

    def _domains(self, params: httpx.QueryParams) -> tuple[int, Any]:
        if self.domains is None:
            return 403, {"errors": [{"title": "Forbidden", "detail": "domain management is not enabled"}]}
        start = int(params.get("cursor", "0"))
        more = start + PAGE < len(self.domains)
        meta = {"limit": PAGE, "total": len(self.domains), "next_cursor": str(start + PAGE) if more else ""}
        return 200, {"data": self.domains[start : start + PAGE], "meta": meta}

    def _orders(self, method: str, rest: Sequence[str], request: httpx.Request) -> tuple[int, Any]:
        data = json.loads(request.content or b"{}").get("data", {})
        match [method, *rest]:
            case ["GET"]:
                return 200, self._listed(request.url.params)
            case ["POST"]:
                relations = data["relationships"]
                host = relations["common_name"]["data"]["id"]
                configuration = relations["tls_configuration"]["data"]["id"]
                self.order(host, **data["attributes"], configuration=configuration, state="pending")
                return 201, {"data": self._shown(list(self.orders)[-1])[0]}
            case [_, id_] if id_ not in self.orders:
                return MISSING
            case ["GET", id_]:
                return 200, dict(zip(("data", "included"), self._shown(id_, told=True), strict=True))
            case ["DELETE", id_]:
                del self.orders[id_]
                return 204, None
            case ["PATCH", id_]:
                related = data.get("relationships", {}).get("tls_configuration")
                given = {
                    **data.get("attributes", {}),
                    **({"configuration": related["data"]["id"]} if related else {}),
                }
                self.orders[id_] |= {k: v for k, v in given.items() if k not in self.ignores}
                return 200, {"data": self._shown(id_)[0]}
        raise AssertionError(rest)

    def _listed(self, params: httpx.QueryParams) -> Mapping[str, Any]:
        number, of = int(params["page[number]"]), params.get("filter[tls_domains.id]")
        asked = [id_ for id_, given in self.orders.items() if of in (None, given["host"])]
        shown = [self._shown(id_) for id_ in _page(asked, number)]
        more = number * PAGE < len(asked)
        return {
            "data": [data for data, _ in shown],
            "included": [one for _, several in shown for one in several],
            "links": {"next": "https://api.fastly.com/more" if more else None},
        }

    def _shown(self, id_: str, *, told: bool | None = None) -> tuple[Any, list[Any]]:
        given = {k: v for k, v in self.orders[id_].items() if k != "host"}
        challenges = self.told if told is None else told
        found = order_documents(
            self.orders[id_]["host"], id=id_, challenges=challenges, certificates=(f"c-{id_}",), **given
        )
        return found.data[0], list(found.included)

    def _activations(self, method: str, rest: Sequence[str], request: httpx.Request) -> tuple[int, Any]:
        relations = json.loads(request.content or b"{}").get("data", {}).get("relationships", {})
        given = {name: one["data"]["id"] for name, one in relations.items()}
        match [method, *rest]:
            case ["GET"]:
                return 200, {"data": [self._activation(id_) for id_ in self.activations]}
            case ["POST"]:
                self.activate(given["tls_domain"], given["tls_certificate"], given["tls_configuration"])
                return 201, {"data": self._activation(list(self.activations)[-1])}
            case ["PATCH", id_]:
                self.activations[id_] |= given
                return 200, {"data": self._activation(id_)}
            case ["DELETE", id_]:
                del self.activations[id_]
                return 204, None
        raise AssertionError(rest)

    def _activation(self, id_: str) -> Mapping[str, Any]:
        relations = {name: ref_one(name, value) for name, value in self.activations[id_].items()}
        return {"id": id_, "type": "tls_activation", "relationships": relations}


def _page(found: list[Any], number: int) -> list[Any]:
    return found[(number - 1) * PAGE : number * PAGE]


def apis(desk: TlsDesk) -> tuple[ServiceApi, TlsApi]:
    """The two halves of the API, with the desk for a vendor."""
    client = Client(
        "https://api.fastly.com",
        headers={"Fastly-Key": TOKEN},
        secrets=[TOKEN],
        transport=httpx.MockTransport(desk),
    )
    way = Transport(client, Noted())
    return ServiceApi(way), TlsApi(way)
