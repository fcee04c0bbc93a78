"""Where DNS goes back to, should the proof after a move fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model import Change, Resource
from reconciler.order import is_move
from reconciler.plan import PIN, Gate, Step
from reconciler.report import Outcome, Result

BACK = "put back"


@dataclass(frozen=True, slots=True)
class Unmet:
    """A gate that is not met, and how it ends if nothing is put back."""

    gate: Gate
    result: Result


@dataclass(slots=True)
class WayBack:
    """The moves of one run, what stood before each, and what is on its way back."""

    moved: dict[str, Change] = field(default_factory=dict)
    before: dict[str, Resource] = field(default_factory=dict)
    returning: dict[str, Unmet] = field(default_factory=dict)

    def remember(self, step: Step) -> None:
        """Remember a move, and what stood there before it: the record, or the wildcard's answer."""
        if step.phase == PIN and step.write is not None:
            self.before[step.host] = step.write
        elif is_move(step):
            self.moved[step.host] = step.change
            if step.change.before is not None:
                self.before[step.host] = step.change.before

    def record(self, host: str) -> Resource | None:
        """Return what to put back for a host that moved in this run; None where nothing stood there."""
        return self.before.get(host) if host in self.moved else None

    def step(self, unmet: Unmet) -> Step:
        """Return the way back as one more step of the record; the gate ends when it did."""
        change = self.moved[unmet.gate.host]
        step = Step(f"{change.id.address}#{BACK}", change, self.before[unmet.gate.host], BACK)
        self.returning[step.id] = unmet
        return step

    def ended(self, step: Step, error: str | None) -> tuple[Gate, Result]:
        """Return the gate that waited for a step back, and how it ends."""
        unmet = self.returning.pop(step.id)
        if error is None:
            told = f"{unmet.result.why}; DNS was put back to what it was"
        else:
            told = f"{unmet.result.why}; putting DNS back failed too: {error}"
        return unmet.gate, Result(Outcome.FAILED, told, rolled_back=error is None)
