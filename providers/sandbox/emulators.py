"""Finding the emulated vendors by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from providers.sandbox.contract import ENTRY_POINT_GROUP, Emulator, SandboxError


@cache
def find_emulators() -> tuple[Emulator, ...]:
    """Load every emulator of the group, by name, once. Raises `SandboxError` naming one that cannot be."""
    points: Iterable[EntryPoint] = entry_points(group=ENTRY_POINT_GROUP)
    return tuple(_load(point) for point in sorted(points, key=lambda point: point.name))


def _load(point: EntryPoint) -> Emulator:
    try:
        emulator: Emulator = point.load()
    except (ImportError, AttributeError) as error:
        raise SandboxError(f"the emulator {point.name} ({point.value}) cannot be loaded: {error}") from error
    if emulator.name != point.name:
        raise SandboxError(f"the emulator {point.name} ({point.value}) calls itself {emulator.name!r}")
    return emulator
