"""A host whose `dns:` changes: both zones answer the same until nobody can be sent to the old one."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import Desired
from reconciler.model import Action
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import NS_TTL_S, ORIGIN, PROXIED_TTL_S
from tests.laws.test_cases import CLICK, GO, actions, errors, live_https
from tests.laws.test_laws import Killed, at_write

OLD = desired(domain(CLICK))
PROXIES = ("proxy", "proxy-too")
"""They reach the account of `zones`, too."""
NEW = desired(domain(CLICK, dns="zones-b"), without=PROXIES)
CLAIM = f"_tdr.{CLICK}", "TXT"
OURS = {(CLICK, "CNAME"), CLAIM, (f"_check-edge-a.{CLICK}", "CNAME")}


def done(bench: Bench, state: Desired) -> None:
    """Apply; every host is."""
    report = bench.apply(state)
    assert {h.outcome for h in report.hosts} <= {Outcome.APPLIED}, [h.why for h in report.hosts]
    assert errors(report.plan) == []
    assert bench.world.broken == []


def begun(state: Desired = NEW) -> Bench:
    """A host whose new zone has been written and that the parent does not name yet."""
    bench = live_https(OLD)
    done(bench, state)
    return bench


def delegated() -> Bench:
    """The same after the user changed the name servers, and a run saw it."""
    bench = begun()
    bench.world.delegate("zones-b")
    done(bench, NEW)
    return bench


def claim(bench: Bench, alias: str) -> str:
    """The claim in one of the zones."""
    return " ".join(bench.world.held_by(alias).get(CLAIM, (0, ()))[1])


def words(bench: Bench, alias: str) -> dict[str, str]:
    """Its fields."""
    return dict(word.split("=", 1) for word in claim(bench, alias).split())


def told(plan: Plan) -> str:
    """What the plan warns of."""
    return " ".join(f"{f.text} {f.lift}" for f in plan.findings)


# -- the way
def test_the_new_zone_gets_records_and_claim_and_the_old_one_stays_untouched() -> None:
    bench = live_https(OLD)
    before, memory = dict(bench.world.records), words(bench, "zones")
    plan = bench.plan_of_a_run(NEW)
    assert {change.action for change in plan.changes} == {Action.CREATE}
    assert plan.gates == ()
    done(bench, NEW)
    assert bench.world.records == before
    assert bench.world.copies["zones-b"].keys() == OURS
    new = words(bench, "zones-b")
    assert {key: new[key] for key in ("was", "at", "cdn", "sp")} == {
        key: memory[key] for key in ("was", "at", "cdn", "sp")
    }
    assert new["old"].startswith("memory.")
    assert "keep" not in new


def test_until_the_parent_names_the_new_servers_nothing_is_left_to_do_but_the_users_part() -> None:
    bench = begun()
    bench.world.clock.sleep(30 * 86400)
    plan = bench.plan_of_a_run(NEW)
    assert plan.nodes == ()
    assert (
        "3 records in zone example.com of `zones` stay until example.com is delegated to `zones-b`"
        in told(plan)
    )
    assert "resolvers are sent to ns1.zones.test" in told(plan)
    assert "set the name servers ns1.zones-b.test at the registrar of example.com" in told(plan)


def test_what_is_ours_in_the_old_zone_goes_once_the_old_delegation_has_left_caches() -> None:
    bench = begun()
    world = bench.world
    by_hand: dict[tuple[str, str], Any] = {
        (f"_tdr.{GO}", "TXT"): (60, ("a note",)),
        ("www.example.com", "A"): (60, ("192.0.2.9",)),
    }
    world.records.update(by_hand)
    world.delegate("zones-b")
    plan = bench.plan_of_a_run(NEW)
    assert actions(plan) == {f'dns_record.zones-b["{CLICK}/claim"]': Action.UPDATE}
    assert plan.drifted == frozenset()
    done(bench, NEW)
    assert world.records.keys() == OURS | by_hand.keys()
    assert "keep" in words(bench, "zones-b")
    world.clock.sleep(NS_TTL_S - 60)
    plan = bench.plan_of_a_run(NEW)
    assert plan.nodes == ()
    assert "stay until the old delegation has left caches (48h)" in told(plan)
    world.clock.sleep(120)
    writes = len(world.writes)
    done(bench, NEW)
    assert world.records == by_hand
    assert [key for _, key in world.writes[writes:]] == [
        f"{CLICK}/host",
        f"{CLICK}/validation",
        f"{CLICK}/claim",
        f"{CLICK}/claim",
    ]
    assert words(bench, "zones-b").keys().isdisjoint({"old", "keep"})
    assert world.copies["zones-b"].keys() == OURS
    assert bench.plan_of_a_run(NEW).nodes == ()
    assert told(bench.plan_of_a_run(NEW)) == ""


def test_a_removal_is_no_deletion_of_a_domain() -> None:
    bench = delegated()
    bench.world.clock.sleep(NS_TTL_S + 60)
    plan = bench.plan_of_a_run(NEW, Choice(max_deletes=0))
    assert errors(plan) == []
    assert Action.DELETE in actions(plan).values()


def test_a_delegation_that_goes_back_ends_the_count() -> None:
    bench = delegated()
    bench.world.delegate("zones")
    done(bench, NEW)
    assert "keep" not in words(bench, "zones-b")
    bench.world.clock.sleep(10 * NS_TTL_S)
    assert bench.plan_of_a_run(NEW).nodes == ()
    assert bench.world.records.keys() == OURS


def test_a_user_who_changed_the_delegation_first_is_served_all_the_same() -> None:
    bench = live_https(OLD)
    bench.world.copies["zones-b"] = {(CLICK, "CNAME"): bench.world.records[CLICK, "CNAME"]}
    bench.world.delegate("zones-b")
    done(bench, NEW)
    assert "keep" in words(bench, "zones-b")
    assert bench.world.copies["zones-b"].keys() == OURS


def test_a_host_that_is_missing_in_a_zone_already_delegated_is_proven_like_any_move() -> None:
    bench = live_https(OLD)
    bench.world.delegate("zones-b")
    bench.world.worked = bench.world.answering()
    done(bench, NEW)
    assert bench.world.host_answer(CLICK) == ("CNAME", ("click-example-com.edge-a.edge.test",))


# -- what is refused
@pytest.mark.parametrize("edge", ["edge-b", "edge-ip"])
@pytest.mark.parametrize("later", [False, True])
def test_another_edge_in_the_same_step_is_refused(edge: str, later: bool) -> None:
    bench = begun() if later else live_https(OLD)
    plan = bench.plan_of_a_run(desired(domain(CLICK, dns="zones-b", cdn=edge)))
    assert any("both must answer the same" in text for text in errors(plan))
    assert plan.changes == ()


def test_an_edge_that_is_its_zone_cannot_be_handed_over() -> None:
    bench = live_https(desired(domain(CLICK, cdn="proxy")))
    bench.world.clock.sleep(PROXIED_TTL_S)
    plan = bench.plan_of_a_run(desired(domain(CLICK, cdn="proxy", dns="zones-b")))
    assert any("its record in the new zone is its edge" in text for text in errors(plan))


def test_a_move_that_is_under_way_ends_first() -> None:
    bench = Bench()
    bench.world.records[CLICK, "CNAME"] = (7200, (ORIGIN,))
    bench.world.tracking[CLICK] = {"alias": "sp", "secure": False, "default": False, "verified": True}
    bench.apply(OLD, timeout_s=3600)
    plan = bench.plan_of_a_run(NEW)
    assert any("none has proven it yet" in text for text in errors(plan))
    assert plan.changes == ()


def test_another_edge_is_taken_once_the_old_zone_is_clear() -> None:
    bench = delegated()
    bench.world.clock.sleep(NS_TTL_S + 60)
    moved = desired(domain(CLICK, dns="zones-b", cdn="edge-b"))
    done(bench, moved)
    assert bench.world.host_answer(CLICK) == ("CNAME", ("click-example-com.edge-b.edge.test",))
    assert bench.world.records == {}
    assert bench.plan_of_a_run(moved).nodes == ()


# -- what else may happen to it
def test_what_a_person_changed_in_the_old_zone_stays_there() -> None:
    bench = delegated()
    bench.world.records[CLICK, "CNAME"] = (300, ("elsewhere.test",))
    bench.world.records[CLAIM] = (60, ("a note", claim(bench, "zones")))
    bench.world.clock.sleep(NS_TTL_S + 60)
    bench.world.worked = {}
    assert bench.apply(NEW).succeeded
    assert bench.world.records == {
        (CLICK, "CNAME"): (300, ("elsewhere.test",)),
        CLAIM: (60, ("a note",)),
    }


def test_prune_takes_nothing_of_a_host_that_moves() -> None:
    bench = begun()
    plan, assembly = bench.plan(NEW, Choice(prune=True))
    assert plan.changes == ()
    assert assembly.orphans == ()


@pytest.mark.parametrize("ready", [False, True])
def test_a_host_that_goes_meanwhile_goes_from_both_zones(ready: bool) -> None:
    bench = delegated() if ready else begun()
    done(bench, desired(domain(CLICK, dns="zones-b", state="absent")))
    assert bench.world.records == {}
    assert bench.world.copies["zones-b"] == {}


def test_destroy_clears_both_zones() -> None:
    bench = begun()
    assert bench.apply(NEW, Choice(destroy=True)).succeeded
    assert (bench.world.records, bench.world.copies["zones-b"]) == ({}, {})


def test_a_host_that_leaves_the_file_meanwhile_is_pruned_from_both_zones() -> None:
    bench = begun()
    bench.world.deleting = {CLICK}
    plan, _ = bench.plan(desired(without=PROXIES), Choice(prune=True))
    gone = {address for address, action in actions(plan).items() if action is Action.DELETE}
    assert {f'dns_record.{alias}["{CLICK}/claim"]' for alias in ("zones", "zones-b")} <= gone


def test_an_alias_that_left_the_file_is_not_missed() -> None:
    bench = delegated()
    bench.world.clock.sleep(NS_TTL_S + 60)
    words_before = words(bench, "zones-b")
    alone = desired(domain(CLICK, dns="zones-b"), without=(*PROXIES, "zones"))
    plan = bench.plan_of_a_run(alone)
    assert plan.nodes == ()
    assert bench.world.records.keys() == OURS
    assert words(bench, "zones-b") == words_before
    done(bench, NEW)
    assert bench.world.records == {}


def test_a_zone_that_was_deleted_is_forgotten() -> None:
    bench = delegated()
    bench.world.records.clear()
    done(bench, NEW)
    assert words(bench, "zones-b").keys().isdisjoint({"old", "keep"})


def test_a_change_of_mind_before_the_delegation_is_cleared_by_prune() -> None:
    """The zone that was left holds nothing that tells of the other one, so nobody looks there."""
    bench = begun()
    before = dict(bench.world.records)
    back = desired(domain(CLICK), without=PROXIES)
    assert bench.plan_of_a_run(back).nodes == ()
    bench.apply(back, Choice(prune=True))
    assert {k: v for k, v in bench.world.records.items() if k != CLAIM} == {
        k: v for k, v in before.items() if k != CLAIM
    }
    assert "keep" in words(bench, "zones")
    assert bench.plan_of_a_run(back).nodes == ()
    bench.world.clock.sleep(NS_TTL_S + 60)
    done(bench, back)
    assert bench.world.copies["zones-b"] == {}
    assert bench.world.records == before
    assert bench.plan_of_a_run(back).nodes == ()


def test_a_host_without_a_claim_anywhere_is_a_new_host() -> None:
    bench = live_https(OLD)
    del bench.world.records[CLAIM]
    plan = bench.plan_of_a_run(NEW)
    assert "leaves" not in told(plan)
    assert "old=" not in str([change.after for change in plan.changes])


# -- whatever happens on the way
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 12), st.booleans(), st.booleans(), st.sampled_from([0, 3600, NS_TTL_S + 60]))
def test_killed_anywhere_it_goes_on_and_breaks_nothing(
    number: int, after: bool, atomic: bool, later_s: int
) -> None:
    bench = live_https(OLD)
    world = bench.world
    world.atomic = atomic
    strike = at_write(number, Killed())
    if after:
        world.after_write = strike
    else:
        world.before_write = strike
    for stage in range(6):
        with contextlib.suppress(Killed):
            bench.apply(NEW)
        if stage == 1:
            world.delegate("zones-b")
        if stage > 1:
            world.clock.sleep(later_s)
            world.look()
    world.clock.sleep(NS_TTL_S + 60)
    for _ in range(3):
        with contextlib.suppress(Killed):
            bench.apply(NEW)
        world.clock.sleep(NS_TTL_S + 60)
    done(bench, NEW)
    assert world.records == {}
    assert world.copies["zones-b"].keys() == OURS
    assert bench.plan_of_a_run(NEW).nodes == ()
