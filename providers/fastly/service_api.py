"""The endpoints of services, their versions and domains of either form.

docs: Fastly API: Services, Versions, Domains, Backends, Settings, Request settings, Headers, and Domain
management v1.
Writes of a version are repeatable where a second one says the same or is refused by a name that is there
already; whoever calls looks then.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from providers.fastly.api import Native, Operation, Transport, refused
from providers.fastly.errors import says_gone

if TYPE_CHECKING:
    from providers._http import Answer

Form: TypeAlias = Mapping[str, str]

_SERVICE: Final = "/service/{service}"
_VERSION: Final = "/service/{service}/version/{version}"
_DOMAINS: Final = "/domain-management/v1/domains"

TOKEN: Final = Operation("GET", "/tokens/self")
CUSTOMER: Final = Operation("GET", "/current_customer")
LIST: Final = Operation("GET", "/service")
SEARCH: Final = Operation("GET", "/service/search")
DETAILS: Final = Operation("GET", f"{_SERVICE}/details")
SERVICE: Final = Operation("GET", _SERVICE)
# A name can exist once: the second of two creations is told so.
CREATE: Final = Operation("POST", "/service")
UPDATE: Final = Operation("PUT", _SERVICE)
DELETE: Final = Operation("DELETE", _SERVICE)

# Each one makes a version, or fails where the first one did it: whoever calls looks before a repeat.
CLONE: Final = Operation("PUT", f"{_VERSION}/clone", repeatable=False)
ACTIVATE: Final = Operation("PUT", f"{_VERSION}/activate", repeatable=False)
DEACTIVATE: Final = Operation("PUT", f"{_VERSION}/deactivate", repeatable=False)
VALIDATE: Final = Operation("GET", f"{_VERSION}/validate")
LABEL: Final = Operation("PUT", _VERSION)

SETTINGS: Final = Operation("PUT", f"{_VERSION}/settings")
ADD_BACKEND: Final = Operation("POST", f"{_VERSION}/backend")
PUT_BACKEND: Final = Operation("PUT", f"{_VERSION}/backend/{{name}}")
DROP_BACKEND: Final = Operation("DELETE", f"{_VERSION}/backend/{{name}}")
PUT_REQUEST: Final = Operation("PUT", f"{_VERSION}/request_settings/{{name}}")
DROP_CACHE: Final = Operation("DELETE", f"{_VERSION}/cache_settings/{{name}}")
DROP_HEADER: Final = Operation("DELETE", f"{_VERSION}/header/{{name}}")
ADD_DOMAIN: Final = Operation("POST", f"{_VERSION}/domain")
PUT_DOMAIN: Final = Operation("PUT", f"{_VERSION}/domain/{{name}}")
DROP_DOMAIN: Final = Operation("DELETE", f"{_VERSION}/domain/{{name}}")
LIST_VERSION_DOMAINS: Final = Operation("GET", f"{_VERSION}/domain")

LIST_DOMAINS: Final = Operation("GET", _DOMAINS)
GET_DOMAIN: Final = Operation("GET", f"{_DOMAINS}/{{domain}}")
LINK_DOMAIN: Final = Operation("POST", _DOMAINS)
PATCH_DOMAIN: Final = Operation("PATCH", f"{_DOMAINS}/{{domain}}")
DELETE_DOMAIN: Final = Operation("DELETE", f"{_DOMAINS}/{{domain}}")


class ServiceApi:
    """Services, versions and domains of one account."""

    def __init__(self, transport: Transport) -> None:
        self._way = transport

    # -- who asks
    def token(self) -> Native:
        """Return what the token says of itself: scope, user, and where Fastly tells it, customer_id."""
        return self._way.send(TOKEN, self._way.one)

    def customer(self) -> Native:
        """Return the customer whose the token is."""
        return self._way.send(CUSTOMER, self._way.one)

    # -- services
    def _service(self, answer: Answer) -> Native:
        return self._way.having("id", str, answer)

    def _service_or_none(self, answer: Answer) -> Native | None:
        return self._service(answer) if answer.ok else None

    def services(self) -> list[Native]:
        """Return all services with the numbers of their versions: one call for each hundred."""
        return self._way.pages(LIST, {"sort": "created", "direction": "ascend"})

    def named(self, name: str) -> Native | None:
        """Return the service of that name, None where there is none."""
        return self._way.send(SEARCH, self._service_or_none, name, params={"name": name}, accept=says_gone)

    def details(self, service: str, resource: str = "") -> Native | None:
        """Return a service with all of its active version, or of its newest where none is active."""
        return self._way.send(
            DETAILS,
            self._service_or_none,
            resource,
            ids={"service": service},
            params={"filter[versions.active]": "true"},
            accept=says_gone,
        )

    def version(self, service: str, number: int, resource: str = "") -> Native | None:
        """Return a service with all of one version."""
        return self._way.send(
            DETAILS,
            self._service_or_none,
            resource,
            ids={"service": service},
            params={"version": str(number)},
            accept=says_gone,
        )

    def service(self, service: str, resource: str = "") -> Native | None:
        """Return a service with the numbers of its versions, None where it is gone."""
        return self._way.send(
            SERVICE, self._service_or_none, resource, ids={"service": service}, accept=says_gone
        )

    def create(self, name: str, comment: str, resource: str) -> Native:
        """Make a service; its version 1 is an open draft."""
        form = {"name": name, "type": "vcl", "comment": comment}
        return self._way.send(CREATE, self._service, resource, form=form)

    def update(self, service: str, form: Form, resource: str) -> Native:
        """Write what is no version's: name, comment."""
        return self._way.send(UPDATE, self._way.one, resource, ids={"service": service}, form=form)

    def delete(self, service: str, resource: str) -> None:
        """Delete a service, which must have no active version; one that is gone is deleted already."""
        self._way.send(DELETE, self._way.nothing, resource, ids={"service": service}, accept=says_gone)

    # -- versions
    def clone(self, service: str, number: int, resource: str) -> Native:
        """Make a new draft that is like a version; return it, with its `number`."""
        return self._version(CLONE, service, number, resource)

    def activate(self, service: str, number: int, resource: str) -> Native:
        """Have a version served, and lock it."""
        return self._version(ACTIVATE, service, number, resource)

    def deactivate(self, service: str, number: int, resource: str) -> Native:
        """Have a version served no more."""
        return self._write(DEACTIVATE, service, number, resource)

    def validate(self, service: str, number: int, resource: str) -> Native:
        """Ask whether a version could be activated: `status` ok or error, `msg` why not."""
        ids: dict[str, str | int] = {"service": service, "version": number}
        return self._way.send(VALIDATE, partial(self._way.having, "status", str), resource, ids=ids)

    def label(self, service: str, number: int, comment: str, resource: str) -> Native:
        """Write what a version's comment says."""
        return self._write(LABEL, service, number, resource, {"comment": comment})

    def write(
        self, operation: Operation, service: str, number: int, resource: str, form: Form, name: str = ""
    ) -> Native:
        """Make one write of a draft: of a backend, its settings, a domain."""
        return self._write(operation, service, number, resource, form, name)

    def _version(self, operation: Operation, service: str, number: int, resource: str) -> Native:
        """Make a call that answers a version: one without a number is something else."""
        ids: dict[str, str | int] = {"service": service, "version": number}
        return self._way.send(operation, partial(self._way.having, "number", int), resource, ids=ids)

    def _write(
        self,
        operation: Operation,
        service: str,
        number: int,
        resource: str,
        form: Form | None = None,
        name: str = "",
    ) -> Native:
        ids: dict[str, str | int] = {"service": service, "version": number, "name": name}
        accept = says_gone if operation.method == "DELETE" else refused
        return self._way.send(operation, self._way.one, resource, ids=ids, accept=accept, form=form or None)

    def domains_of(self, service: str, number: int, resource: str = "") -> list[Native]:
        """Return the classic domains of a version."""
        ids: dict[str, str | int] = {"service": service, "version": number}
        return self._way.send(LIST_VERSION_DOMAINS, self._way.rows, resource, ids=ids)

    # -- versionless domains
    def domains(self, **filters: str) -> list[Native]:
        """Return the account's domains: one call for each hundred. `filters`: fqdn, service_id."""
        return self._way.cursored(LIST_DOMAINS, filters)

    def domain(self, id_: str, resource: str) -> Native | None:
        """Return one versionless domain by its id."""
        ids = {"domain": id_}
        return self._way.send(GET_DOMAIN, self._way.one_or_none, resource, ids=ids, accept=says_gone)

    def link(self, host: str, service: str, description: str) -> Native:
        """Make a versionless domain that is attached to a service."""
        body = {"fqdn": host, "service_id": service, "description": description}
        return self._way.send(LINK_DOMAIN, self._way.one, host, body=body)

    def patch_domain(self, id_: str, resource: str, **fields: str | None) -> Native:
        """Write `service_id` or `description` of a versionless domain; takes effect at once."""
        return self._way.send(PATCH_DOMAIN, self._way.one, resource, ids={"domain": id_}, body=fields)

    def delete_domain(self, id_: str, resource: str) -> None:
        """Delete a versionless domain; one that is gone is deleted already."""
        ids = {"domain": id_}
        self._way.send(DELETE_DOMAIN, self._way.nothing, resource, ids=ids, accept=says_gone)
