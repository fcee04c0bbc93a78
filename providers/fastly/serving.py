"""Having a version served: looked at, validated, activated where its base is still the active one.

docs: Fastly API, Version (validate, activate, deactivate), Domain management v1.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from providers.fastly import service_api
from providers.fastly.editing import comments, is_open
from providers.fastly.names import mark_of
from providers.fastly.service_api import ServiceApi
from providers.fastly.service_outcomes import Look
from providers.fastly.spelling import on
from providers.fastly.state import Domain, Service, domain_from, service_from
from reconciler.errors import AuthError, Conflict, InvalidRequest, NotReady

TRIES: Final = 3
"""How often a draft is made anew because somebody else activated a version meanwhile."""


class Serving:
    """What is served of one alias's services; remembers which are. Thread-safe."""

    def __init__(self, api: ServiceApi, owner: str) -> None:
        self._api, self._owner = api, owner
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

    def activate(self, live: Look, number: int, hosts: Collection[str]) -> bool:
        """Have a version served, if it has a host; False where another one became active meanwhile.

        hosts  the classic ones that it has. A service without any host is not served: it stays a draft.
        """
        if number == live.service.active:
            return True
        linked = () if hosts else self.linked(live)
        if not (hosts or linked):
            if live.service.active is not None:
                self.deactivate(live, live.service.active)
            return True
        number, twice = self._valid(live, number, linked)
        if (active := self._active(live)) != live.service.active:
            text = f"tdr: dropped, version {active} was activated meanwhile"
            self._api.label(live.id, number, text, live.resource)
            return False
        self._api.activate(live.id, number, live.resource)
        self._served.add(live.id)
        if twice is not None:
            self._api.delete_domain(twice.id or "", twice.host)
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
        except (AuthError, InvalidRequest):
            return ()  # an account without versionless domains
        there = comments(live.config)
        return tuple(one for one in rows if one.service == live.id and one.host not in there)

    def _valid(self, live: Look, number: int, linked: Sequence[Domain]) -> tuple[int, Domain | None]:
        """Return the number of the version that can be activated, and a host that is in two forms then.

        Whether a versionless domain is enough is not documented: where it is not, one of them becomes a
        classic one. Raises InvalidRequest, with Fastly's words.
        """
        wrong, twice = self._wrong(live, number), None
        ours = [one for one in linked if mark_of(one.comment, one.host) == self._owner]
        if wrong and ours:
            if number == live.version and not is_open(live.config):
                number = int(self._api.clone(live.id, number, live.resource)["number"])
            twice = self._anchored(live, number, min(ours, key=lambda one: one.host))
            wrong = self._wrong(live, number)
        if wrong:
            raise InvalidRequest(f"Fastly finds version {number} of {live.service.name} invalid: {wrong}")
        return number, twice

    def _anchored(self, live: Look, number: int, one: Domain) -> Domain | None:
        """Put a versionless domain into a version; return it where it is still to lose its other form.

        Raises NotReady where it cannot be in both and is served.
        """
        form = {"name": one.host, "comment": one.comment}
        try:
            self._api.write(service_api.ADD_DOMAIN, live.id, number, one.host, form)
        except (InvalidRequest, Conflict) as error:
            if live.service.active is not None:
                text = f"Fastly serves no service without a classic domain, and {one.host} cannot become one"
                raise NotReady(f"{text} while it is served: {error.message}") from error
            self._api.delete_domain(one.id or "", one.host)
            self._api.write(service_api.ADD_DOMAIN, live.id, number, one.host, form)
            return None
        return one

    def _wrong(self, live: Look, number: int) -> str:
        """Return why a version cannot be activated, in Fastly's words; empty where it can."""
        told = self._api.validate(live.id, number, live.resource)
        if str(told.get("status")).lower() != "error":
            return ""
        return str(told.get("msg") or "; ".join(map(str, told.get("errors") or ())) or "no reason is given")

    def serve(self, id_: str) -> frozenset[str]:
        """Have a service served that a host was just attached to; return the hosts that became classic ones.

        Raises ProviderError.
        """
        if id_ in self._served:
            return frozenset()
        for _ in range(TRIES):
            live = self.look(id_)
            if live is None:
                return frozenset()
            if live.service.active is not None:
                self._served.add(id_)
                return frozenset()
            if self.activate(live, live.version, comments(live.config)):
                now = self.look(id_)
                return frozenset(comments(now.config)) - comments(live.config).keys() if now else frozenset()
        raise Conflict("somebody else activates versions of the service: apply again")
