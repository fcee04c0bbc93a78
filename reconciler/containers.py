"""Steps that wait for their container: one batch is in flight for each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.plan import Step

Key = tuple[str, str]
"""An account and a container of its."""


@dataclass(slots=True)
class Containers:
    """The queues of one run.

    `accounts` gives for each alias one that stands for its account: a container is the account's, not the
    alias's. `_touched` are those where something changed since last asked: all others need no look.
    """

    accounts: Mapping[str, str]
    _queued: dict[Key, list[Step]] = field(default_factory=dict)
    _busy: set[Key] = field(default_factory=set)
    _touched: set[Key] = field(default_factory=set)

    def add(self, step: Step) -> None:
        """Let step wait for its container; one without a container has one to itself."""
        alias = step.change.id.alias
        key = self.accounts.get(alias, alias), step.change.container or step.change.id.address
        self._queued.setdefault(key, []).append(step)
        self._touched.add(key)

    def take(self) -> Iterator[tuple[Key, tuple[Step, ...]]]:
        """Yield what can be sent now; its container is busy from then on."""
        touched, self._touched = sorted(self._touched), set()
        for key in touched:
            if key in self._queued and key not in self._busy:
                self._busy.add(key)
                yield key, self._one_alias(key)

    def _one_alias(self, key: Key) -> tuple[Step, ...]:
        """Take the steps of one alias; those of another alias of the account wait for their turn."""
        steps = self._queued.pop(key)
        alias = steps[0].change.id.alias
        if left := [step for step in steps if step.change.id.alias != alias]:
            self._queued[key] = left
        return tuple(step for step in steps if step.change.id.alias == alias)

    def free(self, key: Key) -> None:
        """Note that the batch of a container ended."""
        self._busy.discard(key)
        self._touched.add(key)
