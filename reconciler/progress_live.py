"""Progress on a terminal: a row for each domain that is being worked on, redrawn as time goes by."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reconciler.clock import Clock
from reconciler.durations import elapsed
from reconciler.events import Event
from reconciler.one_line import one_line
from reconciler.plan import Gate, Node, Plan
from reconciler.progress_lines import SHARED, LineProgress, Verbs
from reconciler.render_order import phase_of

FRAMES_PER_S = 4
LINES_KEPT = 6
"""Lines of the terminal that rows never take: the summary, and what stands above."""


@dataclass(slots=True)
class _Active:
    """A step or gate that has begun and not ended."""

    node: Node
    since_s: float
    text: str = ""


class LiveProgress:
    """The table. Events come from the run's thread, frames are drawn on the display's own."""

    def __init__(self, plan: Plan, clock: Clock, stream: TextIO, console: Console | None = None) -> None:
        self._plan = plan
        self._clock = clock
        self._console = console or Console(file=stream)
        self._lock = threading.Lock()
        self._verbs = Verbs()
        self._active: dict[str, _Active] = {}
        self._ended: dict[str, str] = {}
        self._known = {node.id for node in plan.nodes}
        self._left = Counter(node.host for node in plan.nodes)
        self._lines = LineProgress(_Above(self._console))
        self._live = Live(
            get_renderable=self.frame,
            console=self._console,
            refresh_per_second=FRAMES_PER_S,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def emit(self, event: Event) -> None:
        """Take one event in; failures and waits given up stay above the table."""
        with self._lock:
            self._take(event)
        if event.what not in ("start", "progress", "applied"):
            self._lines.emit(event)

    def _take(self, event: Event) -> None:
        node = event.node
        if event.what == "start":
            self._active[node.id] = _Active(node, self._clock.now())
        elif event.what == "progress":
            self._active.setdefault(node.id, _Active(node, self._clock.now())).text = event.text
        else:
            self._active.pop(node.id, None)
            self._ended[node.id] = event.what
            self._left[node.host] -= 1
            self._forget_unplanned(node.host)

    def _forget_unplanned(self, host: str) -> None:
        """Drop what the plan did not foresee, a record put back: its end is told by the gate that asked."""
        for id_, active in list(self._active.items()):
            if id_ not in self._known and active.node.host == host:
                del self._active[id_]

    # -- a frame
    def frame(self) -> RenderableType:
        """Return what the terminal shows now."""
        with self._lock:
            rows = self._rows()
            summary = self._summary()
        most = max(1, self._console.size.height - LINES_KEPT)
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True, style="bold")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(no_wrap=True, justify="right", style="dim")
        for host, what, took in rows[:most]:
            table.add_row(host, what, took)
        hidden = (
            [Text(f"… and {len(rows) - most} more domains at work", style="dim")] if len(rows) > most else []
        )
        return Group(table, *hidden, summary)

    def _rows(self) -> list[tuple[str, Text, str]]:
        """Return a row for each domain at work: what it has waited for longest."""
        by_host: dict[str, _Active] = {}
        for active in self._active.values():
            first = by_host.setdefault(active.node.host, active)
            if _weight(active) < _weight(first):
                by_host[active.node.host] = active
        now_s = self._clock.now()
        return [
            (host or SHARED, self._what(active), elapsed(now_s - active.since_s))
            for host, active in sorted(by_host.items())
        ]

    def _what(self, active: _Active) -> Text:
        node = active.node
        if isinstance(node, Gate):
            told = f": {one_line(active.text)}" if active.text else ""
            return Text.assemble(("waiting ", "yellow"), f"{node.text}{told}")
        phase = f" ({phase_of(node)})" if phase_of(node) else ""
        return Text.assemble((f"{self._verbs.of(node).doing} ", "green"), f"{node.change.id.address}{phase}")

    def _summary(self) -> Text:
        ends = Counter(self._ended.values())
        hosts = [host for host in self._left if host]
        done = sum(self._left[host] == 0 for host in hosts)
        parts = [
            f"{done} of {len(hosts)} domains done",
            f"{ends['applied']} of {len(self._plan.nodes)} steps",
        ]
        parts += [f"{ends[name]} {name}" for name in ("failed", "waiting", "skipped") if ends[name]]
        return Text(" · ".join(parts), style="dim")


def _weight(active: _Active) -> tuple[bool, float]:
    """Return what ranks a domain's work: calls under way before waits, then what began first."""
    return isinstance(active.node, Gate), active.since_s


class _Above:
    """A stream whose lines are printed above the table."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> int:
        self._console.print(text.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
