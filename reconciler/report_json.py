"""The report of a run as JSON: what scripts and dashboards read. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.plan import Gate, Node
from reconciler.report import HostReport, Outcome, Report, Result

SCHEMA = "urn:tdr:schema:report:1"
FORMAT_VERSION = "1.0"


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON data; valid under `schemas/report-v1.schema.json`, no time stamp."""
    imported, added, changed, destroyed = report.count()
    return {
        "$schema": SCHEMA,
        "format_version": FORMAT_VERSION,
        "succeeded": report.succeeded,
        "interrupted": report.interrupted,
        "reason": reason(report),
        "resources": {"imported": imported, "added": added, "changed": changed, "destroyed": destroyed},
        "hosts": [_host(host) for host in report.hosts],
        "steps": [_node(node, report.results.get(node.id)) for node in report.plan.nodes],
    }


def reason(report: Report) -> str | None:
    """Return in a word why the run did not do everything, None where it did.

    `cancelled`: a person ended it; `failed`: nothing was applied; `partial`: some domains were; `waiting`:
    only waits are left.
    """
    outcomes = {host.outcome for host in report.hosts}
    if report.interrupted:
        return "cancelled"
    if Outcome.FAILED in outcomes or Outcome.SKIPPED in outcomes:
        return "partial" if Outcome.APPLIED in outcomes else "failed"
    return "waiting" if Outcome.WAITING in outcomes else None


def _host(host: HostReport) -> dict[str, Any]:
    return {
        "host": host.host or None,
        "outcome": host.outcome.value,
        "why": host.why,
        "next": host.next,
        "scheduled": host.scheduled,
    }


def _node(node: Node, result: Result | None) -> dict[str, Any]:
    told = {
        "host": node.host or None,
        "outcome": "not attempted" if result is None else result.outcome.value,
        "why": "" if result is None else result.why,
        "scheduled": result is not None and result.scheduled,
        "rolled_back": result is not None and result.rolled_back,
    }
    if isinstance(node, Gate):
        subjects = [id_.address for id_ in node.subjects]
        return {"type": "gate", "kind": node.kind.value, "text": node.text, "subjects": subjects, **told}
    action = node.change.action.value
    return {"type": "step", "address": node.change.id.address, "action": action, "phase": node.phase, **told}
