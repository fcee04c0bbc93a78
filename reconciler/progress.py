"""Which display of progress fits: the event stream, a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from typing import Protocol, TextIO

from reconciler.clock import Clock
from reconciler.events import Event
from reconciler.plan import Plan
from reconciler.progress_json import JsonProgress
from reconciler.progress_lines import LineProgress


class Progress(Protocol):
    """What is told of a run as it happens."""

    def emit(self, event: Event) -> None:
        """Tell one event."""


@contextmanager
def progress_for(
    args: Namespace, plan: Plan, clock: Clock, stream: TextIO, *, planned_only: bool = False
) -> Iterator[Progress]:
    """Give the display that fits; it ends with the block. `planned_only`: nothing will be done."""
    if getattr(args, "json", False):
        events = JsonProgress(plan, clock, sys.stdout, metadata.version("tdr-reconciler"))
        events.open()
        try:
            yield events
        finally:
            if not planned_only:
                events.close()
    elif _is_lively(args, stream):
        live = import_module("reconciler.progress_live").LiveProgress(plan, clock, stream)  # brings rich
        with live:
            yield live
    else:
        yield LineProgress(stream)


def _is_lively(args: Namespace, stream: TextIO) -> bool:
    """Tell whether a table that redraws itself can be shown, and is wanted."""
    plain = getattr(args, "no_color", False) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain
