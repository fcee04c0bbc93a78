"""Carrying out a plan: the only module with consequences.

One scheduler takes what is ready: changes go in batches, one in flight for each container, on a few
threads for each account; gates are asked again until they hold, and a wait holds no thread. A failure stops
only what needs it.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.batch import Attempted, batch_of
from reconciler.calls import Stop
from reconciler.clock import Clock
from reconciler.containers import Containers, Gathering
from reconciler.durations import about
from reconciler.errors import NotReady, ProviderError, RateLimited, Transient
from reconciler.events import Emit, Event
from reconciler.gates import GateKeeper, stamped_at_s
from reconciler.holding import Holding, Key
from reconciler.model import Action, Resource, ResourceId
from reconciler.plan import SETTLE, STAMP, Gate, GateKind, Node, Plan, Step
from reconciler.pool import Errands
from reconciler.provider import Done, Failed, Provider, Status
from reconciler.report import Outcome, Report, Result, report_of
from reconciler.rounds import InRounds
from reconciler.waits import Questions, Waits
from reconciler.way_back import BACK, Ends, Unmet, WayBack

THREADS_PER_ACCOUNT = 8
STAMP_MARGIN_S = 30.0
"""How far ahead a claim is stamped: the write that it goes with takes a moment, and a wait that is counted
from the stamp must not end early. Where writes take longer, twice as long as they take."""
GATHER_S = 10.0
"""How long a claim that is proven waits for others of its zone, to be written along with them."""


@dataclass(slots=True)
class Engine:
    """What a run needs besides the plan.

    deadline_s  the end of the run in unix seconds
    accounts    for each alias one that stands for its account: a container is the account's, not the alias's
    gathers     the kinds whose batches are held for more (`Kind.gathers`)
    """

    providers: Mapping[str, Provider]
    clock: Clock
    keeper: GateKeeper
    stop: Stop
    deadline_s: float
    emit: Emit
    threads: int = THREADS_PER_ACCOUNT
    accounts: Mapping[str, str] = field(default_factory=dict)
    gathers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Batched:
    key: Key
    steps: tuple[Step, ...]
    attempted: Attempted


@dataclass(frozen=True, slots=True)
class _Checked:
    gates: tuple[Gate, ...]
    statuses: Mapping[str, Status | ProviderError]


@dataclass(slots=True)
class Run:
    """One run of a plan; `live` is what the plan was made from. All state is the scheduler thread's own."""

    plan: Plan
    engine: Engine
    live: Mapping[ResourceId, Resource]
    errands: Errands = field(init=False)
    sorter: graphlib.TopologicalSorter[str] = field(init=False)
    nodes: dict[str, Node] = field(init=False)
    results: dict[str, Result] = field(init=False, default_factory=dict)
    current: dict[ResourceId, Resource] = field(init=False)
    started: dict[str, float] = field(init=False, default_factory=dict)
    containers: Containers = field(init=False)
    waiting: Waits = field(init=False, default_factory=Waits)
    questions: Questions = field(init=False)
    back: WayBack = field(init=False)
    answered_at_s: dict[str, float] = field(init=False, default_factory=dict)
    gathering: Gathering = field(init=False)
    stamp_margin_s: float = field(init=False, default=STAMP_MARGIN_S)
    sent: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.errands = Errands(self.engine.clock, self.engine.threads)
        self.sorter = graphlib.TopologicalSorter({node.id: node.needs for node in self.plan.nodes})
        self.nodes = {node.id: node for node in self.plan.nodes}
        self.current = dict(self.live)
        accounts = self.engine.accounts
        self.containers = Containers(accounts, Holding.of(self.nodes, self.engine.gathers, accounts))
        hosts = self.engine.keeper.hosts
        self.back = WayBack(hosts)
        self.questions = Questions(
            frozenset(h for h, v in hosts.items() if v.view and v.view.zone.tells_sync)
        )
        self.gathering = Gathering.of(step for step in self.plan.steps if step.phase == SETTLE)

    # -- the loop
    def run(self) -> Report:
        """Run until nothing more can be done; return what became of it.

        Raises only what is a bug; every vendor's refusal is in the report.
        """
        self.engine.stop.at(self.engine.deadline_s)
        self.sorter.prepare()
        try:
            self._loop()
        except KeyboardInterrupt:
            self.errands.abandon()  # ended at once
            raise
        except BaseException:
            self.engine.stop.set()
            raise
        finally:
            self.errands.close()
        return report_of(self.plan, self.results, interrupted=bool(self.engine.stop))

    def _loop(self) -> None:
        while True:
            if not self.engine.stop:
                self._start()
            self._drop_gone()
            if not (self.errands.under_way or (self.waiting and not self.engine.stop)):
                break
            self._take(self._next_message())

    def _drop_gone(self) -> None:
        while (first := self.waiting.first) and isinstance(step := first[1], Step):
            if not self.gathering.is_gone(step):
                break
            self.waiting.pop()
            self.gathering.due(step)

    def interrupt(self) -> None:
        """End the run: calls in flight end, nothing new begins. Safe in a signal handler."""
        self.engine.stop.set()
        self.errands.wake()

    def _next_message(self) -> object:
        firsts = () if self.engine.stop else (self.waiting.first, self.containers.holding.first)
        due = [first[0] for first in firsts if first]
        return self.errands.next(min(due, default=None))

    def _take(self, message: object) -> None:
        match message:
            case _Batched():
                self._batched(message)
            case _Checked():
                self._checked(message)
            case Ends():
                self._ends_answered(message)
            case _:
                self._ask_due()

    def _start(self) -> None:
        while ready := self.sorter.get_ready():
            for id_ in sorted(ready):
                self._begin(self.nodes[id_])
        for key, steps in self.containers.take(self.engine.clock.now()):
            self._send(key, steps)

    def _begin(self, node: Node) -> None:
        self.started[node.id] = self.engine.clock.now()
        self.containers.holding.began(node.id)
        if isinstance(node, Gate):
            self._begin_gate(node)
        elif node.change.action is Action.NOOP:
            self._end(node, Result(Outcome.APPLIED))
        elif node.phase == SETTLE:
            self._begin_settling(node)
        else:
            self.containers.add(node)

    def _begin_settling(self, step: Step) -> None:
        gathered = self.gathering.add(step)
        self._add(gathered)
        if not gathered:
            self._wake_at(self.engine.clock.now() + GATHER_S, step)

    def _add(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.containers.add(step)

    def _end(self, node: Node, result: Result) -> None:
        self.results[node.id] = result
        elapsed_s = self.engine.clock.now() - self.started.get(node.id, self.engine.clock.now())
        self.engine.emit(Event(result.outcome.value, node, elapsed_s, result.why))
        if result.outcome is Outcome.APPLIED:
            if isinstance(node, Gate) and node.kind is GateKind.ANSWERS:
                self.answered_at_s[node.host] = self.engine.clock.now()
            self.containers.holding.done(node.id)
            self.sorter.done(node.id)

    # -- changes
    def _send(self, key: Key, steps: tuple[Step, ...]) -> None:
        alias = steps[0].change.id.alias
        for step in steps:
            if step.id not in self.sent:  # what is asked again was begun already
                self.sent.add(step.id)
                self.engine.emit(Event("start", step))
        stamped_s = self.engine.clock.now() + self.stamp_margin_s
        batch = batch_of(self.engine.providers[alias], steps, self.current, stamped_s)
        attempt = partial(batch.attempt, self.engine.clock, self.engine.stop)
        self.errands.send(alias, lambda: _Batched(key, steps, attempt()))

    def _batched(self, message: _Batched) -> None:
        self.containers.free(message.key)
        for id_ in message.attempted.removed:
            self._know(id_, None)
        for step in message.steps:
            self._step_ended(step, message.attempted.outcomes.get(step.change.id))

    def _step_ended(self, step: Step, outcome: Done | Failed | None) -> None:
        if isinstance(outcome, Done):
            self._know(step.change.id, outcome.resource)
        if step.id in self.back.undoing:
            self._undone(step, outcome)
            return
        match outcome:
            case Done(resource=Resource() as claim) if step.phase == STAMP and self._is_late(claim):
                # It took so long that a wait counted from this time would end too early.
                took_s = self.engine.clock.now() - self.started[step.id]
                self.stamp_margin_s = max(self.stamp_margin_s, 2 * took_s)
                self.containers.add(step)
            case Done():
                self.back.remember(step)
                self._end(step, Result(Outcome.APPLIED))
            case Failed(error=NotReady() as error) if not self.engine.stop and self._rounds(step).go_on(
                error
            ):
                elapsed_s = self.engine.clock.now() - self.started[step.id]
                self.engine.emit(Event("progress", step, elapsed_s, error.message))
                self._wake_at(self.engine.clock.now() + step.rounds.poll_s, step)
            case Failed(error=NotReady() | RateLimited() as error) if self._rounds(step).go_on_later(error):
                self._end(step, Result(Outcome.WAITING, str(error)))
            case Failed(error=NotReady() as error) if self.engine.stop and self._rounds(step).go_on(error):
                self._end(step, Result(Outcome.SKIPPED, "the run was interrupted"))
            case Failed(error=error):
                self._end(step, Result(Outcome.FAILED, str(error)))
            case None:
                self._end(step, Result(Outcome.FAILED, "the provider said nothing about it"))

    def _is_late(self, claim: Resource) -> bool:
        stamped_s = stamped_at_s(claim)
        return stamped_s is not None and self.engine.clock.now() > stamped_s

    def _know(self, id_: ResourceId, resource: Resource | None) -> None:
        if resource is None:
            self.current.pop(id_, None)
        else:
            self.current[id_] = resource

    def _rounds(self, step: Step) -> InRounds:
        return InRounds(step, self.started[step.id], self.engine.clock.now(), self.engine.deadline_s)

    def _wake_at(self, due_s: float, node: Node) -> None:
        self.waiting.add(due_s, node)

    # -- gates
    def _begin_gate(self, gate: Gate) -> None:
        self.engine.emit(Event("start", gate))
        due_s = self.engine.clock.now()
        if gate.kind is GateKind.OLD_TTL:
            due_s = self.engine.keeper.old_answer_gone_s(
                gate, self.current, self.answered_at_s.get(gate.host)
            )
        if due_s > self.engine.deadline_s and gate.kind is GateKind.OLD_TTL:
            left = about(due_s - self.engine.clock.now())
            self._end(gate, Result(Outcome.WAITING, f"{left} left", scheduled=True))
            return
        self._wake_at(due_s, gate)

    def _ask_due(self) -> None:
        now_s = self.engine.clock.now()
        gates: list[Gate] = []
        while (first := self.waiting.first) and first[0] <= now_s and not self.engine.stop:
            node = self.waiting.pop()
            if isinstance(node, Gate):
                gates.append(node)
            else:
                self._add((*self.gathering.due(node), *self._again_too(node)))
        for together in self.questions.due(gates):
            if together[0].kind is GateKind.OLD_TTL:
                self._end(together[0], Result(Outcome.APPLIED))
            else:
                self._ask((*together, *self._waiting_too(together[0])))

    def _again_too(self, step: Step) -> list[Step]:
        """Take along what else of the step's container is to be asked for again: one batch does for all."""
        if step.id not in self.sent or step.change.container is None:
            return []
        place = (step.change.id.alias, step.change.container)
        taken = self.waiting.take(
            lambda node: (
                isinstance(node, Step)
                and node.id in self.sent
                and not self.gathering.is_gone(node)
                and (node.change.id.alias, node.change.container) == place
            )
        )
        return [node for node in taken if isinstance(node, Step)]

    def _waiting_too(self, asked: Gate) -> list[Gate]:
        """Take along what else waits for the same answer of a vendor: one list answers for all."""
        group = self.questions.group(asked)
        if not group:
            return []
        taken = self.waiting.take(lambda node: isinstance(node, Gate) and self.questions.group(node) == group)
        return [node for node in taken if isinstance(node, Gate)]

    def _ask(self, gates: tuple[Gate, ...]) -> None:
        of_vendor, keeper = self.questions.of_vendor(gates[0]), self.engine.keeper
        ask = keeper.written if of_vendor and gates[0].kind is GateKind.ANSWERS else keeper.check
        self.questions.begun(gates)
        pool = gates[0].subjects[0].alias if of_vendor else "net"
        self.errands.send(pool, lambda: _Checked(gates, ask(gates, self.current)))

    def _checked(self, message: _Checked) -> None:
        for gate in self.questions.ended(message.gates):
            self._wake_at(self.engine.clock.now(), gate)
        for gate in message.gates:
            status = message.statuses[gate.id]
            if isinstance(status, ProviderError):
                lasting = not isinstance(status, (Transient, NotReady))
                status = Status(ready=False, text=str(status), hopeless=lasting)
            if status.ready and self.questions.only_written(gate):
                self._ask((gate,))
            else:
                self._gate_answered(gate, status)

    def _gate_answered(self, gate: Gate, status: Status) -> None:
        now_s = self.engine.clock.now()
        again_s = now_s + gate.poll_s
        ends_s = min(self.started[gate.id] + gate.timeout_s, self.engine.deadline_s)
        if status.ready:
            self._end(gate, Result(Outcome.APPLIED, status.text))
        elif self.engine.stop:
            self._end(gate, Result(Outcome.SKIPPED, "the run was interrupted"))
        elif status.hopeless:
            self._unmet(gate, Outcome.FAILED, status.text)
        elif again_s > ends_s:
            self._unmet(gate, Outcome.WAITING, status.text)
        else:
            self.engine.emit(Event("progress", gate, now_s - self.started[gate.id], status.text))
            self._wake_at(again_s, gate)

    # -- the way back
    def _unmet(self, gate: Gate, outcome: Outcome, why: str) -> None:
        """End a gate that is not met; DNS that moved, and that no run proved, goes back while that helps.

        It helps while links were never https, and afterwards if the old end serves https.
        Where neither end serves https, links turn to http again.
        """
        unmet, record = Unmet(gate, Result(outcome, why)), self.back.record(gate.host)
        if record is None or gate.kind not in (GateKind.PROBE, GateKind.READY):
            self._end(gate, unmet.result)
        elif self.engine.keeper.is_secure(gate.host, self.current) or self.back.had_https(gate.host):
            keeper, host = self.engine.keeper, gate.host
            self.errands.send(
                "net", lambda: Ends(unmet, keeper.still_serves(host, record), keeper.serves_https(host))
            )
        elif gate.kind is GateKind.PROBE:
            self._undo(self.back.put_back(unmet))
        else:
            self._end(gate, unmet.result)

    def _ends_answered(self, ends: Ends) -> None:
        step = None if self.engine.stop else self.back.remedy(ends, self.current)
        if step is None:
            self._end(ends.unmet.gate, replace(ends.unmet.result, why=f"{ends.unmet.result.why}; DNS stays"))
        else:
            self._undo(step)

    def _undo(self, step: Step) -> None:
        self.started[step.id] = self.engine.clock.now()
        self.containers.add(step)

    def _undone(self, step: Step, outcome: Done | Failed | None) -> None:
        silent = "the provider said nothing about it"
        error = None if isinstance(outcome, Done) else str(outcome.error) if outcome else silent
        ended = Outcome.APPLIED if error is None else Outcome.FAILED
        elapsed_s = self.engine.clock.now() - self.started[step.id]
        self.engine.emit(Event(ended.value, step, elapsed_s, error or ""))
        noted = self.back.noted(step, self.current) if step.phase == BACK and error is None else None
        if gate_and_result := self.back.ended(step, error):
            self._end(*gate_and_result)
        if noted is not None and not self.engine.stop:
            self._undo(noted)
