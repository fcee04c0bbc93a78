"""What a run undoes should the proof after a move fail: DNS goes back, or links turn to http again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.dns import CLAIM, record_id
from reconciler.hostview import HostView
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.order import is_move
from reconciler.plan import PIN, Gate, Step
from reconciler.provider import Status
from reconciler.records import undone
from reconciler.report import Outcome, Result
from reconciler.tracking import SECURE

BACK, TO_HTTP, NOTE = "put back", "turn links to http", "note that DNS was put back"


@dataclass(frozen=True, slots=True)
class Unmet:
    """A gate that is not met, how it ends, and why DNS stays as it is, where that was looked at."""

    gate: Gate
    result: Result
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """Whether the old end serves the host over https, and whether the new one does."""

    unmet: Unmet
    old: Status
    new: Status


@dataclass(slots=True)
class WayBack:
    """The moves of one run, what stood before each, and what is being undone."""

    hosts: Mapping[str, HostView]
    moved: dict[str, Change] = field(default_factory=dict)
    before: dict[str, Resource] = field(default_factory=dict)
    undoing: dict[str, Unmet | None] = field(default_factory=dict)

    def remember(self, step: Step) -> None:
        """Remember a move, and what stood there before it: the record, or the wildcard's answer."""
        if step.phase == PIN and step.write is not None:
            self.before[step.host] = step.write
        elif is_move(step):
            self.moved[step.host] = step.change
            if step.change.before is not None:
                self.before[step.host] = step.change.before

    def record(self, host: str) -> Resource | None:
        """Return what to put back for a host that moved, in this run or in one that did not prove it; None
        where nothing stood there."""
        if host in self.moved:
            return self.before.get(host)
        view = self.hosts.get(host)
        return view.earlier if view else None

    def had_https(self, host: str) -> bool:
        """Tell whether a host that an earlier run moved had https links in mail by then, whatever is written
        today: an end that serves http only is no way back for them."""
        return host not in self.moved and self.hosts[host].https_in_mail

    def put_back(self, unmet: Unmet) -> Step:
        """Return the way back as one more step of the record; the gate ends when it did."""
        host = unmet.gate.host
        record = self.record(host)
        if record is None:
            raise AssertionError("unreachable: only what stood there before is put back")
        change = self.moved.get(host) or Change(record.id, Action.UPDATE, self.hosts[host].before, record)
        return self._step(unmet, change, record, BACK)

    def remedy(self, ends: Ends, current: Mapping[ResourceId, Resource]) -> Step | None:
        """Return what helps a host whose links are https: DNS back to an end that serves it, else http links.

        None where neither does: the new end serves https all the same, links are http already, or SparkPost's
        side is not ours.
        """
        if ends.old.ready:
            return self.put_back(ends.unmet)
        view = self.hosts[ends.unmet.gate.host]
        alias = view.domain.sparkpost if view.domain else None
        live = current.get(ResourceId(alias, SECURE, view.host)) if alias else None
        if ends.new.ready or live is None or live.attrs.get("secure") is not True:
            return None
        off = live.with_attrs(secure=False)
        stays = f"; DNS stays, for the old end does not serve https: {ends.old.text}"
        change = Change(live.id, Action.UPDATE, live, off)
        return self._step(replace(ends.unmet, stays=stays), change, off, TO_HTTP)

    def noted(self, back: Step, current: Mapping[ResourceId, Resource]) -> Step | None:
        """Return the step by which the claim says that DNS was put back; None where a person writes it."""
        view = self.hosts[back.host]
        live = current.get(record_id(view.dns, view.host, CLAIM))
        if live is None or view.by_hand:
            return None
        write = undone(live)
        return self._step(None, Change(live.id, Action.UPDATE, live, write), write, NOTE)

    def _step(self, unmet: Unmet | None, change: Change, write: Resource, phase: str) -> Step:
        step = Step(f"{change.id.address}#{phase}", change, write, phase)
        self.undoing[step.id] = unmet
        return step

    def ended(self, step: Step, error: str | None) -> tuple[Gate, Result] | None:
        """Return the gate that waited for something to be undone, and how it ends; None where none did."""
        unmet = self.undoing.pop(step.id)
        if unmet is None:
            return None
        why = f"{unmet.result.why}{unmet.stays}"
        if step.phase == BACK:
            told = (
                "DNS was put back to what it was"
                if error is None
                else f"putting DNS back failed too: {error}"
            )
        elif error is None:
            told = "links are http again (`secure: false`) until https is proven"
        else:
            told = f"links stay https, for turning them to http failed too: {error}"
        rolled_back = error is None and step.phase == BACK
        return unmet.gate, replace(
            unmet.result, outcome=Outcome.FAILED, why=f"{why}; {told}", rolled_back=rolled_back
        )
