"""Records as zone files write them (RFC 1035 §5), for people who set them by hand. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model import Ref, Resource, Value
from reconciler.one_line import one_line

UNKNOWN = "(known after apply)"
STRING_BYTES = 255
"""The longest string in a TXT record; longer texts are several (RFC 1035 §3.3.14)."""


def record_lines(record: Resource) -> tuple[str, ...]:
    """Return a line for each value of a record."""
    return tuple(
        f"{_absolute(record.attrs['name'])} {record.attrs['ttl']} IN {type_} {content}"
        for type_, content in contents(record)
    )


def contents(record: Resource) -> tuple[tuple[str, str], ...]:
    """Return type and content of each value of a record."""
    kinds, values = str(record.attrs["type"]).split("+"), record.attrs["values"]
    listed = values if isinstance(values, tuple) else ()
    return tuple((_type(kinds, value), _content(kinds, value)) for value in listed)


def going(before: Resource | None, after: Resource | None) -> Resource | None:
    """Return what of a record must be removed: values that do not stay. A CNAME is replaced by another."""
    if before is None or (after is not None and after.attrs["type"] == before.attrs["type"] == "CNAME"):
        return None
    values, kept = before.attrs["values"], after.attrs["values"] if after is not None else ()
    if not isinstance(values, tuple) or not isinstance(kept, tuple):
        return None
    gone = tuple(value for value in values if value not in kept)
    return before.with_attrs(values=gone) if gone else None


def _absolute(name: Value) -> str:
    return UNKNOWN if isinstance(name, Ref) else f"{name}."


def _type(kinds: Sequence[str], value: Value) -> str:
    return kinds[0] if len(kinds) == 1 else ("AAAA" if ":" in str(value) else "A")


def _content(kinds: Sequence[str], value: Value) -> str:
    if isinstance(value, Ref):
        return UNKNOWN
    if kinds == ["TXT"]:
        return quoted(str(value))
    return _absolute(value) if kinds == ["CNAME"] else one_line(str(value))


def quoted(text: str) -> str:
    """Return a TXT value as quoted strings: quotes and backslashes escaped, other bytes as `\\DDD`."""
    octets = text.encode()
    parts = [octets[at : at + STRING_BYTES] for at in range(0, len(octets), STRING_BYTES)] or [b""]
    return " ".join(f'"{"".join(map(_escaped, part))}"' for part in parts)


def _escaped(octet: int) -> str:
    character = chr(octet)
    if character in '"\\':
        return f"\\{character}"
    return character if 32 <= octet < 127 else f"\\{octet:03d}"
