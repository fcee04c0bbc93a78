"""The one way to a vendor: a token at its pace, the call, a retry where it is safe, a count.

Retrying, pacing and the translation of errors live here and nowhere else; every SDK's own are off.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reconciler.clock import Clock, Mailbox
from reconciler.durations import about
from reconciler.errors import NotReady, ProviderError, RateLimited, Transient, Unavailable
from reconciler.pacing import Pace, pace
from reconciler.provider import NOTHING, ProviderType
from reconciler.secrets import Redactor

T = TypeVar("T")

ATTEMPTS_UNAVAILABLE = 4
ATTEMPTS_LIMITED = 8
FIRST_DELAY_S, MAX_DELAY_S = 1.0, 60.0
MAX_RETRY_AFTER_S = 600.0
"""While a plan is made, a vendor that asks for a longer rest is told of at once: a person waits for it."""
GRACE_S = 2 * MAX_DELAY_S
"""What is rested for even where the run ends before: what is under way is brought to its end."""


class Stop:
    """Whether the run is to end: set once, seen by all who would wait."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._sleepers: dict[int, Mailbox[str]] = {}
        self._ends_s: float | None = None

    def at(self, ends_s: float) -> None:
        """Let the run end at `ends_s`, unix seconds: until then is rested for."""
        self._ends_s = ends_s

    def most_s(self, clock: Clock) -> float:
        """Return how long may be rested for from now on, in seconds."""
        if self._ends_s is None:
            return MAX_RETRY_AFTER_S
        return max(GRACE_S, self._ends_s - clock.now())

    def set(self) -> None:
        """End the run: whoever pauses goes on at once."""
        self._event.set()
        for mailbox in tuple(self._sleepers.values()):
            mailbox.put("stop")

    def __bool__(self) -> bool:
        return self._event.is_set()

    def pause(self, clock: Clock, seconds: float) -> None:
        """Wait, but no longer than the run lasts; only for a thread that counts as working."""
        mailbox: Mailbox[str] = clock.mailbox()
        self._sleepers[id(mailbox)] = mailbox
        try:
            if not self:
                mailbox.get(clock.now() + seconds)
        finally:
            del self._sleepers[id(mailbox)]


@dataclass(slots=True)
class Tally:
    """How many calls were made, by operation, and how many were throttled."""

    calls: Counter[str] = field(default_factory=Counter)
    throttled: int = 0

    @property
    def total(self) -> int:
        return self.calls.total()


class VendorCalls:
    """`provider.Calls` for one alias."""

    def __init__(
        self,
        alias: str,
        type_: ProviderType,
        clock: Clock,
        *,
        redact: Redactor,
        stop: Stop,
        options: Mapping[str, Any] = NOTHING,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.tally = Tally()
        self._provider = f"{alias} ({type_.name})"
        self._translate = type_.translate
        self._clock = clock
        self._redact = redact
        self._stop = stop
        self._limits = {limit.unit: limit for limit in type_.limits_with(options)}
        self._jitter = jitter
        self._paces: Mapping[str, Pace] = {limit.unit: pace(limit, clock) for limit in self._limits.values()}
        self._lock = threading.Lock()

    def __call__(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        attempt = 0
        while True:
            attempt += 1
            token = self._paced(unit, operation, resource)
            try:
                return self._once(operation, fn)
            except ProviderError as error:
                told = self._told(error, operation, resource)
                rest_s = self._rest_s(told, attempt)
                self._note(unit, token, told, rest_s)
                if self._stop or not self._may_repeat(told, attempt, rest_s, repeatable=repeatable):
                    raise told from error
                self._stop.pause(self._clock, rest_s)
                if self._stop:
                    raise told from error

    def _paced(self, unit: str, operation: str, resource: str) -> int:
        """Wait for a token of the unit and return its number; raises RateLimited where the run ends before.

        A short wait is always sat out: calls in flight end. A long one ends with the run.
        """
        if unit not in self._paces:
            return 0
        number, wait_s = self._paces[unit].reserve(self._stop.most_s(self._clock))
        if wait_s <= GRACE_S:
            if wait_s > 0:
                self._clock.sleep(wait_s)
            return number
        if wait_s <= self._stop.most_s(self._clock):
            self._stop.pause(self._clock, wait_s)
            if not self._stop:
                return number
        text = f"no more calls for {about(wait_s)} ({self._limits[unit].source})"
        raise self._told(RateLimited(text, retry_after_s=wait_s), operation, resource)

    def _once(self, operation: str, fn: Callable[[], T]) -> T:
        with self._lock:
            self.tally.calls[operation] += 1
        try:
            return fn()
        except ProviderError:
            raise
        except Exception as error:
            meaning = self._translate(error)
            if meaning is None:
                raise
            raise meaning from error

    def _told(self, error: ProviderError, operation: str, resource: str) -> ProviderError:
        """Fill in what the engine knows, and hide secrets."""
        error.provider = error.provider or self._provider
        error.operation = error.operation or operation
        error.resource = error.resource or resource
        error.message = self._redact(error.message)
        error.args = (error.message,)
        return error

    def _rest_s(self, error: ProviderError, attempt: int) -> float:
        """Return how long to rest before the next attempt: at least what the vendor asks for."""
        delay_s = min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 1)) * (1 + self._jitter())
        asked_s = error.retry_after_s if isinstance(error, Transient) else None
        return delay_s if asked_s is None or asked_s <= delay_s else asked_s

    def _note(self, unit: str, token: int, error: ProviderError, rest_s: float) -> None:
        if not isinstance(error, RateLimited):
            return
        with self._lock:
            self.tally.throttled += 1
        if unit in self._paces:
            self._paces[unit].throttled(token, rest_s)

    def _may_repeat(self, error: ProviderError, attempt: int, rest_s: float, *, repeatable: bool) -> bool:
        """Tell whether another attempt is safe and may help, and comes before the run ends.

        A throttled request did nothing, whatever it was. A lost one may have taken effect: only what is the
        same done twice is repeated; the rest is looked for first, by whoever asked for it.
        """
        if not rest_s <= self._stop.most_s(self._clock):
            return False
        match error:
            case RateLimited():
                return attempt < ATTEMPTS_LIMITED
            case Unavailable(sent=sent):
                return attempt < ATTEMPTS_UNAVAILABLE and (repeatable or not sent)
            case NotReady():
                return False
            case Transient():
                return attempt < ATTEMPTS_UNAVAILABLE and repeatable
            case _:
                return False
