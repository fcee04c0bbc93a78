"""Scenarios: a world, a file, commands, and what the internet then sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.town import Town, town


@pytest.fixture
def open_town(tmp_path: Path) -> Iterator[Callable[[Mapping[str, Any]], Town]]:
    """Start a sandbox with a world; when the test ends all its exchanges are judged."""
    with ExitStack() as stack:
        yield lambda world: stack.enter_context(town(world, tmp_path))
