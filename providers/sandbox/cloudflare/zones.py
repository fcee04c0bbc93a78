"""Zones: list, get, pause, activation check.

docs: API reference "Zones"; "Zone status"; "Reactivate/activation check".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .answers import Answer, Refusal, found, page
from .calls import Call
from .state import Account, Pack, State, Zone, stamp

STATUSES = ("active", "pending", "initializing", "moved")
CHECK_S = 60.0  # docs: Zone status: the first automatic check comes a minute after the last change
ISSUE_S = 300.0  # docs: Universal SSL: 15 minutes to 24 hours; kept short, the state is the point
NAME_FILTERS: dict[str, Callable[[str, str], bool]] = {
    "equal": str.__eq__,
    "not_equal": str.__ne__,
    "contains": lambda have, want: want in have,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def view(zone: Zone, account: Account, now: float) -> dict[str, Any]:
    """Give a zone as the API answers it."""
    status, plan = zone.status_at(now), zone.plan
    active = status in {"active", "moved"} and zone.active_from is not None
    return {
        "id": zone.id,
        "name": zone.name,
        "status": status,
        "paused": zone.paused,
        "type": zone.type,
        "development_mode": 0,
        "name_servers": list(zone.name_servers),
        "original_name_servers": zone.original_name_servers,
        "original_registrar": None,
        "original_dnshost": None,
        "modified_on": stamp(zone.modified),
        "created_on": stamp(zone.created),
        "activated_on": stamp(zone.active_from or zone.created) if active else None,
        "vanity_name_servers": [],
        "meta": {
            "step": 4 if active else 2,
            "custom_certificate_quota": plan.custom_certificates,
            "page_rule_quota": plan.page_rules,
            "phishing_detected": False,
        },
        "owner": {"id": None, "type": "user", "name": None},
        "account": {"id": account.id, "name": account.name},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": ["#dns_records:edit", "#dns_records:read", "#zone:read", "#zone:edit"],
        "plan": _plan(zone),
        **({"cname_suffix": "cdn.cloudflare.net"} if zone.type == "partial" else {}),
    }


def _plan(zone: Zone) -> dict[str, Any]:
    plan = zone.plan
    return {
        "id": _plan_id(plan.legacy_id),
        "name": plan.name,
        "price": plan.price,
        "currency": "USD",
        "frequency": "monthly" if plan.price else "",
        "is_subscribed": plan.price > 0,
        "can_subscribe": False,
        "legacy_id": plan.legacy_id,
        "legacy_discount": False,
        "externally_managed": False,
    }


def _plan_id(legacy_id: str) -> str:
    return {"free": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}.get(
        legacy_id, (legacy_id.encode().hex() + "0" * 32)[:32]
    )


def list_zones(call: Call) -> Answer:
    """GET /zones."""
    most = 50 if call.switch("cloudflare.zones-page-limit") == "refused" else 1000
    number, size = call.paging(20, most, 5)
    zones = [z for z in call.state.ordered_zones(call.token.account) if _wanted(call, z)]
    if call.query.get("direction") == "desc":
        zones.reverse()
    return page([_view(call, z) for z in zones], number, size)


def _wanted(call: Call, zone: Zone) -> bool:
    query, account = call.query, call.state.accounts[zone.account]
    way, _, wanted = query.get("name", "").rpartition(":")
    checks = (
        ("name", NAME_FILTERS.get(way or "equal", str.__eq__)(zone.name, wanted.lower())),
        ("status", query.get("status") == zone.status_at(call.now)),
        ("type", zone.type in query.get("type", "").split(",")),
        ("account.id", query.get("account.id") == account.id),
        ("account.name", query.get("account.name") == account.name),
    )
    combine = any if query.get("match") == "any" else all
    asked = [holds for name, holds in checks if name in query]
    return combine(asked) if asked else True


def _view(call: Call, zone: Zone) -> dict[str, Any]:
    return view(zone, call.state.accounts[zone.account], call.now)


def get_zone(call: Call) -> Answer:
    """GET /zones/{zone_id}."""
    return found(_view(call, call.zone()))


def edit_zone(call: Call) -> Answer:
    """PATCH /zones/{zone_id}: pausing is all that is emulated."""
    zone, body = call.zone(), call.json()
    if set(body) != {"paused"} or not isinstance(body["paused"], bool):
        raise Refusal(400, 1006, "Only one property can be changed at a time; the sandbox emulates `paused`")
    zone.paused = body["paused"]
    touch(zone, call.now)
    return found(_view(call, zone))


def check_activation(call: Call) -> Answer:
    """PUT /zones/{zone_id}/activation_check: look at the delegation again."""
    zone = call.zone()
    if zone.status_at(call.now) == "pending" and zone.delegated:
        activate(zone, call.now)
    return found({"id": zone.id})


def touch(zone: Zone, now: float) -> None:
    """Note a change of the zone."""
    zone.modified = now
    zone.changes += 1


def activate(zone: Zone, at: float) -> None:
    """Let a pending zone be active from a time on; its universal pack is issued after that."""
    zone.active_from = at if zone.active_from is None else min(zone.active_from, at)
    for pack in zone.packs:
        if pack.type == "universal" and pack.status is None and pack.active_from is None:
            pack.active_from = zone.active_from + ISSUE_S
    touch(zone, at)


def universal_pack(state: State, zone: Zone, now: float, *, issued: bool) -> Pack:
    """Make the universal pack of a full zone: apex and one label below."""
    ready = now if issued else None if zone.active_from is None else max(now, zone.active_from) + ISSUE_S
    return Pack(state.new_id(), "universal", [zone.name, f"*.{zone.name}"], now, ready)
