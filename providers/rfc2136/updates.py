"""Judging changes by what stands, and making the update that rests on it. Pure.

RFC 2136 has what no vendor's API has: prerequisites. Each update says what it found, and the server writes
all of it or, where anything is not so any more, nothing. They are no luxury: without them a server answers
NOERROR to a CNAME beside other records and does not write it (RFC 2136, 3.4.2.2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import dns.rdata
import dns.update

from providers._records import Judged, Outcome, hold_back, host_of, type_of, types_of
from providers.rfc2136.convert import name_from, rdata_from, value_from
from providers.rfc2136.reading import ALL_TYPES
from providers.rfc2136.zones import Key, RecordSet, ZoneState
from reconciler.dns import is_within
from reconciler.errors import Conflict, InvalidRequest, ProviderError, UnexpectedResponse
from reconciler.model import Action, Attrs, Change, Resource
from reconciler.provider import Done, Failed

Wanted = tuple[int, frozenset[str]]
_HELD: Final = "another record of the host could not be"


def names_of(batch: Iterable[Change]) -> frozenset[str]:
    """Give the names that changes are about."""
    return frozenset(
        str(resource.attrs["name"]) for c in batch for resource in (c.before, c.after) if resource is not None
    )


# -- judging
def judge(batch: Sequence[Change], state: ZoneState) -> Judged:
    """Decide for each change: done already, moved under us, or to be written.

    Changes for one host are made together or not at all.
    """
    judged = Judged()
    leaving = {key for change in batch for key in keys_of(change.before)}
    for change in batch:
        if change.action in {Action.NOOP, Action.FORGET} or is_at(change, state):
            judged.outcomes[change.id] = Done(change.after)
        elif (wrong := _forbidden(change, state) or _moved(change, state, leaving)) is not None:
            judged.outcomes[change.id] = Failed(wrong)
        else:
            judged.to_write.append(change)
    hold_back(judged, _HELD)
    return judged


def keys_of(resource: Resource | None) -> frozenset[Key]:
    """Give the record sets that a resource stands for."""
    if resource is None:
        return frozenset()
    name = str(resource.attrs["name"])
    return frozenset((name, kind) for kind in types_of(str(resource.attrs["type"])))


def wanted_sets(resource: Resource | None) -> dict[Key, Wanted]:
    """Give the TTL and the values of each set that a resource stands for and that has any."""
    sets: dict[Key, set[str]] = {}
    if resource is None:
        return {}
    kind, name = str(resource.attrs["type"]), str(resource.attrs["name"])
    for value in _texts(resource.attrs):
        sets.setdefault((name, type_of(kind, value)), set()).add(value)
    return {key: (_ttl(resource.attrs), frozenset(values)) for key, values in sets.items()}


def _texts(record: Attrs) -> tuple[str, ...]:
    values = record["values"]
    if not isinstance(values, tuple):
        raise TypeError(f"not a record: {dict(record)!r}")
    return tuple(str(value) for value in values)


def _ttl(record: Attrs) -> int:
    ttl_s = record["ttl"]
    if not isinstance(ttl_s, int):
        raise TypeError(f"not a record: {dict(record)!r}")
    return ttl_s


def is_at(change: Change, state: ZoneState) -> bool:
    """Tell whether everything is already as it should be, what was there before gone."""
    keys = keys_of(change.after) | keys_of(change.before)
    return _found(keys, state) == wanted_sets(change.after)


def _found(keys: Collection[Key], state: ZoneState) -> dict[Key, Wanted]:
    return {key: (s.ttl, frozenset(s.values)) for key in keys if (s := state.sets.get(key)) is not None}


def _forbidden(change: Change, state: ZoneState) -> ProviderError | None:
    """Refuse what lies outside, and what would be stored below a delegation: nobody is asked for it there."""
    name = str(change.resource.attrs["name"])
    if not is_within(name, state.name):
        return InvalidRequest(f"{name} lies outside zone {state.name}", resource=change.id.address)
    cut = state.cut_above(name)
    if cut is None or change.after is None:
        return None
    servers = ", ".join(state.cuts[cut])
    text = f"{name} is delegated to {servers} at {cut}, away from zone {state.name}: nobody would see it here"
    return InvalidRequest(text, resource=change.id.address)


def _moved(change: Change, state: ZoneState, leaving: Collection[Key]) -> Conflict | None:
    """Say what is not as the plan saw it, None where all is."""
    keys = keys_of(change.before) or keys_of(change.after)
    after = keys_of(change.after)
    in_the_way = {key for key in _rivals(after, state) if key not in leaving} | (after - keys)
    if _as_planned(_found(keys, state), change) and not _found(in_the_way, state):
        return None
    names = names_of([change])
    return _conflict(change, {key: s for key, s in state.sets.items() if key[0] in names})


def _as_planned(found: Mapping[Key, Wanted], change: Change) -> bool:
    """Tell whether what is there is what the plan saw.

    Sets of several types are one record to the engine, with the longest TTL of them. Where it saw no record
    of its own, only texts that it means to keep may stand.
    """
    values = {(kind, value) for (_, kind), (_, values) in found.items() for value in values}
    if change.before is None:
        is_text = change.after is not None and change.after.attrs["type"] == "TXT"
        kept = set(_texts(change.after.attrs)) if change.after is not None and is_text else set()
        return all(value in kept for _, value in values)
    kind = str(change.before.attrs["type"])
    planned = {(type_of(kind, value), value) for value in _texts(change.before.attrs)}
    return values == planned and max((ttl for ttl, _ in found.values()), default=0) == _ttl(
        change.before.attrs
    )


def _rivals(keys: Collection[Key], state: ZoneState) -> Iterator[Key]:
    """Yield what a CNAME excludes: everything at its name; and the CNAME that excludes anything else."""
    for name, kind in keys:
        others = state.types_at(name) - {kind} if kind == "CNAME" else frozenset({"CNAME"})
        yield from ((name, other) for other in others)


def _conflict(change: Change, found: Mapping[Key, RecordSet]) -> Conflict:
    name = str(change.resource.attrs["name"])
    return Conflict(
        f"{name} changed since it was planned: it is now {spoken(found) or 'gone'}",
        resource=change.id.address,
    )


def spoken(found: Mapping[Key, RecordSet]) -> str:
    """Say what stands somewhere."""
    rows = (f"{kind} {value} (TTL {s.ttl})" for (_, kind), s in sorted(found.items()) for value in s.values)
    return ", ".join(rows)


def by_host(changes: Iterable[Change]) -> list[list[Change]]:
    """Group changes by host, in their order."""
    hosts: dict[str, list[Change]] = {}
    for change in changes:
        hosts.setdefault(host_of(change.id), []).append(change)
    return list(hosts.values())


# -- writing
def update_for(changes: Sequence[Change], state: ZoneState) -> dns.update.UpdateMessage:
    """Make the one update of these changes: prerequisites from what was found, removals, then additions."""
    touched: dict[str, set[str]] = {}
    final: dict[Key, Wanted] = {}
    for change in changes:
        for name, kind in keys_of(change.before) | keys_of(change.after):
            touched.setdefault(name, set()).add(kind)
        final.update(wanted_sets(change.after))
    staying: dict[str, set[str]] = {}
    for name, kind in final:
        staying.setdefault(name, set()).add(kind)
    message = dns.update.UpdateMessage(name_from(state.name))
    for name, kinds in sorted(touched.items()):
        _require(message, name, kinds, staying.get(name, set()), state)
    additions: list[tuple[str, int, Sequence[dns.rdata.Rdata]]] = []
    for name, kind in sorted((name, kind) for name, kinds in touched.items() for kind in kinds):
        found, wanted = state.sets.get((name, kind)), final.get((name, kind))
        if _agree(found, wanted):
            continue
        if found is not None:
            message.delete(name_from(name), kind)
        if wanted is not None:
            additions.append((name, wanted[0], _rdatas(kind, wanted[1], found)))
    for name, ttl_s, rdatas in additions:
        message.add(name_from(name), ttl_s, *rdatas)
    return message


def _require(
    message: dns.update.UpdateMessage, name: str, kinds: set[str], wanted: set[str], state: ZoneState
) -> None:
    """Let the server check that a name is as it was found.

    TTLs are not compared by servers (RFC 2136, 2.4.2). Where nothing was found the whole name must be free;
    where something stays or goes, each set must be as it was, and what a CNAME excludes must not have come.
    """
    at = name_from(name)
    if not state.types_at(name):
        message.absent(at)
        return
    for kind in sorted(kinds):
        found = state.sets.get((name, kind))
        if found is not None:
            message.present(at, *found.rdatas)
        else:
            message.absent(at, kind)
    if "CNAME" in wanted and (name, "CNAME") not in state.sets:
        rivals = set(ALL_TYPES)
    else:
        rivals = {"CNAME"} if wanted and "CNAME" not in wanted else set()
    for kind in sorted(rivals - kinds):
        message.absent(at, kind)


def _agree(found: RecordSet | None, wanted: Wanted | None) -> bool:
    if found is None or wanted is None:
        return found is None and wanted is None
    return (found.ttl, frozenset(found.values)) == wanted


def _rdatas(kind: str, values: Collection[str], found: RecordSet | None) -> list[dns.rdata.Rdata]:
    """Give the records of a set; one that stands already stays as it is, split as it is."""
    standing = {value_from(rdata): rdata for rdata in (found.rdatas if found else ())}
    return [standing.get(value) or rdata_from(kind, value) for value in sorted(values)]


# -- after a write
def outcome(change: Change, before: ZoneState, after: ZoneState) -> Outcome:
    """Tell from the second look whether a change that the server took is there."""
    if is_at(change, after):
        return Done(change.after)
    name = str(change.resource.attrs["name"])
    now = spoken({key: s for key, s in after.sets.items() if key[0] == name}) or "nothing"
    cut = after.cut_above(name)
    if cut is not None:
        servers = ", ".join(after.cuts[cut])
        text = f"{name} was stored but is not answered: it lies below the delegation of {cut} to {servers}"
    elif after.serial == before.serial:
        text = (
            f"the server answered NOERROR and changed nothing (the serial of {after.name} is still "
            f"{after.serial}): {name} is {now}"
        )
    else:
        text = f"the write did not stick: {name} is now {now}"
    return Failed(UnexpectedResponse(text, resource=change.id.address))


def unseen(changes: Sequence[Change], refused: Conflict) -> Conflict:
    """Say that a prerequisite does not hold although all looks as it was planned."""
    names = ", ".join(sorted(names_of(changes)))
    return Conflict(
        f"{refused.message}: something stands at {names} that this key is not shown",
        provider=refused.provider,
        operation=refused.operation,
        resource=refused.resource,
        status=refused.status,
    )
