"""What the edge makes of an origin's answer: how long it is kept; and the pages that are its own.

docs: Fastly guides "Cache freshness and TTLs", "How caching and CDNs work" (which statuses are kept),
"Serving stale content", "Common 503 errors"; the VCL that Fastly generates passes set-cookie and private.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.cache import fresh_s
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeResponse

from .edge_rules import Rules, on

CACHED = frozenset({200, 203, 300, 301, 302, 404, 410})
#: Of the origin's headers, those that are for the edge only, and those that the edge says itself.
NOT_PASSED = frozenset(
    {
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"),
        *("surrogate-control", "age", "x-cache", "x-cache-hits", "x-served-by"),
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long an answer is kept, and for how long after that it serves where the origin fails."""

    ttl_s: float = 0.0
    stale_s: float = 0.0


def unknown_domain(host: str) -> EdgeResponse:
    """Give the page for a host that no active service has."""
    return _page(
        500,
        f"Fastly error: unknown domain: {host}. Please check that this domain has been added to a service.",
    )


def misdirected(host: str, names: tuple[str, ...]) -> EdgeResponse:
    """Give the page for a host that the connection's certificate is not for."""
    return _page(
        421,
        "Requested host does not match any Subject Alternative Names (SANs) on TLS certificate "
        f"[{', '.join(names)}] in use with this connection: {host}.",
    )


def failure(what: str) -> EdgeResponse:
    """Give the page for an origin that could not be asked."""
    return _page(503, f"Error 503 {what}")


def origin_failure(error: FetchError) -> EdgeResponse:
    """Give the page for what went wrong on the way to the origin."""
    mismatch = "hostname doesn't match against certificate" in str(error) or "mismatch" in str(error).lower()
    return failure(
        {
            "dns": "Backend is unhealthy: the host name does not resolve",
            "connect": "Connection refused",
            "timeout": "first byte timeout",
            "tls": "hostname doesn't match against certificate" if mismatch else "SSL handshake error",
        }.get(error.stage, "backend read error")
    )


def redirect(location: str) -> EdgeResponse:
    """Give the redirect of forced TLS."""
    return EdgeResponse(301, (("Retry-After", "0"), ("Location", location), ("X-Edge", "force_ssl")))


def _page(status: int, text: str) -> EdgeResponse:
    headers = (("Server", "Varnish"), ("Content-Type", "text/html; charset=utf-8"), ("X-Edge", "own"))
    return EdgeResponse(status, headers, text.encode())


def kept_for(rules: Rules, response: EdgeResponse, now: float, *, keeps_no_store: bool) -> Kept:
    """Give for how long an answer is kept, by its headers, the version's settings and cache settings."""
    control = response.header("cache-control").lower()
    settings = rules.version.settings
    stale_s = _stale_s(settings, control)
    private = "private" in control or ("no-store" in control and not keeps_no_store)
    rule = next(rules.applying("cache_settings", "cache_condition", response), None)
    action = str((rule or {}).get("action") or "")
    if action == "pass" or response.header("x-edge"):
        return Kept()
    if rule is not None and action in ("deliver", "cache"):
        return Kept(float(rule.get("ttl") or 0), float(rule.get("stale_ttl") or stale_s))
    if response.header("set-cookie") or private or response.status not in CACHED:
        return Kept()
    seconds = told(response, now)
    if seconds is None:  # a cache setting that does not end the matter is overruled by the fallback
        return Kept(float(settings.get("general.default_ttl") or 0), stale_s)
    return Kept(float(rule.get("ttl") or 0) if rule is not None else seconds, stale_s)


def told(response: EdgeResponse, now: float) -> float | None:
    """Give for how long the origin says that its answer holds; None where it does not say."""
    if found := re.search(r"\bmax-age=(\d+)", response.header("surrogate-control").lower()):
        return float(found[1])
    return fresh_s(response, now)


def _stale_s(settings: Mapping[str, Any], control: str) -> float:
    if found := re.search(r"stale-if-error=(\d+)", control):
        return float(found[1])
    if on(settings.get("general.stale_if_error")):
        return float(settings.get("general.stale_if_error_ttl") or 0)
    return 0.0
