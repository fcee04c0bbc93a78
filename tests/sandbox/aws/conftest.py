"""CloudFront for the tests of its distributions, policies and viewers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.aws.cloudfront_bench import Bench, bench


@pytest.fixture(scope="module")
def still() -> Iterator[Bench]:
    """One sandbox for all calls that are refused and so change nothing."""
    with bench() as running:
        yield running


@pytest.fixture
def cf() -> Iterator[Bench]:
    """Two accounts with certificates for the same names, and nothing else."""
    with bench() as running:
        yield running
