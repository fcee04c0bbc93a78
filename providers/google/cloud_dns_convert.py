"""Record sets: Cloud DNS's spelling and the engine's, both ways. Pure.

On the wire names are absolute and values are those of master files: a text is quoted strings of at most 255
bytes. A set with a routing policy has no values of its own: its servers choose among the policy's.
docs: Cloud DNS, "Records format" (JSON); API: ResourceRecordSet, RRSetRoutingPolicy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers._records import (
    NAMED,
    Key,
    RecordSet,
    absolute,
    content_from,
    plain,
    spelt_value,
    text_from,
)

Native = Mapping[str, Any]

_EXACT: Final = ("name", "type", "ttl", "rrdatas")
"""What a deletion must say of a set, exactly as it stands (API: Change, deletions)."""
_POLICIES: Final[Mapping[str, str]] = {
    "wrr": "weighted",
    "geo": "geolocation",
    "primaryBackup": "failover",
}
_ENDS_IN_NAME: Final = frozenset({"MX", "SRV"})
_TEXTS: Final = frozenset({"TXT", "SPF"})


@dataclass(frozen=True, slots=True)
class Stood:
    """A record set of the engine, and how Cloud DNS has it: that is named when it goes."""

    found: RecordSet
    native: Native

    @property
    def key(self) -> Key:
        return self.found.key


# -- from Cloud DNS
def stood_from(native: Native) -> Stood:
    """Read a record set. Raises KeyError, TypeError, AttributeError or ValueError for what is none."""
    name, kind = plain(str(native["name"])), str(native["type"])
    policy = native.get("routingPolicy") or {}
    spelt = {value_from(kind, str(value)) for value in _values(native)}
    found = RecordSet(name, kind, int(native.get("ttl") or 0), tuple(sorted(spelt)), _special(policy))
    return Stood(found, {key: native[key] for key in _EXACT if key in native})


def _special(policy: Native) -> str:
    """Name the policy; empty where the set is no more than its values."""
    return next((word for member, word in _POLICIES.items() if member in policy), "routed" if policy else "")


def _values(part: object) -> Iterator[object]:
    """Give all values of a set, those in the depths of a policy too."""
    if isinstance(part, list):
        for item in part:
            yield from _values(item)
    elif isinstance(part, Mapping):
        yield from part.get("rrdatas") or ()
        for name, inner in part.items():
            if name not in {"rrdatas", "signatureRrdatas"}:
                yield from _values(inner)


def value_from(kind: str, value: str) -> str:
    """Read one record's value."""
    if kind in _TEXTS:
        return text_from(value)
    if kind in NAMED:
        return plain(value)
    if kind in _ENDS_IN_NAME:
        return " ".join(plain(part) for part in value.split())
    try:
        return spelt_value(kind, value)
    except ValueError:
        return value


# -- to Cloud DNS
def native_of(wanted: RecordSet) -> Native:
    """Spell a set as it is added."""
    values = [value_to(wanted.type, value) for value in wanted.values]
    return {"name": absolute(wanted.name), "type": wanted.type, "ttl": wanted.ttl, "rrdatas": values}


def value_to(kind: str, value: str) -> str:
    """Spell one value for the wire."""
    if kind == "TXT":
        return content_from(value)
    return absolute(value) if kind in NAMED else value


def size_of(native: Native) -> int:
    """Give the bytes of values that a set counts for in a change (API: Quota, totalRrdataSizePerChange)."""
    return sum(len(str(value).encode()) for value in native.get("rrdatas") or ())
