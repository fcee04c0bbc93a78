"""Which display of progress fits: the event stream, a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol, TextIO

from reconciler import VERSION
from reconciler.clock import Clock
from reconciler.events import Event
from reconciler.plan import Plan
from reconciler.progress_json import JsonProgress
from reconciler.progress_lines import LineProgress
from reconciler.progress_ticks import Ticks


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
        events = JsonProgress(plan, clock, sys.stdout, VERSION)
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
        with Ticks(LineProgress(stream), clock) as ticks:
            yield ticks


@contextmanager
def reading(args: Namespace, aliases: Iterable[str], stream: TextIO) -> Iterator[None]:
    """Tell on a terminal what is being read, in a line that is gone afterwards; nothing elsewhere."""
    if getattr(args, "json", False) or not _is_lively(args, stream):
        yield
        return
    width = shutil.get_terminal_size().columns - 1
    stream.write(f"Reading: {', '.join(aliases)} …"[:width])
    stream.flush()
    try:
        yield
    finally:
        stream.write("\r\x1b[K")
        stream.flush()


def _is_lively(args: Namespace, stream: TextIO) -> bool:
    """Tell whether a table that redraws itself can be shown, and is wanted."""
    plain = getattr(args, "no_color", False) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain
