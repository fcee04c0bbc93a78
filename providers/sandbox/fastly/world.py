"""The world's `fastly` section: customers with their tokens, services, domains, and what TLS they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries, known, one_of, text

from . import tls, world_services
from .access import SCOPES
from .state import Customer, Fastly, Limits, Token, digest

NAME = "fastly"
KEYS = (
    *("customer", "token", "env", "scope", "versionless", "limits", "services", "domains"),
    *tls.WORLD_KEYS,
)
LIMITS = ("writes_per_hour", "domains", "managed_certificates")
VARIABLE = "FASTLY_API_TOKEN"


def read(section: Any, now: float) -> tuple[Fastly, dict[str, str]]:
    """Give the customers, and the tokens to export by variable. Raises WorldError.

    The first customer's token is FASTLY_API_TOKEN unless `env` says otherwise.
    """
    fastly, exported = Fastly(), dict[str, str]()
    for at, given in entries(section, NAME):
        customer = _customer(known(given, KEYS, at), at)
        if customer.id in fastly.customers:
            raise WorldError(f"{at}.customer", f"{customer.id} is there already")
        secret = str(given["token"])
        if fastly.with_token(secret):
            raise WorldError(f"{at}.token", "another customer has this token")
        fastly.customers[customer.id] = customer
        if variable := given.get("env", VARIABLE if len(fastly.customers) == 1 else ""):
            exported[text(variable, f"{at}.env", VARIABLE)] = secret
        world_services.read_services(customer, given.get("services"), f"{at}.services", now)
        world_services.read_domains(customer, given.get("domains"), f"{at}.domains", now)
        tls.read_world(customer, given, at, now)
    return fastly, exported


def _customer(given: Mapping[str, Any], at: str) -> Customer:
    secret = text(given.get("token"), f"{at}.token", "fastly-sandbox-token")
    return Customer(
        text(given.get("customer"), f"{at}.customer", "4bNcKkz5jR0nXyv2sandbox"),
        [Token(digest(secret), scope(given.get("scope", "global"), f"{at}.scope"))],
        flag(given.get("versionless", True), f"{at}.versionless"),
        limits(given.get("limits", {}), f"{at}.limits", Limits()),
    )


def flag(given: Any, at: str) -> bool:
    """Give true or false. Raises WorldError."""
    if not isinstance(given, bool):
        raise WorldError(at, "write true or false")
    return given


def scope(given: Any, at: str) -> str:
    """Give a token's scopes, with spaces between. Raises WorldError."""
    for part in str(given).split():
        one_of(part, SCOPES, at)
    return str(given)


def limits(given: Any, at: str, otherwise: Limits) -> Limits:
    """Give limits: those written, and the others as they are. Raises WorldError."""
    for name, value in known(given, LIMITS, at).items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise WorldError(f"{at}.{name}", "write a whole number from 0")
    return replace(otherwise, **given)
