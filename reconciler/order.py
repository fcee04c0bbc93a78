"""In which order changes go, and which gates stand between. Pure.

What a node needs comes from three places: what a resource refers to or names in `after`; the choreography of
its host; and for deletions the reverse of both.
"""

from __future__ import annotations

import graphlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.assemble import Assembly
from reconciler.choreography import Choreography
from reconciler.dns import CLAIM, DNS_RECORD, HOST, is_validation, role_of
from reconciler.errors import PlanError
from reconciler.handover import after, in_former
from reconciler.model import AT_ONCE, Action, Change, Resource, ResourceId, Rounds
from reconciler.plan import LOWER, MOVE, STAMP, Gate, GateKind, Node, Step, only_step
from reconciler.provider import Kind
from reconciler.records import same_answer, was_of
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN


def order(changes: Iterable[Change], assembly: Assembly, kinds: Mapping[str, Kind]) -> tuple[Node, ...]:
    """Return steps and gates in an order that can be followed, the same for any order of changes.

    Raises PlanError naming a circle of needs, should a provider compose one.
    """
    by_host: dict[str, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda one: one.id):
        by_host[change.host or ""].append(change)
    wanted: dict[str, list[ResourceId]] = defaultdict(list)
    for id_, resource in assembly.desired.items():
        wanted[resource.host or ""].append(id_)
    nodes: list[Node] = []
    for host, mine in sorted(by_host.items()):
        view = assembly.hosts.get(host)
        if view is None:
            nodes += [only_step(change) for change in mine]
        elif view.domain is None or view.domain.state == "absent":
            nodes += _takedown(mine)
        else:
            leaving = [change for change in mine if in_former(change.id, view)]
            own = [change for change in mine if change not in leaving]
            there = Choreography(view, own, wanted[host], kinds, assembly.ready).nodes()
            nodes += after(there, _takedown(leaving))
    return _sorted(_with_references([_in_rounds(node, kinds) for node in nodes]))


def _in_rounds(node: Node, kinds: Mapping[str, Kind]) -> Node:
    """Return a node; the write of what takes its vendor's time with how long."""
    if not isinstance(node, Step) or node.change.action is Action.NOOP:
        return node
    kind = kinds.get(node.change.id.kind)
    rounds = AT_ONCE if kind is None else _rounds(node, kind)
    return node if rounds == node.rounds else replace(node, rounds=rounds)


def _rounds(step: Step, kind: Kind) -> Rounds:
    if step.write is None:
        return kind.removal
    return kind.removal.then(kind.writing) if step.change.action is Action.REPLACE else kind.writing


# -- edges that follow from values
def _with_references(nodes: Iterable[Node]) -> list[Node]:
    """Add the needs that follow from Refs and `after`: ready before use, released before removal."""
    found = list(nodes)
    written = {n.change.id: n.id for n in found if isinstance(n, Step) and n.last}
    ready = {n.subjects[0]: n.id for n in found if isinstance(n, Gate) and n.kind is GateKind.READY}
    deleted = {n.change.id: n.id for n in found if isinstance(n, Step) and n.write is None}
    befores = {n.change.id: n.change.before for n in found if isinstance(n, Step)}
    usable = {**written, **ready}
    needs: dict[str, set[str]] = {node.id: set(node.needs) for node in found}
    for node in found:
        if not isinstance(node, Step):
            continue
        after, before = node.write, node.change.before
        if after is not None:
            # What proves a certificate must stand before that one is ready.
            built = written if is_validation(node.change.id) else usable
            needs[node.id] |= {built[id_] for id_ in after.depends_on if id_ in built and id_ not in deleted}
        for used in before.depends_on if before is not None else ():
            if used in deleted and not _goes_first(befores[used], node):
                needs[deleted[used]].add(node.id)
    for stamp, along in _stamps(found):
        needs[stamp] |= needs[along] - {stamp} if along not in needs[stamp] else set()
    known = {node.id for node in found}
    return [_needing(node, frozenset((needs[node.id] & known) - {node.id})) for node in found]


def _goes_first(used: Resource | None, user: Step) -> bool:
    """Tell whether of two that use each other, and both go, the used one is a host's and the other shared.

    An edge that takes over from a host's certificate keeps that one until it has; taken down for good, the
    edge still goes after all that its hosts have.
    """
    mutual = used is not None and user.change.id in used.depends_on
    return mutual and user.write is None and not user.host


def _needing(node: Node, needs: frozenset[str]) -> Node:
    return node if needs == node.needs else replace(node, needs=needs)


def _stamps(nodes: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Yield each stamp of a claim with the first change of the record that it goes along with."""
    records: dict[str, list[Step]] = defaultdict(list)
    stamps: list[Step] = []
    for step in (node for node in nodes if isinstance(node, Step)):
        if step.change.id.kind == DNS_RECORD and role_of(step.change.id) == HOST:
            records[step.host].append(step)
        elif step.phase == STAMP:
            stamps.append(step)
    for stamp in stamps:
        lowered = (step for step in records[stamp.host] if step.phase == LOWER)
        moved = (step for step in records[stamp.host] if is_move(step))
        first = next(lowered, None) or next(moved, None)
        if first is not None:
            yield stamp.id, first.id


def is_move(step: Step) -> bool:
    """Tell whether the step changes what a host record answers; a TTL alone does not."""
    if step.write is None or role_of(step.change.id) != HOST or step.phase not in ("", MOVE):
        return False
    return not same_answer(was_of(step.change.before), was_of(step.change.after))


def _sorted(nodes: Iterable[Node]) -> tuple[Node, ...]:
    by_id = {node.id: node for node in nodes}
    sorter = graphlib.TopologicalSorter({id_: by_id[id_].needs for id_ in sorted(by_id)})
    try:
        sorter.prepare()
    except graphlib.CycleError as exc:
        circle = " → ".join(reversed(exc.args[1]))
        raise PlanError(f"these need each other in a circle: {circle}") from exc
    ordered: list[Node] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [by_id[id_] for id_ in ready]
        sorter.done(*ready)
    return tuple(ordered)


# -- a host that goes away
TAKEDOWN = (LINK, DEFAULT, SECURE, MANAGED_CERTIFICATE, TRACKING_DOMAIN)


def _takedown(changes: Iterable[Change]) -> list[Node]:
    """Unlink, unset the default, delete the tracking domain, then DNS, then the edge, the claim last."""
    ranks: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        ranks[_takedown_rank(change.id)].append(change)
    nodes: list[Node] = []
    before: list[str] = []
    for _, group in sorted(ranks.items()):
        steps = [only_step(change, before) for change in group]
        nodes += steps
        before = [step.id for step in steps]
    return nodes


def _takedown_rank(id_: ResourceId) -> int:
    if id_.kind in TAKEDOWN:
        return TAKEDOWN.index(id_.kind)
    if id_.kind == DNS_RECORD:
        return {HOST: 10, CLAIM: 99}.get(role_of(id_), 50)
    return 30
