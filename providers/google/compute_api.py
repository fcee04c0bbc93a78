"""Compute Engine's global collections as an alias uses them: lists, single writes, operations.

Everything goes in and out as JSON, as the REST API spells it. `google-cloud-compute` is loaded when the first
call is made: that takes 1.5 s. Each write has a request id, so that a repeat of it is the same as once
(docs: Compute Engine, "Request IDs"), and answers with its operation, which is asked for by a client of our
own: the SDK's own polling goes to Google whatever the endpoint is.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeAlias

from google.api_core.exceptions import GoogleAPIError
from google.protobuf.json_format import ParseError

from providers.google.errors import from_api
from providers.google.names import (
    ADDRESS,
    BACKEND,
    COMPUTE_READ,
    COMPUTE_SERVICE,
    COMPUTE_WRITE,
    HTTP_PROXY,
    HTTPS_PROXY,
    NEG,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
)
from providers.google.session import READ_S, Session
from reconciler.errors import UnexpectedResponse
from reconciler.provider import Calls

Native: TypeAlias = "Mapping[str, Any]"
PAGE: Final = 500
"""The most that a list gives at once (docs: Compute Engine API, maxResults)."""

_PAGES: Final = 200
_KIND: Final = "compute#"
"""How the kind of every answer begins: without, an empty list and something else look alike (docs: `kind` of
each list, and of Operation)."""

_OPERATIONS: Final = "GlobalOperations"


@dataclass(frozen=True, slots=True)
class _Collection:
    """How the SDK calls what it keeps of a kind: its client, its message, and its requests' members."""

    client: str
    message: str
    member: str


_COLLECTIONS: Final[Mapping[str, _Collection]] = {
    NEG: _Collection("GlobalNetworkEndpointGroups", "NetworkEndpointGroup", "network_endpoint_group"),
    BACKEND: _Collection("BackendServices", "BackendService", "backend_service"),
    URL_MAP: _Collection("UrlMaps", "UrlMap", "url_map"),
    SSL_POLICY: _Collection("SslPolicies", "SslPolicy", "ssl_policy"),
    SSL_CERTIFICATE: _Collection("SslCertificates", "SslCertificate", "ssl_certificate"),
    HTTPS_PROXY: _Collection("TargetHttpsProxies", "TargetHttpsProxy", "target_https_proxy"),
    HTTP_PROXY: _Collection("TargetHttpProxies", "TargetHttpProxy", "target_http_proxy"),
    ADDRESS: _Collection("GlobalAddresses", "Address", "address"),
    RULE: _Collection("GlobalForwardingRules", "ForwardingRule", "forwarding_rule"),
}

# By method: the client's name for it, the message of its body, and the request's member for that.
_SETTERS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    (NEG, "attachNetworkEndpoints"): (
        "GlobalNetworkEndpointGroupsAttachEndpointsRequest",
        "global_network_endpoint_groups_attach_endpoints_request_resource",
    ),
    (BACKEND, "update"): ("BackendService", "backend_service_resource"),
    (URL_MAP, "update"): ("UrlMap", "url_map_resource"),
    (SSL_POLICY, "patch"): ("SslPolicy", "ssl_policy_resource"),
    (HTTPS_PROXY, "setUrlMap"): ("UrlMapReference", "url_map_reference_resource"),
    (HTTPS_PROXY, "setSslPolicy"): ("SslPolicyReference", "ssl_policy_reference_resource"),
    (HTTPS_PROXY, "setCertificateMap"): (
        "TargetHttpsProxiesSetCertificateMapRequest",
        "target_https_proxies_set_certificate_map_request_resource",
    ),
    (HTTPS_PROXY, "setSslCertificates"): (
        "TargetHttpsProxiesSetSslCertificatesRequest",
        "target_https_proxies_set_ssl_certificates_request_resource",
    ),
    (HTTP_PROXY, "setUrlMap"): ("UrlMapReference", "url_map_reference_resource"),
    (RULE, "setTarget"): ("TargetReference", "target_reference_resource"),
}


class Compute:
    """The load balancing of one project. Thread-safe."""

    def __init__(self, session: Session, calls: Calls, *, sdk: Any = None) -> None:
        """`sdk` stands in for google.cloud.compute_v1, for tests."""
        self.project = session.project
        self._session, self._calls, self._given = session, calls, sdk
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            for client in self._clients.values():
                client.transport.close()
            self._clients.clear()

    # -- reading
    def listed(self, kind: str) -> list[Native]:
        """Return all of a kind that the project has globally, page by page."""
        return self._pages(_COLLECTIONS[kind].client, "list", {})

    def endpoints(self, group: str) -> list[Native]:
        """Return the endpoints of a network endpoint group."""
        about = {"network_endpoint_group": group}
        return self._pages(_COLLECTIONS[NEG].client, "list_network_endpoints", about)

    def operation(self, name: str) -> Native:
        """Return an operation as it is now."""
        return self._read(_OPERATIONS, "get", {"operation": name})

    def operations(self) -> list[Native]:
        """Return the newest operations, one page of them."""
        about = {"max_results": PAGE, "order_by": "creationTimestamp desc"}
        return self._rows(self._read(_OPERATIONS, "list", about))

    # -- writing: each returns its operation
    def insert(self, kind: str, body: Native) -> Native:
        """Make one."""
        of = _COLLECTIONS[kind]
        return self._write(of, "insert", {f"{of.member}_resource": (of.message, body)})

    def delete(self, kind: str, name: str) -> Native:
        """Remove one."""
        of = _COLLECTIONS[kind]
        return self._write(of, "delete", {of.member: name})

    def change(self, kind: str, method: str, name: str, body: Native) -> Native:
        """Change one by a method of its own, such as `setUrlMap`."""
        of = _COLLECTIONS[kind]
        message, member = _SETTERS[kind, method]
        return self._write(of, method, {of.member: name, member: (message, body)})

    # -- calling
    def _write(self, of: _Collection, method: str, about: Mapping[str, Any]) -> Native:
        asked = {**about, "request_id": str(uuid.uuid4())}
        return self._call(COMPUTE_WRITE, of.client, method, f"{_snake(method)}_unary", asked)

    def _read(self, client: str, method: str, about: Mapping[str, Any]) -> Native:
        return self._call(COMPUTE_READ, client, method, method, about)

    def _call(self, unit: str, client: str, method: str, name: str, about: Mapping[str, Any]) -> Native:
        """Call the SDK once; its own repeating is off, and every call has a deadline."""

        def ask() -> Native:
            sdk = self._sdk()
            request = {"project": self.project, **{k: _message(sdk, v) for k, v in about.items()}}
            try:
                answer = getattr(self._client(client), name)(request=request, retry=None, timeout=READ_S)
            except GoogleAPIError as error:
                raise from_api(error, self.project) from error
            except (ParseError, ValueError) as error:
                raise UnexpectedResponse("an answer that is none of Compute Engine's") from error
            told = _native(answer)
            if not str(told.get("kind") or "").startswith(_KIND):
                raise UnexpectedResponse("an answer that is none of Compute Engine's")
            return told

        fn: Callable[[], Native] = ask
        return self._calls(unit, f"compute.{client}.{_camel(method)}", fn, repeatable=True)

    def _pages(self, client: str, method: str, about: Mapping[str, Any]) -> list[Native]:
        found: list[Native] = []
        asked: dict[str, Any] = {**about, "max_results": PAGE}
        for _ in range(_PAGES):
            told = self._read(client, method, asked)
            found += self._rows(told)
            token = str(told.get("nextPageToken") or "")
            if not token:
                return found
            if token == asked.get("page_token"):
                break
            asked["page_token"] = token
        raise UnexpectedResponse("the list does not end", operation=f"compute.{client}.{method}")

    @staticmethod
    def _rows(told: Native) -> list[Native]:
        return [row for row in told.get("items") or () if isinstance(row, Mapping)]

    def _sdk(self) -> Any:
        return self._given or import_module("google.cloud.compute_v1")

    def _client(self, name: str) -> Any:
        sdk = self._sdk()
        with self._lock:
            if name not in self._clients:
                options = {"api_endpoint": self._session.base(COMPUTE_SERVICE)}
                make = getattr(sdk, f"{name}Client")
                self._clients[name] = make(credentials=self._session.credentials, client_options=options)
            return self._clients[name]


def _message(sdk: Any, value: Any) -> Any:
    """Make a body's message; what is no body stays."""
    if not isinstance(value, tuple):
        return value
    name, body = value
    return getattr(sdk, name).from_json(json.dumps(body), ignore_unknown_fields=True)


def _native(answer: Any) -> Native:
    """Give an answer as JSON: a list's pager gives its first page."""
    message = getattr(answer, "_response", answer)
    made: Native = type(message).to_dict(
        message, use_integers_for_enums=False, preserving_proto_field_name=False
    )
    return made


def _snake(method: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in method)


def _camel(method: str) -> str:
    head, *rest = method.split("_")
    return head + "".join(part.capitalize() for part in rest)
