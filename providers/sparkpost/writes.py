"""Each change of SparkPost's kinds: look, write, look again.

SparkPost ignores fields that it does not know and answers 200, so no write counts until it is read back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from providers.sparkpost import convert
from providers.sparkpost.api import Api
from providers.sparkpost.convert import TrackingDomain
from providers.sparkpost.meanings import BLOCKED, explained, owner
from reconciler.errors import Conflict, InvalidRequest, NotReady, UnexpectedResponse
from reconciler.model import Action, Change, Resource
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN

Write = Callable[[Api, Change], Resource | None]


def write(api: Api, change: Change) -> Resource | None:
    """Make one change; return the resource as it now is, None after a deletion. Raises ProviderError."""
    if change.action in (Action.NOOP, Action.FORGET):
        return change.before
    return WRITES[change.id.kind](api, change)


def _domain(api: Api, change: Change) -> Resource | None:
    if change.after is None:
        return _unregister(api, change)
    host, subaccount = change.id.key, convert.subaccount(change.after.attrs.get("subaccount"))
    found = api.tracking_domain(host)
    if found is None:
        found = _registered(api, change, host, subaccount)
    if found.subaccount != subaccount:
        raise Conflict(f"{host} belongs to {owner(found.subaccount)}, and SparkPost moves no tracking domain")
    if found.compliance_status == "blocked":
        raise InvalidRequest(BLOCKED)
    return next(r for r in convert.resources_of(change.id.alias, found) if r.id == change.id)


def _registered(api: Api, change: Change, host: str, subaccount: int | None) -> TrackingDomain:
    if change.action is Action.UPDATE:
        raise _gone(host)
    said = api.create(host, subaccount)
    found = api.tracking_domain(host)
    if found is not None:
        return found
    if said:
        raise Conflict(
            f"SparkPost says of {host}: {said}; this account does not have it, so another one does"
        )
    raise UnexpectedResponse(f"SparkPost confirmed the creation of {host} and does not show it")


def _unregister(api: Api, change: Change) -> Resource | None:
    """Remove the domain; the look after it finds one that another subaccount holds."""
    held = change.before.attrs.get("subaccount") if change.before else None
    api.delete(change.id.key, convert.subaccount(held))
    if api.tracking_domain(change.id.key) is not None:
        raise UnexpectedResponse(f"SparkPost confirmed the deletion of {change.id.key} and still shows it")
    return None


def _secure(api: Api, change: Change) -> Resource | None:
    if change.after is None:
        # Goes with its domain. Written false, it would make the links of mail sent meanwhile http again.
        return None
    wanted = change.after.attrs.get("secure") is True
    found = _present(api, change.id.key)
    if found.secure is not wanted and wanted and _is_managed(change, found):
        tls = found.tls or "unknown"
        raise NotReady(f"SparkPost sets `secure` when its certificate is valid; tls_status is {tls}")
    if found.secure is not wanted:
        api.update(found.domain, found.subaccount, secure=wanted)
        found = _stuck(_present(api, found.domain), "secure", wanted=wanted)
    return next(r for r in convert.resources_of(change.id.alias, found) if r.id == change.id)


def _is_managed(change: Change, found: TrackingDomain) -> bool:
    """Whether SparkPost itself switches `secure`: the desired resource then rests on the certificate."""
    needs = change.after.after if change.after else frozenset()
    return found.uses_managed or any(id_.kind == MANAGED_CERTIFICATE for id_ in needs)


def _default(api: Api, change: Change) -> Resource | None:
    wanted = change.after is not None and change.after.attrs.get("default") is True
    if change.after is None and change.before is not None and change.before.attrs.get("default") is not True:
        return None
    found = api.tracking_domain(change.id.key)
    if found is None and change.after is None:
        return None
    if found is None:
        raise _gone(change.id.key)
    if found.default is not wanted:
        api.update(found.domain, found.subaccount, default=wanted)
        found = _stuck(_present(api, found.domain), "default", wanted=wanted)
    return convert.default(change.id.alias, found.domain, default=found.default) if change.after else None


def _stuck(found: TrackingDomain, field: str, *, wanted: bool) -> TrackingDomain:
    if getattr(found, field) is not wanted:
        raise UnexpectedResponse(
            f"SparkPost answered 200 to {field}={wanted!s} for {found.domain} and did not change it"
        )
    return found


def _certificate(api: Api, change: Change) -> Resource | None:
    if change.after is None:
        # SparkPost documents no way to switch managed HTTPS off: it goes with its domain.
        return None
    found = _present(api, change.id.key)
    if not found.managed:
        _order(api, found)
        found = _present(api, found.domain)
    if found.tls == "unavailable":
        raise InvalidRequest(explained(found))
    # An order is taken up asynchronously: whether it shows already is for `ready` to say.
    return convert.managed_certificate(
        change.id.alias, found.domain, enabled=True, outputs=convert.outputs_of(found)
    )


def _order(api: Api, found: TrackingDomain) -> None:
    """Order a certificate; a domain that is not verified or not on a V2 endpoint yet may become so."""
    try:
        api.enable_certificate(found.domain, found.subaccount)
    except InvalidRequest as error:
        if error.status == 400:
            raise NotReady(
                error.message,
                provider=error.provider,
                operation=error.operation,
                resource=error.resource,
                request_id=error.request_id,
                status=error.status,
            ) from error
        raise


def _link(api: Api, change: Change) -> Resource | None:
    side = change.resource
    sending, subaccount = change.id.key, convert.subaccount(side.attrs.get("subaccount"))
    found = api.sending_domain(sending, subaccount)
    if found is None:
        if change.after is None:
            return None
        raise Conflict(
            f"the sending domain {sending} is not there; unverified ones are removed after two weeks"
        )
    wanted = change.after.attrs.get("tracking_domain") if change.after else None
    if found.tracking_domain != wanted:
        before = change.before.attrs.get("tracking_domain") if change.before else None
        if found.tracking_domain != before:
            raise Conflict(
                f"{sending} was linked to {found.tracking_domain or 'nothing'} since the plan was made"
            )
        api.link(sending, subaccount, str(wanted or ""))
        found = api.sending_domain(sending, subaccount)
    if found is None or found.tracking_domain != wanted:
        now = found.tracking_domain if found else None
        raise UnexpectedResponse(f"SparkPost answered 200, and {sending} is linked to {now or 'nothing'}")
    return (
        None if wanted is None else convert.link(change.id.alias, sending, str(wanted), subaccount=subaccount)
    )


def _present(api: Api, host: str) -> TrackingDomain:
    found = api.tracking_domain(host)
    if found is None:
        raise _gone(host)
    return found


def _gone(host: str) -> Conflict:
    return Conflict(f"the tracking domain {host} is not there any more")


WRITES: Final[Mapping[str, Write]] = {
    TRACKING_DOMAIN: _domain,
    SECURE: _secure,
    DEFAULT: _default,
    LINK: _link,
    MANAGED_CERTIFICATE: _certificate,
}
