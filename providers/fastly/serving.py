"""Having a version served: looked at, validated, activated where its base is still the active one.

docs: Fastly API, Version (validate, activate, deactivate), Domain management v1.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from providers.fastly import service_api
from providers.fastly.editing import comments, is_open, is_placeholder
from providers.fastly.errors import has_no_versionless
from providers.fastly.names import PLACEHOLDER, placeholder
from providers.fastly.service_api import ServiceApi
from providers.fastly.service_outcomes import Look
from providers.fastly.spelling import listed, on
from providers.fastly.state import Domain, Service, domain_from, service_from
from reconciler.errors import AuthError, Conflict, InvalidRequest

TRIES: Final = 3
"""How often a draft is made anew because somebody else activated a version meanwhile."""


class Serving:
    """What is served of one alias's services; remembers which are. Thread-safe."""

    def __init__(self, api: ServiceApi) -> None:
        self._api = api
        self._served: set[str] = set()

    def remember(self, services: Collection[Service]) -> None:
        """Take note of which services are served."""
        self._served = {service.id for service in services if service.active is not None}

    def look(self, id_: str, resource: str = "", number: int | None = None) -> Look | None:
        """Return a service with the version that counts: the one asked for, the active or the newest one."""
        native = self._api.details(id_, resource)
        if native is None or native.get("deleted_at"):
            return None
        service = service_from(native)
        numbers = [v.get("number") for v in native.get("versions") or ()]
        newest = max((n for n in numbers if isinstance(n, int)), default=service.version)
        asked = number if number is not None else service.active if service.active is not None else newest
        if asked is not None and asked != service.version:
            one = self._api.version(id_, asked, resource) or {}
            service = replace(service, version=asked, config=one.get("version"))
        return Look(service, resource)

    def activate(self, live: Look, number: int, hosts: Collection[str], coming: str = "") -> bool:
        """Have a version served, if it has a host; False where another one became active meanwhile.

        hosts   the classic ones that it has. A service without any host is not served: it stays a draft
        coming  a versionless one that is about to be attached
        """
        if number == live.service.active:
            return True
        first = next(iter(sorted(hosts)), coming) or min((d.host for d in self.linked(live)), default="")
        if not first:
            if live.service.active is not None:
                self.deactivate(live, live.service.active)
            return True
        number = self._valid(live, number, first, bare=not hosts)
        if (active := self._active(live)) != live.service.active:
            text = f"tdr: dropped, version {active} was activated meanwhile"
            self._api.label(live.id, number, text, live.resource)
            return False
        self._api.activate(live.id, number, live.resource)
        self._served.add(live.id)
        return True

    def deactivate(self, live: Look, number: int) -> None:
        """Have a service served no more."""
        self._api.deactivate(live.id, number, live.resource)
        self._served.discard(live.id)

    def _active(self, live: Look) -> int | None:
        now = self._api.service(live.id, live.resource) or {}
        numbers = (v.get("number") for v in now.get("versions") or () if on(v.get("active")))
        return next((n for n in numbers if isinstance(n, int)), None)

    def linked(self, live: Look) -> tuple[Domain, ...]:
        """Return the versionless domains that are attached to a service."""
        try:
            rows = [domain_from(native) for native in self._api.domains(service_id=live.id)]
        except (AuthError, InvalidRequest) as error:
            if not has_no_versionless(error):
                raise
            return ()
        there = {str(row.get("name")) for row in listed(live.config, "domains")}
        return tuple(one for one in rows if one.service == live.id and one.host not in there)

    def _valid(self, live: Look, number: int, host: str, *, bare: bool) -> int:
        """Return the number of the version that can be activated.

        Whether versionless domains are enough is not documented: where they are not, a bare version gets a
        name that nobody visits. Raises InvalidRequest, with Fastly's words.
        """
        wrong = self._wrong(live, number)
        if wrong and bare and not any(is_placeholder(row) for row in listed(live.config, "domains")):
            if number == live.version and not is_open(live.config):
                number = self._api.clone(live.id, number, live.resource)["number"]
            form = {"name": placeholder(live.id, host), "comment": PLACEHOLDER}
            try:
                self._api.write(service_api.ADD_DOMAIN, live.id, number, live.resource or host, form)
            except (InvalidRequest, Conflict) as error:  # it may be there: a lost answer, another run
                if wrong := self._wrong(live, number):
                    raise _with_words(error, wrong) from error
                return number
            wrong = self._wrong(live, number)
        if wrong:
            raise InvalidRequest(f"Fastly finds version {number} of {live.service.name} invalid: {wrong}")
        return number

    def _wrong(self, live: Look, number: int) -> str:
        """Return why a version cannot be activated, in Fastly's words; empty where it can."""
        told = self._api.validate(live.id, number, live.resource)
        if str(told.get("status")).lower() != "error":
            return ""
        return str(told.get("msg") or "; ".join(map(str, told.get("errors") or ())) or "no reason is given")

    def serve(self, id_: str, coming: str = "") -> None:
        """Have a service served that a host was just attached to, or is about to be. Raises ProviderError."""
        if id_ in self._served:
            return
        for _ in range(TRIES):
            live = self.look(id_)
            if live is None:
                return
            if live.service.active is not None:
                self._served.add(id_)
                return
            if self.activate(live, live.version, comments(live.config), coming):
                return
        raise Conflict("somebody else activates versions of the service: apply again")


def _with_words(error: InvalidRequest | Conflict, wrong: str) -> InvalidRequest:
    """Return what a refused placeholder means: the version stays invalid."""
    return InvalidRequest(
        f"Fastly finds the service invalid: {wrong}; {error.message}",
        operation=error.operation,
        resource=error.resource,
        request_id=error.request_id,
        status=error.status,
    )
