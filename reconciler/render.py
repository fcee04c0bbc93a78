"""A plan as Terraform's users know it. Pure, byte-stable: no clock, no counts of calls, sorted.

The grammar is Terraform's (comment lines, signs, `Plan:` line): wrappers and tools for pull requests match on
it. What tdr adds, the order of work, comes after the `Plan:` line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.billing import TITLE as BILLED
from reconciler.billing import billed
from reconciler.model import REQUESTED, Action, Change, Severity
from reconciler.one_line import one_line
from reconciler.plan import Plan
from reconciler.render_by_hand import by_hand
from reconciler.render_order import order_of_work
from reconciler.render_values import all_attributes, changed_attributes, scalar
from reconciler.render_versions import TITLE, versions

NO_CHANGES = "No changes. Your infrastructure matches the configuration."
NOTHING_ALLOWED = "Planning failed. The errors forbid all that there is to do; nothing will be changed."

LEGEND = {
    Action.CREATE: "  + create",
    Action.UPDATE: "  ~ update in-place",
    Action.DELETE: "  - destroy",
    Action.REPLACE: "-/+ destroy and then create replacement",
}
WORDS = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.DELETE: "will be destroyed",
    Action.REPLACE: "must be replaced",
    Action.NOOP: "will be imported",
    Action.FORGET: "will no longer be managed by tdr, but will not be destroyed",
}
SIGNS = {
    Action.CREATE: "  +",
    Action.UPDATE: "  ~",
    Action.DELETE: "  -",
    Action.REPLACE: "-/+",
    Action.NOOP: "   ",
    Action.FORGET: "  .",
}


def plan_text(plan: Plan, *, color: bool = False) -> str:
    """Return the plan as text, with ANSI colours where asked for.

    The first line says where there is nothing to do.
    """
    lines = [*_paragraphs(plan)]
    if color:
        lines = [_colored(line) for line in lines]
    return "\n".join(lines) + "\n"


def _paragraphs(plan: Plan) -> Iterator[str]:
    errors = any(finding.severity is Severity.ERROR for finding in plan.findings)
    if plan.mode == "refresh-only" and plan.changes:
        yield from _drift(plan)
    elif plan.nodes or plan.changes:
        yield from _actions(plan)
        yield ""
        yield from order_of_work(plan)
        for section in (versions(plan), billed(plan), by_hand(plan)):
            if lines := list(section):
                yield from ("", *lines)
    elif errors:
        yield NOTHING_ALLOWED
        yield ""
        yield from order_of_work(plan)
    else:
        yield NO_CHANGES
    for note in _notes(plan):
        yield ""
        yield note


def _drift(plan: Plan) -> Iterator[str]:
    """Show what `-refresh-only` found: nothing is to be done about it."""
    yield "Note: Objects have changed outside of tdr"
    yield ""
    for change in sorted(plan.changes, key=lambda one: one.id.address):
        yield from _block(change)
        yield ""
    yield "This is a refresh-only plan: it changes nothing. `tdr plan` shows what would undo these."


def _actions(plan: Plan) -> Iterator[str]:
    used = {change.action for change in plan.changes} & LEGEND.keys()
    yield "tdr used the selected providers to generate the following execution"
    yield "plan. Resource actions are indicated with the following symbols:" if used else "plan."
    yield from (line for action, line in LEGEND.items() if action in used)
    yield ""
    yield "tdr will perform the following actions:"
    yield ""
    for change in sorted(plan.changes, key=lambda one: one.id.address):
        yield from _block(change)
        yield ""
    yield totals(plan)


def totals(plan: Plan) -> str:
    """Return the line that every gate tool reads: `Plan: A to add, C to change, D to destroy.`"""
    imported, added, changed, destroyed, forgotten = plan.count()
    first = f"{imported} to import, " if imported else ""
    last = f", {forgotten} to forget" if forgotten else ""
    return f"Plan: {first}{added} to add, {changed} to change, {destroyed} to destroy{last}."


# -- one change
def _block(change: Change) -> Iterator[str]:
    requested = change.action is Action.REPLACE and change.reason == REQUESTED
    words = "will be replaced, as requested" if requested else WORDS[change.action]
    yield f"  # {change.id.address} {words}"
    if change.adopts and change.reason:
        yield f"  # (taken over {one_line(change.reason)})"
    elif change.adopts and change.action is not Action.NOOP:
        yield f"  # (imported from {scalar(change.id.key)})"
    yield f"{SIGNS[change.action]} resource {scalar(change.id.kind)} {scalar(change.id.alias)} {{"
    yield from _attributes(change)
    yield "    }"


def _attributes(change: Change) -> Iterable[str]:
    before, after = change.before, change.after
    if before is not None and after is not None and change.action in (Action.UPDATE, Action.REPLACE):
        return changed_attributes(before.attrs, after.attrs)
    sign = {Action.CREATE: "+", Action.DELETE: "-"}.get(change.action, " ")
    return all_attributes(change.resource.attrs, sign)


# -- what stands beside
def _notes(plan: Plan) -> Iterator[str]:
    refused = {finding.host for finding in plan.findings if finding.severity is Severity.ERROR}
    touched = {*plan.hosts, *refused}
    orphans = [host for host in plan.orphans if host not in touched]
    if orphans:
        yield (
            f"Note: {plan.owner} also holds domains that no file names: {', '.join(sorted(orphans))}. "
            "They are left alone; -prune deletes them, `tdr forget` lets go of them."
        )
    if plan.reread:
        yield (
            "Note: DNS is read again right before and after each write, for its vendor has no "
            f"compare-and-swap: {', '.join(plan.reread)}."
        )
    if not plan.complete:
        yield "Note: the flags leave part of the files out of this plan."


# -- colours
BOLD, RED, GREEN, YELLOW, CYAN, RESET = (f"\x1b[{n}m" for n in (1, 31, 32, 33, 36, 0))
SIGNED = re.compile(r"( *)(-/\+|[-+~])( .*)")
OF_SIGN = {"+": GREEN, "~": YELLOW, "-": RED}


def _colored(line: str) -> str:
    """Colour a line by how it begins, as Terraform does."""
    if line.startswith("  # "):
        return f"{BOLD}{line}{RESET}"
    if line.startswith(("Plan:", "Order of work:", TITLE, BILLED)):
        head, colon, rest = line.partition(":")
        return f"{BOLD}{head}{colon}{RESET}{rest}"
    if line == NO_CHANGES:
        head, rest = line[:11], line[11:]
        return f"{BOLD}{GREEN}{head}{RESET}{BOLD}{rest}{RESET}"
    found = SIGNED.fullmatch(line)
    if found is None:
        return line
    space, sign, rest = found.groups()
    shade = "".join(f"{OF_SIGN[one]}{one}{RESET}" if one in OF_SIGN else one for one in sign)
    return f"{space}{shade}{rest}"
