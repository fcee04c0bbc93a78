"""A SparkPost of a hundred lines behind httpx's transport seam, to be told what to answer.

It keeps tracking and sending domains as SparkPost's own JSON. Slips of the vendor that tests need are
attributes: fields it ignores, answers it gives instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote

import httpx

from providers.sparkpost.provider import SparkPost
from reconciler.errors import ProviderError
from reconciler.provider import Setting

T = TypeVar("T")
KEY = "desk-key-1"
MISSING = (404, {"errors": [{"message": "resource not found"}]})


@dataclass
class Desk:
    """The vendor's side. `ignores`: fields whose writes get 200 and no effect; `instead`: canned answers."""

    tracking: dict[str, dict[str, Any]] = field(default_factory=dict)
    sending: dict[str, dict[str, Any]] = field(default_factory=dict)
    ignores: set[str] = field(default_factory=set)
    instead: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    seen: list[httpx.Request] = field(default_factory=list)

    def track(self, domain: str, **given: Any) -> Desk:
        status = {"verified": False, "cname_status": "", "compliance_status": "valid"}
        status |= given.pop("status", {})
        made = {"domain": domain, "secure": False, "default": False, **given, "status": status}
        self.tracking[domain] = made
        return self

    def send(self, domain: str, **given: Any) -> Desk:
        self.sending[domain] = {"domain": domain, **given}
        return self

    def answer(self, method: str, path: str, status: int, body: Any) -> Desk:
        self.instead[method, path] = (status, body)
        return self

    @property
    def calls(self) -> list[str]:
        return [f"{r.method} {r.url.path.removeprefix('/api/v1')}" for r in self.seen]

    @property
    def writes(self) -> list[tuple[str, str | None, Any]]:
        return [
            (call, request.headers.get("x-msys-subaccount"), json.loads(request.read() or b"null"))
            for call, request in zip(self.calls, self.seen, strict=True)
            if request.method != "GET"
        ]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        path = request.url.path.removeprefix("/api/v1")
        status, body = self.instead.get((request.method, path)) or self._route(request, path)
        if isinstance(body, str):
            return httpx.Response(status, text=body)
        return httpx.Response(status) if body is None else httpx.Response(status, json=body)

    def _route(self, request: httpx.Request, path: str) -> tuple[int, Any]:
        _, kind, *rest = path.split("/")
        held = self.tracking if kind == "tracking-domains" else self.sending
        body = json.loads(request.read() or b"null")
        scope = int(request.headers.get("x-msys-subaccount", 0))
        if not rest:
            return self._create(body, scope) if body else (200, {"results": list(held.values())})
        domain, action = unquote(rest[0]), (request.method, *rest[1:])
        found = held.get(domain)
        if found is None or (request.method != "GET" and found.get("subaccount_id", 0) != scope):
            return MISSING
        return self._act(action, held, domain, body)

    def _create(self, body: Any, scope: int) -> tuple[int, Any]:
        if body["domain"] in self.tracking:
            return 409, {"errors": [{"message": "The tracking domain already exists"}]}
        self.track(body["domain"], **({"subaccount_id": scope} if scope else {}))
        return 200, {"results": {"domain": body["domain"]}}

    def _act(self, action: tuple[str, ...], held: dict[str, Any], domain: str, body: Any) -> tuple[int, Any]:
        found = held[domain]
        match action:
            case ("GET",):
                shown = (
                    dict(found)
                    if held is self.tracking
                    else {k: v for k, v in found.items() if k != "domain"}
                )
                return 200, {"results": shown}
            case ("PUT",):
                self._set(found, body)
                return 200, {"results": {"domain": domain}}
            case ("DELETE",):
                del held[domain]
                return 204, None
            case ("POST", "verify"):
                found["status"]["verified"] = True
                return 200, {"results": found["status"]}
            case ("POST", "certificate", "check"):
                return 200, {"results": {"domain": domain, "supportsManagedCertificate": True}}
            case ("POST", "certificate", "enable"):
                found["status"]["tls_status"] = "pending"
                return 200, {"results": {"message": f"Certificate issuance initiated for {domain}"}}
        raise AssertionError(action)

    def _set(self, found: dict[str, Any], body: Mapping[str, Any]) -> None:
        for name, value in body.items():
            if name in self.ignores:
                continue
            if name == "default" and value:
                self._unset_default(found)
            if name == "tracking_domain" and value == "":
                found.pop(name, None)
            else:
                found[name] = value

    def _unset_default(self, found: Mapping[str, Any]) -> None:
        for other in self.tracking.values():
            if other.get("subaccount_id") == found.get("subaccount_id"):
                other["default"] = False


@dataclass
class Noted:
    """The engine's way to a vendor, without pace or retry: notes what it is told of each call."""

    notes: list[tuple[str, str, bool, str]] = field(default_factory=list)

    def __call__(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        self.notes.append((unit, operation, repeatable, resource))
        try:
            return fn()
        except ProviderError as error:
            error.operation, error.resource = operation, resource
            raise


def provider(
    desk: Callable[[httpx.Request], httpx.Response], calls: Noted | None = None, **options: Any
) -> SparkPost:
    """The provider as alias `sp`, with the desk for a vendor."""
    setting = Setting("sp", options, {"API_KEY": KEY}, {}, "acme", calls or Noted())
    return SparkPost(setting, transport=httpx.MockTransport(desk))


def errors(*messages: str | Mapping[str, Any]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """SparkPost's envelope of refusals."""
    return {"errors": [{"message": m} if isinstance(m, str) else m for m in messages]}
