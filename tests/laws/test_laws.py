"""The sentences that define the product, tried on random worlds."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import Desired
from reconciler.errors import InvalidRequest, Unavailable
from reconciler.model import Action
from reconciler.plan import Plan, Step
from reconciler.planner import Choice
from reconciler.render import plan_text
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN

HOSTS = ("click.example.com", "go.example.com", "track.example.net")
SENDERS = ("mail.example.com", "news.example.com")
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def wanted(draw: st.DrawFn) -> Desired:
    """Any desired state: each host present, absent or not named."""
    hosts = draw(st.lists(st.sampled_from(HOSTS), unique=True, min_size=1))
    default = draw(st.sampled_from([None, *hosts]))
    return desired(
        *(
            domain(
                host,
                state=draw(st.sampled_from(["present", "present", "present", "absent"])),
                cdn=draw(st.sampled_from(["edge-a", "edge-b"])),
                ttl=draw(st.sampled_from([60, 300, 3600])),
                default=True if host == default else None,
                sending_domains=draw(st.sampled_from([None, ()])) if host != hosts[0] else SENDERS[:1],
            )
            for host in hosts
        )
    )


@st.composite
def estates(draw: st.DrawFn) -> Bench:
    """Any live state: nothing, an http-only host at SparkPost, parts of a set-up, foreign records."""
    bench = Bench()
    world = bench.world
    world.atomic = draw(st.booleans())
    world.slow_s = draw(st.sampled_from([0.0, 0.0, 90.0]))
    world.sending = dict.fromkeys(SENDERS)
    for host in HOSTS:
        kind = draw(st.sampled_from(["nothing", "http", "record", "tracking"]))
        if kind in ("http", "record"):
            world.records[host, "CNAME"] = (draw(st.sampled_from([60, 300, 7200])), (ORIGIN,))
        if kind in ("http", "tracking"):
            world.tracking[host] = {
                "alias": "sp",
                "secure": False,
                "default": False,
                "verified": kind == "http",
            }
    return bench


@quick
@given(estates(), wanted(), wanted())
def test_a_second_run_has_nothing_to_do(bench: Bench, first: Desired, second: Desired) -> None:
    """From any state to any other: apply succeeds, and then there is nothing left to change."""
    for state in (first, second):
        report = bench.apply(state)
        assert [h for h in report.hosts if h.outcome is not Outcome.APPLIED] == []
        plan, _ = bench.plan(state)
        assert (plan.changes, plan.nodes) == ((), ())


@quick
@given(estates(), wanted(), wanted())
def test_no_step_makes_an_answering_host_stop_answering(
    bench: Bench, first: Desired, second: Desired
) -> None:
    """After every write each host that worked works, whatever its resolvers still hold."""
    bench.apply(first)
    bench.apply(second)
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_changes_a_plan(bench: Bench, state: Desired, random: Random) -> None:
    """Dictionaries and lists come in any order; the plan, its text and its nodes are the same."""
    plan, _ = bench.plan(state)
    bench.shuffle(random)
    again, _ = bench.plan(shuffled(state, random))
    assert again.nodes == plan.nodes
    assert plan_text(again) == plan_text(plan)


@quick
@given(estates(), wanted(), st.data())
def test_a_failing_step_skips_exactly_its_dependants(
    bench: Bench, state: Desired, data: st.DataObject
) -> None:
    """What does not need the failed step is applied; what does is not begun."""
    plan, _ = bench.plan(state)
    writes = [step for step in plan.steps if step.change.action is not Action.NOOP]
    if not writes:
        return
    doomed = data.draw(st.sampled_from(writes))
    bench.world.before_write = refusing(doomed)
    report = bench.apply(state)
    failed = {id_ for id_, result in report.results.items() if result.outcome is Outcome.FAILED}
    kin = {
        s.id
        for s in plan.steps
        if s.change.host == doomed.change.host and _is_record(s) == _is_record(doomed)
    }
    assert failed <= kin
    assert failed
    assert set(report.results) == {n.id for n in plan.nodes} - _dependants(plan, failed)
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), st.data())
def test_a_target_touches_nothing_else(bench: Bench, state: Desired, data: st.DataObject) -> None:
    """With -target HOST, what serves other hosts is written by nobody."""
    host = data.draw(st.sampled_from(sorted(state.domains)))
    report = bench.apply(state, Choice(targets=(host,)))
    touched = {change.host for change in report.plan.changes}
    assert touched <= {host}
    others = [host_ for host_ in HOSTS if host_ != host]
    assert [key for _, key in bench.world.writes if any(other in key for other in others)] == []


def _is_record(step: Step) -> bool:
    """Records of one host are written together or not at all."""
    return step.change.id.kind == "dns_record"


def refusing(doomed: Step) -> Callable[[str, str], None]:
    """Return a vendor that refuses every write of the doomed step's resource."""

    def refuse(_operation: str, key: str) -> None:
        if doomed.change.id.key in key.split(", ") and _operation.endswith(doomed.change.id.kind):
            raise InvalidRequest("the vendor will not have it")

    return refuse


def _dependants(plan: Plan, failed: set[str]) -> set[str]:
    found: set[str] = set()
    for node in plan.nodes:
        if node.needs & (failed | found):
            found.add(node.id)
    return found


def shuffled(state: Desired, random: Random) -> Desired:
    """Return the same desired state, its domains in another order."""
    hosts = list(state.domains)
    random.shuffle(hosts)
    return dataclasses.replace(state, domains={host: state.domains[host] for host in hosts})


class Killed(BaseException):
    """The process ends here."""


def at_write(number: int, error: BaseException) -> Callable[[str, str], None]:
    """Return what raises error at the write with this number, once."""
    count = itertools.count(1)

    def strike(_operation: str, _key: str) -> None:
        if next(count) == number:
            raise error

    return strike


@quick
@given(estates(), wanted(), st.integers(1, 30), st.booleans())
def test_a_run_that_was_cut_off_converges_when_run_again(
    bench: Bench, state: Desired, number: int, after: bool
) -> None:
    """Killed before or after any write: the next run finishes, and no answering host stopped answering."""
    strike = at_write(number, Killed())
    if after:
        bench.world.after_write = strike
    else:
        bench.world.before_write = strike
    with contextlib.suppress(Killed):
        bench.apply(state)
    bench.world.before_write = bench.world.after_write = lambda _operation, _key: None
    bench.apply(state)
    plan, _ = bench.plan(state)
    assert (plan.changes, plan.nodes) == ((), ())
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), st.integers(1, 30), st.booleans())
def test_a_lost_answer_costs_nothing(bench: Bench, state: Desired, number: int, after: bool) -> None:
    """A time-out whose request took effect, or did not: the same run ends with all applied."""
    strike = at_write(number, Unavailable("no answer"))
    if after:
        bench.world.after_write = strike
    else:
        bench.world.before_write = strike
    report = bench.apply(state)
    assert [h for h in report.hosts if h.outcome is not Outcome.APPLIED] == []
    assert bench.plan(state)[0].changes == ()
    assert bench.world.broken == []


@quick
@given(estates(), wanted(), st.integers(0, 7200))
def test_a_run_that_ends_early_is_resumed(bench: Bench, state: Desired, timeout_s: int) -> None:
    """With any deadline the run ends in order, and -resume goes on with just what it began."""
    first = bench.apply(state, timeout_s=timeout_s)
    assert Outcome.FAILED not in {h.outcome for h in first.hosts}
    bench.world.clock.sleep(7200)
    second = bench.apply(state, Choice(resume=True))
    begun = {h.host for h in first.hosts if h.outcome is Outcome.WAITING}
    claimed = {h for h in begun if (f"_tdr.{h}", "TXT") in bench.world.records}
    assert claimed <= {h.host for h in second.hosts if h.outcome is Outcome.APPLIED}
    bench.apply(state)
    assert bench.plan(state)[0].changes == ()
    assert bench.world.broken == []
