"""A plan as Terraform's users know it. Pure, byte-stable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model import Action, Change, Ref, Value
from reconciler.order import role_of
from reconciler.plan import Gate, Plan, Step, plain

NO_CHANGES = "No changes. Your infrastructure matches the configuration."


def plan_text(plan: Plan, *, color: bool = False) -> str:
    """Return the plan as text."""
    if not plan.nodes and not plan.changes:
        return f"{NO_CHANGES}\n"
    lines: list[str] = []
    for change in plan.changes:
        lines += [*_change(change), ""]
    imported, added, changed, destroyed, forgotten = plan.count()
    first = f"{imported} to import, " if imported else ""
    last = f", {forgotten} to forget" if forgotten else ""
    lines.append(f"Plan: {first}{added} to add, {changed} to change, {destroyed} to destroy{last}.")
    lines += ["", "Order of work:", *_order(plan)]
    return "\n".join(lines) + "\n"


WORDS = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.DELETE: "will be destroyed",
    Action.REPLACE: "will be replaced, as requested",
    Action.NOOP: "will be imported",
    Action.FORGET: "will no longer be managed by tdr, but will not be destroyed",
}
SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.REPLACE: "-/+", Action.NOOP: " "}


def _change(change: Change) -> Iterator[str]:
    sign = SIGNS.get(change.action, ".")
    yield f"  # {change.id.address} {WORDS[change.action]}"
    yield f'{sign:>3} resource "{change.id.kind}" "{change.id.alias}" {{'
    fields = {field.name: field for field in change.fields}
    for name, value in sorted(change.resource.attrs.items()):
        if change.action is Action.UPDATE and name in fields:
            yield f"      ~ {name} = {_shown(fields[name].before)} -> {_shown(fields[name].after)}"
        elif change.action in (Action.CREATE, Action.DELETE):
            yield f"      {sign} {name} = {_shown(value)}"
    yield "    }"


def _shown(value: Value) -> str:
    if isinstance(value, Ref):
        return "(known after apply)"
    data = plain(value)
    return f'"{data}"' if isinstance(data, str) else str(data).lower() if isinstance(data, bool) else str(data)


def _order(plan: Plan) -> Iterable[str]:
    for number, node in enumerate(plan.nodes, 1):
        if isinstance(node, Gate):
            yield f"  {number}. {node.host}: {node.text}"
        elif isinstance(node, Step):
            phase = f" ({node.phase})" if node.phase else ""
            yield f"  {number}. {node.host}: {node.change.action.value} {node.change.id.address}{phase}"


__all__ = ["plan_text", "role_of"]
