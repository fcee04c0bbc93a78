"""In which order a host's changes go, and which gates stand between. Pure.

A live domain goes: claim → edge and certificate → edge serves → DNS moves → DNS answers → probe → verify with
the old `secure` → wait out the old TTL → `secure` → verify → default, links → restore the TTL → take down the
old edge. `secure` never precedes a served certificate: mail sent in between would carry dead links for ever.

Edges come from three places: what a resource refers to or names in `after`; this choreography; and for
deletions the reverse of both.
"""

from __future__ import annotations

import graphlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.dns import CLAIM, DNS_RECORD, HOST
from reconciler.durations import duration
from reconciler.errors import PlanError
from reconciler.hostview import HostView
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.plan import Gate, GateKind, Node, Step
from reconciler.provider import Kind
from reconciler.records import LOW_TTL_S, UNKNOWN_OLD_TTL_S, same_answer, was_of, without_stamp
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN

PIN, LOWER, MOVE, RESTORE, STAMP = (
    "keep the wildcard's answer",
    "lower the TTL",
    "move",
    "restore the TTL",
    "stamp",
)

ANSWERS_TIMEOUT_S, PROBE_TIMEOUT_S, VERIFY_TIMEOUT_S, SERVES_TIMEOUT_S = 600, 900, 900, 1800
USUAL_S = {GateKind.ANSWERS: 30, GateKind.PROBE: 30, GateKind.VERIFIED: 15, GateKind.SERVES: 60}


def order(
    changes: Iterable[Change],
    desired: Mapping[ResourceId, Resource],
    hosts: Mapping[str, HostView],
    kinds: Mapping[str, Kind],
) -> tuple[Node, ...]:
    """Return steps and gates in an order that can be followed, the same for any order of changes.

    Raises PlanError naming a circle of needs, should a provider compose one.
    """
    by_host: dict[str, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda one: one.id):
        by_host[change.host or ""].append(change)
    wanted: dict[str, list[ResourceId]] = defaultdict(list)
    for id_, resource in desired.items():
        wanted[resource.host or ""].append(id_)
    nodes: list[Node] = []
    for host, mine in sorted(by_host.items()):
        view = hosts.get(host)
        if view is None:
            nodes += [_only_step(change) for change in mine]
        elif view.domain is None or view.domain.state == "absent":
            nodes += _takedown(mine)
        else:
            nodes += _Present(view, mine, wanted[host], kinds).nodes()
    return _sorted(_with_references(nodes))


def _only_step(change: Change, needs: Iterable[str] = ()) -> Step:
    return Step(change.id.address, change, change.after, needs=frozenset(needs))


# -- edges that follow from values
def _with_references(nodes: Iterable[Node]) -> list[Node]:
    """Add the needs that follow from Refs and `after`: ready before use, released before removal."""
    found = list(nodes)
    written = {n.change.id: n.id for n in found if isinstance(n, Step) and n.last}
    ready = {n.subjects[0]: n.id for n in found if isinstance(n, Gate) and n.kind is GateKind.READY}
    deleted = {n.change.id: n.id for n in found if isinstance(n, Step) and n.write is None}
    usable = {**written, **ready}
    needs: dict[str, set[str]] = {node.id: set(node.needs) for node in found}
    for node in found:
        if not isinstance(node, Step):
            continue
        after, before = node.write, node.change.before
        if after is not None:
            # What proves a certificate must stand before that one is ready.
            built = written if _is_validation(node.change.id) else usable
            needs[node.id] |= {built[id_] for id_ in after.depends_on if id_ in built and id_ not in deleted}
        for used in before.depends_on if before is not None else ():
            if used in deleted:
                needs[deleted[used]].add(node.id)
    for stamp, along in _stamps(found):
        needs[stamp] |= needs[along] - {stamp} if along not in needs[stamp] else set()
    known = {node.id for node in found}
    return [replace(node, needs=frozenset((needs[node.id] & known) - {node.id})) for node in found]


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
        record = [step for step in records[stamp.host] if _moves(step)]
        first = next((s for s in record if s.phase == LOWER), None) or next(
            (s for s in record if s.phase in ("", MOVE)), None
        )
        if first is not None:
            yield stamp.id, first.id


def _moves(step: Step) -> bool:
    """Tell whether the step's record changes its answer; one adopted, or given its final TTL, does not."""
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
        steps = [_only_step(change, before) for change in group]
        nodes += steps
        before = [step.id for step in steps]
    return nodes


def _takedown_rank(id_: ResourceId) -> int:
    if id_.kind in TAKEDOWN:
        return TAKEDOWN.index(id_.kind)
    if id_.kind == DNS_RECORD:
        return {HOST: 10, CLAIM: 99}.get(role_of(id_), 50)
    return 30


def role_of(id_: ResourceId) -> str:
    """Return the role of a DNS record: what follows the host in its key."""
    return id_.key.partition("/")[2]


def _is_validation(id_: ResourceId) -> bool:
    return id_.kind == DNS_RECORD and role_of(id_) not in (HOST, CLAIM)


def _proves(change: Change, id_: ResourceId) -> bool:
    """Tell whether a validation record is this resource's: it names it, or was known beforehand."""
    needed = change.after.depends_on if change.after else frozenset()
    return id_ in needed or not needed


# -- a host that is to be there
class _Present:
    """The choreography of one present host: each method adds nodes and knows what they need."""

    def __init__(
        self,
        view: HostView,
        changes: list[Change],
        wanted: Iterable[ResourceId],
        kinds: Mapping[str, Kind],
    ) -> None:
        self.view = view
        self.kinds = kinds
        self.writes = [change for change in changes if change.action is not Action.DELETE]
        self.stale = [change for change in changes if change.action is Action.DELETE]
        self.edge = sorted(filter(self._is_edge, wanted))
        self.found: list[Node] = []

    def _is_edge(self, id_: ResourceId) -> bool:
        domain = self.view.domain
        tracking = (TRACKING_DOMAIN, SECURE, DEFAULT, LINK)
        return domain is not None and id_.alias == domain.cdn and id_.kind not in (*tracking, DNS_RECORD)

    def nodes(self) -> list[Node]:
        """Return every step and gate of the host."""
        claim = self._claim()
        edge = self._steps(lambda id_: self._is_edge(id_) and id_.kind != MANAGED_CERTIFICATE, claim)
        validation = self._steps(
            lambda id_: id_.kind == DNS_RECORD and role_of(id_) not in (HOST, CLAIM), claim
        )
        issued = self._ready(claim, managed=False)
        before_dns = [*claim, *edge, *validation, *issued]
        answers = self._host_record(before_dns)
        tracked = self._steps(lambda id_: id_.kind == TRACKING_DOMAIN, [*before_dns, *answers])
        if self._managed:
            # A host of https links cannot be verified before the certificate, which only enabling brings.
            looked_at = [*answers, *tracked]
            verified = looked_at if self.view.https_live else self._verified(1, looked_at)
            # Enabling makes SparkPost turn links to https by itself as soon as the certificate is valid.
            enabling = [*verified, *tracked, *self._old_ttl()]
            enabled = self._steps(lambda id_: id_.kind == MANAGED_CERTIFICATE, enabling)
            served = self._probe([*answers, *self._ready([*enabled, *verified], managed=True)])
        else:
            served = self._probe([*answers, *before_dns])
            verified = self._verified(1, [*served, *answers, *tracked])
            served += self._old_ttl()
        settled = [*verified, *served]
        secure = self._steps(lambda id_: id_.kind == SECURE, settled)
        proven = self._verified(2, secure) if secure else settled
        uses = self._steps(lambda id_: id_.kind in (DEFAULT, LINK), proven)
        self._restore([*proven, *uses])
        self._take_down_stale()
        return self.found

    # -- what the host's changes are
    @property
    def _managed(self) -> bool:
        domain = self.view.domain
        return domain is not None and domain.cdn == domain.sparkpost

    def _change(self, kind: str, role: str = "") -> Change | None:
        return next(
            (c for c in self.writes if c.id.kind == kind and (not role or role_of(c.id) == role)), None
        )

    @property
    def _moves(self) -> bool:
        return self.view.moves and self._change(DNS_RECORD, HOST) is not None

    @property
    def _secures(self) -> bool:
        return self._change(SECURE) is not None

    def _steps(self, chosen: Callable[[ResourceId], bool], needs: Iterable[str]) -> list[str]:
        picked = [c for c in self.writes if chosen(c.id)]
        steps = [_only_step(change, needs) for change in picked]
        self.found += steps
        return [step.id for step in steps]

    def _gate(
        self,
        kind: GateKind,
        subjects: Iterable[ResourceId],
        text: str,
        needs: Iterable[str],
        **more: int | float,
    ) -> list[str]:
        number = f":{more.pop('number')}" if "number" in more else ""
        usual = {"usual_s": USUAL_S.get(kind, 0), **more}
        gate = Gate(
            id=f"gate:{kind.value}:{self.view.host}{number}",
            kind=kind,
            host=self.view.host,
            subjects=tuple(subjects),
            text=text,
            needs=frozenset(needs),
            **usual,  # type: ignore[arg-type]  # seconds and numbers only
        )
        self.found.append(gate)
        return [gate.id]

    # -- its nodes, in order of work
    def _claim(self) -> list[str]:
        """Write the claim first; with what answers today pinned before it or along, and the time stamped
        together with the change of the record that it describes."""
        change, record = self._change(DNS_RECORD, CLAIM), self._change(DNS_RECORD, HOST)
        pinned = self._pin(record)
        if change is None or change.after is None:
            return pinned
        plain = without_stamp(change.after)
        if change.before is not None and plain.attrs == change.before.attrs:
            self.found.append(Step(change.id.address, change, change.after, STAMP))
            return pinned
        first = Step(
            change.id.address, change, plain, last=True, needs=frozenset(() if self._atomic else pinned)
        )
        if plain != change.after:
            stamped = Step(
                f"{change.id.address}#{STAMP}",
                change,
                change.after,
                STAMP,
                needs=frozenset([first.id]),
            )
            first = replace(first, last=False, phase="claim")
            self.found.append(stamped)
        self.found.append(first)
        return [*pinned, first.id]

    @property
    def _atomic(self) -> bool:
        return self.view.view is not None and self.view.view.zone.atomic

    def _pin(self, record: Change | None) -> list[str]:
        pinned = self.view.pinned
        if record is None or record.after is None or pinned is None or record.before is not None:
            return []
        now: dict[str, object] = {"type": pinned.type, "values": pinned.values, "ttl": pinned.ttl}
        if "proxied" in record.after.attrs:
            now["proxied"] = bool(pinned.proxied)
        write = replace(record.after.with_attrs(**now), after=frozenset())
        step = Step(f"{record.id.address}#{PIN}", record, write, PIN, last=False)
        self.found.append(step)
        return [step.id]

    def _ready(self, needs: Iterable[str], *, managed: bool) -> list[str]:
        """Wait until what serves the host is issued and deployed, where something is about to rest on it."""
        touched = any(self._is_edge(change.id) for change in self.writes)
        if not (self._moves or self._secures or touched):
            return []
        waits = [
            (id_, self.kinds[id_.kind])
            for id_ in self.edge
            if (id_.kind == MANAGED_CERTIFICATE) is managed and self.kinds[id_.kind].ready
        ]
        return [gate for id_, kind in waits for gate in self._ready_gate(id_, kind, needs)]

    def _ready_gate(self, id_: ResourceId, kind: Kind, needs: Iterable[str]) -> list[str]:
        gate = Gate(
            id=f"gate:{kind.ready}:{id_.address}",
            kind=GateKind.READY,
            host=self.view.host,
            subjects=(id_,),
            text=f"{id_.address}: {kind.ready}",
            timeout_s=kind.timeout_s,
            usual_s=kind.usual_s,
            poll_s=kind.poll_s,
            needs=frozenset([*needs, *self._made_for(id_)]),
        )
        self.found.append(gate)
        return [gate.id]

    def _made_for(self, id_: ResourceId) -> list[str]:
        """Return the steps that readiness rests on: the resource's own, and the records that prove it."""
        return [
            node.id
            for node in self.found
            if isinstance(node, Step)
            and (node.change.id == id_ or (_is_validation(node.change.id) and _proves(node.change, id_)))
        ]

    def _host_record(self, needs: list[str]) -> list[str]:
        """Move the host record, proven first where the edge can be; return what to wait for after."""
        change = self._change(DNS_RECORD, HOST)
        if change is None or change.after is None or not self._moves:
            return []
        subject = (change.id,)
        target = self.view.target
        proven = needs
        if target is not None and target.before_dns:
            proven = self._gate(
                GateKind.SERVES, subject, "the new edge serves this host", needs, timeout_s=SERVES_TIMEOUT_S
            )
        lowered = self._lower(change, needs)
        move = self._record_step(change, MOVE, self._moved(change), [*proven, *lowered])
        self._stamp_along(lowered[0] if lowered else move)
        return self._gate(
            GateKind.ANSWERS,
            subject,
            "every authoritative server answers with the new record",
            [move],
            timeout_s=ANSWERS_TIMEOUT_S,
        )

    def _record_step(self, change: Change, phase: str, write: Resource | None, needs: Iterable[str]) -> str:
        steps_before = any(isinstance(n, Step) and n.change.id == change.id for n in self.found)
        only = phase == MOVE and not steps_before and not self._restores(change)
        step = Step(
            change.id.address if only else f"{change.id.address}#{phase}",
            change,
            write,
            "" if only else phase,
            last=phase == RESTORE or (phase == MOVE and not self._restores(change)),
            needs=frozenset(needs),
        )
        self.found.append(step)
        return step.id

    def _lowers(self, change: Change) -> bool:
        before, target = change.before, self.view.target
        if before is None or target is None or target.proxied:
            return False
        return int(str(before.attrs["ttl"])) > LOW_TTL_S

    def _low_ttl_s(self) -> int:
        return max(60, self.view.view.zone.min_ttl if self.view.view else 60)

    def _lower(self, change: Change, needs: list[str]) -> list[str]:
        if not self._lowers(change) or change.before is None:
            return []
        low = change.before.with_attrs(ttl=self._low_ttl_s())
        claimed = [need for need in needs if need.endswith(f'/{CLAIM}"]')]
        return [self._record_step(change, LOWER, low, claimed)]

    def _restores(self, change: Change) -> bool:
        after, target = change.after, self.view.target
        if change.before is None or after is None or target is None or target.proxied:
            return False
        return int(str(after.attrs["ttl"])) > LOW_TTL_S

    def _moved(self, change: Change) -> Resource | None:
        if change.after is not None and self._restores(change):
            return change.after.with_attrs(ttl=self._low_ttl_s())
        return change.after

    def _stamp_along(self, first: str) -> None:
        """Let the claim's stamp come right after the first change of the record where the zone is not
        atomic (a stamp that comes too late only makes the wait longer), else along with it."""
        for index, node in enumerate(self.found):
            if isinstance(node, Step) and node.phase == STAMP and not self._atomic:
                self.found[index] = replace(node, needs=node.needs | {first})

    def _probe(self, needs: Iterable[str]) -> list[str]:
        change = self._change(DNS_RECORD, HOST)
        if not (self._moves or self._secures):
            return []
        subject = [change.id] if change else []
        return self._gate(
            GateKind.PROBE,
            subject,
            "https and http answer as SparkPost does",
            needs,
            timeout_s=PROBE_TIMEOUT_S,
        )

    def _verified(self, number: int, needs: Iterable[str]) -> list[str]:
        domain = self.view.domain
        if domain is None or domain.sparkpost is None:
            return list(needs)
        if not (self._moves or self._secures or self._change(TRACKING_DOMAIN)):
            return list(needs)
        subject = ResourceId(domain.sparkpost, TRACKING_DOMAIN, domain.host)
        return self._gate(
            GateKind.VERIFIED,
            [subject],
            "SparkPost verifies the tracking domain",
            needs,
            timeout_s=VERIFY_TIMEOUT_S,
            number=number,
        )

    def _old_ttl(self) -> list[str]:
        """Wait until no resolver can still hold the old answer, before links turn to https and before an
        old edge goes."""
        wait_s = self._old_ttl_s()
        leaves = any(self._was_edge(change) for change in self.stale)
        if not (self._secures or leaves) or not wait_s:
            return []
        moved = [n.id for n in self.found if isinstance(n, Step) and n.phase in (LOWER, MOVE, STAMP)]
        record = [n.id for n in self.found if isinstance(n, Step) and role_of(n.change.id) == HOST]
        return self._gate(
            GateKind.OLD_TTL,
            [],
            f"the old answer may be cached for {duration(wait_s)}",
            {*moved, *record},
            wait_s=wait_s,
            usual_s=wait_s,
        )

    def _old_ttl_s(self) -> int:
        view = self.view
        remembered = view.claim.was if view.claim else None
        if remembered is not None and (not view.moves or same_answer(remembered, view.was)):
            return remembered.ttl
        if view.moves:
            return view.was.ttl if view.was else (view.pinned.ttl if view.pinned else 0)
        if view.claim is None and view.before is not None:
            return max(UNKNOWN_OLD_TTL_S, view.was.ttl if view.was else 0)
        return 0

    def _restore(self, needs: Iterable[str]) -> None:
        """Give the host record its final TTL; also where only that is left to do."""
        change = self._change(DNS_RECORD, HOST)
        if change is None or change.after is None:
            return
        if not self._moves or self._restores(change):
            phase = RESTORE if self._moves else ""
            self._final_step(change, phase, needs)

    def _final_step(self, change: Change, phase: str, needs: Iterable[str]) -> None:
        id_ = f"{change.id.address}#{phase}" if phase else change.id.address
        earlier = [n.id for n in self.found if isinstance(n, Step) and n.change.id == change.id]
        self.found.append(Step(id_, change, change.after, phase, needs=frozenset([*needs, *earlier])))

    def _take_down_stale(self) -> None:
        """Remove what no longer serves the host after all else: the old edge, stale links."""
        everything = [node.id for node in self.found]
        for change in self.stale:
            self.found.append(_only_step(change, everything if self._was_edge(change) else ()))

    def _was_edge(self, change: Change) -> bool:
        return change.id.kind not in (LINK, DEFAULT)
