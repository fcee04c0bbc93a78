"""Signs of life between the lines: each minute, what is still under way. For logs that nobody redraws."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from reconciler.clock import Clock
from reconciler.errors import TdrError
from reconciler.events import Event
from reconciler.plan import Node
from reconciler.progress_lines import LineProgress

TICK_S = 60.0
"""How long a step or gate that is under way may be silent."""
MOST_LINES = 10
"""How many lines one tick writes; of the rest it tells the number."""
LOOK_S = 5.0
"""How often it is looked whether something is silent, in real time."""


@dataclass(slots=True)
class _Active:
    """A step or gate that has begun and not ended, and when it was last heard of."""

    node: Node
    since_s: float
    told_s: float


class Ticks:
    """Progress in lines, with a thread that speaks up.

    Minutes are the run's clock's. The thread only looks at that clock and never waits on it: a sandbox's time
    must not pass for its sake.
    """

    def __init__(self, lines: LineProgress, clock: Clock) -> None:
        self._lines = lines
        self._clock = clock
        self._lock = threading.Lock()
        self._active: dict[str, _Active] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ticks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            return  # ended at once: the thread ends with the process
        self._over.set()
        self._thread.join()

    def emit(self, event: Event) -> None:
        """Write the event's line, if it says something new."""
        with self._lock:
            now_s = self._clock.now()
            if event.what == "start":
                self._active[event.node.id] = _Active(event.node, now_s, now_s)
            elif event.what != "progress":
                self._active.pop(event.node.id, None)
            if self._lines.tell(event) and event.node.id in self._active:
                self._active[event.node.id].told_s = now_s

    def _work(self) -> None:
        try:
            while not self._over.wait(LOOK_S):
                self.tick()
        except TdrError:
            return  # the clock is gone, which the run itself tells

    def tick(self) -> None:
        """Tell what has been silent for a minute."""
        with self._lock:
            now_s = self._clock.now()
            silent = [one for one in self._active.values() if now_s - one.told_s >= TICK_S]
            for one in silent[:MOST_LINES]:
                self._lines.still(one.node, now_s - one.since_s)
            if len(silent) > MOST_LINES:
                self._lines.write(f"… and {len(silent) - MOST_LINES:,} more are still under way")
            for one in silent:
                one.told_s = now_s
