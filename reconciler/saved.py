"""Plans as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired import Desired
from reconciler.errors import PlanError
from reconciler.plan import Plan
from reconciler.planner import Choice


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was approved."""

    desired: Desired
    choice: Choice
    plan: Plan


def plan_json(plan: Plan, choice: Choice, desired: Desired) -> dict[str, object]:
    """Return the plan as JSON data."""
    _ = choice
    return {"fingerprints": plan.fingerprints, "desired": desired.as_data()}


def load_plan(text: str) -> SavedPlan:
    """Return the plan that text holds."""
    raise PlanError(f"cannot be read yet: {len(text)} characters")


def write_plan(path: Path, document: Mapping[str, object]) -> None:
    """Write the document."""
    path.write_text(str(document), encoding="utf-8")
