"""What waits in a run: until when, and which gates one question to a vendor answers. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.plan import Gate, GateKind, Node


@dataclass(slots=True)
class Waits:
    """Nodes by the time at which they are due, in unix seconds."""

    _heap: list[tuple[float, int, Node]] = field(default_factory=list)
    _counter: Iterator[int] = field(default_factory=itertools.count)

    def __bool__(self) -> bool:
        return bool(self._heap)

    def add(self, due_s: float, node: Node) -> None:
        """Let node wait until then."""
        heapq.heappush(self._heap, (due_s, next(self._counter), node))

    @property
    def first(self) -> tuple[float, Node] | None:
        """When the first is due, and which that is."""
        return (self._heap[0][0], self._heap[0][2]) if self._heap else None

    def pop(self) -> Node:
        """Take the first away."""
        return heapq.heappop(self._heap)[2]

    def take(self, chosen: Callable[[Node], bool]) -> list[Node]:
        """Take away those that are chosen, whenever they are due, the earliest first."""
        taken: list[Node] = []
        rest: list[tuple[float, int, Node]] = []
        for entry in sorted(self._heap):
            if chosen(entry[2]):
                taken.append(entry[2])
            else:
                rest.append(entry)
        self._heap = rest
        return taken


@dataclass(slots=True)
class Questions:
    """Which gates are asked together: one list of a vendor's answers for all that wait for it.

    Of the hosts that are `told` of, the vendor of a record is asked before its name servers are: until he has
    brought it to all of them there is nothing to see. `_written` are the gates of which he said so.
    """

    told: frozenset[str] = frozenset()
    _asked: dict[str, list[Gate]] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)

    def of_vendor(self, gate: Gate) -> bool:
        """Tell whether the next to be asked about gate is its subject's vendor."""
        if gate.kind is GateKind.ANSWERS:
            return gate.host in self.told and gate.id not in self._written
        return gate.kind in (GateKind.READY, GateKind.VERIFIED)

    def group(self, gate: Gate) -> str:
        """Return what all gates have in common that one question answers; empty where gate is asked alone."""
        if gate.kind is GateKind.VERIFIED or not self.of_vendor(gate):
            return ""
        return f"{gate.kind.value} {gate.subjects[0].alias}"

    def due(self, gates: Iterable[Gate]) -> Iterator[tuple[Gate, ...]]:
        """Yield what is to be asked now, together; what comes while its group is asked is kept for later."""
        groups: dict[str, list[Gate]] = {}
        for gate in gates:
            groups.setdefault(self.group(gate) or f"gate {gate.id}", []).append(gate)
        for group, together in groups.items():
            if group in self._asked:
                self._asked[group] += together
            else:
                yield tuple(together)

    def begun(self, gates: tuple[Gate, ...]) -> None:
        """Note that these gates are being asked."""
        if group := self.group(gates[0]):
            self._asked[group] = []

    def ended(self, gates: tuple[Gate, ...]) -> list[Gate]:
        """Return what came while these gates were asked."""
        return self._asked.pop(self.group(gates[0]), [])

    def only_written(self, gate: Gate) -> bool:
        """Tell whether gate, which holds, is yet to be asked of the name servers; from now on it is."""
        if gate.kind is not GateKind.ANSWERS or not self.of_vendor(gate):
            return False
        self._written.add(gate.id)
        return True
