"""Writing DNS records: look, compare with what the changes rest on, one transaction, look again.

Cloudflare has no ETag: between the look and the write another writer may come. The batch names records
by id, so that one which is gone fails it whole; the second look tells of anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers._records import types_of
from providers.cloudflare.api import Api
from providers.cloudflare.convert import (
    PROXIABLE,
    Entry,
    entries_of,
    entry_from,
    native_from,
    set_outputs,
)
from providers.cloudflare.names import SAAS_ORIGIN, origin_comment, record_comment
from providers.cloudflare.zones import ZoneState
from reconciler.errors import Conflict, ProviderError, UnexpectedResponse
from reconciler.model import Action, Attrs, Change, ResourceId
from reconciler.provider import Done, Failed

NAMES_ASKED_ONE_BY_ONE = 3
"""Up to so many names are read by name; more are found in the list of the whole zone."""

Outcome = Done | Failed
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Operations:
    """What one change asks of the batch."""

    deletes: tuple[Mapping[str, Any], ...] = ()
    patches: tuple[Mapping[str, Any], ...] = ()
    posts: tuple[Mapping[str, Any], ...] = ()

    @property
    def count(self) -> int:
        return len(self.deletes) + len(self.patches) + len(self.posts)


@dataclass(slots=True)
class Judged:
    """The changes of a batch, judged by what is there."""

    outcomes: dict[ResourceId, Outcome] = field(default_factory=dict)
    to_write: list[tuple[Change, Operations]] = field(default_factory=list)


def apply_records(
    api: Api, zone: ZoneState, owner: str, batch: Sequence[Change]
) -> dict[ResourceId, Outcome]:
    """Make the changes of one zone. Changes for one host are made together or not at all.

    Raises ProviderError where Cloudflare refuses a transaction.
    """
    names = {name for change in batch for name in _names(change)}
    live = _by_key(read_entries(api, zone, names))
    judged = judge(batch, live, owner)
    for part in chunks(judged.to_write, zone.plan.batch):
        api.batch(zone.name, zone.id, _body(part))
    if judged.to_write:
        after = _by_key(read_entries(api, zone, names))
        for change, _ in judged.to_write:
            judged.outcomes[change.id] = _outcome(change, after)
    return judged.outcomes


def read_entries(api: Api, zone: ZoneState, names: Collection[str]) -> list[Entry]:
    """Read the records of some names."""
    if len(names) > NAMES_ASKED_ONE_BY_ONE:
        found = (entry_from(native) for native in api.records(zone.name, zone.id))
        return [entry for entry in found if entry.name in names]
    return [entry_from(n) for name in sorted(names) for n in api.records(zone.name, zone.id, name)]


def _names(change: Change) -> Iterator[str]:
    for resource in (change.before, change.after):
        if resource is not None:
            yield str(resource.attrs["name"])


def _by_key(entries: Iterable[Entry]) -> dict[Key, list[Entry]]:
    sets: dict[Key, list[Entry]] = {}
    for entry in entries:
        sets.setdefault(entry.key, []).append(entry)
    return sets


# -- judging
def judge(batch: Sequence[Change], live: Mapping[Key, Sequence[Entry]], owner: str) -> Judged:
    """Decide for each change: done already, moved under us, or these operations. Pure."""
    judged = Judged()
    leaving = {key for change in batch for key in _keys(change.before)}
    for change in batch:
        if change.action in {Action.NOOP, Action.FORGET} or _is_at(change.after, change.before, live):
            judged.outcomes[change.id] = Done(_as_found(change, live))
        elif (moved := _moved(change, live, leaving)) is not None:
            judged.outcomes[change.id] = Failed(moved)
        else:
            judged.to_write.append((change, operations_for(change, live, owner)))
    _hold_back(judged)
    return judged


def _keys(resource: Any) -> set[Key]:
    if resource is None:
        return set()
    name = str(resource.attrs["name"])
    return {(name, kind) for kind in types_of(str(resource.attrs["type"]))}


def _there(keys: Iterable[Key], live: Mapping[Key, Sequence[Entry]]) -> list[Entry]:
    return sorted(entry for key in keys for entry in live.get(key, ()))


def _same(found: Iterable[Entry], record: Attrs | None) -> bool:
    wanted = entries_of(record) if record is not None else ()
    return sorted(e.content for e in found) == sorted(e.content for e in wanted)


def _as_planned(found: Sequence[Entry], before: Attrs | None, after: Attrs | None) -> bool:
    """Tell whether what is there is what the plan saw.

    Sets of several types are one record to the engine, with the longest TTL of them. Where it saw no
    record of its own, only texts that it means to keep may stand.
    """
    if before is None:
        kept = after["values"] if after is not None and after["type"] == "TXT" else ()
        return all(isinstance(kept, tuple) and entry.value in kept for entry in found)
    ttls = {entry.type: entry.ttl for entry in sorted(found, reverse=True)}
    planned = entries_of(before)
    values = sorted((e.type, e.value) for e in found) == sorted((e.type, e.value) for e in planned)
    proxied = any(entry.proxied for entry in found) == bool(before.get("proxied"))
    return values and proxied and max(ttls.values(), default=0) == before["ttl"]


def _is_at(after: Any, before: Any, live: Mapping[Key, Sequence[Entry]]) -> bool:
    """Tell whether everything is already as it should be, what was there before gone."""
    return _same(_there(_keys(after) | _keys(before), live), after.attrs if after is not None else None)


def _moved(change: Change, live: Mapping[Key, Sequence[Entry]], leaving: set[Key]) -> Conflict | None:
    """Say what is not as the plan saw it, None where all is."""
    before = change.before.attrs if change.before is not None else None
    keys = _keys(change.before) or _keys(change.after)
    found = _there(keys, live)
    after = _keys(change.after)
    rivals = {key for key in _rivals(after) if key not in leaving}
    planned = change.after.attrs if change.after is not None else None
    if _as_planned(found, before, planned) and not _there((rivals | after) - keys, live):
        return None
    names = set(_names(change))
    return _conflict(change, _there((key for key in live if key[0] in names), live))


def _rivals(keys: Iterable[Key]) -> Iterator[Key]:
    """Yield the sets that a CNAME excludes, and the CNAME that excludes an address."""
    for name, kind in keys:
        for other in PROXIABLE - {kind} if kind == "CNAME" else {"CNAME"} if kind in PROXIABLE else ():
            yield name, other


def _conflict(change: Change, found: Sequence[Entry]) -> Conflict:
    name = str(change.resource.attrs["name"])
    now = ", ".join(_spoken(entry) for entry in found) or "gone"
    return Conflict(f"{name} changed since it was planned: it is now {now}", resource=change.id.address)


def _spoken(entry: Entry) -> str:
    ttl = "proxied" if entry.proxied else f"TTL {entry.ttl}"
    return f"{entry.type} {entry.value} ({ttl})"


def _hold_back(judged: Judged) -> None:
    """Leave a host alone altogether when one of its changes cannot be made."""
    refused = {id_: o.error for id_, o in judged.outcomes.items() if isinstance(o, Failed)}
    hosts = {id_.key.partition("/")[0]: error for id_, error in refused.items()}
    kept: list[tuple[Change, Operations]] = []
    for change, operations in judged.to_write:
        cause = hosts.get(change.id.key.partition("/")[0])
        if cause is None:
            kept.append((change, operations))
        else:
            text = f"not written, because another record of the host changed: {cause.message}"
            judged.outcomes[change.id] = Failed(Conflict(text, resource=change.id.address))
    judged.to_write = kept


def _as_found(change: Change, live: Mapping[Key, Sequence[Entry]]) -> Any:
    if change.after is None:
        return None
    return replace(change.after, outputs=set_outputs(_there(_keys(change.after), live)))


# -- writing
def operations_for(change: Change, live: Mapping[Key, Sequence[Entry]], owner: str) -> Operations:
    """Give the least operations: what agrees stays, ids are kept where the type is. Pure.

    A comment is written on new records only, never over a user's.
    """
    wanted = list(entries_of(change.after.attrs)) if change.after is not None else []
    found = _there(_keys(change.before) | _keys(change.after), live)
    pairs = list(_paired(found, wanted))
    kept, written = {old.id for old, _ in pairs}, {new for _, new in pairs}
    comment = _comment(change, owner)
    return Operations(
        deletes=tuple({"id": entry.id} for entry in found if entry.id not in kept),
        patches=tuple({"id": o.id, **native_from(n)} for o, n in pairs if o.content != n.content),
        posts=tuple(native_from(entry, comment) for entry in wanted if entry not in written),
    )


def _comment(change: Change, owner: str) -> str:
    """Give the comment of a new record: whom it is for; that of a shared one is its mark."""
    if change.id.kind == SAAS_ORIGIN:
        return origin_comment(owner, change.id.key)
    return record_comment(owner, change.host) if change.host else ""


def _paired(found: Sequence[Entry], wanted: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Pair each wanted entry with a found one of its type: that with its value first, else any left."""
    left = list(found)
    later: list[Entry] = []
    for entry in wanted:
        same = next((f for f in left if (f.key, f.value) == (entry.key, entry.value)), None)
        if same is None:
            later.append(entry)
        else:
            left.remove(same)
            yield same, entry
    for entry in later:
        other = next((f for f in left if f.key == entry.key), None)
        if other is not None:
            left.remove(other)
            yield other, entry


def chunks(
    to_write: Sequence[tuple[Change, Operations]], size: int
) -> Iterator[list[tuple[Change, Operations]]]:
    """Cut the writes into transactions of at most `size` operations; those of one host stay together."""
    hosts: dict[str, list[tuple[Change, Operations]]] = {}
    for change, operations in to_write:
        hosts.setdefault(change.id.key.partition("/")[0], []).append((change, operations))
    part: list[tuple[Change, Operations]] = []
    for rows in hosts.values():
        if part and sum(o.count for _, o in [*part, *rows]) > size:
            yield part
            part = []
        part.extend(rows)
    if part:
        yield part


def _body(part: Sequence[tuple[Change, Operations]]) -> dict[str, list[Mapping[str, Any]]]:
    return {
        "deletes": [row for _, o in part for row in o.deletes],
        "patches": [row for _, o in part for row in o.patches],
        "posts": [row for _, o in part for row in o.posts],
    }


def _outcome(change: Change, after: Mapping[Key, Sequence[Entry]]) -> Outcome:
    if _is_at(change.after, change.before, after):
        return Done(_as_found(change, after))
    found = _there(_keys(change.before) | _keys(change.after), after)
    now = ", ".join(_spoken(entry) for entry in found) or "nothing"
    error: ProviderError = UnexpectedResponse(
        f"the write did not stick: {change.resource.attrs['name']} is now {now}", resource=change.id.address
    )
    return Failed(error)
