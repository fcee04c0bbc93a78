"""Services: list, search, create, change, delete; and the token that asks.

docs: API reference, "Service", "Tokens" (the current one).
"""

from __future__ import annotations

from typing import Any

from .call import OK, Answer, Call, Route, bad_request, refused
from .finding import living, service_of, version_of
from .objects import shown
from .state import Service, Version, stamp
from .switches import DELETED_SERVICE_DOMAINS, DETAILS_FILTER, PAGE_OVER_100
from .views import details_view, found_view, listed_view, service_view

PER_PAGE = 20
MOST_PER_PAGE = 100
SORTED_BY = {"created": lambda service: service.created, "name": lambda service: service.name}


def list_services(call: Call) -> Answer:
    """GET /service: a page, with links to the others."""
    page, size = _whole(call, "page", 1), _whole(call, "per_page", PER_PAGE)
    if call.switch(PAGE_OVER_100.name) == "capped":
        size = min(size, MOST_PER_PAGE)
    key = SORTED_BY.get(call.query.get("sort", "created"), SORTED_BY["created"])
    backwards = call.query.get("direction", "ascend").startswith("desc")
    services = sorted(call.customer.live_services, key=key, reverse=backwards)
    last = max(1, -(-len(services) // size))
    rows = [listed_view(call.customer, each) for each in services[(page - 1) * size : page * size]]
    return Answer(rows, headers=_links(call, page, size, last))


def _whole(call: Call, name: str, otherwise: int) -> int:
    given = call.query.get(name, str(otherwise))
    if not given.isdecimal() or int(given) < 1:
        raise bad_request(f"Invalid value for {name}")
    return int(given)


def _links(call: Call, page: int, size: int, last: int) -> dict[str, str]:
    pages = {"first": 1, "prev": page - 1, "next": page + 1, "last": last}
    kept = "".join(f"&{name}={call.query[name]}" for name in ("sort", "direction") if name in call.query)
    there = [
        f'<https://api.fastly.com/service?page={number}&per_page={size}{kept}>; rel="{rel}"'
        for rel, number in pages.items()
        if 1 <= number <= last
    ]
    return {"Link": ", ".join(there)}


def create_service(call: Call) -> Answer:
    """POST /service: a service with an empty draft as version 1."""
    name = str(call.form.get("name") or "")
    if not name:
        raise refused(400, "Name can't be blank")
    _check_name(call, name)
    kind = str(call.form.get("type") or "vcl")
    if kind not in ("vcl", "wasm"):
        raise bad_request(f"Invalid value for type: '{kind}'")
    comment = str(call.form.get("comment") or "")
    service = Service(call.customer.new_id(), name, call.now, call.now, comment=comment, type=kind)
    service.versions.append(Version(1, call.now, call.now))
    call.customer.services[service.id] = service
    return Answer(service_view(call.customer, service))


def _check_name(call: Call, name: str) -> None:
    if any(service.name == name for service in call.customer.live_services):
        raise refused(409, "Duplicate record", f"Duplicate service: '{name}'")


def get_service(call: Call) -> Answer:
    """GET /service/{service}: a deleted one as well, with the time of that."""
    return Answer(service_view(call.customer, service_of(call)))


def update_service(call: Call) -> Answer:
    """PUT /service/{service}: name and comment, of no version."""
    service = living(call)
    name = str(call.form.get("name") or service.name)
    if name != service.name:
        _check_name(call, name)
    service.name = name
    if "comment" in call.form:
        service.comment = str(call.form["comment"] or "")
    service.updated = call.now
    return Answer(service_view(call.customer, service))


def delete_service(call: Call) -> Answer:
    """DELETE /service/{service}: unless a version is active."""
    service = living(call)
    if service.active is not None:
        raise bad_request("Cannot delete service with active version")
    service.deleted = call.now
    if call.switch(DELETED_SERVICE_DOMAINS.name) == "unlinked":
        for domain in call.customer.domains.values():
            domain.service = None if domain.service == service.id else domain.service
    return Answer(OK)


def search(call: Call) -> Answer:
    """GET /service/search?name=: the service of exactly that name."""
    name = call.query.get("name", "")
    for service in call.customer.live_services:
        if service.name == name:
            return Answer(found_view(call.customer, service))
    raise refused(404, "Record not found", f"Cannot find service '{name}'")


def details(call: Call) -> Answer:
    """GET /service/{service}/details: the content of the active version, and of the newest or a named one."""
    service = service_of(call)
    versions = list(service.versions)
    active_only = call.query.get("filter[versions.active]") == "true"
    if active_only and service.active and call.switch(DETAILS_FILTER.name) == "active-else-all":
        versions = [service.active]
    version = version_of(call, call.query["version"])[1] if call.query.get("version") else versions[-1]
    return Answer(details_view(call.customer, service, version, versions))


def domains_of(call: Call) -> Answer:
    """GET /service/{service}/domain: the domains of the active version."""
    service = service_of(call)
    version = service.active
    domains = version.all("domain") if version else ()
    return Answer([shown(service, version, "domain", each) for each in domains if version])


def own_token(call: Call) -> Answer:
    """GET /tokens/self."""
    token = call.token
    shown_token: dict[str, Any] = {
        "id": token.digest[:22],
        "user_id": token.digest[22:44],
        "customer_id": call.customer.id,
        "name": "sandbox",
        "last_used_at": stamp(call.now),
        "created_at": stamp(0),
        "expires_at": None,
        "scopes": token.scope.split(),
        "scope": token.scope,
        "services": [],
    }
    return Answer(shown_token)


SERVICE = "/service/{service}"
ROUTES = (
    Route("GET", "/tokens/self", own_token),
    Route("GET", "/service", list_services),
    Route("POST", "/service", create_service),
    Route("GET", "/service/search", search),
    Route("GET", SERVICE, get_service),
    Route("PUT", SERVICE, update_service),
    Route("DELETE", SERVICE, delete_service),
    Route("GET", f"{SERVICE}/details", details),
    Route("GET", f"{SERVICE}/domain", domains_of),
)
