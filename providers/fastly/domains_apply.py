"""Versionless domains: each attached or detached by one write, at once.

docs: Fastly API, Domain management v1. A host can be there once, whoever has it: a second creation is
refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from providers._outcomes import Outcome, each, is_idle, moved, stuck, vendor_id
from providers.fastly.api import Native
from providers.fastly.errors import is_held, says_taken
from providers.fastly.names import SERVICE, VERSIONLESS, mark_of
from providers.fastly.service_api import ServiceApi
from providers.fastly.service_outcomes import held
from providers.fastly.state import Domain, domain_from
from providers.fastly.versions import Versions
from reconciler.errors import Conflict, InvalidRequest, ProviderError
from reconciler.model import Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Side


class Domains:
    """The versionless domains of one alias."""

    def __init__(self, api: ServiceApi, versions: Versions, alias: str, owner: str, together: Side) -> None:
        self._api, self._versions, self._together = api, versions, together
        self._alias, self._owner = alias, owner

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes side by side, and have the services served that got their first host.

        A host that another service serves comes when its own is served: nobody is to meet it in between.
        """
        moving = [change for change in batch if _moves(change)]
        others = [change for change in batch if not _moves(change)]
        outcomes = self._make_all(others)
        outcomes |= self._serve([c for c in others if c.after is not None and _is_done(outcomes[c.id])])
        outcomes |= (failed := self._serve(moving, coming=True))
        return outcomes | self._make_all([change for change in moving if change.id not in failed])

    def _make_all(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        return each(self._together, batch, self._make)

    def _serve(self, changes: Iterable[Change], *, coming: bool = False) -> dict[ResourceId, Outcome]:
        """Have the services of what is attached served; where that fails, so has the host."""
        failed: dict[ResourceId, Outcome] = {}
        by_key: dict[str, list[Change]] = {}
        for change in changes:
            by_key.setdefault(_key(change), []).append(change)
        for key, attached in by_key.items():
            first = min(change.id.key for change in attached)
            try:
                if (id_ := self._versions.id_of(key)) is not None:
                    self._versions.serve(id_, first if coming else "")
            except ProviderError as error:
                error.resource = error.resource or ResourceId(self._alias, SERVICE, key).address
                failed |= {change.id: Failed(error) for change in attached}
        return failed

    def _make(self, change: Change) -> Outcome:
        id_ = vendor_id(change)
        if change.after is None:
            return self._delete(change, id_) if id_ is not None else Done(None)
        service = self._versions.id_of(_key(change))
        if service is None:
            return Failed(Conflict(f"the service for {_key(change)} is not there any more"))
        return self._create(change, service) if id_ is None else self._update(change, id_, service)

    # -- creating
    def _create(self, change: Change, service: str) -> Outcome:
        """Attach a host; where Fastly has it, look whose it is: an earlier attempt may have made it."""
        host = change.id.key
        try:
            made = self._api.link(host, service, _description(change))
        except (InvalidRequest, Conflict) as error:
            if not says_taken(error):
                raise
            there = self._named(host)
            if there is None or there.form != VERSIONLESS:
                return Failed(held(host, error))
            return self._found(change, there, service)
        return self._done(change, made)

    def _named(self, host: str) -> Domain | None:
        rows = [domain_from(native) for native in self._api.domains(fqdn=host)]
        return next((one for one in rows if one.host == host), None)

    def _found(self, change: Change, there: Domain, service: str) -> Outcome:
        """Go on with what is there already, if it is tdr's."""
        if mark_of(there.comment, there.host) != self._owner or there.id is None:
            return Failed(
                Conflict(f"{there.host} was added to the account since this was planned: plan again")
            )
        if (there.service, there.comment) != (service, _description(change)):
            return self._done(change, self._patch(change, there.id, service))
        return stuck(change, self._resource(change, there))

    # -- updating
    def _update(self, change: Change, id_: str, service: str) -> Outcome:
        """Attach a host to another service, or mark it, if it is still as planned."""
        native = self._api.domain(id_, change.id.key)
        if native is None:
            return self._create(change, service)
        now = self._resource(change, domain_from(native))
        if text := moved(now.attrs, change):
            return Failed(Conflict(text))
        return self._done(change, self._patch(change, id_, service))

    def _patch(self, change: Change, id_: str, service: str) -> Native:
        text = _description(change)
        return self._api.patch_domain(id_, change.id.key, service_id=service, description=text)

    def _done(self, change: Change, native: Native) -> Outcome:
        return stuck(change, self._resource(change, domain_from(native)))

    def _resource(self, change: Change, one: Domain) -> Resource:
        """Return a domain as it now is, spelt as it is read."""
        planned = change.resource
        return Resource(
            id=change.id,
            attrs=attrs(service=self._service(change, one), form=VERSIONLESS, comment=one.comment),
            host=planned.host,
            container=planned.container,
            after=planned.after,
            outputs=attrs(
                **{k: v for k, v in (("id", one.id), ("service_id", one.service)) if v is not None}
            ),
            mark=mark_of(one.comment, one.host),
        )

    def _service(self, change: Change, one: Domain) -> object:
        """Return what a domain's service is called: its origin, or what the plan called another one."""
        before = change.before
        if before is not None and before.outputs.get("service_id") == one.service:
            return before.attrs.get("service")
        key = _key(change)
        return key if one.service is not None and self._versions.id_of(key) == one.service else one.service

    # -- deleting
    def _delete(self, change: Change, id_: str) -> Outcome:
        """Delete a host, if it is still as planned; one that must be detached first is."""
        host = change.id.key
        native = self._api.domain(id_, host)
        if native is None:
            return self._versions.leave(change)
        if text := moved(self._resource(change, domain_from(native)).attrs, change):
            return Failed(Conflict(text))
        try:
            self._api.delete_domain(id_, host)
        except (InvalidRequest, Conflict) as error:
            if not (native.get("service_id") or is_held(error)):
                raise
            self._detach(id_, host)
        return Done(None)

    def _detach(self, id_: str, host: str) -> None:
        """Leave nothing of tdr's of a domain that cannot be deleted as it is, and delete it if that helps."""
        self._api.patch_domain(id_, host, service_id=None, description="")
        try:
            self._api.delete_domain(id_, host)
        except (InvalidRequest, Conflict) as error:
            if not is_held(error):
                raise


def _moves(change: Change) -> bool:
    """Tell whether a host goes from one service to another."""
    before, after = change.before, change.after
    old = vendor_id(change, "service_id")
    return (
        old is not None
        and before is not None
        and after is not None
        and not is_idle(change)
        and before.attrs.get("service") != after.attrs.get("service")
    )


def _is_done(outcome: Outcome) -> bool:
    return isinstance(outcome, Done)


def _key(change: Change) -> str:
    return str(change.resource.attrs.get("service") or "")


def _description(change: Change) -> str:
    return str(change.resource.attrs.get("comment") or "")
