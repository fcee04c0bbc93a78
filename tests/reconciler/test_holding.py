"""Batches that are held for more: they gather what is on its way, and nothing is ever stuck."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from reconciler.containers import Containers
from reconciler.holding import HOLD_S, Holding, Key
from reconciler.plan import SETTLE, Gate, GateKind, Node, Step
from tests.reconciler.plans import creation, resource, rid

MEMBER, OTHER = "member", "other"
SERVICE = "service/acme"


def step(key: str, *needs: str, kind: str = OTHER, container: str | None = None, phase: str = "") -> Step:
    change = creation(resource(rid(kind, key), key, container))
    return Step(key, change, change.after, phase, needs=frozenset(needs))


def member(key: str, *needs: str, container: str = SERVICE) -> Step:
    return step(key, *needs, kind=MEMBER, container=container)


def gate(key: str, *needs: str) -> Gate:
    return Gate(key, GateKind.READY, key, (), "ready", needs=frozenset(needs))


@dataclass
class Player:
    """Plays a plan as the scheduler does, with batches and gates that end when they are told to."""

    nodes: dict[str, Node]
    sorter: graphlib.TopologicalSorter[str] = field(init=False)
    containers: Containers = field(init=False)
    in_flight: dict[Key, tuple[Step, ...]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    batches: list[tuple[str, ...]] = field(default_factory=list)
    left: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sorter = graphlib.TopologicalSorter({node.id: node.needs for node in self.nodes.values()})
        self.sorter.prepare()
        self.containers = Containers({}, Holding.of(self.nodes, {MEMBER}))

    def start(self, now_s: float = 0.0) -> None:
        while ready := self.sorter.get_ready():
            for id_ in sorted(ready):
                node = self.nodes[id_]
                self.containers.holding.began(id_)
                if isinstance(node, Step):
                    self.containers.add(node)
                else:
                    self.waiting.add(id_)
        for key, steps in self.containers.take(now_s):
            self.in_flight[key] = steps
            self.batches.append(tuple(one.id for one in steps))

    def end(self, key: Key, failed: Iterable[str] = ()) -> None:
        steps = self.in_flight.pop(key)
        self.containers.free(key)
        for one in steps:
            if one.id in failed:
                self.left.add(one.id)
            else:
                self.done(one.id)

    def done(self, id_: str) -> None:
        self.waiting.discard(id_)
        self.containers.holding.done(id_)
        self.sorter.done(id_)

    def key_of(self, id_: str) -> Key:
        return next(key for key, steps in self.in_flight.items() if id_ in [one.id for one in steps])


def player(*nodes: Node) -> Player:
    found = Player({node.id: node for node in nodes})
    found.start()
    return found


def test_members_that_rest_on_writes_under_way_are_one_batch() -> None:
    claims = [step(f"claim{n}") for n in range(20)]
    played = player(*claims, *(member(f"m{n:02}", f"claim{n}") for n in range(20)))
    for n in range(20):
        assert played.batches[20:] == []
        played.end(played.key_of(f"claim{n}"))
        played.start()
    assert played.batches[20:] == [tuple(f"m{n:02}" for n in range(20))]


def test_a_chain_of_writes_is_waited_for_and_a_gate_is_not() -> None:
    chain = (step("a"), step("b", "a"), member("m1", "b"))
    gated = (gate("g"), member("m2", "g"))
    played = player(*chain, *gated, member("m0"))
    assert played.batches == [("a",)]
    played.end(played.key_of("a"))
    played.start()
    assert played.batches == [("a",), ("b",)]
    played.end(played.key_of("b"))
    played.start()
    assert sorted(played.batches[-1]) == ["m0", "m1"]


def test_what_a_member_of_the_same_batch_must_come_before_is_not_waited_for() -> None:
    played = player(member("service"), member("m1", "service"), member("m2", "service"))
    assert played.batches == [("service",)]


def test_a_timer_is_not_waited_for() -> None:
    played = player(step("settles", "g", phase=SETTLE), gate("g"), member("m1", "settles"), member("m0"))
    assert played.batches == [("m0",)]


def test_a_failure_lets_the_rest_go() -> None:
    played = player(step("a"), step("b"), member("m1", "a"), member("m2", "b"))
    played.end(played.key_of("a"))
    played.start()
    assert played.batches == [("a",), ("b",)]
    played.end(played.key_of("b"), failed={"b"})
    played.start()
    assert played.batches[2:] == [("m1",)]


def test_a_slow_write_does_not_hold_a_batch_for_ever() -> None:
    played = player(step("slow"), member("m1", "slow"), member("m0"))
    held = played.containers.holding.first
    assert held == (HOLD_S, ("web", SERVICE))
    played.start(HOLD_S - 1)
    assert played.batches == [("slow",)]
    played.start(HOLD_S)
    assert played.batches == [("slow",), ("m0",)]
    assert played.containers.holding.first is None


def test_other_kinds_are_not_held() -> None:
    played = player(
        step("slow"), step("m1", "slow", container="zone/a"), step("m0", container="zone/a"), step("n0")
    )
    assert played.batches == [("n0",), ("slow",), ("m0",)]


@st.composite
def plans(draw: st.DrawFn) -> list[Node]:
    """Return nodes that need earlier ones: gates, members of two services, writes in zones and alone."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 14))):
        key = f"n{number:02}"
        needs = draw(st.lists(st.sampled_from([node.id for node in nodes]), max_size=3)) if nodes else []
        what = draw(st.sampled_from(("gate", "service/a", "service/b", "zone/a", "zone/b", "alone")))
        if what == "gate":
            nodes.append(gate(key, *needs))
        elif what.startswith("service"):
            nodes.append(member(key, *needs, container=what))
        else:
            nodes.append(step(key, *needs, container=None if what == "alone" else what))
    return nodes


@given(plans(), st.integers(0, 2**32), st.floats(0.0, 0.5))
def test_whatever_ends_first_and_whatever_fails_nothing_is_stuck(
    nodes: list[Node], seed: int, failing: float
) -> None:
    """No time passes here, so it is not the longest hold that lets a batch go."""
    random = Random(seed)
    played = player(*nodes)
    while played.in_flight or played.waiting:
        chosen = random.choice([*sorted(played.in_flight), *sorted(played.waiting)])
        if isinstance(chosen, tuple):
            failed = {one.id for one in played.in_flight[chosen] if random.random() < failing}
            played.end(chosen, failed)
        else:
            played.done(chosen)
        played.start()
    begun = {id_ for batch in played.batches for id_ in batch}
    stuck = {
        node.id
        for node in nodes
        if isinstance(node, Step) and node.id not in begun and not _hindered(node.id, played)
    }
    assert stuck == set()


def _hindered(id_: str, played: Player) -> bool:
    """Tell whether something that a node needs, however far, failed."""
    needs = played.nodes[id_].needs
    return any(need in played.left or _hindered(need, played) for need in needs)
