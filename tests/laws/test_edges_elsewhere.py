"""A host that an edge of another account of the vendor serves, where one edge alone can serve it."""

from __future__ import annotations

import pytest

from reconciler.model import Severity
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN

CLICK, GO = "click.example.com", "go.example.com"
THEIRS = "d111.edge.test"


def bench_pointing_at(value: str, name: str = CLICK, type_: str = "CNAME") -> Bench:
    bench = Bench()
    bench.world.exclusive = True
    bench.world.records[name, type_] = (300, (value,))
    return bench


def errors(bench: Bench, *hosts: str) -> list[tuple[str | None, str, str, str]]:
    plan, _ = bench.plan(desired(*(domain(host) for host in hosts)))
    return [(f.host, f.text, f.lift, f.key) for f in plan.findings if f.severity is Severity.ERROR]


def test_it_is_refused_with_the_way_out_and_the_others_go_on() -> None:
    bench = bench_pointing_at(THEIRS)
    state = desired(domain(CLICK), domain(GO))
    assert errors(bench, CLICK, GO) == [
        (
            CLICK,
            f"{CLICK} points at {THEIRS}, an edge of another account",
            f"take {CLICK} off {THEIRS} first",
            "cdn",
        )
    ]
    outcomes = {host.host: host.outcome for host in bench.apply(state).hosts}
    assert outcomes == {CLICK: Outcome.SKIPPED, GO: Outcome.APPLIED}
    assert bench.world.records[CLICK, "CNAME"] == (300, (THEIRS,))


def test_a_wildcards_record_is_one_too() -> None:
    assert len(errors(bench_pointing_at(THEIRS, "*.example.com"), CLICK)) == 1


@pytest.mark.parametrize("value", [ORIGIN, "edge.test.example.org", "notedge.test"])
def test_what_only_looks_alike_is_none(value: str) -> None:
    assert errors(bench_pointing_at(value), CLICK) == []


def test_an_edge_of_ones_own_account_is_none() -> None:
    bench = bench_pointing_at(ORIGIN)
    assert bench.apply(desired(domain(CLICK))).succeeded
    assert errors(bench, CLICK) == []


def test_another_account_of_the_file_is_another_account() -> None:
    bench = bench_pointing_at(ORIGIN)
    assert bench.apply(desired(domain(CLICK, cdn="edge-b"))).succeeded
    assert len(errors(bench, CLICK)) == 1
    bench.world.joined = ("edge-b", "edge-a")
    assert errors(bench, CLICK) == []


def test_a_host_that_goes_is_not_held_up() -> None:
    bench = bench_pointing_at(THEIRS)
    plan, _ = bench.plan(desired(domain(CLICK, state="absent")))
    assert [f for f in plan.findings if f.severity is Severity.ERROR] == []
