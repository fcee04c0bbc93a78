"""Edges that are addresses, known only once they are made, and shared by all hosts of an origin."""

from __future__ import annotations

import pytest

from reconciler.claim import parse_claim
from reconciler.desired import Desired
from reconciler.errors import InvalidRequest
from reconciler.planner import Choice
from reconciler.render import plan_text
from reconciler.report import Outcome
from tests.laws.balancer import ALIAS
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN

CLICK, GO, EU = "click.example.com", "go.example.com", "eu.origin.test"
FIRST, SECOND = "198.51.100.1", "198.51.100.2"
BALANCED = desired(domain(CLICK, cdn=ALIAS))
NAMED = desired(domain(CLICK, cdn="edge-a"))
atomic_or_not = pytest.mark.parametrize("atomic", [True, False])


def live_http(*hosts: str, atomic: bool = True, owner: str = "") -> Bench:
    """Hosts whose links work over http, by records of their own or by one at `owner`."""
    bench = Bench()
    bench.world.atomic = atomic
    for host in hosts:
        bench.world.records[owner or host, "CNAME"] = (3600, (ORIGIN,))
        bench.world.tracking[host] = {"alias": "sp", "secure": False, "default": False, "verified": True}
    bench.world.watched = set(hosts)
    return bench


def live_on(state: Desired, *, atomic: bool = True) -> Bench:
    """The hosts of a state, https by an earlier run."""
    bench = live_http(*state.domains, atomic=atomic)
    applied(bench, state)
    return bench


def applied(bench: Bench, state: Desired, choice: Choice | None = None) -> None:
    """Apply: all done, nothing left to do, no link broken."""
    report = bench.apply(state, choice)
    assert [(h.host, h.why) for h in report.hosts if h.outcome is not Outcome.APPLIED] == []
    if not (choice and choice.destroy):
        assert bench.plan(state)[0].changes == ()
    assert bench.world.broken == []


def answers(bench: Bench, host: str = CLICK) -> dict[str, tuple[str, ...]]:
    """The record sets at a host's name, by type."""
    return {type_: values for (name, type_), (_, values) in bench.world.records.items() if name == host}


def was(bench: Bench, host: str = CLICK) -> str:
    """What the claim says stood there before."""
    (text,) = bench.world.records[f"_tdr.{host}", "TXT"][1]
    return str(parse_claim(text).was)


# -- there and back
@atomic_or_not
def test_a_name_gives_way_to_an_address_that_the_plan_does_not_know(atomic: bool) -> None:
    bench = live_http(CLICK, atomic=atomic)
    plan, _ = bench.plan(BALANCED)
    text = plan_text(plan)
    assert f"{CLICK} (move of class A" in text
    assert "(known after apply)" in text
    assert FIRST not in text
    applied(bench, BALANCED)
    assert answers(bench) == {"A": (FIRST,)}
    assert was(bench) == f"CNAME:{ORIGIN}@3600"


@atomic_or_not
def test_an_address_gives_way_to_a_name(atomic: bool) -> None:
    bench = live_on(BALANCED, atomic=atomic)
    applied(bench, NAMED)
    assert answers(bench) == {"CNAME": ("click-example-com.edge-a.edge.test",)}
    assert was(bench) == f"A:{FIRST}@3600"
    assert bench.world.balancers == {}  # it goes with its last host, once caches have let go of it


@atomic_or_not
def test_never_do_both_types_stand_at_one_name(atomic: bool) -> None:
    bench = live_http(CLICK, atomic=atomic)
    seen: list[frozenset[str]] = []
    bench.world.after_write = lambda _operation, _key: seen.append(frozenset(answers(bench)))
    for state in (BALANCED, NAMED, BALANCED):
        applied(bench, state)
    assert set(seen) == {frozenset({"CNAME"}), frozenset({"A"})}


@atomic_or_not
def test_both_families_give_way_to_one_address(atomic: bool) -> None:
    bench = live_on(desired(domain(CLICK, cdn="edge-ip")), atomic=atomic)
    assert answers(bench).keys() == {"A", "AAAA"}
    applied(bench, BALANCED)
    assert answers(bench) == {"A": (FIRST,)}


@atomic_or_not
def test_a_wildcard_gives_way_for_its_host_alone(atomic: bool) -> None:
    bench = live_http(CLICK, GO, atomic=atomic, owner="*.example.com")
    applied(bench, BALANCED)
    assert answers(bench) == {"A": (FIRST,)}
    assert answers(bench, GO) == {}
    assert bench.world.host_answer(GO) == ("CNAME", (ORIGIN,))


# -- an address that becomes another
@atomic_or_not
def test_another_origin_is_another_address_and_the_old_one_stays_until_caches_let_go(atomic: bool) -> None:
    bench = live_on(BALANCED, atomic=atomic)
    applied(bench, desired(domain(CLICK, cdn=ALIAS, origin=EU)))
    assert answers(bench) == {"A": (SECOND,)}
    assert list(bench.world.balancers) == [EU]
    assert was(bench) == f"A:{FIRST}@3600"


def test_what_another_host_still_uses_stays() -> None:
    both = desired(domain(CLICK, cdn=ALIAS), domain(GO, cdn=ALIAS))
    bench = live_on(both)
    assert answers(bench, GO) == answers(bench, CLICK) == {"A": (FIRST,)}
    applied(bench, desired(domain(CLICK, cdn="edge-a"), domain(GO, cdn=ALIAS)))
    assert bench.world.balancers[ORIGIN]["entries"].keys() == {GO}


def test_an_address_that_somebody_took_away_comes_back_as_another() -> None:
    bench = live_on(BALANCED)
    bench.world.balancers.clear()
    bench.world.worked = {}
    applied(bench, BALANCED)
    assert answers(bench) == {"A": (SECOND,)}


def test_an_address_that_somebody_wrote_over_is_put_right() -> None:
    bench = live_on(BALANCED)
    bench.world.records[CLICK, "A"] = (3600, (FIRST, "203.0.113.9"))
    bench.world.worked = {}
    applied(bench, BALANCED)
    assert answers(bench) == {"A": (FIRST,)}


# -- the way back
def test_a_move_that_is_not_proven_goes_back_to_the_name() -> None:
    bench = live_http(CLICK)

    def fall(_operation: str, _key: str) -> None:
        if answers(bench).keys() == {"A"}:
            bench.world.down = {FIRST}

    bench.world.after_write = fall
    report = bench.apply(BALANCED)
    assert "DNS was put back to what it was" in report.hosts[-1].why
    assert answers(bench) == {"CNAME": (ORIGIN,)}


def test_a_move_that_is_not_proven_goes_back_to_the_address() -> None:
    bench = live_on(BALANCED)
    name = "click-example-com.edge-a.edge.test"

    def fall(_operation: str, _key: str) -> None:
        if answers(bench).keys() == {"CNAME"}:
            bench.world.down = {name}

    bench.world.after_write = fall
    report = bench.apply(NAMED)
    assert "DNS was put back to what it was" in report.hosts[-1].why
    assert answers(bench) == {"A": (FIRST,)}
    assert bench.world.balancers[ORIGIN]["listens"]


# -- what is shared and fails, and what goes
def test_what_is_shared_and_fails_is_one_error_that_its_hosts_name() -> None:
    def refuse(operation: str, _key: str) -> None:
        if operation == "put memory_rule":
            raise InvalidRequest("no quota is left")

    bench = live_http(CLICK, GO)
    bench.world.before_write = refuse
    report = bench.apply(desired(domain(CLICK, cdn=ALIAS), domain(GO, cdn=ALIAS)))
    shared, *hosts = report.hosts
    assert (shared.host, shared.outcome) == ("", Outcome.FAILED)
    assert "no quota is left" in shared.why
    assert {host.outcome for host in hosts} == {Outcome.SKIPPED}
    assert {host.why for host in hosts} == {
        f'memory_rule.edge-lb["{ORIGIN}"], which several domains share, was not applied'
    }
    assert bench.world.broken == []


@atomic_or_not
def test_destroying_all_leaves_neither_record_nor_address(atomic: bool) -> None:
    bench = live_on(desired(domain(CLICK, cdn=ALIAS), domain(GO, cdn=ALIAS)), atomic=atomic)
    applied(bench, desired(domain(CLICK, cdn=ALIAS), domain(GO, cdn=ALIAS)), Choice(destroy=True))
    assert (bench.world.balancers, bench.world.records, bench.world.certificates) == ({}, {}, {})


def test_the_record_goes_before_what_listens_at_its_address() -> None:
    bench = live_on(BALANCED)
    bench.world.writes.clear()
    applied(bench, BALANCED, Choice(destroy=True))
    gone = [operation for operation, key in bench.world.writes if operation.startswith("delete")]
    assert gone.index("delete dns_record") < gone.index("delete memory_entry")
    assert gone.index("delete memory_entry") < gone.index("delete memory_rule")
    assert gone.index("delete memory_rule") < gone.index("delete memory_address")
