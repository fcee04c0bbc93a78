"""What a run did, for each step and each host: values and text. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model import Action, Finding, Severity
from reconciler.plan import Gate, Node, Plan, Step


class Outcome(enum.Enum):
    """How one step, gate or host ended."""

    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Result:
    """How one node ended. `scheduled`: it waits for a time that the plan named, not for an unmet gate."""

    outcome: Outcome
    why: str = ""
    scheduled: bool = False
    rolled_back: bool = False


@dataclass(frozen=True, slots=True)
class HostReport:
    """How one host ended, why, and the next thing to do."""

    host: str
    outcome: Outcome
    why: str = ""
    next: str = ""
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended."""

    plan: Plan
    results: Mapping[str, Result] = field(default_factory=dict)
    hosts: tuple[HostReport, ...] = ()
    interrupted: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the exit code is 0: all applied, or only waiting for a time that the plan named."""
        return not self.interrupted and all(
            h.outcome is Outcome.APPLIED or (h.outcome is Outcome.WAITING and h.scheduled) for h in self.hosts
        )

    def count(self) -> tuple[int, int, int, int]:
        """Return how many resources were imported, added, changed, destroyed."""
        undone = {s.change.id for s in self.plan.steps if not self._applied(s.id)}
        undone |= {id_ for g in self.plan.gates if self._rolled_back(g.id) for id_ in g.subjects}
        done = [c for c in self.plan.changes if c.id not in undone]
        actions = [c.action for c in done]
        replaced = actions.count(Action.REPLACE)
        return (
            sum(c.adopts for c in done),
            actions.count(Action.CREATE) + replaced,
            actions.count(Action.UPDATE),
            actions.count(Action.DELETE) + replaced,
        )

    def _applied(self, node: str) -> bool:
        result = self.results.get(node)
        return result is not None and result.outcome is Outcome.APPLIED

    def _rolled_back(self, node: str) -> bool:
        result = self.results.get(node)
        return result is not None and result.rolled_back


ORDER = (Outcome.FAILED, Outcome.WAITING, Outcome.SKIPPED)


def report_of(plan: Plan, results: Mapping[str, Result], *, interrupted: bool) -> Report:
    """Return the report of a run that gave these results; what has none was never begun."""
    blocked: dict[str, Finding] = {}
    for finding in plan.findings:
        if finding.severity is Severity.ERROR:
            blocked.setdefault(finding.host or "", finding)
    by_host: dict[str, list[Node]] = {}
    for node in plan.nodes:
        by_host.setdefault(node.host, []).append(node)
    command = "tdr destroy" if plan.mode == "destroy" else "tdr apply"
    unmet = {} if interrupted else _unmet(plan.nodes, results)
    hosts = [
        _host_report(host, nodes, results, command, unmet, interrupted=interrupted)
        for host, nodes in by_host.items()
    ]
    hosts += [HostReport(h, Outcome.SKIPPED, f.text, f.lift) for h, f in blocked.items()]
    return Report(plan, results, tuple(sorted(hosts, key=lambda h: h.host)), interrupted)


def _unmet(nodes: Iterable[Node], results: Mapping[str, Result]) -> dict[str, Node]:
    """Return for each node that was not begun the first one that it needs, in whatever way, and that is not
    applied: nodes come after what they need."""
    found: dict[str, Node] = {}
    for node in nodes:
        if node.id not in results:
            causes = [found[need] for need in sorted(node.needs) if need in found]
            found.update({node.id: causes[0]} if causes else {})
        elif results[node.id].outcome is not Outcome.APPLIED:
            found[node.id] = node
    return found


def _host_report(
    host: str,
    nodes: Iterable[Node],
    results: Mapping[str, Result],
    command: str,
    unmet: Mapping[str, Node],
    *,
    interrupted: bool,
) -> HostReport:
    ended = [(node, results[node.id]) for node in nodes if node.id in results]
    begun_all = len(ended) == len(list(nodes))
    for outcome in ORDER:
        worst = [(node, result) for node, result in ended if result.outcome is outcome]
        if worst:
            # A wait that the plan named is no news beside a gate that is not met.
            node, result = min(worst, key=lambda one: one[1].scheduled)
            why = f"{subject(node)}: {result.why}" if result.why else subject(node)
            return HostReport(host, outcome, why, _next(node, result, command), result.scheduled)
    if begun_all:
        return HostReport(host, Outcome.APPLIED)
    cause = next((unmet[node.id] for node in nodes if node.id in unmet), None)
    why = "the run was interrupted" if interrupted else _not_applied(cause)
    return HostReport(host, Outcome.SKIPPED, why, f"run `{command}` again")


def _not_applied(cause: Node | None) -> str:
    if cause is None:
        return "what it needs was not applied"
    whose = f"of {cause.host}" if cause.host else "which several domains share"
    return f"{subject(cause)}, {whose}, was not applied"


def _next(node: Node, result: Result, command: str) -> str:
    if result.outcome is Outcome.WAITING:
        deletes = isinstance(node, Step) and node.write is None  # a run that resumes takes nothing down
        resumed = f"{command} -resume" if command == "tdr apply" and not deletes else command
        return f"run `{resumed}` later: it goes on from here"
    if result.rolled_back:
        return f"DNS is back as it was; mend the cause and run `{command}` again"
    return f"mend the cause and run `{command}` again: it goes on from here"


def subject(node: Node) -> str:
    """Return what a node is about, for a line of a report."""
    if isinstance(node, Gate):
        return node.text
    return f"{node.change.id.address} ({node.phase})" if node.phase else node.change.id.address


def verb(step: Step) -> str:
    """Return what a step does, in Terraform's words."""
    if step.write is None:
        return "Destroying"
    creates = step.change.before is None and step.last and not step.phase
    return "Creating" if creates or step.change.action is Action.CREATE else "Modifying"


def report_text(report: Report, *, destroy: bool = False) -> str:
    """Return the final report: a line for each host that is not applied, then Terraform's last line."""
    lines: list[str] = []
    for host in report.hosts:
        if host.outcome is Outcome.APPLIED:
            lines.append(f"{host.host or 'shared'}: applied")
        else:
            lines.append(f"{host.host or 'shared'}: {host.outcome.value}: {host.why}")
            lines += [f"  next: {host.next}"] if host.next else []
    imported, added, changed, destroyed = report.count()
    first = f"{imported} imported, " if imported else ""
    counted = f"{first}{added} added, {changed} changed, {destroyed} destroyed."
    head = "Apply complete!" if report.succeeded else "Apply incomplete."
    if destroy and report.succeeded:
        last = f"Destroy complete! Resources: {destroyed} destroyed."
    else:
        last = f"{head} Resources: {counted}"
    return "\n".join([*lines, "", last, ""]) if lines else f"{last}\n"
