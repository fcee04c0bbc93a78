"""Findings as problems with the place in the file that they are about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.desired import Desired
from reconciler.model import Finding, Severity
from reconciler.one_line import one_line
from reconciler.plan import Plan
from reconciler.problem import Mark, Problem

NOWHERE = Mark("", 0, 0)
WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning"}
HOSTS_NAMED = 3
"""How many domains a finding names that several share."""
RANK = {Severity.ERROR: 0, Severity.WARNING: 1}


def problems_of(plan: Plan, desired: Desired) -> tuple[Problem, ...]:
    """Return the plan's findings with their places: errors first, then by domain, place and text.

    What two parts of one domain say alike is said once, and so is what several domains share at one place.
    """
    placed = [(finding, _mark(finding, desired)) for finding in plan.findings]
    placed.sort(key=lambda one: (RANK[one[0].severity], one[0].host or "", one[1], one[0].text, one[0].lift))
    once: dict[tuple[object, ...], tuple[Finding, Mark]] = {}
    for finding, mark in placed:
        same = (finding.severity, finding.host, finding.text, finding.lift)
        once.setdefault(same if finding.host else (*same, mark), (finding, mark))
    shared: dict[tuple[Finding, Mark], list[str]] = {}
    for finding, mark in once.values():
        named = finding.host is None or finding.host in finding.text
        key = finding if named else replace(finding, host=None)
        shared.setdefault((key, mark), []).extend([] if named or finding.host is None else [finding.host])
    return tuple(dict.fromkeys(_problem(finding, mark, hosts) for (finding, mark), hosts in shared.items()))


def findings_text(plan: Plan, desired: Desired) -> str:
    """Return a line for each finding, `Error: file:line:col: what; instead`; empty where there is none."""
    return "".join(f"{WORDS[Severity(p.severity)]}: {one_line(str(p))}\n" for p in problems_of(plan, desired))


def _mark(finding: Finding, desired: Desired) -> Mark:
    """Return the line of the key that a finding names, else of its domain; an orphan stands nowhere."""
    if finding.host is None:
        return desired.policy.mark if finding.key in ("policy", "max_deletes", "protected") else NOWHERE
    domain = desired.domains.get(finding.host)
    return domain.marks.get(finding.key, domain.mark) if domain is not None else NOWHERE


def _problem(finding: Finding, mark: Mark, hosts: Sequence[str]) -> Problem:
    # A key that stands in `defaults` is the same line for every domain: the text has to tell them apart.
    text = f"{_listed(hosts)}: {finding.text}" if hosts else finding.text
    return mark.problem(text, finding.lift, finding.severity.value)


def _listed(hosts: Sequence[str]) -> str:
    more = len(hosts) - HOSTS_NAMED
    return ", ".join(hosts[:HOSTS_NAMED]) + (f" and {more} more" if more > 0 else "")
