"""Applying one batch: again where that may help, in parts where the vendor refuses it whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from reconciler.calls import Stop
from reconciler.clock import Clock
from reconciler.diff import resolved
from reconciler.dns import CLAIM, role_of
from reconciler.errors import Conflict, InvalidRequest, ProviderError, Transient
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.plan import SETTLE, Step
from reconciler.provider import Done, Failed, Outcomes, Provider
from reconciler.records import proven, stamped

ATTEMPTS = 3
RETRY_DELAY_S = 2.0


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of a batch: an outcome for each change, and what was removed to be made anew."""

    outcomes: Outcomes
    removed: frozenset[ResourceId] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of one container, for one provider."""

    provider: Provider
    changes: Sequence[Change]
    replaced: Collection[ResourceId] = ()

    def attempt(self, clock: Clock, stop: Stop) -> Attempted:
        """Make the changes; what is to be replaced is removed first, then made anew."""
        removals = [
            Change(c.id, Action.DELETE, c.before, None) for c in self.changes if c.id in self.replaced
        ]
        gone = self._attempts(removals, clock, stop)
        removed = frozenset(id_ for id_, outcome in gone.items() if isinstance(outcome, Done))
        failed = {id_: outcome for id_, outcome in gone.items() if isinstance(outcome, Failed)}
        made = [self._anew(change) for change in self.changes if change.id not in failed]
        return Attempted({**self._attempts(made, clock, stop), **failed}, removed)

    def _anew(self, change: Change) -> Change:
        return replace(change, action=Action.CREATE, before=None) if change.id in self.replaced else change

    def _attempts(self, changes: Sequence[Change], clock: Clock, stop: Stop) -> Outcomes:
        """Apply changes, again where that may help: a provider looks before it creates."""
        outcomes: dict[ResourceId, Done | Failed] = {}
        left = list(changes)
        for attempt in range(1, ATTEMPTS + 1):
            if not left:
                break
            outcomes.update(self._apply(left))
            most_s = stop.most_s(clock)
            left = [change for change in left if _may_help(outcomes.get(change.id), most_s)]
            if stop or attempt == ATTEMPTS:
                break
            if left:
                asked_s = (_asked_s(outcomes.get(change.id)) for change in left)
                stop.pause(clock, max(RETRY_DELAY_S * attempt, *asked_s))
        return outcomes

    def _apply(self, changes: Sequence[Change]) -> Outcomes:
        """Apply a batch; where the vendor refuses it whole, its halves: one bad host then stands alone."""
        try:
            return self.provider.apply(changes)
        except (InvalidRequest, Conflict) as error:
            first, second = _halves(changes)
            if not second:
                return {change.id: Failed(error) for change in changes}
            return {**self._apply(first), **self._apply(second)}
        except ProviderError as error:
            return {change.id: Failed(error) for change in changes}


def batch_of(
    provider: Provider, steps: Sequence[Step], current: Mapping[ResourceId, Resource], stamped_s: float
) -> Batch:
    """Return steps as changes from what is live now; claims are stamped with `stamped_s`, unix seconds.

    What is to be replaced and was removed already is created: a second removal would end what is being made.
    """
    replaced = {step.change.id for step in steps if step.change.action is Action.REPLACE} & current.keys()
    return Batch(provider, tuple(_change_now(step, current, stamped_s) for step in steps), replaced)


def _change_now(step: Step, current: Mapping[ResourceId, Resource], stamped_s: float) -> Change:
    """Return a step as a change from what is live now, with what has become known filled in."""
    before = current.get(step.change.id)
    if step.write is None:
        return Change(step.change.id, Action.DELETE, before or step.change.before, None)
    after = resolved(step.write, current)
    if step.phase == SETTLE and before is not None:
        after = proven(before)
    elif role_of(step.change.id) == CLAIM:
        after = stamped(after, stamped_s)
    action = Action.CREATE if before is None else Action.UPDATE
    return Change(step.change.id, action, before, after, adopts=step.change.adopts)


def _halves(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Cut a batch in two, between hosts: a claim never goes without the record that it describes."""
    by_host: dict[object, list[Change]] = {}
    for change in changes:
        by_host.setdefault(change.host or change.id, []).append(change)
    groups = list(by_host.values())
    middle = (len(groups) + 1) // 2
    return list(chain(*groups[:middle])), list(chain(*groups[middle:]))


def _may_help(outcome: Done | Failed | None, most_s: float) -> bool:
    transient = isinstance(outcome, Failed) and isinstance(outcome.error, Transient)
    return transient and _asked_s(outcome) <= most_s


def _asked_s(outcome: Done | Failed | None) -> float:
    """Return how long the vendor asks to wait before it is asked again."""
    match outcome:
        case Failed(error=Transient(retry_after_s=asked_s)):
            return asked_s or 0.0
        case _:
            return 0.0
