"""Containers that are kept in versions: what a plan changes between one and the next."""

from __future__ import annotations

import json
from dataclasses import replace

from reconciler.plan import Plan, Versioned
from reconciler.planner import Choice
from reconciler.render import plan_text
from reconciler.render_versions import versions
from reconciler.saved import load_plan, plan_json
from tests.laws.bench import Bench, desired, domain
from tests.reconciler.plans import DESIRED, EDGE, EMPTY, Action, change, creation, rid, step, update

HELD = replace(EDGE, attrs={"domain": "a", "ttl": 3600, "https": False}, container="service/spgo.io")
SERVICE = replace(HELD, id=rid("edge_service", "spgo.io"), host=None)
OLD = replace(HELD, id=rid("edge_host", "old.example.com"))
ELSEWHERE = replace(HELD, id=rid("edge_host", "z.example.com"), container="service/eu.spgo.io")
CHANGES = (
    creation(HELD),
    change(Action.DELETE, OLD, None),
    creation(ELSEWHERE),
    update(SERVICE, ttl=10, https=True),
)
PLAN = replace(
    EMPTY,
    changes=CHANGES,
    nodes=tuple(step(one) for one in CHANGES),
    versions=(Versioned("web", "service/spgo.io", "version 7 becomes 8"),),
)


def test_the_changes_of_a_version_are_listed_under_it() -> None:
    assert list(versions(PLAN)) == [
        "Versions:",
        "  web service/spgo.io: version 7 becomes 8",
        '      + edge_host.web["a.example.com"]',
        '      - edge_host.web["old.example.com"]',
        '      ~ edge_service.web["spgo.io"]: https, ttl',
    ]


def test_a_plan_without_versions_says_nothing_of_them() -> None:
    assert list(versions(replace(PLAN, versions=()))) == []
    assert "Versions" not in plan_text(replace(PLAN, versions=()))


def test_they_follow_the_order_of_work_and_survive_the_saved_plan() -> None:
    text = plan_text(PLAN)
    assert text.index("Plan: ") < text.index("Order of work:") < text.index("Versions:")
    document = plan_json(PLAN, Choice(), DESIRED)
    saved = load_plan(json.dumps(document))
    assert plan_text(saved.plan) == text
    core = json.loads(json.dumps(document))["tdr"]
    assert core["versions"] == [
        {"alias": "web", "container": "service/spgo.io", "text": "version 7 becomes 8"}
    ]


def test_only_what_is_written_is_a_version_to_come() -> None:
    """What providers tell of containers that the plan leaves alone is not in it."""
    bench = Bench()
    bench.world.versioned = True
    plan, _ = bench.plan(desired(domain("a.example.com")))
    assert _told(plan) == [("edge-a", _container(plan), "version 0 becomes 1")]
    assert bench.apply(desired(domain("a.example.com"))).succeeded
    assert _told(bench.plan(desired(domain("a.example.com")))[0]) == []


def _told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(one.alias, one.container, one.text) for one in plan.versions]


def _container(plan: Plan) -> str:
    return next(str(c.container) for c in plan.changes if c.id.kind == "memory_edge")
