"""Cloud CDN: what a backend service's policy makes of an answer.

docs: Cloud CDN "Caching overview" (cache modes, cacheable status codes, cache keys), "Use negative caching"
(302 and 307 are not cached unless the policy says so), Compute Engine reference "BackendServiceCdnPolicy".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.sandbox.cache import fresh_s
from providers.sandbox.contract import NotEmulated
from providers.sandbox.http1 import EdgeRequest, EdgeResponse

#: Successes; all else is cached by negative caching, or by what the origin says.
SUCCESSES = frozenset({200, 203, 204, 206})
CACHEABLE = SUCCESSES | {300, 301, 302, 307, 308, 404, 405, 410, 421, 451, 501}
#: By default, where the policy has no list of its own.
NEGATIVE_S = {300: 600, 301: 600, 308: 600, 404: 120, 410: 120, 451: 120, 405: 60, 501: 60}
HOUR_S, DAY_S = 3600.0, 86_400.0
STATIC = re.compile(
    r"(text/(css|ecmascript|javascript)|application/(javascript|pdf|postscript|zip|wasm|font.*|x-font.*)"
    r"|image/.*|video/.*|audio/.*|font/.*)"
)
_BEYOND = ("bypassCacheOnRequestHeaders", "signedUrlKeyNames")
_KEY_BEYOND = (
    *("queryStringWhitelist", "queryStringBlacklist", "includeHttpHeaders", "includeNamedCookies"),
)


def policy_of(backend: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the policy of a backend service with Cloud CDN; None without. Raises NotEmulated."""
    if not backend.get("enableCDN"):
        return None
    policy: Mapping[str, Any] = backend.get("cdnPolicy") or {}
    key = policy.get("cacheKeyPolicy") or {}
    beyond = [name for name in _BEYOND if policy.get(name)] + [name for name in _KEY_BEYOND if key.get(name)]
    if beyond:
        raise NotEmulated(f"Cloud CDN's {beyond[0]}")
    return policy


def key(policy: Mapping[str, Any], backend: str, request: EdgeRequest) -> tuple[str, ...]:
    """Give what an answer is kept under: by default scheme, host and the whole URL."""
    parts = policy.get("cacheKeyPolicy") or {}

    def has(name: str) -> bool:
        return bool(parts.get(name)) if parts else True

    return (
        backend,
        request.scheme if has("includeProtocol") else "",
        request.host if has("includeHost") else "",
        request.path,
        request.query if has("includeQueryString") else "",
    )


def kept_s(policy: Mapping[str, Any], answer: EdgeResponse, now: float) -> float:
    """Give for how long an answer is kept; 0: not at all."""
    mode = str(policy.get("cacheMode") or "CACHE_ALL_STATIC")
    if answer.status not in CACHEABLE:
        return 0.0
    if mode == "FORCE_CACHE_ALL":
        forced = answer.status in SUCCESSES
        return _seconds(policy, "defaultTtl", HOUR_S) if forced else _negative_s(policy, answer.status)
    if _forbids(answer, answer.header("cache-control").lower()):
        return 0.0
    told = fresh_s(answer, now)
    if told is not None:
        most = DAY_S if mode == "CACHE_ALL_STATIC" else float("inf")
        return min(told, _seconds(policy, "maxTtl", most))
    if answer.status not in SUCCESSES:
        return _negative_s(policy, answer.status)
    static = STATIC.match(answer.header("content-type").lower())
    return _seconds(policy, "defaultTtl", HOUR_S) if mode == "CACHE_ALL_STATIC" and static else 0.0


def shown(policy: Mapping[str, Any], answer: EdgeResponse) -> EdgeResponse:
    """Give an answer with the Cache-Control that a visitor gets: forced modes say how long he may keep it."""
    if policy.get("cacheMode") != "FORCE_CACHE_ALL" or answer.status not in SUCCESSES:
        return answer
    ttl = min(_seconds(policy, "clientTtl", HOUR_S), _seconds(policy, "defaultTtl", HOUR_S))
    others = tuple(pair for pair in answer.headers if pair[0].lower() not in ("cache-control", "expires"))
    told = ("Cache-Control", f"public, max-age={int(ttl)}")
    return EdgeResponse(answer.status, (*others, told), answer.body)


def _forbids(answer: EdgeResponse, control: str) -> bool:
    """Say whether an answer is not to be kept where the origin is heard."""
    if any(word in control for word in ("no-store", "no-cache", "private")) or answer.header("set-cookie"):
        return True
    names = {name.strip().lower() for name in answer.header("vary").split(",") if name.strip()}
    return bool(names - {"accept", "accept-encoding", "origin", "x-origin", "x-goog-allowed-resources"})


def _negative_s(policy: Mapping[str, Any], status: int) -> float:
    """Give for how long an error or a redirect is kept; 0 where no rule says so."""
    if not policy.get("negativeCaching", True):
        return 0.0
    if listed := policy.get("negativeCachingPolicy"):
        return next((float(each.get("ttl", 0)) for each in listed if each["code"] == status), 0.0)
    return float(NEGATIVE_S.get(status, 0))


def _seconds(policy: Mapping[str, Any], name: str, default: float) -> float:
    given = policy.get(name)
    return default if given is None else float(given)
