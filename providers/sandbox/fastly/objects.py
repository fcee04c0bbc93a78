"""What a version has: backends, domains, headers and so on, all written in the same way.

docs: API reference, "Backend", "Domain", "Header", "Condition", "Request settings", "Cache settings",
"Healthcheck". A locked version takes no writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import taken
from .call import OK, Answer, Call, Handler, Route, bad_request, no_record, refused
from .finding import draft_of, version_of
from .kinds import BACKEND, DOMAIN, KINDS, Kind, addressed
from .state import Object, Service, Version, stamp

VERSION = "/service/{service}/version/{version}"
#: The lists of a version's details, each with the kind of its objects.
DETAILS = tuple((kind.details, kind.path) for kind in KINDS)
BY_PATH = {kind.path: kind for kind in KINDS}
STAGING_ADDRESS = "198.51.100.75"


def made(kind: Kind, form: Mapping[str, Any], now: float) -> Object:
    """Make an object of a kind from what was given. Raises Refusal."""
    for name in ("name", *kind.required):
        if not form.get(name):
            raise bad_request(f"No value for required field '{name}'")
    fresh = {**kind.defaults, **kind.parsed(form)}
    if kind is BACKEND:
        addressed(fresh)
    return {**fresh, "created_at": stamp(now), "updated_at": stamp(now), "deleted_at": None}


def shown(service: Service, version: Version, kind: str, given: Object) -> Object:
    """Give an object as the API answers it."""
    number = version.number if BY_PATH[kind].number else str(version.number)
    return {**given, "service_id": service.id, "version": number}


def _create(kind: Kind) -> Handler:
    def create(call: Call) -> Answer:
        service, version = draft_of(call)
        fresh, there = made(kind, call.form, call.now), version.of(kind.path)
        name = fresh["name"] = _name(kind, str(fresh["name"]))
        if name in there:
            raise refused(409, "Duplicate record", f"Duplicate {kind.path}: '{name}'")
        if kind is DOMAIN:
            taken.check_classic(call, service, version, name)
        there[name] = fresh
        version.updated = call.now
        return Answer(shown(service, version, kind.path, fresh))

    return create


def _get(kind: Kind) -> Handler:
    def get(call: Call) -> Answer:
        service, version = version_of(call)
        return Answer(shown(service, version, kind.path, _found(call, kind, service, version)))

    return get


def _list(kind: Kind) -> Handler:
    def listed(call: Call) -> Answer:
        service, version = version_of(call)
        rows = [shown(service, version, kind.path, each) for each in version.all(kind.path)]
        if kind is DOMAIN and call.query.get("include") == "staging_ips":
            rows = [{**row, "staging_ip": STAGING_ADDRESS} for row in rows]
        return Answer(rows)

    return listed


def _update(kind: Kind) -> Handler:
    def update(call: Call) -> Answer:
        service, version = draft_of(call)
        before, there = _found(call, kind, service, version), version.of(kind.path)
        changed = {**before, **kind.parsed(call.form), "updated_at": stamp(call.now)}
        name = changed["name"] = _name(kind, str(changed["name"] or before["name"]))
        if name != before["name"]:
            if name in there:
                raise refused(409, "Duplicate record", f"Duplicate {kind.path}: '{name}'")
            if kind is DOMAIN:
                taken.check_classic(call, service, version, name)
        if kind is BACKEND:
            addressed(changed)
        version.objects[kind.path] = {
            each["name"]: each for each in (changed if old is before else old for old in there.values())
        }
        version.updated = call.now
        return Answer(shown(service, version, kind.path, changed))

    return update


def _delete(kind: Kind) -> Handler:
    def delete(call: Call) -> Answer:
        service, version = draft_of(call)
        found = _found(call, kind, service, version)
        del version.of(kind.path)[found["name"]]
        version.updated = call.now
        return Answer(OK)

    return delete


def _found(call: Call, kind: Kind, service: Service, version: Version) -> Object:
    name = call.params["name"]
    found = version.of(kind.path).get(_name(kind, name))
    if found is None:
        raise no_record(kind.record, name=name, service=service.id, version=version.number)
    return found


def _name(kind: Kind, name: str) -> str:
    return name.lower().rstrip(".") if kind is DOMAIN else name


def check(call: Call) -> Answer:
    """GET …/domain/{name}/check: the domain, where its CNAME leads, and whether that is Fastly."""
    service, version = version_of(call)
    return Answer(_checked(call, service, version, _found(call, DOMAIN, service, version)))


def check_all(call: Call) -> Answer:
    """GET …/domain/check_all."""
    service, version = version_of(call)
    return Answer([_checked(call, service, version, each) for each in version.all(DOMAIN.path)])


def _checked(call: Call, service: Service, version: Version, domain: Object) -> list[Any]:
    found = call.kernel.resolve(domain["name"], "CNAME").values("CNAME")
    cname = found[0].rstrip(".") if found else None
    at_fastly = cname is not None and f".{cname}".endswith(".fastly.net")
    return [shown(service, version, DOMAIN.path, domain), cname, at_fastly]


def _routes(kind: Kind) -> tuple[Route, ...]:
    at = f"{VERSION}/{kind.path}"
    makers: tuple[tuple[str, str, Callable[[Kind], Handler]], ...] = (
        ("POST", at, _create),
        ("GET", at, _list),
        ("GET", f"{at}/{{name}}", _get),
        ("PUT", f"{at}/{{name}}", _update),
        ("DELETE", f"{at}/{{name}}", _delete),
    )
    return tuple(Route(method, path, maker(kind)) for method, path, maker in makers)


ROUTES = (
    Route("GET", f"{VERSION}/domain/check_all", check_all),
    Route("GET", f"{VERSION}/domain/{{name}}/check", check),
    *(route for kind in KINDS for route in _routes(kind)),
)
