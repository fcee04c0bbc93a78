"""States in which a reconciler does harm if it does not look twice."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reconciler.desired import Desired
from reconciler.errors import InvalidRequest
from reconciler.model import Action
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import MANAGED, ORIGIN, World

CLICK, GO = "click.example.com", "go.example.com"


def tracked(**more: Any) -> dict[str, Any]:
    """A tracking domain whose links are http."""
    return {"alias": "sp", "secure": False, "default": False, "verified": True, **more}


def live_http(host: str = CLICK, ttl: int = 300) -> Bench:
    """A host whose links work over http."""
    bench = Bench()
    bench.world.records[host, "CNAME"] = (ttl, (ORIGIN,))
    bench.world.tracking[host] = tracked()
    return bench


def live_https(state: Desired) -> Bench:
    """Hosts that were made https by an earlier run."""
    bench = live_http()
    report = bench.apply(state)
    assert {h.outcome for h in report.hosts} == {Outcome.APPLIED}
    return bench


def errors(plan: Plan) -> list[str]:
    """The texts of what forbids something."""
    return [f.text for f in plan.findings if f.severity.value == "error"]


def actions(plan: Plan) -> dict[str, Action]:
    """What is done to what."""
    return {change.id.address: change.action for change in plan.changes}


def claim_of(world: World, host: str = CLICK) -> tuple[str, ...]:
    """The texts at the claim's name."""
    return world.records.get((f"_tdr.{host}", "TXT"), (0, ()))[1]


# -- what is deleted
def test_resume_takes_nothing_down() -> None:
    bench = live_https(desired(domain(CLICK)))
    plan, _ = bench.plan(desired(domain(CLICK, state="absent")), Choice(resume=True))
    assert plan.changes == ()


def test_resume_is_not_stopped_by_what_is_found_about_other_hosts() -> None:
    bench = live_http(ttl=7200)
    first = desired(domain(CLICK))
    bench.apply(first, timeout_s=3600)
    bench.world.clock.sleep(7200)
    both = desired(domain(CLICK), domain("stray.example.org"))
    report = bench.apply(both, Choice(resume=True))
    assert [(h.host, h.outcome) for h in report.hosts] == [(CLICK, Outcome.APPLIED)]
    assert report.succeeded


def test_prune_leaves_alone_what_bears_no_mark_of_a_host_without_a_claim() -> None:
    state = desired(domain(CLICK), domain(GO))
    bench = live_https(state)
    del bench.world.records[f"_tdr.{CLICK}", "TXT"]  # forgotten; the marks on the edge stay
    plan, _ = bench.plan(desired(domain(GO)), Choice(prune=True))
    kinds = {change.id.kind for change in plan.changes if change.host == CLICK}
    assert kinds.isdisjoint({"dns_record", "tracking_domain", "tracking_domain_secure"})


def test_prune_takes_what_proved_a_certificate_along() -> None:
    bench = live_https(desired(domain(CLICK), domain(GO)))
    assert any(CLICK in name for name, _ in bench.world.records)
    assert bench.apply(desired(domain(GO)), Choice(prune=True, max_deletes=1)).succeeded
    assert [name for name, _ in bench.world.records if CLICK in name] == []
    assert any(GO in name for name, _ in bench.world.records)


def test_prune_refuses_a_host_that_another_owner_claims_too() -> None:
    bench = live_https(desired(domain(CLICK), domain(GO)))
    bench.world.records[f"_tdr.{CLICK}", "TXT"] = (60, (*claim_of(bench.world), "v=tdr1 o=other w=12345678"))
    plan, _ = bench.plan(desired(domain(GO)), Choice(prune=True))
    assert any("claimed by owner `other`" in text for text in errors(plan))
    assert [c for c in plan.changes if c.host == CLICK] == []


@pytest.mark.parametrize("atomic", [True, False])
def test_texts_of_others_at_the_claims_name_outlive_the_claim(atomic: bool) -> None:
    bench = live_http()
    bench.world.atomic = atomic
    bench.world.records[f"_tdr.{CLICK}", "TXT"] = (60, ("a note of the user",))
    bench.apply(desired(domain(CLICK)))
    assert len(claim_of(bench.world)) == 2
    gone = desired(domain(CLICK, state="absent"))
    report = bench.apply(gone)
    assert [h.outcome for h in report.hosts] == [Outcome.APPLIED]
    assert claim_of(bench.world) == ("a note of the user",)
    assert bench.plan(gone)[0].changes == ()


def test_a_claim_stands_as_long_as_anything_that_is_excluded() -> None:
    bench = live_https(desired(domain(CLICK)))
    gone = desired(domain(CLICK, state="absent"))
    excluded = f'memory_certificate.edge-a["{CLICK}"]'
    plan, _ = bench.plan(gone, Choice(excludes=(excluded,)))
    assert f'dns_record.zones["{CLICK}/claim"]' not in actions(plan)
    assert f'dns_record.zones["{CLICK}/host"]' in actions(plan)


def test_a_claim_cannot_be_left_out_of_what_rests_on_it() -> None:
    plan, _ = live_http().plan(
        desired(domain(CLICK)), Choice(excludes=(f'dns_record.zones["{CLICK}/claim"]',))
    )
    assert f'dns_record.zones["{CLICK}/claim"]' in actions(plan)


def test_an_edge_of_the_users_own_is_no_leftover() -> None:
    bench = live_https(desired(domain(CLICK, cdn="edge-b")))
    bench.world.edges["edge-b", CLICK]["mark"] = None
    bench.world.certificates["edge-b", CLICK]["mark"] = None
    plan, _ = bench.plan(desired(domain(CLICK, cdn="edge-a")))
    assert Action.DELETE not in actions(plan).values()


@pytest.mark.parametrize("role", ["host", "claim"])
def test_what_links_lead_through_is_not_made_anew(role: str) -> None:
    bench = live_https(desired(domain(CLICK)))
    address = f'dns_record.zones["{CLICK}/{role}"]'
    plan, _ = bench.plan(desired(domain(CLICK)), Choice(replaces=(address,)))
    assert [text for text in errors(plan) if "cannot be replaced" in text] != []
    assert plan.changes == ()


def test_a_link_that_goes_waits_for_the_claim() -> None:
    bench = live_http()
    bench.world.sending = {"mail.example.com": CLICK}
    plan, _ = bench.plan(desired(domain(CLICK, sending_domains=())))
    unlink = next(s for s in plan.steps if s.change.id.kind == "tracking_domain_link")
    assert f'dns_record.zones["{CLICK}/claim"]' in unlink.needs


# -- what is waited for
def test_a_wildcards_automatic_ttl_is_waited_for() -> None:
    """Cloudflare's 1 stands for 300 seconds."""
    bench = Bench()
    world = bench.world
    world.records["*.example.com", "CNAME"] = (1, (ORIGIN,))
    world.watched, world.tracking = {CLICK}, {CLICK: tracked()}
    bench.apply(desired(domain(CLICK, cdn="proxy")))
    assert world.is_secure(CLICK)
    assert world.broken == []


def test_a_wait_for_a_time_does_not_hide_a_gate_that_is_not_met() -> None:
    bench = live_http(ttl=7200)
    bench.world.tracking[CLICK]["refused"] = True
    report = bench.apply(desired(domain(CLICK)), timeout_s=3000)
    (host,) = report.hosts
    assert host.outcome is Outcome.WAITING
    assert "verifies" in host.why
    assert not report.succeeded


def test_https_links_fail_no_longer_than_the_managed_certificate_takes() -> None:
    """To a host that is https already: the order does not wait for what caches hold of the old edge."""
    bench = live_https(desired(domain(CLICK)))
    world = bench.world
    world.clock.sleep(7200)
    world.excused = {CLICK}
    bench.apply(desired(domain(CLICK, cdn="sp")))
    moved_s = next(
        e.elapsed_s
        for e in bench.events
        if "issued" in e.node.id and e.what == "applied" and "managed" in e.node.id
    )
    assert moved_s <= 1000
    world.excused = set()
    assert world.host_answer(CLICK) == ("CNAME", (MANAGED,))
    assert world.answering()[CLICK]


def test_a_host_without_a_sparkpost_account_is_taken_for_https_once_it_was_proven() -> None:
    bench = live_http()
    bench.world.tracking.clear()
    bench.apply(desired(domain(CLICK, sparkpost=None)))
    moved = domain(CLICK, cdn="proxy", sparkpost=None, allow_gap_s=None)
    assert any("allow_gap" in f.lift for f in bench.plan(desired(moved))[0].findings)


# -- the way back
def test_dns_goes_back_to_the_wildcards_answer() -> None:
    bench = Bench()
    world = bench.world
    world.records["*.example.com", "CNAME"] = (300, (ORIGIN,))
    world.watched, world.tracking = {CLICK}, {CLICK: tracked()}
    world.after_write = lambda _operation, _key: world.down.add("PROXIED")
    report = bench.apply(desired(domain(CLICK, cdn="proxy")))
    assert [h.outcome for h in report.hosts] == [Outcome.FAILED]
    assert "DNS was put back" in report.hosts[0].why
    assert world.host_answer(CLICK) == ("CNAME", (ORIGIN,))


def test_dns_goes_back_to_an_edge_that_still_serves_https() -> None:
    bench = live_https(desired(domain(CLICK)))
    world = bench.world

    def fails_once_dns_moved(_operation: str, key: str) -> None:
        if world.host_answer(CLICK) == ("CNAME", ("click-example-com.edge-b.edge.test",)):
            world.down.add("click-example-com.edge-b.edge.test")

    world.after_write = fails_once_dns_moved
    world.excused = {CLICK}
    report = bench.apply(desired(domain(CLICK, cdn="edge-b")))
    assert "DNS was put back" in report.hosts[0].why
    assert world.host_answer(CLICK) == ("CNAME", ("click-example-com.edge-a.edge.test",))
    assert world.is_secure(CLICK)


NEW_EDGE = "click-example-com.edge-b.edge.test"


def proxied_https(target: str) -> tuple[Bench, Desired]:
    """A host that serves https on a proxy, and a file that moves it to another edge."""
    bench = live_https(desired(domain(CLICK, cdn="proxy")))
    bench.world.excused = {CLICK}
    return bench, desired(domain(CLICK, cdn=target))


def going_down_at_the_move(bench: Bench, what: str) -> None:
    """Let what a host moves to go down as soon as DNS points there."""

    def strike(_operation: str, _key: str) -> None:
        answer = bench.world.host_answer(CLICK)
        if answer is not None and what in answer[1]:
            bench.world.down = {what}

    bench.world.after_write = strike


def test_links_turn_to_http_where_neither_end_serves_https_until_it_is_proven() -> None:
    """Mail sent meanwhile must not carry links that nobody serves."""
    bench, state = proxied_https("edge-b")
    going_down_at_the_move(bench, NEW_EDGE)
    (host,) = bench.apply(state).hosts
    assert host.outcome is Outcome.FAILED
    assert "the old end does not serve https" in host.why
    assert "links are http again (`secure: false`) until https is proven" in host.why
    assert not bench.world.is_secure(CLICK)
    answer = bench.world.host_answer(CLICK)
    assert answer is not None
    assert NEW_EDGE in answer[1]
    assert "ph=unproven" in claim_of(bench.world)[0]

    plan, _ = bench.plan(state, Choice(resume=True))
    assert actions(plan)[f'tracking_domain_secure.sp["{CLICK}"]'] is Action.UPDATE
    bench.world.after_write, bench.world.down = lambda _operation, _key: None, set()
    assert [h.outcome for h in bench.apply(state, Choice(resume=True)).hosts] == [Outcome.APPLIED]
    assert bench.world.is_secure(CLICK)
    assert "ph=" not in claim_of(bench.world)[0]
    assert bench.plan(state)[0].nodes == ()


def test_writes_that_take_longer_than_a_stamp_looks_ahead_come_to_an_end() -> None:
    """As they do where many zones share one account's rate."""
    bench, state = live_http(), desired(domain(CLICK, cdn="edge-b"))
    writes = 0

    def slow(_operation: str, _key: str) -> None:
        nonlocal writes
        writes += 1
        assert writes < 40, "written again and again"
        bench.world.clock.sleep(45)

    bench.world.after_write = slow
    assert [h.outcome for h in bench.apply(state).hosts] == [Outcome.APPLIED]


def test_links_stay_https_where_only_http_fails() -> None:
    bench, state = proxied_https("edge-b")

    class HalfBroken(World):
        def _serves(self, type_: str, value: str, host: str, scheme: str) -> bool:
            moved = self.host_answer(host) == ("CNAME", (NEW_EDGE,))
            return super()._serves(type_, value, host, scheme) and not (moved and scheme == "http")

    bench.world = HalfBroken(**{f.name: getattr(bench.world, f.name) for f in dataclasses.fields(World)})
    (host,) = bench.apply(state).hosts
    assert host.outcome is Outcome.WAITING
    assert host.why.endswith("DNS stays")
    assert bench.world.is_secure(CLICK)


@pytest.mark.parametrize("secure", [True, False])
def test_a_move_that_a_killed_run_made_is_proven_by_the_next_or_undone(secure: bool) -> None:
    """The claim remembers what no live state tells: that nobody has looked yet."""
    bench = live_https(desired(domain(CLICK, cdn="edge-a"))) if secure else live_http()
    state = desired(domain(CLICK, cdn="edge-b"))
    before = bench.world.host_answer(CLICK)

    def kill(_operation: str, _key: str) -> None:
        if bench.world.host_answer(CLICK) != before:
            raise KeyboardInterrupt

    bench.world.after_write = kill
    with pytest.raises(KeyboardInterrupt):
        bench.apply(state)
    bench.world.after_write = lambda _operation, _key: None
    moved = bench.world.host_answer(CLICK)
    assert moved is not None
    assert moved != before
    bench.world.down = set(moved[1])

    (host,) = bench.apply(state, Choice(resume=True)).hosts
    assert "DNS was put back to what it was" in host.why
    assert bench.world.host_answer(CLICK) == before
    assert "ph=undone" in claim_of(bench.world)[0]
    assert bench.plan(state, Choice(resume=True))[0].nodes == ()  # a timer does not try the edge again
    bench.world.down = set()
    assert [h.outcome for h in bench.apply(state).hosts] == [Outcome.APPLIED]
    assert bench.world.host_answer(CLICK) == moved
    assert bench.plan(state)[0].nodes == ()


def test_resume_leaves_a_finished_host_alone_that_drifted() -> None:
    bench = live_https(desired(domain(CLICK)))
    bench.world.tracking[CLICK]["secure"] = False
    assert bench.plan(desired(domain(CLICK)), Choice(resume=True))[0].changes == ()
    assert bench.plan(desired(domain(CLICK)))[0].changes != ()


def test_a_finished_host_that_lost_its_claim_waits_for_no_cache() -> None:
    bench = live_https(desired(domain(CLICK)))
    del bench.world.records[f"_tdr.{CLICK}", "TXT"]
    assert all(gate.wait_s == 0 for gate in bench.plan(desired(domain(CLICK)))[0].gates)


def test_what_was_put_back_is_not_counted_as_changed() -> None:
    bench = live_http()
    world = bench.world
    del world.tracking[CLICK]
    world.after_write = lambda _operation, _key: world.down.add("PROXIED")
    report = bench.apply(desired(domain(CLICK, cdn="proxy", sparkpost=None)))
    assert report.hosts[0].outcome is Outcome.FAILED
    assert report.count()[2] == 0


# -- batches
def test_records_of_one_host_are_written_together_or_not_at_all() -> None:
    """A batch that is refused whole is tried host by host, never a claim without its record."""
    bench = Bench()
    world = bench.world
    world.records["*.example.com", "CNAME"] = (300, (ORIGIN,))
    world.watched = {CLICK, GO}
    refused: list[str] = []

    def refuse(_operation: str, key: str) -> None:
        if f"{CLICK}/host" in key.split(", "):
            refused.append(key)
            raise InvalidRequest("the vendor will not have it")

    world.before_write = refuse
    report = bench.apply(desired(domain(CLICK), domain(GO)))
    assert {h.host: h.outcome for h in report.hosts} == {CLICK: Outcome.FAILED, GO: Outcome.APPLIED}
    assert claim_of(world) == ()
    assert world.broken == []
    assert all(f"{CLICK}/claim" in keys for keys in refused)


# -- the whole run
def test_a_claim_that_cannot_be_carried_is_found_by_the_plan() -> None:
    bench = live_http()
    values = tuple(f"2001:db8:1111:2222:3333:4444:5555:{n:x}" for n in range(1, 40))
    del bench.world.records[CLICK, "CNAME"]
    bench.world.records[CLICK, "AAAA"] = (300, values)
    plan, _ = bench.plan(desired(domain(CLICK)))
    assert any("1000 fit" in text for text in errors(plan))
    assert plan.changes == ()


def test_a_host_in_a_zone_that_is_delegated_away_is_refused() -> None:
    bench = Bench()
    bench.world.records["sub.example.com", "NS"] = (3600, ("ns1.example.net",))
    plan, _ = bench.plan(desired(domain("click.sub.example.com")))
    assert any("sub.example.com is delegated" in text for text in errors(plan))
    assert plan.changes == ()


@pytest.mark.parametrize("text", ["was=A:192.0.2.1@99999999999", "was=A:192.0.2.1@²", "at=99991231T235959Z"])
def test_a_claim_that_makes_no_sense_stops_nothing(text: str) -> None:
    bench = live_https(desired(domain(CLICK)))
    world = bench.world
    kept = [w for w in claim_of(world)[0].split() if w.partition("=")[0] != text.partition("=")[0]]
    world.records[f"_tdr.{CLICK}", "TXT"] = (60, (" ".join([*kept, text]),))
    world.tracking[CLICK]["secure"] = False
    report = bench.apply(desired(domain(CLICK)))
    assert Outcome.FAILED not in {h.outcome for h in report.hosts}
    assert bench.plan(dataclasses.replace(desired(domain(CLICK))))[0] is not None


def test_two_aliases_of_one_account_never_write_to_one_container_at_once() -> None:
    bench = Bench()
    world = bench.world
    inside: list[str] = []
    together: list[tuple[str, ...]] = []

    def enter(operation: str, key: str) -> None:
        if operation.endswith("edge"):
            inside.append(key)
            world.clock.sleep(60.0)
            together.append(tuple(inside))
            inside.remove(key)

    world.before_write = enter
    # Both hosts fall into one container of the memory world.
    report = bench.apply(desired(domain(CLICK, cdn="proxy"), domain(GO, cdn="proxy-too")))
    assert {h.outcome for h in report.hosts} == {Outcome.APPLIED}
    assert sorted(together) == [(CLICK,), (GO,)]
