"""Sandbox time: real speed, until all who take part wait; then it jumps to the earliest wait."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from providers.sandbox.contract import ControlError


@dataclass(slots=True)
class _Wait:
    """One participant's wait, answered through `done` once time is there."""

    until: float
    done: asyncio.Future[None] = field(repr=False)


class Clock:
    """The one clock. Time never goes back."""

    def __init__(self, start: float | None = None) -> None:
        """Begin at `start` (unix seconds); None is the real now."""
        self._start = time.time() if start is None else start
        self._begun = time.monotonic()
        self._last_id = 0
        self._participants: dict[int, _Wait | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Give sandbox time in unix seconds."""
        return self._start + time.monotonic() - self._begun

    def set(self, now: float) -> None:
        """Go to a time that lies ahead; one that is past changes nothing."""
        self._start += max(0.0, now - self.now())
        self._settle()

    def advance(self, seconds: float) -> float:
        """Go ahead by so many seconds and give the new time."""
        self.set(self.now() + seconds)
        return self.now()

    def join(self) -> int:
        """Take part; time jumps only when this participant, too, waits."""
        self._last_id += 1
        self._participants[self._last_id] = None
        return self._last_id

    def leave(self, participant: int) -> None:
        """Take part no more. Its wait, if any, is cancelled."""
        wait = self._participants.pop(participant, None)
        if wait and not wait.done.done():
            wait.done.cancel()
        self._settle()

    async def wait(self, participant: int, until: float) -> float:
        """Return the time once it is `until` or later. Cancelling this call ends the wait."""
        if participant not in self._participants:
            raise ControlError(f"no participant {participant}: POST /clock/join first and hold it open", 404)
        if self._participants[participant] is not None:
            raise ControlError(f"participant {participant} waits already: one wait at a time", 409)
        wait = _Wait(until, asyncio.get_running_loop().create_future())
        self._participants[participant] = wait
        try:
            self._settle()
            await wait.done
        finally:
            if self._participants.get(participant) is wait:
                self._participants[participant] = None
        return self.now()

    async def gone(self) -> None:
        """Wait for ever: until the task that calls this is cancelled."""
        await asyncio.get_running_loop().create_future()

    def status(self) -> dict[str, Any]:
        """Give now, how many take part and how many of them wait."""
        waiting = sum(wait is not None for wait in self._participants.values())
        return {"now": self.now(), "participants": len(self._participants), "waiting": waiting}

    def _settle(self) -> None:
        """Jump if all wait, answer the waits that are over, set a timer for the next."""
        pending = [wait for wait in self._participants.values() if wait and not wait.done.done()]
        if pending and len(pending) == len(self._participants):
            self._start += max(0.0, min(wait.until for wait in pending) - self.now())
        now = self.now()
        for wait in pending:
            if wait.until <= now:
                wait.done.set_result(None)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        later = [wait.until for wait in pending if wait.until > now]
        if later:
            self._timer = asyncio.get_running_loop().call_later(min(later) - now, self._settle)
