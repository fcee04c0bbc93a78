"""Moves of every class, from any record to any edge, taken up again by another file in the midst of it."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import Desired
from reconciler.planner import Choice
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN
from tests.laws.test_laws import HOSTS, SENDERS, Killed, at_write

EDGES = ("edge-a", "edge-b", "edge-ip", "edge-lb", "edge-late", "proxy", "sp")
ANY = HOSTS[:2]
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def estates(draw: st.DrawFn) -> Bench:
    """Any live state of http-only hosts: own records, wildcards, zones with and without transactions."""
    bench = Bench()
    world = bench.world
    world.atomic = draw(st.booleans())
    world.min_ttl = draw(st.sampled_from([60, 60, 600]))
    world.sending = dict.fromkeys(SENDERS)
    world.watched = set(ANY)
    ttls = st.sampled_from([1, 300, 7200] if world.min_ttl == 60 else [600, 7200])
    if draw(st.booleans()):
        world.records["*.example.com", "CNAME"] = (draw(ttls), (ORIGIN,))
    for host in ANY:
        if draw(st.booleans()):
            world.records[host, "CNAME"] = (draw(ttls), (ORIGIN,))
        if draw(st.booleans()):
            verified = world.host_answer(host) is not None
            fresh: dict[str, Any] = {"alias": "sp", "secure": False, "default": False, "verified": verified}
            world.tracking[host] = fresh
    return bench


@st.composite
def wanted(draw: st.DrawFn) -> Desired:
    """Both hosts present, each on an edge of any class."""
    return desired(
        *(
            domain(
                host,
                cdn=draw(st.sampled_from(EDGES)),
                ttl=draw(st.sampled_from([600, 3600])),
                sending_domains=draw(st.sampled_from([None, SENDERS[:1]])) if host == ANY[0] else None,
            )
            for host in ANY
        )
    )


def excuse(bench: Bench, state: Desired) -> None:
    """Let https fail for hosts that serve it today and whose file allows the gap of a B or C move."""
    world = bench.world
    world.excused = {
        host
        for host, d in state.domains.items()
        if world.is_secure(host) and d.cdn in ("edge-late", "proxy", "sp")
    } | {host for host in state.domains if world.is_secure(host) and host in world.proxied}


def carried_out(bench: Bench, state: Desired, **options: Any) -> set[str]:
    """Apply; return the hosts that are not applied though no finding forbids them."""
    excuse(bench, state)
    report = bench.apply(state, **options)
    forbidden = {f.host for f in report.plan.findings if f.severity.value == "error"}
    return {h.host for h in report.hosts if h.outcome is not Outcome.APPLIED and h.host not in forbidden}


def settled(bench: Bench, state: Desired) -> bool:
    """Whether nothing is left to do, and every host that is not refused works over https."""
    plan, _ = bench.plan(state)
    bench.world.excused = set()
    refused = {f.host for f in plan.findings if f.severity.value == "error"}
    working = bench.world.answering()
    return plan.nodes == () and all(working[host] for host in state.domains if host not in refused)


@quick
@given(estates(), wanted(), wanted())
def test_a_move_of_any_class_ends_and_breaks_nothing(bench: Bench, first: Desired, second: Desired) -> None:
    for state in (first, second):
        assert carried_out(bench, state) == set()
        assert settled(bench, state)
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), wanted(), st.integers(0, 5000), st.integers(0, 7200))
def test_a_move_that_is_under_way_is_taken_up_by_another_file(
    bench: Bench, first: Desired, second: Desired, timeout_s: int, later_s: int
) -> None:
    """The run ends at its deadline; later the file says otherwise: what caches hold is not forgotten."""
    carried_out(bench, first, timeout_s=timeout_s)
    bench.world.clock.sleep(later_s)
    bench.world.look()
    assert carried_out(bench, second) == set()
    assert settled(bench, second)
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), wanted(), st.integers(1, 20), st.booleans())
def test_a_move_that_was_killed_is_taken_up_by_another_file(
    bench: Bench, first: Desired, second: Desired, number: int, after: bool
) -> None:
    """Killed before or after any write."""
    strike = at_write(number, Killed())
    if after:
        bench.world.after_write = strike
    else:
        bench.world.before_write = strike
    with contextlib.suppress(Killed):
        carried_out(bench, first)
    bench.world.before_write = bench.world.after_write = lambda _operation, _key: None
    assert carried_out(bench, second) == set()
    assert settled(bench, second)
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), st.lists(st.integers(0, 4000), min_size=1, max_size=4))
def test_a_move_in_many_short_runs_ends_like_one_in_one(
    bench: Bench, state: Desired, runs: list[int]
) -> None:
    """Each run has its own deadline, and goes on from where the one before it ended."""
    for number, timeout_s in enumerate(runs):
        excuse(bench, state)
        bench.apply(state, Choice(resume=number > 0), timeout_s=timeout_s)
    assert carried_out(bench, state) == set()
    assert settled(bench, state)
    assert bench.world.broken == []
