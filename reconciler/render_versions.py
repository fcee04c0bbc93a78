"""Containers that vendors keep in versions: what a plan changes between one version and the next. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Action, Change
from reconciler.one_line import one_line
from reconciler.plan import Plan

TITLE = "Versions:"
_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.REPLACE: "-/+"}


def versions(plan: Plan) -> Iterator[str]:
    """Yield the lines, none where no such container is written."""
    if plan.versions:
        yield TITLE
    for one in plan.versions:
        yield f"  {one_line(one.alias)} {one_line(one.container)}: {one_line(one.text)}"
        members = (c for c in plan.changes if (c.id.alias, c.container) == (one.alias, one.container))
        yield from (f"      {_told(change)}" for change in sorted(members, key=lambda c: c.id.address))


def _told(change: Change) -> str:
    fields = ", ".join(field.name for field in change.fields) if change.action is Action.UPDATE else ""
    return f"{_SIGNS.get(change.action, '.')} {change.id.address}{f': {fields}' if fields else ''}"
