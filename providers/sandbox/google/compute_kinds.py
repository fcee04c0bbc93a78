"""The nine collections: members, their form, defaults; what refers to what.

docs: Compute Engine REST reference v1, of each resource. Members that it has and that are not named here are
not emulated (501); others are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.sandbox.contract import NotEmulated

from .call import Refusal
from .compute_refusals import invalid
from .compute_state import HOST, Body, link_of

#: The form of a member: a type, several words, or the collection that a link leads to.
Form = type | frozenset[str] | str
SCHEMES = frozenset({"EXTERNAL", "EXTERNAL_MANAGED"})


def words(*each: str) -> frozenset[str]:
    """Give the words that a member may be."""
    return frozenset(each)


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection. `word` is its name in refusals, `rights` in permissions, `quota` its metric.

    `beyond` are members of the reference that are not emulated; `shown` only the answer has.
    """

    collection: str
    word: str
    rights: str
    quota: str
    members: Mapping[str, Form]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    beyond: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    fingerprint: bool = False
    labels: bool = False

    @property
    def kind(self) -> str:
        """What its resources have as `kind`."""
        singular = "addresses" if self.collection == "addresses" else self.collection
        return f"compute#{_singular(singular)}"

    @property
    def parameter(self) -> str:
        """Its name in paths."""
        return _singular(self.collection)


def _singular(plural: str) -> str:
    for ending, one in (("addresses", "address"), ("ies", "y")):
        if plural.endswith(ending):
            return plural.removesuffix(ending) + one
    return plural[:-2] if plural.endswith("xies") else plural.removesuffix("s")


COMMON: Mapping[str, Form] = {"name": str, "description": str}
OUTPUT = frozenset({"kind", "id", "selfLink", "creationTimestamp", "region"})

KINDS: Mapping[str, Kind] = {
    kind.collection: kind
    for kind in (
        Kind(
            "networkEndpointGroups",
            "network_endpoint_group",
            "networkEndpointGroups",
            "NETWORK_ENDPOINT_GROUPS",
            {
                **COMMON,
                "networkEndpointType": words("INTERNET_FQDN_PORT", "INTERNET_IP_PORT"),
                "defaultPort": int,
                "annotations": dict,
            },
            shown=frozenset({"size"}),
            beyond=frozenset({"network", "subnetwork", "zone", "appEngine", "cloudFunction", "cloudRun"}),
        ),
        Kind(
            "backendServices",
            "backend_service",
            "backendServices",
            "BACKEND_SERVICES",
            {
                **COMMON,
                "backends": list,
                "healthChecks": list,
                "timeoutSec": int,
                "port": int,
                "portName": str,
                "protocol": words("HTTP", "HTTPS", "HTTP2"),
                "loadBalancingScheme": SCHEMES,
                "enableCDN": bool,
                "cdnPolicy": dict,
                "sessionAffinity": words("NONE"),
                "affinityCookieTtlSec": int,
                "connectionDraining": dict,
                "customRequestHeaders": list,
                "customResponseHeaders": list,
                "localityLbPolicy": str,
                "logConfig": dict,
                "tlsSettings": dict,
                "compressionMode": words("DISABLED", "AUTOMATIC"),
            },
            {
                "description": "",
                "timeoutSec": 30,
                "enableCDN": False,
                "protocol": "HTTP",
                "loadBalancingScheme": "EXTERNAL",
                "sessionAffinity": "NONE",
                "affinityCookieTtlSec": 0,
                "connectionDraining": {"drainingTimeoutSec": 0},
            },
            beyond=frozenset(
                {
                    *("circuitBreakers", "consistentHash", "outlierDetection", "securitySettings", "iap"),
                    *("failoverPolicy", "localityLbPolicies", "serviceLbPolicy", "customMetrics"),
                    *("externalManagedMigrationState", "externalManagedMigrationTestingPercentage"),
                    *("ipAddressSelectionPolicy", "network", "params", "subsetting", "serviceBindings"),
                    *("maxStreamDuration", "strongSessionAffinityCookie", "metadatas"),
                }
            ),
            shown=frozenset({"usedBy", "securityPolicy", "edgeSecurityPolicy"}),
            fingerprint=True,
        ),
        Kind(
            "urlMaps",
            "url_map",
            "urlMaps",
            "URL_MAPS",
            {
                **COMMON,
                "defaultService": "backendServices",
                "defaultUrlRedirect": dict,
                "hostRules": list,
                "pathMatchers": list,
                "tests": list,
            },
            beyond=frozenset({"defaultRouteAction", "headerAction", "defaultCustomErrorResponsePolicy"}),
            fingerprint=True,
        ),
        Kind(
            "sslCertificates",
            "ssl_certificate",
            "sslCertificates",
            "SSL_CERTIFICATES",
            {
                **COMMON,
                "type": words("MANAGED", "SELF_MANAGED"),
                "managed": dict,
                "selfManaged": dict,
                "certificate": str,
                "privateKey": str,
            },
            shown=frozenset({"expireTime", "subjectAlternativeNames"}),
        ),
        Kind(
            "sslPolicies",
            "ssl_policy",
            "sslPolicies",
            "SSL_POLICIES",
            {
                **COMMON,
                "profile": words("COMPATIBLE", "MODERN", "RESTRICTED", "FIPS_202205"),
                "minTlsVersion": words("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3"),
            },
            {"profile": "COMPATIBLE", "minTlsVersion": "TLS_1_0"},
            beyond=frozenset({"customFeatures", "postQuantumKeyExchange"}),
            shown=frozenset({"enabledFeatures", "warnings"}),
            fingerprint=True,
        ),
        Kind(
            "targetHttpsProxies",
            "target_https_proxy",
            "targetHttpsProxies",
            "TARGET_HTTPS_PROXIES",
            {
                **COMMON,
                "urlMap": "urlMaps",
                "sslCertificates": list,
                "certificateMap": str,
                "sslPolicy": "sslPolicies",
                "quicOverride": words("NONE", "ENABLE", "DISABLE"),
                "tlsEarlyData": words("DISABLED", "PERMISSIVE", "STRICT", "UNRESTRICTED"),
                "httpKeepAliveTimeoutSec": int,
            },
            {"quicOverride": "NONE"},
            beyond=frozenset({"authorizationPolicy", "serverTlsPolicy", "proxyBind"}),
            fingerprint=True,
        ),
        Kind(
            "targetHttpProxies",
            "target_http_proxy",
            "targetHttpProxies",
            "TARGET_HTTP_PROXIES",
            {**COMMON, "urlMap": "urlMaps", "httpKeepAliveTimeoutSec": int},
            beyond=frozenset({"proxyBind"}),
            fingerprint=True,
        ),
        Kind(
            "addresses",
            "address",
            "globalAddresses",
            "STATIC_ADDRESSES",
            {
                **COMMON,
                "address": str,
                "addressType": words("EXTERNAL"),
                "ipVersion": words("IPV4"),
                "networkTier": words("PREMIUM"),
                "labels": dict,
            },
            {"description": "", "addressType": "EXTERNAL", "networkTier": "PREMIUM"},
            beyond=frozenset({"network", "subnetwork", "prefixLength", "purpose", "ipCollection"}),
            shown=frozenset({"status", "users"}),
            labels=True,
        ),
        Kind(
            "forwardingRules",
            "forwarding_rule",
            "globalForwardingRules",
            "FORWARDING_RULES",
            {
                **COMMON,
                "IPAddress": str,
                "IPProtocol": words("TCP"),
                "portRange": str,
                "target": str,
                "loadBalancingScheme": SCHEMES,
                "networkTier": words("PREMIUM"),
                "ipVersion": words("IPV4"),
                "labels": dict,
            },
            {"IPProtocol": "TCP", "loadBalancingScheme": "EXTERNAL", "networkTier": "PREMIUM"},
            beyond=frozenset(
                {"allPorts", "ports", "network", "subnetwork", "backendService", "sourceIpRanges"}
            ),
            shown=frozenset({"fingerprint", "labelFingerprint"}),
            labels=True,
        ),
    )
}


def formed(kind: Kind, given: Any, project: str) -> Body:
    """Give the members of a request that may be written, links spelt in full.

    Null and what only answers have is left out. Raises Refusal, NotEmulated.
    """
    if not isinstance(given, Mapping):
        raise Refusal(400, "required", "Required parameter: resource")
    body: Body = {}
    for name, value in given.items():
        if name in OUTPUT or name in kind.shown or name in ("fingerprint", "labelFingerprint"):
            continue
        if name in kind.beyond and value not in (None, "", [], {}, False, 0):
            raise NotEmulated(f"{kind.collection} with {name}")
        if name not in kind.members and name not in kind.beyond:
            unknown = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            raise Refusal(400, "badRequest", unknown)
        if name in kind.members and value is not None:
            body[name] = _judged(kind.members[name], name, value, project)
    return body


def _judged(form: Form, name: str, value: Any, project: str) -> Any:
    if isinstance(form, str):
        return linked(value, form, project, name)
    if isinstance(form, frozenset):
        if value not in form:
            raise invalid(name, value)
        return value
    if not isinstance(value, form) or (form is int and isinstance(value, bool)):
        raise invalid(name, value)
    return value


def linked(value: Any, collection: str, project: str, name: str) -> str:
    """Spell a reference in full: a URL, or the end of one from ``projects/`` or ``global/`` on."""
    path = str(value)
    if "projects/" in path:
        owner, _, rest = path.partition("projects/")[2].partition("/")
    else:
        owner, rest = project, path.removeprefix("/")
    scope, _, tail = rest.partition("/")
    found, _, target = tail.partition("/")
    if scope != "global" or found != collection or not target or "/" in target:
        raise invalid(name, value, "The URL is malformed.")
    if owner != project:
        raise NotEmulated(f"a reference to another project ({value})")
    return link_of(project, collection, target)


def references(body: Any) -> Iterator[tuple[str, str]]:
    """Give what a body refers to, as (collection, name); its own URL is not kept in it."""
    if isinstance(body, str) and body.startswith(HOST) and "/global/" in body:
        collection, _, name = body.rpartition("/global/")[2].partition("/")
        yield collection, name
    elif isinstance(body, Mapping):
        for value in body.values():
            yield from references(value)
    elif isinstance(body, list):
        for value in body:
            yield from references(value)
