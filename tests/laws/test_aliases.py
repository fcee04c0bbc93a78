"""Host records of type ALIAS: a CNAME in another spelling, where the DNS vendor has one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired import Desired
from reconciler.model import Action, Severity
from reconciler.plan import GateKind, Plan
from reconciler.planner import Choice
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN
from tests.laws.test_moves import carried_out, estates, quick, settled, wanted

CLICK = "click.example.com"
EDGE_NAME = "click-example-com.edge-a.edge.test"
TRACKED = {"alias": "sp", "secure": False, "default": False, "verified": True}


def bench_with(*, spells: bool = True, ttl: int = 300) -> Bench:
    bench = Bench()
    bench.world.aliases, bench.world.spells_aliases = True, spells
    bench.world.records[CLICK, "CNAME"] = (ttl, (ORIGIN,))
    bench.world.tracking[CLICK] = dict(TRACKED)
    return bench


def applied(bench: Bench, cdn: str = "edge-a") -> None:
    report = bench.apply(desired(domain(CLICK, cdn=cdn)))
    assert [(h.host, h.why) for h in report.hosts if h.outcome is not Outcome.APPLIED] == []
    assert bench.plan(desired(domain(CLICK, cdn=cdn)))[0].changes == ()
    assert bench.world.broken == []


def gates(plan: Plan) -> set[GateKind]:
    return {gate.kind for gate in plan.gates}


def texts(plan: Plan, severity: Severity = Severity.ERROR) -> list[str]:
    return [f.text for f in plan.findings if f.severity is severity]


def test_a_cname_that_is_to_be_spelt_as_an_alias_is_no_move() -> None:
    bench = bench_with(spells=False)
    applied(bench)
    bench.world.spells_aliases = True
    plan, _ = bench.plan(desired(domain(CLICK)))
    assert [(c.id.key, c.action) for c in plan.changes] == [(f"{CLICK}/host", Action.UPDATE)]
    assert gates(plan) == set()
    assert plan.classes == {}
    remembered = bench.world.records[f"_tdr.{CLICK}", "TXT"]
    applied(bench)
    assert bench.world.records[CLICK, "ALIAS"] == (60, (EDGE_NAME,))
    assert (CLICK, "CNAME") not in bench.world.records
    assert bench.world.records[f"_tdr.{CLICK}", "TXT"] == remembered
    bench.world.spells_aliases = False
    assert gates(bench.plan(desired(domain(CLICK)))[0]) == set()
    applied(bench)
    assert bench.world.records[CLICK, "CNAME"] == (3600, (EDGE_NAME,))


def test_an_alias_that_a_user_made_of_the_edge_moves_nobody() -> None:
    bench = bench_with(spells=False)
    applied(bench)
    del bench.world.records[CLICK, "CNAME"]
    bench.world.records[CLICK, "ALIAS"] = (60, (f"Z2FDTNDATAQYW2/{EDGE_NAME}",))
    plan, assembly = bench.plan(desired(domain(CLICK)))
    assert not assembly.hosts[CLICK].moves
    assert texts(plan) == []


def test_a_move_from_an_alias_waits_for_its_ttl_and_remembers_it() -> None:
    bench = bench_with(ttl=60)
    applied(bench)
    bench.world.clock.sleep(7200)
    plan, _ = bench.plan(desired(domain(CLICK, cdn="edge-b")))
    assert [gate.wait_s for gate in plan.gates if gate.kind is GateKind.OLD_TTL] == [60]
    applied(bench, "edge-b")
    (claim,) = bench.world.records[f"_tdr.{CLICK}", "TXT"][1]
    assert f"was=ALIAS:{EDGE_NAME}@60" in claim


def test_dns_goes_back_to_an_alias() -> None:
    bench = bench_with()
    applied(bench)
    bench.world.clock.sleep(7200)

    def strike(_operation: str, _key: str) -> None:
        answer = bench.world.host_answer(CLICK)
        if answer is not None and "edge-b" in answer[1][0]:
            bench.world.down = {answer[1][0]}

    bench.world.after_write = strike
    bench.world.excused = {CLICK}
    (host,) = bench.apply(desired(domain(CLICK, cdn="edge-b"))).hosts
    assert "DNS was put back" in host.why
    assert bench.world.records[CLICK, "ALIAS"] == (60, (EDGE_NAME,))


def test_texts_may_stand_beside_an_alias_and_not_beside_a_cname() -> None:
    bench = bench_with()
    bench.world.records[CLICK, "TXT"] = (300, ("a note",))
    applied(bench)
    bench.world.spells_aliases = False
    assert any("a CNAME must stand alone" in text for text in texts(bench.plan(desired(domain(CLICK)))[0]))


def test_a_zone_without_aliases_is_never_asked_for_one() -> None:
    """What a claim remembers of another zone is spelt as the CNAME that answers the same."""
    bench = bench_with()
    bench.world.aliases = bench.world.spells_aliases = False
    bench.world.tracking[CLICK]["refused"] = True
    bench.apply(desired(domain(CLICK)), timeout_s=2000)
    (claim,) = bench.world.records[f"_tdr.{CLICK}", "TXT"][1]
    assert "ph=unproven" in claim
    told = claim.replace(f"was=CNAME:{ORIGIN}@300", "was=ALIAS:ZX/d1.edge.test@60")
    bench.world.records[f"_tdr.{CLICK}", "TXT"] = (60, (told,))
    _, assembly = bench.plan(desired(domain(CLICK)))
    earlier = assembly.hosts[CLICK].earlier
    assert earlier is not None
    assert (earlier.attrs["type"], earlier.attrs["values"]) == ("CNAME", ("d1.edge.test",))


def test_an_alias_in_a_zone_that_says_nothing_of_them_stands_in_the_way() -> None:
    bench = Bench()
    bench.world.records[CLICK, "ALIAS"] = (60, (ORIGIN,))
    assert any("has ALIAS records" in text for text in texts(bench.plan(desired(domain(CLICK)))[0]))


def test_a_wildcard_alias_is_pinned_before_a_claim_silences_it() -> None:
    bench = Bench()
    bench.world.aliases = True
    bench.world.records["*.example.com", "ALIAS"] = (60, (ORIGIN,))
    bench.world.watched, bench.world.tracking = {CLICK}, {CLICK: dict(TRACKED)}
    applied(bench)


def test_an_alias_goes_with_its_host() -> None:
    bench = bench_with()
    applied(bench)
    bench.apply(desired(domain(CLICK)), Choice(destroy=True))
    assert bench.world.records == {}


@quick
@given(estates(), wanted(), wanted(), st.booleans(), st.booleans())
def test_whatever_is_spelt_as_an_alias_hosts_answer_and_a_second_run_has_nothing_to_do(
    bench: Bench, first: Desired, second: Desired, before: bool, after: bool
) -> None:
    """From any record to any edge, while the vendor's spelling is turned on and off."""
    bench.world.aliases = True
    for state, spells in ((first, before), (second, after)):
        bench.world.spells_aliases = spells
        assert carried_out(bench, state) == set()
        assert settled(bench, state)
    assert bench.world.broken == []
