"""Time as a value that is handed in: real, virtual, or the sandbox's. Nothing else in tdr reads it or waits.

A `ParkingClock` moves time itself. It counts the threads that work; a thread that sleeps or waits for
a mailbox is *parked*, and only when every thread is parked does time go to the earliest deadline. So
a run that waits half an hour for a certificate takes as long as its calls, and no test sleeps.
"""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
import threading
import time
import weakref
from collections import deque
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from reconciler.errors import TdrError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
_POLL: Final[type[selectors.BaseSelector]] = getattr(selectors, "PollSelector", selectors.SelectSelector)

URL_VARIABLE: Final = "TDR_SANDBOX_URL"
"""Names the sandbox whose time a run takes part in."""


class Mailbox(Protocol[T]):
    """What one thread waits at and any thread may put things into."""

    def put(self, item: T) -> None:
        """Hand over one item. Never blocks; safe from any thread and from a signal handler."""

    def get(self, until: float | None) -> T | None:
        """Take the oldest item, waiting until `until` (unix seconds; None: for ever).

        None means that the time passed with nothing there. An item that is there is given even when
        `until` has passed.
        """


class Clock(Protocol):
    """The time, and every way to wait for it."""

    def now(self) -> float:
        """Give the time in unix seconds. It never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait; only for a thread that counts as working."""

    def mailbox(self) -> Mailbox[Any]:
        """Make a mailbox whose getters wait on this clock; only threads that count as working may get."""

    def begin(self) -> None:
        """Count one more thread as working: the caller is about to hand work to it.

        It counts threads, not pieces of work: where pieces queue for a few threads that may sleep,
        let each thread begin once and take its work from a mailbox.
        """

    def end(self) -> None:
        """Count one thread less: the work handed to it ended."""

    def close(self) -> None:
        """Stop. Whoever still waits gets a TdrError. Closing twice is harmless."""


def from_environment(environ: Mapping[str, str]) -> Clock:
    """Give the sandbox's clock where the environment names a sandbox, else the system's.

    Raises TdrError when the address is no address, or nothing answers there.
    """
    url = environ.get(URL_VARIABLE, "")
    if not url:
        return SystemClock()
    clock: Clock = import_module("reconciler.sandbox_clock").SandboxClock(
        url
    )  # http.client is dear to import
    return clock


class SystemClock:
    """Real time. It starts at the system's and then runs steadily, whatever is done to the system's."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Give the time in unix seconds."""
        return self._offset + time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(max(0.0, seconds))

    def mailbox(self) -> Mailbox[Any]:
        """Make a mailbox that waits in real time."""
        return _SystemMailbox(self)

    def begin(self) -> None:
        """Real time does not care who works."""

    def end(self) -> None:
        """Real time does not care who works."""

    def close(self) -> None:
        """Nothing to stop."""


class _SystemMailbox:
    """A queue with a deadline instead of a timeout."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, item: Any) -> None:
        self._items.put(item)

    def get(self, until: float | None) -> Any | None:
        timeout = None if until is None else max(0.0, until - self._clock.now())
        try:
            return self._items.get(timeout=timeout)
        except queue.Empty:
            return None


class Bell:
    """Wakes one thread out of a wait, also out of a wait for sockets.

    Ringing takes no lock, so a signal handler may do it in the midst of anything.
    """

    def __init__(self) -> None:
        self._ear, self._hammer = socket.socketpair()
        self._ear.settimeout(0)
        self._hammer.settimeout(0)

    def ring(self) -> None:
        """Wake the listener now, or at its next wait."""
        with contextlib.suppress(OSError):  # full: it rings already; closed: nobody listens any more
            self._hammer.send(b"\0")

    def silence(self) -> None:
        """Forget what rang so far. Look at the state afterwards, not before."""
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(4096):
                continue

    def wait(self, timeout_s: float | None, *sockets: socket.socket) -> tuple[bool, list[socket.socket]]:
        """Wait for the bell or for something to read; tell whether it rang, and which sockets have it."""
        with _POLL() as selector:
            for each in (self._ear, *sockets):
                selector.register(each, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(timeout_s)}
            return self._ear.fileno() in ready, [each for each in sockets if each.fileno() in ready]

    def close(self) -> None:
        """Give up the sockets."""
        self._ear.close()
        self._hammer.close()


class _Waiter:
    """One parked thread: until when, for which mailbox, and the gate that it stands at."""

    __slots__ = ("deadline", "gate", "items")

    def __init__(self, deadline: float | None, items: deque[Any] | None) -> None:
        self.deadline = deadline
        self.items = items
        self.gate = threading.Lock()
        self.gate.acquire()


class _Parking:
    """The state of a ParkingClock, and the loop of the one thread that wakes the others.

    The count of working threads is never stored: it is who takes part less who is parked. A thread
    that leaves by an exception only has to leave the list of the parked, and the count is right.
    Plain locks on purpose: their `with` cannot be torn by KeyboardInterrupt, a Condition's can.
    """

    def __init__(
        self, now: Callable[[], float], advance: Callable[[float, Bell], float], *, flows: bool
    ) -> None:
        self.now = now
        self._advance = advance
        self._flows = flows
        self._lock = threading.Lock()
        self._members = 1
        self._parked: dict[_Waiter, None] = {}
        self._stopped: Exception | None = None
        self.bell = Bell()

    def count(self, difference: int) -> None:
        """Change the number of threads that take part."""
        with self._lock:
            self._members += difference
        if difference < 0:
            self.bell.ring()

    def park(self, deadline: float | None, items: deque[Any] | None) -> None:
        """Stop the calling thread until its deadline, or until `items` has something."""
        waiter = _Waiter(deadline, items)
        try:
            if self._enter(waiter):
                self.bell.ring()
            waiter.gate.acquire()
        except BaseException:  # KeyboardInterrupt: the thread works again, whatever the clock was about to do
            with self._lock:
                self._parked.pop(waiter, None)
            self.bell.ring()
            raise
        if self._stopped is not None:
            raise self._stopped

    def _enter(self, waiter: _Waiter) -> bool:
        """List a thread as parked; tell whether that gives the clock's thread something to do."""
        with self._lock:
            if self._stopped is not None:
                waiter.gate.release()
                return False
            self._parked[waiter] = None
            return self._flows or bool(waiter.items) or len(self._parked) >= self._members

    def deliver(self, items: deque[Any]) -> None:
        """Have whoever waits for these woken. No lock: a signal handler may be calling.

        Who is not listed yet looks once more after listing itself, so no item is overlooked.
        """
        if any(waiter.items is items for waiter in list(self._parked)):
            self.bell.ring()

    def stop(self, why: Exception) -> None:
        """Let everybody go with this error, now and for ever; the first reason stands."""
        with self._lock:
            self._stopped = self._stopped or why
            self._release(list(self._parked))
        self.bell.ring()

    def drive(self) -> None:
        """Wake whoever is due and move time when nobody works, until stopped."""
        with contextlib.closing(self.bell), _Passed(self.stop):
            while self._listening():
                idle, deadline = self._wake_due()
                if idle and deadline is not None:
                    self._advance(deadline, self.bell)
                elif self._flows and deadline is not None:
                    self.bell.wait(deadline - self.now())
                else:
                    self.bell.wait(None)

    def _listening(self) -> bool:
        """Forget the bell, then look: what changes from here on rings again."""
        self.bell.silence()
        return self._stopped is None

    def _wake_due(self) -> tuple[bool, float | None]:
        """Wake who is due or has mail; tell whether nobody works, and the earliest deadline left."""
        now = self.now()
        with self._lock:
            self._release([w for w in self._parked if w.items or _is_due(w, now)])
            working = self._members - len(self._parked)
            if working < 0:
                raise RuntimeError("more threads wait on the clock than were announced by begin()")
            return working == 0, min(
                (w.deadline for w in self._parked if w.deadline is not None), default=None
            )

    def _release(self, waiters: list[_Waiter]) -> None:
        """Count these as working, then let them run: in that order, so that there is no gap."""
        for waiter in waiters:
            del self._parked[waiter]
            waiter.gate.release()


class _Passed:
    """Passes whatever error ends the clock's thread on to those who wait: a bug must show, not hang them."""

    def __init__(self, to: Callable[[Exception], None]) -> None:
        self._to = to

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, Exception):
            self._to(error)
            return True
        return False


def _is_due(waiter: _Waiter, now: float) -> bool:
    return waiter.deadline is not None and waiter.deadline <= now


class ParkingClock:
    """A clock that counts the working threads and moves time when there are none.

    The thread that makes it counts as working; others are announced with `begin` by a thread that
    works, before they get their work. `advance(until, bell)` moves time towards `until`; it may
    return early, and has to when the bell rings. `flows` says that time passes by itself, too.
    """

    def __init__(
        self, now: Callable[[], float], advance: Callable[[float, Bell], float], *, flows: bool = False
    ) -> None:
        self._parking = _Parking(now, advance, flows=flows)
        self._driver = threading.Thread(target=self._parking.drive, name="tdr-clock", daemon=True)
        self._driver.start()
        # The thread knows the parking only, so a clock that is forgotten takes its thread along.
        weakref.finalize(self, self._parking.stop, TdrError("the clock is gone")).atexit = False

    def now(self) -> float:
        """Give the time in unix seconds."""
        return self._parking.now()

    def sleep(self, seconds: float) -> None:
        """Park the calling thread for this long."""
        if seconds > 0:
            self._parking.park(self.now() + seconds, None)

    def mailbox(self) -> Mailbox[Any]:
        """Make a mailbox whose getters park."""
        return _ParkingMailbox(self, self._parking)

    def begin(self) -> None:
        """Count one more thread as working."""
        self._parking.count(1)

    def end(self) -> None:
        """Count one thread less as working."""
        self._parking.count(-1)

    def close(self) -> None:
        """Stop; whoever waits gets a TdrError."""
        self._parking.stop(TdrError("the clock was closed"))
        if threading.current_thread() is not self._driver:
            self._driver.join()

    def __enter__(self) -> Self:
        """Use the clock for the length of a `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class _ParkingMailbox:
    """Items in order; the clock's thread wakes who waits for them."""

    def __init__(self, clock: ParkingClock, parking: _Parking) -> None:
        self._clock = clock  # whoever holds a mailbox keeps its clock going
        self._parking = parking
        self._items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        self._items.append(item)
        self._parking.deliver(self._items)

    def get(self, until: float | None) -> Any | None:
        while True:
            with contextlib.suppress(IndexError):
                return self._items.popleft()
            if until is not None and self._clock.now() >= until:
                return None
            self._parking.park(until, self._items)


class VirtualClock(ParkingClock):
    """Time for tests: it stands still while anybody works and costs nothing to wait for."""

    def __init__(self, start: float = 0.0) -> None:
        hand = _Hand(start)
        super().__init__(hand.now, hand.advance)


class _Hand:
    """A time that is set."""

    def __init__(self, start: float) -> None:
        self._at = start

    def now(self) -> float:
        return self._at

    def advance(self, until: float, _bell: Bell) -> float:
        self._at = max(self._at, until)
        return self._at
