"""Fastly's services, versions and domains behind httpx's transport seam, to be told what to answer.

Each request is judged by the description made of Fastly's SDK, where that is at hand.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from providers._http import Client
from providers.fastly.api import Transport
from providers.fastly.domains_apply import Domains
from providers.fastly.service_api import ServiceApi
from providers.fastly.state import service_from
from providers.fastly.versions import Versions
from reconciler.provider import one_by_one
from tests.contract.contract import FORM, Spec
from tests.contract.judge import specs_folder
from tests.providers.fastly.fastly_values import ALIAS, OWNER
from tests.providers.sparkpost.desk import Noted

TOKEN = "fastly-token-1"
DATE = "Mon, 05 Jan 2026 09:00:00 GMT"
KINDS = {
    "backend": "backends",
    "domain": "domains",
    "header": "headers",
    "request_settings": "request_settings",
    "cache_settings": "cache_settings",
}
NUMBERS = frozenset({"port", "general.default_ttl"})
SWITCHES = frozenset({"use_ssl", "ssl_check_cert", "general.stale_if_error"})
Answer = tuple[int, Any]


@cache
def spec() -> Spec | None:
    """What Fastly's requests are judged by; None where the description is absent."""
    file = specs_folder() / "fastly-sdk.json"
    return Spec(file, strict=True) if file.exists() else None


def missing(what: str) -> Answer:
    """Fastly's words for what is not there."""
    return 404, {"msg": "Record not found", "detail": f"Couldn't find {what}"}


def blank(number: int) -> dict[str, Any]:
    """A new version as `details` reports it."""
    general = {"general.default_ttl": 3600, "general.stale_if_error": False, "general.default_host": ""}
    kinds = {kind: [] for kind in KINDS.values()}
    return {"number": number, "active": False, "locked": False, "comment": "", **kinds, "settings": general}


@dataclass
class Desk:
    """The vendor's side.

    services   by id: its members, and its versions as `details` reports each
    domains    versionless ones by id
    needs      whether a version is valid only with a classic domain
    taken      hosts that another customer has
    refused    canned answers by method and path, used up in order
    meanwhile  what somebody else does before the nth validation
    """

    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    domains: dict[str, dict[str, Any]] = field(default_factory=dict)
    needs: bool = False
    taken: set[str] = field(default_factory=set)
    refused: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    meanwhile: dict[int, Callable[[], object]] = field(default_factory=dict)
    seen: list[httpx.Request] = field(default_factory=list)
    validations: int = 0

    # -- what a test sees
    @property
    def calls(self) -> list[str]:
        return [f"{r.method} {unquote(r.url.path)}" for r in self.seen]

    @property
    def writes(self) -> list[str]:
        """The writes without the service's own path, in order."""
        short = (call.replace("/service/", "/", 1) for call in self.calls)
        return [call for call in short if not call.startswith("GET ")]

    def sent(self, part: str) -> list[dict[str, str]]:
        """The forms of the writes whose path holds part."""
        found = [r for r in self.seen if part in unquote(r.url.path) and r.method in ("POST", "PUT")]
        return [dict(parse_qsl(r.content.decode(), keep_blank_values=True)) for r in found]

    def active(self, id_: str) -> dict[str, Any] | None:
        return next((v for v in self.services[id_]["versions"] if v["active"]), None)

    def hosts(self, id_: str) -> list[str]:
        """The classic hosts that are served."""
        version = self.active(id_)
        return [row["name"] for row in version["domains"]] if version else []

    # -- what somebody does elsewhere
    def service(self, id_: str, name: str, comment: str, **version: Any) -> Desk:
        made = {**blank(1), **version}
        self.services[id_] = {"id": id_, "name": name, "comment": comment, "versions": [made]}
        return self

    def activate_another(self, id_: str, **changed: Any) -> None:
        """Clone the active version with some members changed, and activate it."""
        versions = self.services[id_]["versions"]
        base = self.active(id_) or versions[-1]
        made = {**copy.deepcopy(base), **changed, "number": len(versions) + 1, "active": True, "locked": True}
        base["active"] = False
        versions.append(made)

    def link(self, host: str, service: str | None, description: str) -> None:
        one = {"id": f"id-{host}", "fqdn": host, "service_id": service, "description": description}
        self.domains[f"id-{host}"] = one

    # -- answering
    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        assert request.headers["Fastly-Key"] == TOKEN
        assert self._judged(request) == []
        path = unquote(request.url.path)
        canned = self.refused.get((request.method, path))
        status, body = canned.pop(0) if canned else self._route(request, path.strip("/").split("/"))
        headers = {"Date": DATE, "Fastly-RateLimit-Reset": "1767605400"}
        return httpx.Response(status, headers=headers, **({} if body is None else {"json": body}))

    def _judged(self, request: httpx.Request) -> list[str]:
        there = spec()
        if there is None or request.url.path == "/current_customer":
            return []
        kind = request.headers.get("content-type", "application/json")
        text = request.content.decode()
        form = dict(parse_qsl(text, keep_blank_values=True))
        body = (form if kind.startswith(FORM) else json.loads(text)) if text else None
        return there.request_errors(
            request.method, request.url.raw_path.decode(), dict(request.url.params), body, kind
        )

    def _route(self, request: httpx.Request, parts: Sequence[str]) -> Answer:
        params = request.url.params
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        match [request.method, *parts]:
            case [method, "domain-management", "v1", "domains", *rest]:
                return self._domain(method, rest, json.loads(request.content or b"null"), params)
            case ["POST", "service"]:
                return self._create(form)
            case ["GET", "service", "search"]:
                found = [s for s in self.services.values() if s["name"] == params["name"]]
                return (200, found[0]) if found else missing("Service")
            case [_, "service", id_, *_] if id_ not in self.services:
                return 400, {"msg": "Bad request", "detail": f"Service '{id_}' is deleted"}
            case ["GET", "service", id_, "details"]:
                return 200, self.details(id_, params.get("version"))
        return self._service(request.method, parts[1], parts[2:], form)

    def _create(self, form: Mapping[str, str]) -> Answer:
        if any(s["name"] == form["name"] for s in self.services.values()):
            return 409, {"msg": "Duplicate record", "detail": f"Duplicate service: '{form['name']}'"}
        id_ = f"svc{len(self.services) + 1}"
        self.service(id_, form["name"], form["comment"])
        return 200, self.services[id_]

    def _service(self, method: str, id_: str, rest: Sequence[str], form: dict[str, str]) -> Answer:
        if rest:
            return self._version(method, self.services[id_], int(rest[1]), rest[2:], form)
        if method == "DELETE":
            assert self.active(id_) is None
            del self.services[id_]
            return 200, {"status": "ok"}
        self.services[id_].update(form)
        return 200, copy.deepcopy(self.services[id_])

    def details(self, id_: str, number: str | None) -> dict[str, Any]:
        versions = self.services[id_]["versions"]
        shown = versions[int(number) - 1] if number else versions[-1]
        return copy.deepcopy({**self.services[id_], "version": shown, "active_version": self.active(id_)})

    def _version(
        self, method: str, service: dict[str, Any], number: int, rest: Sequence[str], form: dict[str, str]
    ) -> Answer:
        version = service["versions"][number - 1]
        match [method, *rest]:
            case ["GET", "validate"]:
                return 200, self._validated(service["id"], version)
            case ["GET", "domain"]:
                return 200, version["domains"]
            case ["PUT"] | ["PUT", "clone" | "activate" | "deactivate"]:
                return 200, self._turned(service["versions"], version, rest, form)
        assert not version["locked"], "a locked version is written"
        if rest == ["settings"]:
            version["settings"] |= _typed(form)
            return 200, version["settings"]
        return self._object(method, version, rest, form)

    def _validated(self, id_: str, version: Mapping[str, Any]) -> dict[str, str]:
        self.validations += 1
        self.meanwhile.pop(self.validations, lambda: None)()
        bad = not version["domains"] and (self.needs or not self._is_linked(id_))
        return {"status": "error", "msg": "Version has no domains"} if bad else {"status": "ok"}

    def _turned(
        self,
        versions: list[dict[str, Any]],
        version: dict[str, Any],
        rest: Sequence[str],
        form: Mapping[str, str],
    ) -> dict[str, Any]:
        match rest:
            case ["clone"]:
                made = {**copy.deepcopy(version), "number": len(versions) + 1}
                versions.append(made | {"active": False, "locked": False})
                return versions[-1]
            case ["activate"]:
                for other in versions:
                    other["active"] = other is version
                version["locked"] = True
            case ["deactivate"]:
                version["active"] = False
            case _:
                version["comment"] = form["comment"]
        return version

    def _object(
        self, method: str, version: dict[str, Any], rest: Sequence[str], form: dict[str, str]
    ) -> Answer:
        rows: list[dict[str, Any]] = version[KINDS[rest[0]]]
        name = rest[1] if len(rest) > 1 else form["name"]
        found = next((row for row in rows if row["name"] == name), None)
        if method == "POST":
            if name in self.taken:
                return 400, {"msg": "Bad request", "detail": f"Domain '{name}' is already taken by another"}
            if found is not None:
                return 409, {"msg": "Duplicate record", "detail": f"Duplicate domain: '{name}'"}
            rows.append(_typed(form))
            return 200, rows[-1]
        if found is None:
            return missing(name)
        if method == "DELETE":
            rows.remove(found)
            return 200, {"status": "ok"}
        found |= _typed(form)
        return 200, found

    def _is_linked(self, id_: str) -> bool:
        return any(one["service_id"] == id_ for one in self.domains.values())

    def _domain(self, method: str, rest: Sequence[str], body: Any, params: httpx.QueryParams) -> Answer:
        match [method, *rest]:
            case ["GET"]:
                wanted = {k: v for k, v in params.items() if k in ("fqdn", "service_id")}
                rows = [d for d in self.domains.values() if all(d[k] == v for k, v in wanted.items())]
                return 200, {"data": rows, "meta": {"limit": 100, "total": len(rows)}}
            case ["POST"]:
                return self._attach(body)
            case [_, id_] if id_ not in self.domains:
                return 404, {"errors": [{"title": "Not found", "detail": "The domain was not found"}]}
            case ["PATCH", id_]:
                self.domains[id_] |= body
                return 200, self.domains[id_]
            case ["DELETE", id_]:
                del self.domains[id_]
                return 204, None
        return 200, self.domains[rest[0]]

    def _attach(self, body: Mapping[str, Any]) -> Answer:
        host = body["fqdn"]
        if host in self.taken or any(d["fqdn"] == host for d in self.domains.values()):
            error = {"title": "Invalid value for fqdn", "detail": "fqdn has already been taken"}
            return 400, {"errors": [error]}
        self.link(host, body["service_id"], body["description"])
        return 201, self.domains[f"id-{host}"]


def _typed(form: Mapping[str, str]) -> dict[str, Any]:
    """Give a form's fields as Fastly's answers spell them."""
    found: dict[str, Any] = {}
    for name, text in form.items():
        found[name] = int(text) if name in NUMBERS else text == "1" if name in SWITCHES else text
    return found


def api_of(desk: Callable[[httpx.Request], httpx.Response], calls: Noted | None = None) -> ServiceApi:
    """The API of services, with the desk for a vendor."""
    client = Client(
        "https://api.fastly.com",
        headers={"Fastly-Key": TOKEN},
        secrets=[TOKEN],
        transport=httpx.MockTransport(desk),
    )
    return ServiceApi(Transport(client, calls or Noted()))


def versions_of(desk: Desk) -> Versions:
    """What applies changes of services, having read what the desk has."""
    made = Versions(api_of(desk), ALIAS, OWNER)
    made.remember([service_from(desk.details(id_, None)) for id_ in desk.services])
    return made


def domains_of(desk: Desk) -> Domains:
    """What applies changes of versionless domains, having read what the desk has."""
    return Domains(api_of(desk), versions_of(desk), ALIAS, OWNER, one_by_one)
