"""What Compute Engine checks of a resource before it takes it, and what it fills in.

docs: REST reference of each resource; "Internet network endpoint groups overview" (one endpoint, no health
check, no balancing mode); "Quotas and limits" of load balancing; "Use custom headers"; "Cloud CDN: caching".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from providers.sandbox.contract import NotEmulated

from . import classic
from .addresses import EDGE_ADDRESSES
from .call import Call
from .compute_kinds import Kind, linked, references
from .compute_refusals import invalid, not_found, not_ready, required
from .compute_state import Body, path_of
from .compute_switches import BACKEND_ANSWER, BALANCING

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
MOST_CERTIFICATES = 15
MOST_HEADERS = 16
MAP_PREFIX = "//certificatemanager.googleapis.com/"
#: docs: "SSL policies overview": what a profile enables; the few that tell profiles apart.
FEATURES = {
    "COMPATIBLE": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"],
    "MODERN": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"],
    "RESTRICTED": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    "FIPS_202205": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
}
CDN_DEFAULTS: Mapping[str, Any] = {
    "cacheKeyPolicy": {"includeProtocol": True, "includeHost": True, "includeQueryString": True},
    "signedUrlCacheMaxAgeSec": "0",
    "cacheMode": "CACHE_ALL_STATIC",
    "negativeCaching": False,
    "requestCoalescing": True,
    "serveWhileStale": 0,
}
CACHE_MODES = ("CACHE_ALL_STATIC", "FORCE_CACHE_ALL", "USE_ORIGIN_HEADERS")
CDN_BEYOND = ("bypassCacheOnRequestHeaders", "signedUrlKeyNames")
#: docs: BackendServiceCdnPolicyNegativeCachingPolicy: which statuses a policy may name, and for how long.
NEGATIVE_CODES = (300, 301, 302, 307, 308, 404, 405, 410, 421, 451, 501)
MOST_NEGATIVE_S = 1800


def checked(call: Call, kind: Kind, body: Body) -> Body:
    """Give a whole resource as it is kept. Raises Refusal for what is wrong with it."""
    if not NAME.fullmatch(str(body.get("name", ""))):
        if "name" not in body:
            raise required("name")
        pattern = "(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"
        raise invalid("name", body["name"], f"Must be a match of regex '{pattern}'")
    rule = RULES.get(kind.collection)
    kept = rule(call, body) if rule else body
    for collection, name in references(kept):
        standing(call, collection, name)
    return kept


def standing(call: Call, collection: str, name: str) -> Body:
    """Give a resource that another is to refer to; raises Refusal unless it is there and finished."""
    path = path_of(call.project.id, collection, name)
    found = call.project.compute.body(collection, name, call.now)
    if found is None:
        coming = call.project.compute.coming(collection, name, call.now)
        raise not_found(path) if coming is None else not_ready(path)
    return found


def _group(_: Call, body: Body) -> Body:
    if "networkEndpointType" not in body:
        raise required("networkEndpointType")
    if not 0 < body.get("defaultPort", 443) < 65536:
        raise invalid("defaultPort", body["defaultPort"])
    return {"size": 0, "_endpoints": [], **body}


def _backend_service(call: Call, body: Body) -> Body:
    backends = [_backend(call, each, at) for at, each in enumerate(body.get("backends", ()))]
    # docs: "Internet network endpoint groups overview": a group of the internet stands alone, unchecked.
    if backends and body.get("healthChecks"):
        text = (
            "Health checks are not allowed for GLOBAL HTTP backend services with "
            f"{body['loadBalancingScheme']} load balancing scheme that have an Internet NEG."
        )
        raise invalid("healthChecks", "", text)
    if body.get("healthChecks"):
        raise NotEmulated("health checks")
    headers = body.get("customRequestHeaders", [])
    if len(headers) > MOST_HEADERS or not all(":" in str(header) for header in headers):
        raise invalid("customRequestHeaders", headers, "Headers are written as name:value, 16 at most.")
    port = {"HTTP": 80}.get(body["protocol"], 443)
    kept = {**body, "port": body.get("port", port), **({"backends": backends} if backends else {})}
    kept.pop("cdnPolicy", None)
    if body["enableCDN"] or body.get("cdnPolicy"):
        kept["cdnPolicy"] = _cdn_policy(body.get("cdnPolicy") or {})
    return kept


def _backend(call: Call, given: Any, at: int) -> Body:
    field = f"backends[{at}]"
    if not isinstance(given, Mapping) or not given.get("group"):
        raise required(f"{field}.group")
    known = ("group", "balancingMode", "capacityScaler", "description", "kind")
    if beyond := [name for name, value in given.items() if name not in known and value]:
        raise NotEmulated(f"a backend with {beyond[0]}")
    link = linked(given["group"], "networkEndpointGroups", call.project.id, f"{field}.group")
    kept = {name: value for name, value in given.items() if name in known and value is not None}
    if call.switch(BALANCING.name) == "refused" and "balancingMode" in kept:
        words = "Balancing mode is not supported for backends with an Internet NEG."
        raise invalid(f"{field}.balancingMode", kept["balancingMode"], words)
    if call.switch(BACKEND_ANSWER.name) == "filled":
        kept = {"balancingMode": "UTILIZATION", "capacityScaler": 1.0, **kept}
    return {**kept, "group": link}


def _negative_caching(policy: Mapping[str, Any]) -> None:
    rows = policy.get("negativeCachingPolicy") or []
    if rows and not policy["negativeCaching"]:
        raise invalid("cdnPolicy.negativeCachingPolicy", rows, "negativeCaching must be enabled.")
    codes = [row.get("code") for row in rows]
    if wrong := [code for code in codes if code not in NEGATIVE_CODES or codes.count(code) > 1]:
        raise invalid("cdnPolicy.negativeCachingPolicy[0].code", wrong[0])
    if wrong := [ttl for row in rows if not 0 <= (ttl := row.get("ttl") or 0) <= MOST_NEGATIVE_S]:
        raise invalid("cdnPolicy.negativeCachingPolicy[0].ttl", wrong[0])


def _cdn_policy(given: Mapping[str, Any]) -> Body:
    for name in CDN_BEYOND:
        if given.get(name):
            raise NotEmulated(f"a cdnPolicy with {name}")
    policy = {**CDN_DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    mode = policy["cacheMode"]
    if mode not in CACHE_MODES:
        raise invalid("cdnPolicy.cacheMode", mode)
    _negative_caching(policy)
    if mode == "FORCE_CACHE_ALL" and given.get("maxTtl"):
        raise invalid("cdnPolicy.maxTtl", given["maxTtl"], "max_ttl is not allowed with FORCE_CACHE_ALL.")
    if mode == "USE_ORIGIN_HEADERS":
        if named := [name for name in ("defaultTtl", "maxTtl", "clientTtl") if given.get(name)]:
            raise invalid(
                f"cdnPolicy.{named[0]}", given[named[0]], "It is not allowed with USE_ORIGIN_HEADERS."
            )
        return policy
    policy = {"defaultTtl": 3600, "clientTtl": policy.get("defaultTtl", 3600), **policy}
    return {"maxTtl": 86400, **policy} if mode == "CACHE_ALL_STATIC" else policy


def _url_map(call: Call, body: Body) -> Body:
    if not body.get("defaultService") and not body.get("defaultUrlRedirect"):
        raise required("defaultService")
    kept = dict(body)
    matchers = [_matcher(call, each, at) for at, each in enumerate(body.get("pathMatchers", ()))]
    if matchers:
        kept["pathMatchers"] = matchers
    named = {matcher["name"] for matcher in matchers}
    for at, rule in enumerate(body.get("hostRules", ())):
        if rule.get("pathMatcher") not in named:
            raise invalid(f"hostRules[{at}].pathMatcher", rule.get("pathMatcher"), "No such path matcher.")
    return {name: value for name, value in kept.items() if value != []}


def _matcher(call: Call, given: Any, at: int) -> Body:
    if not isinstance(given, Mapping) or not given.get("name"):
        raise required(f"pathMatchers[{at}].name")
    field = f"pathMatchers[{at}]"
    if beyond := {"routeRules", "headerAction", "defaultRouteAction"} & {k for k, v in given.items() if v}:
        raise NotEmulated(f"a path matcher with {min(beyond)}")
    kept: Body = dict(given)
    if given.get("defaultService"):
        service = linked(
            given["defaultService"], "backendServices", call.project.id, f"{field}.defaultService"
        )
        kept["defaultService"] = service
    rules = [dict(rule) for rule in given.get("pathRules", ())]
    for rule in rules:
        if rule.get("service"):
            place = f"{field}.pathRules.service"
            rule["service"] = linked(rule["service"], "backendServices", call.project.id, place)
    return {**kept, **({"pathRules": rules} if rules else {})}


def _certificate(call: Call, body: Body) -> Body:
    return dict(classic.accepted(body, call.now))


def _policy(_: Call, body: Body) -> Body:
    if body["profile"] == "RESTRICTED" and body["minTlsVersion"] in ("TLS_1_0", "TLS_1_1"):
        raise invalid("minTlsVersion", body["minTlsVersion"], "RESTRICTED requires TLS_1_2 or later.")
    return {**body, "enabledFeatures": FEATURES[body["profile"]]}


def _https_proxy(call: Call, body: Body) -> Body:
    kept = dict(body)
    if not kept.get("urlMap"):
        raise required("urlMap")
    if "sslCertificates" in kept:
        kept["sslCertificates"] = certificates(call, kept["sslCertificates"])
    if kept.get("certificateMap"):
        kept["certificateMap"] = certificate_map(call, kept["certificateMap"])
    for name in ("sslCertificates", "certificateMap", "sslPolicy"):
        if not kept.get(name):
            kept.pop(name, None)
    if "sslCertificates" not in kept and "certificateMap" not in kept:
        raise required("sslCertificates")
    return kept


def certificates(call: Call, given: Any) -> list[str]:
    """Spell a proxy's classic certificates. Raises Refusal for more than fit."""
    links = [linked(each, "sslCertificates", call.project.id, "sslCertificates") for each in given]
    if len(links) > MOST_CERTIFICATES:
        # docs: "Quotas and limits": 15 certificates for each target HTTPS proxy; its words are not told.
        text = f"The number of certificates exceeds the limit of {MOST_CERTIFICATES}."
        raise invalid("sslCertificates", len(links), text)
    return links


def certificate_map(call: Call, given: str) -> str:
    """Spell a certificate map, which must be there."""
    path = given.removeprefix(MAP_PREFIX).removeprefix("https://certificatemanager.googleapis.com/v1/")
    parts = path.split("/")
    shape = ["projects", "locations", "global", "certificateMaps"]
    if len(parts) != 6 or [parts[0], *parts[2:5]] != shape:
        raise invalid("certificateMap", given, "The URL is malformed.")
    if call.google.find(parts[1]) is not call.project:
        raise NotEmulated(f"a certificate map of another project ({given})")
    if call.project.certificates.get(f"certificateMaps/{parts[5]}", call.now) is None:
        raise not_found(path)
    return f"{MAP_PREFIX}projects/{call.project.id}/locations/global/certificateMaps/{parts[5]}"


def _http_proxy(_: Call, body: Body) -> Body:
    if not body.get("urlMap"):
        raise required("urlMap")
    return body


def _address(call: Call, body: Body) -> Body:
    given = body.get("address")
    if given and given not in free_addresses(call):
        raise invalid("address", given, "Specified IP address is already reserved or not allowed.")
    return {**body, "address": given or next(iter(free_addresses(call)))}


def free_addresses(call: Call) -> list[str]:
    """Give addresses that no project has; the edge serves the first ones only, and no one more."""
    taken = {
        body.get("address") or body.get("IPAddress")
        for project in call.google
        for collection in ("addresses", "forwardingRules")
        for body in project.compute.claimed(collection, call.now)
    }
    beyond = (str(ipaddress.ip_address("198.51.100.128") + number) for number in range(100))
    return [address for address in (*EDGE_ADDRESSES, *beyond) if address not in taken]


def _rule(call: Call, body: Body) -> Body:
    for name in ("target", "portRange"):
        if not body.get(name):
            raise required(name)
    port = _port(body["portRange"])
    kept = {**body, "portRange": f"{port}-{port}", "target": target(call, body, port)}
    kept["IPAddress"] = address = _ip(call, body.get("IPAddress", ""))
    for other in call.project.compute.claimed("forwardingRules", call.now):
        same = (other.get("IPAddress"), other.get("portRange")) == (address, kept["portRange"])
        if same and other["name"] != body["name"]:
            words = "Specified IP address is in-use and would result in a conflict."
            raise invalid("IPAddress", address, words)
    return kept


def _port(given: str) -> int:
    first, _, last = given.partition("-")
    if not first.isdigit() or (last or first) != first or not 0 < int(first) < 65536:
        raise invalid("portRange", given, "A single port is required.")
    return int(first)


def target(call: Call, rule: Body, port: int) -> str:
    """Spell a forwarding rule's target, which must suit its port and its scheme."""
    given = rule["target"]
    secure = "/targetHttpsProxies/" in given
    link = linked(given, "targetHttpsProxies" if secure else "targetHttpProxies", call.project.id, "target")
    ports = (443,) if secure else (80, 8080)
    if rule["loadBalancingScheme"] == "EXTERNAL" and port not in ports:
        raise invalid("portRange", f"{port}-{port}", f"Ports allowed here: {', '.join(map(str, ports))}.")
    for scheme in _schemes(call, link):
        if scheme != rule["loadBalancingScheme"]:
            words = f"The target's backend services have the load balancing scheme {scheme}."
            raise invalid("loadBalancingScheme", rule["loadBalancingScheme"], words)
    return link


def _schemes(call: Call, link: str) -> set[str]:
    collection, _, name = link.rpartition("/global/")[2].partition("/")
    url_map = standing(call, collection, name)["urlMap"].rpartition("/")[2]
    services = references(standing(call, "urlMaps", url_map))
    return {standing(call, *service)["loadBalancingScheme"] for service in services}


def _ip(call: Call, given: str) -> str:
    if not given:
        return free_addresses(call)[0]
    if "/" in given:
        link = linked(given, "addresses", call.project.id, "IPAddress")
        return str(standing(call, "addresses", link.rpartition("/")[2])["address"])
    mine = {body["address"] for body in call.project.compute.bodies("addresses", call.now).values()}
    if given not in mine and given not in free_addresses(call):
        raise invalid("IPAddress", given, "Invalid IP address specified.")
    return given


RULES: Mapping[str, Callable[[Call, Body], Body]] = {
    "networkEndpointGroups": _group,
    "backendServices": _backend_service,
    "urlMaps": _url_map,
    "sslCertificates": _certificate,
    "sslPolicies": _policy,
    "targetHttpsProxies": _https_proxy,
    "targetHttpProxies": _http_proxy,
    "addresses": _address,
    "forwardingRules": _rule,
}
