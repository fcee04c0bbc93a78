"""The world's `cloudflare` section, read into a State; every mistake is named with its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import known, one_of

from . import access, records, rules, rulesets, saas_world, settings
from .answers import Refusal
from .certificates import ISSUERS, PACK_STATUSES, PACK_TYPES
from .names import NAME_SERVERS
from .plans import PLANS
from .state import Account, Pack, Rule, Ruleset, State, Token, Zone, derived_id
from .zones import CHECK_S, STATUSES, activate, universal_pack

AGE_S = 30 * 86400.0  # how long the world's zones have been there
ACCOUNT_KEYS = ("token", "env", "account", "zones", "scopes")
ZONE_KEYS = (
    "name",
    "plan",
    "status",
    "delegated",
    "paused",
    "settings",
    "records",
    "rulesets",
    "page_rules",
    "universal_ssl",
    "packs",
    "original_name_servers",
    "fallback_origin",
    "custom_hostnames",
    "custom_hostname_quota",
    "hold",
    "type",
)


def read(section: Any, now: float, *, activates: bool) -> tuple[State, dict[str, str]]:
    """Give the state that a section describes, and the credentials to export."""
    state, exported = State(), {}
    if not isinstance(section, list):
        raise WorldError("cloudflare", "write a list of accounts")
    for n, entry in enumerate(section):
        at = f"cloudflare[{n}]"
        given = known(entry, ACCOUNT_KEYS, at)
        secret = given.get("token")
        if not isinstance(secret, str) or not secret:
            raise WorldError(f"{at}.token", "write the API token of the account")
        name = str(given.get("account", f"account-{n + 1}"))
        account = Account(derived_id("account", name), name)
        state.accounts[account.id] = account
        scopes = given.get("scopes")
        token_id = access.digest(secret)
        state.tokens[token_id] = Token(token_id[:32], account.id, None if scopes is None else list(scopes))
        if "env" in given:
            exported[str(given["env"])] = secret
        for m, zone in enumerate(given.get("zones") or []):
            added = add_zone(state, account.id, zone, f"{at}.zones[{m}]", now)
            if activates and added.status == "pending" and added.delegated and added.active_from is None:
                activate(added, now + CHECK_S)
    return state, exported


def add_zone(state: State, account: str, entry: Any, at: str, now: float) -> Zone:
    """Add one zone of the world to the state."""
    given = known(entry, ZONE_KEYS, at)
    name = str(given.get("name", "")).lower().rstrip(".")
    if "." not in name:
        raise WorldError(f"{at}.name", "write the zone's name, such as example.com")
    status = one_of(given.get("status", "active"), STATUSES, f"{at}.status")
    kind = one_of(given.get("type", "full"), ("full", "partial"), f"{at}.type")
    made = now - AGE_S
    zone = Zone(
        id=derived_id("zone", account, name),
        name=name,
        account=account,
        plan_id=one_of(given.get("plan", "free"), tuple(PLANS), f"{at}.plan"),
        status=status,
        delegated=bool(given.get("delegated", status == "active" and kind == "full")),
        created=made,
        modified=made,
        active_from=made if status in {"active", "moved"} else None,
        paused=bool(given.get("paused", False)),
        type=kind,
        name_servers=[server.host for server in NAME_SERVERS] if kind == "full" else [],
        original_name_servers=given.get("original_name_servers"),
        universal=bool(given.get("universal_ssl", True)),
    )
    state.zones[zone.id] = zone
    _fill(state, zone, given, at, now)
    return zone


def _fill(state: State, zone: Zone, given: Mapping[str, Any], at: str, now: float) -> None:
    made = zone.created
    for key, value in (given.get("settings") or {}).items():
        one_of(key, tuple(settings.DEFAULTS), f"{at}.settings.{key}")
        with mistake_at(f"{at}.settings.{key}"):
            settings.change(zone, key, value, made)
    for n, record in enumerate(given.get("records") or []):
        with mistake_at(f"{at}.records[{n}]"):
            add_record(state, zone, record, made)
    for n, ruleset in enumerate(given.get("rulesets") or []):
        with mistake_at(f"{at}.rulesets[{n}]"):
            add_ruleset(state, zone, ruleset, made, f"{at}.rulesets[{n}]")
    packs = [
        read_pack(state, zone, pack, f"{at}.packs[{n}]", now)
        for n, pack in enumerate(given.get("packs") or [])
    ]
    if zone.universal and not any(pack.type == "universal" for pack in packs):
        zone.packs.append(universal_pack(state, zone, made, issued=zone.active_from is not None))
    zone.packs += packs
    page_rules = given.get("page_rules") or []
    zone.page_rules = [
        settings.page_rule(rule, state.new_id(), len(page_rules) - n, made)
        for n, rule in enumerate(page_rules)
    ]
    with mistake_at(at):
        saas_world.fill(state, zone, given, at, now)


@contextmanager
def mistake_at(at: str) -> Iterator[None]:
    """What the API would refuse is a mistake of the world at this place."""
    try:
        yield
    except Refusal as refusal:
        raise WorldError(at, f"{refusal.message} ({refusal.code})") from refusal


def add_record(state: State, zone: Zone, given: Mapping[str, Any], now: float) -> str:
    """Add one record as a person would; returns its id. Raises Refusal."""
    record = records.build(zone, given, None, now=now, new_id=state.new_id())
    records.clash(record, zone.records.values(), "81058")
    zone.records[record.id] = record
    zone.changes += 1
    return record.id


def add_ruleset(state: State, zone: Zone, given: Mapping[str, Any], now: float, at: str) -> None:
    """Add one entry point with its rules. Raises Refusal or WorldError."""
    known(given, ("phase", "name", "description", "rules"), at)
    phase = one_of(given.get("phase"), tuple(rules.PHASE_ACTIONS), f"{at}.phase")
    ruleset = Ruleset(
        state.new_id(),
        phase,
        "zone",
        str(given.get("name", "default")),
        str(given.get("description", "")),
        1,
        now,
        (),
    )
    zone.rulesets[ruleset.id] = ruleset
    for rule in given.get("rules") or []:
        add_rule(state, zone, phase, rule, now)


def add_rule(state: State, zone: Zone, phase: str, given: Mapping[str, Any], now: float) -> str:
    """Add one rule to a phase as a person would; returns its id. Raises Refusal."""
    return rulesets.add_by_hand(state, zone, phase, given, now)


def without(ruleset: Ruleset, kept: tuple[Rule, ...], now: float) -> Ruleset:
    """Give a ruleset with other rules, one version on."""
    return dataclasses.replace(ruleset, rules=kept, version=ruleset.version + 1, updated=now)


def read_pack(state: State, zone: Zone, given: Any, at: str, now: float) -> Pack:
    """Give a certificate pack of the world; `expires_in_s` counts from now and may be negative."""
    known(given, ("type", "hosts", "status", "authority", "expires_in_s"), at)
    kind = one_of(given.get("type", "advanced"), sorted(PACK_TYPES), f"{at}.type")
    hosts = given.get("hosts") or [zone.name, f"*.{zone.name}"]
    status = given.get("status")
    if status is not None:
        one_of(status, sorted(PACK_STATUSES), f"{at}.status")
    authority = one_of(given.get("authority", "google"), sorted(ISSUERS), f"{at}.authority")
    expires = now + float(given["expires_in_s"]) if "expires_in_s" in given else None
    return Pack(state.new_id(), kind, list(hosts), zone.created, zone.created, status, authority, expires)
