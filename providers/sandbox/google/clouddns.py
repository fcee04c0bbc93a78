"""Cloud DNS: routes, switches, the world's keys; and `Served`, which answers for the zones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries

from . import clouddns_calls, clouddns_world, clouddns_zones
from .call import Route
from .clouddns_serving import Served
from .state import Google, Project

__all__ = ("CONTROL_KEYS", "ROUTES", "SWITCHES", "WORLD_KEYS", "Served", "change", "read")

SWITCHES = clouddns_calls.SWITCHES
ROUTES: tuple[Route, ...] = (*clouddns_zones.ROUTES, *clouddns_calls.ROUTES)
WORLD_KEYS: tuple[str, ...] = ("zones",)
CONTROL_KEYS: tuple[str, ...] = ("zones",)


def read(google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Read the zones of a project. Raises WorldError."""
    for where, entry in entries(given.get("zones"), f"{at}.zones"):
        taken = [zone for each in google for zone in each.zones.by_name.values()]
        zone = clouddns_world.read(entry, where, project.id, now, taken)
        if zone.name in project.zones.by_name:
            raise WorldError(f"{where}.name", f"the project has another zone {zone.name}")
        project.zones.by_name[zone.name] = zone


def change(_google: Google, project: Project, given: Mapping[str, Any], _at: str, _now: float) -> None:
    """Change zones behind the API's back: see `clouddns_world.patch`. Raises WorldError, ControlError."""
    clouddns_world.patch(project.zones.by_name.values(), given.get("zones") or {})
