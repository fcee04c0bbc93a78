"""What people are to set by hand: a table to read, and a zone file's lines to copy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model import Ref, Resource, ResourceId
from reconciler.one_line import one_line
from reconciler.plan import Gate, Node, Plan, Step
from reconciler.zone_file import UNKNOWN, contents, going, record_lines

NOW, LATER = "at once", "when apply asks for it"
HEAD = ("when", "name", "type", "TTL", "value")


def by_hand(plan: Plan) -> Iterator[str]:
    """Yield the lines: nothing where every zone has an API."""
    steps = [s for s in plan.steps if s.change.container in plan.by_hand]
    if not steps:
        return
    waits, leaving = _later(plan), _leaving(steps)
    yield "Records to set by hand (apply waits until the zone's own name servers show them):"
    yield ""
    rows = [row for step in steps for row in _rows(step, leaving[step.id], waits=waits[step.id])]
    yield from _table([HEAD, *rows])
    yield ""
    yield "The same as lines of a zone file:"
    yield ""
    yield from (
        f"  {line}" for step in steps if not waits[step.id] for line in _lines(step, leaving[step.id])
    )
    if any(waits[step.id] for step in steps):
        yield f"  ; {LATER}:"
        yield from (
            f"  {line}" for step in steps if waits[step.id] for line in _lines(step, leaving[step.id])
        )


def _rows(step: Step, leaving: Resource | None, *, waits: bool) -> Iterator[tuple[str, ...]]:
    when = LATER if waits else NOW
    for record, word in ((leaving, f"remove {when}"), (step.write, when)):
        if record is not None:
            ttl = str(record.attrs["ttl"])
            yield from ((word, _name(record), type_, ttl, content) for type_, content in contents(record))


def _lines(step: Step, leaving: Resource | None) -> Iterator[str]:
    if leaving is not None:
        yield from (f"; remove {line}" for line in record_lines(leaving))
    if step.write is not None:
        # What is not known yet is for reading: no server takes such a line.
        yield from (f"; {line}" if UNKNOWN in line else line for line in record_lines(step.write))


def _leaving(steps: Sequence[Step]) -> Mapping[str, Resource | None]:
    """Return for each step what it takes away, be it what an earlier step has set."""
    stands: dict[ResourceId, Resource | None] = {}
    found: dict[str, Resource | None] = {}
    for step in steps:
        before = stands.get(step.change.id, step.change.before)
        found[step.id] = going(before, step.write)
        stands[step.change.id] = step.write
    return found


def _name(record: Resource) -> str:
    name = record.attrs["name"]
    return UNKNOWN if isinstance(name, Ref) else one_line(str(name))


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join([*cells, row[-1]])


def _later(plan: Plan) -> Mapping[str, bool]:
    """Return for each node whether a gate, a write that is tdr's own, or one at its name comes before it."""
    found: dict[str, bool] = {}
    names = {node.id: _name_by_hand(node, plan) for node in plan.nodes}
    named: set[str] = set()
    for node in plan.nodes:
        before = [need for need in node.needs if need in names]
        name = names[node.id]
        found[node.id] = name in named or any(names[b] is None or found.get(b, False) for b in before)
        named.update([] if name is None else [name])
    return found


def _name_by_hand(node: Node, plan: Plan) -> str | None:
    """Return the name of the record that a person sets; None for a gate, and for what tdr writes."""
    if isinstance(node, Gate) or node.change.container not in plan.by_hand:
        return None
    return str(node.change.resource.attrs["name"])
