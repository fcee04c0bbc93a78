"""The methods of Certificate Manager: list, get, create, patch, delete of each kind, and the operations.

docs: Certificate Manager REST reference (v1), with the IAM permission of each method.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from providers.sandbox.contract import NotEmulated

from . import certmanager_refusals as refusals
from . import certmanager_switches as switches
from . import frontends
from .call import CERTIFICATE_MANAGER, Answer, Call, Handler, Route
from .certmanager_issuing import settle_all
from .certmanager_lists import page
from .certmanager_rules import changed, checked_id, taken
from .certmanager_state import (
    AUTHORIZATIONS,
    CERTIFICATES,
    ENTRIES,
    MAPS,
    TYPES,
    Resource,
)
from .certmanager_views import Shown

LOCATION = "/v1/projects/{project}/locations/{location}"
EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}
PERMISSIONS = {
    CERTIFICATES: "certs",
    MAPS: "certmaps",
    ENTRIES: "certmapentries",
    AUTHORIZATIONS: "dnsauthorizations",
}


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of resources: its methods."""

    kind: str

    @property
    def path(self) -> str:
        """Where the collection is."""
        before = f"{LOCATION}/{MAPS}/{{map}}" if self.kind == ENTRIES else LOCATION
        return f"{before}/{self.kind}"

    @property
    def id_parameter(self) -> str:
        """The query parameter that names a new resource."""
        name = TYPES[self.kind]
        return f"{name[0].lower()}{name[1:]}Id"

    def routes(self) -> Iterator[Route]:
        """Give the five methods."""
        one = f"{self.path}/{{name}}"
        for verb, method, path, handler in (
            ("list", "GET", self.path, self.list),
            ("get", "GET", one, self.get),
            ("create", "POST", self.path, self.create),
            ("update", "PATCH", one, self.patch),
            ("delete", "DELETE", one, self.delete),
        ):
            permission = f"certificatemanager.{PERMISSIONS[self.kind]}.{verb}"
            yield _route(method, path, handler, permission)

    def list(self, call: Call) -> Answer:
        """Give a page."""
        parent = _parent(call)
        if self.kind in (CERTIFICATES, ENTRIES):
            settle_all(call.kernel, call.project, call.now)
        shown = _shown(call)
        found = call.project.certificates.of(self.kind, call.now, parent)
        return Answer(page(call, self.kind, (shown.resource(each) for each in found)))

    def get(self, call: Call) -> Answer:
        """Give one."""
        found, certificates = self._found(call), call.project.certificates
        named = [certificates.get(path, call.now) for path in found.body.get("certificates") or ()]
        settle_all(call.kernel, call.project, call.now, [each for each in (found, *named) if each])
        return Answer(_shown(call).resource(found))

    def create(self, call: Call) -> Answer:
        """Make one; what is answered is the operation."""
        parent, certificates, now = _parent(call), call.project.certificates, call.now
        name = checked_id(call.query.get(self.id_parameter, ""), _snake(self.id_parameter))
        path = f"{parent}/{self.kind}/{name}" if parent else f"{self.kind}/{name}"
        if certificates.taken(path, now):
            raise refusals.already_exists(certificates.full(path))
        got = taken(call, self.kind, parent, call.json)
        visible = now if _at_once(call) else now + certificates.operation_s
        made = Resource(self.kind, path, got.body, now, now, visible, issue=got.issue, uploaded=got.uploaded)
        certificates.resources[path] = made
        return _begun(call, "create", made)

    def patch(self, call: Call) -> Answer:
        """Change one by the update mask."""
        found = self._found(call)
        got = changed(call, self.kind, found.body, call.json, call.query.get("updateMask", ""))
        found.body, found.updated = got.body, call.now
        found.uploaded = got.uploaded or found.uploaded
        return _begun(call, "update", found)

    def delete(self, call: Call) -> Answer:
        """Delete one that nobody uses."""
        found, certificates, now = self._found(call), call.project.certificates, call.now
        if words := _use(call, found):
            raise refusals.in_use(certificates.full(found.path, number=True), words)
        operation = certificates.operation("delete", found.path, EMPTY, now)
        found.gone = now if _at_once(call) else operation.done
        return Answer(_shown(call).operation(operation))

    def _found(self, call: Call) -> Resource:
        parent, certificates = _parent(call), call.project.certificates
        name = call.params["name"]
        path = f"{parent}/{self.kind}/{name}" if parent else f"{self.kind}/{name}"
        found = certificates.get(path, call.now)
        if found is None:
            raise refusals.not_found(certificates.full(path))
        return found


def _begun(call: Call, verb: str, resource: Resource) -> Answer:
    shown = _shown(call)
    operation = call.project.certificates.operation(verb, resource.path, shown.response(resource), call.now)
    return Answer(shown.operation(operation))


def _use(call: Call, resource: Resource) -> str:
    """Say in the API's words why a resource is not to be deleted; "" where nothing is against it."""
    certificates, now = call.project.certificates, call.now
    if resource.kind == CERTIFICATES:
        return refusals.CERTIFICATE_IN_USE if any(certificates.uses_of(resource, now)) else ""
    if resource.kind == AUTHORIZATIONS:
        users = certificates.of(CERTIFICATES, now)
        used = (each.body.get("managed", {}).get("dnsAuthorizations") or () for each in users)
        return refusals.AUTHORIZATION_IN_USE if any(resource.path in paths for paths in used) else ""
    if resource.kind == MAPS:
        if frontends.proxies_with_map(call.project, resource.id, now):
            return refusals.MAP_IN_USE
        return refusals.MAP_NOT_EMPTY if any(certificates.of(ENTRIES, now, resource.path)) else ""
    return ""


def _parent(call: Call) -> str:
    """Give the path of the map that entries are asked of; "" for other kinds. Raises Refusal, NotEmulated."""
    if call.params["location"] != "global":
        raise NotEmulated("certificates of a region")
    if "map" not in call.params:
        return ""
    path = f"{MAPS}/{call.params['map']}"
    if call.project.certificates.get(path, call.now) is None:
        raise refusals.not_found(call.project.certificates.full(path))
    return path


def _at_once(call: Call) -> bool:
    return call.switch(switches.VISIBLE.name) == "at-once"


def _shown(call: Call) -> Shown:
    return Shown(call.project, call.kernel, call.now, call.project.certificates.users(call.now))


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def get_operation(call: Call) -> Answer:
    """Give an operation: the way to wait for it."""
    _parent(call)
    found = call.project.certificates.operations.get(call.params["operation"])
    if found is None:
        raise refusals.not_found(call.project.certificates.full(f"operations/{call.params['operation']}"))
    return Answer(_shown(call).operation(found))


def list_operations(call: Call) -> Answer:
    """Give a page of the operations."""
    _parent(call)
    shown = _shown(call)
    return Answer(
        page(call, "operations", map(shown.operation, call.project.certificates.operations.values()))
    )


def delete_operation(call: Call) -> Answer:
    """Forget an operation; what it does goes on."""
    get_operation(call)
    del call.project.certificates.operations[call.params["operation"]]
    return Answer({})


def get_location(call: Call) -> Answer:
    """Give the location `global`."""
    _parent(call)
    return Answer(_location(call))


def list_locations(call: Call) -> Answer:
    """Give the locations: the one that is emulated."""
    return Answer({"locations": [_location(call)]})


def _location(call: Call) -> dict[str, Any]:
    return {"name": f"projects/{call.project.id}/locations/global", "locationId": "global"}


def _route(method: str, path: str, handler: Handler, permission: str) -> Route:
    return Route(CERTIFICATE_MANAGER, method, path, handler, (permission,), read=method == "GET")


_OPERATION = f"{LOCATION}/operations/{{operation}}"
ROUTES: tuple[Route, ...] = (
    *(route for kind in TYPES for route in Collection(kind).routes()),
    _route("GET", f"{LOCATION}/operations", list_operations, "certificatemanager.operations.list"),
    _route("GET", _OPERATION, get_operation, "certificatemanager.operations.get"),
    _route("DELETE", _OPERATION, delete_operation, "certificatemanager.operations.delete"),
    _route("GET", "/v1/projects/{project}/locations", list_locations, "certificatemanager.locations.list"),
    _route("GET", LOCATION, get_location, "certificatemanager.locations.get"),
)
