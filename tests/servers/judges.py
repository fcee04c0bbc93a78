"""Judges that nobody here wrote: programs of the environment `.judges`, which `.ci/judges` makes.

Where it is not there the test skips and says why; with TDR_REQUIRE_SERVERS=1 that is a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.servers.process import REQUIRED

PLACE = Path(__file__).parents[2] / ".judges"


def judge(program: str) -> str:
    """Find a program of the judges' environment."""
    found = PLACE / "bin" / program
    if found.exists():
        return str(found)
    reason = f"the judges ({program}) are not installed: make judges"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}; and {REQUIRED} is set")
    pytest.skip(reason)
