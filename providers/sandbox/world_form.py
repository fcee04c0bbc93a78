"""Reading a vendor's section of the world: every mistake is named with its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.sandbox.contract import WorldError


def known(given: Any, keys: Sequence[str], at: str) -> Mapping[str, Any]:
    """Give a mapping whose keys are all known. Raises WorldError."""
    if not isinstance(given, Mapping):
        raise WorldError(at, f"write a mapping with {', '.join(keys)}")
    if unknown := [key for key in given if key not in keys]:
        raise WorldError(f"{at}.{unknown[0]}", f"unknown key; write one of {', '.join(keys)}")
    return given


def entries(given: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Give each entry of a list with its place. Raises WorldError."""
    if not isinstance(given, list | None):
        raise WorldError(at, "must be a list")
    for number, entry in enumerate(given or []):
        yield f"{at}[{number}]", entry


def one_of(given: Any, allowed: Sequence[str], at: str) -> str:
    """Give a value that is one of a few. Raises WorldError."""
    if given not in allowed:
        raise WorldError(at, f"unknown value {given!r}; write one of {', '.join(allowed)}")
    return str(given)


def text(given: Any, at: str, example: str) -> str:
    """Give a text that is not empty. Raises WorldError naming an example."""
    if not isinstance(given, str) or not given:
        raise WorldError(at, f"write a text, such as {example}")
    return given


def seconds(given: Any, at: str, until: str) -> float:
    """Give a time in seconds, not before now. Raises WorldError with the words `until`: until what."""
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 <= given < math.inf:
        raise WorldError(at, f"write how many seconds {until}")
    return float(given)


def tags(given: Any, at: str) -> dict[str, str]:
    """Give tags: texts by name. Raises WorldError."""
    if not isinstance(given, Mapping | None):
        raise WorldError(at, "write a mapping of names to values")
    return {str(name): str(value) for name, value in (given or {}).items()}
