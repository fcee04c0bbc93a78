"""The calls that all collections have: insert, get, list, patch, update, delete.

docs: REST reference v1; permissions: its "IAM permissions" and "Compute Engine IAM roles and permissions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import classic
from .call import COMPUTE, Answer, Call, Refusal, Route
from .compute_kinds import KINDS, Kind, formed, references
from .compute_list import listed
from .compute_operations import begun, idle, repeated
from .compute_refusals import already_exists, in_use, invalid, not_found, over_quota, required, stale
from .compute_rules import checked
from .compute_state import Body, hashed, link_of, path_of, stamp
from .compute_switches import GROUP_RIGHTS, IN_USE, LABELS, NO_FINGERPRINT, QUOTA, UNFINISHED

#: Which collections a patch is taken of, and which a whole new body (PUT).
PATCHED = ("backendServices", "urlMaps", "sslPolicies", "targetHttpsProxies", "targetHttpProxies")
UPDATED = ("backendServices", "urlMaps")
#: docs: REST reference: what only the insertion may say.
FIXED = ("name", "description", "loadBalancingScheme")
FIXED_FOR = {"backendServices": ("name", "loadBalancingScheme"), "urlMaps": ("name",)}
#: What a resource that refers to another needs there, besides; "get" for certificates.
USES = {"sslCertificates": "get"}


def need(call: Call, kind: Kind, verb: str, name: str = "") -> None:
    """Refuse (403) unless the caller may do this to the collection or to one of its resources."""
    rights = kind.rights
    if kind.collection == "networkEndpointGroups":
        rights = call.switch(GROUP_RIGHTS.name)
    place = path_of(call.project.id, kind.collection, name) if name else f"projects/{call.project.id}"
    call.need(f"compute.{rights}.{verb}", place)


def need_references(call: Call, body: Any) -> None:
    """Refuse (403) unless the caller may use all that a body refers to."""
    for collection, name in references(body):
        need(call, KINDS[collection], USES.get(collection, "use"), name)
    if isinstance(body, Mapping) and body.get("certificateMap"):
        call.need("certificatemanager.certmaps.use", str(body["certificateMap"]))


def found(call: Call, kind: Kind, name: str) -> Body:
    """Give a resource as it is kept; raises Refusal where it is not there."""
    body = call.project.compute.body(kind.collection, name, call.now)
    if body is None and call.switch(UNFINISHED.name) == "shown":
        body = call.project.compute.coming(kind.collection, name, call.now)
    if body is None:
        raise not_found(path_of(call.project.id, kind.collection, name))
    return body


def shown(call: Call, kind: Kind, kept: Body) -> dict[str, Any]:
    """Give a resource as the API answers it."""
    project, name = call.project, kept["name"]
    if kind.collection == "sslCertificates":
        body = classic.shown(call.kernel, call.google, project, kept, call.now)
    else:
        body = {key: value for key, value in kept.items() if not key.startswith("_")}
    body = {"kind": kind.kind, **body, "selfLink": link_of(project.id, kind.collection, name)}
    if kind.fingerprint or kind.collection == "forwardingRules":
        body["fingerprint"] = fingerprint(kept)
    if kind.labels:
        body["labelFingerprint"] = hashed(kept.get("labels") or {})
    return {**body, **_address_use(call, kept)} if kind.collection == "addresses" else body


def fingerprint(kept: Body) -> str:
    """Give the fingerprint of a resource as it stands."""
    return hashed({key: value for key, value in kept.items() if not key.startswith("_")}, kept["id"])


def _address_use(call: Call, kept: Body) -> dict[str, Any]:
    if call.project.compute.body("addresses", kept["name"], call.now) is None:
        return {"status": "RESERVING"}
    users = [link_of(call.project.id, *user) for user in users_of(call, "addresses", kept["name"])]
    return {"status": "IN_USE", "users": users} if users else {"status": "RESERVED"}


def users_of(call: Call, collection: str, name: str) -> Iterator[tuple[str, str]]:
    """Give what refers to a resource now, or will when its operation is done."""
    compute = call.project.compute
    address = (compute.body(collection, name, call.now) or {}).get("address")
    for kind in KINDS:
        for body in compute.claimed(kind, call.now):
            coming = compute.coming(kind, body["name"], call.now)
            for each in (body, coming or {}):
                by_address = address and kind == "forwardingRules" and each.get("IPAddress") == address
                if by_address or (collection, name) in references(each):
                    yield kind, body["name"]
                    break


def insert(call: Call, kind: Kind) -> Answer:
    """Make a resource."""
    need(call, kind, "create")
    if again := repeated(call):
        return again
    body = formed(kind, call.json, call.project.id)
    need_references(call, body)
    compute, name = call.project.compute, str(body.get("name", ""))
    here = name in compute.kept.get(kind.collection, {})
    if here and any(each["name"] == name for each in compute.claimed(kind.collection, call.now)):
        raise already_exists(path_of(call.project.id, kind.collection, name))
    if kind.labels and call.switch(LABELS.name) == "ignored":
        body.pop("labels", None)
    kept = checked(call, kind, {**kind.defaults, **body})
    kept = {**kept, "id": compute.new_id(call.project.id), "creationTimestamp": stamp(call.now)}
    failing = _over_quota(call, kind)
    if failing and call.switch(QUOTA.name) == "at-once":
        raise failing
    return begun(call, "insert", (kind.collection, name), kept, failing=failing)


def _over_quota(call: Call, kind: Kind) -> Refusal | None:
    limit = call.project.quotas.get(kind.quota)
    if limit is None or len(call.project.compute.claimed(kind.collection, call.now)) < limit:
        return None
    return over_quota(kind.quota, limit)


def get(call: Call, kind: Kind) -> Answer:
    """Answer one resource."""
    name = call.params[kind.parameter]
    need(call, kind, "get", name)
    return Answer(shown(call, kind, found(call, kind, name)))


def list_all(call: Call, kind: Kind) -> Answer:
    """Answer a page of a collection."""
    need(call, kind, "list")
    compute = call.project.compute
    if call.switch(UNFINISHED.name) == "shown":
        bodies = sorted(compute.claimed(kind.collection, call.now), key=lambda body: str(body["name"]))
    else:
        bodies = list(compute.bodies(kind.collection, call.now).values())
    everything = [shown(call, kind, body) for body in bodies]
    answer = listed(call, f"{kind.kind}List", kind.collection, everything)
    if kind.collection == "sslPolicies":
        return Answer({**answer.body, "kind": "compute#sslPoliciesList"})
    return answer


def delete(call: Call, kind: Kind) -> Answer:
    """Delete a resource that nothing uses."""
    name = call.params[kind.parameter]
    need(call, kind, "delete", name)
    if again := repeated(call):
        return again
    at = (kind.collection, name)
    if call.project.compute.coming(*at, call.now) is None:
        found(call, kind, name)
    idle(call, *at)
    failing = None
    for user in users_of(call, *at):
        path = path_of(call.project.id, *at)
        failing = in_use(kind.word, path, path_of(call.project.id, *user))
        if call.switch(IN_USE.name) == "at-once":
            raise failing
        break
    return begun(call, "delete", at, None, failing=failing)


def patch(call: Call, kind: Kind) -> Answer:
    """Change the members that are named; null takes one away."""
    return _change(call, kind, "patch")


def update(call: Call, kind: Kind) -> Answer:
    """Give a resource a whole new body."""
    return _change(call, kind, "update")


def _change(call: Call, kind: Kind, how: str) -> Answer:
    name = call.params[kind.parameter]
    need(call, kind, "update", name)
    if again := repeated(call):
        return again
    before = found(call, kind, name)
    given = formed(kind, call.json, call.project.id)
    need_references(call, given)
    _same_fingerprint(call, kind, before, how)
    idle(call, kind.collection, name)
    for fixed in FIXED_FOR.get(kind.collection, FIXED):
        if fixed in given and given[fixed] != before.get(fixed):
            raise invalid(fixed, given[fixed], "The field cannot be changed.")
    gone = [key for key, value in call.json.items() if value is None]
    own = {key: before[key] for key in ("name", "id", "creationTimestamp")}
    base = before if how == "patch" else {**own, "loadBalancingScheme": before.get("loadBalancingScheme")}
    merged = _merged({key: value for key, value in base.items() if value is not None}, given, call.json)
    merged = {**kind.defaults, **{key: value for key, value in merged.items() if key not in gone}, **own}
    return begun(call, how, (kind.collection, name), checked(call, kind, merged))


def _merged(base: Body, given: Body, asked: Mapping[str, Any]) -> Body:
    """Lay members over others as a JSON merge patch does: objects within each other, lists whole."""
    merged = dict(base)
    for key, value in given.items():
        inner = merged.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping) and key in asked:
            both = {**inner, **value}
            merged[key] = {name: each for name, each in both.items() if each is not None}
        else:
            merged[key] = value
    return merged


def _same_fingerprint(call: Call, kind: Kind, before: Body, how: str) -> None:
    sent = call.json.get("fingerprint")
    path = path_of(call.project.id, kind.collection, before["name"])
    if sent is None:
        if how == "update" or call.switch(NO_FINGERPRINT.name) == "refused":
            raise required("fingerprint")
    elif sent != fingerprint(before):
        raise stale(path)


def routes() -> Iterator[Route]:
    """Give the routes of all collections."""
    for kind in KINDS.values():
        base = f"/compute/v1/projects/{{project}}/global/{kind.collection}"
        one = f"{base}/{{{kind.parameter}}}"
        yield _route(kind, "GET", base, list_all, read=True)
        yield _route(kind, "POST", base, insert)
        yield _route(kind, "GET", one, get, read=True)
        yield _route(kind, "DELETE", one, delete)
        if kind.collection in PATCHED:
            yield _route(kind, "PATCH", one, patch)
        if kind.collection in UPDATED:
            yield _route(kind, "PUT", one, update)


def _route(kind: Kind, method: str, path: str, handle: Any, *, read: bool = False) -> Route:
    return Route(COMPUTE, method, path, lambda call: handle(call, kind), read=read)
