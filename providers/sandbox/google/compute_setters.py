"""The calls of single collections: endpoints of groups, setters of proxies and rules, labels.

docs: REST reference v1: globalNetworkEndpointGroups, targetHttpsProxies, targetHttpProxies,
globalForwardingRules, globalAddresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .call import COMPUTE, Answer, Call, Refusal, Route
from .compute_calls import found, need, need_references
from .compute_kinds import KINDS, Kind, linked
from .compute_list import paged
from .compute_operations import begun, idle, repeated
from .compute_refusals import invalid, required, stale
from .compute_rules import certificate_map, certificates, checked
from .compute_rules import target as target_of
from .compute_state import Body, hashed, path_of

GROUPS, HTTPS, HTTP = (KINDS[c] for c in ("networkEndpointGroups", "targetHttpsProxies", "targetHttpProxies"))
ADDRESSES, RULES = KINDS["addresses"], KINDS["forwardingRules"]
BASE = "/compute/v1/projects/{project}"
Change = Callable[[Call, Body, Mapping[str, Any]], Body]


def _set(call: Call, kind: Kind, verb: str, change: Change, *, parameter: str = "") -> Answer:
    """Change one thing of a resource by an operation; needs the permission of that name."""
    name = call.params[parameter or kind.parameter]
    need(call, kind, verb, name)
    if again := repeated(call):
        return again
    if not isinstance(call.json, Mapping):
        raise Refusal(400, "required", "Required parameter: resource")
    before = found(call, kind, name)
    idle(call, kind.collection, name)
    after = change(call, before, call.json)
    need_references(call, {key: value for key, value in after.items() if before.get(key) != value})
    return begun(call, verb, (kind.collection, name), after)


def _attached(_: Call, before: Body, given: Mapping[str, Any]) -> Body:
    endpoints = [*before["_endpoints"], *(_endpoint(each, before) for each in _endpoints(given))]
    if len(endpoints) > 1:
        # docs: "Internet network endpoint groups overview": a global one has a single endpoint.
        words = "A global internet network endpoint group may have 1 network endpoint."
        raise invalid("networkEndpoints", len(endpoints), words)
    return {**before, "_endpoints": endpoints, "size": len(endpoints)}


def _detached(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    left = list(before["_endpoints"])
    for each in _endpoints(given):
        endpoint = _endpoint(each, before)
        if endpoint not in left:
            path = path_of(call.project.id, GROUPS.collection, before["name"])
            raise Refusal(404, "notFound", f"The network endpoint is not attached to '{path}'.")
        left.remove(endpoint)
    return {**before, "_endpoints": left, "size": len(left)}


def _endpoints(given: Mapping[str, Any]) -> list[Any]:
    endpoints = given.get("networkEndpoints") or []
    if not endpoints:
        raise required("networkEndpoints")
    return list(endpoints)


def _endpoint(given: Any, group: Body) -> dict[str, Any]:
    by = "fqdn" if group["networkEndpointType"] == "INTERNET_FQDN_PORT" else "ipAddress"
    if not isinstance(given, Mapping) or not given.get(by):
        raise required(f"networkEndpoints[0].{by}")
    if other := [key for key, value in given.items() if key not in (by, "port") and value]:
        raise invalid(f"networkEndpoints[0].{other[0]}", given[other[0]], "It does not fit the group's type.")
    port = given.get("port") or group.get("defaultPort")
    if not isinstance(port, int) or not 0 < port < 65536:
        raise invalid("networkEndpoints[0].port", port)
    return {by: given[by], "port": port}


def _list_endpoints(call: Call) -> Answer:
    name = call.params[GROUPS.parameter]
    need(call, GROUPS, "get", name)
    group = found(call, GROUPS, name)
    page, more = paged(call, [{"networkEndpoint": each} for each in group["_endpoints"]])
    body: dict[str, Any] = {
        "kind": "compute#networkEndpointGroupsListNetworkEndpoints",
        "id": path_of(call.project.id, GROUPS.collection, name),
    }
    return Answer({**body, **({"items": page} if page else {}), **({"nextPageToken": more} if more else {})})


def _url_map(kind: Kind) -> Change:
    def change(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
        link = linked(given.get("urlMap", ""), "urlMaps", call.project.id, "urlMap")
        return checked(call, kind, {**before, "urlMap": link})

    return change


def _certificates(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    links = certificates(call, given.get("sslCertificates") or [])
    return checked(call, HTTPS, {**before, "sslCertificates": links})


def _certificate_map(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    named = given.get("certificateMap") or ""
    link = certificate_map(call, named) if named else ""
    return checked(call, HTTPS, {**before, "certificateMap": link})


def _ssl_policy(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    named = given.get("sslPolicy") or ""
    link = linked(named, "sslPolicies", call.project.id, "sslPolicy") if named else ""
    return checked(call, HTTPS, {**before, "sslPolicy": link})


def _quic(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    if given.get("quicOverride") not in ("NONE", "ENABLE", "DISABLE"):
        raise invalid("quicOverride", given.get("quicOverride"))
    return checked(call, HTTPS, {**before, "quicOverride": given["quicOverride"]})


def _target(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    if not given.get("target"):
        raise required("target")
    port = int(before["portRange"].partition("-")[0])
    return {**before, "target": target_of(call, {**before, "target": given["target"]}, port)}


def _labels(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    if given.get("labelFingerprint") != hashed(before.get("labels") or {}):
        raise stale(path_of(call.project.id, "resource", before["name"]))
    labels = {str(key): str(value) for key, value in (given.get("labels") or {}).items()}
    kept = {key: value for key, value in before.items() if key != "labels"}
    return {**kept, "labels": labels} if labels else kept


def _route(kind: Kind, verb: str, change: Change, *, scope: str = "/global", parameter: str = "") -> Route:
    path = f"{BASE}{scope}/{kind.collection}/{{{parameter or kind.parameter}}}/{verb}"
    return Route(COMPUTE, "POST", path, lambda call: _set(call, kind, verb, change, parameter=parameter))


ROUTES: tuple[Route, ...] = (
    _route(GROUPS, "attachNetworkEndpoints", _attached),
    _route(GROUPS, "detachNetworkEndpoints", _detached),
    Route(
        COMPUTE,
        "POST",
        f"{BASE}/global/networkEndpointGroups/{{{GROUPS.parameter}}}/listNetworkEndpoints",
        _list_endpoints,
        read=True,
    ),
    # The paths of these two have no ``global``.
    _route(HTTPS, "setUrlMap", _url_map(HTTPS), scope=""),
    _route(HTTPS, "setSslCertificates", _certificates, scope=""),
    _route(HTTP, "setUrlMap", _url_map(HTTP), scope=""),
    _route(HTTPS, "setCertificateMap", _certificate_map),
    _route(HTTPS, "setSslPolicy", _ssl_policy),
    _route(HTTPS, "setQuicOverride", _quic),
    _route(RULES, "setTarget", _target),
    _route(RULES, "setLabels", _labels, parameter="resource"),
    _route(ADDRESSES, "setLabels", _labels, parameter="resource"),
)
