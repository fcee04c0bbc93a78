"""Record sets, as several vendors share them: spelling values, cutting texts, judging changes. Pure.

Names are lower case without a final dot. A vendor's own spelling, and what only that vendor has, stay in its
folder.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.dns import Record, RRset
from reconciler.errors import Conflict, UnexpectedResponse
from reconciler.model import Action, Attrs, Change, Resource, ResourceId, Value
from reconciler.provider import Done, Failed

Key = tuple[str, str]
"""Name and type of a set."""

Outcome = Done | Failed

ADDRESSES: Final = frozenset({"A", "AAAA"})
NAMED: Final = frozenset({"ALIAS", "CNAME", "DNAME", "NS", "PTR"})
"""Types whose value is a name and nothing else."""

_BOTH: Final = "A+AAAA"
_SIGNATURES: Final = frozenset({"NSEC", "RRSIG"})
_TEXT_BYTES: Final = 255
_STRINGS: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(\d{3}|.)", re.DOTALL)
_CAA: Final = re.compile(r'(\d+)\s+(\S+)\s+"?([^"]*)"?')


@dataclass(frozen=True, slots=True)
class RecordSet:
    """A record set that stands somewhere or is wanted; values in the engine's spelling, sorted.

    special  what makes it more than its values (weights, proxying), which a plain record would end
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    special: str = ""

    @property
    def key(self) -> Key:
        return self.name, self.type


Sets = Mapping[Key, RecordSet]


@dataclass(slots=True)
class Judged:
    """The changes of a batch, judged by what is there."""

    outcomes: dict[ResourceId, Outcome] = field(default_factory=dict)
    to_write: list[Change] = field(default_factory=list)


# -- names and values
def plain(name: str) -> str:
    """Return a name as the engine spells it."""
    return name.rstrip(".").lower()


def absolute(name: str) -> str:
    """Return a name as master files have it, with its final dot."""
    return f"{name.rstrip('.')}."


def types_of(kind: str) -> frozenset[str]:
    """Give the vendors' types for a type of the engine."""
    return ADDRESSES if kind == _BOTH else frozenset({kind})


def type_of(kind: str, value: str) -> str:
    """Give the one type that a value of a set of this type has."""
    return kind if kind != _BOTH else "AAAA" if ":" in value else "A"


def spelt_value(kind: str, value: str) -> str:
    """Spell one value as the engine has it. Raises ValueError for no address."""
    if kind in NAMED:
        return plain(value)
    if kind in {*ADDRESSES, _BOTH}:
        return str(ipaddress.ip_address(value))
    if kind == "CAA" and (found := _CAA.fullmatch(value)):
        return f'{found[1]} {found[2]} "{found[3]}"'
    return value


def caa_parts(value: str) -> dict[str, Any] | None:
    """Give a CAA value by its parts (`flags`, `tag`, `value`), as several APIs take it; None: it is none."""
    found = _CAA.fullmatch(value)
    return {"flags": int(found[1]), "tag": found[2], "value": found[3]} if found else None


# -- texts
def content_from(text: str) -> str:
    """Write text as TXT content: quoted strings of at most 255 bytes, joined by spaces."""
    octets = text.encode("utf-8", "surrogateescape")
    parts = [octets[at : at + _TEXT_BYTES] for at in range(0, len(octets), _TEXT_BYTES)] or [b""]
    return " ".join(f'"{"".join(map(_character, part))}"' for part in parts)


def _character(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def text_from(content: str) -> str:
    """Read TXT content: its quoted strings joined, or what is not quoted as it stands."""
    strings, at = list[str](), 0
    while found := _STRINGS.match(content, at):
        strings.append(found[1])
        at = found.end()
    if not strings or content[at:].strip():
        return content
    return b"".join(b"".join(_octets(string)) for string in strings).decode("utf-8", "surrogateescape")


def _octets(string: str) -> Iterator[bytes]:
    at = 0
    for found in _ESCAPE.finditer(string):
        yield string[at : found.start()].encode("utf-8", "surrogateescape")
        at, octet = found.end(), found[1]
        is_number = len(octet) == 3 and int(octet) < 256
        yield bytes([int(octet)]) if is_number else octet.encode("utf-8", "surrogateescape")
    yield string[at:].encode("utf-8", "surrogateescape")


# -- the engine's records
def place_of(record: Record) -> str:
    """Give the name that decides the zone; a name that is not known yet lies with its host."""
    return record.name if isinstance(record.name, str) else record.host


def spelt_values(record: Record, spell: Callable[[str, str], str] = spelt_value) -> tuple[Value, ...]:
    """Spell the values in the order in which a set is read; values not known yet come last, as given."""
    known = sorted({spell(record.type, v) for v in record.values if isinstance(v, str)})
    return (*known, *(v for v in record.values if not isinstance(v, str)))


def rrset_of(zone: str, found: RecordSet) -> RRset:
    """Give a set to the engine."""
    return RRset(zone=zone, name=found.name, type=found.type, ttl=found.ttl, values=found.values)


def sets_of(resource: Resource | None) -> Sets:
    """Give the sets that a `dns_record` resource stands for; `A+AAAA` is told apart by its values."""
    return _sets(resource.attrs) if resource is not None else {}


def _sets(record: Attrs) -> Sets:
    kind, values, ttl = str(record["type"]), record["values"], record["ttl"]
    if not isinstance(values, tuple) or not isinstance(ttl, int):
        raise TypeError(f"not a record: {dict(record)!r}")
    sets: dict[Key, list[str]] = {}
    for value in values:
        sets.setdefault((plain(str(record["name"])), type_of(kind, str(value))), []).append(str(value))
    return {key: RecordSet(*key, ttl, tuple(sorted(found))) for key, found in sets.items()}


def names_of(changes: Iterable[Change]) -> frozenset[str]:
    """Give the names that changes are about: judging them looks at no other."""
    return frozenset(name for c in changes for name, _ in (*sets_of(c.before), *sets_of(c.after)))


# -- judging
def judge(batch: Sequence[Change], live: Sets, because: str) -> Judged:
    """Decide for each change: done already, moved under us, or to be written.

    live     the sets that are answered
    because  of what another change of the host holds one back, as a clause
    """
    judged = Judged()
    leaving = {key for change in batch for key in sets_of(change.before)}
    at_name = by_name(live.values())
    for change in batch:
        if change.action in {Action.NOOP, Action.FORGET} or is_done(change, live):
            judged.outcomes[change.id] = Done(change.after)
        elif _has_moved(change, live, at_name, leaving):
            judged.outcomes[change.id] = Failed(_conflict(change, at_name))
        else:
            judged.to_write.append(change)
    hold_back(judged, because)
    return judged


def by_name(sets: Iterable[RecordSet]) -> Mapping[str, Sequence[RecordSet]]:
    """Group sets by name."""
    found: dict[str, list[RecordSet]] = {}
    for one in sets:
        found.setdefault(one.name, []).append(one)
    return found


def is_at(found: RecordSet | None, wanted: RecordSet | None) -> bool:
    """Tell whether a set is as wanted; None: there is none, none is wanted."""
    if found is None or wanted is None:
        return found is None and wanted is None
    return (found.values, found.ttl) == (wanted.values, wanted.ttl)


def is_done(change: Change, live: Sets) -> bool:
    """Tell whether everything is already as it should be, what was there before gone."""
    after = sets_of(change.after)
    return all(is_at(live.get(key), after.get(key)) for key in {*after, *sets_of(change.before)})


def _has_moved(
    change: Change, live: Sets, at_name: Mapping[str, Sequence[RecordSet]], leaving: Collection[Key]
) -> bool:
    before, after = sets_of(change.before), sets_of(change.after)
    if not _as_planned(change, before, after, live):
        return True
    new = {key for key in after if before and key not in before and key in live}
    return bool(new - set(leaving)) or bool(rivals(after, at_name, leaving))


def _as_planned(change: Change, before: Sets, after: Sets, live: Sets) -> bool:
    """Tell whether what is there is what the plan saw.

    Sets of several types are one record to the engine, with the longest TTL of them. Where it saw no record
    of its own, only texts that it means to keep may stand.
    """
    if change.before is None:
        return all(_may_grow(live.get(key), wanted) for key, wanted in after.items())
    found = [live[key] for key in before if key in live]
    same = all(_values(live, key) == wanted.values for key, wanted in before.items())
    special = any(one.special for one in found)
    return same and not special and max((one.ttl for one in found), default=0) == change.before.attrs["ttl"]


def _may_grow(found: RecordSet | None, wanted: RecordSet) -> bool:
    if found is None:
        return True
    kept = set(wanted.values) if wanted.type == "TXT" else set()
    return not found.special and set(found.values) <= kept


def _values(live: Sets, key: Key) -> tuple[str, ...]:
    return live[key].values if key in live else ()


def rivals(
    keys: Iterable[Key], at_name: Mapping[str, Sequence[RecordSet]], leaving: Collection[Key] = ()
) -> list[RecordSet]:
    """Give the sets that cannot stand beside those of a change, and do not leave with it."""
    return [
        found
        for key in keys
        for found in at_name.get(key[0], ())
        if found.key not in leaving and _excludes(found, key)
    ]


def _excludes(found: RecordSet, key: Key) -> bool:
    if found.key == key or found.type in _SIGNATURES:
        return False
    kinds = {found.type, key[1]}
    return "CNAME" in kinds or ("ALIAS" in kinds and not kinds.isdisjoint(ADDRESSES))


def _conflict(change: Change, at_name: Mapping[str, Sequence[RecordSet]]) -> Conflict:
    name = str(change.resource.attrs["name"])
    now = _spoken(at_name.get(name, ())) or "gone"
    return Conflict(f"{name} changed since it was planned: it is now {now}", resource=change.id.address)


def _spoken(sets: Iterable[RecordSet]) -> str:
    return ", ".join(
        f"{found.type} {value} (TTL {found.ttl})"
        for found in sorted(sets, key=lambda one: one.type)
        for value in found.values
    )


def hold_back(judged: Judged, because: str) -> None:
    """Leave a host alone altogether when one of its changes cannot be made."""
    refused = {host_of(id_): o.error for id_, o in judged.outcomes.items() if isinstance(o, Failed)}
    for change in judged.to_write:
        if (cause := refused.get(host_of(change.id))) is not None:
            text = f"not written, because {because}: {cause.message}"
            judged.outcomes[change.id] = Failed(Conflict(text, resource=change.id.address))
    judged.to_write = [change for change in judged.to_write if change.id not in judged.outcomes]


def host_of(id_: ResourceId) -> str:
    """Give the host that a record is for."""
    return id_.key.partition("/")[0]


# -- after a write
def did_not_stick(change: Change, after: Sets, lift: str = "") -> Failed:
    """Say what the second look found instead of what was written."""
    names = names_of([change])
    now = _spoken(found for found in after.values() if found.name in names) or "nothing"
    text = f"the write did not stick: {change.resource.attrs['name']} is now {now}{lift}"
    return Failed(UnexpectedResponse(text, resource=change.id.address))
