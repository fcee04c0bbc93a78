"""A change of record sets: judged whole, taken whole or not at all.

docs: Cloud DNS, "Error messages": what is deleted must match what stands exactly; the reasons are its. Texts
are those of public reports (external-dns 740, 1028, 3885 and others).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import clouddns_values as values
from .clouddns_values import Problem
from .clouddns_zone import Key, Set, Zone, key_of

Quotas = Mapping[str, int]
_COUNTED = (
    ("additions", "rrsetAdditionsPerChange", "additions per change"),
    ("deletions", "rrsetDeletionsPerChange", "deletions per change"),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """How an entry is named, by name and type or by place, and whether the order of values counts.

    `path` names the only entry, where a method is about one set.
    """

    by_name: bool = True
    in_order: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One addition or deletion, and how refusals name it."""

    path: str
    given: Mapping[str, Any]
    made: Set

    @property
    def key(self) -> Key:
        """What it adds or deletes."""
        return key_of(self.made)

    @property
    def named(self) -> str:
        """Its name and type, as refusals have them."""
        return "{} ({})".format(*self.key)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change leads to: the zone's sets and what was added and deleted, or why not."""

    sets: Mapping[Key, Set]
    additions: list[Set]
    deletions: list[Set]
    problems: Sequence[Problem] = ()


def judged(
    zone: Zone,
    additions: Sequence[Mapping[str, Any]],
    deletions: Sequence[Mapping[str, Any]],
    quotas: Quotas,
    rules: Rules,
) -> Outcome:
    """Give what a change leads to. Mistakes of one status are told together."""
    added, wrong = _read(zone, "additions", additions, rules)
    gone, also_wrong = _read(zone, "deletions", deletions, rules)
    sets = dict(zone.sets)

    def steps() -> Iterator[Sequence[Problem]]:
        if not additions and not deletions:
            yield [Problem(400, "required", "The 'entity.change' parameter is required but was missing.")]
        yield list(_over_quota(additions, deletions, quotas))
        yield [*wrong, *also_wrong]
        yield list(_missing(sets, gone))
        yield list(_differing(sets, gone, rules))
        for entry in gone:
            sets.pop(entry.key, None)
        yield list(_standing(sets, added))
        yield list(_of_the_outcome(zone, sets, added, gone, quotas))

    if problems := next((found for found in steps() if found), ()):
        return Outcome({}, [], [], problems)
    return Outcome(sets, [entry.made for entry in added], [entry.made for entry in gone])


def _over_quota(
    additions: Sequence[Mapping[str, Any]], deletions: Sequence[Mapping[str, Any]], quotas: Quotas
) -> Iterator[Problem]:
    for listed, (_, quota, what) in zip((additions, deletions), _COUNTED, strict=True):
        if len(listed) > quotas[quota]:
            yield over(what)
    given = [str(value) for one in (*additions, *deletions) for value in one.get("rrdatas") or ()]
    if sum(len(value.encode()) for value in given) > quotas["totalRrdataSizePerChange"]:
        yield over("total rrdata size per change")
    if any(len(one.get("rrdatas") or ()) > quotas["resourceRecordsPerRrset"] for one in additions):
        yield over("resource records per rrset")


def over(what: str) -> Problem:
    """Say which quota a change would exceed."""
    return Problem(403, "quotaExceeded", f"The change would exceed quota for {what}.")


def _read(
    zone: Zone, side: str, listed: Sequence[Mapping[str, Any]], rules: Rules
) -> tuple[list[Entry], list[Problem]]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, given in enumerate(listed):
        name, kind = given.get("name"), given.get("type")
        at = f"[{name}][{kind}]" if rules.by_name else f"[{number}]"
        path = rules.path or f"entity.change.{side}{at}"
        made, wrong = values.read(given, path, zone.dns_name)
        problems += wrong
        entries.append(Entry(path, given, made))
    return entries, problems


def _missing(sets: Mapping[Key, Set], gone: Sequence[Entry]) -> Iterator[Problem]:
    seen: set[Key] = set()
    for entry in gone:
        if entry.key not in sets or entry.key in seen:
            yield not_found(entry.path, entry.named)
        seen.add(entry.key)


def not_found(path: str, name: str) -> Problem:
    """Say that something is not there."""
    return Problem(404, "notFound", f"The '{path}' resource named '{name}' does not exist.")


def _differing(sets: Mapping[Key, Set], gone: Sequence[Entry], rules: Rules) -> Iterator[Problem]:
    for entry in gone:
        if _compared(sets[entry.key], rules) != _compared(entry.made, rules):
            yield Problem(412, "conditionNotMet", f"Precondition not met for '{entry.path}'")


def _compared(record_set: Set, rules: Rules) -> Set:
    if rules.in_order or "rrdatas" not in record_set:
        return record_set
    return {**record_set, "rrdatas": sorted(record_set["rrdatas"])}


def _standing(sets: dict[Key, Set], added: Sequence[Entry]) -> Iterator[Problem]:
    """Put in what is added; give what is there already."""
    for entry in added:
        if entry.key in sets:
            yield exists(entry.path, entry.named)
        sets[entry.key] = entry.made


def exists(path: str, name: str) -> Problem:
    """Say that something is there already."""
    return Problem(409, "alreadyExists", f"The resource '{path}' named '{name}' already exists")


def _of_the_outcome(
    zone: Zone, sets: Mapping[Key, Set], added: Sequence[Entry], gone: Sequence[Entry], quotas: Quotas
) -> Iterator[Problem]:
    kinds: dict[str, set[str]] = {}
    for name, kind in sets:
        kinds.setdefault(name, set()).add(kind)
    for entry in added:
        name, kind = entry.key
        if kind == "SOA" and name != zone.dns_name:
            yield _apex(entry.path, kind)
        if kind == "CNAME" and name == zone.dns_name:
            message = (
                f"The resource record set '{entry.path}' of type 'CNAME' is not allowed at the zone apex."
            )
            yield Problem(400, "recordTypeDisallowedAtZoneApex", message)
        elif "CNAME" in kinds[name] and len(kinds[name]) > 1:
            yield _beside(entry, kinds[name])
    for entry in gone:
        if entry.key in ((zone.dns_name, "NS"), (zone.dns_name, "SOA")) and entry.key not in sets:
            yield _apex(entry.path, entry.key[1])
    if len(sets) > max(quotas["rrsetsPerManagedZone"], len(zone.sets)):
        yield over("resource record sets per managed zone")


def _apex(path: str, kind: str) -> Problem:
    return Problem(
        400,
        "invalidZoneApex",
        f"The resource record set '{path}' is invalid because a zone must contain exactly one "
        f"resource record set of type '{kind}' at the apex.",
    )


def _beside(entry: Entry, kinds: set[str]) -> Problem:
    name, kind = entry.key
    other = min(kinds - {"CNAME"}) if kind == "CNAME" else "CNAME"
    return Problem(
        400,
        "cnameResourceRecordSetConflict",
        f"The resource record set '{entry.path}' is invalid because the DNS name '{name}' has a resource "
        f"record set of the type '{other}'. A DNS name may have either one CNAME resource record set or "
        "resource record sets of other types, but not both.",
    )
