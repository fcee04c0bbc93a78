"""Progress as Terraform's event stream: one JSON object a line. Pure but for the stream.

Terraform's types and fields; what it has no word for has types of its own, which readers of the stream pass
over: a gate (`gate_start`, `gate_progress`, `gate_complete`, `gate_errored`), what is charged for by existing
(`billed`). A change that is written in several steps starts once and completes once, with progress between.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TextIO

from reconciler.billing import told
from reconciler.clock import Clock
from reconciler.desired import Desired
from reconciler.durations import elapsed
from reconciler.events import Event
from reconciler.findings import problems_of
from reconciler.model import Action, Change, ResourceId
from reconciler.plan import Gate, Plan, Step
from reconciler.plan_document import action_reason
from reconciler.problem import Problem
from reconciler.progress_lines import Verbs
from reconciler.render import totals

UI_VERSION = "1.2"
MODULE = "tdr.ui"
STREAM_ACTIONS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.DELETE: "delete",
    Action.REPLACE: "replace",
    Action.FORGET: "remove",
    Action.NOOP: "import",
}
REASONS = {
    "replace_by_request": "requested",
    "replace_because_cannot_update": "cannot_update",
    "delete_because_no_resource_config": "delete_because_no_resource_config",
}


def event_line(now_s: float, level: str, message: str, **fields: Any) -> str:
    """Return one event as a line of the stream."""
    at = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="microseconds")
    line = {"@level": level, "@message": message, "@module": MODULE, "@timestamp": at, **fields}
    return json.dumps(line) + "\n"


class JsonProgress:
    """The event stream of one run: the plan first, then what happens, a summary last."""

    def __init__(self, plan: Plan, clock: Clock, stream: TextIO, version: str) -> None:
        self._plan = plan
        self._clock = clock
        self._stream = stream
        self._version = version
        self._verbs = Verbs()
        self._ended: dict[str, str] = {}
        self._begun: set[ResourceId] = set()
        self._steps: dict[ResourceId, list[str]] = {}
        for step in plan.steps:
            self._steps.setdefault(step.change.id, []).append(step.id)

    def open(self) -> None:
        """Write what is about to be done."""
        self._write("info", f"tdr {self._version}", type="version", tdr=self._version, ui=UI_VERSION)
        for problem in problems_of(self._plan, Desired.from_data(self._plan.desired)):
            self._diagnose(problem)
        for change in self._plan.changes:
            self._planned(change)
        for one in self._plan.billed:
            self._write("info", f"Billed by existing: {told(one)}", type="billed", billed=asdict(one))
        imported, added, changed, destroyed, forgotten = self._plan.count()
        counts = {"add": added, "change": changed, "import": imported, "remove": destroyed}
        self._summary(totals(self._plan), "plan", {**counts, "forget": forgotten})

    def emit(self, event: Event) -> None:
        """Write one event."""
        if event.what not in ("start", "progress"):
            self._ended[event.node.id] = event.what
        if isinstance(event.node, Gate):
            self._gate(event, event.node)
        else:
            self._step(event, event.node)

    def close(self) -> None:
        """Write what became of it: on failure, too."""
        done = [change for change in self._plan.changes if self._outcome(change) == "applied"]
        outcomes = Counter(self._outcome(change) for change in self._plan.changes)
        actions = Counter(change.action for change in done)
        replaced = actions[Action.REPLACE]
        counts = {
            "add": actions[Action.CREATE] + replaced,
            "change": actions[Action.UPDATE],
            "import": sum(change.adopts for change in done),
            "remove": actions[Action.DELETE] + replaced,
            "failed": outcomes["failed"],
            "not_attempted": outcomes[""],
        }
        whole = all(self._ended.get(node.id) == "applied" for node in self._plan.nodes)
        destroys = self._plan.mode == "destroy"
        message = _last_line(counts, whole=whole, destroys=destroys)
        self._summary(message, "destroy" if destroys else "apply", counts)

    def _outcome(self, change: Change) -> str:
        """Return "applied", "failed", or "" where not all steps of a change were taken."""
        ends = [self._ended.get(id_, "") for id_ in self._steps.get(change.id, ())]
        if "failed" in ends:
            return "failed"
        return "applied" if ends and all(end == "applied" for end in ends) else ""

    # -- lines
    def _write(self, level: str, message: str, **fields: Any) -> None:
        self._stream.write(event_line(self._clock.now(), level, message, **fields))
        self._stream.flush()

    def _summary(self, message: str, operation: str, counts: Mapping[str, int]) -> None:
        self._write("info", message, type="change_summary", changes={**counts, "operation": operation})

    def _diagnose(self, problem: Problem) -> None:
        level = "error" if problem.severity == "error" else "warn"
        word = "Error" if problem.severity == "error" else "Warning"
        self._write(level, f"{word}: {problem.what}", type="diagnostic", diagnostic=problem.as_data())

    def _planned(self, change: Change) -> None:
        planned: dict[str, Any] = {"resource": _resource(change.id), "action": STREAM_ACTIONS[change.action]}
        reason = REASONS.get(action_reason(change))
        if reason:
            planned["reason"] = reason
        if change.adopts:
            planned["importing"] = {"id": change.id.key}
        message = f"{change.id.address}: Plan to {planned['action']}"
        self._write("info", message, type="planned_change", change=planned)

    def _step(self, event: Event, step: Step) -> None:
        verb = self._verbs.of(step)
        id_ = step.change.id
        hook: dict[str, Any] = {"resource": _resource(id_), "action": STREAM_ACTIONS[step.change.action]}
        if step.phase:
            hook["phase"] = step.phase
        if event.what == "start" or id_ not in self._begun:
            again = "apply_progress" if id_ in self._begun else "apply_start"
            self._begun.add(id_)
            self._write("info", f"{id_.address}: {verb.doing}...", type=again, hook=hook)
        if event.what == "start":
            return
        hook["elapsed_seconds"] = round(event.elapsed_s)
        if event.what == "applied":
            if step.last:
                hook |= {"id_key": "key", "id_value": id_.key}
            message = f"{id_.address}: {verb.done} complete after {elapsed(event.elapsed_s)}"
            self._write("info", message, type="apply_complete" if step.last else "apply_progress", hook=hook)
        else:
            self._write("error", f"{id_.address}: {verb.doing} errored", type="apply_errored", hook=hook)
            self._diagnose(Problem("", 0, 0, f"{id_.address}: {event.text}", ""))

    def _gate(self, event: Event, gate: Gate) -> None:
        hook = {
            "gate": {"kind": gate.kind.value, "host": gate.host, "text": gate.text},
            "subjects": [id_.address for id_ in gate.subjects],
            "elapsed_seconds": round(event.elapsed_s),
            "status": event.text,
        }
        name = {"start": "gate_start", "progress": "gate_progress", "applied": "gate_complete"}
        kind = name.get(event.what, "gate_errored")
        level = "error" if event.what == "failed" else "info"
        told = f": {event.text}" if event.text else ""
        self._write(level, f"{gate.host}: {gate.text}{told}", type=kind, hook={**hook, "outcome": event.what})
        if event.what == "failed":
            self._diagnose(Problem("", 0, 0, f"{gate.host}: {gate.text}: {event.text}", ""))


def _last_line(counts: Mapping[str, int], *, whole: bool, destroys: bool) -> str:
    """Return Terraform's last line, which says so where the run is not complete."""
    head = f"{'Destroy' if destroys else 'Apply'} {'complete!' if whole else 'incomplete.'} Resources: "
    if destroys:
        return f"{head}{counts['remove']} destroyed."
    first = f"{counts['import']} imported, " if counts["import"] else ""
    return f"{head}{first}{counts['add']} added, {counts['change']} changed, {counts['remove']} destroyed."


def _resource(id_: ResourceId) -> dict[str, str]:
    return {
        "addr": id_.address,
        "module": "",
        "resource": id_.address,
        "implied_provider": id_.alias,
        "resource_type": id_.kind,
        "resource_name": id_.alias,
        "resource_key": id_.key,
    }
