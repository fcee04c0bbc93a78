"""What one Cloudflare knows: accounts by token, zones with records, rulesets, packs and settings.

Everything is plain values, so that a state can be written to disk and read back; what changes
with time (a pack that gets issued, a zone that gets active) is computed when it is read.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import saas_state
from .plans import PLANS, Plan


def stamp(at: float) -> str:
    """Spell a time as Cloudflare does: RFC 3339, UTC, microseconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def derived_id(*parts: object) -> str:
    """Give a stable 32-digit hexadecimal id."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


@dataclass(slots=True)
class Token:
    """One API token: the account it speaks for, and the permissions it is limited to (None: all).

    Until `blocked_until` (after too many calls) everything it asks is refused.
    """

    id: str
    account: str
    scopes: list[str] | None = None
    status: str = "active"
    blocked_until: float = 0.0


@dataclass(slots=True)
class Account:
    """One customer account."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """One DNS record as stored; `ttl` 1 means automatic; times are sandbox time."""

    id: str
    name: str
    type: str
    content: str
    ttl: int
    proxied: bool
    created: float
    modified: float
    comment: str | None = None
    tags: tuple[str, ...] = ()
    priority: int | None = None
    data: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a ruleset; `body` holds what the user gave beside id, ref and version."""

    id: str
    ref: str
    version: int
    updated: float
    body: Mapping[str, Any]

    @property
    def action(self) -> str:
        """What the rule does where it matches."""
        return str(self.body["action"])

    @property
    def parameters(self) -> Mapping[str, Any]:
        """With what it does so."""
        given: Mapping[str, Any] = self.body.get("action_parameters") or {}
        return given

    @property
    def enabled(self) -> bool:
        """Whether it counts at all."""
        return bool(self.body.get("enabled", True))


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One ruleset: the entry point of its phase when `kind` is zone."""

    id: str
    phase: str
    kind: str
    name: str
    description: str
    version: int
    updated: float
    rules: tuple[Rule, ...]


@dataclass(slots=True)
class Pack:
    """One certificate pack.

    `status` None means: computed, initializing until `active_from`, then active.
    """

    id: str
    type: str
    hosts: list[str]
    ordered: float
    active_from: float | None
    status: str | None = None
    authority: str = "google"
    expires: float | None = None

    def status_at(self, now: float) -> str:
        """Give the status that the pack has at a time."""
        if self.status is not None:
            return self.status
        return "active" if self.active_from is not None and now >= self.active_from else "initializing"

    def covers(self, host: str) -> bool:
        """Say whether a name of the pack is the host, or a wildcard one label above it."""
        above = host.partition(".")[2]
        return host in self.hosts or f"*.{above}" in self.hosts


@dataclass(slots=True)
class Zone:
    """One zone; `active_from` is when it turned or turns active (None: never yet).

    `hold` keeps it and its subdomains from becoming custom hostnames of other accounts.
    """

    id: str
    name: str
    account: str
    plan_id: str
    status: str
    delegated: bool
    created: float
    modified: float
    active_from: float | None
    type: str = "full"
    paused: bool = False
    name_servers: list[str] = field(default_factory=list)
    original_name_servers: list[str] | None = None
    universal: bool = True
    records: dict[str, Record] = field(default_factory=dict)
    rulesets: dict[str, Ruleset] = field(default_factory=dict)
    packs: list[Pack] = field(default_factory=list)
    page_rules: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    settings_changed: dict[str, float] = field(default_factory=dict)
    changes: int = 0
    hold: bool = False
    saas: saas_state.Saas = field(default_factory=saas_state.Saas)

    @property
    def plan(self) -> Plan:
        """The limits that hold for the zone."""
        return PLANS[self.plan_id]

    def status_at(self, now: float) -> str:
        """Give the status at a time: a pending zone turns active when its time has come."""
        if self.status == "pending" and self.active_from is not None and now >= self.active_from:
            return "active"
        return self.status

    def entry_point(self, phase: str) -> Ruleset | None:
        """Give the entry point ruleset of a phase, or None where there is none yet."""
        return next((r for r in self.rulesets.values() if r.phase == phase and r.kind == "zone"), None)

    def holds(self, host: str) -> bool:
        """Say whether a name lies in this zone."""
        return host == self.name or host.endswith(f".{self.name}")


@dataclass(slots=True)
class State:
    """All of one Cloudflare."""

    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    made: int = 0

    def new_id(self) -> str:
        """Give an id that was never given before."""
        self.made += 1
        return derived_id("made", self.made)

    def zone_of(self, host: str) -> Zone | None:
        """Give the zone that a host lies in: the longest name that ends it."""
        inside = [zone for zone in self.zones.values() if zone.holds(host)]
        return max(inside, key=lambda zone: len(zone.name), default=None)

    def ordered_zones(self, account: str) -> Iterator[Zone]:
        """Give an account's zones by name."""
        yield from sorted((z for z in self.zones.values() if z.account == account), key=lambda z: z.name)


def as_data(state: State) -> dict[str, Any]:
    """Give the whole state as plain JSON values."""
    return dataclasses.asdict(state)


def from_data(data: Mapping[str, Any]) -> State:
    """Read back what as_data gave."""
    return State(
        accounts={k: Account(**v) for k, v in data["accounts"].items()},
        tokens={k: Token(**v) for k, v in data["tokens"].items()},
        zones={k: _zone(v) for k, v in data["zones"].items()},
        made=data["made"],
    )


def _zone(data: Mapping[str, Any]) -> Zone:
    return Zone(
        **{
            **data,
            "records": _each(data["records"], _record),
            "rulesets": _each(data["rulesets"], _ruleset),
            "packs": [Pack(**pack) for pack in data["packs"]],
            "saas": saas_state.from_data(data["saas"]) if "saas" in data else saas_state.Saas(),
        }
    )


def _each(data: Mapping[str, Mapping[str, Any]], make: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    return {key: make(value) for key, value in data.items()}


def _record(data: Mapping[str, Any]) -> Record:
    return Record(**{**data, "tags": tuple(data["tags"])})


def _ruleset(data: Mapping[str, Any]) -> Ruleset:
    return Ruleset(**{**data, "rules": tuple(Rule(**rule) for rule in data["rules"])})
