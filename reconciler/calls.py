"""The one way to a vendor: a token from its bucket, the call, a retry where it is safe, a count.

Retrying, pacing and the translation of errors live here and nowhere else; every SDK's own are off.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.clock import Clock, Mailbox
from reconciler.errors import NotReady, ProviderError, RateLimited, Transient, Unavailable
from reconciler.provider import Limit, ProviderType
from reconciler.secrets import Redactor

T = TypeVar("T")

SHARE = 0.98
"""Of the published rate: just under it nothing is throttled (measured: 1.03 x the least time, no refusal)."""
ATTEMPTS_UNAVAILABLE = 4
ATTEMPTS_LIMITED = 8
FIRST_DELAY_S, MAX_DELAY_S = 1.0, 60.0
MAX_RETRY_AFTER_S = 600.0
"""A vendor that asks for a longer rest is told of at once: a run has an end."""


class Stop:
    """Whether the run is to end: set once, seen by all who would wait."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._sleepers: dict[int, Mailbox[str]] = {}

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


class Bucket:
    """Tokens of one accounting unit. Halves its rate when the vendor throttles, and recovers slowly.

    Holds one token less than the vendor's: of two calls the first may take longer on its way than the second.
    """

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._clock = clock
        self._full_rate = limit.per_s * SHARE
        self._rate = self._full_rate
        self._burst = max(1.0, float(limit.burst - 1))
        self._tokens = self._burst
        self._at_s = clock.now()
        self._taken = self._slowed = 0
        self._lock = threading.Lock()

    def take(self) -> int:
        """Wait for a token; return its number."""
        number, wait_s = self._reserve()
        if wait_s > 0:
            self._clock.sleep(wait_s)
        return number

    def _reserve(self) -> tuple[int, float]:
        with self._lock:
            self._taken += 1
            now_s = self._clock.now()
            self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._rate)
            self._at_s = now_s
            self._tokens -= 1
            self._rate = min(self._full_rate, self._rate * 1.01)
            return self._taken, max(0.0, -self._tokens / self._rate)

    def throttled(self, number: int) -> None:
        """Go at half the rate: the vendor counts otherwise than it says, or someone shares the account.

        What was given out at the rate before is refused for the same reason: it changes nothing more.
        """
        with self._lock:
            if number <= self._slowed:
                return
            self._slowed = self._taken
            self._rate = max(self._full_rate / 16, self._rate / 2)
            self._tokens = min(self._tokens, 0.0)


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
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.tally = Tally()
        self._provider = f"{alias} ({type_.name})"
        self._translate = type_.translate
        self._clock = clock
        self._redact = redact
        self._stop = stop
        self._jitter = jitter
        self._buckets: Mapping[str, Bucket] = {limit.unit: Bucket(limit, clock) for limit in type_.limits}
        self._lock = threading.Lock()

    def __call__(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        attempt = 0
        while True:
            attempt += 1
            token = self._buckets[unit].take() if unit in self._buckets else 0
            try:
                return self._once(operation, fn)
            except ProviderError as error:
                told = self._told(error, operation, resource)
                if self._stop or not _may_repeat(told, attempt, repeatable=repeatable):
                    raise told from error
                self._wait(unit, token, told, attempt)
                if self._stop:
                    raise told from error

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

    def _wait(self, unit: str, token: int, error: ProviderError, attempt: int) -> None:
        delay_s = min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 1)) * (1 + self._jitter())
        if isinstance(error, RateLimited):
            with self._lock:
                self.tally.throttled += 1
            if unit in self._buckets:
                self._buckets[unit].throttled(token)
        if isinstance(error, Transient):
            delay_s = max(delay_s, error.retry_after_s or 0.0)
        self._stop.pause(self._clock, delay_s)


def _may_repeat(error: ProviderError, attempt: int, *, repeatable: bool) -> bool:
    """Tell whether another attempt is safe and may help.

    A throttled request did nothing, whatever it was. A lost one may have taken effect: only what is the
    same done twice is repeated; the rest is looked for first, by whoever asked for it.
    """
    match error:
        case Transient(retry_after_s=after_s) if not (after_s or 0.0) <= MAX_RETRY_AFTER_S:
            return False
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
