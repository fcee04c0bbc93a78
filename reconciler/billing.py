"""What a plan makes and ends of the things that vendors charge for by existing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds import Kind
from reconciler.model import Action, Change
from reconciler.one_line import one_line
from reconciler.plan import Billed, Plan

TITLE = "Billed by existing:"
NAMED = 3
"""How many of many things are named: all of them stand further up."""


def billed_by(changes: Iterable[Change], kinds: Mapping[str, Kind]) -> Iterator[Billed]:
    """Yield by account and kind what begins to cost something, and what ends to; sorted."""
    found: dict[tuple[str, str], dict[Action, list[str]]] = {}
    for change in changes:
        kind = kinds.get(change.id.kind)
        if kind is not None and kind.billed and change.action in (Action.CREATE, Action.DELETE):
            place = found.setdefault((change.id.alias, kind.name), {})
            place.setdefault(change.action, []).append(change.id.key)
    for (alias, name), keys in sorted(found.items()):
        begins, ends = (tuple(sorted(keys.get(action, ()))) for action in (Action.CREATE, Action.DELETE))
        yield Billed(alias, name, kinds[name].billed, begins, ends)


def billed(plan: Plan) -> Iterator[str]:
    """Yield the lines of a plan's text, none where nothing of this sort is made or ended."""
    if plan.billed:
        yield TITLE
    for one in plan.billed:
        yield f"  {told(one)}"
        yield from (f"      + {line}" for line in _named(one.begins))
        yield from (f"      - {line}" for line in _named(one.ends))


def told(one: Billed) -> str:
    """Return how many of what begin and end to cost something, and how."""
    counts = [f"{len(one.begins)} more"] if one.begins else []
    counts += [f"{len(one.ends)} fewer"] if one.ends else []
    return f"{one_line(one.alias)} {one.kind}, {' and '.join(counts)}: {one_line(one.text)}"


def _named(keys: tuple[str, ...]) -> Iterator[str]:
    yield from (one_line(key) for key in keys[:NAMED])
    if left := len(keys) - NAMED:
        yield from [f"{left:,} more of them"] if left > 0 else []
