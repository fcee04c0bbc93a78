"""What a vendor makes by operations that run on is asked for until it stands, and is begun once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from reconciler.calls import Stop
from reconciler.forecast import forecast_text
from reconciler.model import AT_ONCE, Action, Rounds
from reconciler.plan import Step
from reconciler.plan_values import node_data, node_of
from reconciler.planner import Choice
from reconciler.provider import Kind
from reconciler.render import plan_text
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN

HOSTS = tuple(f"h{number}.example.com" for number in range(6))
STATE = desired(*(domain(host) for host in HOSTS))
ONE = desired(domain(HOSTS[0]))
CONTAINERS = {frozenset(h for h in HOSTS if sum(map(ord, h)) % 2 == n) for n in (0, 1)}


def bench_of(slow_s: float, policy: str = "") -> Bench:
    bench = Bench()
    bench.world.slow_s, bench.world.policy = slow_s, policy
    return bench


def edge(host: str) -> str:
    return f'memory_edge.edge-a["{host}"]'


def ended_s(bench: Bench, node: str) -> float:
    """How long a step took, from its begin to its end."""
    return next(e.elapsed_s for e in bench.events if e.node.id == node and e.what == "applied")


def begun(*hosts: str) -> list[str]:
    return [f"edge-a/{host}" for host in hosts]


# -- a run that has the time
def test_operations_of_many_minutes_are_sat_out_and_begun_once() -> None:
    bench = bench_of(12 * 60)
    assert bench.apply(STATE).succeeded
    assert sorted(bench.world.begun) == begun(*HOSTS)
    assert bench.plan(STATE)[0].changes == ()


def test_one_that_takes_longer_does_not_hold_the_others_of_its_batch() -> None:
    bench = bench_of(30)
    bench.world.slower_s["edge-a/h0.example.com"] = 14 * 60
    assert bench.apply(STATE).succeeded
    assert 14 * 60 <= ended_s(bench, edge(HOSTS[0])) < 15 * 60
    assert max(ended_s(bench, edge(host)) for host in HOSTS[1:]) <= 60


def test_what_is_asked_for_again_goes_in_one_batch_of_its_container() -> None:
    bench = bench_of(10 * 60)
    assert bench.apply(STATE).succeeded
    again = [frozenset(keys) for _, keys in bench.world.versions[-20:]]
    assert set(again) == CONTAINERS
    assert len(bench.world.versions) <= 2 * (10 * 60 / 20 + 2) + len(HOSTS)


def test_a_change_is_asked_for_like_a_creation() -> None:
    bench = bench_of(60)
    assert bench.apply(ONE).succeeded
    moved = desired(domain(HOSTS[0], origin="origin.test"))
    bench.world.edges["edge-a", HOSTS[0]]["origin"] = "elsewhere.test"
    assert bench.apply(moved).succeeded
    assert bench.world.edges["edge-a", HOSTS[0]]["origin"] == ORIGIN
    assert bench.world.begun == begun(HOSTS[0]) * 2


def test_what_is_shared_holds_up_its_users_alone() -> None:
    bench = bench_of(5 * 60, policy="p")
    state = desired(domain(HOSTS[0]), domain(HOSTS[1], cdn="edge-b"))
    bench.world.slower_s["edge-b/p"] = 30
    assert bench.apply(state).succeeded
    assert ended_s(bench, 'memory_policy.edge-b["p"]') <= 60 < ended_s(bench, 'memory_policy.edge-a["p"]')


# -- what is said of it
def test_how_long_it_takes_stands_in_the_plan_and_the_forecast() -> None:
    plan, _ = bench_of(30, policy="p").plan(ONE)
    assert f"create {edge(HOSTS[0])} (usually 1m, at most 15m)" in plan_text(plan)
    assert 'create memory_policy.edge-a["p"] (usually 1m, at most 15m)' in plan_text(plan)
    assert 'create memory_certificate.edge-a["h0.example.com"]\n' in plan_text(plan)
    quick, _ = bench_of(0).plan(ONE)
    usual = [
        forecast_text(one, ONE, {}, {}).partition("waits: usually ")[2].split(",")[0] for one in (quick, plan)
    ]
    assert usual == ["9m30s", "10m30s"]


def test_the_longest_of_what_is_written_is_named() -> None:
    plan, _ = bench_of(30, policy="p").plan(ONE)
    shared = tuple(n for n in plan.nodes if isinstance(n, Step) and n.change.id.kind == "memory_policy")
    told = forecast_text(
        type(plan)(plan.owner, tuple(n.change for n in shared), shared), ONE, {}, {}
    ).splitlines()[-1]
    assert told.endswith(
        'the longest: what several domains share: memory_policy.edge-a["p"] is created '
        "(usually 1m, at most 15m)"
    )


def test_a_saved_plan_keeps_how_long_it_takes() -> None:
    plan, _ = bench_of(30).plan(STATE)
    places = {change.id: number for number, change in enumerate(plan.changes)}
    again = [node_of(node_data(node, places), plan.changes) for node in plan.nodes]
    assert again == list(plan.nodes)
    rounds = {step.change.id.kind: step.rounds for step in again if isinstance(step, Step)}
    assert rounds["memory_edge"] == Rounds(60, 900, 20.0)
    assert rounds["memory_certificate"] == AT_ONCE


def test_an_operation_is_told_in_the_vendors_words_while_it_runs() -> None:
    bench = bench_of(100)
    bench.apply(ONE)
    told = [e.text for e in bench.events if e.what == "progress" and e.node.id == edge(HOSTS[0])]
    assert told == ["the operation on edge-a/h0.example.com is RUNNING"] * 5


@pytest.mark.parametrize(
    ("removal", "writing", "both"),
    [
        (AT_ONCE, AT_ONCE, AT_ONCE),
        (Rounds(60, 600, 15.0), AT_ONCE, Rounds(60, 600, 15.0)),
        (AT_ONCE, Rounds(30, 900, 5.0), Rounds(30, 900, 5.0)),
        (Rounds(60, 600, 15.0), Rounds(30, 900, 5.0), Rounds(90, 1500, 5.0)),
    ],
)
def test_a_replacement_takes_as_long_as_both_of_its_halves(
    removal: Rounds, writing: Rounds, both: Rounds
) -> None:
    kind = Kind("k", removal=removal, writing=writing)
    assert kind.removal.then(kind.writing) == both


# -- a run that has not
def test_one_that_outlasts_its_own_time_fails_alone_in_the_vendors_words() -> None:
    bench = bench_of(30)
    bench.world.slower_s["edge-a/h0.example.com"] = 3600
    report = bench.apply(STATE)
    outcomes = {host.host: host.outcome for host in report.hosts}
    assert outcomes == {**dict.fromkeys(HOSTS, Outcome.APPLIED), HOSTS[0]: Outcome.FAILED}
    assert "the operation on edge-a/h0.example.com is RUNNING" in report.hosts[0].why
    bench.world.clock.sleep(3600)
    assert bench.apply(STATE).succeeded
    assert bench.world.begun.count("edge-a/h0.example.com") == 1


def test_a_run_that_ends_before_is_waiting_and_resume_goes_on() -> None:
    bench = bench_of(12 * 60)
    report = bench.apply(STATE, timeout_s=600)
    assert {host.outcome for host in report.hosts} == {Outcome.WAITING}
    assert "is RUNNING" in report.hosts[0].why
    assert report.hosts[0].next == "run `tdr apply -resume` later: it goes on from here"
    assert bench.apply(STATE, Choice(resume=True)).succeeded
    assert sorted(bench.world.begun) == begun(*HOSTS)


def test_resume_goes_on_with_what_hosts_share_too() -> None:
    bench = bench_of(12 * 60, policy="p")
    report = bench.apply(ONE, timeout_s=600)
    assert [(h.host, h.outcome) for h in report.hosts] == [
        ("", Outcome.WAITING),
        (HOSTS[0], Outcome.SKIPPED),
    ]
    assert bench.apply(ONE, Choice(resume=True)).succeeded
    assert bench.world.begun == ["edge-a/p", *begun(HOSTS[0])]


def test_a_run_that_is_interrupted_meanwhile_says_so_and_the_next_one_goes_on() -> None:
    bench, stop = bench_of(12 * 60), Stop()
    bench.world.before_write = _at_asking(3, stop.set)
    report = bench.apply(ONE, stop=stop)
    assert report.interrupted
    assert (report.hosts[0].outcome, report.hosts[0].why) == (
        Outcome.SKIPPED,
        f"{edge(HOSTS[0])}: the run was interrupted",
    )
    bench.world.before_write = lambda _operation, _key: None
    assert bench.apply(ONE).succeeded
    assert bench.world.begun == begun(HOSTS[0])


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("later_s", [0, 60, 3600])
def test_a_run_that_is_killed_meanwhile_leaves_one_operation_that_the_next_one_finds(later_s: int) -> None:
    def kill() -> None:
        raise Killed

    bench = bench_of(12 * 60)
    bench.world.before_write = _at_asking(4, kill)
    with contextlib.suppress(Killed):
        bench.apply(ONE)
    bench.world.before_write = lambda _operation, _key: None
    bench.world.clock.sleep(later_s)
    assert bench.apply(ONE).succeeded
    assert bench.world.begun == begun(HOSTS[0])
    assert bench.plan(ONE)[0].changes == ()


def _at_asking(number: int, then: Callable[[], None]) -> Callable[[str, str], None]:
    """Return what does something as an edge is asked for the so manieth time."""
    asked: list[str] = []

    def look(operation: str, key: str) -> None:
        asked.extend([key] if operation == "put memory_edge" else [])
        if len(asked) == number and operation == "put memory_edge":
            then()

    return look


# -- a replacement
def replaced(*, takedown_s: float, timeout_s: float = 86400.0) -> tuple[Bench, Outcome]:
    """An edge that is made anew while its host points elsewhere, as a person set it."""
    bench = bench_of(120)
    assert bench.apply(ONE).succeeded
    world = bench.world
    world.excused = {HOSTS[0]}
    world.records[HOSTS[0], "CNAME"] = (60, (ORIGIN,))
    world.clock.sleep(7200)
    world.takedown_s = takedown_s
    world.batches.clear()
    world.begun.clear()
    report = bench.apply(ONE, Choice(replaces=(edge(HOSTS[0]),)), timeout_s=timeout_s)
    assert [c.action for c in report.plan.changes if c.id.kind == "memory_edge"] == [Action.REPLACE]
    return bench, report.hosts[0].outcome


@pytest.mark.parametrize("takedown_s", [0, 100])
def test_what_is_made_anew_is_removed_once(takedown_s: float) -> None:
    bench, outcome = replaced(takedown_s=takedown_s)
    assert outcome is Outcome.APPLIED
    assert bench.world.begun == begun(HOSTS[0])
    assert len(bench.world.batches) == (1 if takedown_s == 0 else 6)  # asked for until it is gone
    assert bench.plan(ONE)[0].changes == ()


def test_a_replacement_that_the_run_cannot_sit_out_ends_as_a_creation() -> None:
    bench, outcome = replaced(takedown_s=0, timeout_s=60)
    assert outcome is Outcome.WAITING
    assert bench.world.edges == {}
    assert bench.apply(ONE).succeeded
    assert bench.world.begun == begun(HOSTS[0])
