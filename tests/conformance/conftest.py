"""Every test that asks for a `candidate` is run for each; for a `waiting` one, for those whose hosts wait for
something that an account lists."""

from __future__ import annotations

import pytest

from tests.conformance.candidates import CANDIDATES
from tests.conformance.once import BOARD


@pytest.fixture(scope="session", autouse=True)
def _board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where there are several workers their folders lie in one, which each run of the suite has anew."""
    if hasattr(request.config, "workerinput"):
        BOARD.folder = tmp_path_factory.getbasetemp().parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand in every candidate of the register."""
    if "candidate" in metafunc.fixturenames:
        metafunc.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
    if "waiting" in metafunc.fixturenames:
        waiting = [candidate for candidate in CANDIDATES if candidate.waits]
        metafunc.parametrize("waiting", waiting, ids=lambda candidate: candidate.name)
