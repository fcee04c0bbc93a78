"""What a test or a demo may change behind the API's back: `PATCH /vendors/fastly`.

{"customers": {"4bNcKkz5jR0nXyv2sandbox": {"versionless": false, "limits": {"domains": 10},
 "scope": "global:read", "add": {"services": […], "domains": […]}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import known

from . import tls, world, world_services
from .state import Customer, Fastly

KEYS = ("versionless", "limits", "scope", "add", *tls.CONTROL_KEYS)
ADDED = ("services", "domains")


def patch(fastly: Fastly, changes: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Change the state. Raises ControlError."""
    try:
        for name, wanted in known(changes, ("customers",), world.NAME).get("customers", {}).items():
            if name not in fastly.customers:
                raise ControlError(
                    f"there is no customer {name}: there are {', '.join(fastly.customers)}", 404
                )
            at = f"customers.{name}"
            _change(fastly.customers[name], known(wanted, KEYS, at), at)
            _add(fastly.customers[name], known(wanted.get("add", {}), ADDED, f"{at}.add"), f"{at}.add", now)
            tls.change(fastly.customers[name], wanted, at, now)
    except WorldError as error:
        raise ControlError(str(error)) from error
    return {}


def _change(customer: Customer, wanted: Mapping[str, Any], at: str) -> None:
    if "versionless" in wanted:
        customer.versionless = world.flag(wanted["versionless"], f"{at}.versionless")
    if "limits" in wanted:
        customer.limits = world.limits(wanted["limits"], f"{at}.limits", customer.limits)
    if "scope" in wanted:
        for token in customer.tokens:
            token.scope = world.scope(wanted["scope"], f"{at}.scope")


def _add(customer: Customer, wanted: Mapping[str, Any], at: str, now: float) -> None:
    world_services.read_services(customer, wanted.get("services"), f"{at}.services", now)
    world_services.read_domains(customer, wanted.get("domains"), f"{at}.domains", now)
