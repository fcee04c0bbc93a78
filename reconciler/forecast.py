"""What a run will cost: calls at each account, the least time that they take, the waits. Pure.

It goes to stderr: the plan itself is the same text whatever reading it took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from reconciler.desired import Desired
from reconciler.durations import about
from reconciler.model import Action
from reconciler.plan import Gate, GateKind, Node, Plan
from reconciler.provider import Limit, ProviderType
from reconciler.render_order import SHARED

NOTICED_S = 60.0
"""A least time over this is told with the rate that it rests on."""
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "destroyed",
    Action.FORGET: "forgotten",
    Action.NOOP: "imported",
}


def forecast_text(
    plan: Plan, desired: Desired, types: Mapping[str, ProviderType], reads: Mapping[str, int]
) -> str:
    """Return a line for each account that is called, and one for the waits where there are any.

    `reads` are the calls made for the plan, by alias. Writes are an estimate: one for each batch of a
    container, what each change takes beside that, one for each verification that is asked for.
    """
    writes = _writes(plan, {kind.name: kind.writes for type_ in types.values() for kind in type_.kinds})
    lines = [
        _account(alias, desired, types, reads.get(alias, 0), writes[alias])
        for alias in sorted(reads.keys() | writes.keys())
        if alias in desired.accounts and (reads.get(alias) or writes[alias])
    ]
    return "".join(f"{line}\n" for line in (*lines, *_waits(plan)))


# -- calls
def _writes(plan: Plan, each: Mapping[str, int]) -> Counter[str]:
    """Return about how many writes go to each alias; `each` are those of a change alone, by kind."""
    depths = _longest(plan, lambda _: 1)
    steps = [step for step in plan.steps if step.change.action is not Action.NOOP]
    batches = {(step.change.id.alias, step.change.container or step.id, depths[step.id]) for step in steps}
    alone = Counter[str]()
    for step in steps:
        alone[step.change.id.alias] += each.get(step.change.id.kind, 0)
    asked = [
        gate.subjects[0].alias for gate in plan.gates if gate.kind is GateKind.VERIFIED and gate.subjects
    ]
    return Counter([*(alias for alias, _, _ in batches), *asked]) + alone


def _account(alias: str, desired: Desired, types: Mapping[str, ProviderType], reads: int, writes: int) -> str:
    type_ = desired.accounts[alias].type
    head = f"{alias} ({type_}): {_counted(reads, 'read')}"
    if not writes:
        return head
    limits = types[type_].limits_with(desired.accounts[alias].options) if type_ in types else ()
    told = f"{head}, about {_counted(writes, 'write')}"
    if not limits:
        return told
    tightest = max(limits, key=lambda limit: _least_s(limit, reads, writes))
    least_s = _least_s(tightest, reads, writes)
    pace = f", at least {about(least_s)}" if least_s >= 1 else ""
    return f"{told}{pace}{f' ({tightest.source})' if least_s > NOTICED_S else ''}"


def _least_s(limit: Limit, reads: int, writes: int) -> float:
    """Return the least time of so many calls: the first `burst` are free, the others come at the rate.

    Where windows are counted, each further `burst` of them waits for a window to end.
    """
    calls = writes + (reads if limit.reads else 0)
    if limit.window_s:
        return max(0, calls - 1) // max(1, limit.burst) * limit.window_s
    return max(0.0, (calls - limit.burst) / limit.per_s)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# -- waits
def _waits(plan: Plan) -> Iterator[str]:
    waits = [node for node in plan.nodes if isinstance(node, Gate) or node.rounds.usual_s]
    if not waits:
        return
    usual_s = max(_longest(plan, _usual_s).values())
    most_s = max(_longest(plan, _most_s).values())
    longest = max(waits, key=lambda node: (_usual_s(node), _most_s(node), node.id))
    yield (
        f"waits: usually {about(usual_s)}, at most {about(most_s)} in all; the longest: "
        f"{longest.host or SHARED}: {_awaited(longest)} (usually {about(_usual_s(longest))}, "
        f"at most {about(_most_s(longest))})"
    )


def _awaited(node: Node) -> str:
    if isinstance(node, Gate):
        return node.text
    return f"{node.change.id.address} is {DONE[node.change.action]}"


def _usual_s(node: Node) -> int:
    return (node.wait_s or node.usual_s) if isinstance(node, Gate) else node.rounds.usual_s


def _most_s(node: Node) -> int:
    if isinstance(node, Gate):
        return node.wait_s or node.timeout_s
    return node.rounds.timeout_s if node.rounds.usual_s else 0


def _longest(plan: Plan, weight: Callable[[Node], int]) -> dict[str, int]:
    """Return for each node the heaviest way that leads to it and through it: domains go side by side."""
    found: dict[str, int] = {}
    for node in plan.nodes:
        before = max((found[need] for need in node.needs if need in found), default=0)
        found[node.id] = before + weight(node)
    return found
