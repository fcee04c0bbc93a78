"""Whole runs through a class of octoDNS that others publish, on the sandbox's Cloudflare.

The type stands in no line of the register: one call of the engine is as many requests there as the class
makes, and the suite's faults and cuts are counted in requests. What they are about is asked here by itself.
"""

from __future__ import annotations

import json

import pytest

from reconciler.report import report_text
from tests.conformance import crowds
from tests.conformance.candidates import EVERY_CALL, PAGES, Candidate
from tests.conformance.holdings import differences, foreign
from tests.conformance.mishaps import LASTING, PASSING
from tests.conformance.seam import Point, Seam
from tests.conformance.stand import Stand, stand
from tests.conformance.test_basics import DESTROY, nothing_is_left

OCTODNS = Candidate(
    "octodns",
    PAGES,
    crowds.pending_zones,
    crowds.roomy_zones,
    ("cloudflare", crowds.edited_records),
    per_plan=(0, 0),
    concerns=(),
)
STEP = 10
APPLYING = ("apply", "-auto-approve", "-input=false", "-parallelism", "1", "-timeout", "4h")
MISHAPS = {
    **{name: PASSING[name] for name in ("429 with Retry-After", "500 after the effect", "reset")},
    **{name: LASTING[name] for name in ("401", "strange rows")},
}


def test_what_is_created_changed_and_deleted_leaves_nothing_to_do() -> None:
    with stand(OCTODNS) as at:
        at.done()
        at.converged()
        held, written = at.holdings(), len(at.writes)
        at.done()
        assert len(at.writes) == written
        assert differences(held, at.holdings()) == []
        at.done(OCTODNS.file("changed"))
        at.converged(OCTODNS.file("changed"))
        at.done(choice=DESTROY)
        at.converged(choice=DESTROY)
        nothing_is_left(at)


def test_zones_on_later_pages_and_empty_zones_are_found() -> None:
    for longer in (
        crowds.more_zones,
        lambda world: crowds.roomy_zones(world, ("example.com", "example.org")),
    ):
        with stand(OCTODNS, longer) as at:
            at.done()
            at.converged()


def test_what_a_person_adds_right_before_each_write_stays() -> None:
    with stand(OCTODNS) as at:
        added: list[int] = []

        def edit() -> None:
            at.edited(len(added))
            added.append(len(added))

        zones = ("example.com", "example.org")
        seam = Seam(before={Point("web", "apply", zone, n): edit for zone in zones for n in range(1, 30)})
        report = at.apply(seam=seam, threads=1)
        assert report.succeeded, report_text(report)
        assert len(added) > 3
        now = foreign(at.holdings(), OCTODNS.owner)
        assert [one for one in foreign(at.before, OCTODNS.owner) if one not in now] == []
        assert [nth for nth in added if not any(f"foreign{nth}." in one for one in now)] == []
        assert not at.plan().changes


def struck(at: Stand, nth: int, name: str) -> bool:
    """Run with the nth write going wrong; tell whether one did."""
    fault = {"vendor": "cloudflare", "path": "/dns_records", "nth": nth, **MISHAPS[name]}
    at.fault(**fault)
    ran = at.tdr(*APPLYING)
    assert ran.code in {0, 1}, ran.said
    assert "Traceback" not in ran.said, ran.said
    assert ran.code == 0 or "web (octodns)" in ran.said, ran.said
    happened = at.control("GET", "/faults")[0]["struck"] > 0
    at.control("DELETE", "/faults")
    return bool(happened)


@pytest.mark.parametrize("name", MISHAPS)
def test_whichever_request_goes_wrong_the_next_run_goes_on(name: str) -> None:
    """Every tenth of the requests on records, reads and writes alike, others with each answer.

    With CONFORMANCE=every-call in the environment it is every one. From where the vendors hold what they held
    after another request, the next run has been seen to go on.
    """
    first, step = (1, 1) if EVERY_CALL else (1 + 2 * tuple(MISHAPS).index(name), STEP)
    nth, happened = first, True
    while happened:
        with stand(OCTODNS) as at:
            happened = struck(at, nth, name)
            left = json.dumps(at.holdings(), sort_keys=True)
            if left not in _WENT_ON:
                at.done()
                at.converged()
            _WENT_ON.add(left)
        nth += step
    assert nth > first + step


_WENT_ON: set[str] = set()
