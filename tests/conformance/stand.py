"""One candidate's world with the engine on it, in this process; at the end every exchange is judged."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.sandbox import started
from providers.sandbox.calls import Call
from providers.sandbox.emulators import find_emulators
from providers.sandbox.fetch import FetchError
from providers.sandbox.running import Running
from reconciler import app, cli
from reconciler.apply import Engine, Run
from reconciler.calls import Stop
from reconciler.clock import from_environment
from reconciler.findings import findings_text
from reconciler.gates import GateKeeper
from reconciler.load import load
from reconciler.net import from_environment as network_from
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.registry import provider_types
from reconciler.render import plan_text
from reconciler.report import Report, report_text
from tests.conformance.candidates import Candidate, writes
from tests.conformance.holdings import Holdings, differences, foreign, holdings
from tests.conformance.seam import Seam
from tests.contract.fastly_judge import fastly_findings
from tests.contract.google_judge import google_findings
from tests.contract.judge import judge
from tests.servers.process import binary

TIMEOUT_S = 4 * 3600
TRUSTED = "SSL_CERT_FILE"
SIGN_IN = "oauth2"  # Google's token endpoint
SECRET = re.compile(r"_(KEY|TOKEN|SECRET)$")
KEY_FILE = re.compile(r"^GOOGLE_APPLICATION_CREDENTIALS$")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command of tdr did."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that a user sees."""
        return self.out + self.err


class Stand:
    """A running sandbox with a candidate's world, and tdr on it."""

    def __init__(self, candidate: Candidate, sandbox: Running) -> None:
        """Look at what is there before tdr comes."""
        self.candidate, self.sandbox = candidate, sandbox
        self.environ = dict(sandbox.env)
        self.plain = frozenset(str(zone["zone"]) for zone in candidate.world().get("dns", ()))
        self.before = self.holdings()
        self.keys = {name: value for name, value in sandbox.env.items() if SECRET.search(name)}
        self.key_files = {name: value for name, value in sandbox.env.items() if KEY_FILE.search(name)}
        self.secrets = {*self.keys.values(), *map(private_part, self.key_files.values())}
        self.texts: list[str] = []

    # -- the engine, piece by piece
    @contextmanager
    def session(self, file: Path | None = None, seam: Seam | None = None) -> Iterator[app.Session]:
        """The accounts of a file, opened."""
        types = provider_types()
        desired = load([file or self.candidate.file("domains")], self.environ, types)
        clock = from_environment(self.environ)
        try:
            edited = self.candidate.people(self.control, types)
            seen = seam.on(edited) if seam else edited
            session = app.open_session(desired, seen, self.environ, clock, Stop())
            try:
                yield session
            finally:
                session.close()
        finally:
            clock.close()

    def plan(self, file: Path | None = None, choice: Choice | None = None, seam: Seam | None = None) -> Plan:
        """Read and plan."""
        with self.session(file, seam) as session:
            chosen = choice or Choice()
            plan, _ = app.plan_from(session, app.read_world(session, everything=chosen.prune), chosen)
            self.texts += [plan_text(plan), findings_text(plan, session.desired), repr(plan)]
        return plan

    def apply(
        self,
        file: Path | None = None,
        choice: Choice | None = None,
        *,
        seam: Seam | None = None,
        threads: int = 8,
        timeout_s: float = TIMEOUT_S,
        begins: Callable[[Run], object] = lambda _run: None,
    ) -> Report:
        """Read, plan, apply; `begins` is given the run before it does anything."""
        with self.session(file, seam) as session:
            plan, assembly = app.plan_from(session, app.read_world(session), choice or Choice())
            keeper = GateKeeper(session.providers, network_from(self.environ), assembly.hosts, session.clock)
            engine = Engine(
                session.providers,
                session.clock,
                keeper,
                session.stop,
                session.clock.now() + timeout_s,
                lambda event: self.texts.append(event.text),
                threads,
                gathers=session.gathers,
            )
            run = Run(plan, engine, assembly.live)
            begins(run)
            report = run.run()
        self.texts += [report_text(report), repr(report)]
        return report

    # -- the command
    def tdr(self, *argv: str, file: Path | None = None) -> Ran:
        """Run a command as a user would, in this process."""
        out, err = io.StringIO(), io.StringIO()
        kept = dict(os.environ)
        os.environ.update(self.environ)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = cli.main([*argv, str(file or self.candidate.file("domains"))])
        finally:
            os.environ.clear()
            os.environ.update(kept)
        self.texts += [out.getvalue(), err.getvalue()]
        return Ran(code, out.getvalue(), err.getvalue())

    # -- what came of it
    def done(self, file: Path | None = None, choice: Choice | None = None) -> Report:
        """Apply, and see that all of it was."""
        report = self.apply(file, choice)
        assert report.succeeded, report_text(report)
        assert not [host for host in report.hosts if host.outcome.value != "applied"], report_text(report)
        return report

    def converged(self, file: Path | None = None, choice: Choice | None = None) -> None:
        """Nothing is left to do, and what is not tdr's is as it was."""
        plan = self.plan(file, choice)
        assert not plan.changes, plan_text(plan)
        self.kept_foreign()

    def edited(self, nth: int) -> None:
        """Let a person change something that is not tdr's."""
        vendor, change = self.candidate.by_hand
        if vendor != "dns":
            self.control("PATCH", f"/vendors/{vendor}", change(nth))
            return
        for zone, edits in change(nth)["zones"].items():
            self.control("PATCH", f"/dns/zones/{zone}", edits)

    def kept_foreign(self) -> None:
        """What is not tdr's is as it was, and where it was."""
        owner = self.candidate.owner
        now, then = foreign(self.holdings(), owner), foreign(self.before, owner)
        assert now == then, differences(then, now)

    def holdings(self) -> Holdings:
        """What the vendors hold, and the zones that have no API."""
        kernel = self.sandbox.kernel

        def told() -> str:
            # Of what `GET /state` tells: all zones would be read for it, and asked for at every write.
            zones = kernel.tree.dump() if self.plain else []
            return json.dumps({"vendors": kernel.dump()["vendors"], "dns": zones})

        return holdings(json.loads(self.sandbox.do(told)), self.plain)

    def state(self) -> Mapping[str, Any]:
        """All that the sandbox's vendors hold, and its time."""
        return self.sandbox.do(self.sandbox.kernel.dump)

    def taken_up(self, state: Mapping[str, Any]) -> None:
        """Go on from where another sandbox of this world was."""

        def load() -> None:
            self.sandbox.kernel.load(deepcopy(state))
            self.sandbox.kernel.touch()

        self.sandbox.do(load)

    @property
    def calls(self) -> list[Call]:
        """Every API call so far, oldest first; signing in is part of the call that is first to need it."""
        calls = (call for call in self.sandbox.kernel.calls if call.kind == "api")
        return [call for call in calls if call.listener != SIGN_IN]

    @property
    def writes(self) -> list[Call]:
        """Those that change something."""
        return [call for call in self.calls if writes(call)]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's control API."""
        return self.sandbox.control(method, path, body)

    def fault(self, **wanted: Any) -> None:
        """Let a call go wrong."""
        self.control("POST", "/faults", wanted)

    def answers(self, host: str, scheme: str = "http") -> str:
        """What a click on a link of host gets: its status, or at which stage it fails."""
        url = f"{scheme}://{host}/f/a/b/c/d"
        try:
            got = self.sandbox.run(self.sandbox.kernel.fetch(url, verify=True))
        except FetchError as error:
            return error.stage
        return str(got.status)

    def judged(self) -> None:
        """No secret was told, everything asked for is emulated, every exchange is as the vendor says."""
        told = [text for text in self.texts if any(secret in text for secret in self.secrets)]
        assert not told, told[0]
        assert self.control("GET", "/unemulated") == []
        findings = [*judge(self.calls), *fastly_findings(self.calls), *google_findings(self.calls)]
        assert not findings, "\n".join(findings)


def private_part(file: str) -> str:
    """A line out of the middle of the private key in a service account's key file."""
    return str(json.loads(Path(file).read_text())["private_key"]).splitlines()[9]


@contextmanager
def authorities(file: str) -> Iterator[None]:
    """Trust one authority instead of a hundred: an SDK's client is opened in a tenth of the time."""
    before = os.environ.get(TRUSTED)
    os.environ[TRUSTED] = file
    try:
        yield
    finally:
        del os.environ[TRUSTED]
        os.environ.update({TRUSTED: before} if before else {})


@contextmanager
def stand(
    candidate: Candidate,
    change: Callable[[dict[str, Any]], Mapping[str, Any]] = lambda world: world,
    *,
    judged: bool = True,
) -> Iterator[Stand]:
    """Run a candidate's world, changed first where a test needs another."""
    for program, package in candidate.needs:
        binary(program, package)
    emulators = {emulator.name: emulator for emulator in (*find_emulators(), *candidate.emulators)}
    with (
        started(change(candidate.world()), emulators=list(emulators.values())) as sandbox,
        authorities(sandbox.env["TDR_CA_FILE"]),
    ):
        at = Stand(candidate, sandbox)
        yield at
        if judged:
            at.judged()
