"""Whether a write that a vendor put off is asked for again in this run, in a later one, or never. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reconciler.errors import ByHand, NotReady, RateLimited
from reconciler.plan import Step


@dataclass(frozen=True, slots=True)
class InRounds:
    """A step that was put off; times in unix seconds: when it began, now, the run's end."""

    step: Step
    began_s: float
    now_s: float
    deadline_s: float

    def go_on(self, error: NotReady) -> bool:
        """Tell whether it is asked for again before the run ends and its own time is over."""
        ends_s = self.deadline_s
        if not isinstance(error, ByHand):
            ends_s = min(self._over_s, ends_s)
        return self._again_s <= ends_s

    def go_on_later(self, error: NotReady | RateLimited) -> bool:
        """Tell whether a later run need only ask again; a write whose own time is over has failed."""
        if isinstance(error, RateLimited):
            rest_s = error.retry_after_s
            return rest_s is not None and math.isfinite(rest_s) and self.now_s + rest_s > self.deadline_s
        in_time = self.deadline_s < self._again_s <= self._over_s
        return self.step.write is None or isinstance(error, ByHand) or in_time

    @property
    def _again_s(self) -> float:
        return self.now_s + self.step.rounds.poll_s

    @property
    def _over_s(self) -> float:
        return self.began_s + self.step.rounds.timeout_s
