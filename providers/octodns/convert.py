"""Record sets: octoDNS's spelling and the engine's, both ways.

octoDNS's names and targets end with a dot; a text is whole, with `;` written as `\\;`; how it is quoted and
cut into strings is each class's business. docs: octoDNS, "Records", "TXT".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from reconciler.dns import RRset
from reconciler.model import Attrs

Key = tuple[str, str]
"""Name and type of a set."""

ADDRESSES: Final = frozenset({"A", "AAAA"})
_BOTH: Final = "A+AAAA"
_TYPE: Final = attrgetter("_type")
"""Where every record of octoDNS keeps its type."""
_NAMED: Final = frozenset({"ALIAS", "CNAME", "DNAME", "NS", "PTR"})
_TEXTS: Final = frozenset({"TXT", "SPF"})
_CAA: Final = re.compile(r'(\d+)\s+(\S+)\s+"?([^"]*)"?')


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A record set as octoDNS read it; values in the engine's spelling, sorted.

    special  what makes it more than its values (weights, proxying), which a plain record would end
    record   octoDNS's own object
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    special: str = ""
    record: Any = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> Key:
        return self.name, self.type


@dataclass(frozen=True, slots=True)
class WantedSet:
    """A record set as the engine wants it; values in its spelling, sorted."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]

    @property
    def key(self) -> Key:
        return self.name, self.type


Sets = Mapping[Key, StoredSet]


# -- names
def plain(name: str) -> str:
    """Return a name as the engine spells it."""
    return name.rstrip(".").lower()


def absolute(name: str) -> str:
    """Return a name as octoDNS spells it."""
    return f"{name.rstrip('.')}."


# -- from octoDNS
def sets_in(records: Iterable[Any]) -> dict[Key, StoredSet]:
    """Read octoDNS's records."""
    return {found.key: found for found in map(set_from, records)}


def set_from(record: Any) -> StoredSet:
    """Read one of octoDNS's records."""
    kind = str(_TYPE(record))
    values = {_value_from(kind, value) for value in _natives(record)}
    return StoredSet(
        name=plain(record.fqdn),
        type=kind,
        ttl=int(record.ttl),
        values=tuple(sorted(values)),
        special=_special(record),
        record=record,
    )


def _natives(record: Any) -> list[Any]:
    """Return the values of a record; of a type whose values are structures, as a master file has them."""
    found = list(record.values) if hasattr(record, "values") else [record.value]
    if all(isinstance(value, str) for value in found) or _TYPE(record) == "CAA":
        return found
    try:
        return list(record.to_rrset().rdatas)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        # A type of a class's own need not have a text: it is never ours.
        return [str(value) for value in found]


def _value_from(kind: str, value: Any) -> str:
    if kind == "CAA":
        return f'{value.flags} {value.tag} "{value.value}"'
    text = str(value)
    if kind in _TEXTS:
        return text.replace("\\;", ";")
    return plain(text) if kind in _NAMED else text


def _special(record: Any) -> str:
    if getattr(record, "dynamic", None) or getattr(record, "geo", None):
        return "answers by rules (weights, places, health checks)"
    return "is proxied" if _is_proxied(getattr(record, "octodns", None)) else ""


def _is_proxied(extra: Any) -> bool:
    """Tell whether a record is some vendor's edge itself: `octodns: {VENDOR: {proxied: true}}`."""
    return isinstance(extra, Mapping) and any(
        (key == "proxied" and value is True) or _is_proxied(value) for key, value in extra.items()
    )


def rrset_of(zone: str, found: StoredSet) -> RRset:
    """Give a set to the engine."""
    return RRset(zone=zone, name=found.name, type=found.type, ttl=found.ttl, values=found.values)


# -- the engine's attributes as sets
def sets_of(record: Attrs | None) -> Mapping[Key, WantedSet]:
    """Give the sets that a `dns_record` resource stands for; `A+AAAA` is told apart by its values."""
    if record is None:
        return {}
    kind, values, ttl = str(record["type"]), record["values"], record["ttl"]
    if not isinstance(values, tuple) or not isinstance(ttl, int):
        raise TypeError(f"not a record: {dict(record)!r}")
    sets: dict[Key, list[str]] = {}
    for value in values:
        sets.setdefault((plain(str(record["name"])), _one_type(kind, str(value))), []).append(str(value))
    return {key: WantedSet(*key, ttl, tuple(sorted(found))) for key, found in sets.items()}


def types_of(kind: str) -> frozenset[str]:
    """Give octoDNS's types for a type of the engine."""
    return ADDRESSES if kind == _BOTH else frozenset({kind})


def _one_type(kind: str, value: str) -> str:
    return kind if kind != _BOTH else "AAAA" if ":" in value else "A"


def spelt_value(kind: str, value: str) -> str:
    """Spell one value as `set_from` reads it back. Raises ValueError for no address."""
    if kind in _NAMED:
        return plain(value)
    if kind in {*ADDRESSES, _BOTH}:
        return str(ipaddress.ip_address(value))
    if kind == "CAA" and (found := _CAA.fullmatch(value)):
        return f'{found[1]} {found[2]} "{found[3]}"'
    return value


# -- to octoDNS
def data_of(wanted: WantedSet, found: StoredSet | None) -> dict[str, Any]:
    """Give the data that octoDNS makes a record from.

    A value that stands there already keeps its spelling, and the set what its vendor knows besides.
    """
    known = _known(found)
    values = [known.get(value, _native(wanted.type, value)) for value in wanted.values]
    extra = getattr(found.record, "octodns", None) if found is not None else None
    data = {"type": wanted.type, "ttl": wanted.ttl, "values": values}
    if wanted.type in {"ALIAS", "CNAME", "DNAME"}:
        data = {"type": wanted.type, "ttl": wanted.ttl, "value": values[0]}
    return {**data, "octodns": dict(extra)} if extra else data


def _known(found: StoredSet | None) -> dict[str, Any]:
    if found is None or found.type not in _TEXTS:
        return {}
    return {_value_from(found.type, value): value for value in found.record.values}


def _native(kind: str, value: str) -> Any:
    if kind in _TEXTS:
        return value.replace(";", "\\;")
    if kind == "CAA" and (found := _CAA.fullmatch(value)):
        return {"flags": int(found[1]), "tag": found[2], "value": found[3]}
    return absolute(value) if kind in _NAMED else value
