"""A job done once without disturbance: its vendor calls in order, and what the vendors hold after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from providers.sandbox.calls import Call
from reconciler.planner import Choice
from reconciler.report import report_text
from tests.conformance.candidates import Candidate, writes
from tests.conformance.holdings import Holdings
from tests.conformance.once import once
from tests.conformance.seam import Point, Seam
from tests.conformance.stand import Stand, stand


@dataclass(frozen=True, slots=True)
class Job:
    """What is done to a candidate's world: the steps before the one that is looked at, and that one."""

    name: str
    first: tuple[Choice, ...]
    choice: Choice


APPLY = Job("apply", (), Choice())
DESTROY = Job("destroy", (Choice(),), Choice(destroy=True))
JOBS: Mapping[str, Job] = {job.name: job for job in (APPLY, DESTROY)}


@dataclass(frozen=True, slots=True)
class Beat:
    """One vendor call of a job: where it passes the seam, and what the vendor received."""

    point: Point
    call: Call
    nth: int  # of the calls that ask for the same, from the start of the job
    applies: bool  # made for a change or a gate; else for the plan
    moves: bool  # the vendors hold something else after it, by holdings

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return writes(self.call)


@dataclass(frozen=True, slots=True)
class Score:
    """A job's calls, and what it leads to."""

    beats: tuple[Beat, ...]
    holdings: Holdings

    @property
    def writes(self) -> tuple[Beat, ...]:
        """The calls that change something."""
        return tuple(beat for beat in self.beats if beat.writes)

    @property
    def applying(self) -> tuple[Beat, ...]:
        """The calls from the first that is made for a change on; those before are the plan's."""
        return tuple(beat for beat in self.beats if beat.applies)


#: Cloudflare's, and Fastly's; of Google's operations, and of changes at Cloud DNS.
ID = re.compile(r"(?:[0-9a-f]{32}|(?<=/)[0-9A-Za-z]{22}(?=/|$)|operation-[0-9a-f-]+|(?<=/changes/)\d+)")


def struck(at: Stand, beat: Beat, fault: Mapping[str, Any]) -> None:
    """Lay a fault for one call of a job; ids that differ from run to run match any."""
    call = beat.call
    path = ID.pattern.join(re.escape(part) for part in ID.split(call.path))
    which = {"operation": call.operation} if call.operation else {"method": call.method, "path": f"^{path}$"}
    at.fault(vendor=call.vendor, nth=beat.nth, **which, **fault)


def asked(call: Call) -> tuple[str, ...]:
    """What a call asks for: as the vendor names it, else its method and path."""
    return (call.vendor, call.operation) if call.operation else (call.vendor, call.method, call.path)


def prepared(at: Stand, job: Job) -> None:
    """Do what goes before the job; a sandbox that can take up what another one held does that instead."""
    if not job.first:
        return
    if at.candidate.emulators or at.plain:
        for choice in job.first:
            at.done(choice=choice)
    else:
        at.taken_up(_held(at.candidate, job.first))


@cache
def _held(candidate: Candidate, first: tuple[Choice, ...]) -> Mapping[str, Any]:
    """Do what goes before a job, once; give all that the vendors hold then."""

    def made() -> Mapping[str, Any]:
        with stand(candidate) as at:
            for choice in first:
                at.done(choice=choice)
            return deepcopy(at.state())

    return once(f"held-{candidate.name}-{len(first)}", made)


@cache
def score(candidate: Candidate, job: Job) -> Score:
    """Play a job through, one call at a time."""
    return once(f"score-{candidate.name}-{job.name}", lambda: _played(candidate, job))


def _played(candidate: Candidate, job: Job) -> Score:
    with stand(candidate) as at:
        prepared(at, job)
        already = len(at.calls)
        passed: list[Point] = []
        planning: list[int] = []
        held = [at.holdings()]
        moving: list[bool] = []

        def watch(point: Point) -> None:
            passed.append(point)
            moving.append(writes(_received(at, already + len(passed))) and at.holdings() != held[-1])
            if moving[-1]:
                held.append(at.holdings())

        report = at.apply(
            choice=job.choice,
            seam=Seam(watch=watch),
            threads=1,
            begins=lambda _run: planning.append(len(passed)),
        )
        assert report.succeeded, report_text(report)
        calls = at.calls[already:]
        assert len(calls) == len(passed)
        at.converged(choice=job.choice)
        return Score(tuple(_beats(passed, calls, moving, planning[0])), at.holdings())


def _received(at: Stand, nth: int) -> Call:
    """The nth call, once it is in the list: a real server's answer may be here a moment before."""
    while len(calls := at.calls) < nth:
        at.sandbox.do(lambda: None)
    return calls[nth - 1]


def _beats(passed: list[Point], calls: list[Call], moving: list[bool], planning: int) -> list[Beat]:
    alike = [asked(call) for call in calls]
    return [
        Beat(point, call, alike[: n + 1].count(alike[n]), n >= planning, moves)
        for n, (point, call, moves) in enumerate(zip(passed, calls, moving, strict=True))
    ]
