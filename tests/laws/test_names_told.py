"""Names that only a vendor's live state tells, in zones that cannot be listed."""

from __future__ import annotations

from reconciler.model import Action
from reconciler.planner import Choice
from tests.laws.bench import Bench, desired, domain

CLICK, GO = "click.example.com", "go.example.com"
CHECK = "_check-edge-a.click.example.com"


def bench_of(*hosts: str) -> Bench:
    bench = Bench()
    bench.world.unlisted = True
    assert bench.apply(desired(*(domain(host) for host in hosts))).succeeded
    bench.world.named.clear()
    return bench


def test_a_record_at_such_a_name_is_found_again() -> None:
    bench = bench_of(CLICK)
    assert bench.plan_of_a_run(desired(domain(CLICK))).changes == ()
    assert bench.world.named == [CHECK]
    _, assembly = bench.plan(desired(domain(CLICK)))
    assert f"{CLICK}/validation" in {id_.key for id_ in assembly.live}


def test_a_record_that_is_gone_is_missed() -> None:
    bench = bench_of(CLICK)
    del bench.world.records[CHECK, "CNAME"]
    plan, _ = bench.plan(desired(domain(CLICK)))
    assert [(c.id.key, c.action) for c in plan.changes] == [(f"{CLICK}/validation", Action.CREATE)]


def test_the_record_goes_with_its_host() -> None:
    bench = bench_of(CLICK, GO)
    report = bench.apply(desired(domain(CLICK, state="absent"), domain(GO)))
    assert report.succeeded
    assert {name for name, _ in bench.world.records} == {GO, f"_tdr.{GO}", f"_check-edge-a.{GO}"}
    assert bench.apply(desired(domain(GO)), Choice(destroy=True)).succeeded
    assert bench.world.records == {}


def test_the_record_of_an_edge_that_a_host_leaves_is_found() -> None:
    bench = bench_of(CLICK)
    assert bench.apply(desired(domain(CLICK, cdn="edge-b"))).succeeded
    assert CHECK not in {name for name, _ in bench.world.records}


def test_nothing_is_read_again_where_no_vendor_tells_a_name() -> None:
    bench = Bench()
    bench.world.unlisted = True
    bench.plan(desired(domain(CLICK)))
    assert bench.world.named == []
    bench.apply(desired(domain(CLICK, cdn="proxy")))
    bench.plan(desired(domain(CLICK, cdn="proxy")))
    assert bench.world.named == []


def test_zones_that_were_read_whole_are_not_asked() -> None:
    bench = bench_of(CLICK)
    bench.world.unlisted = False
    assert bench.plan(desired(domain(CLICK)))[0].changes == ()
    assert bench.world.named == []
