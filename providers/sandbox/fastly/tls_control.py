"""What of TLS may be changed behind the API's back: `PATCH /vendors/fastly`.

{"customers": {"4bNcKkz5jR0nXyv2sandbox": {
 "subscriptions": {"click.example.com": {"days_left": 2}, "other.example.com": {"state": "failed"}},
 "certificates": {"ID": {"days_left": -1}}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import known, one_of

from .state import Customer
from .tls_state import DAY_S, GIVEN_UP_S, Certificate, Subscription

KEYS = ("subscriptions", "certificates")


def change(customer: Customer, wanted: Mapping[str, Any], at: str, now: float) -> None:
    """Change certificates by id, and subscriptions by a domain of theirs. Raises WorldError."""
    tls = customer.tls
    for name, given in known(wanted.get("certificates", {}), tuple(tls.certificates), at).items():
        _end(tls.certificates[name], known(given, ("days_left",), f"{at}.{name}"), now)
    by_domain = {domain: each for each in tls.subscriptions.values() for domain in each.domains}
    for name, given in known(wanted.get("subscriptions", {}), tuple(by_domain), at).items():
        place = f"{at}.{name}"
        _subscription(customer, by_domain[name], known(given, ("days_left", "state"), place), place, now)


def _subscription(
    customer: Customer, each: Subscription, given: Mapping[str, Any], at: str, now: float
) -> None:
    present = customer.tls.current(each, now)
    if "days_left" in given:
        if present is None:
            raise WorldError(f"{at}.days_left", "the subscription has no certificate yet")
        _end(present, given, now)
    if "state" in given:
        one_of(given["state"], ("failed",), f"{at}.state")
        long_ago = now - GIVEN_UP_S - DAY_S
        each.ordered, each.wants = min(each.ordered, long_ago), True
        for proof in each.authorizations.values():
            proof.passed = None
        if present is not None:
            present.not_after = min(present.not_after, long_ago)
            present.not_before = min(present.not_before, long_ago - DAY_S)


def _end(certificate: Certificate, given: Mapping[str, Any], now: float) -> None:
    certificate.not_after = now + float(given.get("days_left", 0)) * DAY_S
    certificate.not_before = min(certificate.not_before, certificate.not_after - DAY_S)
