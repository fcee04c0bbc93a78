"""Which service the edge has for a host: what is active, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .state import Customer, Domain, Fastly, Service, Version


@dataclass(frozen=True, slots=True)
class Served:
    """The service of a host in its active version."""

    customer: Customer
    service: Service
    version: Version
    versionless: bool


def serving(fastly: Fastly, host: str) -> Served | None:
    """Give what the edge serves a host with: the exact name goes before a wildcard."""
    for name in (host, wildcard(host)):
        for customer in fastly:
            for found in _all(customer, name):
                return found
    return None


def wildcard(host: str) -> str:
    """Give the wildcard that covers a host."""
    return "*." + host.partition(".")[2]


def _all(customer: Customer, name: str) -> Iterator[Served]:
    for service in customer.live_services:
        version = service.active
        if version is None:
            continue
        if linked(customer, service, name) is not None:
            yield Served(customer, service, version, versionless=True)
        elif name in version.of("domain"):
            yield Served(customer, service, version, versionless=False)


def linked(customer: Customer, service: Service, name: str) -> Domain | None:
    """Give the versionless domain of a name that is linked to a service."""
    linked_ones = (domain for domain in customer.domains.values() if domain.service == service.id)
    return next((domain for domain in linked_ones if domain.fqdn == name), None)
