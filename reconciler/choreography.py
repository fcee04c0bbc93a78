"""The choreography of a host that is to be there: the steps and gates of its changes, and what each needs.

A live domain goes: claim → edge and certificate → edge serves → DNS moves → DNS answers → probe → verify with
the old `secure` → wait out the old TTL → `secure` → verify → default, links → restore the TTL → take down the
old edge. `secure` never precedes a served certificate: mail sent in between would carry dead links for ever.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.dns import CLAIM, DNS_RECORD, HOST, is_validation, role_of
from reconciler.durations import duration
from reconciler.hostview import HostView
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.plan import LOWER, MOVE, PIN, RESTORE, SETTLE, STAMP, Gate, GateKind, Node, Step, only_step
from reconciler.provider import Kind
from reconciler.records import claims_of_record, unproven, without_stamp
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN

ANSWERS_TIMEOUT_S, PROBE_TIMEOUT_S, VERIFY_TIMEOUT_S, SERVES_TIMEOUT_S = 600, 900, 900, 1800
USUAL_S = {GateKind.ANSWERS: 30, GateKind.PROBE: 30, GateKind.VERIFIED: 15, GateKind.SERVES: 60}


def _proves(change: Change, id_: ResourceId) -> bool:
    """Tell whether a validation record is this resource's: it names it, or was known beforehand."""
    needed = change.after.depends_on if change.after else frozenset()
    return id_ in needed or not needed


class Choreography:
    """The nodes of one present host: each method adds some and knows what they need."""

    def __init__(
        self,
        view: HostView,
        changes: list[Change],
        wanted: Iterable[ResourceId],
        kinds: Mapping[str, Kind],
        ready: Collection[ResourceId] = frozenset(),
    ) -> None:
        self.view = view
        self.kinds, self.already = kinds, ready
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
        issued = [] if self._issued_after_move else self._ready(claim, managed=False)
        before_dns = [*claim, *edge, *validation, *issued]
        answers = self._host_record(before_dns)
        tracked = self._steps(lambda id_: id_.kind == TRACKING_DOMAIN, [*before_dns, *answers])
        if self._managed:
            looked_at, old_ttl = [*answers, *tracked], self._old_ttl(answers)
            # Enabling turns links to https as soon as the certificate is valid, so caches come first. Where
            # links are https already they fail until then: no wait, and nothing that SparkPost could verify.
            waited = looked_at if self.view.https_live else [*self._verified(1, looked_at), *old_ttl]
            enabled = self._steps(lambda id_: id_.kind == MANAGED_CERTIFICATE, [*waited, *tracked])
            served = self._probe([*answers, *self._ready([*enabled, *waited], managed=True)])
            verified = [*waited, *old_ttl]
        else:
            late = self._ready([*claim, *answers], managed=False) if self._issued_after_move else []
            served = self._probe([*answers, *before_dns, *late])
            verified = self._verified(1, [*served, *answers, *tracked])
            served += self._old_ttl(answers)
        settled = [*verified, *served]
        secure = self._steps(lambda id_: id_.kind == SECURE, settled)
        proven = self._verified(2, secure) if secure else settled
        uses = self._steps(lambda id_: id_.kind in (DEFAULT, LINK), proven)
        self._restore([*proven, *uses])
        self._take_down_stale(claim)
        self._settle()
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
    def _issued_after_move(self) -> bool:
        """Whether the edge's own certificate is issued only once the host's record leads to it."""
        target = self.view.target
        return self._moves and not self._managed and target is not None and target.after_dns

    @property
    def _secures(self) -> bool:
        return self._change(SECURE) is not None

    @property
    def _turns_to_https(self) -> bool:
        change = self._change(SECURE)
        return change is not None and change.action is not Action.NOOP

    @property
    def _proves(self) -> bool:
        """Whether something is to be waited for before the host is done: its claim says so meanwhile."""
        if self.view.by_hand:  # a claim that a person writes is written once
            return False
        return self._to_prove or self._touched or self._change(TRACKING_DOMAIN) is not None

    @property
    def _to_prove(self) -> bool:
        """Whether the host is to be looked at from outside: it moves, turns to https, or moved and never was
        proven. Before it moves there is nothing to see."""
        return self._moves or self._secures or (self.view.unproven and not self.view.moves)

    @property
    def _touched(self) -> bool:
        return any(self._is_edge(change.id) for change in self.writes)

    def _steps(self, chosen: Callable[[ResourceId], bool], needs: Iterable[str]) -> list[str]:
        picked = [c for c in self.writes if chosen(c.id)]
        steps = [only_step(change, needs) for change in picked]
        self.found += steps
        return [step.id for step in steps]

    def _gate(
        self,
        kind: GateKind,
        subjects: Iterable[ResourceId],
        text: str,
        needs: Iterable[str],
        *,
        timeout_s: int = 0,
        wait_s: int = 0,
        number: int = 0,
    ) -> list[str]:
        gate = Gate(
            id=f"gate:{kind.value}:{self.view.host}{f':{number}' if number else ''}",
            kind=kind,
            host=self.view.host,
            subjects=tuple(subjects),
            text=text,
            timeout_s=timeout_s,
            wait_s=wait_s,
            usual_s=USUAL_S.get(kind, wait_s),
            needs=frozenset(needs),
        )
        self.found.append(gate)
        return [gate.id]

    # -- its nodes, in order of work
    def _claim(self) -> list[str]:
        """Write the claim first; with what answers today pinned before it or along, and the time stamped
        together with the change of the record that it describes. `_settle` ends it."""
        change, record = self._change(DNS_RECORD, CLAIM), self._change(DNS_RECORD, HOST)
        pinned = self._pin(record)
        if change is None or change.after is None:
            return pinned
        stamped = change.after
        if self._proves:
            stamped = unproven(stamped, https_in_mail=self.view.https_in_mail)
        plain = without_stamp(stamped)
        if change.before is not None and plain.attrs == change.before.attrs:
            if plain != stamped:
                self.found.append(Step(f"{change.id.address}#{STAMP}", change, stamped, STAMP, last=False))
            return pinned
        first = Step(
            change.id.address, change, plain, last=False, needs=frozenset(() if self._atomic else pinned)
        )
        if plain != stamped:
            needs = frozenset([first.id])
            first = replace(first, phase="claim")
            self.found.append(
                Step(f"{change.id.address}#{STAMP}", change, stamped, STAMP, last=False, needs=needs)
            )
        self.found.append(first)
        return [*pinned, first.id]

    @property
    def _atomic(self) -> bool:
        return self.view.view is not None and self.view.view.zone.atomic

    def _pin(self, record: Change | None) -> list[str]:
        pinned = self.view.pinned
        if record is None or record.after is None or pinned is None or record.before is not None:
            return []
        write = replace(record.after, attrs=pinned.attrs, after=frozenset())
        step = Step(f"{record.id.address}#{PIN}", record, write, PIN, last=False)
        self.found.append(step)
        return [step.id]

    def _ready(self, needs: Iterable[str], *, managed: bool) -> list[str]:
        """Wait until what serves the host is issued and deployed, where something is about to rest on it."""
        if not (self._to_prove or self._touched):
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
            usual_s=0 if id_ in self.already else kind.usual_s,
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
            and (node.change.id == id_ or (is_validation(node.change.id) and _proves(node.change, id_)))
        ]

    def _host_record(self, needs: list[str]) -> list[str]:
        """Move the host record, proven first where the edge can be; return what to wait for after."""
        change = self._change(DNS_RECORD, HOST)
        if change is None or change.after is None or not self._moves:
            return self._shown(needs)
        subject = (change.id,)
        target = self.view.target
        proven = needs
        if self._issued_after_move or (target is not None and target.before_dns):
            # Links of mail already delivered are to work from the first answer on, without a certificate too.
            text = "the new edge serves this host" + " over http" * self._issued_after_move
            proven = self._gate(GateKind.SERVES, subject, text, needs, timeout_s=SERVES_TIMEOUT_S)
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

    def _shown(self, needs: list[str]) -> list[str]:
        """Ask all servers of a zone that people edit, whose claim cannot tell that they were asked before."""
        if not (self.view.by_hand and self._to_prove and self.view.before is not None):
            return []
        return self._gate(
            GateKind.ANSWERS,
            [self.view.before.id],
            "every authoritative server answers with the record",
            needs,
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

    def _lower(self, change: Change, needs: list[str]) -> list[str]:
        if change.before is None or not self.view.is_held_long(change.before):
            return []
        low = change.before.with_attrs(ttl=self.view.low_ttl_s)
        claimed = [need for need in needs if need.endswith(f'/{CLAIM}"]')]
        return [self._record_step(change, LOWER, low, claimed)]

    def _restores(self, change: Change) -> bool:
        before, after = change.before, change.after
        return before is not None and after is not None and self.view.is_held_long(after)

    def _moved(self, change: Change) -> Resource | None:
        if change.after is not None and self._restores(change):
            return change.after.with_attrs(ttl=self.view.low_ttl_s)
        return change.after

    def _stamp_along(self, first: str) -> None:
        """Let the claim's stamp come right after the first change of the record where the zone is not
        atomic (a stamp that comes too late only makes the wait longer), else along with it."""
        for index, node in enumerate(self.found):
            if isinstance(node, Step) and node.phase == STAMP and not self._atomic:
                self.found[index] = replace(node, needs=node.needs | {first})

    def _probe(self, needs: Iterable[str]) -> list[str]:
        change = self._change(DNS_RECORD, HOST)
        if not self._to_prove:
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
        if not (self._to_prove or self._change(TRACKING_DOMAIN)):
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

    def _old_ttl(self, answers: Iterable[str]) -> list[str]:
        """Wait until no resolver can still hold the old answer, before links turn to https and before an
        old edge goes. The wait counts from when every server gave the new one."""
        wait_s = self.view.old_ttl_s
        leaves = any(self._was_edge(change) for change in self.stale)
        if not (self._turns_to_https or leaves) or not wait_s:
            return []
        moved = [n.id for n in self.found if isinstance(n, Step) and n.phase in (LOWER, MOVE, STAMP)]
        record = [n.id for n in self.found if isinstance(n, Step) and role_of(n.change.id) == HOST]
        return self._gate(
            GateKind.OLD_TTL,
            [],
            f"the old answer may be cached for {duration(wait_s)}{self._counted_from(wait_s)}",
            {*moved, *record, *answers},
            wait_s=wait_s,
        )

    def _counted_from(self, wait_s: int) -> str:
        """Say where nothing remembers since when: the claim of a zone that people edit is written once."""
        if not self.view.by_hand:
            return ""
        return f" (counted from this run, which needs `-timeout {duration(wait_s + SERVES_TIMEOUT_S)}`)"

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

    def _take_down_stale(self, claim: list[str]) -> None:
        """Remove what no longer serves the host: stale links at once, the old edge after all else."""
        everything = [node.id for node in self.found]
        for change in self.stale:
            self.found.append(only_step(change, everything if self._was_edge(change) else claim))

    def _settle(self) -> None:
        """Say in the claim that all is proven, once it is; where nothing is to prove, or the plan leaves the
        move out, the claim is done at once."""
        change = self._change(DNS_RECORD, CLAIM)
        if change is None:
            return
        if self._proves and not (change.after and any(c.unproven for c in claims_of_record(change.after))):
            needed = {need for node in self.found for need in node.needs}
            ends = frozenset(node.id for node in self.found) - needed
            self.found.append(Step(f"{change.id.address}#{SETTLE}", change, change.after, SETTLE, needs=ends))
            return
        stamped = any(isinstance(n, Step) and n.phase == STAMP for n in self.found)
        for index, node in enumerate(self.found):
            if isinstance(node, Step) and node.change is change and (node.phase == STAMP) is stamped:
                self.found[index] = replace(node, last=True)

    def _was_edge(self, change: Change) -> bool:
        return change.id.kind not in (LINK, DEFAULT)
