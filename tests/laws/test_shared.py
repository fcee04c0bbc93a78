"""What several domains share comes with its first user and goes with its last."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import shared as shared_resources
from reconciler.assemble import Assembly
from reconciler.desired import Desired, Policy
from reconciler.errors import InvalidRequest
from reconciler.model import Action, Change, Resource, ResourceId, attrs
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.test_laws import HOSTS, estates, wanted

CLICK, GO, TRACK = HOSTS
KIND = "memory_policy"
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def bench_with(*joined: str, policy: str = "cache") -> Bench:
    bench = Bench()
    bench.world.policy, bench.world.joined = policy, joined
    return bench


def applied(bench: Bench, state: Desired, choice: Choice | None = None) -> None:
    report = bench.apply(state, choice)
    assert [(h.host, h.why) for h in report.hosts if h.outcome is not Outcome.APPLIED] == []
    assert bench.plan(state, choice)[0].changes == ()


def shared(plan: Plan) -> list[tuple[str, Action]]:
    return [(change.id.address, change.action) for change in plan.changes if change.host is None]


def both(**more: Any) -> Desired:
    return desired(domain(CLICK, **more), domain(GO))


def test_it_goes_with_its_last_user_and_not_before() -> None:
    bench = bench_with()
    applied(bench, both())
    one_leaves = both(state="absent")
    assert shared(bench.plan(one_leaves)[0]) == []
    applied(bench, one_leaves)
    assert bench.world.policies
    all_leave = desired(domain(CLICK, state="absent"), domain(GO, state="absent"))
    assert shared(bench.plan(all_leave)[0]) == [(f'{KIND}.edge-a["cache"]', Action.DELETE)]
    applied(bench, all_leave)
    assert not bench.world.policies


def test_what_somebody_took_away_comes_again_though_its_users_do_not_tell_that_they_use_it() -> None:
    policy = Resource(ResourceId("edge-a", KIND, "cache"), attrs(name="cache"))
    edge = Resource(ResourceId("edge-a", "memory_edge", CLICK), attrs(host=CLICK), host=CLICK)
    uses = Resource(edge.id, edge.attrs, host=CLICK, after=frozenset({policy.id}))
    comes = Change(policy.id, Action.CREATE, None, policy)
    stands = Assembly({policy.id: policy, edge.id: uses}, {edge.id: edge}, {}, ())
    assert shared_resources.settled([comes], stands) == (comes,)
    differs = Assembly({policy.id: policy, edge.id: uses}, {edge.id: edge.with_attrs(host=GO)}, {}, ())
    assert shared_resources.settled([comes], differs) == ()


def test_its_deletion_comes_after_that_of_its_users() -> None:
    bench = bench_with()
    applied(bench, both())
    plan, _ = bench.plan(both(), Choice(destroy=True))
    (last,) = (step for step in plan.steps if step.change.id.kind == KIND)
    assert {f'memory_edge.edge-a["{host}"]' for host in (CLICK, GO)} <= last.needs


def test_destroy_leaves_nothing_that_bears_our_mark() -> None:
    bench = bench_with("edge-a", "edge-b")
    state = desired(domain(CLICK), domain(GO, cdn="edge-b"))
    applied(bench, state)
    report = bench.apply(state, Choice(destroy=True))
    assert report.succeeded
    assert (bench.world.edges, bench.world.certificates, bench.world.policies) == ({}, {}, {})


@pytest.mark.parametrize(
    "choice",
    [
        Choice(destroy=True, excludes=(GO,)),
        Choice(destroy=True, targets=(CLICK,)),
        Choice(destroy=True, excludes=(f'memory_edge.edge-a["{GO}"]',)),
        Choice(destroy=True, targets=(f'{KIND}.edge-a["cache"]',)),
    ],
    ids=("host excluded", "host targeted", "edge excluded", "only itself targeted"),
)
def test_it_stays_while_flags_leave_a_user_in_place(choice: Choice) -> None:
    bench = bench_with()
    applied(bench, both())
    assert shared(bench.plan(both(), choice)[0]) == []


def test_it_stays_while_a_rule_forbids_a_users_deletion() -> None:
    bench = bench_with()
    applied(bench, both())
    held = desired(
        domain(CLICK, state="absent"),
        domain(GO, state="absent"),
        policy=Policy(max_deletes=9, protected=frozenset({GO})),
    )
    plan, _ = bench.plan(held)
    assert shared(plan) == []
    assert {change.host for change in plan.changes} == {CLICK}


def test_it_stays_while_a_host_that_no_file_names_uses_it() -> None:
    bench = bench_with()
    applied(bench, both())
    without = desired(domain(CLICK, state="absent"))
    assert shared(bench.plan(without)[0]) == []
    assert shared(bench.plan(without, Choice(prune=True))[0]) == [(f'{KIND}.edge-a["cache"]', Action.DELETE)]


def test_a_user_that_could_not_be_deleted_keeps_it() -> None:
    bench = bench_with()
    applied(bench, both())

    def refuse(operation: str, key: str) -> None:
        if operation == "delete memory_edge" and key == GO:
            raise InvalidRequest("it is disabled, and not deployed yet")

    bench.world.before_write = refuse
    report = bench.apply(both(), Choice(destroy=True))
    outcomes = {host.host: host.outcome for host in report.hosts}
    assert outcomes == {"": Outcome.SKIPPED, CLICK: Outcome.APPLIED, GO: Outcome.FAILED}
    assert bench.world.policies
    bench.world.before_write = lambda _operation, _key: None
    applied(bench, both(), Choice(destroy=True))
    assert not bench.world.policies


def test_users_that_go_over_to_another_release_it() -> None:
    bench = bench_with()
    applied(bench, both())
    bench.world.policy = "other"
    plan, _ = bench.plan(both())
    assert shared(plan) == [
        (f'{KIND}.edge-a["cache"]', Action.DELETE),
        (f'{KIND}.edge-a["other"]', Action.CREATE),
    ]
    assert shared(bench.plan(both(), Choice(targets=(CLICK,)))[0]) == [
        (f'{KIND}.edge-a["other"]', Action.CREATE)
    ]
    applied(bench, both())
    assert [name for _, name in bench.world.policies] == ["other"]


def test_it_is_not_made_for_hosts_that_are_left_out() -> None:
    bench = bench_with()
    stray = desired(domain("stray.example.org"))
    plan, _ = bench.plan(stray)
    assert [f.host for f in plan.findings] == ["stray.example.org"]
    assert plan.changes == ()
    assert shared(bench.plan(both(), Choice(excludes=(CLICK, GO)))[0]) == []
    assert shared(bench.plan(both(), Choice(targets=(GO,)))[0]) == [
        (f'{KIND}.edge-a["cache"]', Action.CREATE)
    ]


def test_a_run_that_resumes_takes_nothing_shared_down() -> None:
    bench = bench_with()
    applied(bench, both())
    bench.apply(
        desired(domain(CLICK, state="absent"), domain(GO, state="absent")), Choice(targets=(CLICK, GO))
    )
    assert bench.world.policies
    assert shared(bench.plan(desired(domain(CLICK, state="absent")), Choice(resume=True))[0]) == []
    assert shared(bench.plan(desired(domain(CLICK, state="absent")))[0]) != []


# -- several aliases of one account
def test_two_aliases_of_one_account_make_it_once() -> None:
    bench = bench_with("edge-a", "edge-b")
    state = desired(domain(CLICK), domain(GO, cdn="edge-b"))
    assert shared(bench.plan(state)[0]) == [(f'{KIND}.edge-a["cache"]', Action.CREATE)]
    applied(bench, state)
    assert bench.world.edges["edge-a", GO]["policy"] == "edge-a/cache"


def test_one_alias_does_not_delete_what_the_others_hosts_use() -> None:
    bench = bench_with("edge-a", "edge-b")
    applied(bench, desired(domain(CLICK), domain(GO, cdn="edge-b")))
    one_leaves = desired(domain(CLICK, state="absent"), domain(GO, cdn="edge-b"))
    assert shared(bench.plan(one_leaves)[0]) == []
    applied(bench, one_leaves)
    assert bench.world.policies
    all_leave = desired(domain(CLICK, state="absent"), domain(GO, cdn="edge-b", state="absent"))
    assert len(shared(bench.plan(all_leave)[0])) == 1
    applied(bench, all_leave)
    assert not bench.world.policies


def test_two_accounts_have_one_each() -> None:
    bench = bench_with()
    state = desired(domain(CLICK), domain(GO, cdn="edge-b"))
    assert len(shared(bench.plan(state)[0])) == 2
    applied(bench, state)


def test_an_edge_that_no_file_names_is_one_orphan_however_many_aliases_show_it() -> None:
    bench = bench_with("edge-a", "edge-b")
    applied(bench, both())
    plan, _ = bench.plan(desired(domain(CLICK)), Choice(prune=True))
    edges = [c.id.address for c in plan.changes if c.id.kind == "memory_edge"]
    assert edges == [f'memory_edge.edge-a["{GO}"]']


@quick
@given(estates(), wanted(), wanted(), st.booleans())
def test_whatever_state_follows_another_it_is_there_just_while_it_is_used(
    bench: Bench, first: Desired, second: Desired, joined: bool
) -> None:
    """From any state to any other, with one account or two."""
    bench.world.policy = "cache"
    bench.world.joined = ("edge-a", "edge-b") if joined else ()
    for state in (first, second):
        applied(bench, state)
        used = {edge["policy"] for edge in bench.world.edges.values()}
        assert {held["id"] for held in bench.world.policies.values()} == used
    applied(bench, second, Choice(destroy=True, prune=True))
    assert bench.world.policies == {}
