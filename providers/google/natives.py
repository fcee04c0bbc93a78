"""What Google's lists tell, read into values. Pure.

Everything is read from JSON as the REST APIs spell it. A reference to something global of the same project is
kept as its short name: Google answers the same reference with or without a host, with the project's id or
its number.

docs: Compute Engine API v1, Certificate Manager API v1 (discovery documents).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.google.names import LABEL

Native = Mapping[str, Any]

ACTIVE: Final = "ACTIVE"
FAILED: Final = "FAILED"
BESIDE: Final = (
    "defaultCustomErrorResponsePolicy",
    "defaultRouteAction",
    "defaultUrlRedirect",
    "headerAction",
    "hostRules",
    "pathMatchers",
    "tests",
)
"""What a URL map can hold beside the one service that everything goes to."""
_OURS: Final = re.compile(r"projects/([^/]+)/(?:global|locations/global)/(?:[A-Za-z]+/)*([^/]+)$")


def short(reference: object, *projects: str) -> str:
    """Return the short name of a reference to something global of these projects, else the path that it is.

    A relative reference (`global/urlMaps/x`) is of the project that it stands in.
    """
    text = str(reference or "")
    path = text[text.find("projects/") :] if "projects/" in text else text
    found = _OURS.search(path)
    if found is not None and (not projects or found[1] in projects):
        return found[2]
    if path.startswith("global/"):
        return path.rpartition("/")[2]
    return path


# -- the load balancer
@dataclass(frozen=True, slots=True)
class Group:
    """A network endpoint group. `endpoints`: `FQDN:PORT` each; None where they were not asked for."""

    name: str
    description: str = ""
    type: str = ""
    default_port: int | None = None
    endpoints: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend service. Times in seconds; those of Cloud CDN are None where it says nothing.

    negative_ttls  for how long Cloud CDN keeps what is no success, each `STATUS:SECONDS`
    """

    name: str
    description: str = ""
    scheme: str = ""
    protocol: str = ""
    groups: tuple[str, ...] = ()
    timeout_s: int | None = None
    cdn: bool = False
    cache_mode: str | None = None
    default_ttl: int | None = None
    client_ttl: int | None = None
    max_ttl: int | None = None
    negative_caching: bool = False
    negative_ttls: tuple[str, ...] = ()
    request_headers: tuple[str, ...] = ()
    response_headers: tuple[str, ...] = ()
    health_checks: tuple[str, ...] = ()
    iap: bool = False
    security_policy: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class UrlMap:
    """A URL map. `beside`: which members it has that lead requests elsewhere than to the default service."""

    name: str
    description: str = ""
    default_service: str = ""
    beside: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """An SSL policy."""

    name: str
    description: str = ""
    min_tls: str = ""
    profile: str = ""
    features: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class HttpsProxy:
    """A target HTTPS proxy. While it has a certificate map its certificates are not served."""

    name: str
    description: str = ""
    url_map: str = ""
    certificates: tuple[str, ...] = ()
    certificate_map: str | None = None
    ssl_policy: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """A target HTTP proxy."""

    name: str
    description: str = ""
    url_map: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """A reserved address. `address` is empty until Google has given one."""

    name: str
    description: str = ""
    address: str = ""
    type: str = "EXTERNAL"
    ip_version: str = "IPV4"
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A forwarding rule. `port`: as `443` or, for several, as `80-90`."""

    name: str
    description: str = ""
    address: str = ""
    port: str = ""
    protocol: str = ""
    scheme: str = ""
    tier: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Classic:
    """A certificate of the load balancer (sslCertificates).

    domains  what it covers, lower case
    status   Google's word for a managed one, empty for an uploaded one
    told     by host Google's word on each domain of a managed one
    """

    name: str
    description: str = ""
    managed: bool = False
    domains: frozenset[str] = frozenset()
    status: str = ""
    told: tuple[tuple[str, str], ...] = ()
    expires: str = ""

    @property
    def active(self) -> bool:
        return not self.managed or self.status in (ACTIVE, "RENEWAL_FAILED")


def group_from(native: Native, endpoints: Iterable[Native] | None) -> Group:
    """Read a network endpoint group, and a list of its endpoints where one was asked for."""
    told = None
    if endpoints is not None:
        several = [e.get("networkEndpoint", e) for e in endpoints]
        told = tuple(sorted(f"{e.get('fqdn') or e.get('ipAddress')}:{e.get('port')}" for e in several))
    return Group(
        name=_name(native),
        description=_text(native, "description"),
        type=_text(native, "networkEndpointType"),
        default_port=_number(native.get("defaultPort")),
        endpoints=told,
    )


def backend_from(native: Native, *projects: str) -> Backend:
    """Read a backend service."""
    policy = _mapping(native, "cdnPolicy")
    cdn = native.get("enableCDN") is True
    return Backend(
        name=_name(native),
        description=_text(native, "description"),
        scheme=_text(native, "loadBalancingScheme"),
        protocol=_text(native, "protocol"),
        groups=_sorted(short(b.get("group"), *projects) for b in native.get("backends") or ()),
        timeout_s=_number(native.get("timeoutSec")),
        cdn=cdn,
        cache_mode=(policy.get("cacheMode") or None) if cdn else None,
        default_ttl=_number(policy.get("defaultTtl")) if cdn else None,
        client_ttl=_number(policy.get("clientTtl")) if cdn else None,
        max_ttl=_number(policy.get("maxTtl")) if cdn else None,
        negative_caching=cdn and policy.get("negativeCaching") is True,
        negative_ttls=_negative_ttls(policy) if cdn else (),
        request_headers=_sorted(native.get("customRequestHeaders") or ()),
        response_headers=_sorted(native.get("customResponseHeaders") or ()),
        health_checks=_sorted(short(h, *projects) for h in native.get("healthChecks") or ()),
        iap=_mapping(native, "iap").get("enabled") is True,
        security_policy=short(native.get("securityPolicy"), *projects),
        fingerprint=_text(native, "fingerprint"),
    )


def _negative_ttls(policy: Mapping[str, Any]) -> tuple[str, ...]:
    return _sorted(
        f"{row.get('code')}:{_number(row.get('ttl')) or 0}"
        for row in policy.get("negativeCachingPolicy") or ()
    )


def url_map_from(native: Native, *projects: str) -> UrlMap:
    """Read a URL map."""
    return UrlMap(
        name=_name(native),
        description=_text(native, "description"),
        default_service=short(native.get("defaultService"), *projects),
        beside=tuple(name for name in BESIDE if native.get(name)),
        fingerprint=_text(native, "fingerprint"),
    )


def policy_from(native: Native) -> Policy:
    """Read an SSL policy."""
    return Policy(
        name=_name(native),
        description=_text(native, "description"),
        min_tls=_text(native, "minTlsVersion"),
        profile=_text(native, "profile"),
        features=_sorted(native.get("customFeatures") or ()),
        fingerprint=_text(native, "fingerprint"),
    )


def https_proxy_from(native: Native, *projects: str) -> HttpsProxy:
    """Read a target HTTPS proxy."""
    return HttpsProxy(
        name=_name(native),
        description=_text(native, "description"),
        url_map=short(native.get("urlMap"), *projects),
        certificates=tuple(short(c, *projects) for c in native.get("sslCertificates") or ()),
        certificate_map=short(native.get("certificateMap"), *projects) or None,
        ssl_policy=short(native.get("sslPolicy"), *projects) or None,
        fingerprint=_text(native, "fingerprint"),
    )


def http_proxy_from(native: Native, *projects: str) -> HttpProxy:
    """Read a target HTTP proxy."""
    return HttpProxy(
        name=_name(native),
        description=_text(native, "description"),
        url_map=short(native.get("urlMap"), *projects),
        fingerprint=_text(native, "fingerprint"),
    )


def address_from(native: Native, *projects: str) -> Address:
    """Read a reserved address."""
    return Address(
        name=_name(native),
        description=_text(native, "description"),
        address=_text(native, "address"),
        type=_text(native, "addressType") or "EXTERNAL",
        ip_version=_text(native, "ipVersion") or "IPV4",
        users=tuple(short(user, *projects) for user in native.get("users") or ()),
    )


def rule_from(native: Native, *projects: str) -> Rule:
    """Read a forwarding rule; Google answers one port as a range of one."""
    first, _, last = _text(native, "portRange").partition("-")
    return Rule(
        name=_name(native),
        description=_text(native, "description"),
        address=_text(native, "IPAddress"),
        port=first if last in ("", first) else f"{first}-{last}",
        protocol=_text(native, "IPProtocol"),
        scheme=_text(native, "loadBalancingScheme"),
        tier=_text(native, "networkTier"),
        target=short(native.get("target"), *projects),
    )


def classic_from(native: Native) -> Classic:
    """Read a certificate of the load balancer."""
    managed = _mapping(native, "managed")
    is_managed = native.get("type") == "MANAGED" or bool(managed)
    names = [*(managed.get("domains") or ()), *(native.get("subjectAlternativeNames") or ())]
    told = _mapping(managed, "domainStatus")
    return Classic(
        name=_name(native),
        description=_text(native, "description"),
        managed=is_managed,
        domains=frozenset(_plain(name) for name in names),
        status=_text(managed, "status") if is_managed else "",
        told=tuple(sorted((_plain(host), str(word)) for host, word in told.items())),
        expires=_text(native, "expireTime"),
    )


# -- Certificate Manager
@dataclass(frozen=True, slots=True)
class Attempt:
    """The last attempt to authorize a domain."""

    domain: str
    state: str
    reason: str = ""
    details: str = ""
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of Certificate Manager.

    managed  whether Google orders it; `state` is empty for an uploaded one
    issue    why it is not provisioned, as Google calls the reason
    global_  whether it is of the kind that global load balancers take (scope DEFAULT)
    """

    name: str
    owner: str | None = None
    managed: bool = False
    domains: frozenset[str] = frozenset()
    authorizations: tuple[str, ...] = ()
    private: bool = False
    state: str = ""
    issue: str = ""
    details: str = ""
    attempts: tuple[Attempt, ...] = ()
    expires: str = ""
    scope: str = "DEFAULT"

    @property
    def active(self) -> bool:
        return not self.managed or self.state == ACTIVE

    @property
    def failed(self) -> bool:
        return self.managed and self.state == FAILED


@dataclass(frozen=True, slots=True)
class Authorization:
    """A DNS authorization. `record`: name and value of the CNAME that proves the domain."""

    name: str
    domain: str
    owner: str | None = None
    type: str = "FIXED_RECORD"
    record: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """A certificate map. `proxies`: which of the project's proxies serve it (with a forwarding rule)."""

    name: str
    description: str = ""
    owner: str | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a certificate map. `host` is empty for the primary one."""

    map: str
    name: str
    host: str = ""
    owner: str | None = None
    certificates: tuple[str, ...] = ()
    state: str = ""

    @property
    def active(self) -> bool:
        return self.state == ACTIVE


def certificate_from(native: Native, *projects: str) -> Certificate:
    """Read a certificate of Certificate Manager."""
    managed = _mapping(native, "managed")
    issue = _mapping(managed, "provisioningIssue")
    names = [*(managed.get("domains") or ()), *(native.get("sanDnsnames") or ())]
    return Certificate(
        name=short(native.get("name"), *projects),
        owner=_owner(native),
        managed="managed" in native,
        domains=frozenset(_plain(name) for name in names),
        authorizations=tuple(short(a, *projects) for a in managed.get("dnsAuthorizations") or ()),
        private=bool(managed.get("issuanceConfig")),
        state=_text(managed, "state"),
        issue=_text(issue, "reason"),
        details=_text(issue, "details"),
        attempts=tuple(_attempt(a) for a in managed.get("authorizationAttemptInfo") or ()),
        expires=_text(native, "expireTime"),
        scope=_text(native, "scope") or "DEFAULT",
    )


def _attempt(native: Native) -> Attempt:
    issues = _mapping(native, "troubleshooting").get("issues") or ()
    return Attempt(
        domain=_plain(native.get("domain")),
        state=_text(native, "state"),
        reason=_text(native, "failureReason"),
        details=_text(native, "details"),
        issues=tuple(str(issue) for issue in issues),
    )


def authorization_from(native: Native, *projects: str) -> Authorization:
    """Read a DNS authorization; one without a type is of the kind that `global` defaults to."""
    record = _mapping(native, "dnsResourceRecord")
    told = record.get("name") and record.get("data")
    return Authorization(
        name=short(native.get("name"), *projects),
        domain=_plain(native.get("domain")),
        owner=_owner(native),
        type=_text(native, "type") or "FIXED_RECORD",
        record=(_plain(record["name"]), _plain(record["data"])) if told else None,
    )


def map_from(native: Native, *projects: str) -> Map:
    """Read a certificate map."""
    targets = native.get("gclbTargets") or ()
    return Map(
        name=short(native.get("name"), *projects),
        description=_text(native, "description"),
        owner=_owner(native),
        proxies=_sorted(
            short(t["targetHttpsProxy"], *projects) for t in targets if t.get("targetHttpsProxy")
        ),
    )


def entry_from(native: Native, map_: str, *projects: str) -> Entry:
    """Read an entry of a certificate map."""
    return Entry(
        map=map_,
        name=_text(native, "name").rpartition("/")[2],
        host=_plain(native.get("hostname")),
        owner=_owner(native),
        certificates=_sorted(short(c, *projects) for c in native.get("certificates") or ()),
        state=_text(native, "state"),
    )


# -- members
def _name(native: Native) -> str:
    return _text(native, "name")


def _text(native: Native, member: str) -> str:
    return str(native.get(member) or "")


def _mapping(native: Native, member: str) -> Native:
    found = native.get(member)
    return found if isinstance(found, Mapping) else {}


def _number(value: object) -> int | None:
    """Read a number; JSON of Google's has 64-bit ones as text."""
    return int(value) if isinstance(value, (int, str)) and str(value).isdigit() else None


def _owner(native: Native) -> str | None:
    return _mapping(native, "labels").get(LABEL) or None


def _plain(name: object) -> str:
    return str(name or "").lower().rstrip(".")


def _sorted(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted(str(value) for value in values))
