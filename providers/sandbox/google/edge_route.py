"""What a URL map makes of a request: a backend service, or a redirect.

docs: Cloud Load Balancing "URL maps overview" (host rules, path matchers with path rules, default service and
default redirect). What rewrites, splits or matches further is not emulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.contract import NotEmulated
from providers.sandbox.http1 import EdgeRequest

REDIRECTS = {
    "MOVED_PERMANENTLY_DEFAULT": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
_BEYOND = (
    *("defaultRouteAction", "routeAction", "routeRules", "headerAction", "defaultCustomErrorResponsePolicy"),
    "customErrorResponsePolicy",
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes: the URL of a backend service, or a redirect."""

    service: str = ""
    status: int = 0
    location: str = ""


def route(url_map: Mapping[str, Any], request: EdgeRequest) -> Route:
    """Route a request. Raises NotEmulated."""
    matcher = _matcher(url_map, request.host)
    for each in (url_map, matcher or {}):
        if beyond := [name for name in _BEYOND if each.get(name)]:
            raise NotEmulated(f"{beyond[0]} of a URL map")
    rule = _path_rule(matcher, request.path) if matcher is not None else None
    if rule is not None:
        if beyond := [name for name in _BEYOND if rule.get(name)]:
            raise NotEmulated(f"{beyond[0]} of a path rule")
        return _chosen(rule.get("service"), rule.get("urlRedirect"), request)
    chosen = url_map if matcher is None else matcher
    return _chosen(chosen.get("defaultService"), chosen.get("defaultUrlRedirect"), request)


def _chosen(service: Any, redirect: Any, request: EdgeRequest) -> Route:
    if service:
        return Route(str(service))
    return _redirect(redirect or {}, request)


def _matcher(url_map: Mapping[str, Any], host: str) -> Mapping[str, Any] | None:
    matchers = {each["name"]: each for each in url_map.get("pathMatchers") or ()}
    rules = [
        (pattern, rule["pathMatcher"]) for rule in url_map.get("hostRules") or () for pattern in rule["hosts"]
    ]
    for wanted in _patterns(host):
        for pattern, name in rules:
            if pattern.lower() == wanted:
                found: Mapping[str, Any] = matchers[name]
                return found
    return None


def _patterns(host: str) -> Iterator[str]:
    """Give the patterns that match a host, the closest first."""
    yield host
    labels = host.split(".")
    yield from ("*." + ".".join(labels[at:]) for at in range(1, len(labels)))
    yield "*"


def _path_rule(matcher: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """Give the path rule with the longest path that matches."""
    best: tuple[int, Mapping[str, Any]] | None = None
    for rule in matcher.get("pathRules") or ():
        for pattern in rule["paths"]:
            hit = path == pattern or (pattern.endswith("/*") and path.startswith(pattern[:-1]))
            if hit and (best is None or len(pattern) > best[0]):
                best = (len(pattern), rule)
    return best[1] if best else None


def _redirect(action: Mapping[str, Any], request: EdgeRequest) -> Route:
    if action.get("prefixRedirect"):
        raise NotEmulated("prefixRedirect")
    scheme = "https" if action.get("httpsRedirect") else request.scheme
    host = action.get("hostRedirect") or request.header("host")
    query = f"?{request.query}" if request.query and not action.get("stripQuery") else ""
    code = str(action.get("redirectResponseCode") or "MOVED_PERMANENTLY_DEFAULT")
    location = f"{scheme}://{host}{action.get('pathRedirect') or request.path}{query}"
    return Route(status=REDIRECTS[code], location=location)
