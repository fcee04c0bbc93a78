"""How the load balancer asks an internet NEG's endpoint: address, TLS, and the headers that go with it.

docs: Cloud Load Balancing "External Application Load Balancer overview" (target proxies: Via,
X-Forwarded-Proto, X-Forwarded-For "client,load balancer" after what was there, X-Cloud-Trace-Context),
"Internet network endpoint groups overview" (over HTTPS the endpoint's name is the SNI, its certificate is
checked), "Create custom headers", Compute Engine reference "BackendService.tlsSettings".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import NotEmulated
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeRequest, EdgeResponse, Headers
from providers.sandbox.kernel import Kernel

from . import edge_answer as answers

#: Of a request's headers, those of one connection only, and those that the load balancer says itself.
_OWN = frozenset(
    {
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"),
        *("host", "via", "x-forwarded-for", "x-forwarded-proto", "x-cloud-trace-context"),
        *("proxy-authorization", "proxy-authenticate"),
    }
)
_SCHEMES = {"HTTP": "http", "HTTPS": "https", "HTTP2": "https"}


async def fetched(
    kernel: Kernel, backend: Mapping[str, Any], endpoint: Mapping[str, Any], request: EdgeRequest
) -> EdgeResponse:
    """Ask the origin; what goes wrong is a page of Google's own."""
    scheme = _SCHEMES.get(str(backend.get("protocol") or "HTTP"))
    name = str(endpoint.get("fqdn") or endpoint.get("ipAddress") or "").rstrip(".")
    if scheme is None:
        raise NotEmulated(f"backends by {backend.get('protocol')}")
    tls = backend.get("tlsSettings") or {}
    if tls.get("subjectAltNames") or tls.get("authenticationConfig"):
        raise NotEmulated("tlsSettings with subjectAltNames or authenticationConfig")
    port = int(endpoint.get("port") or (443 if scheme == "https" else 80))
    try:
        got = await kernel.fetch(
            f"{scheme}://{name}:{port}{request.target}",
            method=request.method,
            headers=onward(backend, request),
            body=request.body,
            sni=str(tls.get("sni") or name),
            source=request.address,
        )
    except FetchError as error:
        return answers.origin_failure(error, managed=backend.get("loadBalancingScheme") == "EXTERNAL_MANAGED")
    kept = tuple(pair for pair in got.headers if pair[0].lower() not in answers.NOT_PASSED)
    return EdgeResponse(got.status, (*kept, *_custom(backend.get("customResponseHeaders"))), got.body)


def onward(backend: Mapping[str, Any], request: EdgeRequest) -> Headers:
    """Give the headers that the origin gets: the visitor's, Host among them, and the load balancer's own."""
    custom = _custom(backend.get("customRequestHeaders"))
    replaced = {name.lower() for name, _ in custom}
    before = request.header("x-forwarded-for")
    hops = [*([before] if before else []), request.client, request.address]
    trace = hashlib.sha256(f"{request.client} {request.target}".encode()).hexdigest()
    ours = (
        ("Host", request.header("host")),
        ("X-Forwarded-For", ",".join(hops)),
        ("X-Forwarded-Proto", request.scheme),
        ("Via", _via(request.header("via"))),
        ("X-Cloud-Trace-Context", f"{trace[:32]}/{int(trace[32:46], 16)}"),
    )
    sent = tuple(pair for pair in request.headers if pair[0].lower() not in _OWN)
    return (*(pair for pair in (*ours, *sent) if pair[0].lower() not in replaced), *custom)


def _via(before: str) -> str:
    return f"{before}, 1.1 google" if before else "1.1 google"


def _custom(given: Any) -> Headers:
    """Read custom headers, ``Name:value`` each."""
    pairs = [str(text).partition(":") for text in given or ()]
    if any("{" in value for _, _, value in pairs):
        raise NotEmulated("custom headers with variables")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
