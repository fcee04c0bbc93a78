"""What a plan makes and ends of the things that cost something by existing."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from reconciler.billing import billed, billed_by
from reconciler.clock import VirtualClock
from reconciler.kinds import Kind
from reconciler.plan import Billed, Plan
from reconciler.planner import Choice
from reconciler.progress_json import JsonProgress
from reconciler.render import plan_text
from reconciler.saved import load_plan, plan_json
from tests.laws.bench import Bench, desired, domain
from tests.reconciler.plans import DESIRED, EDGE, EMPTY, Action, change, creation, rid, step, update

CHARGED = {"edge_rule": Kind("edge_rule", billed="charged by the hour"), "edge_host": Kind("edge_host")}
RULES = [replace(EDGE, id=rid("edge_rule", f"r{number}"), host=None) for number in range(5)]
CHANGES = (
    *(creation(one) for one in reversed(RULES)),
    change(Action.DELETE, replace(EDGE, id=rid("edge_rule", "old")), None),
    update(replace(EDGE, id=rid("edge_rule", "kept")), note="new"),
    change(
        Action.REPLACE, replace(EDGE, id=rid("edge_rule", "anew")), replace(EDGE, id=rid("edge_rule", "anew"))
    ),
    creation(EDGE),
    creation(replace(RULES[0], id=rid("edge_rule", "r0", "mail"))),
)
PLAN = replace(
    EMPTY,
    changes=CHANGES,
    nodes=tuple(step(one) for one in CHANGES),
    billed=tuple(billed_by(CHANGES, CHARGED)),
)


def test_what_is_made_and_what_is_ended_is_counted_by_account_and_kind() -> None:
    assert PLAN.billed == (
        Billed("mail", "edge_rule", "charged by the hour", ("r0",)),
        Billed("web", "edge_rule", "charged by the hour", ("r0", "r1", "r2", "r3", "r4"), ("old",)),
    )


def test_the_plan_names_the_first_of_many() -> None:
    assert list(billed(PLAN)) == [
        "Billed by existing:",
        "  mail edge_rule, 1 more: charged by the hour",
        "      + r0",
        "  web edge_rule, 5 more and 1 fewer: charged by the hour",
        "      + r0",
        "      + r1",
        "      + r2",
        "      + 2 more of them",
        "      - old",
    ]


def test_a_plan_without_any_says_nothing_of_them() -> None:
    plan = replace(PLAN, billed=())
    assert list(billed(plan)) == []
    assert "Billed" not in plan_text(plan)
    assert "billed" not in plan_json(plan, Choice(), DESIRED)["tdr"]  # type: ignore[operator]


def test_they_follow_the_order_of_work_and_survive_the_saved_plan() -> None:
    text = plan_text(PLAN)
    assert text.index("Plan: ") < text.index("Order of work:") < text.index("Billed by existing:")
    document = json.loads(json.dumps(plan_json(PLAN, Choice(), DESIRED)))
    assert plan_text(load_plan(json.dumps(document)).plan) == text
    assert document["tdr"]["billed"][0] == {
        "alias": "mail",
        "kind": "edge_rule",
        "text": "charged by the hour",
        "begins": ["r0"],
        "ends": [],
    }


def test_the_event_stream_tells_them_before_its_summary() -> None:
    stream = io.StringIO()
    JsonProgress(PLAN, VirtualClock(0.0), stream, "1").open()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["type"] for line in lines][-3:] == ["billed", "billed", "change_summary"]
    assert lines[-2]["billed"]["ends"] == ["old"]
    assert lines[-3]["@message"] == "Billed by existing: mail edge_rule, 1 more: charged by the hour"


def test_only_what_is_to_be_made_or_ended_is_told() -> None:
    bench, state = Bench(), desired(domain("a.example.com"))
    bench.world.charges = "charged by the month"
    assert _told(bench.plan(state)[0]) == [(("a.example.com",), ())]
    assert bench.apply(state).succeeded
    assert _told(bench.plan(state)[0]) == []
    bench.world.edges["edge-a", "a.example.com"]["origin"] = "elsewhere.test"
    assert _told(bench.plan(state)[0]) == []
    assert _told(bench.plan(state, Choice(refresh_only=True))[0]) == []
    assert _told(bench.plan(state, Choice(destroy=True))[0]) == [((), ("a.example.com",))]


def _told(plan: Plan) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(one.begins, one.ends) for one in plan.billed]
