"""The world's `google` section: projects, their accounts, and what each API has."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries, known, text

from . import certmanager, clouddns, compute
from .call import SERVICES
from .state import Google, Project

NAME = "google"
PARTS: tuple[ModuleType, ...] = (certmanager, compute, clouddns)
OWN_KEYS = (
    *("project", "number", "account", "credentials", "permissions", "impersonated", "services", "quotas"),
    "rates",
)
KEYS = (*OWN_KEYS, *(key for part in PARTS for key in part.WORLD_KEYS))
VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
RATES = tuple(f"{service.name}.{group}" for service in SERVICES for group in ("reads", "writes"))


def read(section: Any, now: float) -> tuple[Google, dict[str, Project]]:
    """Give the projects, and by variable the one whose key file it is to name. Raises WorldError.

    The first project's is GOOGLE_APPLICATION_CREDENTIALS unless `credentials` says otherwise.
    """
    google, exported = Google(), dict[str, Project]()
    placed = [(at, known(given, KEYS, at)) for at, given in entries(section, NAME)]
    for number, (at, given) in enumerate(placed):
        project = _project(given, at, number)
        if google.find(project.id) or google.find(project.number):
            raise WorldError(f"{at}.project", f"{project.id} or its number is there already")
        google.projects[project.id] = project
        variable = given.get("credentials", VARIABLE if number == 0 else None)
        if variable is not None:
            exported[text(variable, f"{at}.credentials", VARIABLE)] = project
    for at, given in placed:
        project = google.projects[given["project"]]
        for part in PARTS:
            part.read(google, project, {key: given[key] for key in part.WORLD_KEYS if key in given}, at, now)
    return google, exported


def _project(given: Mapping[str, Any], at: str, position: int) -> Project:
    name = text(given.get("project"), f"{at}.project", "acme-mail")
    account = text(
        given.get("account", f"tdr@{name}.iam.gserviceaccount.com"),
        f"{at}.account",
        "tdr@acme-mail.iam.gserviceaccount.com",
    )
    project = Project(name, str(given.get("number", 123456789012 + position)), account)
    project.grants[account] = permissions(given.get("permissions"), f"{at}.permissions")
    for place, other in entries(given.get("impersonated"), f"{at}.impersonated"):
        both = known(other, ("account", "permissions"), place)
        acting = text(both.get("account"), f"{place}.account", f"deploy@{name}.iam.gserviceaccount.com")
        project.grants[acting] = permissions(both.get("permissions"), f"{place}.permissions")
        project.impersonated.append(acting)
    project.services = services(given.get("services"), f"{at}.services")
    project.quotas = numbers(given.get("quotas"), f"{at}.quotas")
    project.rates = rates(given.get("rates"), f"{at}.rates")
    return project


def permissions(given: Any, at: str) -> list[str] | None:
    """Give IAM permissions as patterns; None for all. Raises WorldError."""
    if given is None:
        return None
    return [text(each, place, "compute.backendServices.list") for place, each in entries(given, at)]


def services(given: Any, at: str) -> list[str]:
    """Give the enabled APIs, all unless they are named. Raises WorldError."""
    hosts = [service.host for service in SERVICES]
    if given is None:
        return hosts
    for place, each in entries(given, at):
        if each not in hosts:
            raise WorldError(place, f"unknown API {each!r}; write one of {', '.join(hosts)}")
    return list(given)


def numbers(given: Any, at: str) -> dict[str, int]:
    """Give numbers by name. Raises WorldError."""
    if not isinstance(given, Mapping | None):
        raise WorldError(at, "write a mapping of names to numbers")
    for name, value in (given or {}).items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise WorldError(f"{at}.{name}", f"{value!r} is no whole number from 0")
    return {str(name): value for name, value in (given or {}).items()}


def rates(given: Any, at: str) -> dict[str, int]:
    """Give requests a minute by ``compute.reads``. Raises WorldError."""
    known(given or {}, RATES, at)
    return numbers(given, at)
