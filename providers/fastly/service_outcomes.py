"""What a batch of a service's container is made of, and what is told of its members. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from providers.fastly.api import Native
from providers.fastly.editing import Work
from providers.fastly.errors import says_taken
from providers.fastly.names import CLASSIC, SERVICE, mark_of, service_container
from providers.fastly.state import Service
from reconciler.errors import Conflict, ProviderError
from reconciler.model import EMPTY, Change, Resource, attrs


@dataclass(frozen=True, slots=True)
class Look:
    """A service as it was found, with one version of it.

    resource  what errors of calls are told to be about
    """

    service: Service
    resource: str

    @property
    def id(self) -> str:
        return self.service.id

    @property
    def version(self) -> int:
        return self.service.version or 1

    @property
    def config(self) -> Native:
        return self.service.config or EMPTY


def work_of(key: str, changes: Iterable[Change]) -> Work:
    """Sort the changes of one container."""
    batch = list(changes)
    service = next((c for c in batch if c.id.kind == SERVICE), None)
    hosts = [c for c in batch if c.id.kind != SERVICE]
    return Work(
        key,
        service,
        tuple(c for c in hosts if c.after is not None),
        tuple(c for c in hosts if c.after is None),
    )


def domain_resource(change: Change, key: str, id_: str, comment: str | None) -> Resource:
    """Return a classic domain as it now is; without a comment where it is in no version."""
    planned = change.resource
    return Resource(
        id=change.id,
        attrs=attrs(service=key, form=CLASSIC, comment=comment),
        host=planned.host,
        container=service_container(key),
        after=planned.after,
        outputs=attrs(service_id=id_),
        mark=mark_of(comment or "", change.id.key),
    )


def version_text(service: Service | None) -> str:
    """Say what a write means for the versions of a service; None is one that is yet to be made."""
    if service is None:
        return "version 1 of a new service"
    if service.active is None:
        return f"version {service.version}, which is not served, or a copy of it"
    return f"version {service.active} stays, and gives way to a changed copy once that is valid"


def held(host: str, error: ProviderError) -> Conflict:
    """Say that Fastly does not take a host, and what frees one that is served elsewhere."""
    text = f"Fastly does not take {host}: {error.message}"
    if says_taken(error):
        text += (
            ". Where another service of the account has it, remove it there; where another customer has it, "
            "Fastly's support releases it to whoever proves to own it"
        )
    return Conflict(
        text,
        operation=error.operation,
        resource=error.resource,
        request_id=error.request_id,
        status=error.status,
    )
