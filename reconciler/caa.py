"""Which authorities may issue a certificate for a name: RFC 8659. Pure.

The first name from the host upwards that has CAA records decides; an alias has those of its target.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from reconciler.answers import Answer
from reconciler.provider import Issuance

RECORD = re.compile(r'(?P<flags>\d+)\s+(?P<tag>[A-Za-z0-9]+)\s+"?(?P<value>.*?)"?\s*')
CRITICAL = 128
KNOWN = frozenset({"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"})


@dataclass(frozen=True, slots=True)
class Property:
    """One CAA record: flags, tag, value."""

    flags: int
    tag: str
    value: str

    @property
    def authority(self) -> str:
        """The authority that an `issue` names, empty where it names none: nobody may issue."""
        return self.value.partition(";")[0].strip().lower()

    @property
    def unknown_and_critical(self) -> bool:
        """Whether an authority must refuse because it does not know the tag."""
        return bool(self.flags & CRITICAL) and self.tag not in KNOWN


@dataclass(frozen=True, slots=True)
class Objection:
    """Why none of some authorities may issue: `name` is where the records stand, `lift` what to write."""

    text: str
    lift: str


def properties(answer: Answer) -> tuple[Property, ...]:
    """Return the CAA records of an answer, in presentation format; what is no CAA record is left out."""
    found = (RECORD.fullmatch(value) for value in answer.values)
    return tuple(Property(int(m["flags"]), m["tag"].lower(), m["value"]) for m in found if m is not None)


def objection(climb: Iterable[Answer], issuance: Issuance) -> Objection | None:
    """Return why no authority may issue, given the CAA answers from the name up to its top level.

    A server that fails is an objection too: an authority takes it as a refusal (RFC 8659 §4).
    """
    for answer in climb:
        if not answer.certain:
            why = answer.error or f"it answered {answer.rcode}"
            return Objection(
                f"the CAA records of {answer.name} cannot be looked up ({why}), and no authority issues then",
                f"mend the name servers, or the DNSSEC signatures, of {answer.name}",
            )
        records = properties(answer)
        if records:
            return _judged(answer, records, issuance)
    return None


def _judged(answer: Answer, records: Collection[Property], issuance: Issuance) -> Objection | None:
    tag = "issuewild" if issuance.wildcard and any(r.tag == "issuewild" for r in records) else "issue"
    named = {record.authority for record in records if record.tag == tag}
    forbidden = any(record.unknown_and_critical for record in records)
    if not forbidden and (not named or named & set(issuance.authorities)):
        return None
    where = answer.cnames[-1] if answer.cnames else answer.name
    through = f" (which {answer.name} is an alias of)" if answer.cnames else ""
    said = ", ".join(f"`{value}`" for value in answer.values)
    wanted = sorted(issuance.authorities)
    return Objection(
        f"the CAA records of {where}{through} say {said}: they let none of {', '.join(wanted)} issue its "
        "certificate",
        f"add {' or '.join(f'`{_line(tag, authority)}`' for authority in wanted)} to them",
    )


def _line(tag: str, authority: str) -> str:
    return f'0 {tag} "{authority}"'


def climbed(name: str, zone: str = "", known: Collection[str] = ()) -> Iterator[str]:
    """Yield the names whose CAA records decide for name, the root apart.

    `known` are the names that exist in its zone: one that does not is not asked for, since resolvers would
    remember that it is not there, and by that nothing below it (RFC 8020), when it is about to be made. With
    no zone all are asked for.
    """
    parts = name.split(".")
    for depth in range(len(parts)):
        above = ".".join(parts[depth:])
        if not (zone and above.endswith(f".{zone}")) or above in known:
            yield above
