"""Desired × live → plan. Pure."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reconciler import policy, shared
from reconciler.assemble import Assembly, World, assemble, blocked_hosts
from reconciler.billing import billed_by
from reconciler.desired import Desired
from reconciler.diff import diff
from reconciler.dns import CLAIM, DNS_RECORD, HOST, is_validation, role_of
from reconciler.errors import PlanError
from reconciler.handover import in_former, is_bookkeeping, zones_of
from reconciler.hostview import HostView
from reconciler.model import REQUESTED, Action, Change, Finding, Resource, ResourceId, Severity
from reconciler.order import order
from reconciler.plan import Plan, Versioned
from reconciler.provider import Kind, Parts, Provider
from reconciler.records import claims_of_record, unproven, without_claims
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE

T = TypeVar("T")
ABSENT = "absent"
FORMER = "its zone is no longer asked"
GONE_WITH_TRACKING_DOMAIN = (SECURE, MANAGED_CERTIFICATE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line asks of a plan.

    targets, excludes   globs on hosts, or plan addresses
    replaces            plan addresses
    resume              only hosts in mid-phase whose claim has today's digest
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    destroy: bool = False
    prune: bool = False
    refresh_only: bool = False
    resume: bool = False
    max_deletes: int | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a plan is made from; `seen` is what was found outside the accounts, `now_s` the time."""

    desired: Desired
    parts: Mapping[str, Parts]
    world: World
    providers: Mapping[str, Provider]
    kinds: Mapping[str, Kind]
    choice: Choice = field(default_factory=Choice)
    seen: tuple[Finding, ...] = ()
    now_s: float = 0.0


def make_plan(inputs: Inputs) -> tuple[Plan, Assembly]:
    """Return the plan, the same for any order of the inputs, and both sides that it compares.

    Errors among its findings have already taken their hosts' changes out.
    """
    desired, choice = _as_chosen(inputs.desired, inputs.choice), inputs.choice
    parts = _parts(inputs, desired)
    assembly = assemble(desired, parts, inputs.world, inputs.providers, inputs.now_s)
    found = tuple(_changes(desired, assembly, choice))
    _refuse_unknown(choice, assembly, found)
    asked = tuple(_with_open_claims(_chosen(found, choice), assembly))
    addresses = _by_host((change.host, change.id.address) for change in found)
    findings = {
        *(
            f
            for f in (*assembly.findings, *inputs.seen)
            if _concerns(f.host, choice, addresses, assembly, desired)
        ),
        *policy.ownership(desired, tuple(assembly.live.values()), assembly.hosts),
        *policy.replacements(asked),
        *policy.deletions(
            asked, desired, assembly.hosts, max_deletes=choice.max_deletes, unlimited=choice.destroy
        ),
    }
    allowed = () if _forbid_all(findings) else _allowed(asked, blocked_hosts(findings), assembly)
    drifted = frozenset(_drifted(desired, assembly.hosts, allowed))
    if choice.refresh_only:
        allowed = tuple(change for change in allowed if change.host in drifted)
    plan = Plan(
        owner=desired.owner,
        changes=tuple(sorted(allowed, key=lambda c: c.id)),
        nodes=() if choice.refresh_only else order(allowed, assembly, inputs.kinds),
        findings=tuple(sorted(findings, key=lambda f: (f.severity.value, f.host or "", f.text))),
        classes={
            h: v.target.move_class for h, v in assembly.hosts.items() if v.moves and v.target and v.before
        },
        desired=inputs.desired.as_data(),
        complete=not (choice.targets or choice.excludes or choice.resume),
        orphans=assembly.orphans,
        reread=tuple(sorted(set(_reread(allowed, assembly.hosts)))),
        by_hand=tuple(
            sorted({v.view.zone.container for v in assembly.hosts.values() if v.view and v.by_hand})
        ),
        drifted=drifted,
        versions=tuple(_versions(allowed, assembly)),
        billed=() if choice.refresh_only else tuple(billed_by(allowed, inputs.kinds)),
        mode=_mode(choice),
    )
    return plan, assembly


def _versions(changes: Iterable[Change], assembly: Assembly) -> Iterator[Versioned]:
    written = {(c.id.alias, c.container or "") for c in changes if c.action is not Action.NOOP}
    for alias, container in sorted(written):
        if text := assembly.versions.get(alias, {}).get(container):
            yield Versioned(alias, container, text)


def _forbid_all(findings: Iterable[Finding]) -> bool:
    """Tell whether an error concerns the whole run, and not one host."""
    return any(f.severity is Severity.ERROR and f.host is None for f in findings)


def _allowed(changes: Iterable[Change], blocked: Collection[str], assembly: Assembly) -> tuple[Change, ...]:
    return shared.settled((change for change in changes if change.host not in blocked), assembly)


# -- what is asked for
def _as_chosen(desired: Desired, choice: Choice) -> Desired:
    if not choice.destroy:
        return desired
    gone = {host: replace(domain, state="absent") for host, domain in desired.domains.items()}
    return dataclasses.replace(desired, domains=gone)


def _parts(inputs: Inputs, desired: Desired) -> dict[str, Parts]:
    absent = {host for host, domain in desired.domains.items() if domain.state == "absent"}
    return {alias: _mark_absent(parts, absent) for alias, parts in inputs.parts.items()}


def _mark_absent(parts: Parts, absent: Collection[str]) -> Parts:
    played = {
        part: tuple(
            replace(w, absent=True) if w.host in absent and not w.absent else w for w in getattr(parts, part)
        )
        for part in ("cdn", "sparkpost", "dns")
    }
    return Parts(**played)


def _matches(name: str, glob: str) -> bool:
    """Tell whether a glob names name; an address is taken as it stands, for all its square brackets."""
    return name == glob or fnmatch.fnmatchcase(name, glob)


def is_chosen(host: str | None, addresses: Iterable[str], choice: Choice) -> bool:
    """Tell whether `-target` and `-exclude` leave this host or one of these addresses in."""
    names = [*([host] if host else []), *addresses]
    hit = any(_matches(name, glob) for name in names for glob in choice.targets)
    out = any(_matches(name, glob) for name in names for glob in choice.excludes)
    return (hit or not choice.targets) and not out


def _concerns(
    host: str | None,
    choice: Choice,
    addresses: Mapping[str | None, list[str]],
    assembly: Assembly,
    desired: Desired,
) -> bool:
    """Tell whether what was found about host concerns this run."""
    if host is None:
        return True
    view = assembly.hosts.get(host)
    if choice.resume and (view is None or not _mid_phase(view, desired)):
        return False
    if not (choice.targets or choice.excludes):
        return True
    return any(is_chosen(host, [address], choice) for address in (*addresses.get(host, ()), host))


def _by_host(pairs: Iterable[tuple[str | None, T]]) -> dict[str | None, list[T]]:
    found: dict[str | None, list[T]] = defaultdict(list)
    for host, one in pairs:
        found[host].append(one)
    return found


def _chosen(changes: tuple[Change, ...], choice: Choice) -> tuple[Change, ...]:
    """Return the changes that are asked for, with what they rest on, the claim of their host included."""
    kept = {c.id: c for c in changes if is_kept(c, choice)}
    found = {id_ for id_, c in kept.items() if is_chosen(c.host, [id_.address], choice)}
    by_id = {c.id: c for c in changes if c.id in kept or _is_claim(c.id)}
    claims = _by_host((c.host, c.id) for c in by_id.values() if _is_claim(c.id))
    more = set(found)
    while more:
        needed = {id_ for one in more for id_ in _rests_on(by_id[one], claims)}
        more = (needed & by_id.keys()) - found
        found |= more
    left = {change.host for change in changes if change.id not in found}
    return tuple(c for c in changes if c.id in found and not (_drops_claim(c) and c.host in left))


def _with_open_claims(changes: tuple[Change, ...], assembly: Assembly) -> Iterator[Change]:
    """Yield the changes; where a host is to move and its record is left out, its claim stays unproven."""
    moved = {c.host for c in changes if c.id.kind == DNS_RECORD and role_of(c.id) == HOST}
    left_out = {host: v for host, v in assembly.hosts.items() if v.moves and host not in moved}
    for change in changes:
        view = left_out.get(change.host or "")
        if not _is_claim(change.id) or change.after is None or view is None:
            yield change
            continue
        after = unproven(change.after, https_in_mail=view.https_in_mail)
        if (still_open := diff(change.before, after)) is not None:
            yield still_open


def _drops_claim(change: Change) -> bool:
    """Tell whether the change gives the host up: that is for when nothing of it is left."""
    return _is_claim(change.id) and (change.after is None or not claims_of_record(change.after))


def is_kept(change: Change, choice: Choice) -> bool:
    """Tell whether `-exclude` leaves the change in."""
    return not choice.excludes or is_chosen(change.host, [change.id.address], replace(choice, targets=()))


def _rests_on(change: Change, claims: Mapping[str | None, list[ResourceId]]) -> frozenset[ResourceId]:
    built = change.after.depends_on if change.after else frozenset()
    return built.union(claims.get(change.host, ()))


def _is_claim(id_: ResourceId) -> bool:
    return id_.kind == DNS_RECORD and role_of(id_) == CLAIM


def _refuse_unknown(choice: Choice, assembly: Assembly, changes: Iterable[Change]) -> None:
    """Refuse a `-target`, `-exclude` or `-replace` that names nothing: it is a slip of the pen."""
    addresses = [id_.address for id_ in {**assembly.live, **assembly.desired}]
    names = [*assembly.hosts, *addresses, *(change.id.address for change in changes)]
    for flag, globs in (
        ("-target", choice.targets),
        ("-exclude", choice.excludes),
        ("-replace", choice.replaces),
    ):
        for glob in globs:
            if not any(_matches(name, glob) for name in names):
                raise PlanError(f"{flag}={glob} matches no domain and no resource")


def _mode(choice: Choice) -> str:
    if choice.refresh_only:
        return "refresh-only"
    return "destroy" if choice.destroy else "apply"


# -- the changes
def _changes(desired: Desired, assembly: Assembly, choice: Choice) -> Iterator[Change]:
    ids: dict[str | None, set[ResourceId]] = {}
    # What is wanted for one host and live for another (a link that moves) is a change of the first.
    for resource in {**assembly.live, **assembly.desired}.values():
        ids.setdefault(resource.host, set()).add(resource.id)
    for host, mine in ids.items():
        if host is None:
            yield from shared.changes(assembly, mine, desired.owner, takes_down=not choice.resume)
            continue
        view = assembly.hosts.get(host)
        if view is None or (view.domain is None and not choice.prune):
            continue
        if choice.resume and not _mid_phase(view, desired):
            continue
        if view.domain is None or view.domain.state == "absent":
            yield from _deletions(view, assembly, mine, desired.owner)
        else:
            leaving = {id_ for id_ in mine if in_former(id_, view)}
            yield from _updates(view, assembly, mine - leaving, desired, choice)
            yield from _deletions(view, assembly, leaving, desired.owner, FORMER)


def _mid_phase(view: HostView, desired: Desired) -> bool:
    """Tell whether an earlier run began what the file says today, and none has proven it yet; a takedown
    leaves no such trace, and what was put back waits for a person."""
    present = view.domain is not None and view.domain.state == "present"
    if view.by_hand:  # its claim says nothing that changes: what was begun is what has a claim
        return present and view.claim is not None
    begun = view.claim is not None and view.claim.digest == desired.digest(view.host)
    return present and begun and view.unproven and not (view.claim and view.claim.undone)


def _updates(
    view: HostView, assembly: Assembly, ids: Collection[ResourceId], desired: Desired, choice: Choice
) -> Iterator[Change]:
    for id_ in sorted(ids):
        live, wanted = assembly.live.get(id_), assembly.desired.get(id_)
        ours = view.claim is not None or (live is not None and live.mark == desired.owner)
        change = diff(live, wanted, adopts=live is not None and not ours and not _is_claim(id_))
        if live is not None and wanted is not None and live.mark not in (None, desired.owner):
            change = _taken_over(live, wanted, change)
        if id_.address in choice.replaces and live is not None and wanted is not None:
            change = Change(
                id_, Action.REPLACE, live, wanted, change.fields if change else (), reason=REQUESTED
            )
        if change is not None and not _is_silent(change) and _may_go(change, view, desired.owner):
            yield change


def _may_go(change: Change, view: HostView, owner: str) -> bool:
    """Tell whether what a present host no longer needs is ours to remove.

    Never the host's own record or claim, whatever a provider fails to compose; nor what bears no mark and
    stands in no claim: it is another edge of the user's, not one of ours.
    """
    if change.action is not Action.DELETE or change.id.kind in (LINK, DEFAULT):
        return True
    if change.id.kind == DNS_RECORD:
        return view.claim is not None and is_validation(change.id)
    return change.before is not None and change.before.mark == owner


def _taken_over(live: Resource, wanted: Resource, change: Change | None) -> Change:
    """Return the change of a resource that another owner marked and whose host is now ours."""
    fields = change.fields if change else ()
    return Change(live.id, Action.UPDATE, live, wanted, fields, adopts=True, reason=f"from {live.mark}")


def _is_silent(change: Change) -> bool:
    """A default that is already off, and what goes with its tracking domain, need no deletion."""
    if change.action is not Action.DELETE or change.before is None:
        return False
    off = change.id.kind == DEFAULT and change.before.attrs.get("default") is not True
    return off or change.id.kind in GONE_WITH_TRACKING_DOMAIN


def _deletions(
    view: HostView,
    assembly: Assembly,
    ids: Collection[ResourceId],
    owner: str,
    reason: str = ABSENT,
) -> Iterator[Change]:
    for id_ in sorted(ids):
        live = assembly.live.get(id_)
        change = diff(live, without_claims(live, owner) if live and _is_claim(id_) else None)
        if change is None or live is None or _is_silent(change):
            continue
        ours = view.claim is not None or live.mark == owner
        named = view.domain is not None and _is_keyed_by(id_, view.host)
        if ours or named:
            yield replace(change, reason=reason)


def _is_keyed_by(id_: ResourceId, host: str) -> bool:
    """Tell whether an unmarked resource is this very host's: by key, or a link that must go first."""
    return id_.key == host or id_.key.startswith(f"{host}/") or id_.kind == LINK


# -- what a person should know beside
def _reread(changes: Iterable[Change], hosts: Mapping[str, HostView]) -> Iterator[str]:
    """Name the zones in which something is changed without the vendor's comparing."""
    for host, mine in _by_host((c.host, c) for c in changes if c.id.kind == DNS_RECORD).items():
        written = zones_of(mine, hosts[host]) if host and host in hosts else ()
        yield from (view.zone.name for view in written if not (view.zone.compares or view.zone.by_hand))


def _drifted(desired: Desired, hosts: Mapping[str, HostView], changes: Iterable[Change]) -> Iterator[str]:
    """Name the hosts whose live state differs although the file says what it said when last approved."""
    telling = (c for c in changes if c.action is not Action.REPLACE and not is_bookkeeping(c, hosts))
    for host in sorted({c.host for c in telling if c.host}):
        view = hosts.get(host)
        if view and view.domain and view.claim and view.claim.digest == desired.digest(host):
            yield host
