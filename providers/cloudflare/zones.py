"""What Cloudflare says of a zone, as values, and how it is read out of an answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.cloudflare.names import zone_container
from providers.cloudflare.plans import Plan, plan_of, record_quota
from providers.cloudflare.saas_state import SaasState
from reconciler.dns import Zone, enclosing
from reconciler.model import EMPTY, Attrs, attrs


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of an entry point, in the order of the list."""

    id: str
    ref: str
    description: str
    expression: str
    action: str
    parameters: Attrs
    enabled: bool

    @property
    def title(self) -> str:
        """The rule's name for people, with its id."""
        return f'"{self.description}" ({self.id})' if self.description else self.id


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The entry point of one phase."""

    id: str
    phase: str
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRule:
    """One page rule: its URL pattern and its actions by id."""

    id: str
    operator: str
    pattern: str
    actions: Attrs
    enabled: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """One certificate pack: the names that it covers and the vendor's word for its state."""

    id: str
    type: str
    hosts: tuple[str, ...]
    status: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone with all that was read of it.

    settings     values by setting id, those that could be read
    rulesets     entry points that exist, by phase
    universal    whether universal TLS is on; None where not read
    records      number of DNS records; 0 where not read
    unreadable   the permissions that the token lacks for what only warnings need
    checked      whether certificates and the rules of others were asked for
    """

    id: str
    name: str
    account: str
    account_name: str
    plan_id: str
    status: str
    type: str
    paused: bool
    created_on: str
    name_servers: tuple[str, ...]
    former_name_servers: tuple[str, ...] = ()
    settings: Attrs = field(default_factory=lambda: EMPTY)
    rulesets: Mapping[str, Ruleset] = field(default_factory=dict)
    universal: bool | None = None
    packs: tuple[Pack, ...] = ()
    page_rules: tuple[PageRule, ...] = ()
    records: int = 0
    unreadable: tuple[str, ...] = ()
    checked: bool = False

    @property
    def plan(self) -> Plan:
        return plan_of(self.plan_id)

    @property
    def quota(self) -> int:
        return record_quota(self.plan_id, self.created_on)

    @property
    def active(self) -> bool:
        return self.status == "active"

    def rules(self, phase: str) -> tuple[Rule, ...]:
        """Give the rules of a phase in order; none where it has no entry point."""
        found = self.rulesets.get(phase)
        return found.rules if found else ()

    def as_zone(self) -> Zone:
        """Give the zone as the engine knows zones."""
        return Zone(
            name=self.name,
            container=zone_container(self.name),
            name_servers=self.name_servers,
            active=self.active,
            status="paused" if self.paused and self.active else self.status,
            min_ttl=self.plan.ttl_s,
            atomic=True,
            account=self.account,
            cname_beside=True,
        )


@dataclass(frozen=True, slots=True)
class CloudflareState:
    """What `read` found: the zones that concern the scope by name, and names that several accounts hold.

    usable   every zone that the alias may use, without what is in it
    saas     what Cloudflare for SaaS holds, where the alias uses it and its zone is there
    """

    zones: Mapping[str, ZoneState] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    usable: Mapping[str, ZoneState] = field(default_factory=dict)
    saas: SaasState | None = None

    def zone_of(self, name: str) -> ZoneState | None:
        """Give the zone that a name lies in, the longest that ends it; None where that is not one."""
        return enclosing(name, self.zones, self.ambiguous)

    def home_of(self, host: str) -> ZoneState | None:
        """Give the zone of the account that a host lies in, whether it was looked into or not."""
        return enclosing(host, self.usable)


def zone_from(native: Mapping[str, Any]) -> ZoneState:
    """Read one zone of the list."""
    account = native.get("account") or {}
    return ZoneState(
        id=native["id"],
        name=native["name"],
        account=str(account.get("id") or ""),
        account_name=str(account.get("name") or ""),
        plan_id=str((native.get("plan") or {}).get("legacy_id") or ""),
        status=str(native.get("status") or ""),
        type=str(native.get("type") or "full"),
        paused=bool(native.get("paused")),
        created_on=str(native.get("created_on") or ""),
        name_servers=tuple(native.get("name_servers") or ()),
        former_name_servers=tuple(native.get("original_name_servers") or ()),
    )


def ruleset_from(native: Mapping[str, Any]) -> Ruleset:
    """Read an entry point; one without rules may come without the member."""
    return Ruleset(native["id"], native["phase"], tuple(map(_rule_from, native.get("rules") or ())))


def _rule_from(native: Mapping[str, Any]) -> Rule:
    return Rule(
        id=native["id"],
        ref=str(native.get("ref") or ""),
        description=str(native.get("description") or ""),
        expression=str(native.get("expression") or ""),
        action=str(native.get("action") or ""),
        parameters=attrs(**(native.get("action_parameters") or {})),
        enabled=bool(native.get("enabled", True)),
    )


def page_rule_from(native: Mapping[str, Any]) -> PageRule:
    """Read a page rule; it has one target today."""
    target = (native.get("targets") or [{}])[0]
    constraint = target.get("constraint") or {}
    actions = {str(action["id"]): action.get("value", True) for action in native.get("actions") or ()}
    return PageRule(
        id=native["id"],
        operator=str(constraint.get("operator") or "matches"),
        pattern=str(constraint.get("value") or "*"),
        actions=attrs(**actions),
        enabled=native.get("status") == "active",
    )


def pack_from(native: Mapping[str, Any]) -> Pack:
    """Read a certificate pack."""
    return Pack(
        id=native["id"],
        type=str(native.get("type") or ""),
        hosts=tuple(str(host).lower() for host in native.get("hosts") or ()),
        status=str(native.get("status") or ""),
        errors=tuple(
            str(e.get("message")) for e in native.get("validation_errors") or () if e.get("message")
        ),
    )


def chosen(
    found: Iterable[ZoneState], account: str | None, pinned: Mapping[str, str]
) -> tuple[dict[str, ZoneState], dict[str, tuple[str, ...]]]:
    """Give the usable zones by name, and by name the ids of those that cannot be told apart.

    `account` is an id or a name; `pinned` holds zone ids by name. Of several zones of one name the
    pinned one counts, else the only active one.
    """
    by_name: dict[str, list[ZoneState]] = {}
    for zone in found:
        if account in (None, zone.account, zone.account_name) and pinned.get(zone.name, zone.id) == zone.id:
            by_name.setdefault(zone.name, []).append(zone)
    usable: dict[str, ZoneState] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for name, same in by_name.items():
        active = [zone for zone in same if zone.active]
        if len(same) == 1 or len(active) == 1:
            usable[name] = active[0] if active else same[0]
        else:
            ambiguous[name] = tuple(sorted(zone.id for zone in same))
    return usable, ambiguous
