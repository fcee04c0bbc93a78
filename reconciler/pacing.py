"""Pacing: when the next call of an accounting unit may go. Reserves, never waits itself."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from reconciler.clock import Clock
from reconciler.limits import Limit

SHARE = 0.98
"""Of the published rate: just under it nothing is throttled (measured: 1.03 x the least time, no refusal)."""


class Pace(Protocol):
    """The pace of one accounting unit."""

    def reserve(self, most_s: float) -> tuple[int, float]:
        """Return a token's number, and in how many seconds its call may go.

        Nothing is reserved where that is more than `most_s`.
        """

    def throttled(self, number: int, rest_s: float) -> None:
        """Note that the vendor refused the call of a token as one too many, and that it rests so long."""


def pace(limit: Limit, clock: Clock) -> Pace:
    """Return the pace that keeps a limit."""
    return Window(limit, clock) if limit.window_s else Bucket(limit, clock)


class Bucket:
    """Tokens that come at a rate. Halves it when the vendor throttles, and recovers slowly.

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

    def reserve(self, most_s: float) -> tuple[int, float]:
        """Return a token's number, and in how many seconds its call may go."""
        with self._lock:
            now_s = self._clock.now()
            self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._rate)
            self._at_s = now_s
            wait_s = max(0.0, (1 - self._tokens) / min(self._full_rate, self._rate * 1.01))
            if wait_s <= most_s:
                self._taken += 1
                self._tokens -= 1
                self._rate = min(self._full_rate, self._rate * 1.01)
            return self._taken, wait_s

    def throttled(self, number: int, _rest_s: float) -> None:
        """Go at half the rate: the vendor counts otherwise than it says, or someone shares the account.

        What was given out at the rate before is refused for the same reason: it changes nothing more.
        """
        with self._lock:
            if number <= self._slowed:
                return
            self._slowed = self._taken
            self._rate = max(self._full_rate / 16, self._rate / 2)
            self._tokens = min(self._tokens, 0.0)


class Window:
    """So many calls in any window of time, the first ones at once.

    The window is taken a little longer than the vendor's: of two calls the first may take longer on its way
    than the second. What others use up shows as a refusal: nothing more is called until its rest is over.
    """

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._clock = clock
        self._length_s = limit.window_s / SHARE
        self._went_s: deque[float] = deque(maxlen=max(1, limit.burst))
        self._not_before_s = 0.0
        self._taken = 0
        self._lock = threading.Lock()

    def reserve(self, most_s: float) -> tuple[int, float]:
        """Return a token's number, and in how many seconds its call may go."""
        with self._lock:
            now_s = self._clock.now()
            at_s = max(now_s, self._not_before_s)
            if len(self._went_s) == self._went_s.maxlen:
                at_s = max(at_s, self._went_s[0] + self._length_s)
            if at_s - now_s <= most_s:
                self._taken += 1
                self._went_s.append(at_s)
            return self._taken, at_s - now_s

    def throttled(self, _number: int, rest_s: float) -> None:
        """Let nothing go until the vendor's rest is over."""
        with self._lock:
            self._not_before_s = max(self._not_before_s, self._clock.now() + rest_s)
