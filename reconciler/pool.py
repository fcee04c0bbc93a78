"""A few threads for one account's calls. Each counts as working on the clock unless it waits for work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, cast

from reconciler.clock import Clock, Mailbox

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
        self._clock.end()  # whoever waits here does not work: time goes on for threads that sleep
        try:
            for thread in self._threads:
                thread.join()
        finally:
            self._clock.begin()
        self._threads = []


T = TypeVar("T")


class Together:
    """Calls that may run side by side, on an account's own threads; their results in order."""

    def __init__(self, clock: Clock, size: int, name: str) -> None:
        self._clock = clock
        self._pool = Pool(clock, size, name)

    def __call__(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Return what each call returns; when all have ended, raises the error of the first that failed."""
        mailbox: Mailbox[_Ended] = self._clock.mailbox()
        for number, call in enumerate(calls):
            self._pool.submit(partial(_deliver, mailbox, number, call))
        ended: dict[int, tuple[object, BaseException | None]] = {}
        while len(ended) < len(calls):
            message = mailbox.get(None)
            if message is not None:
                ended[message[0]] = message[1:]
        for number in range(len(calls)):
            error = ended[number][1]
            if error is not None:
                raise error
        return [cast("T", ended[number][0]) for number in range(len(calls))]

    def close(self) -> None:
        """Let the threads end."""
        self._pool.close()


_Ended = tuple[int, object, BaseException | None]


def _deliver(mailbox: Mailbox[_Ended], number: int, call: Callable[[], object]) -> None:
    try:
        mailbox.put((number, call(), None))
    except BaseException as error:  # noqa: BLE001  handed to whoever asked, who raises it
        mailbox.put((number, None, error))


class Errands:
    """Work that one thread has done for it, on a few threads for each name; its results come back in turn."""

    def __init__(self, clock: Clock, threads: int) -> None:
        self._clock, self._threads = clock, threads
        self._results: Mailbox[_Result] = clock.mailbox()
        self._pools: dict[str, Pool] = {}
        self.under_way = 0

    def send(self, name: str, work: Callable[[], object]) -> None:
        """Have work done on one of the threads of this name."""
        self.under_way += 1
        if name not in self._pools:
            self._pools[name] = Pool(self._clock, self._threads, name)
        self._pools[name].submit(partial(_bring, self._results, work))

    def next(self, until_s: float | None) -> object:
        """Return what the next work gave, waiting until then (unix seconds; None: for ever); None where the
        time passed, or `wake` was called. Raises what work raised."""
        found = self._results.get(until_s)
        if found is None or found is _WAKE:
            return None
        self.under_way -= 1
        result, error = found
        if error is not None:
            raise error
        return result

    def wake(self) -> None:
        """End a wait. Safe from any thread and in a signal handler."""
        self._results.put(_WAKE)

    def close(self) -> None:
        """Wait until every thread has ended what it is doing."""
        for pool in self._pools.values():
            pool.close()

    def abandon(self) -> None:
        """Wait for nothing: what is under way ends with the process."""
        self._pools.clear()


_Result = tuple[object, BaseException | None]
_WAKE: _Result = (None, None)


def _bring(results: Mailbox[_Result], work: Callable[[], object]) -> None:
    try:
        results.put((work(), None))
    except BaseException as error:  # noqa: BLE001  handed to whoever waits, who raises it
        results.put((None, error))


def _end() -> None:
    """Stand for the end of work."""


_END: Job = _end
