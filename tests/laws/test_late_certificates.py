"""Edges whose certificate is issued only once DNS leads there: moves of class C, over http without a gap."""

from __future__ import annotations

from reconciler.plan import GateKind
from reconciler.report import Outcome
from tests.laws.balancer import LATE
from tests.laws.bench import Bench, desired, domain
from tests.laws.test_addresses import applied, atomic_or_not, live_http, live_on

CLICK, ADDRESS = "click.example.com", "198.51.100.1"
LATER = desired(domain(CLICK, cdn=LATE))
NAMED = desired(domain(CLICK, cdn="edge-a"))


def wait_in_vain(bench: Bench, outcome: Outcome) -> None:
    """Apply where no certificate is issued: new mail has the links that it had, and they work."""
    bench.world.issues_late = False
    secure = bench.world.is_secure(CLICK)
    report = bench.apply(LATER)
    assert [host.outcome for host in report.hosts if host.host == CLICK] == [outcome]
    assert bench.world.is_secure(CLICK) is secure
    assert bench.world.broken == []


@atomic_or_not
def test_http_is_proven_before_dns_moves_and_the_certificate_waited_for_after(atomic: bool) -> None:
    bench = live_http(CLICK, atomic=atomic)
    plan, _ = bench.plan(LATER)
    assert plan.classes == {CLICK: "C"}
    order = [gate.kind for gate in plan.gates]
    assert order.index(GateKind.SERVES) < order.index(GateKind.ANSWERS) < order.index(GateKind.READY)
    assert order.index(GateKind.READY) < order.index(GateKind.PROBE)
    applied(bench, LATER)
    assert bench.world.is_secure(CLICK)
    assert bench.world.serves(("A", (ADDRESS,)), CLICK, "https")


def test_an_edge_that_does_not_answer_over_http_gets_no_host() -> None:
    bench = live_http(CLICK)
    bench.world.down.add(ADDRESS)
    report = bench.apply(LATER)
    assert "http://" in next(host.why for host in report.hosts if host.host == CLICK)
    assert (CLICK, "CNAME") in bench.world.records
    assert bench.world.broken == []


def test_a_host_that_serves_https_is_refused_without_a_gap() -> None:
    bench = live_on(NAMED)
    plan, _ = bench.plan(desired(domain(CLICK, cdn=LATE, allow_gap_s=None)))
    assert [f.key for f in plan.findings if f.host == CLICK] == ["allow_gap"]
    assert plan.changes == ()


@atomic_or_not
def test_with_a_gap_https_alone_fails_meanwhile_and_the_old_edge_goes_last(atomic: bool) -> None:
    bench = live_on(NAMED, atomic=atomic)
    bench.world.excused = {CLICK}
    applied(bench, LATER)
    assert bench.world.edges == {}


def test_one_that_was_issued_before_moves_without_a_gap() -> None:
    bench = live_http(CLICK)
    applied(bench, LATER)
    bench.world.records[CLICK, "CNAME"] = (300, ("origin.test",))
    del bench.world.records[CLICK, "A"]
    plan, _ = bench.plan(desired(domain(CLICK, cdn=LATE, allow_gap_s=None)))
    assert plan.classes == {CLICK: "A"}


def test_where_the_certificate_never_comes_a_host_stays_on_http_and_may_go_elsewhere() -> None:
    bench = live_http(CLICK)
    wait_in_vain(bench, Outcome.WAITING)
    assert bench.world.host_answer(CLICK) == ("A", (ADDRESS,))
    applied(bench, NAMED)
    assert bench.world.balancers == {}


def test_where_the_certificate_never_comes_a_host_goes_back_to_the_edge_that_serves_https() -> None:
    bench = live_on(NAMED)
    bench.world.excused = {CLICK}
    before = bench.world.host_answer(CLICK)
    wait_in_vain(bench, Outcome.FAILED)
    assert bench.world.host_answer(CLICK) == before
    bench.world.excused = set()
    applied(bench, NAMED)
    assert bench.world.balancers == {}


def test_where_it_comes_after_the_run_the_next_one_goes_on() -> None:
    bench = live_http(CLICK)
    wait_in_vain(bench, Outcome.WAITING)
    bench.world.issues_late = True
    applied(bench, LATER)
    assert bench.world.is_secure(CLICK)
