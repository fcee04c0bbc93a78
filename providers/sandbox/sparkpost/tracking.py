"""What the tracking domains API does to an account: each call a function of account, request and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.sandbox.sparkpost import names, refusals, switches
from providers.sandbox.sparkpost.accounts import Account, Accounts
from providers.sandbox.sparkpost.domains import REVIEW_S, TrackingDomain
from providers.sandbox.sparkpost.switches import Settings

Body = Mapping[str, object]


def tls_status(account: Account, domain: TrackingDomain, now: float, settings: Settings) -> str | None:
    """The `tls_status` to show, or None where none is shown."""
    shown = settings.of(switches.TLS_STATUS)
    if shown == "never" or (shown == "when-managed" and domain.certificate is None):
        return None
    if domain.certificate is not None:
        return domain.certificate.status(now)
    return "unavailable" if domain.domain in account.managed.unavailable else "unknown"


def as_json(account: Account, domain: TrackingDomain, now: float, settings: Settings) -> dict[str, object]:
    """The object of the API for one tracking domain."""
    return domain.as_json(now, tls_status=tls_status(account, domain, now, settings))


def listed(account: Account, scope: int | None, query: Mapping[str, str]) -> list[TrackingDomain]:
    """The domains of a scope that pass both documented filters; one that makes no sense is ignored."""
    found = [domain for domain in account.tracking.values() if in_scope(domain, scope)]
    wanted = {"true": True, "false": False}.get(query.get("default", ""))
    if wanted is not None:
        found = [domain for domain in found if domain.default is wanted]
    ids = {int(text) for text in query.get("subaccounts", "").split(",") if text.strip().isdigit()}
    return [domain for domain in found if domain.subaccount_id in ids] if ids else found


def in_scope(domain: TrackingDomain, scope: int | None) -> bool:
    """Whether a request of this scope sees the domain; None is the whole account."""
    return scope is None or domain.subaccount_id == scope


def found(account: Account, scope: int | None, name: str) -> TrackingDomain:
    """The domain that the path names. Raises RefusedError: 400 no host name, 404 none in this scope."""
    wanted = names.lowered(name)
    if not names.is_host_name(wanted):
        raise refusals.invalid_domain(400, name)
    domain = account.tracking.get(wanted)
    if domain is None or not in_scope(domain, scope):
        raise refusals.no_such_domain()
    return domain


def create(
    accounts: Accounts, account: Account, scope: int, body: Body, *, now: float, settings: Settings
) -> TrackingDomain:
    """Register a name; members other than `domain` and `secure` are ignored. Raises RefusedError."""
    name = _new_name(account, body, settings)
    secure = _flag(body, "secure") or False
    if name in account.tracking:
        raise (
            refusals.exists()
            if settings.has(switches.DUPLICATE_NAME, "conflict-409")
            else refusals.exists_in_extended_table()
        )
    if account.quota is not None and len(account.tracking) >= account.quota:
        raise refusals.over_quota(403 if settings.has(switches.OVER_QUOTA, "forbidden-403") else 400)
    domain = TrackingDomain(name, subaccount_id=scope, secure=secure, secure_before=secure)
    domain = _reviewed(accounts, account, domain, now=now, settings=settings)
    account.tracking[name] = domain
    return domain


def update(
    account: Account, domain: TrackingDomain, body: Body, *, now: float, settings: Settings
) -> TrackingDomain:
    """Set `secure` and `default`, both or neither; all else is ignored. Raises RefusedError."""
    secure, default = _flag(body, "secure"), _flag(body, "default")
    changed = domain
    if secure is not None:
        changed = changed.with_secure(now, secure=secure)
    if changed.secure != domain.secure and settings.has(switches.SECURE_RESETS_VERIFIED, "yes"):
        changed = replace(changed, verified=False, cname_status="unverified")
    if default and not changed.verified:
        raise refusals.unverified(domain.domain)
    if body.get("uses_managed_certificate") is False and settings.has(switches.MANAGED_PUT, "disables"):
        changed = replace(changed, uses_managed_certificate=False, certificate=None)
    if default:
        _unset_default(account, domain.subaccount_id)
    if default is not None:
        changed = replace(changed, default=default)
    account.tracking[domain.domain] = changed
    return changed


def delete(account: Account, domain: TrackingDomain, *, now: float, settings: Settings) -> None:
    """Remove a domain; what happens to a default or to links is a switch. Raises RefusedError."""
    links = account.linked_to(domain.domain, now)
    choice = settings.of(switches.DELETE_IN_USE)
    if choice == "conflict-409" and (links or domain.default):
        raise refusals.in_use()
    if choice == "unlinks":
        for sending in links:
            account.sending[sending.domain] = replace(sending, tracking_domain=None)
    del account.tracking[domain.domain]


def _new_name(account: Account, body: Body, settings: Settings) -> str:
    given = body.get("domain")
    if given is None or given == "":
        raise refusals.missing_field("domain")
    if not isinstance(given, str) or not names.is_host_name(names.lowered(given)):
        raise refusals.invalid_domain(422, given)
    name = names.lowered(given)
    if names.is_root_domain(name) and settings.has(switches.ROOT_DOMAIN, "refused-422"):
        raise refusals.invalid_domain(422, given)
    if names.is_own_name(name):
        raise refusals.restricted_domain(name)
    if name in account.listed:
        raise refusals.listed_domain(name)
    return name


def _reviewed(
    accounts: Accounts, account: Account, domain: TrackingDomain, *, now: float, settings: Settings
) -> TrackingDomain:
    holder = accounts.holder(account.region, domain.domain)
    if holder is not None and holder is not account:
        if settings.has(switches.TAKEN_NAME, "refused-400"):
            raise refusals.taken_domain()
        return replace(domain, compliance_status="blocked")
    if settings.has(switches.REVIEW, "pending"):
        return replace(domain, compliance_status="pending", reviewed_at=now + REVIEW_S)
    return domain


def _unset_default(account: Account, subaccount_id: int) -> None:
    old = account.default_of(subaccount_id)
    if old is not None:
        account.tracking[old.domain] = replace(old, default=False)


def _flag(body: Body, name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise refusals.wrong_type(name, "a boolean", value)
    return value
