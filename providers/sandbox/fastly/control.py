"""What a test or a demo may change behind the API's back: `PATCH /vendors/fastly`.

{"customers": {"4bNcKkz5jR0nXyv2sandbox": {"versionless": false, "limits": {"domains": 10},
 "scope": "global:read"}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import known

from . import tls, world
from .state import Customer, Fastly

KEYS = ("versionless", "limits", "scope", *tls.CONTROL_KEYS)


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
