"""Certificate Manager: routes, switches, the world's keys."""

from __future__ import annotations

from providers.sandbox.contract import Switch

from . import certmanager_switches as switches
from .certmanager_calls import ROUTES
from .certmanager_world import CONTROL_KEYS, WORLD_KEYS, change, read

#: Those that classic certificates have too are theirs to register.
SWITCHES: tuple[Switch, ...] = (
    switches.VISIBLE,
    switches.ENTRY_STATE,
    switches.REFERENCES,
    switches.SECOND_AUTHORIZATION,
)

__all__ = ["CONTROL_KEYS", "ROUTES", "SWITCHES", "WORLD_KEYS", "change", "read"]
