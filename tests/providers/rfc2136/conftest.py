"""Every test that asks for a `kind` of server is run on each; where one is not installed, skipped."""

from __future__ import annotations

import pytest

from tests.providers.rfc2136.rfc2136_stand import SERVERS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand in every real server."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", SERVERS)
