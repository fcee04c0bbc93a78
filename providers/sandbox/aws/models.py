"""Botocore's models of the services: which operation a request is, and what its members are called."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

Shape = Any  # botocore.model.Shape: botocore has no type annotations
Operation = Any  # botocore.model.OperationModel


@cache
def _session() -> Any:
    return importlib.import_module("botocore.session").get_session()


@cache
def service_model(service: str) -> Any:
    """Give botocore's model of a service; None where it has none of that name."""
    unknown = importlib.import_module("botocore.exceptions").UnknownServiceError
    try:
        return _session().get_service_model(service)
    except unknown:
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """A way to an operation of a REST protocol: method, path and what the query must have."""

    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    operation: str


@cache
def _routes(service: str) -> tuple[Route, ...]:
    model = service_model(service)
    routes = [_route(model.operation_model(name)) for name in model.operation_names]
    # The most exact first: more of the query, fewer labels.
    return tuple(sorted(routes, key=lambda route: (-len(route.query), route.path.groups)))


def _route(operation: Operation) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    pattern = "".join(
        _label(part) if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path)
    )
    wanted = dict(parse_qsl(query, keep_blank_values=True))
    return Route(operation.http["method"], re.compile(pattern.rstrip("/") + "/?"), wanted, operation.name)


def _label(part: str) -> str:
    name = part.strip("{}")
    return f"(?P<{name.rstrip('+')}>{'.+' if name.endswith('+') else '[^/]+'})"


def find_route(service: str, method: str, path: str, query: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Give the operation of a REST call and its path's labels, decoded; ("", {}) where there is none."""
    for route in _routes(service):
        found = route.path.fullmatch(path) if route.method == method else None
        if found and all(query.get(key) == value for key, value in route.query.items()):
            return route.operation, {name: unquote(text) for name, text in found.groupdict().items()}
    return "", {}


def spelling(shape: Shape, name: str) -> str:
    """Give a member's name on the wire."""
    return str(shape.members[name].serialization.get("name", name))


def body_members(shape: Shape) -> dict[str, Shape]:
    """Give the members of a structure that travel in the body."""
    return {n: m for n, m in shape.members.items() if "location" not in m.serialization}
