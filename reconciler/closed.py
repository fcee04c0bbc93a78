"""A closed network's plan: only resolvers can be asked, so a move waits for their caches. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.hostview import HostView
from reconciler.plan import Gate, GateKind, Plan

LONGEST_DENIAL_S = 3 * 3600
"""How long resolvers remember that a name is not there, should a server that lags say so (RFC 2308 §5)."""


def through_caches(plan: Plan, hosts: Mapping[str, HostView]) -> Plan:
    """Return the plan with gates that ask resolvers in place of authoritative servers.

    A resolver may hold the old answer for all of its TTL, or that the name is not there.
    """
    nodes = [
        _of_resolvers(node, _held_s(hosts[node.host]))
        if isinstance(node, Gate) and node.kind is GateKind.ANSWERS
        else node
        for node in plan.nodes
    ]
    return replace(plan, nodes=tuple(nodes))


def _of_resolvers(gate: Gate, held_s: int) -> Gate:
    return replace(
        gate,
        text="every resolver that is asked (TDR_DNS=recursive) answers with the new record",
        timeout_s=gate.timeout_s + held_s,
    )


def _held_s(view: HostView) -> int:
    """Return how long a cache may hold what was answered before the move, by this run or an earlier one."""
    remembered = view.claim.was if view.claim else None
    ttls = [was.ttl for was in (view.answer, remembered) if was is not None]
    return max(ttls, default=LONGEST_DENIAL_S)
