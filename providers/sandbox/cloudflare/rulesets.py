"""Rulesets of a zone: entry points of phases, and the calls for single rules.

docs: "Rulesets API", "Update a rule in a ruleset", "Change the order of a rule in a ruleset".
No ETag exists: who writes last wins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import rules
from .answers import Answer, Refusal, found
from .calls import Call
from .plans import rules_allowed
from .state import Rule, Ruleset, State, Zone, stamp
from .zones import touch

DEFAULT_PER_PAGE = 50


def view(call: Call, ruleset: Ruleset, *, listed: bool = False) -> dict[str, Any]:
    """Give a ruleset as the API answers it; in a list without its rules."""
    out: dict[str, Any] = {
        "id": ruleset.id,
        "name": ruleset.name,
        "description": ruleset.description,
        "kind": ruleset.kind,
        "version": str(ruleset.version),
        "last_updated": stamp(ruleset.updated),
        "phase": ruleset.phase,
    }
    omitted = not ruleset.rules and call.switch("cloudflare.empty-ruleset") == "omits_rules"
    if not listed and not omitted:
        out["rules"] = [rules.view(rule) for rule in ruleset.rules]
    return out


def list_rulesets(call: Call) -> Answer:
    """GET /zones/{zone_id}/rulesets, paged by cursor."""
    everything = sorted(call.zone().rulesets.values(), key=lambda r: (r.phase, r.id))
    size, start = call.number("per_page", DEFAULT_PER_PAGE), call.number("cursor", 0)
    if not 1 <= size <= DEFAULT_PER_PAGE:
        raise Refusal(400, 20005, f"per_page must be between 1 and {DEFAULT_PER_PAGE}")
    chosen = everything[start : start + size]
    answer = found([view(call, ruleset, listed=True) for ruleset in chosen])
    if start + size < len(everything):
        answer.body["result_info"] = {"cursor": str(start + size)}
    return answer


def get_entry_point(call: Call) -> Answer:
    """GET /zones/{zone_id}/rulesets/phases/{phase}/entrypoint; 404 where there is none yet."""
    zone, phase = call.zone(), _phase(call.params["phase"], "")
    ruleset = zone.entry_point(phase)
    if ruleset is None:
        raise Refusal(404, 10003, f"could not find entrypoint ruleset in the {phase} phase")
    return found(view(call, ruleset))


def put_entry_point(call: Call) -> Answer:
    """PUT of the same: every rule of the phase is replaced."""
    zone, body, phase = call.zone(), call.json(), _phase(call.params["phase"], "")
    _members(body, {"rules", "description", "name"})
    before = zone.entry_point(phase) or _new(call, phase, "default", "")
    return _store(call, zone, _renamed(before, body), _all_rules(call, zone, before, body.get("rules") or []))


def create_ruleset(call: Call) -> Answer:
    """POST /zones/{zone_id}/rulesets."""
    zone, body = call.zone(), call.json()
    _members(body, {"rules", "description", "name", "kind", "phase"})
    phase = _phase(body.get("phase"), "/phase")
    if body.get("kind") != "zone":
        raise rules.refused("kind", body.get("kind"), "only zone rulesets can be created in a zone", "/kind")
    if not body.get("name"):
        raise rules.refused("name", "", "the name cannot be blank", "/name")
    if zone.entry_point(phase) is not None:
        reason = f"exceeded maximum number of zone rulesets for phase {phase}"
        raise rules.refused("kind", "zone", reason, "/kind")
    ruleset = _new(call, phase, str(body["name"]), str(body.get("description") or ""))
    return _store(call, zone, ruleset, _all_rules(call, zone, ruleset, body.get("rules") or []))


def get_ruleset(call: Call) -> Answer:
    """GET /zones/{zone_id}/rulesets/{ruleset_id}."""
    return found(view(call, _ruleset(call, call.zone())))


def put_ruleset(call: Call) -> Answer:
    """PUT /zones/{zone_id}/rulesets/{ruleset_id}."""
    zone, body = call.zone(), call.json()
    _members(body, {"rules", "description", "name", "kind", "phase"})
    before = _ruleset(call, zone)
    return _store(call, zone, _renamed(before, body), _all_rules(call, zone, before, body.get("rules") or []))


def delete_ruleset(call: Call) -> Answer:
    """DELETE /zones/{zone_id}/rulesets/{ruleset_id}: 204 without a body."""
    zone = call.zone()
    ruleset = _ruleset(call, zone)
    if not call.dry_run:
        del zone.rulesets[ruleset.id]
        touch(zone, call.now)
    return Answer(204)


def add_rule(call: Call) -> Answer:
    """POST /zones/{zone_id}/rulesets/{ruleset_id}/rules; answers the whole ruleset."""
    zone, body = call.zone(), call.json()
    ruleset = _ruleset(call, zone)
    rule = _rule(call, zone, ruleset, body, "", None)
    return _store(call, zone, ruleset, placed(ruleset.rules, rule, body.get("position")))


def edit_rule(call: Call) -> Answer:
    """PATCH /zones/{zone_id}/rulesets/{ruleset_id}/rules/{rule_id}.

    A body with a position alone moves the rule; any other is the rule's whole new definition.
    """
    zone, body = call.zone(), call.json()
    ruleset = _ruleset(call, zone)
    before = _find(ruleset, call.params["rule_id"])
    rest = tuple(r for r in ruleset.rules if r.id != before.id)
    asked = {k: v for k, v in body.items() if k != "position"}
    if call.switch("cloudflare.rule-patch") == "merges":
        asked = {**before.body, **asked}
    rule = _rule(call, zone, ruleset, asked, "", before) if asked and asked != {"id": before.id} else before
    if body.get("position") is not None:
        return _store(call, zone, ruleset, placed(rest, rule, body["position"]))
    return _store(call, zone, ruleset, tuple(rule if r.id == before.id else r for r in ruleset.rules))


def delete_rule(call: Call) -> Answer:
    """DELETE /zones/{zone_id}/rulesets/{ruleset_id}/rules/{rule_id}; answers the whole ruleset."""
    zone = call.zone()
    ruleset = _ruleset(call, zone)
    gone = _find(ruleset, call.params["rule_id"])
    return _store(call, zone, ruleset, tuple(r for r in ruleset.rules if r.id != gone.id))


def add_by_hand(state: State, zone: Zone, phase: str, given: Mapping[str, Any], now: float) -> str:
    """Add a rule as a person at the dashboard would; returns its id. Raises Refusal."""
    ruleset = zone.entry_point(phase) or Ruleset(state.new_id(), phase, "zone", "default", "", 0, now, ())
    body = rules.build(zone, phase, given, "", edge_ttl_refused=False)
    rule_id = state.new_id()
    rule = Rule(rule_id, str(given.get("ref") or rule_id), 1, now, body)
    chosen = placed(ruleset.rules, rule, given.get("position"))
    zone.rulesets[ruleset.id] = dataclasses.replace(
        ruleset, rules=chosen, version=ruleset.version + 1, updated=now
    )
    touch(zone, now)
    return rule_id


def placed(others: Sequence[Rule], rule: Rule, position: Any) -> tuple[Rule, ...]:
    """Give the rules with one put where the position says; without a position at the end."""
    rest = [r for r in others if r.id != rule.id]
    rest.insert(_index(rest, position), rule)
    return tuple(rest)


def _index(rest: Sequence[Rule], position: Any) -> int:
    if position is None:
        return len(rest)
    if not isinstance(position, dict) or len(position) != 1:
        raise Refusal(400, 20014, "position must have one of before, after and index", pointer="/position")
    ((way, where),) = position.items()
    ids = [r.id for r in rest]
    if way == "index" and isinstance(where, int) and 1 <= where <= len(rest) + 1:
        return where - 1
    if way in {"before", "after"} and where == "":
        return 0 if way == "before" else len(rest)
    if way in {"before", "after"} and where in ids:
        return ids.index(str(where)) + int(way == "after")
    raise rules.refused(str(way), where, "there is no such rule or place", f"/position/{way}", 20014)


def _phase(phase: Any, pointer: str) -> str:
    if phase not in rules.PHASE_ACTIONS:
        raise rules.refused(
            "phase", phase, "the phase does not exist or is not emulated", pointer or "/phase", 20006
        )
    return str(phase)


def _members(body: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(body) - known - {"id", "version", "last_updated"}):
        raise Refusal(400, 20003, f'invalid JSON: unknown field "{unknown[0]}"')


def _new(call: Call, phase: str, name: str, description: str) -> Ruleset:
    return Ruleset(call.state.new_id(), phase, "zone", name, description, 0, call.now, ())


def _renamed(before: Ruleset, body: Mapping[str, Any]) -> Ruleset:
    name, description = body.get("name", before.name), body.get("description", before.description)
    return dataclasses.replace(before, name=str(name), description=str(description))


def _ruleset(call: Call, zone: Zone) -> Ruleset:
    ruleset = zone.rulesets.get(call.params["ruleset_id"])
    if ruleset is None:
        raise Refusal(404, 10000, "could not find ruleset")
    return ruleset


def _find(ruleset: Ruleset, rule_id: str) -> Rule:
    rule = next((r for r in ruleset.rules if r.id == rule_id), None)
    if rule is None:
        raise Refusal(404, 10001, "could not find rule")
    return rule


def _all_rules(call: Call, zone: Zone, before: Ruleset, given: Any) -> tuple[Rule, ...]:
    if not isinstance(given, list):
        raise Refusal(400, 20003, "invalid JSON: rules must be a list", pointer="/rules")
    known = _lookup(before)
    out = []
    for n, body in enumerate(given):
        old = known(body) if isinstance(body, dict) else None
        out.append(_rule(call, zone, before, body, f"/rules/{n}", old))
    return tuple(out)


def _lookup(before: Ruleset) -> Callable[[Mapping[str, Any]], Rule | None]:
    by_id, by_ref = {r.id: r for r in before.rules}, {r.ref: r for r in before.rules}
    return lambda body: by_id.get(body.get("id", "")) or by_ref.get(body.get("ref", ""))


def _rule(call: Call, zone: Zone, ruleset: Ruleset, given: Any, at: str, before: Rule | None) -> Rule:
    short = call.switch("cloudflare.edge-ttl-below-minimum") == "refused"
    body = rules.build(zone, ruleset.phase, given, at, edge_ttl_refused=short)
    rule_id = before.id if before else call.state.new_id()
    ref = str(given.get("ref") or (before.ref if before else rule_id))
    if before and before.body == body and before.ref == ref:
        return before
    return Rule(rule_id, ref, before.version + 1 if before else 1, call.now, body)


def _store(call: Call, zone: Zone, ruleset: Ruleset, chosen: tuple[Rule, ...]) -> Answer:
    allowed = rules_allowed(zone.plan, ruleset.phase)
    if len(chosen) > allowed and len(chosen) > len(ruleset.rules):
        words = f"exceeded the maximum number of rules in the phase {ruleset.phase}"
        raise Refusal(400, 50001, f"{words}: {len(chosen)} out of {allowed}")
    refs = [rule.ref for rule in chosen]
    if doubled := next((ref for ref in refs if refs.count(ref) > 1), None):
        raise rules.refused("ref", doubled, "another rule of the ruleset has the same ref", "/ref")
    if call.dry_run:
        return found(None)
    new = dataclasses.replace(ruleset, rules=chosen, version=ruleset.version + 1, updated=call.now)
    zone.rulesets[new.id] = new
    touch(zone, call.now)
    return found(view(call, new))
