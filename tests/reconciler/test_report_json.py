"""The report as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from reconciler.data_files import schema_text
from reconciler.report import HostReport, Outcome, Report, Result, report_of
from reconciler.report_json import reason, report_json
from tests.reconciler.golden import matches
from tests.reconciler.plans import MIXED, A, B

SCHEMA = json.loads(schema_text("report-v1.schema.json"))
DONE = Result(Outcome.APPLIED)


def report(*, interrupted: bool = False, **ends: Result) -> Report:
    """The report of a run in which all went well, but for the nodes of these numbers."""
    results = {node.id: ends.get(f"n{number}", DONE) for number, node in enumerate(MIXED.nodes)}
    return report_of(MIXED, results, interrupted=interrupted)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


REPORTS = {
    "whole": report(),
    "failed": report(n9=Result(Outcome.FAILED, "HTTP 500", rolled_back=True)),
    "waiting": report(n6=Result(Outcome.WAITING, "3600 s are left", scheduled=True)),
    "interrupted": report_of(MIXED, {}, interrupted=True),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_valid_under_the_schema(name: str) -> None:
    Draft202012Validator(SCHEMA).validate(report_json(REPORTS[name]))


def test_a_report_reads_as_it_always_did() -> None:
    assert matches("report.json", json.dumps(report_json(REPORTS["failed"]), indent=1, sort_keys=True) + "\n")


def test_a_node_that_was_not_reached_says_so() -> None:
    steps = report_json(REPORTS["interrupted"])["steps"]
    assert {step["outcome"] for step in steps} == {"not attempted"}


@pytest.mark.parametrize(
    ("outcomes", "interrupted", "word"),
    [
        ([Outcome.APPLIED], False, None),
        ([], False, None),
        ([Outcome.APPLIED, Outcome.WAITING], False, "waiting"),
        ([Outcome.APPLIED, Outcome.FAILED], False, "partial"),
        ([Outcome.APPLIED, Outcome.SKIPPED], False, "partial"),
        ([Outcome.SKIPPED], False, "failed"),
        ([Outcome.FAILED, Outcome.WAITING], False, "failed"),
        ([Outcome.APPLIED, Outcome.SKIPPED], True, "cancelled"),
    ],
)
def test_one_word_says_why_not_everything_was_done(
    outcomes: list[Outcome],
    interrupted: bool,
    word: str | None,
) -> None:
    hosts = tuple(HostReport(f"{n}.example.com", outcome) for n, outcome in enumerate(outcomes))
    assert reason(Report(MIXED, {}, hosts, interrupted)) == word


def test_what_several_domains_share_has_no_host() -> None:
    found = report_json(replace(REPORTS["whole"]))
    assert [host["host"] for host in found["hosts"]][:3] == [None, A, B]
