"""Whatever a vendor answers once: the job is done all the same, or one error for each host says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from tests.conformance.candidates import CANDIDATES, Candidate
from tests.conformance.holdings import differences
from tests.conformance.mishaps import IDENTIFIED, LASTING, LIES, PASSING, REQUEST_ID, VERDICTS
from tests.conformance.score import APPLY, Beat, score, struck
from tests.conformance.stand import Ran, Stand, stand

APPLYING = ("apply", "-auto-approve", "-input=false", "-parallelism", "1", "-timeout", "4h")
MOST_TOLD = 8
NOT_DONE = re.compile(r"^(?P<host>[a-z0-9.-]+): (?P<how>failed|skipped|waiting): (?P<why>.*)$", re.MULTILINE)


@cache
def distinct(candidate: Candidate) -> tuple[Beat, ...]:
    """The first call of each operation of the job, those of candidates before this one left out."""
    at = CANDIDATES.index(candidate)
    known = {_kind(beat) for earlier in CANDIDATES[:at] for beat in score(earlier, APPLY).beats}
    found: dict[tuple[object, ...], Beat] = {}
    for beat in score(candidate, APPLY).beats:
        if _kind(beat) not in known:
            found.setdefault(_kind(beat), beat)
    return tuple(found.values())


def _kind(beat: Beat) -> tuple[object, ...]:
    return beat.call.vendor, beat.point.operation, beat.applies


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_not_even_told(candidate: Candidate, name: str) -> None:
    """Every operation of the job is struck once, all in one run: each time a repeat helps."""
    with stand(candidate) as at:
        for beat in distinct(candidate):
            struck(at, beat, PASSING[name])
        ran = at.tdr(*APPLYING)
        assert ran.code == 0, ran.said
        missed = [f["path"] for f in at.control("GET", "/faults") if f["struck"] == 0]
        assert missed == []
        assert differences(score(candidate, APPLY).holdings, at.holdings()) == []


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_one_clear_error_and_the_next_run_goes_on(candidate: Candidate, name: str) -> None:
    troubles = [
        f"{name} at {beat.point} ({'apply' if beat.applies else 'plan'}): {trouble}"
        for beat in distinct(candidate)
        for trouble in after_a_fault(candidate, beat, name)
    ]
    assert not troubles, "\n".join(troubles[:MOST_TOLD])


def after_a_fault(candidate: Candidate, beat: Beat, name: str) -> Iterator[str]:
    """Strike one call; tell what is not clear of the error, and not as it should be after the next run."""
    with stand(candidate) as at:
        undisturbed = "" if beat.applies else at.tdr("plan").out
        struck(at, beat, LASTING[name])
        ran = at.tdr(*APPLYING) if beat.applies else at.tdr("plan")
        if at.control("GET", "/faults")[0]["struck"] == 0:
            yield "this call was not made"
        if ran.code != 0:
            yield from unclear(ran, beat, name)
        if beat.applies:
            yield from after_a_run(at, ran)
        elif ran.code == 0 and ran.out != undisturbed:
            yield f"another plan: {ran.out}"


def after_a_run(at: Stand, ran: Ran) -> Iterator[str]:
    """Run again where that is needed, and tell what is not as after an undisturbed run."""
    if ran.code != 0:
        at.control("DELETE", "/faults")
        ran = at.tdr(*APPLYING)
    if ran.code != 0:
        yield f"the next run fails: {_tail(ran)}"
    yield from differences(score(at.candidate, APPLY).holdings, at.holdings())


def unclear(ran: Ran, beat: Beat, name: str) -> Iterator[str]:
    """Tell what an error lacks: provider, operation, resource, request id; or has too much."""
    if ran.code != 1:
        yield f"exit code {ran.code}"
    if "Traceback" in ran.said:
        yield f"a traceback: {_tail(ran)}"
    told = (
        told_in_report(ran) if beat.applies else [x for x in ran.err.splitlines() if x.startswith("Error: ")]
    )
    if not told:
        yield f"no error: {_tail(ran)}"
    wanted = [beat.point.resource]
    if not ((beat.point.operation, name) in VERDICTS or (beat.writes and name in LIES)):
        wanted += [f"{beat.point.alias} (", beat.point.operation]
        wanted += [REQUEST_ID] if name in IDENTIFIED else []
    for line in told:
        yield from (f"the error lacks {want!r}: {line}" for want in wanted if want not in line)
    if not beat.applies and len(told) != 1:
        yield f"{len(told)} errors: {told}"


def told_in_report(ran: Ran) -> Sequence[str]:
    """The line of each host that did not come through, in the report at the end."""
    return [found[0] for found in NOT_DONE.finditer(ran.out)]


def _tail(ran: Ran) -> str:
    return " | ".join(ran.said.strip().splitlines()[-6:])
