"""A small world in memory: DNS with caches, edges with certificates, a SparkPost account.

After every write it checks the law that no answering host stops answering, whatever a resolver still holds.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.answers import NameServer, ServerAnswer
from reconciler.clock import VirtualClock
from reconciler.dns import Delegation
from reconciler.errors import Conflict
from reconciler.probe import Probe

ORIGIN, MANAGED = "origin.test", "managed.origin.test"
PROXIED = "PROXIED"
PROXIED_TTL_S = 300
HOST_TYPES = ("CNAME", "ALIAS", "A", "AAAA")
ALIAS_TTL_S = 60
ISSUE_S, DEPLOY_S = 120.0, 300.0
NS_TTL_S = 172_800

Answer = tuple[str, tuple[str, ...]]
"""What name servers give for a host: type and values; a proxied record is an answer of its own."""


@dataclass(frozen=True)
class Cached:
    """An answer that a resolver may still hold."""

    name: str
    answer: Answer
    until_s: float


@dataclass
class World:
    """Everything that exists, and what is counted.

    `policies` are what edges of an account share, by alias of the account and name: where `policy` names one,
    every edge uses it; `balancers` are those of `balancer.py`, by origin. Aliases that are `joined` reach one
    account. Where edges are `exclusive`, a host that points at one of another account cannot be taken over.
    Where zones have `aliases`, an ALIAS may be a host's record; with `spells_aliases` they spell a CNAME at
    an edge as one. Where they are `unlisted`, only names that are asked for are told; `named` are those that
    were asked for by themselves. Name servers have a record `sync_s` after it was written, as the vendor
    says; `asked_ready` is what he was asked.

    An edge that is to go is off `takedown_s` after that was asked for, and is deleted only then; `batches`
    are the keys of the edges that were deleted, or asked to go, together; `versions` those that were written
    together, by container. Where edges are `versioned`, their kind gathers. Where there are `slow_s`,
    an operation of so many seconds makes or changes an edge or a policy, which is as it was until it ends;
    `slower_s` are those of certain ones, by `ALIAS/KEY`; `begun` are all operations. An edge is
    charged for as `charges` says.

    Unless it `issues_late`, no certificate of `edge-late` is issued. `watched` hosts are judged though they
    have no record of their own; of the `excused`, links over https may fail meanwhile; those that are
    `deleting` are taken down on purpose. `records` are those of the alias `zones`, `copies` those that zones
    of the same names have elsewhere; the parent names one of them (`delegated_to`), and resolvers may hold
    what it named before.
    """

    clock: VirtualClock
    zones: tuple[str, ...] = ("example.com", "example.net")
    atomic: bool = True
    min_ttl: int = 60
    records: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    copies: dict[str, dict[tuple[str, str], tuple[int, tuple[str, ...]]]] = field(
        default_factory=lambda: {"zones-b": {}}
    )
    delegated_to: str = "zones"
    delegated_before: list[tuple[str, float]] = field(default_factory=list)
    proxied: set[str] = field(default_factory=set)
    edges: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    certificates: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    policies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    policy: str = ""
    balancers: dict[str, dict[str, Any]] = field(default_factory=dict)
    addresses_made: int = 0
    joined: tuple[str, ...] = ()
    exclusive: bool = False
    aliases: bool = False
    spells_aliases: bool = False
    unlisted: bool = False
    named: list[str] = field(default_factory=list)
    takedown_s: float = 0.0
    batches: list[tuple[str, ...]] = field(default_factory=list)
    slow_s: float = 0.0
    slower_s: dict[str, float] = field(default_factory=dict)
    operations: dict[str, tuple[float, Callable[[], None]]] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    versioned: bool = False
    versions: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    charges: str = ""
    tells_sync: bool = False
    sync_s: float = 0.0
    written_at: dict[str, float] = field(default_factory=dict)
    asked_ready: list[tuple[str, ...]] = field(default_factory=list)
    refuses_ready: Exception | None = None
    tracking: dict[str, dict[str, Any]] = field(default_factory=dict)
    sending: dict[str, str | None] = field(default_factory=dict)
    cached: list[Cached] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    before_write: Callable[[str, str], None] = lambda _operation, _key: None
    after_write: Callable[[str, str], None] = lambda _operation, _key: None
    issues_late: bool = True
    watched: set[str] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    worked: dict[str, bool] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def holder(self, alias: str) -> str:
        """Return the alias under which the things of an alias's account are kept."""
        return self.joined[0] if alias in self.joined else alias

    # -- where resolvers are sent
    def held_by(self, alias: str) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
        """Return the records of an alias's zones."""
        return self.copies.get(alias, self.records)

    def delegate(self, alias: str) -> None:
        """Let the parent name another alias's servers, as the user does at the registrar."""
        self.delegated_before.append((self.delegated_to, self.clock.now() + NS_TTL_S))
        self.delegated_to = alias

    def asked(self) -> tuple[str, ...]:
        """Return the aliases to whose servers resolvers may be sent."""
        held = (alias for alias, until_s in self.delegated_before if until_s > self.clock.now())
        return (self.delegated_to, *held)

    # -- what answers
    def owner_of(self, name: str, at: str = "") -> str | None:
        """Return the owner name of the records that answer for a host: its own, or a wildcard (RFC 4592)."""
        names = {held for held, _ in self.held_by(at or self.delegated_to)}
        exist = {above for held in names for above in _above(held)}
        if name in exist:
            return name if name in names else None
        for encloser in list(_above(name))[1:]:
            if f"*.{encloser}" in names:
                return f"*.{encloser}"
            if encloser in exist:
                return None
        return None

    def answer_and_ttl(self, name: str, at: str = "") -> tuple[Answer, int] | None:
        """Return what the name servers give for a host, and how long it may be held."""
        owner, records = self.owner_of(name, at), self.held_by(at or self.delegated_to)
        held = [(type_, records[owner, type_]) for type_ in HOST_TYPES if (owner, type_) in records]
        if owner is None or not held:
            return None
        values = tuple(value for _, (_, some) in held for value in some)
        if owner in self.proxied:
            return (PROXIED, values), PROXIED_TTL_S
        return ("+".join(type_ for type_, _ in held), values), max(ttl for _, (ttl, _) in held)

    def host_answer(self, name: str, at: str = "") -> Answer | None:
        """Return what the name servers give for a host."""
        found = self.answer_and_ttl(name, at)
        return found[0] if found else None

    def serves(self, answer: Answer | None, host: str, scheme: str) -> bool:
        """Tell whether whoever follows answer gets SparkPost for host, at each of its values."""
        return answer is not None and all(self._serves(answer[0], v, host, scheme) for v in answer[1])

    def _serves(self, type_: str, value: str, host: str, scheme: str) -> bool:
        if value in self.down or type_ in self.down:
            return False
        if type_ == PROXIED:
            return value == ORIGIN and (scheme == "http" or self._has_rule(host))
        if value == ORIGIN:
            return scheme == "http"
        if value == MANAGED:
            return scheme == "http" or self.managed_issued(host)
        balancer = next((b for b in self.balancers.values() if value == b["address"]), None)
        return (
            self._edge_serves(value, host, scheme)
            if balancer is None
            else _balances(self, balancer, host, scheme)
        )

    def _edge_serves(self, value: str, host: str, scheme: str) -> bool:
        edge = next((e for e in self.edges.values() if value in (e["domain_name"], *e["addresses"])), None)
        if edge is None or edge["host"] != host or not self.deployed(edge):
            return False
        return scheme == "http" or self.issued(edge["certificate"])

    def _has_rule(self, host: str) -> bool:
        return any(self.deployed(self.edges.get((alias, host))) for alias in ("proxy", "proxy-too"))

    def deployed(self, edge: dict[str, Any] | None) -> bool:
        """Tell whether an edge answers."""
        return edge is not None and edge["deployed_at"] <= self.clock.now()

    def issued(self, arn: str) -> bool:
        """Tell whether a certificate is issued: its validation record has stood for two minutes, or for as
        long the host's own has led to the load balancer."""
        (alias, host), held = next(
            ((at, c) for at, c in self.certificates.items() if c["arn"] == arn), (("", ""), None)
        )
        if held is None:
            return False
        records = self.held_by(self.delegated_to)
        proven = (
            self.issues_late and self._led(host)
            if alias == "edge-late"
            else (held["name"], "CNAME") in records
        )
        if held["issued_at"] is None and proven:
            held["issued_at"] = self.clock.now() + ISSUE_S
        return held["issued_at"] is not None and held["issued_at"] <= self.clock.now()

    def _led(self, host: str) -> bool:
        answer = self.host_answer(host)
        return answer is not None and any(b["address"] in answer[1] for b in self.balancers.values())

    def managed_issued(self, host: str) -> bool:
        """Tell whether SparkPost holds a certificate for host."""
        issued_at = self.tracking.get(host, {}).get("managed_at")
        return issued_at is not None and issued_at <= self.clock.now()

    def is_secure(self, host: str) -> bool:
        """Tell whether links of new mail are https; with a certificate of its own SparkPost sees to that."""
        return bool(self.tracking.get(host, {}).get("secure")) or self.managed_issued(host)

    # -- the law
    def answering(self) -> dict[str, bool]:
        """Return for each host whether every link of its mail works, whatever a resolver still holds."""
        held = self.held_by(self.delegated_to)
        own = {name for name, type_ in held if type_ in HOST_TYPES and name[0] not in "_*"}
        return {host: self._works(host) for host in own | self.watched}

    def _works(self, host: str) -> bool:
        now = [self.host_answer(host, at) for at in self.asked()]
        held = [c.answer for c in self.cached if c.name == host and c.until_s > self.clock.now()]
        https = self.is_secure(host) and host not in self.excused
        schemes = ("http", "https") if https else ("http",)
        return all(self.serves(answer, host, scheme) for answer in (*now, *held) for scheme in schemes)

    def look(self, what: str = "time") -> None:
        """Note every host that worked when last looked at and does not now."""
        now = self.answering()
        self.broken += [
            f"{what} broke {host}"
            for host, worked in self.worked.items()
            if worked and not now.get(host, False) and host not in self.deleting
        ]
        self.worked = now

    # -- writing
    def write(self, operation: str, key: str, effect: Callable[[], None]) -> None:
        """Do one write, with what a test puts before and after it."""
        self.before_write(operation, key)
        with self.lock:
            self.look()
            before = self._answers()
            effect()
            self._remember(before)
            self.writes.append((operation, key))
            self.look(f"{operation} {key}")
        self.after_write(operation, key)

    def operate(self, key: str, effect: Callable[[], None]) -> None:
        """Begin an operation on what is at `ALIAS/KEY`."""
        if key in self.operations:
            raise Conflict(f"an operation on {key} is under way")
        self.begun.append(key)
        self.operations[key] = (self.clock.now() + self.slower_s.get(key, self.slow_s), effect)

    def settle(self) -> None:
        """Let what operations made by now be there."""
        with self.lock:
            for key, (ends_s, effect) in list(self.operations.items()):
                if ends_s <= self.clock.now():
                    del self.operations[key]
                    effect()
                    self.look(f"the operation on {key}")

    def _answers(self) -> dict[str, tuple[Answer, int] | None]:
        return {host: self.answer_and_ttl(host) for host in {*self.answering(), *self.tracking}}

    def _remember(self, before: dict[str, tuple[Answer, int] | None]) -> None:
        """Let resolvers hold for its TTL what was answered until now, unless a person took it down."""
        for host, old in before.items():
            if old is not None and old != self.answer_and_ttl(host) and host not in self.deleting:
                self.cached.append(Cached(host, old[0], self.clock.now() + old[1]))

    def replace_record(
        self, alias: str, name: str, type_: str, new: tuple[int, tuple[str, ...]] | None
    ) -> None:
        """Change one record set."""
        if new is None:
            self.held_by(alias).pop((name, type_), None)
        else:
            self.held_by(alias)[name, type_] = new
            self.written_at[name] = self.clock.now()

    def snapshot(self) -> dict[str, Any]:
        """Return what is managed, for comparison."""
        kept = (
            "records",
            "copies",
            "edges",
            "balancers",
            "certificates",
            "policies",
            "tracking",
            "sending",
            "proxied",
        )
        return {name: copy.deepcopy(getattr(self, name)) for name in kept}


def _balances(world: World, balancer: dict[str, Any], host: str, scheme: str) -> bool:
    entry = balancer["entries"].get(host)
    held = entry is not None and world.deployed(entry) and world.issued(entry["certificate"])
    return bool(balancer["listens"]) and (scheme == "http" or held)


def _above(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.partition(".")[2]


@dataclass(frozen=True)
class MemoryOutside:
    """The network of the world."""

    world: World

    def addresses(self, name: str) -> tuple[str, ...]:
        return (name,)

    def reachable(self, addresses: Sequence[str]) -> tuple[str, ...]:
        return tuple(addresses)

    def delegation(self, zone: str) -> tuple[str, ...] | None:
        return (f"ns1.{self.world.delegated_to}.test",)

    def delegated(self, zone: str) -> Delegation | None:
        return Delegation((f"ns1.{self.world.delegated_to}.test",), NS_TTL_S)

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        return (NameServer(f"ns1.{zone}", "192.0.2.1"),)

    def ask_all(self, servers: Sequence[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        with self.world.lock:
            found = self.world.answer_and_ttl(name)
            owner = self.world.owner_of(name)
            held = self.world.held_by(self.world.delegated_to).get((str(owner), rtype))
        values, ttl = (held[1], held[0]) if held else ((), 0)
        other = None
        if found and found[0][0] == PROXIED:
            values, ttl = ((name,), PROXIED_TTL_S) if rtype == "A" else ((), 0)
        elif found and found[0][0] == "ALIAS":
            values, ttl = (found[0][1], found[1]) if rtype == "A" else ((), 0)
        elif found and found[0][0] == "CNAME" and rtype != "CNAME":
            other = found[0][1][0]
        return tuple(ServerAnswer(s, values, ttl, aa=True, rcode="NOERROR", cname=other) for s in servers)

    def probe(self, host: str, scheme: str, path: str, *, address: str | None = None) -> Probe:
        answer = self.world.host_answer(host)
        if address is not None and not (answer and answer[0] == PROXIED and address == host):
            answer = ("CNAME", (address,))
        if self.world.serves(answer, host, scheme):
            return Probe(
                host,
                scheme,
                path,
                address or "",
                443,
                status=302,
                server="msys-http",
                content_type="text/plain",
                robots="noindex",
                verified=scheme == "https",
            )
        return Probe(
            host, scheme, path, address or "", 443, stage="tls", error="no certificate for this host"
        )
