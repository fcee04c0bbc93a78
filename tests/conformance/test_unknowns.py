"""The main job is done whatever the truth is about what nobody has verified of a vendor."""

from __future__ import annotations

from functools import cache

import pytest

from providers.sandbox import started
from reconciler.report import report_text
from tests.conformance.candidates import CANDIDATES, Candidate
from tests.conformance.once import once
from tests.conformance.score import DESTROY
from tests.conformance.stand import Stand, stand

APPLYING = ("apply", "-auto-approve", "-input=false", "-timeout", "4h")


@cache
def settings() -> tuple[tuple[str, str], ...]:
    """Every switch of every emulator with each of its settings but the one that it has."""
    with started({}) as sandbox:
        switches = sandbox.control("GET", "/switches")
    return tuple(
        (name, setting)
        for name, switch in sorted(switches.items())
        for setting in switch["settings"]
        if setting != switch["default"]
    )


@cache
def matters(candidate: Candidate) -> frozenset[str]:
    """The switches that a vendor looks at in the course of the job, as the job is done with none turned."""

    def asked() -> frozenset[str]:
        with stand(candidate) as at:
            throughout(at)
            return frozenset(at.sandbox.kernel.switches.asked)

    return once(f"matters-{candidate.name}", asked)


def throughout(at: Stand) -> None:
    """The main job, its end, and what is left to do after each: nothing."""
    report = at.apply()
    assert {host.host for host in report.hosts if host.host} == set(at.candidate.hosts)
    assert {host.outcome.value for host in report.hosts} == {"applied"}, report_text(report)
    at.converged()
    at.done(choice=DESTROY.choice)
    at.converged(choice=DESTROY.choice)


CASES = [
    pytest.param(candidate, name, setting, id=f"{candidate.name}-{name}={setting}")
    for candidate in CANDIDATES
    for name, setting in settings()
    if name.startswith(candidate.concerns)
]


@pytest.mark.parametrize(("one", "name", "setting"), CASES)
def test_the_main_job_is_done_under_every_setting(one: Candidate, name: str, setting: str) -> None:
    """Of a switch that nobody looks at in the course of the job, the job as it is done with none says it."""
    if name not in matters(one):
        assert f"{name}={setting}" not in one.impossible
        return
    with stand(one) as at:
        at.control("PUT", f"/switches/{name}", {"setting": setting})
        reason = one.impossible.get(f"{name}={setting}")
        if reason is None:
            throughout(at)
            return
        ran = at.tdr(*APPLYING)
        assert (ran.code, "Traceback" in ran.said) == (1, False), ran.said
        assert reason in ran.out
        at.kept_foreign()


def test_the_settings_that_forbid_the_job_exist() -> None:
    known = {f"{name}={setting}" for name, setting in settings()}
    assert {one for candidate in CANDIDATES for one in candidate.impossible} <= known
