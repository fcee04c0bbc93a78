"""The user's own rules that would break links, or count them wrongly: found and named. Pure.

Only rules that can match the tracking host are named: for certain where the expression says so,
"may" where it tests what is not known. docs: SparkPost identifies a link by its Host header, and
the visitor by User-Agent and client address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from providers.cloudflare.expression import Match, host_match, url_match
from providers.cloudflare.findings import error, warning
from providers.cloudflare.names import (
    CACHE_PHASE,
    CONFIG_PHASE,
    HEADER_PHASE,
    ORIGIN_PHASE,
    REDIRECT_PHASE,
    REWRITE_PHASE,
    owner_of,
)
from providers.cloudflare.zones import PageRule, Rule, ZoneState
from reconciler.model import Finding

_EXCLUDE: Final = "exclude the tracking hosts from that rule, or remove it"


@dataclass(frozen=True, slots=True)
class Harm:
    """What a rule does to links: whether it breaks them, and how that is told."""

    breaks: bool
    text: str


def rule_findings(host: str, zone: ZoneState) -> Iterator[Finding]:
    """Name every rule and setting of the zone that stands in the way of links on host."""
    for phase, (kind, harms) in _PHASES.items():
        for rule in zone.rules(phase):
            match = host_match(rule.expression, host) if rule.enabled else Match.NO
            for harm in harms(rule) if match else ():
                yield _told(host, f"{kind} {rule.title} in zone {zone.name}", match, harm)
    for page_rule in zone.page_rules:
        match = _page_match(page_rule, host)
        for harm in _page_harms(page_rule) if match else ():
            title = f"Page Rule {page_rule.pattern} ({page_rule.id}) in zone {zone.name}"
            yield _told(host, title, match, harm)
    yield from _overruled(host, zone)
    yield from _setting_findings(host, zone)


def _told(host: str, rule: str, match: Match, harm: Harm) -> Finding:
    if match is Match.YES and harm.breaks:
        return error(host, f"{rule} {harm.text}", _EXCLUDE, "cdn")
    may = "" if match is Match.YES else "may match tracking links: it "
    return warning(host, f"{rule} {may}{harm.text}", _EXCLUDE, "cdn")


# -- rules
def _header_harms(rule: Rule) -> Iterator[Harm]:
    headers = rule.parameters.get("headers")
    names = {str(name).lower() for name in headers} if isinstance(headers, Mapping) else set()
    if names & {"host", "x-forwarded-host"}:
        yield Harm(breaks=True, text="rewrites Host: SparkPost could not tell whose link it is")
    if "user-agent" in names:
        yield Harm(breaks=False, text="rewrites User-Agent: opens and clicks would be told apart wrongly")


def _path_harms(rule: Rule) -> Iterator[Harm]:
    if isinstance(rule.parameters.get("uri"), Mapping):
        yield Harm(breaks=True, text="rewrites the URL: SparkPost could not find the link")


def _origin_harms(rule: Rule) -> Iterator[Harm]:
    if rule.parameters.get("host_header"):
        yield Harm(breaks=True, text="rewrites Host: SparkPost could not tell whose link it is")
    if isinstance(rule.parameters.get("origin"), Mapping):
        yield Harm(breaks=True, text="sends requests to another origin than SparkPost")
    if rule.parameters.get("sni"):
        yield Harm(breaks=False, text="sends another server name (SNI) to SparkPost")


def _redirect_harms(_rule: Rule) -> Iterator[Harm]:
    yield Harm(breaks=True, text="redirects before SparkPost sees the click")


_PHASES: Final[Mapping[str, tuple[str, Callable[[Rule], Iterator[Harm]]]]] = {
    HEADER_PHASE: ("Transform Rule", _header_harms),
    REWRITE_PHASE: ("Transform Rule", _path_harms),
    ORIGIN_PHASE: ("Origin Rule", _origin_harms),
    REDIRECT_PHASE: ("Redirect Rule", _redirect_harms),
}


# -- page rules
def _page_match(rule: PageRule, host: str) -> Match:
    if not rule.enabled:
        return Match.NO
    return url_match(rule.pattern, host) if rule.operator == "matches" else Match.MAYBE


def _page_harms(rule: PageRule) -> Iterator[Harm]:
    if "host_header_override" in rule.actions:
        yield Harm(breaks=True, text="rewrites Host: SparkPost could not tell whose link it is")
    if "resolve_override" in rule.actions:
        yield Harm(breaks=True, text="sends requests to another origin than SparkPost")
    if "forwarding_url" in rule.actions:
        yield Harm(breaks=True, text="redirects before SparkPost sees the click")
    if "always_use_https" in rule.actions:
        yield Harm(
            breaks=True, text="redirects http links to https: links in mail already sent lose their click"
        )


# -- rules that come after tdr's, which win over them
def _overruled(host: str, zone: ZoneState) -> Iterator[Finding]:
    for phase, kind, names, breaks in (
        (CONFIG_PHASE, "Configuration Rule", {"ssl"}, True),
        (CACHE_PHASE, "Cache Rule", {"cache", "edge_ttl"}, False),
    ):
        rules = zone.rules(phase)
        ours = [at for at, rule in enumerate(rules) if _is_ours(phase, rule, host)]
        for rule in rules[max(ours, default=len(rules)) + 1 :]:
            match = host_match(rule.expression, host) if rule.enabled else Match.NO
            if match and names & rule.parameters.keys():
                harm = Harm(breaks, "comes after tdr's rule and overrules it")
                yield _told(host, f"{kind} {rule.title} in zone {zone.name}", match, harm)


def _is_ours(phase: str, rule: Rule, host: str) -> bool:
    return owner_of(phase, rule.ref) is not None and host_match(rule.expression, host) is Match.YES


def cached_by_others(host: str, zone: ZoneState) -> Iterator[Finding]:
    """Name the rules that make links cacheable, where tdr has no cache rule to shorten that."""
    for rule in zone.rules(CACHE_PHASE):
        match = host_match(rule.expression, host) if rule.enabled else Match.NO
        if match and rule.parameters.get("cache") is True and owner_of(CACHE_PHASE, rule.ref) is None:
            yield _told(host, f"Cache Rule {rule.title} in zone {zone.name}", match, _CACHED)
    for page_rule in zone.page_rules:
        match = _page_match(page_rule, host)
        if match and page_rule.actions.get("cache_level") == "cache_everything":
            title = f"Page Rule {page_rule.pattern} ({page_rule.id}) in zone {zone.name}"
            yield _told(host, title, match, _CACHED)


_CACHED: Final = Harm(breaks=False, text="caches links: repeated opens and clicks would not be recorded")


# -- settings of the zone
def _setting_findings(host: str, zone: ZoneState) -> Iterator[Finding]:
    if zone.settings.get("always_use_https") == "on":
        text = f"zone {zone.name} has Always Use HTTPS on: http links are redirected before they are tracked"
        lift = (
            "turn it off (SSL/TLS, Edge Certificates) and redirect the zone's other hosts by a rule that "
            "leaves this one out"
        )
        yield error(host, text, lift, "cdn")
    header = zone.settings.get("security_header")
    policy = header.get("strict_transport_security") if isinstance(header, Mapping) else None
    if isinstance(policy, Mapping) and policy.get("enabled"):
        reach = " and all hosts below it" if policy.get("include_subdomains") else ""
        text = (
            f"zone {zone.name} sends HSTS for its hosts{reach}: browsers that saw it open http tracking "
            "links over https only, which fails until the edge has a certificate"
        )
        yield warning(host, text, "let https work before mail with http links goes out", "cdn")
