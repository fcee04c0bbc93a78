"""Findings: each with the line that it is about, errors first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.findings import findings_text, problems_of
from reconciler.model import Finding, Severity
from tests.reconciler.plans import DESIRED, EMPTY, MIXED, A, B, C


def told(*findings: Finding) -> str:
    return findings_text(replace(EMPTY, findings=findings), DESIRED)


def error(host: str | None, text: str = "wrong", lift: str = "mend it", key: str = "") -> Finding:
    return Finding(Severity.ERROR, host, text, lift, key)


def test_a_plan_with_nothing_to_say_says_nothing() -> None:
    assert findings_text(EMPTY, DESIRED) == ""


def test_errors_come_first_then_warnings_each_in_one_line() -> None:
    assert findings_text(MIXED, DESIRED) == (
        "Error: domains.yaml:31:5: c.example.com: no zone of `web` holds it; add the zone to that account\n"
        "Warning: the token may do more than it needs to; narrow it\n"
        "Warning: domains.yaml:13:5: the plan of the zone cannot cache a.example.com for 10 s\n"
    )


@pytest.mark.parametrize(
    ("finding", "place"),
    [
        (error(A, key="cdn"), "domains.yaml:13:5: "),
        (error(A, key="ttl"), "domains.yaml:12:3: "),
        (error(B), "domains.yaml:20:3: "),
        (error("old.example.org"), ""),
        (error(None), ""),
        (error(None, key="max_deletes"), "domains.yaml:9:1: "),
    ],
)
def test_a_finding_stands_at_its_key_else_at_its_domain(finding: Finding, place: str) -> None:
    named = f"{finding.host}: " if finding.host else ""
    assert told(finding) == f"Error: {place}{named}wrong; mend it\n"


def test_the_host_is_named_once() -> None:
    assert told(error(C, f"{C} is protected", "")) == f"Error: domains.yaml:30:3: {C} is protected\n"


def test_the_same_text_for_two_hosts_is_told_for_both() -> None:
    assert told(error(A), error(B)).count("\n") == 2


def test_the_order_of_findings_means_nothing() -> None:
    turned = replace(MIXED, findings=MIXED.findings[::-1])
    assert problems_of(turned, DESIRED) == problems_of(MIXED, DESIRED)


def test_a_vendors_line_breaks_and_control_characters_stay_in_the_line() -> None:
    assert told(error(None, "a\n\tb\x1b[31m", "")) == "Error: a b\\x1b[31m\n"
