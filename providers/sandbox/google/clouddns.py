"""Cloud DNS: routes, switches, the world's keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from providers.sandbox.contract import Switch
from providers.sandbox.kernel import Kernel

from .call import Route
from .state import Google, Project

SWITCHES: tuple[Switch, ...] = ()
ROUTES: tuple[Route, ...] = ()
WORLD_KEYS: tuple[str, ...] = ("zones",)
CONTROL_KEYS: tuple[str, ...] = ()


def read(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Read what the world says of a project. Raises WorldError."""


def change(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Change a project behind the API's back. Raises WorldError."""


class Served:
    """The zones of all projects, on real name servers."""

    def __init__(self, kernel: Kernel, google: Callable[[], Google]) -> None:
        """Serve the zones of the world."""
        self._kernel, self._google = kernel, google

    def publish(self) -> None:
        """Serve what zones there are now."""
