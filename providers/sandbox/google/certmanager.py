"""Certificate Manager: routes, switches, the world's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import Switch

from .call import Route
from .state import Google, Project

SWITCHES: tuple[Switch, ...] = ()
ROUTES: tuple[Route, ...] = ()
WORLD_KEYS: tuple[str, ...] = ("certificate_manager",)
CONTROL_KEYS: tuple[str, ...] = ()


def read(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Read what the world says of a project. Raises WorldError."""


def change(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Change a project behind the API's back. Raises WorldError."""
