"""Every test that asks for a `candidate` is run for each; for a `waiting` one, for those whose hosts wait for
something that an account lists."""

from __future__ import annotations

import pytest

from tests.conformance.candidates import CANDIDATES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand in every candidate of the register."""
    if "candidate" in metafunc.fixturenames:
        metafunc.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
    if "waiting" in metafunc.fixturenames:
        waiting = [candidate for candidate in CANDIDATES if candidate.waits]
        metafunc.parametrize("waiting", waiting, ids=lambda candidate: candidate.name)
