"""Compute Engine: routes, switches, the world's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import compute_calls, compute_operations, compute_setters, compute_switches, compute_world
from .call import Route
from .state import Google, Project

SWITCHES = compute_switches.SWITCHES
ROUTES: tuple[Route, ...] = (
    *compute_operations.ROUTES,
    *compute_calls.routes(),
    *compute_setters.ROUTES,
)
WORLD_KEYS: tuple[str, ...] = ("compute",)
CONTROL_KEYS: tuple[str, ...] = ("compute", "remove_compute")


def read(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Read what the world says of a project. Raises WorldError."""
    if "compute" in given:
        compute_world.change(google, project, given["compute"], f"{at}.compute", now)


def change(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Change a project behind the API's back: as the world, over what is there. Raises WorldError."""
    read(google, project, given, at, now)
    for path in given.get("remove_compute", ()):
        collection, _, name = str(path).partition("/")
        project.compute.put(collection, name, None, now, now)
