"""Versions of a service: make, clone, label, lock, validate, activate, deactivate, compare.

docs: API reference, "Version", "Diff"; "Working with services": an activated version is locked for good, and
may be activated again.
"""

from __future__ import annotations

from . import taken
from .call import Answer, Call, Route, bad_request, refused
from .diff import diff
from .finding import draft_of, living, service_of, version_of
from .objects import VERSION
from .state import Customer, Service, Version
from .switches import ACTIVATE_WITHOUT_DOMAIN, COMMENT_ON_LOCKED
from .views import version_view

NO_DOMAINS = "Version has no associated domains"
NO_BACKENDS = "Warning: No default director found\nat: (default Line 174 Pos 1)"


def list_versions(call: Call) -> Answer:
    """GET /service/{service}/version."""
    service = service_of(call)
    return Answer([version_view(service, version) for version in service.versions])


def create(call: Call) -> Answer:
    """POST /service/{service}/version: an empty draft; the answer tells little of it."""
    service = living(call)
    comment = str(call.form.get("comment") or "")
    version = Version(service.versions[-1].number + 1, call.now, call.now, comment=comment)
    service.versions.append(version)
    told = {"comment": comment} if comment else {}
    return Answer({**told, "service_id": service.id, "number": version.number})


def get(call: Call) -> Answer:
    """GET …/version/{version}."""
    return Answer(version_view(*version_of(call)))


def update(call: Call) -> Answer:
    """PUT …/version/{version}: its comment."""
    service, version = version_of(call)
    if version.locked and call.switch(COMMENT_ON_LOCKED.name) == "refused":
        draft_of(call)
    if "comment" in call.form:
        version.comment = str(call.form["comment"] or "")
    return Answer(version_view(service, version))


def clone(call: Call) -> Answer:
    """PUT …/clone: a draft with the same content, numbered after the newest; as recorded it is as old."""
    service = living(call)
    _, version = version_of(call)
    copy = version.clone(service.versions[-1].number + 1, call.now)
    copy.created = version.created
    service.versions.append(copy)
    return Answer(version_view(service, copy))


def lock(call: Call) -> Answer:
    """PUT …/lock."""
    service, version = version_of(call)
    version.locked, version.updated = True, call.now
    return Answer(version_view(service, version))


def validate(call: Call) -> Answer:
    """GET …/validate: 200 in any case, `status` and `msg` tell."""
    service, version = version_of(call)
    wrong = _wrong(call, service, version)
    if wrong:
        return Answer({"status": "error", "msg": wrong})
    return Answer({"status": "ok", "msg": _warning(version)})


def activate(call: Call) -> Answer:
    """PUT …/activate: locks it; the edge serves it, and no longer the one before."""
    service = living(call)
    _, version = version_of(call)
    if wrong := _wrong(call, service, version):
        raise bad_request(wrong)
    taken.check_activation(call, service, version)
    for other in service.versions:
        other.active = other is version
    version.locked, version.updated = True, call.now
    return Answer({**version_view(service, version), "msg": _warning(version)})


def deactivate(call: Call) -> Answer:
    """PUT …/deactivate."""
    service = living(call)
    _, version = version_of(call)
    if not version.active:
        raise refused(400, "Bad request", f"Version '{version.number}' is not active")
    version.active, version.updated = False, call.now
    return Answer(version_view(service, version))


def compare(call: Call) -> Answer:
    """GET /service/{service}/diff/from/{before}/to/{after}: as text."""
    service, before = version_of(call, call.params["before"])
    _, after = version_of(call, call.params["after"])
    form = call.query.get("format", "text")
    told = {"from": call.params["before"], "to": call.params["after"], "format": form}
    return Answer({**told, "diff": diff(service, before, after, form)})


def _wrong(call: Call, service: Service, version: Version) -> str:
    """Say why a version cannot be activated."""
    setting = call.switch(ACTIVATE_WITHOUT_DOMAIN.name)
    if version.of("domain") or setting == "allowed":
        return ""
    if setting == "versionless-counts" and _has_linked(call.customer, service):
        return ""
    return NO_DOMAINS


def _has_linked(customer: Customer, service: Service) -> bool:
    return any(domain.service == service.id for domain in customer.domains.values())


def _warning(version: Version) -> str | None:
    return None if version.of("backend") else NO_BACKENDS


VERSIONS = "/service/{service}/version"
ROUTES = (
    Route("GET", VERSIONS, list_versions),
    Route("POST", VERSIONS, create),
    Route("GET", VERSION, get),
    Route("PUT", VERSION, update),
    Route("PUT", f"{VERSION}/clone", clone),
    Route("PUT", f"{VERSION}/lock", lock),
    Route("GET", f"{VERSION}/validate", validate),
    Route("PUT", f"{VERSION}/activate", activate),
    Route("PUT", f"{VERSION}/deactivate", deactivate),
    Route("GET", "/service/{service}/diff/from/{before}/to/{after}", compare),
)
