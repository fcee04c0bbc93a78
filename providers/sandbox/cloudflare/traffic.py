"""What a zone's rules and settings do to one request: pure, a decision before anything is fetched.

docs: "Traffic sequence" (redirects, transforms, configuration, origin and cache rules in this
order), "Always Use HTTPS", "Configuration Rules" (the last matching rule wins), "Cache Rules".
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import settings
from .expressions import Fields, parse
from .state import Record, Rule, Zone

DEFAULT_STATUSES = frozenset({301, 302, 307, 308})
# docs: Default cache behavior: what is cached without any rule goes by extension; a few will do.
CACHED_EXTENSIONS = frozenset(
    {
        "css",
        "js",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "ico",
        "svg",
        "webp",
        "woff",
        "woff2",
        "pdf",
        "zip",
        "mp4",
        "csv",
    }
)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How one request is cached. `edge_ttl_s` None: as the origin says, or Cloudflare's defaults."""

    eligible: bool
    bypassed: bool = False
    edge_mode: str = "respect_origin"
    edge_ttl_s: int | None = None
    browser_mode: str | None = None
    browser_ttl_s: int | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that the edge gives itself."""

    status: int
    location: str


def record_for(zone: Zone, host: str) -> Record | None:
    """Give the proxied record that a host is served by: its own, or the closest wildcard's."""
    names = {record.name for record in zone.records.values()}
    name = host
    while name not in names:
        parent = host.partition(".")[2] if name == host else name.partition(".")[2]
        if not parent or not zone.holds(parent):
            return None
        name = f"*.{parent}" if f"*.{parent}" in names else parent
        if name == parent and parent in names:
            return None  # RFC 4592: the closest name that exists has no wildcard below it
    chosen = [r for r in zone.records.values() if r.name == name and r.proxied]
    return next(iter(chosen), None)


def matching(zone: Zone, phase: str, fields: Fields) -> Iterator[Rule]:
    """Give the enabled rules of a phase that match, in order."""
    ruleset = zone.entry_point(phase)
    for rule in ruleset.rules if ruleset else ():
        if rule.enabled and parse(str(rule.body["expression"]))(fields):
            yield rule


def page_actions(zone: Zone, fields: Fields) -> dict[str, Any]:
    """Give the actions of the first active page rule whose URL matches (only one applies)."""
    for rule in sorted(zone.page_rules, key=lambda r: -int(r["priority"])):
        if rule["status"] == "active" and any(_page_match(t, fields) for t in rule["targets"]):
            return {str(action["id"]): action.get("value", True) for action in rule["actions"]}
    return {}


def _page_match(target: Mapping[str, Any], fields: Fields) -> bool:
    pattern = str(target["constraint"]["value"])
    url = str(fields["http.request.full_uri"])
    if "://" not in pattern:
        url = url.partition("://")[2]
        pattern = pattern if "/" in pattern else f"{pattern}/"
    return fnmatch.fnmatchcase(url, pattern.replace("[", "[[]").replace("?", "[?]"))


def config(zone: Zone, fields: Fields) -> dict[str, Any]:
    """Give the settings in force for a request: the zone's, page rule, then configuration rules."""
    names = ("ssl", "always_use_https", "automatic_https_rewrites", "security_level")
    out = {name: settings.value(zone, name) for name in names}
    out |= page_actions(zone, fields)
    for rule in matching(zone, "http_config_settings", fields):
        out |= rule.parameters
    return out


def redirect(zone: Zone, fields: Fields, in_force: Mapping[str, Any]) -> Redirect | None:
    """Give the redirect that the edge answers, if any."""
    url, host = str(fields["http.request.full_uri"]), str(fields["http.host"])
    if not fields["ssl"] and in_force.get("always_use_https") in {"on", True}:
        return Redirect(301, f"https://{host}{fields['http.request.uri']}")
    forwarding = in_force.get("forwarding_url")
    if isinstance(forwarding, Mapping):
        return Redirect(int(forwarding.get("status_code", 302)), str(forwarding["url"]))
    for rule in matching(zone, "http_request_dynamic_redirect", fields):
        value = rule.parameters.get("from_value", {})
        target = value.get("target_url", {}).get("value")
        if target is None:  # an expression: the one that upgrades to https is all that is understood
            target = url.replace("http://", "https://", 1)
        kept = f"?{fields['http.request.uri.query']}" if value.get("preserve_query_string") else ""
        return Redirect(int(value.get("status_code", 301)), target + kept)
    return None


def blocked(zone: Zone, fields: Fields) -> str | None:
    """Give the action of the firewall rule that stops a request, if one does."""
    for rule in matching(zone, "http_request_firewall_custom", fields):
        if rule.action == "skip":
            return None
        if rule.action != "log":
            return rule.action
    return None


def origin_host(
    zone: Zone, fields: Fields, in_force: Mapping[str, Any], *, sni: str | None = None
) -> tuple[str, str, str | None]:
    """Give Host header, TLS name (`sni` unless a rule has one) and overriding origin for the origin."""
    host = str(fields["http.host"])
    header = str(in_force.get("host_header_override") or host)
    target = in_force.get("resolve_override")
    for rule in matching(zone, "http_request_origin", fields):
        header = str(rule.parameters.get("host_header") or header)
        sni = (rule.parameters.get("sni") or {}).get("value") or sni
        target = (rule.parameters.get("origin") or {}).get("host") or target
    return header, str(sni or header), str(target) if target else None


def rewritten(zone: Zone, fields: Fields) -> str:
    """Give path and query after the URL rewrite rules."""
    path, query = str(fields["http.request.uri.path"]), str(fields["http.request.uri.query"])
    for rule in matching(zone, "http_request_transform", fields):
        uri = rule.parameters.get("uri") or {}
        path = str((uri.get("path") or {}).get("value", path))
        query = str((uri.get("query") or {}).get("value", query))
    return f"{path}?{query}" if query else path


def header_changes(zone: Zone, phase: str, fields: Fields) -> dict[str, str | None]:
    """Give what the header rules of a phase set (a value) or remove (None)."""
    out: dict[str, str | None] = {}
    for rule in matching(zone, phase, fields):
        for name, change in (rule.parameters.get("headers") or {}).items():
            removed = change.get("operation") == "remove"
            out[str(name)] = None if removed else str(change.get("value", change.get("expression", "")))
    return out


def cache_policy(zone: Zone, fields: Fields, in_force: Mapping[str, Any]) -> CachePolicy:
    """Give how a request is cached: by extension, unless cache rules (or a page rule) say otherwise."""
    eligible = str(fields["http.request.uri.path.extension"]) in CACHED_EXTENSIONS
    merged: dict[str, Any] = {}
    if in_force.get("cache_level") == "cache_everything":
        merged["cache"] = True
        if "edge_cache_ttl" in in_force:
            merged["edge_ttl"] = {"mode": "override_origin", "default": in_force["edge_cache_ttl"]}
    if in_force.get("cache_level") == "bypass":
        merged["cache"] = False
    for rule in matching(zone, "http_request_cache_settings", fields):
        merged |= rule.parameters
    if merged.get("cache") is False:
        return CachePolicy(eligible=False, bypassed=True)
    edge, browser = merged.get("edge_ttl") or {}, merged.get("browser_ttl") or {}
    ttl = edge.get("default") if edge.get("mode") == "override_origin" else None
    return CachePolicy(
        eligible=bool(merged.get("cache", eligible)),
        edge_mode=str(edge.get("mode", "respect_origin")),
        edge_ttl_s=None if ttl is None else max(int(ttl), zone.plan.edge_ttl_s) if ttl else 0,
        browser_mode=browser.get("mode"),
        browser_ttl_s=browser.get("default"),
    )
