"""Where a run is cut off, the next one goes on: nothing is there twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from reconciler.apply import Run
from reconciler.planner import Choice
from reconciler.report import report_text
from tests.conformance.candidates import CANDIDATES, EVERY_CALL, Candidate
from tests.conformance.holdings import differences
from tests.conformance.score import APPLY, JOBS, Beat, Job, prepared, score
from tests.conformance.seam import Killed, Seam
from tests.conformance.stand import Stand, stand

SHARDS = 2
A_WHILE_S = 5.0
MOST_TOLD = 12
Cut = tuple[str, Beat]
"""Before or after which call."""


def states(candidate: Candidate, job: Job) -> Iterator[Cut]:
    """Where to cut a job off, one cut for each state in which a cut can leave the vendors.

    That is: before the first write, after each write, and before each write that time has passed before. A
    cut at a call that only reads, or right between two writes, finds them as the cut after the write before
    does; so does one at a write that left the vendors with what they held, such as one that was refused.
    """
    last_s = float("-inf")
    for beat in (beat for beat in score(candidate, job).applying if beat.moves):
        if beat.call.at > last_s + A_WHILE_S:
            yield "before", beat
        yield "after", beat
        last_s = beat.call.at


def kind(cut: Cut) -> tuple[str, str, str]:
    """Which operation is cut off, and at which end."""
    when, beat = cut
    return when, beat.call.vendor, beat.point.operation


@cache
def kinds(candidate: Candidate, job: Job) -> frozenset[tuple[str, str, str]]:
    """All kinds of cuts of a job."""
    return frozenset(kind(cut) for cut in states(candidate, job))


def cuts(candidate: Candidate, job: Job) -> list[Cut]:
    """Give the cuts that are played: the first of each kind that no candidate before has, and every nth.

    For every nth those of one kind are counted in a row, so that each has its share, and candidates begin at
    different places. With CONFORMANCE=every-call in the environment each call is cut off, before and after.
    """
    if EVERY_CALL:
        return [(when, beat) for beat in score(candidate, job).applying for when in ("before", "after")]
    at = CANDIDATES.index(candidate) if candidate in CANDIDATES else 0
    missing = set(kinds(candidate, job)).difference(*(kinds(one, job) for one in CANDIDATES[:at]))
    chosen: list[Cut] = []
    for n, cut in enumerate(sorted(states(candidate, job), key=kind)):
        if kind(cut) in missing or (n - at) % candidate.every_nth == 0:
            chosen.append(cut)
            missing.discard(kind(cut))
    return chosen


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", JOBS)
def test_cut_off_at_any_call_the_next_run_converges(candidate: Candidate, name: str, shard: int) -> None:
    job = JOBS[name]
    troubles = [
        f"cut off {when} {beat.point} ({beat.call.method} {beat.call.path}): {trouble}"
        for when, beat in cuts(candidate, job)[shard::SHARDS]
        for trouble in after_a_cut(candidate, job, when, beat)
    ]
    assert not troubles, "\n".join(troubles[:MOST_TOLD])


def after_a_cut(candidate: Candidate, job: Job, when: str, beat: Beat) -> Iterator[str]:
    """Cut a job off, run it again; tell what is not as after a run without disturbance."""
    with stand(candidate) as at:
        prepared(at, job)
        answered = [host for host in candidate.hosts if at.answers(host) == "302"]
        seam = Seam()
        setattr(seam, when, {beat.point: seam.die})
        try:
            at.apply(choice=job.choice, seam=seam, threads=1)
        except Killed:
            pass
        else:
            yield "this call was not made"
        if not job.choice.destroy:
            yield from (f"links on {host} are broken" for host in answered if at.answers(host) != "302")
        yield from again(at, job)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.9])
def test_interrupted_in_order_a_run_reports_and_the_next_converges(
    candidate: Candidate, share: float
) -> None:
    """Ctrl-C: the call in flight ends, what is prepared is told, nothing needs repair."""
    with stand(candidate) as at:
        writes = score(candidate, APPLY).writes
        seam = Seam()

        def begins(run: Run) -> None:
            seam.before = {writes[int(share * len(writes))].point: run.interrupt}

        report = at.apply(seam=seam, begins=begins, threads=1)
        assert report.interrupted
        assert {host.outcome.value for host in report.hosts} <= {"applied", "skipped"}, report_text(report)
        assert list(again(at, APPLY)) == []


@pytest.mark.parametrize("timeout_s", [1, 30, 299, 2700])
def test_out_of_time_a_run_ends_and_resumes(candidate: Candidate, timeout_s: int) -> None:
    """Whatever gate the deadline falls on: what waits is said to wait, and `-resume` goes on."""
    with stand(candidate) as at:
        first = at.apply(timeout_s=timeout_s)
        told = {host.outcome.value for host in first.hosts}
        assert told <= {"applied", "waiting", "skipped"}, report_text(first)
        resumed = at.apply(choice=Choice(resume=True))
        assert {host.outcome.value for host in resumed.hosts} <= {"applied"}, report_text(resumed)
        assert list(again(at, APPLY)) == []


def again(at: Stand, job: Job) -> Iterator[str]:
    """Run a job from scratch; tell what is not as after an undisturbed run, which left nothing to do."""
    report = at.apply(choice=job.choice)
    if any(host.outcome.value != "applied" for host in report.hosts):
        yield report_text(report)
    told = differences(score(at.candidate, job).holdings, at.holdings())
    forgotten = at.candidate.forgotten
    yield from (one for one in told if forgotten is None or not forgotten.search(one))
