"""Zone settings, one by one; and the list of page rules.

docs: API reference "Zone Settings" (names, values, defaults), "Page Rules".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answers import Answer, Refusal, found
from .calls import Call
from .state import Zone, stamp
from .zones import touch

ON_OFF = ("on", "off")
CHOICES: dict[str, tuple[str, ...]] = {
    "always_online": ON_OFF,
    "always_use_https": ON_OFF,
    "automatic_https_rewrites": ON_OFF,
    "brotli": ON_OFF,
    "browser_check": ON_OFF,
    "cache_level": ("aggressive", "basic", "simplified"),
    "early_hints": ON_OFF,
    "email_obfuscation": ON_OFF,
    "hotlink_protection": ON_OFF,
    "http2": ON_OFF,
    "http3": ON_OFF,
    "ip_geolocation": ON_OFF,
    "ipv6": ON_OFF,
    "min_tls_version": ("1.0", "1.1", "1.2", "1.3"),
    "opportunistic_encryption": ON_OFF,
    "rocket_loader": ON_OFF,
    "security_level": ("off", "essentially_off", "low", "medium", "high", "under_attack"),
    "server_side_exclude": ON_OFF,
    "ssl": ("off", "flexible", "full", "strict"),
    "tls_1_3": ("on", "off", "zrt"),
    "websockets": ON_OFF,
}
DEFAULTS: dict[str, Any] = {
    "always_online": "off",
    "always_use_https": "off",
    "automatic_https_rewrites": "on",
    "brotli": "on",
    "browser_cache_ttl": 14400,
    "browser_check": "on",
    "cache_level": "aggressive",
    "early_hints": "off",
    "email_obfuscation": "on",
    "hotlink_protection": "off",
    "http2": "on",
    "http3": "on",
    "ip_geolocation": "on",
    "ipv6": "on",
    "min_tls_version": "1.0",
    "opportunistic_encryption": "on",
    "rocket_loader": "off",
    "security_header": {
        "strict_transport_security": {
            "enabled": False,
            "include_subdomains": False,
            "max_age": 0,
            "nosniff": False,
            "preload": False,
        }
    },
    "security_level": "medium",
    "server_side_exclude": "on",
    "ssl": "flexible",
    "tls_1_3": "on",
    "websockets": "on",
}


def value(zone: Zone, name: str) -> Any:
    """Give a setting of a zone, its default where nobody set it."""
    return zone.settings.get(name, DEFAULTS[name])


def strict_transport(zone: Zone) -> Mapping[str, Any]:
    """Give the HSTS part of security_header."""
    inner: Mapping[str, Any] = value(zone, "security_header")["strict_transport_security"]
    return inner


def check(name: str, given: Any) -> Any:
    """Give the value to store; raises Refusal where the setting does not take it."""
    if name == "browser_cache_ttl":
        if not isinstance(given, int) or isinstance(given, bool) or given < 0:
            raise Refusal(400, 1007, "Invalid value for zone setting browser_cache_ttl")
        return given
    if name == "security_header":
        return _security_header(given)
    if given not in CHOICES[name]:
        raise Refusal(400, 1007, f"Invalid value for zone setting {name}")
    return given


def _security_header(given: Any) -> dict[str, Any]:
    inner = given.get("strict_transport_security") if isinstance(given, Mapping) else None
    known = DEFAULTS["security_header"]["strict_transport_security"]
    if not isinstance(inner, Mapping) or not inner.keys() <= known.keys():
        raise Refusal(400, 1007, "Invalid value for zone setting security_header")
    return {"strict_transport_security": {**known, **inner}}


def _name(call: Call) -> str:
    name = call.params["setting_id"]
    if name not in DEFAULTS:
        raise Refusal(400, 1006, f"Unrecognized zone setting name: {name}")
    return name


def _view(zone: Zone, name: str) -> dict[str, Any]:
    changed = zone.settings_changed.get(name)
    modified = stamp(changed) if changed is not None else None
    return {"id": name, "value": value(zone, name), "editable": True, "modified_on": modified}


def get_setting(call: Call) -> Answer:
    """GET /zones/{zone_id}/settings/{setting_id}."""
    return found(_view(call.zone(), _name(call)))


def edit_setting(call: Call) -> Answer:
    """PATCH /zones/{zone_id}/settings/{setting_id} with `{"value": ...}`."""
    zone, name, body = call.zone(), _name(call), call.json()
    if "value" not in body:
        raise Refusal(400, 1007, f"Invalid value for zone setting {name}")
    change(zone, name, body["value"], call.now)
    return found(_view(zone, name))


def change(zone: Zone, name: str, given: Any, now: float) -> None:
    """Set one setting; raises Refusal where the value is not taken."""
    zone.settings[name] = check(name, given)
    zone.settings_changed[name] = now
    touch(zone, now)


def list_page_rules(call: Call) -> Answer:
    """GET /zones/{zone_id}/pagerules: not paged, the highest priority first."""
    status = call.query.get("status")
    chosen = [rule for rule in call.zone().page_rules if status in (None, rule["status"])]
    ascending = call.query.get("direction", "desc") == "asc"
    return found(sorted(chosen, key=lambda rule: rule["priority"], reverse=not ascending))


def page_rule(given: Mapping[str, Any], rule_id: str, priority: int, now: float) -> dict[str, Any]:
    """Give a stored page rule from `{url, actions}` or the API's own form."""
    targets = given.get("targets") or [
        {"target": "url", "constraint": {"operator": "matches", "value": str(given.get("url", ""))}}
    ]
    return {
        "id": rule_id,
        "targets": targets,
        "actions": list(given.get("actions") or []),
        "priority": int(given.get("priority", priority)),
        "status": str(given.get("status", "active")),
        "created_on": stamp(now),
        "modified_on": stamp(now),
    }
