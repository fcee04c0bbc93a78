"""Record sets: octoDNS's spelling and the engine's, both ways.

octoDNS's names and targets end with a dot; a text is whole, with `;` written as `\\;`; how it is quoted and
cut into strings is each class's business. docs: octoDNS, "Records", "TXT".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from providers._records import NAMED, Key, RecordSet, absolute, caa_parts, plain

_TYPE: Final = attrgetter("_type")
"""Where every record of octoDNS keeps its type."""
_TEXTS: Final = frozenset({"TXT", "SPF"})


@dataclass(frozen=True, slots=True)
class StoredSet(RecordSet):
    """A record set as octoDNS read it; `record` is octoDNS's own object."""

    record: Any = field(default=None, compare=False, repr=False)


Sets = Mapping[Key, StoredSet]


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
    return plain(text) if kind in NAMED else text


def _special(record: Any) -> str:
    if getattr(record, "dynamic", None) or getattr(record, "geo", None):
        return "answers by rules (weights, places, health checks)"
    return "is proxied" if _is_proxied(getattr(record, "octodns", None)) else ""


def _is_proxied(extra: Any) -> bool:
    """Tell whether a record is some vendor's edge itself: `octodns: {VENDOR: {proxied: true}}`."""
    return isinstance(extra, Mapping) and any(
        (key == "proxied" and value is True) or _is_proxied(value) for key, value in extra.items()
    )


# -- to octoDNS
def data_of(wanted: RecordSet, found: StoredSet | None) -> dict[str, Any]:
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
    if kind == "CAA" and (parts := caa_parts(value)):
        return parts
    return absolute(value) if kind in NAMED else value
