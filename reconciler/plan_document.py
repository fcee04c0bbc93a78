"""A plan in the shape of Terraform's `show -json`: what policies and tools for pull requests read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.desired import Desired
from reconciler.model import (
    REQUESTED,
    SCALARS,
    Action,
    Attrs,
    Change,
    Ref,
    Resource,
    ResourceId,
    Severity,
    Value,
)
from reconciler.plan import Plan

FORMAT_VERSION = "1.2"

ACTIONS = {
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.DELETE: ["delete"],
    Action.REPLACE: ["delete", "create"],
    Action.FORGET: ["forget"],
    Action.NOOP: ["no-op"],
}
NAMES = ("address", "mode", "type", "name", "index", "provider_name")
"""What a resource is called, wherever it stands."""
OPPOSITE = {Action.CREATE: Action.DELETE, Action.DELETE: Action.CREATE, Action.UPDATE: Action.UPDATE}


def document(plan: Plan, desired: Desired, version: str) -> dict[str, Any]:
    """Return the part of a saved plan that others read. `version` is tdr's.

    It has no time stamp: the same plan is the same text.
    """
    errored = any(finding.severity is Severity.ERROR for finding in plan.findings)
    changes = sorted(plan.changes, key=lambda change: change.id.address)
    told = [resource_change(change, desired) for change in changes]
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": version,
        "planned_values": {"root_module": {"resources": _planned(told)}},
        "resource_changes": told,
        "resource_drift": [
            _drift(c, desired) for c in changes if c.host in plan.drifted and c.action in OPPOSITE
        ],
        "applyable": bool(plan.nodes),
        "complete": plan.complete and not errored,
        "errored": errored,
    }


def resource_change(change: Change, desired: Desired) -> dict[str, Any]:
    """Return one element of `resource_changes`."""
    sides: dict[str, Any] = {"actions": ACTIONS[change.action], **_sides(change.before, change.after)}
    if change.adopts:
        sides["importing"] = {"id": change.id.key}
    found = {**_named(change.id, desired), "change": sides}
    reason = action_reason(change)
    return {**found, "action_reason": reason} if reason else found


def action_reason(change: Change) -> str:
    """Return Terraform's word for why something is replaced or deleted, empty where it has none."""
    if change.action is Action.REPLACE:
        return "replace_by_request" if change.reason == REQUESTED else "replace_because_cannot_update"
    return "delete_because_no_resource_config" if change.action is Action.DELETE else ""


def _named(id_: ResourceId, desired: Desired) -> dict[str, Any]:
    account = desired.accounts.get(id_.alias)
    return {
        "address": id_.address,
        "mode": "managed",
        "type": id_.kind,
        "name": id_.alias,
        "index": id_.key,
        "provider_name": account.type if account is not None else id_.alias,
    }


def _sides(before: Resource | None, after: Resource | None) -> dict[str, Any]:
    return {
        "before": None if before is None else _known(before.attrs),
        "after": None if after is None else _known(after.attrs),
        "after_unknown": {} if after is None else _unknown_in(after.attrs),
        "before_sensitive": False if before is None else {},
        "after_sensitive": False if after is None else {},
    }


def _planned(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **{name: one[name] for name in NAMES},
            "schema_version": 1,
            "values": one["change"]["after"],
            "sensitive_values": {},
        }
        for one in told
        if one["change"]["after"] is not None
    ]


def _drift(change: Change, desired: Desired) -> dict[str, Any]:
    """Return what happened outside of tdr: the change turned round, from approved to live."""
    sides = {"actions": ACTIONS[OPPOSITE[change.action]], **_sides(change.after, change.before)}
    return {**_named(change.id, desired), "change": sides}


# -- what is known of values, as Terraform splits it
def _known(attrs: Attrs) -> dict[str, Any]:
    """Return the attributes without those that are unknown; an unknown value inside of a list is null."""
    return {name: _plain(value) for name, value in attrs.items() if type(value) is not Ref}


def _plain(value: Value) -> Any:
    if type(value) in SCALARS:
        return value
    if isinstance(value, Ref):
        return None
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return _known(value)
    return value


def _unknown_in(attrs: Attrs) -> dict[str, Any]:
    nested = {name: value for name, value in attrs.items() if type(value) not in SCALARS}
    return {name: unknown for name, value in nested.items() if (unknown := _unknown(value))}


def _unknown(value: Value) -> Any:
    """Return true for what is unknown, and the shape around it; false where all is known."""
    if type(value) in SCALARS:
        return False
    if isinstance(value, Ref):
        return True
    if isinstance(value, tuple):
        inner = [_unknown(one) for one in value]
        return inner if any(inner) else False
    if isinstance(value, Mapping):
        return _unknown_in(value)
    return False
