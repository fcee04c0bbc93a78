"""Progress as it happens, in Terraform's lines."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from reconciler.apply import Event
from reconciler.clock import Clock
from reconciler.plan import Gate, Plan
from reconciler.report import subject, verb


class LineProgress:
    """One line for each event."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def emit(self, event: Event) -> None:
        """Write the event's line."""
        node = event.node
        what = f"{node.host}: {subject(node)}" if isinstance(node, Gate) else f"{subject(node)}: {verb(node)}"
        self._stream.write(f"{what} [{event.what}] {event.text}\n")
        self._stream.flush()


@contextmanager
def progress_for(args: Namespace, plan: Plan, clock: Clock, stream: TextIO) -> Iterator[LineProgress]:
    """Give the display that fits."""
    _ = args, plan, clock
    yield LineProgress(stream)
