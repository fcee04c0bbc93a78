"""Record sets: PowerDNS's spelling and the engine's, both ways. Pure.

On the wire names are absolute, with a final dot, and content is in the form of master files. A text is
written as quoted strings of at most 255 bytes: PowerDNS stores what it is given and splits nothing.
docs: HTTP API, "Zones" (RRSet, Record, Comment).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.dns import RRset
from reconciler.model import Attrs

Key = tuple[str, str]
"""Name and type of a set."""

ADDRESSES: Final = frozenset({"A", "AAAA"})
_BOTH: Final = "A+AAAA"
_TEXT_BYTES: Final = 255
_NAMED: Final = frozenset({"ALIAS", "CNAME", "DNAME", "NS", "PTR"})
_ENDS_IN_NAME: Final = frozenset({"MX", "SRV"})
_STRINGS: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(\d{3}|.)", re.DOTALL)
_CAA: Final = re.compile(r'(\d+)\s+(\S+)\s+"?([^"]*)"?')


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a set, as a person or a program left it; `modified_at` in unix seconds."""

    content: str
    account: str
    modified_at: int

    def native(self) -> dict[str, Any]:
        """Give the body that writes it."""
        return {"content": self.content, "account": self.account, "modified_at": self.modified_at}


@dataclass(frozen=True, slots=True)
class NativeSet:
    """A record set as PowerDNS keeps it.

    contents  of the records that are answered, as they are spelt there
    disabled  of those that a person switched off: stored, never answered
    """

    name: str
    type: str
    ttl: int
    contents: tuple[str, ...]
    disabled: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()

    @property
    def key(self) -> Key:
        return self.name, self.type

    @property
    def values(self) -> tuple[str, ...]:
        """What is answered, in the engine's spelling."""
        return tuple(sorted({value_from(self.type, content) for content in self.contents}))


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


# -- names
def plain(name: str) -> str:
    """Return a name as the engine spells it."""
    return name.rstrip(".").lower()


def absolute(name: str) -> str:
    """Return a name as the wire has it."""
    return f"{name.rstrip('.')}."


# -- from PowerDNS
def set_from(native: Mapping[str, Any]) -> NativeSet:
    """Read one set. Raises KeyError, TypeError or ValueError for what is none."""
    rows = [(str(row["content"]), bool(row.get("disabled"))) for row in native["records"]]
    return NativeSet(
        name=plain(native["name"]),
        type=str(native["type"]).upper(),
        ttl=int(native["ttl"]),
        contents=tuple(content for content, disabled in rows if not disabled),
        disabled=tuple(content for content, disabled in rows if disabled),
        comments=tuple(_comment(row) for row in native.get("comments") or ()),
    )


def _comment(native: Mapping[str, Any]) -> Comment:
    return Comment(
        str(native["content"]), str(native.get("account", "")), int(native.get("modified_at") or 0)
    )


def value_from(kind: str, content: str) -> str:
    """Read one record's content."""
    if kind == "TXT":
        return text_from(content)
    if kind in _NAMED:
        return plain(content)
    if kind in _ENDS_IN_NAME:
        return " ".join(plain(part) for part in content.split())
    return spelt_value(kind, content)


def rrset_of(zone: str, found: NativeSet) -> RRset:
    """Give a set that is answered to the engine."""
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
    """Give PowerDNS's types for a type of the engine."""
    return ADDRESSES if kind == _BOTH else frozenset({kind})


def _one_type(kind: str, value: str) -> str:
    return kind if kind != _BOTH else "AAAA" if ":" in value else "A"


def spelt_value(kind: str, value: str) -> str:
    """Spell one value as `value_from` reads it back. Raises ValueError for no address."""
    if kind in _NAMED:
        return plain(value)
    if kind in {*ADDRESSES, _BOTH}:
        return str(ipaddress.ip_address(value))
    if kind == "CAA" and (found := _CAA.fullmatch(value)):
        return f'{found[1]} {found[2]} "{found[3]}"'
    return value


# -- to PowerDNS
def content_of(kind: str, value: str) -> str:
    """Spell one value for the wire."""
    if kind == "TXT":
        return content_from(value)
    return absolute(value) if kind in _NAMED else value


def replaced(wanted: WantedSet, found: NativeSet | None, comments: Iterable[Comment] = ()) -> dict[str, Any]:
    """Give the body that makes a set what is wanted.

    What stands there keeps its spelling, records that are switched off stay so, unless one of them is what is
    wanted: PowerDNS has no record twice. Without the member `comments` it keeps those of the set.
    """
    known = {value_from(wanted.type, content): content for content in (found.contents if found else ())}
    rows = [known.get(value) or content_of(wanted.type, value) for value in wanted.values]
    off = [
        content
        for content in (found.disabled if found else ())
        if value_from(wanted.type, content) not in wanted.values
    ]
    body = _body(wanted.name, wanted.type, wanted.ttl, rows, off)
    carried = [comment.native() for comment in comments]
    return {**body, "comments": carried} if carried else body


def emptied(found: NativeSet) -> dict[str, Any]:
    """Give the body after which nothing of a set is answered; records that are switched off stay."""
    if found.disabled:
        return _body(found.name, found.type, found.ttl, (), found.disabled)
    return {"name": absolute(found.name), "type": found.type, "changetype": "DELETE"}


def _body(name: str, kind: str, ttl: int, on: Iterable[str], off: Iterable[str]) -> dict[str, Any]:
    records = [{"content": content, "disabled": False} for content in on]
    records += [{"content": content, "disabled": True} for content in off]
    return {"name": absolute(name), "type": kind, "ttl": ttl, "changetype": "REPLACE", "records": records}


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
