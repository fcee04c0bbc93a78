"""What a path names: a service, a version of it, a draft to write into."""

from __future__ import annotations

from .call import Call, bad_request, no_record, refused
from .state import Service, Version


def service_of(call: Call) -> Service:
    """Give the service, deleted or not; raises Refusal where there is none."""
    service = call.customer.services.get(call.params["service"])
    if service is None:
        raise refused(404, "Record not found", f"Cannot find service '{call.params['service']}'")
    return service


def living(call: Call) -> Service:
    """Give the service to write to; raises Refusal where it is deleted."""
    service = service_of(call)
    if service.deleted is not None:
        raise bad_request(f"Service '{service.id}' is deleted")
    return service


def version_of(call: Call, number: str = "") -> tuple[Service, Version]:
    """Give the service and the version that a path or `number` names; raises Refusal."""
    service, wanted = service_of(call), number or call.params["version"]
    found = (version for version in service.versions if str(version.number) == wanted)
    version = next(found, None)
    if version is None:
        raise no_record("Version", service=service.id, number=wanted)
    return service, version


def draft_of(call: Call) -> tuple[Service, Version]:
    """Give the service and the version to write to; raises Refusal where it is locked."""
    living(call)
    service, version = version_of(call)
    if version.locked:
        raise refused(
            422, "Version locked", f"Version '{version.number}' for service '{service.id}' is locked"
        )
    return service, version
