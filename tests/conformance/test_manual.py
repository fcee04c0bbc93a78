"""Whole runs in zones that people edit, with a person who sets what a run asks for.

The type stands in no line of the register: it has no calls of its own that could be counted, cut off or
struck. What a run does between them is asked here.
"""

from __future__ import annotations

import pytest

from tests.conformance import crowds
from tests.conformance.candidates import Candidate
from tests.conformance.holdings import differences
from tests.conformance.mishaps import LASTING, PASSING
from tests.conformance.person import person, write
from tests.conformance.score import APPLY, JOBS, prepared, struck
from tests.conformance.stand import Stand, stand
from tests.conformance.test_basics import DESTROY, nothing_is_left
from tests.conformance.test_crashes import MOST_TOLD, after_a_cut, again, cuts
from tests.conformance.test_crashes import (
    test_out_of_time_a_run_ends_and_resumes as out_of_time,
)
from tests.conformance.test_faults import operations
from tests.conformance.test_together import (
    test_what_a_person_adds_during_a_run_stays as together,
)
from tests.conformance.test_together import twice

MANUAL = Candidate(
    "manual",
    (),
    lambda world: world,
    lambda world, _names: world,
    ("dns", crowds.edited_records),
    per_plan=(0, 0),
    concerns=(),
    people=person,
)
APPLYING = ("apply", "-auto-approve", "-input=false", "-parallelism", "1", "-timeout", "4h")
MISHAPS = {
    **{name: PASSING[name] for name in ("429 with Retry-After", "500 after the effect", "reset")},
    "401": LASTING["401"],
}
LATE = "192.0.2.21"
"""The second name server of the zones."""


def test_what_is_created_changed_and_deleted_leaves_nothing_to_do() -> None:
    with stand(MANUAL) as at:
        at.done()
        at.converged()
        held, written = at.holdings(), len(at.writes)
        at.done()
        assert len(at.writes) == written
        assert differences(held, at.holdings()) == []
        at.done(MANUAL.file("changed"))
        at.converged(MANUAL.file("changed"))
        at.done(choice=DESTROY)
        at.converged(choice=DESTROY)
        nothing_is_left(at)


@pytest.mark.parametrize("name", JOBS)
def test_cut_off_at_any_call_the_next_run_converges(name: str) -> None:
    job = JOBS[name]
    troubles = [
        f"cut off {when} {beat.point} ({beat.call.method} {beat.call.path}): {trouble}"
        for when, beat in cuts(MANUAL, job)
        for trouble in after_a_cut(MANUAL, job, when, beat)
    ]
    assert not troubles, "\n".join(troubles[:MOST_TOLD])


@pytest.mark.parametrize("name", JOBS)
def test_two_runs_at_once_end_in_order_and_the_next_converges(name: str) -> None:
    with stand(MANUAL) as at:
        prepared(at, JOBS[name])
        told = [host.why for report in twice(at, JOBS[name]) for host in report.hosts]
        assert not any("Traceback" in why for why in told)
        troubles = list(again(at, JOBS[name]))
        assert not troubles, "\n".join(troubles)


def test_what_a_person_adds_during_a_run_stays() -> None:
    together(MANUAL)


@pytest.mark.parametrize("timeout_s", [1, 299, 2700])
def test_out_of_time_a_run_ends_and_resumes(timeout_s: int) -> None:
    out_of_time(MANUAL, timeout_s)


def planned(at: Stand, *argv: str) -> None:
    """Let the person set all that a plan lists, as one who takes the whole of it to a change board."""
    said = at.tdr("plan", *argv)
    assert said.code == 0, said.said
    for zone in at.plain:
        write(at.control, zone, said.out.splitlines())


def test_all_that_a_plan_lists_may_be_set_before_the_run() -> None:
    with stand(MANUAL) as at:
        for command in (("apply",), ("apply", "-destroy")):
            planned(at, *command[1:])
            ran = at.tdr(*command, *APPLYING[1:])
            assert ran.code == 0, ran.said
            again = at.tdr("plan", "-detailed-exitcode", *command[1:])
            assert again.code == 0, again.said
            at.kept_foreign()
        nothing_is_left(at)


@pytest.mark.parametrize("name", [*MISHAPS])
def test_whatever_sparkpost_answers_once_is_repeated_or_one_clear_error(name: str) -> None:
    with stand(MANUAL) as at:
        beats = [beat for beat in operations(MANUAL).values() if beat.applies]
        assert len(beats) > 3
        planned(at)
        for beat in beats:
            struck(at, beat, MISHAPS[name])
        ran = at.tdr(*APPLYING)
        assert "Traceback" not in ran.said, ran.said
        assert any(fault["struck"] for fault in at.control("GET", "/faults"))
        assert ran.code == (0 if name in PASSING else 1), ran.said
        assert ran.code == 0 or "sp (sparkpost)" in ran.said
        at.control("DELETE", "/faults")
        assert list(again(at, APPLY)) == []


def test_a_lagging_server_is_waited_for() -> None:
    """What one server shows is not what the world sees."""
    with stand(MANUAL) as at:
        started_s = at.control("GET", "/clock")["now"]
        at.control("POST", "/dns/lag", {"server": LATE, "seconds": 300})
        at.done()
        assert at.control("GET", "/clock")["now"] > started_s + 300
        at.converged()


def test_dead_servers_end_the_run_with_their_name_and_the_next_goes_on() -> None:
    with stand(MANUAL) as at:
        planned(at)
        at.control("POST", "/dns/outages", {"answer": "SERVFAIL", "server": LATE})
        ran = at.tdr("apply", "-auto-approve", "-input=false", "-timeout", "10m")
        assert ran.code == 1
        assert f"({LATE})" in ran.out, ran.said
        at.control("DELETE", "/dns/outages")
        assert list(again(at, APPLY)) == []
