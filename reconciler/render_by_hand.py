"""What people are to set by hand: a table to read, and a zone file's lines to copy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model import Ref, Resource
from reconciler.one_line import one_line
from reconciler.plan import Gate, Node, Plan, Step
from reconciler.zone_file import UNKNOWN, contents, record_lines

NOW, LATER, GOES = "at once", "when apply asks for it", "remove when apply asks for it"
HEAD = ("when", "name", "type", "TTL", "value")


def by_hand(plan: Plan) -> Iterator[str]:
    """Yield the lines: nothing where every zone has an API."""
    steps = [s for s in plan.steps if s.change.container in plan.by_hand]
    if not steps:
        return
    waits = _behind_gates(plan.nodes)
    yield "Records to set by hand (apply waits until the zone's own name servers show them):"
    yield ""
    rows = [row for step in steps for row in _rows(step, waits=waits[step.id])]
    yield from _table([HEAD, *rows])
    added = [line for step in steps if step.write is not None for line in record_lines(step.write)]
    if added:
        yield ""
        yield "The same as lines of a zone file:"
        yield ""
        yield from (f"  {line}" for line in added)


def _rows(step: Step, *, waits: bool) -> Iterator[tuple[str, ...]]:
    record = step.write or step.change.resource
    when = GOES if step.write is None else LATER if waits else NOW
    for type_, content in contents(record):
        yield when, _name(record), type_, str(record.attrs["ttl"]), content


def _name(record: Resource) -> str:
    name = record.attrs["name"]
    return UNKNOWN if isinstance(name, Ref) else one_line(str(name))


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join([*cells, row[-1]])


def _behind_gates(nodes: Sequence[Node]) -> Mapping[str, bool]:
    """Return for each node whether a gate, or a write elsewhere, comes before it."""
    found: dict[str, bool] = {}
    by_id = {node.id: node for node in nodes}
    for node in nodes:
        before = [by_id[need] for need in node.needs if need in by_id]
        found[node.id] = any(isinstance(one, Gate) or found.get(one.id, False) for one in before)
    return found
