"""Progress as lines in Terraform's words: one for each event that says something new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reconciler.durations import elapsed
from reconciler.events import Event
from reconciler.model import Action
from reconciler.one_line import one_line
from reconciler.plan import Gate, Node, Step
from reconciler.render_order import phase_of

EARLY_S = 10.0
"""A step younger than this is not told of again: most of what a vendor takes as an operation ends before."""
REPEAT_S = 60.0
"""How often a wait that says nothing new is told again."""
SHARED = "shared"


class Lines(Protocol):
    """Where lines go: a text stream, or what stands before one."""

    def write(self, text: str, /) -> object:
        """Take a whole line, its end included."""

    def flush(self) -> object:
        """Let it be seen."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What a step does, in Terraform's words: while it goes on, and when it is done."""

    doing: str
    done: str
    action: str


CREATE = Verb("Creating", "Creation", "create")
UPDATE = Verb("Modifying", "Modifications", "update")
DELETE = Verb("Destroying", "Destruction", "delete")
REPLACE = Verb("Replacing", "Replacement", "replace")
IMPORT = Verb("Importing", "Import", "import")


class Verbs:
    """The verb of each step; a resource is created by the first of its steps only."""

    def __init__(self) -> None:
        self._creator: dict[str, str] = {}

    def of(self, step: Step) -> Verb:
        """Return what step does."""
        if step.change.action is Action.NOOP:
            return IMPORT
        if step.write is None:
            return DELETE
        if step.change.action is Action.REPLACE:
            return REPLACE
        creates = step.change.before is None
        first = self._creator.setdefault(step.change.id.address, step.id) == step.id
        return CREATE if creates and first else UPDATE


class LineProgress:
    """One line for each event that says something new."""

    def __init__(self, stream: Lines) -> None:
        self._stream = stream
        self._verbs = Verbs()
        self._told: dict[str, tuple[str, float]] = {}

    def emit(self, event: Event) -> None:
        """Write the event's line, if it says something new."""
        self.tell(event)

    def tell(self, event: Event) -> bool:
        """Write the event's line, if it says something new; say whether it did."""
        node = event.node
        line = self._gate(event, node) if isinstance(node, Gate) else self._step(event, node)
        if line:
            self.write(line)
        return bool(line)

    def still(self, node: Node, elapsed_s: float) -> None:
        """Write that a node is still under way."""
        after = f"[{elapsed(elapsed_s)} elapsed]"
        if isinstance(node, Gate):
            self.write(f"{node.host or SHARED}: still waiting {after}: {node.text}")
        else:
            self.write(f"{node.change.id.address}: Still {self._verbs.of(node).doing.lower()}... {after}")

    def write(self, line: str) -> None:
        """Write one line, at once."""
        self._stream.write(f"{one_line(line)}\n")
        self._stream.flush()

    def _step(self, event: Event, step: Step) -> str:
        address, verb = step.change.id.address, self._verbs.of(step)
        phase = f" [{phase_of(step)}]" if phase_of(step) else ""
        match event.what:
            case "start":
                return f"{address}: {verb.doing}...{phase}"
            case "applied" if verb is IMPORT:
                return f"{address}: Import complete [id={step.change.id.key}]"
            case "applied":
                return f"{address}: {verb.done} complete after {elapsed(event.elapsed_s)}{phase}"
            case "failed":
                return f"Error: {address}: {event.text}"
            case "progress":
                after = f"[{elapsed(event.elapsed_s)} elapsed]"
                told = f"{address}: Still {verb.doing.lower()}... {after}: {event.text}"
                return told if event.elapsed_s >= EARLY_S and self._is_news(event) else ""
            case _:
                return f"{address}: {event.what}: {event.text}"

    def _gate(self, event: Event, gate: Gate) -> str:
        host = gate.host or SHARED
        match event.what:
            case "start":
                self._told[gate.id] = ("", 0.0)
                return f"{host}: waiting: {gate.text}..."
            case "progress":
                return self._still(event, host)
            case "applied":
                return f"{host}: ready after {elapsed(event.elapsed_s)}: {gate.text}"
            case "failed":
                return f"Error: {host}: {gate.text}: {event.text}"
            case "waiting":
                return f"{host}: not yet: {gate.text}: {event.text}"
            case _:
                return f"{host}: {event.what}: {gate.text}: {event.text}"

    def _still(self, event: Event, host: str) -> str:
        if not self._is_news(event):
            return ""
        return f"{host}: still waiting [{elapsed(event.elapsed_s)} elapsed]: {event.text}"

    def _is_news(self, event: Event) -> bool:
        text, at_s = self._told.get(event.node.id, ("", 0.0))
        if event.text == text and event.elapsed_s - at_s < REPEAT_S:
            return False
        self._told[event.node.id] = (event.text, event.elapsed_s)
        return True
