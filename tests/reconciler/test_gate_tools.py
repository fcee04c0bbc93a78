"""The tools that read plans for people: what they match on, spelt as they spell it."""

from __future__ import annotations

import re
from dataclasses import replace

from reconciler.render import plan_text
from tests.reconciler.plans import CHANGES, DESIRED, EMPTY, MIXED

DATE = re.compile(r"\d{4}-?\d\d-?\d\d|\d{8}T")

ATLANTIS_PLAN = re.compile(
    r"(?m)^Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy"
    r"(?:, (\d+) to forget)?\.$"
)
ATLANTIS_EMPTY = re.compile(
    r"No changes\. (?:Infrastructure is up-to-date|Your infrastructure matches the configuration)\."
)
TFCMT_PASS = re.compile(r"(?m)^(Plan: \d|No changes\.)")
TFCMT_FAIL = re.compile(r"(?m)^([│|] )?(Error: )")
TFCMT_DESTROY = re.compile(r"(?m)([1-9][0-9]* to destroy\.)")
TFCMT_LISTS = {
    "create": re.compile(r"^ *# (.*) will be created$"),
    "update": re.compile(r"^ *# (.*) will be updated in-place$"),
    "delete": re.compile(r"^ *# (.*) will be destroyed$"),
    "replace": re.compile(r"^ *# (.*?)(?: is tainted, so)? must be replaced$"),
    "requested": re.compile(r"^ *# (.*?) will be replaced, as requested$"),
    "import": re.compile(r"^ *# (.*?) will be imported$"),
    "imported": re.compile(r"^ *# \(imported from (.*?)\)$"),
}


def test_atlantis_counts_what_the_plan_does() -> None:
    found = ATLANTIS_PLAN.search(plan_text(MIXED))
    assert found is not None
    assert found.groups() == ("2", "3", "4", "3", "1")
    assert ATLANTIS_EMPTY.search(plan_text(EMPTY))
    assert not ATLANTIS_EMPTY.search(plan_text(MIXED))


def test_tfcmt_tells_success_destruction_and_the_addresses() -> None:
    text = plan_text(MIXED)
    assert TFCMT_PASS.search(text)
    assert not TFCMT_FAIL.search(text)
    assert not TFCMT_DESTROY.search(plan_text(replace(EMPTY, changes=CHANGES[:1])))
    found = {
        name: [m[1] for line in text.splitlines() if (m := pattern.match(line))]
        for name, pattern in TFCMT_LISTS.items()
    }
    assert found == {
        "create": ['edge_host.web["a.example.com"]'],
        "update": [
            'dns_record.web["a.example.com/claim"]',
            'dns_record.web["a.example.com/host"]',
            'edge_service.web["acme"]',
            'tracking_domain_secure.sp["b.example.com"]',
        ],
        "delete": ['tracking_domain_link.sp["mail.example.com"]'],
        "replace": ['certificate.web["a.example.com"]'],
        "requested": ['dns_record.web["b.example.com/host"]'],
        "import": ['tracking_domain.sp["b.example.com"]'],
        "imported": ['"b.example.com"'],
    }


def test_a_diff_fence_gets_every_marker_at_the_start_of_its_line() -> None:
    """Atlantis moves markers to column 0, where GitHub colours them; it finds them by what follows."""
    marker = re.compile(r"^( +)([-+~]\s)(.*)(\s=\s|\s->\s|<<|\{|\(known after apply\)| {2,}[^ ]+:.*)(.*)")
    listed = re.compile(r'(?m)^( +)([-+~]\s)(".*",)')
    lines = [line for line in plan_text(MIXED).splitlines() if re.match(r" +[-+~] ", line)]
    legend = [line for line in lines if re.fullmatch(r"  [-+~] (create|update in-place|destroy)", line)]
    structure = [line for line in lines if re.fullmatch(r" +[-+~] (claim\(|\d+,)", line)]
    rest = [line for line in lines if line not in legend and line not in structure]
    assert [line for line in rest if not (marker.match(line) or listed.match(line))] == []


def test_reviewed_and_new_plan_are_the_same_text() -> None:
    """dflook compares texts: nothing in them may depend on when or how often they were made."""
    assert plan_text(MIXED) == plan_text(replace(MIXED, desired=DESIRED.as_data()))
    assert not DATE.search(plan_text(MIXED))
