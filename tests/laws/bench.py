"""Running the engine on the world in memory: desired states, plans, applies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from reconciler import app
from reconciler.apply import Engine, Event, Run
from reconciler.assemble import Assembly
from reconciler.calls import Stop
from reconciler.clock import VirtualClock
from reconciler.delegation import with_delegations
from reconciler.desired import Account, Desired, Domain, Policy
from reconciler.gates import GateKeeper
from reconciler.plan import Plan
from reconciler.planner import Choice
from reconciler.problem import Mark
from reconciler.report import Report
from tests.laws.memory import MemoryOutside, World
from tests.laws.vendor import memory_type

START_S = 1_750_000_000.0
HERE = Mark("domains.yaml", 1, 1)
ALIASES = (
    "sp",
    "edge-a",
    "edge-b",
    "edge-ip",
    "edge-lb",
    "edge-late",
    "proxy",
    "proxy-too",
    "zones",
    "zones-b",
)


def domain(host: str, **options: Any) -> Domain:
    """Return a domain with the bench's defaults."""
    given: dict[str, Any] = {
        "state": "present",
        "sparkpost": "sp",
        "cdn": "edge-a",
        "dns": "zones",
        "default": None,
        "sending_domains": None,
        "subaccount": None,
        "origin": None,
        "ttl": 3600,
        "allow_gap_s": 86400,
    }
    return Domain(host=host, **{**given, **options}, mark=HERE, marks={})


def desired(
    *domains: Domain, owner: str = "acme", policy: Policy | None = None, without: Collection[str] = ()
) -> Desired:
    """Return a desired state of these domains on the bench's accounts, but for some."""
    accounts = {alias: Account(alias, "memory", {}, HERE, {}) for alias in ALIASES if alias not in without}
    return Desired(
        owner,
        accounts,
        policy or Policy(max_deletes=99),
        {d.host: d for d in sorted(domains, key=lambda d: d.host)},
    )


@dataclass
class Bench:
    """One world and the engine on it."""

    world: World = field(default_factory=lambda: World(VirtualClock(START_S)))
    events: list[Event] = field(default_factory=list)

    def plan(self, wanted: Desired, choice: Choice | None = None) -> tuple[Plan, Assembly]:
        """Read and plan."""
        return self._planned(self._session(wanted), choice or Choice(), everything=True)

    def plan_of_a_run(self, wanted: Desired, choice: Choice | None = None) -> Plan:
        """Read no more than a run reads, and plan."""
        return self._planned(self._session(wanted), choice or Choice(), everything=False)[0]

    def _planned(self, session: app.Session, choice: Choice, *, everything: bool) -> tuple[Plan, Assembly]:
        world = app.read_world(session, everything=everything)
        plan, assembly = app.plan_from(session, world, choice)
        told = with_delegations(world, assembly, MemoryOutside(self.world))
        return (plan, assembly) if told is None else app.plan_from(session, told, choice)

    def apply(
        self,
        wanted: Desired,
        choice: Choice | None = None,
        *,
        timeout_s: float = 86400.0,
        stop: Stop | None = None,
    ) -> Report:
        """Read, plan, apply."""
        session = self._session(wanted, stop)
        self.world.deleting = {host for host, d in wanted.domains.items() if d.state == "absent"}
        if choice and (choice.destroy or choice.prune):
            self.world.deleting |= set(self.world.tracking) | {name for name, _ in self.world.records}
        self.world.worked = self.world.answering()
        pruning = choice is not None and choice.prune
        plan, assembly = self._planned(session, choice or Choice(), everything=pruning)
        engine = Engine(
            session.providers,
            self.world.clock,
            GateKeeper(session.providers, MemoryOutside(self.world), assembly.hosts, self.world.clock),
            session.stop,
            self.world.clock.now() + timeout_s,
            self.events.append,
            accounts=assembly.accounts,
            gathers=session.gathers,
        )
        report = Run(plan, engine, assembly.live).run()
        self.world.look()
        return report

    def shuffle(self, random: Random) -> None:
        """Let the world list what it holds in another order."""
        for name in ("records", "edges", "certificates", "tracking", "sending"):
            items = list(getattr(self.world, name).items())
            random.shuffle(items)
            setattr(self.world, name, dict(items))

    def _session(self, wanted: Desired, stop: Stop | None = None) -> app.Session:
        types: Mapping[str, Any] = {"memory": memory_type(self.world)}
        return app.open_session(wanted, types, {}, self.world.clock, Stop() if stop is None else stop)
