"""What the model says of a request's members: required, enumerated, long or short, of a pattern.

The words are those of the services' common framework ("1 validation error detected: …").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from .models import Shape


def mistakes(shape: Shape | None, params: Any) -> list[str]:
    """Give each constraint that a call's members break, in the framework's words."""
    return [] if shape is None else list(_of(shape, params, ""))


def message(found: list[str]) -> str:
    """Join them as the services do."""
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: {'; '.join(found)}"


def _of(shape: Shape, value: Any, at: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, at)
        case "list":
            yield from _size(shape, value, at)
            for number, item in enumerate(value):
                yield from _of(shape.member, item, f"{at}.{number + 1}.member")
        case "map":
            for key, item in value.items():
                yield from _of(shape.value, item, f"{at}.{key}.member")
        case "string":
            yield from _text(shape, value, at)
        case "integer" | "long":
            yield from _number(shape, value, at)


def _structure(shape: Shape, value: Any, at: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _broken("null", _join(at, name), "Member must not be null")
    for name, item in value.items():
        yield from _of(shape.members[name], item, _join(at, name))


def _text(shape: Shape, value: str, at: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _broken(f"'{value}'", at, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
        return
    yield from _size(shape, value, at)
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled and not compiled.fullmatch(value):
        yield _broken(f"'{value}'", at, f"Member must satisfy regular expression pattern: {pattern}")


def _size(shape: Shape, value: Any, at: str) -> Iterator[str]:
    shown = f"'{value}'"
    if len(value) < shape.metadata.get("min", 0):
        least = shape.metadata["min"]
        yield _broken(shown, at, f"Member must have length greater than or equal to {least}")
    if len(value) > shape.metadata.get("max", len(value)):
        most = shape.metadata["max"]
        yield _broken(shown, at, f"Member must have length less than or equal to {most}")


def _number(shape: Shape, value: int, at: str) -> Iterator[str]:
    if value < shape.metadata.get("min", value):
        least = shape.metadata["min"]
        yield _broken(f"'{value}'", at, f"Member must have value greater than or equal to {least}")
    if value > shape.metadata.get("max", value):
        most = shape.metadata["max"]
        yield _broken(f"'{value}'", at, f"Member must have value less than or equal to {most}")


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern of the model; None where it is written for Java only."""
    try:
        return re.compile(re.sub(r"\\p\{[A-Za-z]+\}", r"\\w", pattern))
    except re.error:
        return None


def _broken(value: str, at: str, rule: str) -> str:
    return f"Value {value} at '{at}' failed to satisfy constraint: {rule}"


def _join(at: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{at}.{member}" if at else member
