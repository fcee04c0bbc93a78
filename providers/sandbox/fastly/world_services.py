"""Services and versionless domains of the world.

A service is `{id, name, comment, active: VERSION, draft: VERSION}` or has `versions: [VERSION, …]`, of which
one may say `active: true`. A version has lists in the form of the API: `domains`, `backends`, `headers`,
`conditions`, `request_settings`, `cache_settings`, `healthchecks`, and `settings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries, known, text

from .call import Refusal
from .kinds import KINDS
from .objects import made
from .settings import parsed
from .state import Customer, Domain, Service, Version, derived_id

SERVICE_KEYS = ("id", "name", "comment", "versions", "active", "draft")
DOMAIN_KEYS = ("fqdn", "id", "service", "description", "verified")
VERSION_KEYS = (*(kind.details for kind in KINDS), "settings", "comment", "active", "locked")


def read_services(customer: Customer, given: Any, at: str, now: float) -> None:
    """Take services. Raises WorldError."""
    for place, entry in entries(given, at):
        service = _service(customer, known(entry, SERVICE_KEYS, place), place, now)
        if service.id in customer.services:
            raise WorldError(f"{place}.id", f"{service.id} is there already")
        customer.services[service.id] = service


def read_domains(customer: Customer, given: Any, at: str, now: float) -> None:
    """Take versionless domains. Raises WorldError."""
    for place, entry in entries(given, at):
        wanted = known(entry, DOMAIN_KEYS, place)
        fqdn = text(wanted.get("fqdn"), f"{place}.fqdn", "click.example.com").lower()
        service = wanted.get("service")
        if service is not None and service not in customer.services:
            there = ", ".join(customer.services) or "none"
            raise WorldError(f"{place}.service", f"there is no service {service!r}: there are {there}")
        domain = Domain(str(wanted.get("id") or customer.new_id()), fqdn, now, now, service=service)
        domain.description = str(wanted.get("description", ""))
        domain.verified = bool(wanted.get("verified", False))
        customer.domains[domain.id] = domain


def _service(customer: Customer, given: Mapping[str, Any], at: str, now: float) -> Service:
    name = text(given.get("name"), f"{at}.name", "links")
    ident = str(given.get("id") or derived_id("service", customer.id, name))
    versions = [read_version(*version, now) for version in _versions(given, at)]
    for number, version in enumerate(versions, start=1):
        version.number = number
    if sum(version.active for version in versions) > 1:
        raise WorldError(f"{at}.versions", "at most one version may be active")
    comment = str(given.get("comment", ""))
    return Service(ident, name, now, now, comment=comment, versions=versions or [Version(1, now, now)])


def _versions(given: Mapping[str, Any], at: str) -> Iterator[tuple[Any, str]]:
    for place, entry in entries(given.get("versions"), f"{at}.versions"):
        yield entry, place
    if "active" in given:
        yield {**known(given["active"], VERSION_KEYS, f"{at}.active"), "active": True}, f"{at}.active"
    if "draft" in given:
        yield given["draft"], f"{at}.draft"


def read_version(given: Any, at: str, now: float) -> Version:
    """Give a version of the world. Raises WorldError."""
    wanted = known(given, VERSION_KEYS, at)
    active = bool(wanted.get("active", False))
    version = Version(1, now, now, comment=str(wanted.get("comment", "")), active=active)
    version.locked = active or bool(wanted.get("locked", False))
    try:
        version.settings |= parsed(wanted.get("settings") or {})
    except Refusal as refusal:
        raise WorldError(f"{at}.settings", str(refusal.answer.body["detail"])) from refusal
    for kind in KINDS:
        for place, entry in entries(wanted.get(kind.details), f"{at}.{kind.details}"):
            keys = ("name", *kind.defaults)
            try:
                made_one = made(kind, known(entry, keys, place), now)
            except Refusal as refusal:
                raise WorldError(place, str(refusal.answer.body["detail"])) from refusal
            version.of(kind.path)[made_one["name"]] = made_one
    return version
