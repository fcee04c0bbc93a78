"""A service's changes as one new version: look, clone, write, label, validate, look again, activate, look.

docs: Fastly API, Version: activated versions are locked; a change needs a clone of one. There is no
conditional write: a draft is dropped where its base is no longer the active version just before it would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from providers._outcomes import Outcome, is_idle, moved, stuck, vendor_id
from providers.fastly import service_api
from providers.fastly.api import Native
from providers.fastly.editing import Work, Write, comments, is_open, label, writes
from providers.fastly.errors import says_taken
from providers.fastly.names import BACKEND, DOMAIN, SERVICE, key_in, mark, mark_of, service_name
from providers.fastly.service_api import ServiceApi
from providers.fastly.service_outcomes import Look, domain_resource, held, work_of
from providers.fastly.serving import TRIES, Serving
from providers.fastly.state import Service, key_of, service_from, service_resource
from reconciler.errors import Conflict, InvalidRequest, ProviderError, UnexpectedResponse
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed

_STATE: Final = frozenset({"active"})


class Versions:
    """The services of one alias; remembers which id stands for which origin. Thread-safe."""

    def __init__(self, api: ServiceApi, alias: str, owner: str) -> None:
        self._api, self._alias, self._owner = api, alias, owner
        self._ids: dict[str, str] = {}
        self._serving = Serving(api)

    # -- which service
    def remember(self, services: Iterable[Service]) -> None:
        """Take note of the owner's services that were read, the one that bears the name last."""
        own = [s for s in services if key_of(s, self._owner) is not None]
        keys = {s.id: key_of(s, self._owner) or "" for s in own}
        own.sort(key=lambda s: s.name == service_name(self._owner, keys[s.id]))
        self._ids = {**self._ids, **{keys[s.id]: s.id for s in own}}
        self._serving.remember(own)

    def id_of(self, key: str) -> str | None:
        """Return the id of the service for an origin, None where there is none."""
        if key not in self._ids:
            found = self._api.named(service_name(self._owner, key))
            if found is None or key_of(service_from(found), self._owner) != key:
                return None
            self._ids[key] = str(found["id"])
        return self._ids[key]

    def serve(self, id_: str, coming: str = "") -> None:
        """Have a service served that a host was just attached to, or is about to be. Raises ProviderError."""
        self._serving.serve(id_, coming)

    def _made(self, change: Change) -> str:
        """Return the id of a service that is to be there: what an earlier attempt made, or a new one."""
        key = change.id.key
        found = self.id_of(key)
        if found is not None:
            return found
        try:
            name = service_name(self._owner, key)
            made = self._api.create(name, mark(self._owner, key), change.id.address)
        except ProviderError as error:
            if not says_taken(error) or (found := self.id_of(key)) is None:
                raise
            return found
        self._ids[key] = str(made["id"])
        return self._ids[key]

    # -- one container
    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes of one service's container, as one version of it.

        What is refused of the service is the outcome of all: halves of a batch, which the engine tries where
        one is refused, would each cost a version and be refused as well.
        """
        idle: dict[ResourceId, Outcome] = {c.id: Done(c.after) for c in batch if is_idle(c)}
        work = work_of(key_in(batch[0].container) or "", [c for c in batch if not is_idle(c)])
        try:
            return {**idle, **(self._outcomes(work) if work.changes else {})}
        except ProviderError as error:
            error.resource = error.resource or ResourceId(self._alias, SERVICE, work.key).address
            return {**idle, **{c.id: Failed(error) for c in work.changes}}

    def _outcomes(self, work: Work) -> dict[ResourceId, Outcome]:
        if work.service is not None and work.service.after is None:
            return self._remove(work)
        work, failed = self._moved_here(work)
        id_ = self._service_of(work)
        return {**failed, **(_without_service(work) if id_ is None else self._edit(id_, work))}

    def _service_of(self, work: Work) -> str | None:
        known = (vendor_id(work.service) if work.service else None) or next(
            (id_ for c in work.leaving if (id_ := vendor_id(c, "service_id"))), None
        )
        if known is not None:
            return known
        creates = work.service is not None and work.service.before is None
        return self._made(work.service) if work.service is not None and creates else self.id_of(work.key)

    def _edit(self, id_: str, work: Work) -> dict[ResourceId, Outcome]:
        """Make a version until nobody interferes; each try starts from what is active then."""
        for _ in range(TRIES):
            live = self._serving.look(id_, _about(work))
            if live is None:
                self._ids.pop(work.key, None)
                return _without_service(work)
            failed = self._unlike(live, work)
            found = self._attempt(live, work.without(failed))
            if found is not None:
                return {**failed, **found}
        text = f"somebody else activated a version of the service for {work.key} while tdr made its own"
        return {c.id: Failed(Conflict(f"{text}, {TRIES} times over: apply again")) for c in work.changes}

    # -- judging
    def _unlike(self, live: Look, work: Work) -> dict[ResourceId, Outcome]:
        """Judge what the changes rest on: those for which it holds no more have failed."""
        texts: dict[ResourceId, str] = {}
        if work.service is not None and work.service.before is not None:
            now = service_resource(self._alias, work.key, live.service)
            texts[work.service.id] = moved(now.attrs, work.service, _STATE)
        there = comments(live.config)
        for change in (*work.hosts, *work.leaving):
            texts[change.id] = self._host_moved(change, there.get(change.id.key))
        return {id_: Failed(Conflict(text)) for id_, text in texts.items() if text}

    def _host_moved(self, change: Change, comment: str | None) -> str:
        host = change.id.key
        theirs = mark_of(comment or "", host)
        if theirs is not None and theirs != self._owner:
            return f"{host} is marked as {theirs}'s since this was planned"
        before = change.before.attrs.get("comment") if change.before is not None else None
        after = change.after.attrs.get("comment") if change.after is not None else None
        if comment is None or before is None or comment in (before, after):
            return ""
        return f"{host} changed since it was planned: its comment is now {comment!r}"

    # -- one try
    def _attempt(self, live: Look, work: Work) -> dict[ResourceId, Outcome] | None:
        """Make one version of it; None: the version that it was made of is not the active one any more."""
        hosts = {*comments(live.config), *(c.id.key for c in work.hosts)} - {c.id.key for c in work.leaving}
        if comments(live.config) and not hosts and key_of(live.service, self._owner) is None:
            return _last_of_theirs(live, work)
        self._name(live, work)
        number, config = self._draft(live, work) if writes(live.config, work) else (live.version, live.config)
        todo = writes(config, work)
        failed = self._write_all(live, number, todo)
        if failed and len(failed) == len(todo):
            if number != live.version:
                self._api.label(live.id, number, "tdr: dropped, nothing of it was taken", live.resource)
            return {**self._told(live, live.version, work.without(failed)), **failed}
        hosts -= {id_.key for id_ in failed}
        if (live.service.active is not None or work.service or work.hosts) and not self._serving.activate(
            live, number, hosts
        ):
            return None
        return {**self._told(live, number, work.without(failed)), **failed}

    def _name(self, live: Look, work: Work) -> None:
        """Write what is of no version: the service's name, and its comment that is tdr's mark."""
        if work.service is None or work.service.after is None:
            return
        wanted = work.service.after.attrs
        given = {"name": live.service.name, "comment": live.service.comment}
        if off := {name: str(wanted[name]) for name in given if wanted.get(name) != given[name]}:
            self._api.update(live.id, off, live.resource)

    def _draft(self, live: Look, work: Work) -> tuple[int, Native]:
        """Return an open version to write, and what it holds.

        The newest one of a service that is not served, or a clone; of an earlier attempt that says it is for
        the very same, that one is gone on with.
        """
        text = label(live.config, work, live.service.active)
        if is_open(live.config) and live.service.active is None:
            self._api.label(live.id, live.version, text, live.resource)
            return live.version, live.config
        for native in (self._api.service(live.id, live.resource) or {}).get("versions") or ():
            number = native.get("number")
            if native.get("comment") == text and is_open(native) and isinstance(number, int):
                return number, self._config_of(live, number)
        made: int = self._api.clone(live.id, live.version, live.resource)["number"]
        self._api.label(live.id, made, text, live.resource)
        return made, live.config

    def _config_of(self, live: Look, number: int) -> Native:
        native = self._api.version(live.id, number, live.resource) or {}
        config: Native = native.get("version") or {}
        return config

    def _write_all(self, live: Look, number: int, todo: Sequence[Write]) -> dict[ResourceId, Outcome]:
        """Make the writes of a draft; what is refused of one host is its own outcome."""
        failed: dict[ResourceId, Outcome] = {}
        for write in todo:
            try:
                self._write(live, number, write)
            except (InvalidRequest, Conflict) as error:
                if write.operation is service_api.ADD_BACKEND and says_taken(error):
                    # An earlier attempt's, whose answer was lost.
                    self._write(live, number, replace(write, operation=service_api.PUT_BACKEND, name=BACKEND))
                    continue
                if write.host is None:
                    raise
                if not self._is_there(live, number, write):
                    failed[ResourceId(self._alias, DOMAIN, write.host)] = Failed(held(write.host, error))
        return failed

    def _write(self, live: Look, number: int, write: Write) -> None:
        resource = write.host or live.resource
        self._api.write(write.operation, live.id, number, resource, write.form, write.name)

    def _is_there(self, live: Look, number: int, write: Write) -> bool:
        """Tell whether a host that is refused stands in the draft: a write whose answer was lost."""
        if write.operation is not service_api.ADD_DOMAIN:
            return False
        rows = self._api.domains_of(live.id, number, write.host or "")
        return any(row.get("name") == write.host for row in rows)

    # -- what became of it
    def _told(self, live: Look, number: int, work: Work) -> dict[ResourceId, Outcome]:
        """Look again, and tell of each change whether it is so now."""
        now = self._serving.look(live.id, live.resource, number)
        if now is None:
            return _without_service(work)
        found: dict[ResourceId, Outcome] = {}
        if work.service is not None:
            resource = service_resource(self._alias, work.key, now.service)
            found[work.service.id] = stuck(work.service, resource, _STATE)
        there = comments(now.config)
        for change in work.hosts:
            comment = there.get(change.id.key)
            found[change.id] = stuck(change, domain_resource(change, work.key, live.id, comment))
        for change in work.leaving:
            text = f"Fastly confirmed that {change.id.key} left the service, and still shows it there"
            gone = change.id.key not in there
            found[change.id] = Done(None) if gone else Failed(UnexpectedResponse(text))
        return found

    # -- moving and removing
    def leave(self, change: Change) -> Outcome:
        """Take a host out of its service, where it became a classic one of that since it was read."""
        id_ = vendor_id(change, "service_id")
        work = Work(str(change.resource.attrs.get("service") or ""), None, (), (change,))
        return self._edit(id_, work)[change.id] if id_ is not None else Done(None)

    def _moved_here(self, work: Work) -> tuple[Work, dict[ResourceId, Outcome]]:
        """Take hosts out of the service that they are to leave: Fastly has each host in one alone."""
        by_service: dict[str, list[Change]] = {}
        here = self._ids.get(work.key)
        for change in work.hosts:
            old = vendor_id(change, "service_id")
            if old is not None and old != here and _serves_elsewhere(change):
                by_service.setdefault(old, []).append(change)
        failed: dict[ResourceId, Outcome] = {}
        for old, changes in by_service.items():
            outcomes = self._edit(old, Work(work.key, None, (), tuple(changes)))
            failed |= {id_: one for id_, one in outcomes.items() if isinstance(one, Failed)}
        return work.without(failed), failed

    def _remove(self, work: Work) -> dict[ResourceId, Outcome]:
        """Deactivate and delete a service that no host needs any more."""
        id_ = self._service_of(work)
        live = self._serving.look(id_, _about(work)) if id_ is not None else None
        gone: dict[ResourceId, Outcome] = {c.id: Done(None) for c in work.changes}
        if live is None:
            self._ids.pop(work.key, None)
            return gone
        left = sorted(comments(live.config).keys() - {c.id.key for c in work.leaving})
        left += [one.host for one in self._serving.linked(live)]
        if left:
            text = f"{live.service.name} still serves {', '.join(left[:5])}: remove that by hand, or leave it"
            return {c.id: Failed(Conflict(text)) for c in work.changes}
        if live.service.active is not None:
            self._serving.deactivate(live, live.service.active)
        self._api.delete(live.id, live.resource)
        self._ids.pop(work.key, None)
        return gone


def _about(work: Work) -> str:
    """Say what a call for several changes is told to be about."""
    return work.changes[0].id.address if work.changes else ""


def _serves_elsewhere(change: Change) -> bool:
    before, after = change.before, change.after
    return (
        before is not None and after is not None and before.attrs.get("service") != after.attrs.get("service")
    )


def _last_of_theirs(live: Look, work: Work) -> dict[ResourceId, Outcome]:
    """Refuse to take a service of the user's out of service: it cannot be without a host."""
    text = (
        f"it is the only host of the service {live.service.name}, which tdr did not make: deactivate and "
        "delete that service, and apply again"
    )
    return {c.id: Failed(Conflict(f"{c.id.key} cannot leave: {text}")) for c in work.changes}


def _without_service(work: Work) -> dict[ResourceId, Outcome]:
    """Tell of each change what it means that the service is not there."""
    text = f"the service for {work.key} is not there any more"
    return {c.id: Done(None) if c.after is None else Failed(Conflict(text)) for c in work.changes}
