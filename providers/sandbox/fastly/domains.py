"""Versionless domains: a host of the account, linked to a service or to none, without any version.

docs: API reference, "Domain management". Classic domains appear among them: see the switch.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import taken
from .call import Answer, Call, Handler, Refusal, Route, faulty
from .state import Customer, Domain, derived_id, stamp_ms
from .switches import CLASSIC_LISTED, NO_VERSIONLESS

DOMAINS = "/domain-management/v1/domains"
LIMIT = 20
MOST = 100
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
FQDN = re.compile(rf"(\*\.)?({LABEL}\.)+{LABEL}")
MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "contains": lambda have, want: want in have,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
SORTED_BY = ("fqdn", "created_at", "updated_at", "service_id", "id")


def invalid(name: str, detail: str) -> Refusal:
    """Refuse a member."""
    return faulty(400, f"Invalid value for {name}", detail)


def view(customer: Customer, domain: Domain, now: float) -> dict[str, Any]:
    """Give a domain as the API answers it; `activated` says whether a certificate is active for it."""
    return {
        "id": domain.id,
        "created_at": stamp_ms(domain.created),
        "fqdn": domain.fqdn,
        "updated_at": stamp_ms(domain.updated),
        "service_id": domain.service,
        "activated": customer.tls.activated(domain.fqdn, now),
        "verified": domain.verified,
        "description": domain.description,
    }


def _where_there(handler: Handler) -> Handler:
    """Refuse an account that has no versionless domains."""

    def guarded(call: Call) -> Answer:
        if call.customer.versionless:
            return handler(call)
        if call.switch(NO_VERSIONLESS.name) == "forbidden-403":
            raise faulty(403, "Forbidden", "You are not authorized to perform this action")
        raise faulty(404, "Not found", "Not found")

    return guarded


def list_domains(call: Call) -> Answer:
    """GET: a page, with the cursor of the next; filters are all to hold."""
    limit = call.query.get("limit", str(LIMIT))
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
        raise invalid("limit", f"limit must be between 1 and {MOST}")
    rows = [view(call.customer, domain, call.now) for domain in _all(call)]
    rows = [row for row in rows if _wanted(call, row)]
    sort = call.query.get("sort", "fqdn")
    if sort.lstrip("-") not in SORTED_BY:
        raise invalid("sort", f"sort must be one of {', '.join(SORTED_BY)}")
    rows.sort(key=lambda row: str(row[sort.lstrip("-")] or ""), reverse=sort.startswith("-"))
    begin = _begin(call.query.get("cursor", ""))
    end = begin + int(limit)
    meta: dict[str, Any] = {"total": len(rows), "limit": int(limit)}
    if end < len(rows):
        meta["next_cursor"] = base64.urlsafe_b64encode(f"after {end}".encode()).decode()
    return Answer({"data": rows[begin:end], "meta": meta})


def _begin(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("after "))
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise invalid("cursor", "cursor is invalid") from error


def _wanted(call: Call, row: Mapping[str, Any]) -> bool:
    query = call.query
    way = query.get("fqdn_match", "contains")
    if way not in MATCHES:
        raise invalid("fqdn_match", f"fqdn_match must be one of {', '.join(MATCHES)}")
    if "fqdn" in query and not MATCHES[way](row["fqdn"], query["fqdn"].lower()):
        return False
    if "service_id" in query and row["service_id"] != query["service_id"]:
        return False
    flags = (name for name in ("activated", "verified") if name in query)
    return all(row[name] == (query[name] == "true") for name in flags)


def _all(call: Call) -> Iterator[Domain]:
    """Give the versionless domains, and as the switch says the classic ones of active versions."""
    yield from call.customer.domains.values()
    setting = call.switch(CLASSIC_LISTED.name)
    if setting != "absent":
        yield from _classic(call.customer, linked=setting == "linked")


def _classic(customer: Customer, *, linked: bool) -> Iterator[Domain]:
    known = {domain.fqdn for domain in customer.domains.values()}
    for service in customer.live_services:
        version = service.active
        for name, given in version.of("domain").items() if version else ():
            if name not in known:
                ident = derived_id("classic", customer.id, name)
                linked_to = service.id if linked else None
                at = version.created if version else 0.0
                yield Domain(ident, name, at, at, service=linked_to, description=given["comment"])


def create(call: Call) -> Answer:
    """POST: a host that nobody has yet."""
    body = _body(call)
    fqdn = str(body.get("fqdn") or "").lower().rstrip(".")
    if not FQDN.fullmatch(fqdn) or len(fqdn) > 253:
        raise invalid("fqdn", "fqdn is not a valid domain name")
    if taken.of_another(call, fqdn) or any(domain.fqdn == fqdn for domain in _all(call)):
        raise invalid("fqdn", "fqdn has already been taken")
    most = call.customer.limits.domains
    if len(call.customer.domains) >= most:
        raise faulty(400, "Bad request", f"Exceeding max number of domains: {most}")
    service = _service(call, body)
    made = Domain(call.customer.new_id(), fqdn, call.now, call.now, service=service)
    made.description = str(body.get("description") or "")
    call.customer.domains[made.id] = made
    return Answer(view(call.customer, made, call.now), 201)


def get(call: Call) -> Answer:
    """GET of one."""
    return Answer(view(call.customer, _found(call), call.now))


def update(call: Call) -> Answer:
    """PATCH: link, unlink, describe; at once, as no version is touched. A classic one becomes versionless."""
    domain, body = _found(call), _body(call)
    if "fqdn" in body and body["fqdn"] != domain.fqdn:
        raise invalid("fqdn", "fqdn cannot be changed")
    service = _service(call, body) if "service_id" in body else domain.service
    domain.service, domain.updated = service, call.now
    if "description" in body:
        domain.description = str(body["description"] or "")
    call.customer.domains[domain.id] = domain
    return Answer(view(call.customer, domain, call.now))


def delete(call: Call) -> Answer:
    """DELETE: whether it is linked or not; not while a TLS subscription names it."""
    domain = _found(call)
    if domain.id not in call.customer.domains:
        raise faulty(400, "Bad request", "Classic domains are deleted in a version of their service")
    if held := call.customer.tls.holds(domain.fqdn):
        # reported: terraform-provider-fastly issue 1141
        detail = (
            f"This domain is linked to the following Fastly-managed TLS subscription(s): {', '.join(held)}. "
            "Remove the subscription(s) before deleting this domain."
        )
        raise faulty(400, "Invalid value for subscriptions", detail)
    del call.customer.domains[domain.id]
    return Answer(status=204)


def _found(call: Call) -> Domain:
    for domain in _all(call):
        if domain.id == call.params["domain"]:
            return domain
    raise faulty(404, "Not found", "The domain you requested was not found")


def _body(call: Call) -> Mapping[str, Any]:
    if not isinstance(call.json, dict):
        raise faulty(400, "Bad request", "The body is no JSON object")
    return call.json


def _service(call: Call, body: Mapping[str, Any]) -> str | None:
    wanted = body.get("service_id")
    if wanted in (None, ""):
        return None
    service = call.customer.services.get(str(wanted))
    if service is None or service.deleted is not None:
        raise invalid("service_id", "service_id does not exist")
    return service.id


ROUTES = tuple(
    Route(method, path, _where_there(handler), object)
    for method, path, handler in (
        ("GET", DOMAINS, list_domains),
        ("POST", DOMAINS, create),
        ("GET", f"{DOMAINS}/{{domain}}", get),
        ("PATCH", f"{DOMAINS}/{{domain}}", update),
        ("DELETE", f"{DOMAINS}/{{domain}}", delete),
    )
)
