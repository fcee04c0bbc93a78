"""Plan text: Terraform's grammar, the order of work, and the lines that other tools match on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.durations import about, duration, elapsed
from reconciler.model import Action, Change, Finding, Ref, Severity, Value
from reconciler.nested import differences
from reconciler.one_line import one_line
from reconciler.plan import Gate, GateKind, Plan
from reconciler.render import plan_text, totals
from tests.reconciler.golden import matches
from tests.reconciler.plans import (
    CHANGES,
    CLAIM,
    EMPTY,
    MIXED,
    REFUSED,
    A,
    change,
    creation,
    gate,
    resource,
    rid,
    step,
    update,
)
from tests.reconciler.strategies import desired_states, plans, values

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text_of(*changes: Change, **more: Any) -> str:
    """The text of a plan that has these changes only."""
    return plan_text(replace(EMPTY, changes=changes, **more))


def block_of(one: Change) -> list[str]:
    """The lines of a change, its comment included."""
    lines = text_of(one).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  # "))
    return lines[first : lines.index("    }", first) + 1]


# -- whole texts
@pytest.mark.parametrize(
    ("name", "plan"),
    [("plan.txt", MIXED), ("no-changes.txt", EMPTY), ("refused.txt", REFUSED)],
)
def test_a_plan_reads_as_it_always_did(name: str, plan: Plan) -> None:
    assert matches(name, plan_text(plan))


def test_a_coloured_plan_reads_as_it_always_did() -> None:
    assert matches("plan.ansi", plan_text(MIXED, color=True))


@pytest.mark.parametrize("plan", [MIXED, EMPTY, REFUSED])
def test_colours_change_no_word(plan: Plan) -> None:
    assert ANSI.sub("", plan_text(plan, color=True)) == plan_text(plan)
    assert "\x1b" not in plan_text(plan)


@given(desired_states().flatmap(plans), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_any_plan_is_the_same_text_in_whatever_order_its_parts_come(plan: Plan, random: Any) -> None:
    changes, findings = list(plan.changes), list(plan.findings)
    random.shuffle(changes)
    random.shuffle(findings)
    assert plan_text(replace(plan, changes=tuple(changes), findings=tuple(findings))) == plan_text(plan)


@given(desired_states().flatmap(plans))
@settings(max_examples=40, deadline=None)
def test_any_plan_says_in_one_line_what_it_does_and_shows_no_date(plan: Plan) -> None:
    text = plan_text(plan)
    lines = text.splitlines()
    assert lines.count(totals(plan)) == (1 if plan.nodes or plan.changes else 0)
    assert not any(line.startswith(("Error: ", "Warning: ")) for line in lines)
    assert " at=*" not in text
    assert "20260105" not in text


def test_ten_thousand_changes_need_no_deep_comparison() -> None:
    listed = tuple(
        update(replace(CLAIM, id=rid("dns_record", f"h{n}/claim")), ttl=120) for n in range(10_000)
    )
    assert text_of(*listed).count("~ ttl") == 10_000


# -- the first and the last words
def test_nothing_to_do_is_the_first_line() -> None:
    assert plan_text(EMPTY) == "No changes. Your infrastructure matches the configuration.\n"


def test_an_error_that_leaves_nothing_to_do_is_not_taken_for_nothing_to_do() -> None:
    text = plan_text(REFUSED)
    assert "No changes." not in text
    assert text.startswith("Planning failed.")
    assert "    left out: no zone of `web` holds it; add the zone to that account\n" in text


def test_the_legend_has_the_symbols_that_are_used() -> None:
    text = text_of(CHANGES[0])
    assert "  + create\n" in text
    assert "in-place" not in text
    imports = text_of(CHANGES[4])
    assert "symbols" not in imports


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (CHANGES[:1], "Plan: 1 to add, 0 to change, 0 to destroy."),
        (CHANGES[4:5], "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy."),
        (CHANGES[5:6], "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy."),
        (CHANGES[7:8], "Plan: 1 to add, 0 to change, 1 to destroy."),
        (CHANGES[9:], "Plan: 0 to add, 0 to change, 0 to destroy, 1 to forget."),
        (CHANGES, "Plan: 2 to import, 3 to add, 4 to change, 3 to destroy, 1 to forget."),
    ],
)
def test_the_totals_are_terraforms_line(changes: tuple[Change, ...], line: str) -> None:
    assert f"\n{line}\n" in text_of(*changes)


# -- attributes
def test_what_is_absent_on_both_sides_is_not_shown() -> None:
    created = creation(resource(rid("kind", "key"), there=1, absent=None))
    assert block_of(created) == [
        '  # kind.web["key"] will be created',
        '  + resource "kind" "web" {',
        "      + there = 1",
        "    }",
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, 1, ["      + x = 1"]),
        (1, None, ["      - x = 1 -> null"]),
        (1, 2, ["      ~ x = 1 -> 2"]),
        (True, False, ["      ~ x = true -> false"]),
        ("", 'say "hi"\n', ['      ~ x = "" -> "say \\"hi\\"\\n"']),
        ("ü", "\x1b[2J", ['      ~ x = "ü" -> "\\u001b[2J"']),
        (1.5, Ref(rid("k", "t"), "id"), ["      ~ x = 1.5 -> (known after apply)"]),
        ((), ("a",), ["      ~ x = [", '          + "a",', "        ]"]),
        ("a", ("a", ()), ['      ~ x = "a" -> ["a", []]']),
        ("a", {"b-1": 1, "2 c": ()}, ['      ~ x = "a" -> {"2 c" = [], b-1 = 1}']),
        (("a", "b"), ("b", "a"), ['      ~ x = ["a", "b"] -> ["b", "a"]']),
        (
            ("a", "b", "b"),
            ("b", "c"),
            [
                "      ~ x = [",
                '          - "a",',
                '          - "b",',
                '          + "c",',
                "            # (1 unchanged element hidden)",
                "        ]",
            ],
        ),
        (
            ("a", "b"),
            Ref(rid("k", "t"), "id"),
            ["      ~ x = [", '          - "a",', '          - "b",', "        ] -> (known after apply)"],
        ),
        (
            {"a": 1, "b": 2, "c": {"d": (1, 2)}},
            {"a": 1, "c": {"d": (1, 3)}, "e": 5},
            [
                "      ~ x = {",
                "          - b = 2 -> null",
                "          ~ c = {",
                "              ~ d = [",
                "                  ~ 2 -> 3,",
                "                    # (1 unchanged element hidden)",
                "                ]",
                "            }",
                "          + e = 5",
                "            # (1 unchanged element hidden)",
                "        }",
            ],
        ),
        (
            (("a",), ("b",), ("c",)),
            (("a",), ("c",)),
            [
                "      ~ x = [",
                "          ~ [",
                '              ~ "b" -> "c",',
                "            ],",
                "          - [",
                '              - "c",',
                "            ],",
                "            # (1 unchanged element hidden)",
                "        ]",
            ],
        ),
    ],
)
def test_a_change_of_one_attribute_is_shown_where_it_differs(
    before: Value, after: Value, lines: list[str]
) -> None:
    changed = update(resource(rid("kind", "key"), x=before), x=after)
    assert block_of(changed)[2:-1] == lines


def test_equal_signs_stand_below_each_other_and_the_rest_is_counted() -> None:
    changed = update(resource(rid("kind", "key"), name="n", long_one=1, a=1, b=2, c=None), long_one=2, c=3)
    assert block_of(changed)[2:-1] == [
        "      + c        = 3",
        "      ~ long_one = 1 -> 2",
        '        name     = "n"',
        "        # (2 unchanged attributes hidden)",
    ]


def test_a_destroyed_resource_shows_what_goes() -> None:
    gone = change(Action.DELETE, resource(rid("kind", "key"), a="x", tags={"k": "v"}, none=None), None)
    assert block_of(gone)[2:-1] == [
        '      - a    = "x" -> null',
        "      - tags = {",
        '          - k = "v"',
        "        } -> null",
    ]


def test_what_is_taken_over_and_changed_says_both() -> None:
    assert block_of(CHANGES[5])[:3] == [
        '  # tracking_domain_secure.sp["b.example.com"] will be updated in-place',
        '  # (imported from "b.example.com")',
        '  ~ resource "tracking_domain_secure" "sp" {',
    ]


def test_what_another_owner_had_is_told_with_that_owner() -> None:
    before = replace(CHANGES[5].resource, mark="rival")
    taken = change(Action.UPDATE, before, before.with_attrs(secure=True), adopts=True, reason="from rival")
    assert block_of(taken)[1] == "  # (taken over from rival)"


# -- claims
def claim_change(before: str, after: str) -> list[str]:
    return block_of(update(resource(rid("dns_record", "x/claim"), values=(before,)), values=(after,)))[2:-1]


def test_a_new_claim_is_one_text_without_a_date() -> None:
    made = creation(resource(rid("dns_record", "x/claim"), values=("v=tdr1 o=acme w=1 at=* keep=1",)))
    assert '          + "v=tdr1 o=acme w=1 at=(known after apply) keep=1",' in block_of(made)


def test_a_claim_that_goes_shows_no_date() -> None:
    gone = change(
        Action.DELETE, resource(rid("dns_record", "x/claim"), values=("v=tdr1 at=20260105T090000Z",)), None
    )
    assert '          - "v=tdr1 at=(time)",' in block_of(gone)


def test_a_claim_that_changes_is_shown_word_by_word() -> None:
    assert claim_change("v=tdr1 o=acme w=1 at=20260105T090000Z gone=x", "v=tdr1 o=acme w=2 at=* new=y") == [
        "      ~ values = [",
        "          ~ claim(",
        "              ~ {",
        "                  ~ at   = (time) -> (known after apply)",
        '                  - gone = "x" -> null',
        '                  + new  = "y"',
        '                  ~ w    = "1" -> "2"',
        "                    # (2 unchanged attributes hidden)",
        "                }",
        "            ),",
        "        ]",
    ]


def test_no_time_of_a_claim_is_a_date() -> None:
    then = "20260105T090000Z"
    lines = claim_change(f"v=tdr1 until={then} x={then}", f"v=tdr1 until={then} keep=*172800")
    assert "                  + keep = (known after apply)" in lines
    gone = change(
        Action.DELETE, resource(rid("dns_record", "x/claim"), values=(f"v=tdr1 keep={then} until=*60",)), None
    )
    assert '          - "v=tdr1 keep=(time) until=(known after apply)",' in block_of(gone)


def test_claims_of_several_owners_are_shown_as_texts() -> None:
    lines = claim_change("v=tdr1 o=acme", "spf")
    assert lines[1:3] == ['          - "v=tdr1 o=acme",', '          + "spf",']


# -- order of work
def order_of(plan: Plan) -> list[str]:
    lines = plan_text(plan).splitlines()
    return lines[lines.index("Order of work:") + 1 :]


def test_the_work_of_each_domain_stands_in_its_own_list() -> None:
    lines = order_of(MIXED)
    heads = [line.split(" (")[0].strip(" :") for line in lines if re.match(r"  \S", line)]
    assert heads == ["what several domains share", "a.example.com", "b.example.com", "c.example.com"]


def test_a_resource_with_several_steps_is_created_once() -> None:
    made = creation(CLAIM)
    first, second = step(made, phase="claim", last=False), step(made, phase="stamp")
    lines = order_of(replace(EMPTY, changes=(made,), nodes=(first, second)))
    assert lines[2:] == [
        '     1. create dns_record.web["a.example.com/claim"]',
        '     2. update dns_record.web["a.example.com/claim"] (with the time of the record\'s change)',
    ]


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (
            gate(GateKind.SERVES, A, "it serves", timeout_s=1800, usual_s=90),
            "until it serves (usually 90s, at most 30m)",
        ),
        (gate(GateKind.READY, A, "x: issued", timeout_s=3600), "for x: issued (at most 1h)"),
        (gate(GateKind.ANSWERS, A, "dns\nanswers"), "until dns answers"),
        (gate(GateKind.OLD_TTL, A, "the old answer", wait_s=300), "up to 5m: the old answer"),
    ],
)
def test_a_gate_says_what_is_waited_for_and_how_long(one: Gate, line: str) -> None:
    assert order_of(replace(EMPTY, nodes=(one,)))[-1] == f"     1. wait {line}"


@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_the_class_of_a_move_is_told_with_its_meaning(letter: str) -> None:
    lines = order_of(replace(MIXED, classes={A: letter}))
    (head,) = [line for line in lines if line.startswith(f"  {A} ")]
    assert re.fullmatch(rf"  {A} \(move of class {letter}: .{{20,}}\):", head)


def test_a_domain_that_drifted_says_so() -> None:
    lines = order_of(MIXED)
    place = next(number for number, line in enumerate(lines) if line.startswith("  b.example.com"))
    assert lines[place + 1].startswith("    the file did not change: live state did")


def test_what_is_needed_of_another_domain_is_named() -> None:
    assert '    3. update tracking_domain_secure.sp["b.example.com"] (after 7 of a.example.com)' in "\n".join(
        order_of(MIXED)
    )


@pytest.mark.parametrize(
    ("domains", "told"),
    [
        (1, "1 and 2 of d0.example"),
        (2, "1 and 2 of d0.example, 1 and 2 of d1.example"),
        (
            4,
            "1 and 2 of d0.example, 1 and 2 of d1.example, 1 and 2 of d2.example and 1 more domain",
        ),
        (
            9,
            "1 and 2 of d0.example, 1 and 2 of d1.example, 1 and 2 of d2.example and 6 more domains",
        ),
    ],
)
def test_what_many_domains_come_before_is_told_in_one_short_line(domains: int, told: str) -> None:
    users = [
        replace(gate(GateKind.READY, f"d{n}.example", f"gone {m}"), id=f"{n}/{m}")
        for n in range(domains)
        for m in range(2)
    ]
    last = replace(gate(GateKind.READY, "", "it"), id="last", needs=frozenset(one.id for one in users))
    lines = order_of(replace(EMPTY, nodes=(*users, last)))
    assert [line for line in lines if "(after" in line] == [f"     1. wait for it (after {told})"]


def test_an_orphan_that_may_not_be_deleted_is_told_as_refused_only() -> None:
    refused = Finding(Severity.ERROR, "old.example.org", "1 domain would be deleted", "pass `-max-deletes 1`")
    text = plan_text(replace(EMPTY, findings=(refused,), orphans=("old.example.org", "older.example.org")))
    assert "left out: 1 domain would be deleted; pass `-max-deletes 1`" in text
    assert "no file names: older.example.org." in text


def test_an_orphan_that_is_being_deleted_is_no_longer_pointed_out() -> None:
    gone = change(Action.DELETE, replace(CLAIM, host="old.example.org"), None)
    assert "old.example.org" in plan_text(replace(EMPTY, orphans=("old.example.org",)))
    assert "-prune" not in text_of(gone, orphans=("old.example.org",))


# -- small things
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (90, "90s"),
        (300, "5m"),
        (3600, "1h"),
        (5400, "90m"),
        (86400, "24h"),
        (0.4, "0s"),
    ],
)
def test_durations_are_written_as_in_the_file(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.6, "1m0s"), (63, "1m3s"), (3607, "1h0m7s"), (-1, "0s")]
)
def test_what_has_passed_is_told_to_the_second(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45, "45s"), (75, "1m15s"), (3600, "1h"), (3661, "1h1m"), (7500, "2h5m")]
)
def test_estimates_are_told_in_the_units_that_matter(seconds: float, text: str) -> None:
    assert about(seconds) == text


def test_no_text_of_others_moves_the_cursor() -> None:
    assert one_line("a\r\n  b\x1b[2J\u202ec") == "a b\\x1b[2J\\u202ec"


def test_a_reference_is_no_text() -> None:
    found = differences((Ref(rid("k", "t"), "id"),), ('k.web["t"].id',))
    assert found.changed == {(0,)}


@given(values, values)
@settings(max_examples=200, deadline=None)
def test_nested_values_that_differ_are_found_to_differ(before: Value, after: Value) -> None:
    found = differences((before,), (after,))
    assert bool(found.removed or found.changed or found.added) == (before != after)


def test_a_finding_of_two_lines_stays_one() -> None:
    finding = Finding(Severity.ERROR, "c.example.com", "one\nError: two", "")
    assert "    left out: one Error: two\n" in plan_text(replace(EMPTY, findings=(finding,)))
