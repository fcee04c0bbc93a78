"""Plans as JSON values and back, whole: what a saved plan is loaded from. Pure.

A Ref is `{"$ref": ADDRESS PARTS, "output": …}`; a mapping of a vendor's that has keys with `$` in front gets
one more in front of each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reconciler.model import (
    AT_ONCE,
    SCALARS,
    Action,
    Change,
    FieldChange,
    Finding,
    Ref,
    Resource,
    ResourceId,
    Rounds,
    Severity,
    Value,
    attrs,
)
from reconciler.plan import Billed, Gate, GateKind, Node, Plan, Step, Versioned

Data = dict[str, Any]
REF, SAME = "$ref", "after"


# -- values
def value_data(value: Value) -> Any:
    """Return a value as JSON."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, Ref):
        return {REF: _id_data(value.target), "output": value.output}
    if isinstance(value, tuple):
        return [value_data(inner) for inner in value]
    if isinstance(value, Mapping):
        return {
            _escaped(name): inner if type(inner) in SCALARS else value_data(inner)
            for name, inner in value.items()
        }
    return value


def value_of(data: Any) -> Any:
    """Return the value that `value_data` wrote, lists as tuples."""
    if isinstance(data, dict):
        if REF in data:
            return Ref(_id_of(data[REF]), data["output"])
        return {_unescaped(name): value_of(inner) for name, inner in data.items()}
    if isinstance(data, list):
        return tuple(value_of(inner) for inner in data)
    return data


def _escaped(name: str) -> str:
    return f"${name}" if name.startswith("$") else name


def _unescaped(name: str) -> str:
    return name.removeprefix("$")


def _id_data(id_: ResourceId) -> list[str]:
    return list(id_)


def _id_of(data: list[str]) -> ResourceId:
    return ResourceId(*data)


# -- resources and changes
def resource_data(resource: Resource | None) -> Data | None:
    """Return a resource without its outputs: they are the vendor's, never compared, and may be anything."""
    if resource is None:
        return None
    return {
        "id": _id_data(resource.id),
        "attrs": value_data(resource.attrs),
        "host": resource.host,
        "container": resource.container,
        "after": [_id_data(id_) for id_ in sorted(resource.after)],
        "mark": resource.mark,
    }


def resource_of(data: Data | None) -> Resource | None:
    """Return the resource that `resource_data` wrote."""
    if data is None:
        return None
    return Resource(
        id=_id_of(data["id"]),
        attrs=attrs(**value_of(data["attrs"])),
        host=data["host"],
        container=data["container"],
        after=frozenset(_id_of(id_) for id_ in data["after"]),
        mark=data["mark"],
    )


def change_data(change: Change) -> Data:
    """Return a change; its fields are told by both sides."""
    return {
        "id": _id_data(change.id),
        "action": change.action.value,
        "before": resource_data(change.before),
        "after": resource_data(change.after),
        "fields": [[f.name, value_data(f.before), value_data(f.after)] for f in change.fields],
        "adopts": change.adopts,
        "reason": change.reason,
    }


def change_of(data: Data) -> Change:
    """Return the change that `change_data` wrote."""
    return Change(
        id=_id_of(data["id"]),
        action=Action(data["action"]),
        before=resource_of(data["before"]),
        after=resource_of(data["after"]),
        fields=tuple(FieldChange(n, value_of(old), value_of(new)) for n, old, new in data["fields"]),
        adopts=data["adopts"],
        reason=data["reason"],
    )


# -- steps and gates
def node_data(node: Node, places: Mapping[ResourceId, int]) -> Data:
    """Return a step or a gate; a step names its change by the place in the list of changes."""
    if isinstance(node, Gate):
        return _gate_data(node)
    after = node.change.after
    same = node.write is not None and (node.write is after or node.write == after)
    rounds = {} if node.rounds == AT_ONCE else {"rounds": asdict(node.rounds)}
    return {
        "type": "step",
        "id": node.id,
        "change": places[node.change.id],
        "write": SAME if same else resource_data(node.write),
        "phase": node.phase,
        "last": node.last,
        "needs": sorted(node.needs),
        **rounds,
    }


def node_of(data: Data, changes: tuple[Change, ...]) -> Node:
    """Return the node that `node_data` wrote."""
    if data["type"] == "gate":
        return _gate_of(data)
    change = changes[data["change"]]
    write = change.after if data["write"] == SAME else resource_of(data["write"])
    needs = frozenset(data["needs"])
    rounds = Rounds(**data["rounds"]) if "rounds" in data else AT_ONCE
    return Step(data["id"], change, write, data["phase"], last=data["last"], needs=needs, rounds=rounds)


def _gate_data(gate: Gate) -> Data:
    return {
        "type": "gate",
        "id": gate.id,
        "kind": gate.kind.value,
        "host": gate.host,
        "subjects": [_id_data(id_) for id_ in gate.subjects],
        "text": gate.text,
        "timeout_s": gate.timeout_s,
        "wait_s": gate.wait_s,
        "usual_s": gate.usual_s,
        "poll_s": gate.poll_s,
        "needs": sorted(gate.needs),
    }


def _gate_of(data: Data) -> Gate:
    return Gate(
        id=data["id"],
        kind=GateKind(data["kind"]),
        host=data["host"],
        subjects=tuple(_id_of(id_) for id_ in data["subjects"]),
        text=data["text"],
        timeout_s=data["timeout_s"],
        wait_s=data["wait_s"],
        usual_s=data["usual_s"],
        poll_s=data["poll_s"],
        needs=frozenset(data["needs"]),
    )


# -- the plan
def plan_data(plan: Plan) -> Data:
    """Return all of a plan but its desired state."""
    places = {change.id: number for number, change in enumerate(plan.changes)}
    return {
        "owner": plan.owner,
        "mode": plan.mode,
        "complete": plan.complete,
        "changes": [change_data(change) for change in plan.changes],
        "nodes": [node_data(node, places) for node in plan.nodes],
        "findings": [_finding_data(finding) for finding in plan.findings],
        "classes": dict(sorted(plan.classes.items())),
        "orphans": list(plan.orphans),
        "reread": list(plan.reread),
        "by_hand": list(plan.by_hand),
        "drifted": sorted(plan.drifted),
        "versions": [asdict(one) for one in plan.versions],
        **({"billed": [_billed_data(one) for one in plan.billed]} if plan.billed else {}),
        "fingerprints": plan.fingerprints,
    }


def plan_of(data: Data, desired: Mapping[str, Any]) -> Plan:
    """Return the plan that `plan_data` wrote."""
    changes = tuple(change_of(change) for change in data["changes"])
    return Plan(
        owner=data["owner"],
        changes=changes,
        nodes=tuple(node_of(node, changes) for node in data["nodes"]),
        findings=tuple(_finding_of(finding) for finding in data["findings"]),
        classes=dict(data["classes"]),
        desired=desired,
        complete=data["complete"],
        orphans=tuple(data["orphans"]),
        reread=tuple(data["reread"]),
        by_hand=tuple(data["by_hand"]),
        drifted=frozenset(data["drifted"]),
        versions=tuple(Versioned(**one) for one in data["versions"]),
        billed=tuple(_billed_of(one) for one in data.get("billed", ())),
        mode=data["mode"],
    )


def _billed_data(one: Billed) -> Data:
    return {**asdict(one), "begins": list(one.begins), "ends": list(one.ends)}


def _billed_of(data: Data) -> Billed:
    return Billed(data["alias"], data["kind"], data["text"], tuple(data["begins"]), tuple(data["ends"]))


def _finding_data(finding: Finding) -> Data:
    return {
        "severity": finding.severity.value,
        "host": finding.host,
        "text": finding.text,
        "lift": finding.lift,
        "key": finding.key,
    }


def _finding_of(data: Data) -> Finding:
    return Finding(Severity(data["severity"]), data["host"], data["text"], data["lift"], data["key"])
