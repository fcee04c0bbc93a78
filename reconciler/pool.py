"""A few threads for one account's calls. Each counts as working on the clock unless it waits for work."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reconciler.clock import Clock

Job = Callable[[], None]


class Pool:
    """At most `size` threads, started as they are needed.

    A job must not raise: whoever submits it hands in how its result travels.
    """

    def __init__(self, clock: Clock, size: int, name: str) -> None:
        self._clock = clock
        self._size = size
        self._name = name
        self._inbox = clock.mailbox()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open_jobs = 0

    def submit(self, job: Job) -> None:
        """Run job on one of the threads, soon."""
        with self._lock:
            self._open_jobs += 1
            if self._open_jobs > len(self._threads) and len(self._threads) < self._size:
                self._start()
        self._inbox.put(job)

    def _start(self) -> None:
        self._clock.begin()
        thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        try:
            while (job := self._inbox.get(None)) is not None and job is not _END:
                job()
                with self._lock:
                    self._open_jobs -= 1
        finally:
            self._clock.end()

    def close(self) -> None:
        """Wait until every thread has ended what it is doing."""
        for _ in self._threads:
            self._inbox.put(_END)
        for thread in self._threads:
            thread.join()
        self._threads = []


def _end() -> None:
    """Stand for the end of work."""


_END: Job = _end
