"""The TLS API: what hangs it into the emulator."""

from __future__ import annotations

from . import tls_certificates, tls_control, tls_subscriptions, tls_world
from .call import Route
from .tls_control import change
from .tls_switches import SWITCHES
from .tls_world import read_world

__all__ = ["CONTROL_KEYS", "ROUTES", "SWITCHES", "WORLD_KEYS", "change", "read_world"]
ROUTES: tuple[Route, ...] = (*tls_subscriptions.ROUTES, *tls_certificates.ROUTES)
#: The keys of a customer in the world that are read here, and those that may be changed.
WORLD_KEYS = tls_world.KEYS
CONTROL_KEYS = tls_control.KEYS
