"""What people are to set by hand: a table to read, and a zone file's lines to copy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model import Ref, Resource
from reconciler.one_line import one_line
from reconciler.plan import Gate, Node, Plan, Step
from reconciler.zone_file import UNKNOWN, contents, record_lines

NOW, LATER = "at once", "when apply asks for it"
HEAD = ("when", "name", "type", "TTL", "value")


def by_hand(plan: Plan) -> Iterator[str]:
    """Yield the lines: nothing where every zone has an API."""
    steps = [s for s in plan.steps if s.change.container in plan.by_hand]
    if not steps:
        return
    waits = _later(plan)
    yield "Records to set by hand (apply waits until the zone's own name servers show them):"
    yield ""
    rows = [row for step in steps for row in _rows(step, waits=waits[step.id])]
    yield from _table([HEAD, *rows])
    yield ""
    yield "The same as lines of a zone file:"
    yield ""
    yield from (f"  {line}" for step in steps for line in _lines(step))


def _rows(step: Step, *, waits: bool) -> Iterator[tuple[str, ...]]:
    when = LATER if waits else NOW
    for record, word in ((_leaving(step), f"remove {when}"), (step.write, when)):
        if record is not None:
            ttl = str(record.attrs["ttl"])
            yield from ((word, _name(record), type_, ttl, content) for type_, content in contents(record))


def _lines(step: Step) -> Iterator[str]:
    leaving = _leaving(step)
    if leaving is not None:
        yield from (f"; remove {line}" for line in record_lines(leaving))
    if step.write is not None:
        yield from record_lines(step.write)


def _leaving(step: Step) -> Resource | None:
    """Return what must go: a record that is deleted, or whose name gets another type."""
    before = step.change.before
    if before is None or (step.write is not None and step.write.attrs["type"] == before.attrs["type"]):
        return None
    return before


def _name(record: Resource) -> str:
    name = record.attrs["name"]
    return UNKNOWN if isinstance(name, Ref) else one_line(str(name))


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join([*cells, row[-1]])


def _later(plan: Plan) -> Mapping[str, bool]:
    """Return for each node whether a gate, or a write that is tdr's own, comes before it."""
    found: dict[str, bool] = {}
    by_id = {node.id: node for node in plan.nodes}
    for node in plan.nodes:
        before = [by_id[need] for need in node.needs if need in by_id]
        found[node.id] = any(_is_tdrs(one, plan) or found.get(one.id, False) for one in before)
    return found


def _is_tdrs(node: Node, plan: Plan) -> bool:
    return isinstance(node, Gate) or node.change.container not in plan.by_hand
