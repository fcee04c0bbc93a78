"""Every test that asks for a `candidate` is run for each of them."""

from __future__ import annotations

import pytest

from tests.conformance.candidates import CANDIDATES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand in every candidate of the register."""
    if "candidate" in metafunc.fixturenames:
        metafunc.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
