"""Steps that wait for their container: one batch is in flight for each; what has time goes along. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.holding import Holding, Key, key_of
from reconciler.plan import Node, Step


@dataclass(slots=True)
class Containers:
    """The queues of one run.

    `accounts` gives for each alias one that stands for its account: a container is the account's, not the
    alias's. `holding` says what waits for more. `_touched` are those where something changed since last
    asked, or whose batch is held: all others need no look.
    """

    accounts: Mapping[str, str]
    holding: Holding = field(default_factory=Holding)
    _queued: dict[Key, list[Step]] = field(default_factory=dict)
    _busy: dict[Key, tuple[Step, ...]] = field(default_factory=dict)
    _touched: set[Key] = field(default_factory=set)

    def add(self, step: Step) -> None:
        """Let step wait for its container; one without a container has one to itself."""
        key = key_of(step, self.accounts)
        self._queued.setdefault(key, []).append(step)
        self._touched.add(key)
        self.holding.queued(key, step)

    def take(self, now_s: float) -> Iterator[tuple[Key, tuple[Step, ...]]]:
        """Yield what can be sent now, in unix seconds; its container is busy from then on."""
        touched, self._touched = sorted(self._touched), set()
        for key in touched:
            if key not in self._queued or key in self._busy:
                continue
            if self.holding.holds(key, now_s):
                self._touched.add(key)
                continue
            self._busy[key] = steps = self._one_alias(key)
            self.holding.sent(steps)
            yield key, steps

    def _one_alias(self, key: Key) -> tuple[Step, ...]:
        """Take the steps of one alias; those of another alias of the account wait for their turn."""
        steps = self._queued.pop(key)
        alias = steps[0].change.id.alias
        if left := [step for step in steps if step.change.id.alias != alias]:
            self._queued[key] = left
        return tuple(step for step in steps if step.change.id.alias == alias)

    def free(self, key: Key) -> None:
        """Note that the batch of a container ended."""
        self.holding.ended(self._busy.pop(key))
        self._touched.add(key)


@dataclass(slots=True)
class Gathering:
    """Steps that nothing rests on, each held for a while so that those of one container are one batch.

    `to_come` counts those that are still expected; `_gone` are those that went before their time was over.
    """

    to_come: Counter[str | None]
    _held: dict[str | None, list[Step]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Gathering:
        """Expect these steps."""
        return cls(Counter(step.change.container for step in steps))

    def add(self, step: Step) -> tuple[Step, ...]:
        """Hold step, and return nothing; or, with the last that was expected, all that are held."""
        place = step.change.container
        self.to_come[place] -= 1
        if self.to_come[place]:
            self._held.setdefault(place, []).append(step)
            return ()
        return (*self._all(place), step)

    def due(self, step: Step) -> tuple[Step, ...]:
        """Return what goes when step's time is over: all that is held with it, itself if it was not held."""
        if self.is_gone(step):
            self._gone.remove(step.id)
            return ()
        gathered = self._all(step.change.container) if self._holds(step) else (step,)
        self._gone.discard(step.id)
        return gathered

    def is_gone(self, node: Node) -> bool:
        """Tell whether node went with others before its time was over."""
        return node.id in self._gone

    def _holds(self, step: Step) -> bool:
        return step in self._held.get(step.change.container, ())

    def _all(self, place: str | None) -> tuple[Step, ...]:
        gathered = tuple(self._held.pop(place, ()))
        self._gone |= {step.id for step in gathered}
        return gathered
