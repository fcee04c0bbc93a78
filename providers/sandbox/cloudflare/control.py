"""What a test or a demo may change behind the API's back: `PATCH /vendors/cloudflare`.

{"zones": {"example.com": {"plan": "pro", "add_records": [{...}], "packs": [{"type": "universal",
 "status": "expired"}]}}, "tokens": {"sandbox-token": {"status": "disabled", "scopes": [...]}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import one_of

from . import access, rules, saas_world, settings, world
from .answers import Refusal
from .certificates import ISSUERS, PACK_STATUSES
from .plans import PLANS
from .state import State, Zone
from .zones import CHECK_S, ISSUE_S, STATUSES, activate, touch, universal_pack

Setter = Callable[[State, Zone, Any, float], Any]


def patch(state: State, changes: Mapping[str, Any], now: float, *, activates: bool) -> dict[str, Any]:
    """Change the state; returns the ids of what was added. Raises ControlError."""
    out: dict[str, Any] = {"zones": {}}
    try:
        for name, wanted in _mapping(changes, ("zones", "tokens")).get("zones", {}).items():
            zone = _zone(state, name)
            out["zones"][name] = _patch_zone(state, zone, wanted, now)
            if activates and zone.delegated and zone.status_at(now) == "pending" and zone.active_from is None:
                activate(zone, now + CHECK_S)
        for secret, wanted in changes.get("tokens", {}).items():
            _patch_token(state, secret, wanted)
    except Refusal as refusal:
        raise ControlError(f"{refusal.message} ({refusal.code})") from refusal
    except WorldError as error:
        raise ControlError(str(error)) from error
    return out


def _mapping(given: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not set(given) <= set(keys):
        raise ControlError(f"unknown change {given!r}: write a mapping with {', '.join(keys)}")
    return given


def _zone(state: State, name: str) -> Zone:
    zone = next((z for z in state.zones.values() if name in (z.name, z.id)), None)
    if zone is None:
        have = ", ".join(sorted(z.name for z in state.zones.values())) or "none"
        raise ControlError(f"there is no zone {name}: there are {have}", 404)
    return zone


def _patch_token(state: State, secret: str, wanted: Any) -> None:
    token = state.tokens.get(access.digest(secret))
    if token is None:
        raise ControlError("there is no such token", 404)
    given = _mapping(wanted, ("status", "scopes"))
    if given.get("status", "active") not in {"active", "disabled", "expired"}:
        raise ControlError("status: write active, disabled or expired")
    token.status = str(given.get("status", token.status))
    if "scopes" in given:
        token.scopes = None if given["scopes"] is None else list(given["scopes"])


def _patch_zone(state: State, zone: Zone, wanted: Any, now: float) -> dict[str, Any]:
    setters = _SETTERS
    given = _mapping(wanted, tuple(setters))
    added = {}
    for key, value in given.items():
        result = setters[key](state, zone, value, now)
        if result is not None:
            added[key] = result
    touch(zone, now)
    return added


def _plan(_: State, zone: Zone, value: Any, __: float) -> None:
    zone.plan_id = one_of(value, tuple(PLANS), "plan")


def _status(_: State, zone: Zone, value: Any, now: float) -> None:
    zone.status = one_of(value, STATUSES, "status")
    if zone.status == "active":
        activate(zone, now)
    elif zone.status == "pending":
        zone.active_from = None


def _paused(_: State, zone: Zone, value: Any, __: float) -> None:
    zone.paused = bool(value)


def _delegated(_: State, zone: Zone, value: Any, __: float) -> None:
    zone.delegated = bool(value)


def _settings(_: State, zone: Zone, value: Any, now: float) -> None:
    for name, setting in value.items():
        one_of(name, tuple(settings.DEFAULTS), "settings")
        settings.change(zone, name, setting, now)


def _universal(state: State, zone: Zone, value: Any, now: float) -> None:
    zone.universal = bool(value)
    zone.packs = [pack for pack in zone.packs if pack.type != "universal"]
    if zone.universal:
        zone.packs.append(universal_pack(state, zone, now, issued=False))


def _packs(state: State, zone: Zone, value: Any, now: float) -> list[str]:
    """Change each pack named by id or type; one that is not there yet is ordered."""
    ids = []
    for given in value:
        known = ("id", "type", "status", "hosts", "authority", "expires_in_s", "issue_in_s")
        wanted = _mapping(given, known)
        chosen = [
            p
            for p in zone.packs
            if wanted.get("id") == p.id or ("id" not in wanted and wanted.get("type") == p.type)
        ]
        if not chosen:
            body = {k: v for k, v in wanted.items() if k not in {"id", "issue_in_s"}}
            pack = world.read_pack(state, zone, body, "packs", now)
            pack.ordered, pack.active_from = now, now + float(wanted.get("issue_in_s", ISSUE_S))
            zone.packs.append(pack)
            chosen = [pack]
        for pack in chosen:
            if wanted.get("status", "active") is not None:
                one_of(wanted.get("status", "active"), sorted(PACK_STATUSES), "packs.status")
            pack.status = wanted.get("status", pack.status)
            pack.hosts = list(wanted.get("hosts", pack.hosts))
            pack.authority = one_of(
                wanted.get("authority", pack.authority), sorted(ISSUERS), "packs.authority"
            )
            if "expires_in_s" in wanted:
                pack.expires = now + float(wanted["expires_in_s"])
            ids.append(pack.id)
    return ids


def _add_records(state: State, zone: Zone, value: Any, now: float) -> list[str]:
    return [world.add_record(state, zone, record, now) for record in value]


def _remove_records(_: State, zone: Zone, value: Any, __: float) -> None:
    """Remove by name, by `name TYPE` or by id."""
    for wanted in value:
        name, _space, kind = str(wanted).partition(" ")
        gone = [r.id for r in zone.records.values() if name in (r.name, r.id) and kind in ("", r.type)]
        if not gone:
            raise ControlError(f"there is no record {wanted} in {zone.name}", 404)
        for record_id in gone:
            del zone.records[record_id]


def _add_rules(state: State, zone: Zone, value: Any, now: float) -> list[str]:
    ids = []
    for given in value:
        phase = one_of(given.get("phase"), tuple(rules.PHASE_ACTIONS), "add_rules.phase")
        body = {k: v for k, v in given.items() if k != "phase"}
        ids.append(world.add_rule(state, zone, phase, body, now))
    return ids


def _remove_rules(_: State, zone: Zone, value: Any, now: float) -> None:
    """Remove rules by ref or id."""
    for wanted in value:
        for ruleset in zone.rulesets.values():
            kept = tuple(rule for rule in ruleset.rules if wanted not in (rule.ref, rule.id))
            if len(kept) < len(ruleset.rules):
                zone.rulesets[ruleset.id] = world.without(ruleset, kept, now)
                break
        else:
            raise ControlError(f"there is no rule {wanted} in {zone.name}", 404)


def _page_rules(state: State, zone: Zone, value: Any, now: float) -> None:
    count = len(value)
    zone.page_rules = [
        settings.page_rule(rule, state.new_id(), count - n, now) for n, rule in enumerate(value)
    ]


def _fallback(_: State, zone: Zone, value: Any, __: float) -> None:
    zone.saas.fallback = None if value is None else saas_world.fallback(zone, value, "fallback_origin")


def _add_hostnames(state: State, zone: Zone, value: Any, now: float) -> list[str]:
    return [saas_world.add(state, zone, given, "add_custom_hostnames", now).id for given in value]


def _hostnames(_: State, zone: Zone, value: Any, now: float) -> None:
    """Change custom hostnames by name or id; null removes one."""
    for wanted, given in value.items():
        hostname = next((h for h in zone.saas.hostnames.values() if wanted in (h.hostname, h.id)), None)
        if hostname is None:
            raise ControlError(f"there is no custom hostname {wanted} in {zone.name}", 404)
        if given is None:
            del zone.saas.hostnames[hostname.id]
        else:
            saas_world.change(hostname, given, f"custom_hostnames.{wanted}", now)


def _hold(_: State, zone: Zone, value: Any, __: float) -> None:
    zone.hold = bool(value)


def _quota(_: State, zone: Zone, value: Any, __: float) -> None:
    given = _mapping(value, ("allocated", "hard_cap"))
    zone.saas.allocated = int(given.get("allocated", zone.saas.allocated))
    zone.saas.hard_cap = int(given.get("hard_cap", zone.saas.hard_cap))


_SETTERS: dict[str, Setter] = {
    "plan": _plan,
    "status": _status,
    "paused": _paused,
    "delegated": _delegated,
    "settings": _settings,
    "universal_ssl": _universal,
    "packs": _packs,
    "add_records": _add_records,
    "remove_records": _remove_records,
    "add_rules": _add_rules,
    "remove_rules": _remove_rules,
    "page_rules": _page_rules,
    "fallback_origin": _fallback,
    "add_custom_hostnames": _add_hostnames,
    "custom_hostnames": _hostnames,
    "custom_hostname_quota": _quota,
    "hold": _hold,
}
