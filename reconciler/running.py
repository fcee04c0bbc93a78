"""A run as a user sees it: open the accounts, plan, ask, apply, report. Effects are here and below."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from reconciler import app
from reconciler.apply import Engine, Run
from reconciler.assemble import Assembly
from reconciler.calls import Stop
from reconciler.clock import from_environment
from reconciler.closed import through_caches
from reconciler.collector import collector_off, collector_rare, stands
from reconciler.commands import color, err, out
from reconciler.delegation import with_delegations
from reconciler.desired import Desired
from reconciler.errors import RefusedError, StalePlanError, UsageError
from reconciler.findings import findings_text
from reconciler.forecast import forecast_text
from reconciler.gates import GateKeeper
from reconciler.model import Severity
from reconciler.net import from_environment as network_from
from reconciler.plan import Gate, GateKind, Node, Plan, moved, seems_carried_out
from reconciler.planner import Choice
from reconciler.preflight import preflight
from reconciler.progress import progress_for, reading
from reconciler.progress_json import event_line
from reconciler.reclaim import reclaiming
from reconciler.registry import provider_types
from reconciler.render import plan_text
from reconciler.report import Report, report_text
from reconciler.report_json import report_json
from reconciler.saved import SavedPlan, plan_json, write_plan


def choice_of(args: Namespace) -> Choice:
    """Return what the flags ask of a plan."""
    return Choice(
        targets=tuple(args.target),
        excludes=tuple(args.exclude),
        replaces=tuple(args.replace),
        destroy=getattr(args, "destroy", False),
        prune=args.prune,
        refresh_only=getattr(args, "refresh_only", False),
        resume=getattr(args, "resume", False),
        max_deletes=args.max_deletes,
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A plan with what it was made from."""

    plan: Plan
    assembly: Assembly
    choice: Choice

    @property
    def failed(self) -> bool:
        """Whether a finding forbids something."""
        return any(finding.severity is Severity.ERROR for finding in self.plan.findings)


class Opened(AbstractContextManager["Opened"]):
    """One run over opened accounts."""

    def __init__(self, desired: Desired, args: Namespace) -> None:
        self.args = args
        self._collector = collector_rare()
        self.stop = Stop()
        self.clock = from_environment(os.environ)
        self.network = network_from(os.environ)
        for line in self.network.announcements():
            err(f"{line}\n")
        try:
            self.session = app.open_session(desired, provider_types(), os.environ, self.clock, self.stop)
        except BaseException:
            self.clock.close()
            raise

    def __enter__(self) -> Self:
        self._collector.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._collector.__exit__(None, None, None)
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            return  # the process ends at once: threads in the middle of a call keep what they use
        self.session.close()
        self.clock.close()

    # -- plan
    def plan(self, choice: Choice) -> Made:
        """Read everything and make the plan."""
        with collector_off():
            with reading(self.args, self.session.providers, sys.stderr):
                world = app.read_world(self.session, everything=choice.prune)
            plan, assembly = app.plan_from(self.session, world, choice)
            told = with_delegations(world, assembly, self.network)
            if told is not None:
                plan, assembly = app.plan_from(self.session, told, choice)
            seen = preflight(plan, assembly, self.network)
            if seen:
                plan, assembly = app.plan_from(self.session, told or world, choice, seen)
            if self.network.settings.recursive:
                plan = through_caches(plan, assembly.hosts)
            stands()
        return Made(plan, assembly, choice)

    def show(self, made: Made) -> None:
        """Print the plan, what it found, what it will cost; with `-json` the stream tells the first two."""
        if getattr(self.args, "json", False):
            if self.args.command == "plan":
                with progress_for(self.args, made.plan, self.clock, sys.stderr, planned_only=True):
                    return
            return
        out(plan_text(made.plan, color=color(self.args)))
        err(findings_text(made.plan, self.session.desired))
        reads = {alias: calls.tally.total for alias, calls in self.session.calls.items()}
        err(forecast_text(self._from_now(made), self.session.desired, self.session.types, reads))

    def _from_now(self, made: Made) -> Plan:
        """Return the plan with the waits that are left: of a host that moved before, some has passed."""
        keeper, now_s = self._keeper(made), self.clock.now()

        def left(node: Node) -> Node:
            if (
                not isinstance(node, Gate)
                or node.kind is not GateKind.OLD_TTL
                or keeper.hosts[node.host].moves
            ):
                return node
            ends_s = keeper.old_answer_gone_s(node, made.assembly.live, None)
            left_s = max(0, math.ceil(ends_s - now_s))
            return replace(node, wait_s=left_s, usual_s=left_s)

        return replace(made.plan, nodes=tuple(left(node) for node in made.plan.nodes))

    def _keeper(self, made: Made) -> GateKeeper:
        return GateKeeper(self.session.providers, self.network, made.assembly.hosts, self.clock)

    def _document(self, made: Made) -> dict[str, object]:
        return plan_json(made.plan, made.choice, self.session.desired)

    def save(self, made: Made, path: Path) -> None:
        """Save the plan for `tdr apply FILE`."""
        write_plan(path, self._document(made))
        if not os.environ.get("TF_IN_AUTOMATION") and not os.environ.get("TDR_IN_AUTOMATION"):
            err(f"\nSaved the plan to {path}. To carry out exactly it:\n    tdr apply {path}\n")

    # -- apply
    def apply(self, choice: Choice) -> int:
        """Plan, ask, apply."""
        self._refuse_without_answer("pass -auto-approve, or a saved plan (`tdr plan -out FILE`)")
        made = self.plan(choice)
        self.show(made)
        if made.plan.nodes and not self.args.auto_approve:
            self._ask(made)
            made = self._as_approved(made.plan, choice)
        return self._carry_out(made)

    def apply_saved(self, saved: SavedPlan) -> int:
        """Carry out a saved plan, unless something that it rests on has moved."""
        made = self._as_approved(saved.plan, saved.choice)
        return self._carry_out(made)

    def _refuse_without_answer(self, instead: str) -> None:
        if self.args.auto_approve or (self.args.input and sys.stdin.isatty()):
            return
        raise UsageError(f"nobody can be asked here: {instead}")

    def _ask(self, made: Made) -> None:
        doing = "destroy all of this" if made.choice.destroy else "perform these actions"
        err(f"\nDo you want to {doing}?\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: ")
        if sys.stdin.readline().strip() != "yes":
            raise RefusedError("not approved: nothing was changed")

    def _as_approved(self, approved: Plan, choice: Choice) -> Made:
        """Read again what the plan rests on; refuse by name what moved."""
        now = self.plan(choice)
        changed = moved(approved, now.plan)
        if seems_carried_out(approved, now.plan):
            raise StalePlanError(
                "the plan seems to be carried out already: nothing of it is left to do; "
                "`tdr plan` shows whether anything else is"
            )
        if changed:
            listed = "\n".join(f"  {line}" for line in changed)
            raise StalePlanError(
                f"the plan is stale, plan again: since it was approved, this moved\n{listed}"
            )
        return now

    def _carry_out(self, made: Made) -> int:
        engine = Engine(
            providers=self.session.providers,
            clock=self.clock,
            keeper=self._keeper(made),
            stop=self.stop,
            deadline_s=self.clock.now() + self.args.timeout,
            emit=lambda event: progress.emit(event),  # noqa: PLW0108  the display opens with the run
            threads=self.args.parallelism,
            accounts=made.assembly.accounts,
            gathers=self.session.gathers,
        )
        run = Run(made.plan, engine, made.assembly.live)
        display = progress_for(self.args, made.plan, self.clock, sys.stderr)
        with display as progress, _interruptible(run.interrupt):
            report = run.run()
        return self._report(report, destroy=made.choice.destroy)

    def _report(self, report: Report, *, destroy: bool) -> int:
        if getattr(self.args, "json", False):
            last = report_text(report, destroy=destroy).splitlines()[-1]
            told = report_json(report)
            out(event_line(self.clock.now(), "info", last, type="report", report=told))
        else:
            out(report_text(report, destroy=destroy))
        return 0 if report.succeeded else 1

    # -- ownership
    def orphans(self, *, as_json: bool) -> int:
        """List what this owner made and no file names."""
        world = app.read_world(self.session, everything=True)
        _, assembly = app.plan_from(self.session, world, Choice(prune=True))
        live = assembly.live.values()
        found = {h: sorted(r.id.address for r in live if r.host == h) for h in assembly.orphans}
        if as_json:
            out(json.dumps({"orphans": found}, indent=2) + "\n")
        elif not found:
            out("No orphans: every domain that this owner claims is in the files.\n")
        else:
            out("".join(f"{host}\n" + "".join(f"  {a}\n" for a in found[host]) for host in sorted(found)))
        return 0

    def reclaim(self, host: str, *, old_owner: str | None) -> int:
        """Change or drop the claim on host; nothing else is touched."""
        self._refuse_without_answer("pass -auto-approve")
        world = app.read_world(self.session, everything=True)
        session = self.session
        change = reclaiming(host, old_owner, session.desired, world, session.providers, self.clock.now())
        said = f"take {host} over from `{old_owner}`" if old_owner else f"forget {host} (nothing is deleted)"
        if not self.args.auto_approve:
            err(f"Do you want to {said}?\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: ")
            if sys.stdin.readline().strip() != "yes":
                raise RefusedError("not approved: nothing was changed")
        outcome = self.session.providers[change.id.alias].apply([change])[change.id]
        error = getattr(outcome, "error", None)
        if error is not None:
            raise error
        done = f"{host} is now {self.session.desired.owner}'s" if old_owner else f"{host} is forgotten"
        out(f"{done}.\n")
        return 0


class _interruptible:  # noqa: N801  reads as a statement: with _interruptible(...)
    """The first Ctrl-C (or SIGTERM) ends the run in order, the second at once.

    The handler interrupts this very thread wherever it is, also while it writes or holds a lock: what is to
    be said and done is another thread's.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._before: dict[int, object] = {}
        self._asked = False
        self._ending = threading.Thread(target=self._end, daemon=True)

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._caught)

    def _caught(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._ending.start()

    def _end(self) -> None:
        self._interrupt()
        err("\nInterrupted: calls in flight end, then the report. Ctrl-C again ends at once.\n")

    def __exit__(self, *_: object) -> None:
        if self._asked:
            self._ending.join()
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # what signal() itself returned
