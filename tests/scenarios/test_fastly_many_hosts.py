"""Three hundred hosts on one Fastly service: what is read, what is written, and how long that takes.

Fastly is the sandbox's, asked by the real provider; SparkPost, the zones and the internet are in memory,
so that it stays cheap. `python -m benchmarks fastly` has the whole command.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accounts import Account, Everywhere, bench_types, hosts, zone_of
from providers.fastly import TYPE
from providers.sandbox import started
from providers.sandbox.fastly import EMULATOR
from providers.sandbox.running import Running
from providers.sandbox.zone import NameServer, Record, Zone
from reconciler import app
from reconciler.apply import Engine, Run
from reconciler.calls import Stop
from reconciler.clock import from_environment
from reconciler.desired import Desired
from reconciler.forecast import forecast_text
from reconciler.gates import GateKeeper
from reconciler.load import load
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.progress_lines import LineProgress
from tests.contract.fastly_judge import fastly_findings
from tests.scenarios.fastly import CUSTOMER, TOKEN, VERSIONLESS

MANY = 300
ROOM = {"domains": 1000, "managed_certificates": 1000}
IDS = re.compile(r"(?<=/)(?=[0-9A-Za-z]*\d|[A-Z])[0-9A-Za-z]{22}(?=/|$)|(?<=/version/)\d+|(?<=/domain/).+")


@dataclass(frozen=True, slots=True)
class Here:
    """Fastly in the sandbox, and all else in memory."""

    sandbox: Running
    account: Account
    desired: Desired

    @contextmanager
    def session(self) -> Iterator[app.Session]:
        """The accounts, opened."""
        clock = from_environment(self.sandbox.env)
        try:
            types = {**bench_types(self.account), TYPE.name: TYPE}
            session = app.open_session(self.desired, types, self.sandbox.env, clock, Stop())
            try:
                yield session
            finally:
                session.close()
        finally:
            clock.close()

    def plan(self, choice: Choice | None = None) -> tuple[Plan, Counter[str], str]:
        """Plan; return the plan, the calls that it took, and the forecast."""
        self.sandbox.control("DELETE", "/calls")
        with self.session() as session:
            plan, _ = app.plan_from(session, app.read_world(session), choice or Choice())
            told = forecast_text(plan, self.desired, session.types, Counter())
        return plan, self.calls(), told

    def apply(self, choice: Choice | None = None) -> tuple[Counter[str], float]:
        """Plan and apply, which must succeed; return the calls, and the time on the sandbox's clock."""
        self.sandbox.control("DELETE", "/calls")
        began_s = self.sandbox.kernel.now()
        with self.session() as session:
            plan, assembly = app.plan_from(session, app.read_world(session), choice or Choice())
            engine = Engine(
                session.providers,
                session.clock,
                GateKeeper(session.providers, Everywhere(self.account), assembly.hosts, session.clock),
                session.stop,
                session.clock.now() + 86_400,
                LineProgress(io.StringIO()).emit,
                accounts=assembly.accounts,
                gathers=session.gathers,
            )
            report = Run(plan, engine, assembly.live).run()
        assert report.succeeded, [host.why for host in report.hosts if host.why][:3]
        return self.calls(), self.sandbox.kernel.now() - began_s

    def calls(self) -> Counter[str]:
        """Count Fastly's calls since they were last forgotten; each was as its description has it."""
        calls = [call for call in self.sandbox.kernel.calls if call.kind == "api"]
        findings = fastly_findings({IDS.sub("*", f"{c.method} {c.path}"): c for c in calls}.values())
        assert findings == [], findings
        return Counter(f"{call.method} {IDS.sub('*', call.path)}" for call in calls)


@contextmanager
def here(folder: Path, count: int, **options: Any) -> Iterator[Here]:
    """So many hosts that are new, in an account with room for them."""
    given = "".join(f", {name}: {value}" for name, value in options.items())
    lines = ["version: 1", "owner: bench", "providers:", "  sp: {type: bench-sender}"]
    lines += ["  names: {type: bench}", f"  edge: {{type: fastly{given}}}"]
    lines += ["defaults: {sparkpost: sp, cdn: edge, dns: names}", "domains:"]
    file = folder / "domains.yaml"
    file.write_text("\n".join([*lines, *(f"  {host}: {{}}" for host in hosts(count))]) + "\n")
    account = Account.empty(hosts(count))
    desired = load([file], {}, {**bench_types(account), TYPE.name: TYPE})
    customer = {"customer": CUSTOMER, "token": TOKEN, "limits": ROOM}
    world = {"clock": "2026-01-05T09:00:00Z", "fastly": [customer], "switches": VERSIONLESS}
    with started(world, emulators=[EMULATOR]) as sandbox:
        for zone in sorted({zone_of(host) for host in hosts(count)}):
            sandbox.do(lambda zone=zone: sandbox.kernel.add_zone(in_memory(account, zone)))
        yield Here(sandbox, account, desired)


def in_memory(account: Account, zone: str) -> Zone:
    """The zone that Fastly's authorities look at: what the vendor in memory holds."""

    def content() -> Iterator[Record]:
        with account.lock:
            held = list(account.rrsets())
        for rrset in held:
            if rrset.zone == zone:
                yield from (Record(rrset.name, rrset.type, rrset.ttl, value) for value in rrset.values)

    servers = (NameServer(f"ns1.{zone}", "192.0.2.20"),)
    return Zone(zone, servers, content, revision=lambda: len(account.records))


def writes(found: Mapping[str, int]) -> dict[str, int]:
    """The writes among calls."""
    return {call: count for call, count in found.items() if not call.startswith("GET ")}


SERVICE = {
    "POST /service": 1,
    "POST /service/*/version/*/backend": 1,
    "PUT /service/*/version/*/settings": 1,
    "PUT /service/*/version/*/activate": 1,
}
ATTACHED = {
    "versionless": "POST /domain-management/v1/domains",
    "classic": "POST /service/*/version/*/domain",
}


@pytest.mark.parametrize("form", ["versionless", "classic"])
def test_three_hundred_hosts_are_two_writes_each_one_activation_and_pages_of_reads(
    form: str, tmp_path: Path
) -> None:
    with here(tmp_path, MANY, domains=form) as at:
        done, took_s = at.apply()
        each = {ATTACHED[form]: MANY, "POST /tls/subscriptions": MANY}
        labels = {"PUT /service/*/version/*": done["PUT /service/*/version/*"]}
        assert labels["PUT /service/*/version/*"] <= 2
        assert writes(done) == {**SERVICE, **each, **labels}
        assert took_s < 600
        (customer,) = at.sandbox.control("GET", "/vendors/fastly")
        assert len(customer["tls"]["certificates"]) == MANY
        plan, asked, _ = at.plan()
        assert (plan.nodes, plan.changes) == ((), ())
        assert asked == {
            "GET /service": 1,
            "GET /service/*/details": 1,
            "GET /domain-management/v1/domains": 3,
            "GET /tls/subscriptions": 3,
            "GET /tls/activations": 3,
            "GET /tls/configurations": 1,
        }


def test_hours_are_forecast_where_writes_are_more_than_a_thousand(tmp_path: Path) -> None:
    with here(tmp_path, 600) as at:
        _, asked, told = at.plan()
    assert writes(asked) == {}
    assert re.search(
        r"edge \(fastly\): .*about 1,2\d\d writes, at least 1h \(docs: Fastly API, Rate limiting", told
    )
