"""Whatever a vendor answers once: the job is done all the same, or one error for each host says why not."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache

import pytest

from providers.sandbox.calls import Call
from tests.conformance.candidates import CANDIDATES, EVERY_CALL, Candidate
from tests.conformance.holdings import differences
from tests.conformance.mishaps import IDENTIFIED, LASTING, LIES, NAMELESS, PASSING, REQUEST_ID, VERDICTS
from tests.conformance.score import APPLY, Beat, asked, score, struck
from tests.conformance.stand import Ran, Stand, stand
from tests.conformance.test_crashes import again

APPLYING = ("apply", "-auto-approve", "-input=false", "-parallelism", "1", "-timeout", "4h")
MOST_TOLD = 8
OTHERS = 3
HAIR_S = 0.1  # the client's clock and the sandbox's agree within that
LEFT_OUT = ", which several domains share, was not applied"
NOT_DONE = re.compile(r"^(?P<host>[a-z0-9.-]+): (?P<how>failed|skipped|waiting): (?P<why>.*)$", re.MULTILINE)


def operations(candidate: Candidate) -> dict[tuple[object, ...], Beat]:
    """The first call of each operation of the job."""
    found: dict[tuple[object, ...], Beat] = {}
    for beat in score(candidate, APPLY).beats:
        found.setdefault(_kind(beat), beat)
    return found


@cache
def distinct(candidate: Candidate) -> tuple[Beat, ...]:
    """The first call of each operation that no candidate before this one has."""
    at = CANDIDATES.index(candidate)
    known = {kind for earlier in CANDIDATES[:at] for kind in operations(earlier)}
    return tuple(beat for kind, beat in operations(candidate).items() if kind not in known)


def laid(candidate: Candidate, name: str, *, applies: bool) -> list[Beat]:
    """Give the calls that are struck so: a share of the operations, another with each fault.

    So each operation meets some faults, and each fault strikes at least one: one piece of code reads many
    answers of a vendor. With CONFORMANCE=every-call in the environment every operation meets every fault.
    """
    beats = [beat for beat in distinct(candidate) if beat.applies == applies]
    if EVERY_CALL or not beats:
        return beats
    share = min(candidate.struck_nth, len(beats))
    turn = tuple(LASTING).index(name)
    return [beat for n, beat in enumerate(beats) if (n + turn) % share == 0]


def _kind(beat: Beat) -> tuple[object, ...]:
    return beat.call.vendor, beat.point.operation, beat.applies


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_not_even_told(candidate: Candidate, name: str) -> None:
    """Every operation of the job is struck once, all in one run: each time a repeat helps.

    Where every operation is also one of another candidate a third of the faults is played, unless each call
    is asked for.
    """
    turn = tuple(PASSING).index(name) - CANDIDATES.index(candidate)
    if not (EVERY_CALL or distinct(candidate) or turn % OTHERS == 0):
        return
    with stand(candidate) as at:
        for beat in operations(candidate).values():
            struck(at, beat, PASSING[name])
        ran = at.tdr(*APPLYING)
        assert ran.code == 0, ran.said
        assert [fault for fault in at.control("GET", "/faults") if fault["struck"] == 0] == []
        assert differences(score(candidate, APPLY).holdings, at.holdings()) == []
        gaps = list(gaps_s(at))
        assert [gap for gap, asked_s in gaps if gap < asked_s - HAIR_S] == []
        assert bool(gaps) == ("Retry-After" in PASSING[name].get("headers", {}))


def gaps_s(at: Stand) -> Iterator[tuple[float, float]]:
    """How long each call that was told to wait did so before it was made again, and how long it was told."""
    for n, call in enumerate(at.calls):
        asked_s = next(
            (float(text) for header, text in call.response_headers if header == "Retry-After"), 0.0
        )
        alike = (c for c in at.calls[n + 1 :] if _request(c) == _request(call))
        again = next(alike, None) if asked_s else None
        if again is not None:
            yield again.at - call.at, asked_s


def _request(call: Call) -> tuple[str, ...]:
    return *asked(call), call.listener, call.path, call.request_body


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_one_clear_error_and_the_next_run_goes_on(candidate: Candidate, name: str) -> None:
    beats = laid(candidate, name, applies=True)
    told(candidate, name, [(beat, trouble) for beat in beats for trouble in applied(candidate, beat, name)])


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_one_clear_error_of_a_plan(candidate: Candidate, name: str) -> None:
    """Or the plan is the same without that answer."""
    beats = laid(candidate, name, applies=False)
    if not beats:
        return
    with stand(candidate) as at:
        undisturbed = at.tdr("plan").out
        troubles = [(beat, trouble) for beat in beats for trouble in planned(at, beat, name, undisturbed)]
        assert at.writes == []
    told(candidate, name, troubles)


def told(candidate: Candidate, name: str, troubles: Sequence[tuple[Beat, str]]) -> None:
    """Fail with the first troubles."""
    lines = [f"{candidate.name}, {name} at {beat.point}: {trouble}" for beat, trouble in troubles]
    assert not lines, "\n".join(lines[:MOST_TOLD])


def planned(at: Stand, beat: Beat, name: str, undisturbed: str) -> Iterator[str]:
    """Strike one call of a plan; tell what is not clear of the error."""
    struck(at, beat, LASTING[name])
    ran = at.tdr("plan")
    if at.control("GET", "/faults")[0]["struck"] == 0:
        yield "this call was not made"
    at.control("DELETE", "/faults")
    if ran.code != 0:
        yield from unclear(ran, beat, name, {beat.point.resource})
    elif changes_in(ran.out) != changes_in(undisturbed):
        yield f"another plan: {changes_in(ran.out)}"
    elif (
        ran.out != undisturbed and "Warning: " not in ran.err and (beat.point.operation, name) not in VERDICTS
    ):
        yield f"less is known, and no warning says so: {_tail(ran)}"


def changes_in(plan: str) -> list[str]:
    """The lines of a plan that name what is to be changed, and how."""
    return [line for line in plan.splitlines() if line.startswith("  # ")]


def applied(candidate: Candidate, beat: Beat, name: str) -> Iterator[str]:
    """Strike one call of an apply; tell what is not clear of the error, and not as it should be after."""
    with stand(candidate) as at:
        struck(at, beat, LASTING[name])
        ran = at.tdr(*APPLYING)
        if at.control("GET", "/faults")[0]["struck"] == 0:
            yield "this call was not made"
        if ran.code != 0:
            yield from unclear(ran, beat, name, resources(candidate, beat))
        if ran.code == 0 and (beat.writes, beat.call.response_body, name) == (True, "", "nothing"):
            ran = at.tdr(*APPLYING)  # it was told in the vendor's own words that it was done
        yield from after_a_run(at, ran)


def after_a_run(at: Stand, ran: Ran) -> Iterator[str]:
    """Tell what is not as after an undisturbed run: at once where this run says so, else after the next.

    From where the vendors hold what they held after another fault, the next run has been seen to go on.
    """
    if ran.code == 0:
        yield from differences(score(at.candidate, APPLY).holdings, at.holdings())
        return
    left = at.candidate.name, json.dumps(at.holdings(), sort_keys=True)
    if left in _WENT_ON:
        return
    at.control("DELETE", "/faults")
    troubles = list(again(at, APPLY))
    _WENT_ON.update([] if troubles else [left])
    yield from troubles


_WENT_ON: set[tuple[str, str]] = set()


def resources(candidate: Candidate, beat: Beat) -> Collection[str]:
    """What a fault for this call may strike: one of several calls that are made side by side and ask for the
    same, by their operation or else their method and path."""
    if not beat.call.operation:
        alike = (b for b in score(candidate, APPLY).beats if asked(b.call) == asked(beat.call))
        return {b.point.resource for b in alike}
    return {b.point.resource for b in score(candidate, APPLY).beats if _kind(b) == _kind(beat)}


def unclear(ran: Ran, beat: Beat, name: str, struck_on: Collection[str]) -> Iterator[str]:
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
    wanted: list[str] = []
    if not ((beat.point.operation, name) in VERDICTS or (beat.writes and name in LIES)):
        wanted += [f"{beat.point.alias} (", beat.point.operation]
        wanted += [REQUEST_ID] if name in IDENTIFIED and beat.call.vendor not in NAMELESS else []
    for line in told:
        if not any(resource in line for resource in struck_on):
            yield f"the error lacks {beat.point.resource!r}: {line}"
        yield from (f"the error lacks {want!r}: {line}" for want in wanted if want not in line)
    if not beat.applies and len(told) != 1:
        yield f"{len(told)} errors: {told}"


def told_in_report(ran: Ran) -> Sequence[str]:
    """The line of each host that did not come through, in the report at the end.

    Where something that several hosts share failed, its line says why, and theirs that they were left out.
    """
    lines = list(NOT_DONE.finditer(ran.out))
    return [line[0] for line in lines if not line["why"].endswith(LEFT_OUT)]


def _tail(ran: Ran) -> str:
    return " | ".join(ran.said.strip().splitlines()[-6:])
