"""Others work in the same accounts at the same time: another run of tdr, or a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from reconciler.report import Report, report_text
from tests.conformance.candidates import Candidate
from tests.conformance.holdings import foreign
from tests.conformance.score import APPLY, DESTROY, JOBS, Job, prepared, score
from tests.conformance.seam import Seam
from tests.conformance.stand import Stand, stand
from tests.conformance.test_crashes import again


@pytest.mark.parametrize("name", JOBS)
def test_two_runs_at_once_end_in_order_and_the_next_converges(candidate: Candidate, name: str) -> None:
    """Both plan from the same state, then both apply."""
    with stand(candidate) as at:
        prepared(at, JOBS[name])
        for report in twice(at, JOBS[name]):
            told = [host.why for host in report.hosts if host.outcome.value == "failed"]
            assert all("Traceback" not in why for why in told)
        troubles = list(again(at, JOBS[name]))
        assert not troubles, "\n".join(troubles)


def twice(at: Stand, job: Job) -> list[Report]:
    """Run a job twice at once."""
    both_planned = Barrier(2)

    def run() -> Report:
        return at.apply(choice=job.choice, begins=lambda _run: both_planned.wait())

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(run) for _ in range(2)]
        return [one.result() for one in both]


def test_what_a_person_adds_during_a_run_stays(candidate: Candidate) -> None:
    """Right before every write somebody adds to the same zones and lists."""
    for job in (APPLY, DESTROY):
        with stand(candidate) as at:
            prepared(at, job)
            seam = Seam()
            writes = score(candidate, job).writes
            seam.before = {beat.point: partial(at.edited, n) for n, beat in enumerate(writes)}
            report = at.apply(choice=job.choice, seam=seam, threads=1)
            assert report.succeeded, report_text(report)
            now, then = foreign(at.holdings(), candidate.owner), foreign(at.before, candidate.owner)
            assert [one for one in then if one not in now] == []
            for nth in range(len(writes)):
                assert any(f"foreign{nth}." in one for one in now), (
                    f"what was added before {writes[nth].point}"
                )
            assert not at.plan(choice=job.choice).changes
