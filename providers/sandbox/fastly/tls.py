"""The TLS API: what hangs it into the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import Switch
from providers.sandbox.world_form import entries

from .call import Route
from .state import Customer

ROUTES: tuple[Route, ...] = ()
SWITCHES: tuple[Switch, ...] = ()
#: The keys of a customer in the world that are read here.
WORLD_KEYS = ("configurations", "certificates", "subscriptions")
#: The keys of a customer that may be changed from outside, and are changed here.
CONTROL_KEYS: tuple[str, ...] = ("certified",)


def read_world(customer: Customer, section: Mapping[str, Any], at: str, now: float) -> None:
    """Take a customer's TLS from the world. Raises WorldError naming the place, which begins with `at`."""
    for place, given in entries(section.get("certificates"), f"{at}.certificates"):
        change(customer, {"certified": given["names"]}, place, now)


def change(customer: Customer, wanted: Mapping[str, Any], at: str, now: float) -> None:
    """Change a customer's TLS from outside. Raises WorldError."""
    for _, host in entries(wanted.get("certified"), f"{at}.certified"):
        customer.tls.certified[host] = now
