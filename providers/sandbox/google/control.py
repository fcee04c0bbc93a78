"""What a test or a demo may change behind the APIs' back: `PATCH /vendors/google`.

{"projects": {"acme-mail": {"permissions": ["compute.*"], "services": ["compute.googleapis.com"],
 "quotas": {"FORWARDING_RULES": 1}, "rates": {"compute.writes": 5}, "expire_tokens": true, …}}}, and what each
part takes (`CONTROL_KEYS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import known

from . import world
from .access import Tokens
from .state import Google, Project

OWN_KEYS = ("permissions", "services", "quotas", "rates", "expire_tokens")
KEYS = (*OWN_KEYS, *(key for part in world.PARTS for key in part.CONTROL_KEYS))


def patch(google: Google, tokens: Tokens, changes: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Change the state. Raises ControlError."""
    try:
        for name, wanted in known(changes, ("projects",), world.NAME).get("projects", {}).items():
            if name not in google.projects:
                have = ", ".join(google.projects) or "none"
                raise ControlError(f"there is no project {name}: there are {have}", 404)
            at, project = f"projects.{name}", google.projects[name]
            _change(project, tokens, known(wanted, KEYS, at), at)
            for part in world.PARTS:
                given = {key: wanted[key] for key in part.CONTROL_KEYS if key in wanted}
                part.change(google, project, given, at, now)
    except WorldError as error:
        raise ControlError(str(error)) from error
    return {}


def _change(project: Project, tokens: Tokens, wanted: Mapping[str, Any], at: str) -> None:
    if "permissions" in wanted:
        project.grants[project.account] = world.permissions(wanted["permissions"], f"{at}.permissions")
    if "services" in wanted:
        project.services = world.services(wanted["services"], f"{at}.services")
    if "quotas" in wanted:
        project.quotas.update(world.numbers(wanted["quotas"], f"{at}.quotas"))
    if "rates" in wanted:
        project.rates.update(world.rates(wanted["rates"], f"{at}.rates"))
    if wanted.get("expire_tokens"):
        for account in project.grants:
            tokens.expire(account)
