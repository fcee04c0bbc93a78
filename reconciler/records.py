"""The host record and the claim of one host: what is live, what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from reconciler.claim import (
    EMPTY_CLAIM,
    NOW,
    PHASE,
    UNDONE,
    UNPROVEN,
    UNPROVEN_HTTPS,
    Claim,
    Was,
    claims_in,
    is_claim,
    parse_claim,
    spelt_time,
    stamp,
)
from reconciler.diff import resolve
from reconciler.dns import (
    ALIAS,
    CLAIM,
    HOST,
    HostTarget,
    Record,
    RRset,
    Zone,
    claim_name,
    enclosing,
    existing,
    record_id,
    target_name,
    wildcard_for,
)
from reconciler.model import Attrs, Ref, Resource, ResourceId, Value, attrs

ADDRESS_TYPES = ("A", "AAAA", "CNAME")
NAMING = (ALIAS, "CNAME")
"""Types whose answer is their target's, whichever of them says so."""
PROXIED = "PROXIED-"
"""What a claim writes before the type of a record that was its edge itself."""
LOW_TTL_S = 300
"""A TTL up to this is not worth lowering before a move."""
UNKNOWN_OLD_TTL_S = 3600
"""What to wait where the claim, which remembers the old TTL, was lost: the guide's TTL."""


@dataclass(frozen=True, slots=True)
class ZoneView:
    """One zone with its record sets by name."""

    zone: Zone
    by_name: Mapping[str, tuple[RRset, ...]]
    names: frozenset[str]

    def sets(self, name: str, *types: str) -> tuple[RRset, ...]:
        return tuple(found for found in self.by_name.get(name, ()) if not types or found.type in types)


Views = Mapping[str, ZoneView]
"""An account's zones by name."""


def zone_views(zones: Sequence[Zone], rrsets: Sequence[RRset]) -> Views:
    """Return every zone with its record sets."""
    sets: dict[str, dict[str, list[RRset]]] = {zone.name: {} for zone in zones}
    for rrset in rrsets:
        sets.setdefault(rrset.zone, {}).setdefault(rrset.name, []).append(rrset)
    return {zone.name: _view(zone, sets[zone.name]) for zone in zones}


def _view(zone: Zone, sets: Mapping[str, list[RRset]]) -> ZoneView:
    by_name = MappingProxyType({name: tuple(found) for name, found in sets.items()})
    return ZoneView(zone, by_name, existing(by_name))


def view_for(host: str, views: Views) -> ZoneView | None:
    """Return the view of the zone that host falls into, or None."""
    return enclosing(host, views)


def live_record(alias: str, host: str, role: str, zone: Zone, sets: Sequence[RRset]) -> Resource | None:
    """Return the record sets at one name as one resource; an A and an AAAA set are one `A+AAAA`."""
    if not sets:
        return None
    ordered = sorted(sets, key=lambda one: one.type)
    values = sorted(value for one in ordered for value in one.values)
    merged: dict[str, Value] = {}
    for one in ordered:
        merged.update(one.attrs)
    outputs: Attrs = MappingProxyType({one.type: one.outputs for one in ordered})
    return Resource(
        id=record_id(alias, host, role),
        attrs=attrs(
            name=ordered[0].name,
            type="+".join(one.type for one in ordered),
            values=values,
            ttl=max(one.ttl for one in ordered),
            **merged,
        ),
        host=host,
        container=zone.container,
        outputs=outputs,
    )


def live_host(alias: str, host: str, view: ZoneView) -> Resource | None:
    """Return the live host record: CNAME, A or AAAA, in a zone that holds them ALIAS."""
    return live_record(alias, host, HOST, view.zone, view.sets(host, *answering(view.zone)))


def answering(zone: Zone) -> tuple[str, ...]:
    """Return the types of the records that answer for a host of the zone."""
    return (*ADDRESS_TYPES, ALIAS) if zone.aliases else ADDRESS_TYPES


def live_claim(alias: str, host: str, view: ZoneView) -> Resource | None:
    """Return the record at the claim's name, whoever's claims or other texts stand there."""
    return live_record(alias, host, CLAIM, view.zone, view.sets(claim_name(host), "TXT"))


def claims_of(host: str, view: ZoneView) -> tuple[Claim, ...]:
    """Return every claim on host that stands in its zone."""
    return tuple(claim for one in view.sets(claim_name(host), "TXT") for claim in claims_in(one.values))


def claimed_hosts(view: ZoneView, owner: str) -> tuple[str, ...]:
    """Return the hosts of the zone that owner claims."""
    prefix = claim_name("")
    return tuple(
        sorted(
            name.removeprefix(prefix)
            for name in view.by_name
            if name.startswith(prefix)
            and any(claim.owner == owner for claim in claims_of(name.removeprefix(prefix), view))
        )
    )


def was_of(record: Resource | None) -> Was | None:
    """Return the live host record as the claim remembers it."""
    if record is None:
        return None
    proxied = record.attrs.get("proxied") is True
    type_ = f"{PROXIED if proxied else ''}{record.attrs['type']}"
    return Was(type_, _texts(record), answered_ttl_s(record))


def answered_ttl_s(record: Resource) -> int:
    """Return the TTL that resolvers are given, where it is not the record's own (`auto`, proxied)."""
    told = [part.get("effective_ttl_s") for part in record.outputs.values() if isinstance(part, Mapping)]
    known = [ttl for ttl in told if isinstance(ttl, int)]
    return max(known, default=int(str(record.attrs["ttl"])))


def same_answer(one: Was | None, other: Was | None) -> bool:
    """Tell whether both answer the same, whatever their TTL: an ALIAS answers what a CNAME does."""
    return one is not None and other is not None and _answer(one) == _answer(other)


def _answer(was: Was) -> tuple[str, tuple[str, ...]]:
    if was.type in NAMING:
        return "CNAME", tuple(target_name(value) for value in was.values)
    return was.type, was.values


def answer_of(target: HostTarget, live: Mapping[ResourceId, Resource]) -> Was | None:
    """Return what a host answers that points at target; None where a value of it is not known yet."""
    values = tuple(resolve(value, live) for value in target.values)
    if any(isinstance(value, Ref) for value in values):
        return None
    type_ = f"{PROXIED if target.proxied else ''}{target.type}"
    return Was(type_, tuple(sorted(str(value) for value in values)), 0)


def host_wanted(host: str, target: HostTarget, ttl: int, zone: Zone) -> Record:
    """Return the host record that target asks for, as its zone can hold it."""
    values = target.values
    if target.type not in NAMING:
        values = tuple(sorted(values, key=str))
    wanted = Record(host, HOST, host, target.type, values, ttl, proxied=True if target.proxied else None)
    return _held_by(zone, wanted)


def host_remembered(host: str, was: Was, zone: Zone) -> Record:
    """Return the host record that a claim remembers, as its zone can hold it."""
    type_ = was.type.removeprefix(PROXIED)
    proxied = True if type_ != was.type else None
    return _held_by(zone, Record(host, HOST, host, type_, was.values, was.ttl, proxied=proxied))


def _held_by(zone: Zone, record: Record) -> Record:
    """Return a host record as zone can hold it: a CNAME in place of an ALIAS where there are none."""
    if record.type != ALIAS or zone.aliases:
        return record
    values = tuple(target_name(value) if isinstance(value, str) else value for value in record.values)
    return replace(record, type="CNAME", values=values)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a claim is to say of one host."""

    owner: str
    digest: str
    sp: str | None
    cdn: str


def claim_wanted(memory: Memory, old: Claim | None, before: Was | None, *, moves: bool) -> Claim:
    """Return the claim to write, once what it describes is proven.

    `before` is what answers for the host today, `moves` whether that is about to change. A move that an
    earlier run began (its TTL lowered) keeps what was remembered then. A record that stands as it stood (a
    move that was undone, or never came) is handed out whole: the time begins anew. One that moves on before
    caches have let go of what was there earlier takes that time along. A lost claim is written anew with the
    full wait ahead, for this run and those to come; so is a time that was lost from a claim.
    """
    base = old or EMPTY_CLAIM
    changed: dict[str, str | None] = {
        "o": memory.owner,
        "w": memory.digest,
        "sp": memory.sp,
        "cdn": memory.cdn,
        PHASE: None,
    }
    if old is None:
        remembered = before if before is None or moves else _in_doubt(before)
        return base.updated({**changed, **_remembering(remembered)})
    if not moves:
        lost = base.was is not None and base.at_s is None
        return base.updated({**changed, **({"at": NOW} if lost else {})})
    stands = same_answer(base.was, before)
    if base.was is not None and before is not None and stands and before.ttl < base.was.ttl:
        begun_at = {} if base.at_s is not None else {"at": NOW}
        return base.updated({**changed, **begun_at})
    if not stands:
        changed["until"] = _held_until(base)
    return base.updated({**changed, **_remembering(before)})


def claim_by_hand(memory: Memory, old: Claim | None, before: Was | None) -> Claim:
    """Return the claim for a zone that people edit: written once, with nothing in it that changes later."""
    kept = {"was": str(before) if before else None}
    said = {"o": memory.owner, "sp": memory.sp, "cdn": memory.cdn, **kept}
    return old or EMPTY_CLAIM.updated(said)


def _held_until(old: Claim) -> str | None:
    """Return until when caches may hold what old remembers; from now on, where it was never stamped."""
    if old.was is not None and old.at_s is None:
        return f"{NOW}{old.was.ttl}"
    return None if old.held_until_s is None else spelt_time(old.held_until_s)


def _remembering(before: Was | None) -> dict[str, str | None]:
    return {"was": str(before) if before else None, "at": NOW if before else None}


def _in_doubt(before: Was) -> Was:
    """Return what stands as it is to be remembered where nobody knows what stood before it."""
    return replace(before, ttl=max(UNKNOWN_OLD_TTL_S, before.ttl))


def claim_record(host: str, claim: Claim, view: ZoneView, ttl: int) -> Record:
    """Return the claim's TXT record; other texts that stand at the name stay."""
    others = tuple(
        text for one in view.sets(claim_name(host), "TXT") for text in one.values if not is_claim(text)
    )
    return Record(host, CLAIM, claim_name(host), "TXT", tuple(sorted((*others, claim.text()))), ttl)


def claims_of_record(record: Resource) -> tuple[Claim, ...]:
    """Return the claims that a claim record spells."""
    return claims_in(_texts(record))


def _texts(record: Resource) -> tuple[str, ...]:
    values = record.attrs["values"]
    if not isinstance(values, tuple):
        raise AssertionError("unreachable: the values of a record are a tuple")
    return tuple(str(value) for value in values)


def without_claims(record: Resource, owner: str) -> Resource | None:
    """Return a live claim record without the claims of owner; None where nothing else stands there."""
    kept = [t for t in _texts(record) if not (is_claim(t) and parse_claim(t).owner == owner)]
    return record.with_attrs(values=kept) if kept else None


def wildcard_answer(host: str, view: ZoneView) -> Record | None:
    """Return the host's own record with the value of the wildcard that answers for it today, if one does.

    A name below the host (`_tdr.`) would silence the wildcard (RFC 4592), so this goes first or along.
    """
    wildcard = wildcard_for(host, view.names)
    sets = view.sets(wildcard, *answering(view.zone)) if wildcard else ()
    live = live_record("", host, HOST, view.zone, sets)
    if live is None:
        return None
    proxied = True if live.attrs.get("proxied") is True else None
    return Record(host, HOST, host, str(live.attrs["type"]), _texts(live), answered_ttl_s(live), proxied)


def unproven(resource: Resource, *, https_in_mail: bool) -> Resource:
    """Return a planned claim as it stands until what it describes is proven."""
    phase = UNPROVEN_HTTPS if https_in_mail else UNPROVEN
    return _reworded(resource, lambda claim: claim.updated({PHASE: phase}))


def undone(resource: Resource) -> Resource:
    """Return a live claim as it stands once DNS was put back."""
    return _reworded(resource, lambda claim: claim.updated({PHASE: UNDONE}))


def proven(resource: Resource) -> Resource:
    """Return a live claim as it stands once what it describes is proven: nothing else in it changes."""
    return _reworded(resource, lambda claim: claim.updated({PHASE: None}))


def _reworded(resource: Resource, change: Callable[[Claim], Claim]) -> Resource:
    texts = (change(parse_claim(t)).text() if is_claim(t) else t for t in _texts(resource))
    return resource.with_attrs(values=sorted(texts))


def stamped(resource: Resource, now_s: float) -> Resource:
    """Return a planned claim with the time of writing put in."""
    return resource.with_attrs(values=[stamp(text, now_s) for text in _texts(resource)])


def without_stamp(resource: Resource) -> Resource:
    """Return a planned claim without the time that a later step writes."""
    return resource.with_attrs(values=[text.replace(f" at={NOW}", "") for text in _texts(resource)])
