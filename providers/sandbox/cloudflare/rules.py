"""One rule of a ruleset: what the API accepts, and how it answers.

docs: "Work with rules", "Phases list", API reference "Rulesets"; the words of refusals follow the
pattern that the vendor uses: `'<value>' is not a valid value for <member> because <reason>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answers import Refusal
from .expressions import MAX_LENGTH, ExpressionError, parse
from .state import Rule, Zone, stamp

PHASE_ACTIONS: dict[str, frozenset[str]] = {
    "http_config_settings": frozenset({"set_config"}),
    "http_request_cache_settings": frozenset({"set_cache_settings"}),
    "http_request_origin": frozenset({"route"}),
    "http_request_dynamic_redirect": frozenset({"redirect"}),
    "http_request_transform": frozenset({"rewrite"}),
    "http_request_late_transform": frozenset({"rewrite"}),
    "http_response_headers_transform": frozenset({"rewrite"}),
    "http_request_firewall_custom": frozenset(
        {"block", "challenge", "js_challenge", "managed_challenge", "log", "skip"}
    ),
}
MEMBERS = frozenset(
    {
        "id",
        "action",
        "action_parameters",
        "categories",
        "description",
        "enabled",
        "expression",
        "logging",
        "ref",
    }
    | {"ratelimit", "exposed_credential_check", "version", "last_updated", "position"}
)
SWITCHED = frozenset(
    {
        "automatic_https_rewrites",
        "bic",
        "content_converter",
        "email_obfuscation",
        "fonts",
        "hotlink_protection",
    }
    | {
        "mirage",
        "opportunistic_encryption",
        "redirects_for_ai_training",
        "rocket_loader",
        "server_side_excludes",
    }
    | {"sxg", "webmcp_enabled"}
)
ONLY_TRUE = frozenset({"disable_apps", "disable_pay_per_crawl", "disable_rum", "disable_zaraz"})
CHOICES: dict[str, frozenset[str]] = {
    "ssl": frozenset({"off", "flexible", "full", "strict", "origin_pull"}),
    "polish": frozenset({"off", "lossless", "lossy", "webp"}),
    "security_level": frozenset({"off", "essentially_off", "low", "medium", "high", "under_attack"}),
    "request_body_buffering": frozenset({"none", "standard", "full"}),
    "response_body_buffering": frozenset({"none", "standard"}),
}
EDGE_MODES = frozenset({"respect_origin", "bypass_by_default", "override_origin"})
BROWSER_MODES = EDGE_MODES | {"bypass"}


def refused(member: str, value: object, reason: str, pointer: str, code: int = 20217) -> Refusal:
    """A refusal of one member, in the rulesets family's words."""
    return Refusal(
        400, code, f"'{value}' is not a valid value for {member} because {reason}", pointer=pointer
    )


def build(zone: Zone, phase: str, given: Any, at: str, *, edge_ttl_refused: bool) -> dict[str, Any]:
    """Give what is stored of a rule's body; `at` is the JSON pointer of the rule.

    Raises Refusal where the rule is not valid for its phase and plan.
    """
    if not isinstance(given, dict):
        raise Refusal(400, 20003, "invalid JSON: rule must be an object", pointer=at)
    if unknown := sorted(given.keys() - MEMBERS):
        raise Refusal(400, 20003, f'invalid JSON: unknown field "{unknown[0]}"')
    action = given.get("action")
    if not action:
        what = "action is required" + (" for action parameters" if given.get("action_parameters") else "")
        raise Refusal(400, 20018, what, pointer=f"{at}/action")
    if action not in PHASE_ACTIONS[phase]:
        raise refused(
            "action", action, f"the action is not allowed in the phase {phase}", f"{at}/action", 20016
        )
    _expression(given.get("expression") or "", f"{at}/expression")
    _parameters(zone, str(action), given.get("action_parameters"), at, edge_ttl_refused=edge_ttl_refused)
    kept = ("action", "action_parameters", "expression", "description", "logging")
    body = {name: given[name] for name in kept if given.get(name) is not None}
    return {"description": "", **body, "enabled": bool(given.get("enabled", True))}


def _expression(expression: object, at: str) -> None:
    if not isinstance(expression, str) or not expression.strip():
        raise refused("expression", "", "the expression cannot be blank", at, 20125)
    if len(expression) > MAX_LENGTH:
        reason = f"the expression cannot be longer than {MAX_LENGTH} characters"
        raise refused("expression", expression[:40] + "...", reason, at, 20126)
    try:
        parse(expression)
    except ExpressionError as exc:
        raise refused(
            "expression", expression, f"could not parse filter expression: {exc}", at, 20127
        ) from exc


def _parameters(zone: Zone, action: str, given: Any, at: str, *, edge_ttl_refused: bool) -> None:
    pointer = f"{at}/action_parameters"
    needed = {"set_config", "set_cache_settings", "route", "redirect", "rewrite", "skip"}
    if not isinstance(given, Mapping) or not given:
        if action in needed:
            raise Refusal(
                400, 20119, f"action parameters are required for the {action} action", pointer=pointer
            )
        return
    if action == "set_config":
        _config(given, pointer)
    elif action == "set_cache_settings":
        _edge_ttl(zone, given.get("edge_ttl"), f"{pointer}/edge_ttl", refuse_short=edge_ttl_refused)
        _mode(given.get("browser_ttl"), BROWSER_MODES, "browser_ttl", f"{pointer}/browser_ttl")
    elif action == "route":
        _route(zone, given, pointer)


def _config(given: Mapping[str, Any], pointer: str) -> None:
    for name, value in given.items():
        at = f"{pointer}/{name}"
        if name in SWITCHED or name in ONLY_TRUE:
            if not isinstance(value, bool) or (name in ONLY_TRUE and not value):
                raise refused(name, value, "it must be " + ("true" if name in ONLY_TRUE else "a boolean"), at)
        elif name in CHOICES:
            if value not in CHOICES[name]:
                raise refused(name, value, f"it must be one of {', '.join(sorted(CHOICES[name]))}", at)
        elif name not in {"autominify", "webmcp_packs"}:
            raise Refusal(400, 20003, f'invalid JSON: unknown field "{name}"')


def _mode(given: Any, modes: frozenset[str], member: str, pointer: str) -> None:
    if given is None:
        return
    if not isinstance(given, Mapping) or given.get("mode") not in modes:
        shown = given.get("mode") if isinstance(given, Mapping) else given
        raise refused("mode", shown, f"it must be one of {', '.join(sorted(modes))}", f"{pointer}/mode")
    default = given.get("default")
    if given["mode"] == "override_origin" and not (isinstance(default, int) and default >= 0):
        raise Refusal(
            400, 20120, f"{member}: default is required for override_origin", pointer=f"{pointer}/default"
        )


def _edge_ttl(zone: Zone, given: Any, pointer: str, *, refuse_short: bool) -> None:
    _mode(given, EDGE_MODES, "edge_ttl", pointer)
    if given is None or given["mode"] != "override_origin":
        return
    least = zone.plan.edge_ttl_s
    if given["default"] < least and refuse_short:
        reason = f"the minimum edge TTL for the {zone.plan.name} plan is {least} seconds"
        raise refused("default", given["default"], reason, f"{pointer}/default", 20121)


def _route(zone: Zone, given: Mapping[str, Any], pointer: str) -> None:
    entitled = zone.plan.legacy_id == "enterprise"
    for name in ("host_header", "sni", "origin"):
        port_only = name == "origin" and set(given.get("origin") or {}) <= {"port"}
        if name in given and not entitled and not port_only:
            raise Refusal(
                403,
                20120,
                f"not entitled: use of {name} override is not allowed",
                pointer=f"{pointer}/{name}",
            )


def view(rule: Rule) -> dict[str, Any]:
    """Give a rule as the API answers it."""
    return {
        "id": rule.id,
        "version": str(rule.version),
        **rule.body,
        "ref": rule.ref,
        "last_updated": stamp(rule.updated),
    }
