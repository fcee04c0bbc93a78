"""Whose a host is: it belongs to one customer, and is served by one service."""

from __future__ import annotations

from collections.abc import Iterator

from .call import Call, Refusal, bad_request
from .state import Customer, Fastly, Service, Version
from .switches import TAKEN_WITHIN_ACCOUNT, TAKEN_WORDS


def holder(fastly: Fastly, name: str) -> Customer | None:
    """Give the customer that has a host: as a versionless domain, or in an active version."""
    for customer in fastly:
        if any(domain.fqdn == name for domain in customer.domains.values()):
            return customer
        if next(_active_with(customer, name), None) is not None:
            return customer
    return None


def of_another(call: Call, name: str) -> bool:
    """Say whether another customer has a host."""
    found = holder(call.fastly, name)
    return found is not None and found is not call.customer


def check_classic(call: Call, service: Service, version: Version, name: str) -> None:
    """Raise Refusal where a host cannot be written into a version."""
    if of_another(call, name):
        raise _of_another(call, name)
    if call.switch(TAKEN_WITHIN_ACCOUNT.name) == "at-write":
        check_services(call.customer, service, name)
    most = call.customer.limits.domains
    if len(version.all("domain")) + len(call.customer.domains) >= most:
        raise bad_request(f"Exceeding max number of domains: {most}")


def check_activation(call: Call, service: Service, version: Version) -> None:
    """Raise Refusal where a version has a host that another customer or service serves by now."""
    for name in version.of("domain"):
        if of_another(call, name):
            raise _of_another(call, name)
        check_services(call.customer, service, name)


def check_services(customer: Customer, service: Service, name: str) -> None:
    """Raise Refusal where another service of the same customer serves a host."""
    for other in _active_with(customer, name):
        if other is not service:
            raise _taken_by(name, other)


def _of_another(call: Call, name: str) -> Refusal:
    words = "already taken" if call.switch(TAKEN_WORDS.name) == "already-taken" else "owned"
    return bad_request(f"Domain '{name}' is {words} by another customer")


def _taken_by(name: str, other: Service) -> Refusal:
    return bad_request(f"Domain '{name}' is already taken by another service: {other.id}")


def _active_with(customer: Customer, name: str) -> Iterator[Service]:
    for service in customer.live_services:
        if service.active is not None and name in service.active.of("domain"):
            yield service
