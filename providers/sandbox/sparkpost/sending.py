"""What the emulated part of the sending domains API does: list, read, and the link to a tracking domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.sandbox.sparkpost import names, refusals, switches
from providers.sandbox.sparkpost.accounts import Account
from providers.sandbox.sparkpost.domains import SendingDomain
from providers.sandbox.sparkpost.switches import Settings


def listed(
    account: Account, scope: int | None, query: Mapping[str, str], *, now: float
) -> list[SendingDomain]:
    """All sending domains of a scope that pass the documented filters; there are no pages."""
    return [
        domain
        for domain in account.sending.values()
        if domain.exists(now) and _in_scope(domain, scope) and domain.passes(query)
    ]


def found(account: Account, scope: int | None, name: str, *, now: float) -> SendingDomain:
    """The sending domain that the path names. Raises RefusedError 404 with code 1600."""
    domain = account.sending.get(names.lowered(name))
    if domain is None or not domain.exists(now) or not _in_scope(domain, scope):
        raise refusals.no_such_sending_domain(name)
    return domain


def link(
    account: Account, domain: SendingDomain, body: Mapping[str, object], settings: Settings
) -> SendingDomain:
    """Set `tracking_domain`, an empty string clearing it; other members are ignored. Raises RefusedError."""
    if "tracking_domain" not in body:
        return domain
    wanted = body["tracking_domain"]
    if not isinstance(wanted, str):
        raise refusals.wrong_type("tracking_domain", "a string", wanted)
    name = names.lowered(wanted) or None
    if name is not None:
        _check_link(account, domain, name, settings)
    account.sending[domain.domain] = replace(domain, tracking_domain=name)
    return account.sending[domain.domain]


def _check_link(account: Account, domain: SendingDomain, name: str, settings: Settings) -> None:
    tracking = account.tracking.get(name)
    if tracking is None or tracking.subaccount_id != domain.subaccount_id:
        raise refusals.unregistered_tracking_domain(name)
    if not tracking.verified and settings.has(switches.LINK_UNVERIFIED, "refused-400"):
        raise refusals.unregistered_tracking_domain(name)


def _in_scope(domain: SendingDomain, scope: int | None) -> bool:
    return scope is None or domain.subaccount_id == scope
