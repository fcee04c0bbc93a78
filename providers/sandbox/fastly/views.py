"""Services and versions as the API answers them."""

from __future__ import annotations

from typing import Any

from .objects import DETAILS, shown
from .state import Customer, Service, Version, stamp

#: Lists of a version that the sandbox keeps nothing in.
EMPTY = ("acls", "dictionaries", "directors", "gzips", "response_objects", "snippets", "vcls", "wordpress")


def version_view(service: Service, version: Version) -> dict[str, Any]:
    """Give a version without its content."""
    return {
        "testing": False,
        "locked": version.locked,
        "number": version.number,
        "active": version.active,
        "service_id": service.id,
        "staging": False,
        "created_at": stamp(version.created),
        "deleted_at": None,
        "updated_at": stamp(version.updated),
        "comment": version.comment,
        "deployed": False,
        "environments": [],
    }


def version_details(service: Service, version: Version) -> dict[str, Any]:
    """Give a version with its content."""
    lists = {name: [shown(service, version, kind, o) for o in version.all(kind)] for name, kind in DETAILS}
    content = {**{name: [] for name in EMPTY}, **lists, "settings": dict(version.settings)}
    return {**version_view(service, version), **content}


def service_view(customer: Customer, service: Service) -> dict[str, Any]:
    """Give a service, as creating and getting it does."""
    return {
        **_plain(customer, service),
        "publish_key": "",
        "paused": False,
        "versions": [version_view(service, version) for version in service.versions],
        "environments": [],
    }


def listed_view(customer: Customer, service: Service) -> dict[str, Any]:
    """Give a service as it is in the list: `version` is the number of its current one."""
    view = service_view(customer, service)
    del view["publish_key"]
    return {**view, "version": (service.active or service.versions[-1]).number}


def found_view(customer: Customer, service: Service) -> dict[str, Any]:
    """Give a service as a search by name does."""
    view = service_view(customer, service)
    return {name: value for name, value in view.items() if name not in ("publish_key", "paused")}


def details_view(
    customer: Customer, service: Service, version: Version, versions: list[Version]
) -> dict[str, Any]:
    """Give a service with the content of its active version, and of a version."""
    active = service.active
    return {
        **_plain(customer, service),
        "versions": [version_view(service, each) for each in versions],
        "environments": [],
        "version": version_details(service, version),
        "active_version": version_details(service, active) if active else None,
    }


def _plain(customer: Customer, service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "customer_id": customer.id,
        "type": service.type,
        "comment": service.comment,
        "created_at": stamp(service.created),
        "updated_at": stamp(service.updated),
        "deleted_at": stamp(service.deleted),
    }
