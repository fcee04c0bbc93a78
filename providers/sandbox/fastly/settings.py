"""The settings of a version: default TTL, stale if error, default host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call import Answer, Call, Route
from .finding import draft_of, version_of
from .kinds import Parser, as_text, flag, whole
from .objects import VERSION
from .state import Service, Version

PARSERS: dict[str, Parser] = {
    "general.default_ttl": whole,
    "general.stale_if_error_ttl": whole,
    "general.stale_if_error": flag,
    "general.default_pci": whole,
    "general.default_host": as_text,
}


def _answer(service: Service, version: Version) -> Answer:
    return Answer({**version.settings, "service_id": service.id, "version": version.number})


def get(call: Call) -> Answer:
    """GET …/settings."""
    return _answer(*version_of(call))


def parsed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings among some fields. Raises Refusal."""
    return {name: PARSERS[name](name, value) for name, value in given.items() if name in PARSERS}


def put(call: Call) -> Answer:
    """PUT …/settings: changes those that are named."""
    service, version = draft_of(call)
    version.settings = {**version.settings, **parsed(call.form)}
    version.updated = call.now
    return _answer(service, version)


ROUTES = (Route("GET", f"{VERSION}/settings", get), Route("PUT", f"{VERSION}/settings", put))
