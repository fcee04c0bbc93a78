"""The transport seam: where every vendor call of an alias passes, and where a test may end the run.

`Seam.on` gives provider types whose aliases make their calls through the seam: nothing of the engine or of a
provider is replaced, only the `calls` that a provider is handed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reconciler.provider import Calls, Provider, ProviderType, Setting

T = TypeVar("T")


class Killed(BaseException):
    """The process ends here. No `Exception`: nobody may catch it on the way out."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One vendor call of a run: the nth of this operation on this resource."""

    alias: str
    operation: str
    resource: str
    nth: int

    def __str__(self) -> str:
        return f"{self.alias}: {self.operation} {self.resource} #{self.nth}"


Act = Callable[[], object]


@dataclass(slots=True)
class Seam:
    """Calls one by one, in the order in which they are made.

    before, after  what is done right before a call, and right after it took effect
    watch          told of each call when it has been made
    """

    before: Mapping[Point, Act] = field(default_factory=dict)
    after: Mapping[Point, Act] = field(default_factory=dict)
    watch: Callable[[Point], None] = lambda _point: None
    dead: bool = False
    reached: bool = False
    _seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def on(self, types: Mapping[str, ProviderType]) -> dict[str, ProviderType]:
        """Provider types whose aliases call through this seam."""
        return {name: replace(type_, open=self._opener(type_)) for name, type_ in types.items()}

    def _opener(self, type_: ProviderType) -> Callable[[Setting], Provider]:
        return lambda setting: type_.open(
            replace(setting, calls=_Passing(self, setting.alias, setting.calls))
        )

    def die(self) -> None:
        """End the run: no call is made any more."""
        self.dead = True
        raise Killed

    def passed(self, alias: str, operation: str, resource: str, fn: Callable[[], T]) -> T:
        """Make one call."""
        with self._turn:
            if self.dead:
                raise Killed
            self._seen[alias, operation, resource] += 1
            point = Point(alias, operation, resource, self._seen[alias, operation, resource])
            self._act(self.before, point)
            try:
                return fn()
            finally:
                self.watch(point)
                self._act(self.after, point)

    def _act(self, acts: Mapping[Point, Act], point: Point) -> None:
        if point in acts:
            self.reached = True
            acts[point]()


@dataclass(frozen=True, slots=True)
class _Passing:
    """`Calls` of one alias, through the seam."""

    seam: Seam
    alias: str
    calls: Calls

    def __call__(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        def passed() -> T:
            return self.seam.passed(self.alias, operation, resource, fn)

        return self.calls(unit, operation, passed, repeatable=repeatable, resource=resource)
