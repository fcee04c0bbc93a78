"""Record sets: PowerDNS's spelling and the engine's, both ways. Pure.

On the wire names are absolute, with a final dot, and content is in the form of master files. A text is
written as quoted strings of at most 255 bytes: PowerDNS stores what it is given and splits nothing.
docs: HTTP API, "Zones" (RRSet, Record, Comment).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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

_ENDS_IN_NAME: Final = frozenset({"MX", "SRV"})


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

    @property
    def answered(self) -> RecordSet | None:
        """The set as the engine has it; None: nothing of it is answered."""
        return RecordSet(self.name, self.type, self.ttl, self.values) if self.contents else None


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
    if kind in NAMED:
        return plain(content)
    if kind in _ENDS_IN_NAME:
        return " ".join(plain(part) for part in content.split())
    return spelt_value(kind, content)


def answered(sets: Iterable[NativeSet], names: Collection[str]) -> dict[Key, RecordSet]:
    """Give what is answered at some names; records that are switched off do not count."""
    return {one.key: found for one in sets if one.name in names and (found := one.answered) is not None}


# -- to PowerDNS
def content_of(kind: str, value: str) -> str:
    """Spell one value for the wire."""
    if kind == "TXT":
        return content_from(value)
    return absolute(value) if kind in NAMED else value


def replaced(wanted: RecordSet, found: NativeSet | None, comments: Iterable[Comment] = ()) -> dict[str, Any]:
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
