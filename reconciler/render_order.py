"""The order of work: for each domain its steps and gates, in the order in which they go. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.durations import duration
from reconciler.model import Action, Finding, Severity
from reconciler.one_line import one_line
from reconciler.plan import LOWER, RESTORE, SETTLE, STAMP, Gate, GateKind, Node, Plan, Step
from reconciler.problem import joined

CLASSES = {
    "A": "the new edge is proven before DNS moves",
    "B": "the record is the edge: certificate and rules come first, then the record flips",
    "C": "the certificate is issued only after DNS moved: until then https fails",
}
DRIFT = "the file did not change: live state did, or an earlier run did not end"
SHARED = "what several domains share"
NAMED = 3
"""How many of the other domains that a step comes after are named."""
PHASES = {STAMP: "with the time of the record's change", SETTLE: "all is proven", "claim": ""}
"""How a phase is told, where its name alone says too little, or too much."""
WORDS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "destroy",
    Action.FORGET: "forget",
    Action.NOOP: "import",
}


def order_of_work(plan: Plan) -> Iterator[str]:
    """Yield the lines: domains by name, each with its numbered steps and gates, or why it is left out."""
    by_host: dict[str, list[Node]] = {}
    for node in plan.nodes:
        by_host.setdefault(node.host, []).append(node)
    refused = _by_host(plan.findings, Severity.ERROR)
    noted = _by_host(plan.findings, Severity.WARNING)
    places = _places(by_host)
    yield "Order of work:"
    for host in sorted({*by_host, *refused}):
        yield ""
        yield f"  {_heading(host, plan)}"
        if host in plan.drifted:
            yield f"    {DRIFT}"
        for finding in refused.get(host, ()):
            yield f"    left out: {_sentence(finding)}"
        for finding in noted.get(host, ()):
            yield f"    note: {finding.text}"
        begun: set[str] = set()
        for number, node in enumerate(by_host.get(host, ()), 1):
            line = _gate(node) if isinstance(node, Gate) else _step(node, begun)
            yield f"    {number:>2}. {line}{_after(node, places)}"


def _by_host(findings: Sequence[Finding], severity: Severity) -> dict[str, list[Finding]]:
    """Return the findings of this severity about each host, by their text."""
    found: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: (one.text, one.lift)):
        if finding.severity is severity and finding.host:
            found.setdefault(finding.host, []).append(finding)
    return found


def _places(by_host: Mapping[str, Sequence[Node]]) -> dict[str, tuple[str, int]]:
    """Return for each node the domain and number under which it is listed."""
    return {
        node.id: (host, number) for host, nodes in by_host.items() for number, node in enumerate(nodes, 1)
    }


def _heading(host: str, plan: Plan) -> str:
    if not host:
        return f"{SHARED}:"
    letter = plan.classes.get(host)
    move = f" (move of class {letter}: {CLASSES[letter]})" if letter in CLASSES else ""
    return f"{host}{move}:"


def _sentence(finding: Finding) -> str:
    return one_line(joined(finding.text, finding.lift))


def _after(node: Node, places: Mapping[str, tuple[str, int]]) -> str:
    """Name what the node needs of other domains: the numbers show the rest."""
    mine, _ = places[node.id]
    others: dict[str, list[int]] = {}
    for host, number in sorted(at for need in node.needs if (at := places.get(need)) is not None):
        if host != mine:
            others.setdefault(host, []).append(number)
    if not others:
        return ""
    named = [f"{_listed(others[host])} of {host or SHARED}" for host in list(others)[:NAMED]]
    more = len(others) - len(named)
    rest = f" and {more} more domain{'s' if more > 1 else ''}" if more > 0 else ""
    return f" (after {', '.join(named)}{rest})"


def _listed(numbers: Sequence[int]) -> str:
    """Return numbers as people list them: `1`, `1 and 2`, `1, 2 and 3`."""
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def _gate(gate: Gate) -> str:
    if gate.wait_s:
        return f"wait up to {duration(gate.wait_s)}: {one_line(gate.text)}"
    how_long = _how_long(gate.usual_s, gate.timeout_s)
    return f"wait {'for' if gate.kind is GateKind.READY else 'until'} {one_line(gate.text)}{how_long}"


def _how_long(usual_s: int, timeout_s: int) -> str:
    times = [f"usually {duration(usual_s)}"] if usual_s else []
    times += [f"at most {duration(timeout_s)}"] if timeout_s else []
    return f" ({', '.join(times)})" if times else ""


def _step(step: Step, begun: set[str]) -> str:
    """Tell a step; `begun` are the addresses that an earlier step has written already."""
    address = step.change.id.address
    again = address in begun and step.change.action is Action.CREATE
    begun.add(address)
    phase = phase_of(step)
    word = "update" if again else WORDS[step.change.action]
    rounds = step.rounds
    how_long = _how_long(rounds.usual_s, rounds.timeout_s) if rounds.usual_s else ""
    return f"{word} {address}{f' ({phase})' if phase else ''}{how_long}"


def phase_of(step: Step) -> str:
    """Return what a step is for, for people; empty where its change has no other."""
    ttl = step.write.attrs.get("ttl") if step.write is not None else None
    if step.phase in (LOWER, RESTORE) and isinstance(ttl, int):
        return f"{step.phase} to {duration(ttl)}"
    return PHASES.get(step.phase, step.phase)
