"""tdr's own rules: one rule for many hosts, and which host goes where. Pure.

A rule is ours by its `ref`. A host stays in its rule as long as that has the right setting; new hosts
go to the first rule with room; nothing is rebalanced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from providers.cloudflare.expression import expression_for, hosts_in
from providers.cloudflare.names import (
    CACHE_HOST,
    CACHE_PHASE,
    CONFIG_PHASE,
    SAAS_SSL_HOST,
    SSL_HOST,
    owner_of,
    rule_description,
    rule_ref,
    ruleset_container,
)
from providers.cloudflare.plans import EXPRESSION_CHARACTERS
from providers.cloudflare.zones import Rule, Ruleset, ZoneState
from reconciler.dns import is_within
from reconciler.model import Attrs, Resource, ResourceId, attrs

OFF: Final = "rule disabled"
EDITED: Final = "edited by hand"
Setting = str | int
"""What a rule gives its hosts: the SSL mode, or the cache time in seconds; a word where it is neither."""

_ATTRIBUTE: Final = {CONFIG_PHASE: "ssl", CACHE_PHASE: "ttl"}


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One rule of an owner. `id` is empty before it exists; `hosts` None where it cannot be read."""

    ref: str
    setting: Setting
    hosts: frozenset[str] | None
    id: str = ""

    @property
    def readable(self) -> frozenset[str]:
        return self.hosts or frozenset()


# -- from live
def own_rules(ruleset: Ruleset | None, owner: str) -> tuple[OwnRule, ...]:
    """Give an owner's rules of a phase in the list's order."""
    if ruleset is None:
        return ()
    return tuple(
        _own_rule(ruleset.phase, rule) for rule in ruleset.rules if owner_of(ruleset.phase, rule.ref) == owner
    )


def _own_rule(phase: str, rule: Rule) -> OwnRule:
    return OwnRule(rule.ref, setting_of(phase, rule), hosts_in(rule.expression), rule.id)


def setting_of(phase: str, rule: Rule) -> Setting:
    """Tell what a rule gives its hosts."""
    if not rule.enabled:
        return OFF
    ssl, edge = rule.parameters.get("ssl"), rule.parameters.get("edge_ttl")
    if phase == CONFIG_PHASE:
        return ssl if isinstance(ssl, str) else EDITED
    seconds = edge.get("default") if isinstance(edge, Mapping) else 0
    if isinstance(seconds, int) and _holds(rule.parameters, parameters_for(phase, seconds)):
        return seconds
    return EDITED


def _holds(have: object, want: object) -> bool:
    """Tell whether all that is wanted is there; what the vendor adds by itself does not count."""
    if isinstance(want, Mapping):
        return isinstance(have, Mapping) and all(_holds(have.get(k), v) for k, v in want.items())
    return have == want


def parameters_for(phase: str, setting: Setting) -> dict[str, Any]:
    """Give the `action_parameters` for a setting.

    Cached answers: the edge alone keeps them; a browser that kept a click's redirect would not ask again.
    """
    if phase == CONFIG_PHASE:
        return {"ssl": setting}
    if setting == 0:
        return {"cache": False}
    return {
        "cache": True,
        "edge_ttl": {"mode": "override_origin", "default": setting},
        "browser_ttl": {"mode": "bypass_by_default"},
    }


def rule_body(phase: str, owner: str, rule: OwnRule) -> dict[str, Any]:
    """Give a rule whole, as it is created and as it is edited."""
    return {
        "ref": rule.ref,
        "description": rule_description(owner, phase),
        "enabled": True,
        "expression": expression_for(rule.readable),
        "action": "set_config" if phase == CONFIG_PHASE else "set_cache_settings",
        "action_parameters": parameters_for(phase, rule.setting),
    }


def narrowed_body(rule: Rule, hosts: frozenset[str]) -> dict[str, Any]:
    """Give a rule as it stands, for other hosts: an edit takes all members, and these are not ours to set."""
    return {
        "ref": rule.ref,
        "description": rule.description,
        "enabled": rule.enabled,
        "expression": expression_for(hosts),
        "action": rule.action,
        "action_parameters": _plain(rule.parameters),
    }


def _plain(value: object) -> Any:
    """Give a frozen value as JSON takes it."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def members(alias: str, zone: str, ruleset: Ruleset, outputs: Attrs, mine: str) -> Iterator[Resource]:
    """Yield each host of tdr's rules in a phase once, with what the last rule that names it gives: it wins.

    A host in rules of several owners bears the mark of another than `mine`, until it has left theirs.
    """
    held: dict[str, list[tuple[str, OwnRule]]] = {}
    for rule in ruleset.rules:
        if owner := owner_of(ruleset.phase, rule.ref):
            own = _own_rule(ruleset.phase, rule)
            for host in own.readable:
                held.setdefault(host, []).append((owner, own))
    for host, holders in sorted(held.items()):
        last = holders[-1][1]
        made = member(alias, zone, ruleset.phase, host, last.setting)
        others = [owner for owner, _ in holders if owner != mine]
        rule_outputs = attrs(**outputs, ruleset=ruleset.id, rule=last.id)
        yield replace(made, outputs=rule_outputs, mark=others[-1] if others else mine)


def member(alias: str, zone: str, phase: str, host: str, setting: Setting) -> Resource:
    """Give the resource that says: this host has this setting."""
    return Resource(
        id=ResourceId(alias, kind_of(phase, host, zone), host),
        attrs=attrs(**{"host": host, _ATTRIBUTE[phase]: setting}),
        host=host,
        container=ruleset_container(zone, phase),
    )


def kind_of(phase: str, host: str, zone: str) -> str:
    """Tell the kind of a member: a host outside the zone comes into it as a custom hostname."""
    if phase == CACHE_PHASE:
        return CACHE_HOST
    return SSL_HOST if is_within(host, zone) else SAAS_SSL_HOST


def member_setting(resource: Resource) -> Setting:
    """Give the setting that a member asks for."""
    value = resource.attrs["ttl" if resource.id.kind == CACHE_HOST else "ssl"]
    if not isinstance(value, str | int):
        raise TypeError(f"not a member of a rule: {resource.id}")
    return value


def left_by(ruleset: Ruleset, hosts: Collection[str], mine: str) -> Iterator[tuple[Rule, frozenset[str]]]:
    """Yield each rule of an owner other than `mine` that names one of hosts, with the hosts that stay."""
    for rule in ruleset.rules:
        if owner_of(ruleset.phase, rule.ref) in (None, mine):
            continue
        there = hosts_in(rule.expression) or frozenset()
        if not there.isdisjoint(hosts):
            yield rule, there.difference(hosts)


# -- placement
def placed(
    phase: str, owner: str, rules: Iterable[OwnRule], wanted: Mapping[str, Setting], gone: Iterable[str]
) -> tuple[OwnRule, ...]:
    """Give an owner's rules as they should be; one left without hosts is to be deleted.

    `wanted` are hosts with their setting, `gone` hosts to take out; all others stay where they are.
    """
    out = set(gone)
    stay = [_kept(rule, wanted, out) for rule in rules]
    housed = {host for rule in stay for host in rule.readable}
    for host in sorted(wanted.keys() - housed):
        _house(phase, owner, stay, host, wanted[host])
    return tuple(stay)


def _kept(rule: OwnRule, wanted: Mapping[str, Setting], gone: set[str]) -> OwnRule:
    leaving = {h for h in rule.readable if h in gone or wanted.get(h, rule.setting) != rule.setting}
    return replace(rule, hosts=rule.readable - leaving) if leaving else rule


def _house(phase: str, owner: str, rules: list[OwnRule], host: str, setting: Setting) -> None:
    """Put a host into the first rule of its setting with room, an empty rule, or a new one."""
    for at, rule in enumerate(rules):
        empty = rule.hosts is not None and not rule.hosts
        if rule.hosts is not None and (rule.setting == setting or empty) and has_room(rule, host):
            rules[at] = replace(rule, setting=setting, hosts=rule.readable | {host})
            return
    used = {rule.ref for rule in rules}
    number = next(n for n in range(1, len(used) + 2) if rule_ref(phase, owner, n) not in used)
    rules.append(OwnRule(rule_ref(phase, owner, number), setting, frozenset({host})))


def has_room(rule: OwnRule, host: str) -> bool:
    """Tell whether a rule's expression stays within the vendor's length with one more host."""
    return len(expression_for(rule.readable | {host})) <= EXPRESSION_CHARACTERS


def new_rules(zone: ZoneState, phase: str, owner: str, wanted: Mapping[str, Setting]) -> int:
    """Count the rules that placing these hosts would add."""
    before = own_rules(zone.rulesets.get(phase), owner)
    return sum(not rule.id for rule in placed(phase, owner, before, wanted, ()))
