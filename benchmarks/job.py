"""What one measured child process does: `python -m benchmarks.job JOB SIZE FILE`.

A process of its own, so that time and peak memory are those of a whole run: start, imports, YAML, reading,
planning. Processor time, in seconds, is told as one JSON line on stderr: of phases, and of all (`took`).
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.accounts import BURST, DNS, PER_S, Account, Everywhere, bench_types, hosts
from reconciler import app
from reconciler.apply import Engine, Run
from reconciler.assemble import Assembly
from reconciler.calls import Stop
from reconciler.canonical import canonical
from reconciler.clock import Clock, SystemClock, VirtualClock
from reconciler.collector import collector_off, collector_rare, stands
from reconciler.desired import Desired
from reconciler.dns import CLAIM, record_id
from reconciler.gates import GateKeeper
from reconciler.load import load
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.progress_lines import LineProgress
from reconciler.render import plan_text
from reconciler.saved import plan_json

TOLD: dict[str, float] = {}


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Take the processor time of one phase: other work on the machine shows less in it."""
    began = time.process_time()
    yield
    TOLD[name] = round(time.process_time() - began, 4)


def desired_of(path: Path) -> Desired:
    """Read the file."""
    with phase("load"):
        return load([path], {}, bench_types(Account()))


def planned(desired: Desired, account: Account, clock: Clock) -> tuple[Plan, Assembly, app.Session]:
    """Read the account and plan, as the command does."""
    session = app.open_session(desired, bench_types(account), {}, clock, Stop())
    with phase("plan"), collector_off():
        plan, assembly = app.plan_from(session, app.read_world(session), Choice())
        stands()
    return plan, assembly, session


def settle(path: Path, size: int) -> None:
    """Write beside the file the claims that a settled account holds: preparation, not measured."""
    desired = desired_of(path)
    plan, _, _ = planned(desired, Account.empty(desired.domains), SystemClock())
    after = {change.id: change.after for change in plan.changes}
    claims = {}
    for name in hosts(size):
        claim = after[record_id(DNS, name, CLAIM)]
        values = claim.attrs["values"] if claim is not None else ()
        claims[name] = str(values[0]) if isinstance(values, tuple) else ""
    path.with_suffix(".claims").write_text(json.dumps(claims), encoding="utf-8")


def noop(path: Path, _size: int) -> None:
    """Plan where all stands already; print what a user sees."""
    desired = desired_of(path)
    claims: Mapping[str, str] = json.loads(path.with_suffix(".claims").read_text(encoding="utf-8"))
    plan, _, _ = planned(desired, Account.settled(desired, claims), SystemClock())
    sys.stdout.write(plan_text(plan))
    if plan.nodes or plan.changes or plan.findings:
        raise AssertionError(f"not a plan without changes: {plan.changes[:2]} {plan.findings[:2]}")


def first(path: Path, _size: int) -> None:
    """Plan from nothing; make the text and the JSON of it."""
    desired = desired_of(path)
    plan, _, _ = planned(desired, Account.empty(desired.domains), SystemClock())
    with phase("text"):
        sys.stdout.write(plan_text(plan))
    with phase("json"):
        canonical(plan_json(plan, Choice(), desired))
    TOLD["changes"] = len(plan.changes)


def apply(path: Path, size: int) -> None:
    """Apply from nothing at an instant vendor: what is left is the engine."""
    desired = desired_of(path)
    with phase("apply"):
        TOLD["nodes"] = len(_applied(desired, Account.empty(desired.domains), SystemClock(), size)[0].nodes)


def rate(path: Path, size: int) -> None:
    """Apply at a vendor that publishes a rate, in virtual time: seconds, and the least that is possible.

    The bound is the busiest account's: its calls, less the burst, by the rate.
    """
    desired = desired_of(path)
    clock = VirtualClock()
    account = Account.empty(desired.domains)
    account.latency = lambda: clock.sleep(0.05)
    account.limited = True
    _, session = _applied(desired, account, clock, size)
    calls = max(calls.tally.total for calls in session.calls.values())
    TOLD.update(calls=calls, passed=clock.now(), bound=(calls - BURST) / PER_S)
    clock.close()


def _applied(desired: Desired, account: Account, clock: Clock, size: int) -> tuple[Plan, app.Session]:
    plan, assembly, session = planned(desired, account, clock)
    keeper = GateKeeper(session.providers, Everywhere(account), assembly.hosts, clock)
    display = LineProgress(io.StringIO())
    engine = Engine(
        session.providers,
        clock,
        keeper,
        session.stop,
        clock.now() + 86_400,
        display.emit,
        accounts=assembly.accounts,
        gathers=session.gathers,
    )
    report = Run(plan, engine, assembly.live).run()
    if not report.succeeded or len(report.hosts) != size:
        raise AssertionError([host for host in report.hosts if host.why][:3])
    session.close()
    return plan, session


JOBS: Mapping[str, Callable[[Path, int], None]] = {
    job.__name__: job for job in (settle, noop, first, apply, rate)
}


def main() -> None:
    """Do one job and tell its phases."""
    name, size, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with collector_rare():
        JOBS[name](path, size)
    TOLD["took"] = time.process_time()
    TOLD["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stderr.write(json.dumps(TOLD) + "\n")


if __name__ == "__main__":
    main()
