"""The plan: ordered data that can be shown, saved, compared and refused. Pure; holds no secret."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.canonical import canonical
from reconciler.model import (
    AT_ONCE,
    Action,
    Change,
    Finding,
    Ref,
    Resource,
    ResourceId,
    Rounds,
    Severity,
    Value,
)

PIN = "keep the wildcard's answer"
LOWER, MOVE, RESTORE = "lower the TTL", "move", "restore the TTL"
STAMP, SETTLE = "stamp", "settle"
"""What the steps of a host record and of a claim are for."""


class GateKind(enum.Enum):
    """What stands between changes; the values are what the plan calls them."""

    READY = "ready"
    SERVES = "edge serves"
    ANSWERS = "dns answers"
    PROBE = "edge probed"
    VERIFIED = "sparkpost verified"
    OLD_TTL = "old ttl passed"


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition that must hold before what needs it may go on.

    subjects   the resources that it is about
    timeout_s  how long an unmet gate is asked again
    wait_s     a fixed wait, counted from when the old answer was last handed out
    usual_s    how long it usually takes, for the forecast
    poll_s     how often it is asked
    text       what is waited for, for people
    """

    id: str
    kind: GateKind
    host: str
    subjects: tuple[ResourceId, ...]
    text: str
    timeout_s: int = 0
    wait_s: int = 0
    usual_s: int = 0
    poll_s: float = 10.0
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """One write of a change: most changes have one, a host record and a claim may have more.

    `write` is what stands after it, None for a deletion. `phase` says what the step is for, empty where the
    change has no other. `rounds` is how it goes where the vendor takes its time.
    """

    id: str
    change: Change
    write: Resource | None
    phase: str = ""
    last: bool = True
    needs: frozenset[str] = frozenset()
    rounds: Rounds = AT_ONCE

    @property
    def host(self) -> str:
        return self.change.host or ""


Node: TypeAlias = Step | Gate


@dataclass(frozen=True, slots=True)
class Versioned:
    """A container that its vendor keeps in versions and that is written: what that means, in words."""

    alias: str
    container: str
    text: str


@dataclass(frozen=True, slots=True)
class Billed:
    """What a plan makes and what it ends of an account's things of a kind that is charged for by existing.

    text    how the vendor charges for it
    begins  keys of what is made; ends: of what is deleted. What is made anew goes on
    """

    alias: str
    kind: str
    text: str
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


def only_step(change: Change, needs: Iterable[str] = ()) -> Step:
    """Return the one step of a change that needs no more."""
    return Step(change.id.address, change, change.after, needs=frozenset(needs))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    changes    by address; nodes: their steps and the gates between, in an order that can be followed
    findings   what the plan says beside; an error has already taken its host's changes out
    classes    for each host that moves, how seamless that is: A, B or C
    desired    the normalised file, so that a saved plan needs no other
    complete   False where `-target` or `-exclude` left something out
    orphans    hosts that the owner claims and no file names
    reread     DNS zones that are written to and have no compare-and-swap: read again at each write
    by_hand    containers that people write into: the plan lists what to set there
    drifted    hosts whose live state differs although the file did not change
    versions   containers that are kept in versions and are written
    billed     what is made or ended that is charged for by existing
    """

    owner: str
    changes: tuple[Change, ...]
    nodes: tuple[Node, ...]
    findings: tuple[Finding, ...] = ()
    classes: Mapping[str, str] = field(default_factory=dict)
    desired: Mapping[str, object] = field(default_factory=dict)
    complete: bool = True
    orphans: tuple[str, ...] = ()
    reread: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    drifted: frozenset[str] = frozenset()
    versions: tuple[Versioned, ...] = ()
    billed: tuple[Billed, ...] = ()
    mode: str = "apply"

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Step))

    @property
    def gates(self) -> tuple[Gate, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Gate))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that something is to be done for."""
        return tuple(sorted({change.host for change in self.changes if change.host}))

    def count(self) -> tuple[int, int, int, int, int]:
        """Return how many are imported, added, changed, destroyed, forgotten.

        A replacement is one added and one destroyed.
        """
        actions = [change.action for change in self.changes]
        replaced = actions.count(Action.REPLACE)
        return (
            sum(change.adopts for change in self.changes),
            actions.count(Action.CREATE) + replaced,
            actions.count(Action.UPDATE),
            actions.count(Action.DELETE) + replaced,
            actions.count(Action.FORGET),
        )

    @property
    def fingerprints(self) -> dict[str, str]:
        """For each address, a digest of both sides: managed attributes only."""
        return {change.id.address: fingerprint(change) for change in self.changes}


def _spelt(value: Value) -> object:
    """Return a value that JSON has no word for as one that it has; a Ref as what plans show for it."""
    if isinstance(value, Ref):
        return {"ref": value.target.address, "output": value.output}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not a value: {value!r}")


def fingerprint(change: Change) -> str:
    """Return a digest of what the change starts from and leads to."""
    sides = [None if r is None else r.attrs for r in (change.before, change.after)]
    text = canonical([change.action.value, change.adopts, *sides], _spelt)
    return hashlib.sha256(text).hexdigest()[:16]


def moved(approved: Plan, now: Plan) -> tuple[str, ...]:
    """Return by name what differs between the approved plan and the same plan made anew.

    Findings, gates and readiness are left out: issuing and deploying never make a plan stale.
    """
    old, new = approved.fingerprints, now.fingerprints
    by_id = {change.id.address: change for change in (*approved.changes, *now.changes)}
    return tuple(
        f"{address}: {_difference(address, old, new, by_id)}"
        for address in sorted(old.keys() | new.keys())
        if old.get(address) != new.get(address)
    )


def seems_carried_out(approved: Plan, now: Plan) -> bool:
    """Tell whether nothing is left of a plan that had something to do, and no error hides it."""
    left = approved.fingerprints.keys() & now.fingerprints.keys()
    forbidden = any(finding.severity is Severity.ERROR for finding in now.findings)
    return bool(approved.changes) and not left and not forbidden


def _difference(
    address: str, old: Mapping[str, str], new: Mapping[str, str], by_id: Mapping[str, Change]
) -> str:
    if address not in new:
        return "is no longer to be changed"
    action = by_id[address].action.value
    if address not in old:
        return f"is now to be changed too ({action})"
    return "its live state or its desired state is not what the plan was made from"
