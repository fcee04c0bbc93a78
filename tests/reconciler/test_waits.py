"""What waits in a run, and which gates are asked together."""

from __future__ import annotations

from reconciler.model import ResourceId
from reconciler.plan import Gate, GateKind
from reconciler.waits import Questions, Waits


def gate(name: str, kind: GateKind = GateKind.ANSWERS, alias: str = "dns") -> Gate:
    return Gate(name, kind, name, (ResourceId(alias, "dns_record", f"{name}/host"),), "")


A, B, C = gate("a"), gate("b"), gate("c", alias="other")
READY = gate("d", GateKind.READY)


def telling() -> Questions:
    return Questions(frozenset("abcd"))


def names(groups: object) -> list[list[str]]:
    assert isinstance(groups, list)
    return [[one.id for one in group] for group in groups]


def test_what_waits_comes_by_its_time_and_then_in_the_order_in_which_it_came() -> None:
    waits = Waits()
    for due_s, node in ((2.0, A), (1.0, B), (2.0, C)):
        waits.add(due_s, node)
    assert waits.first == (1.0, B)
    assert [waits.pop() for _ in range(3)] == [B, A, C]
    assert not waits
    assert waits.first is None


def test_what_is_chosen_is_taken_whenever_it_is_due() -> None:
    waits = Waits()
    for due_s, node in ((3.0, A), (1.0, B), (2.0, C)):
        waits.add(due_s, node)
    assert waits.take(lambda node: node is not B) == [C, A]
    assert waits.first == (1.0, B)


def test_gates_of_one_account_are_asked_together_and_of_each_kind_by_itself() -> None:
    assert names(list(telling().due([A, READY, B, C]))) == [["a", "b"], ["d"], ["c"]]


def test_what_comes_while_its_account_is_asked_waits_for_the_next_question() -> None:
    questions = telling()
    questions.begun((A,))
    assert names(list(questions.due([B, C]))) == [["c"]]
    assert questions.ended((A,)) == [B]
    assert names(list(questions.due([A, B]))) == [["a", "b"]]


def test_a_record_that_its_vendor_has_brought_out_is_asked_of_the_name_servers_alone() -> None:
    questions = telling()
    assert questions.of_vendor(A)
    assert questions.only_written(A)
    assert not questions.of_vendor(A)
    assert not questions.only_written(A)
    assert names(list(questions.due([A, B]))) == [["a"], ["b"]]
    assert (questions.only_written(READY), questions.of_vendor(READY)) == (False, True)


def test_where_the_vendor_cannot_tell_name_servers_are_asked_at_once() -> None:
    questions = Questions(frozenset("a"))
    assert (questions.of_vendor(A), questions.of_vendor(B)) == (True, False)
    assert names(list(questions.due([A, B]))) == [["a"], ["b"]]
