"""Findings as problems with the place in the file that they are about. Pure."""

from __future__ import annotations

from reconciler.desired import Desired
from reconciler.model import Finding
from reconciler.plan import Plan
from reconciler.problem import Mark, Problem

NOWHERE = Mark("", 0, 0)


def problems_of(plan: Plan, desired: Desired) -> tuple[Problem, ...]:
    """Return the plan's findings, each with the line of its domain's key."""
    return tuple(_problem(finding, desired) for finding in plan.findings)


def _problem(finding: Finding, desired: Desired) -> Problem:
    domain = desired.domains.get(finding.host or "")
    mark = domain.marks.get(finding.key, domain.mark) if domain else NOWHERE
    return mark.problem(finding.text, finding.lift, finding.severity.value)


def findings_text(plan: Plan, desired: Desired) -> str:
    """Return a line for each finding, errors first."""
    words = {"error": "Error", "warning": "Warning"}
    return "".join(f"{words[p.severity]}: {p}\n" for p in problems_of(plan, desired))
