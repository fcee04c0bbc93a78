"""What changed inside a nested value: paths, found by deepdiff. Pure.

deepdiff is loaded with the first value that needs it: most plans change nothing nested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reconciler.model import Ref, Value

Path: TypeAlias = "tuple[str | int, ...]"

ADDED = ("dictionary_item_added", "iterable_item_added")
REMOVED = ("dictionary_item_removed", "iterable_item_removed")
CHANGED = ("values_changed", "type_changes")


@dataclass(frozen=True, slots=True)
class Differences:
    """Where two nested values differ. Places in lists count as in the side that holds them.

    removed, changed  paths in the value before
    added             paths in the value after
    """

    removed: frozenset[Path] = frozenset()
    changed: frozenset[Path] = frozenset()
    added: frozenset[Path] = frozenset()
    _before: frozenset[Path] = field(init=False)
    _after: frozenset[Path] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_before", _above(self.removed | self.changed))
        object.__setattr__(self, "_after", _above(self.added))

    def within(self, before: Path, after: Path) -> bool:
        """Tell whether something differs inside of the value at these paths."""
        return before in self._before or after in self._after


def differences(before: Value, after: Value) -> Differences:
    """Return where two values differ."""
    from deepdiff import DeepDiff  # noqa: PLC0415  a tenth of a second that most plans need not spend

    found = DeepDiff(_comparable(before), _comparable(after), view="tree")
    return Differences(
        removed=frozenset(_path(level) for kind in REMOVED for level in found.get(kind, ())),
        changed=frozenset(_path(level) for kind in CHANGED for level in found.get(kind, ())),
        added=frozenset(_path(level, after=True) for kind in ADDED for level in found.get(kind, ())),
    )


def _path(level: Any, *, after: bool = False) -> Path:
    return tuple(level.path(output_format="list", use_t2=after))


def _above(paths: frozenset[Path]) -> frozenset[Path]:
    return frozenset(path[:depth] for path in paths for depth in range(len(path)))


def _comparable(value: Value) -> object:
    if isinstance(value, Ref):
        return f"\0{value.target.address}.{value.output}"  # equal to no text that a vendor gives
    if isinstance(value, Mapping):
        return {name: _comparable(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_comparable(inner) for inner in value]
    return value
