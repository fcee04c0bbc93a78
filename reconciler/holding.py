"""Batches that cost much whatever is in them: each is held while more that goes into it is on its way. Pure.

A member is on its way while all that it still needs is being written, or sure to be written without any
wait: nothing behind a gate, a timer, a failure, or a batch that is held itself. So whatever is held waits
for something in flight, and goes when that ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model import Action
from reconciler.plan import SETTLE, Node, Step

HOLD_S = 300.0
"""How long a batch is held at most: one account that is slow does not keep all hosts waiting."""

Key = tuple[str, str]
"""An account and a container of its."""


@dataclass(slots=True)
class Holding:
    """The members of the containers that gather, and what of the plan has begun and is done.

    moving  what is being written, or waits for nothing but a batch that is
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)
    _members: dict[Key, list[str]] = field(default_factory=dict)
    _passed: dict[Key, list[str]] = field(default_factory=dict)
    _since_s: dict[Key, float] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _done: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, nodes: Mapping[str, Node], kinds: Collection[str], accounts: Mapping[str, str] | None = None
    ) -> Holding:
        """Return what holds the batches of all containers that have a member of such a kind."""
        steps = [
            node
            for node in nodes.values()
            if isinstance(node, Step) and node.change.container and node.change.action is not Action.NOOP
        ]
        keys = {key_of(step, accounts or {}) for step in steps if step.change.id.kind in kinds}
        found = cls(nodes)
        for step in steps:
            key = key_of(step, accounts or {})
            if key in keys:
                found._members.setdefault(key, []).append(step.id)
        return found

    def gathers(self, key: Key) -> bool:
        """Tell whether batches of this container are held."""
        return key in self._members

    # -- what happens
    def began(self, id_: str) -> None:
        """Note that a node's needs are met."""
        self._begun.add(id_)

    def done(self, id_: str) -> None:
        """Note that what needs a node may go on."""
        self._done.add(id_)

    def queued(self, key: Key, step: Step) -> None:
        """Note that a step waits for its container."""
        if not self.gathers(key):
            self.moving.add(step.id)

    def sent(self, steps: Iterable[Step]) -> None:
        """Note that steps are being written."""
        self.moving.update(step.id for step in steps)

    def ended(self, steps: Iterable[Step]) -> None:
        """Note that steps are no longer being written."""
        self.moving.difference_update(step.id for step in steps)

    # -- what is asked
    def holds(self, key: Key, now_s: float) -> bool:
        """Tell whether the batch of a container is to wait for more."""
        if not self.gathers(key) or not self._more_comes(key):
            self._since_s.pop(key, None)
            return False
        if now_s < self._since_s.setdefault(key, now_s) + HOLD_S:
            return True
        del self._since_s[key]
        return False

    @property
    def first(self) -> tuple[float, Key] | None:
        """When, in unix seconds, the first batch goes that is held, whatever may come, and which that is."""
        return min(((since_s + HOLD_S, key) for key, since_s in self._since_s.items()), default=None)

    def _more_comes(self, key: Key) -> bool:
        """Look at the members from the last on; what does not come is looked at again after all others."""
        known: dict[str, bool] = {}
        for _ in range(2):
            left, passed = self._members[key], self._passed.setdefault(key, [])
            while left:
                if left[-1] in self._begun:
                    left.pop()
                elif self._comes(left[-1], known):
                    return True
                else:
                    passed.append(left.pop())
            self._members[key], self._passed[key] = passed, left
        return False

    def _comes(self, id_: str, known: dict[str, bool]) -> bool:
        """Tell whether a node that has not begun will begin without any wait but for writes."""
        if id_ not in known:
            needs = self.nodes[id_].needs - self._done
            known[id_] = all(need in self.moving or self._follows(need, known) for need in needs)
        return known[id_]

    def _follows(self, id_: str, known: dict[str, bool]) -> bool:
        node = self.nodes.get(id_)
        if not isinstance(node, Step) or node.phase == SETTLE or id_ in self._begun:
            return False
        return self._comes(id_, known)


def key_of(step: Step, accounts: Mapping[str, str]) -> Key:
    """Return where a step's writes go; one without a container has one to itself."""
    alias = step.change.id.alias
    return accounts.get(alias, alias), step.change.container or step.change.id.address
