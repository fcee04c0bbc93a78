"""What a vendor deletes in rounds is asked for again as long as its kind says, all of a container at once."""

from __future__ import annotations

from reconciler.forecast import forecast_text
from reconciler.model import Rounds
from reconciler.plan import Step
from reconciler.plan_values import node_data, node_of
from reconciler.planner import Choice
from reconciler.render import plan_text
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain

HOSTS = tuple(f"h{number}.example.com" for number in range(8))
STATE = desired(*(domain(host) for host in HOSTS))
DESTROY = Choice(destroy=True)


def bench_of(takedown_s: float) -> Bench:
    bench = Bench()
    assert bench.apply(STATE).succeeded
    bench.world.takedown_s = takedown_s
    bench.events.clear()
    return bench


def test_a_deletion_of_many_minutes_is_sat_out() -> None:
    bench = bench_of(25 * 60)
    began_s = bench.world.clock.now()
    assert bench.apply(STATE, DESTROY).succeeded
    assert (bench.world.edges, bench.world.certificates, bench.world.records) == ({}, {}, {})
    assert 25 * 60 <= bench.world.clock.now() - began_s < 30 * 60


def test_what_is_asked_for_again_goes_in_one_batch_of_its_container() -> None:
    bench = bench_of(25 * 60)
    bench.apply(STATE, DESTROY)
    containers = {frozenset(h for h in HOSTS if sum(map(ord, h)) % 2 == n) for n in (0, 1)}
    rounds = 25 * 60 / 30
    again = bench.world.batches[-60:]  # the first go as their records went
    assert {frozenset(keys) for keys in again} == containers
    assert len(bench.world.batches) <= 2 * (rounds + 2) + len(HOSTS)


def test_how_long_it_takes_stands_in_the_plan_and_the_forecast() -> None:
    bench = bench_of(0)
    plan, _ = bench.plan(STATE, DESTROY)
    address = f'memory_edge.edge-a["{HOSTS[0]}"]'
    assert f"destroy {address} (usually 10m, at most 90m)" in plan_text(plan)
    told = forecast_text(plan, STATE, {}, {})
    assert "waits: usually 10m, at most 1h30m in all; the longest: h7.example.com" in told
    assert "is destroyed (usually 10m, at most 1h30m)" in told
    other = next(s for s in plan.steps if s.change.id.kind == "memory_certificate")
    assert f"destroy {other.change.id.address}\n" in plan_text(plan)


def test_a_saved_plan_keeps_how_long_it_takes() -> None:
    plan, _ = bench_of(0).plan(STATE, DESTROY)
    places = {change.id: number for number, change in enumerate(plan.changes)}
    again = [node_of(node_data(node, places), plan.changes) for node in plan.nodes]
    assert again == list(plan.nodes)
    rounds = {step.change.id.kind: step.rounds for step in again if isinstance(step, Step)}
    assert rounds["memory_edge"] == Rounds(600, 5400, 30.0)
    assert rounds["memory_certificate"] == Rounds()


def test_a_deletion_that_the_run_cannot_sit_out_goes_on_with_the_next_run() -> None:
    bench = bench_of(25 * 60)
    gone = desired(*(domain(host, state="absent") for host in HOSTS))
    report = bench.apply(gone, timeout_s=600)
    assert {host.outcome for host in report.hosts} == {Outcome.WAITING}
    assert "is being turned off" in report.hosts[0].why
    assert report.hosts[0].next == "run `tdr apply` later: it goes on from here"
    assert bench.apply(gone).succeeded
    assert bench.world.edges == {}


def test_an_old_edge_that_goes_after_a_move_is_sat_out_too() -> None:
    bench = bench_of(25 * 60)
    moved = desired(*(domain(host, cdn="edge-b") for host in HOSTS))
    assert bench.apply(moved).succeeded
    assert {alias for alias, _ in bench.world.edges} == {"edge-b"}
