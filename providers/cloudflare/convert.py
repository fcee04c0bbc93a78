"""DNS records: Cloudflare's spelling and the engine's, both ways. Pure.

TXT content is written as quoted strings of at most 255 bytes and read with or without quotation
marks (the vendor may add them): reading what was written gives the text back.
docs: "DNS record types" (TXT), API reference "DNS Records for a Zone".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers._records import ADDRESSES, caa_parts, content_from, text_from, type_of, types_of
from providers.cloudflare.plans import AUTO_TTL, AUTO_TTL_S
from reconciler.dns import RRset
from reconciler.model import EMPTY, Attrs, attrs

PROXIABLE: Final = frozenset({"A", "AAAA", "CNAME"})
_NAMED: Final = frozenset({"CNAME", "NS", "PTR"})


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One record as the vendor keeps it: one value of a set.

    `ttl` is in seconds: the vendor's 1, "automatic", is 300 here. Only a proxied record, which has no
    other, keeps the 1.
    """

    name: str
    type: str
    value: str
    ttl: int
    proxied: bool
    id: str = ""
    comment: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Which set it belongs to."""
        return self.name, self.type

    @property
    def content(self) -> tuple[str, str, str, int, bool]:
        """All that is compared: everything but the vendor's id and the comment."""
        return self.name, self.type, self.value, self.ttl, self.proxied


# -- from Cloudflare
def entry_from(native: Mapping[str, Any]) -> Entry:
    """Read one record of the list."""
    kind, proxied, ttl = str(native["type"]).upper(), bool(native.get("proxied")), int(native["ttl"])
    return Entry(
        name=str(native["name"]).lower(),
        type=kind,
        value=_value(kind, native),
        ttl=AUTO_TTL_S if ttl == AUTO_TTL and not proxied else ttl,
        proxied=proxied,
        id=str(native["id"]),
        comment=str(native.get("comment") or ""),
    )


def _value(kind: str, native: Mapping[str, Any]) -> str:
    content = str(native.get("content") or "")
    if kind == "TXT":
        return text_from(content)
    if kind in _NAMED:
        return content.lower()
    if kind in {"MX", "SRV", "URI"} and native.get("priority") is not None:
        return f"{native['priority']} {content}"
    return content


def rrsets_from(zone: str, entries: Iterable[Entry]) -> tuple[RRset, ...]:
    """Group a zone's entries into sets; a set is as short-lived as its shortest record."""
    sets: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        sets.setdefault(entry.key, []).append(entry)
    return tuple(_rrset(zone, sorted(sets[key])) for key in sorted(sets))


def _rrset(zone: str, entries: list[Entry]) -> RRset:
    first = entries[0]
    proxied = any(entry.proxied for entry in entries)
    ttl = min(entry.ttl for entry in entries)
    return RRset(
        zone=zone,
        name=first.name,
        type=first.type,
        ttl=ttl,
        values=tuple(entry.value for entry in entries),
        attrs=attrs(proxied=proxied) if first.type in PROXIABLE else EMPTY,
        outputs=set_outputs(entries),
    )


def set_outputs(entries: Iterable[Entry]) -> Attrs:
    """Give what only the vendor knows of a set: ids, comments, and how long resolvers hold it."""
    rows = sorted(entries)
    ttl = min((entry.ttl for entry in rows), default=AUTO_TTL)
    return attrs(
        effective_ttl_s=AUTO_TTL_S if ttl == AUTO_TTL else ttl,
        ids=tuple(entry.id for entry in rows),
        comments=tuple(entry.comment for entry in rows if entry.comment),
    )


# -- the engine's attributes as entries
def entries_of(record: Attrs) -> tuple[Entry, ...]:
    """Give the entries that a `dns_record` resource stands for; `A+AAAA` is told apart by its values."""
    values = record["values"]
    kind, name, ttl = str(record["type"]), str(record["name"]), record["ttl"]
    if not isinstance(values, tuple) or not isinstance(ttl, int):
        raise TypeError(f"not a record: {dict(record)!r}")
    proxied = bool(record.get("proxied"))
    return tuple(sorted(Entry(name, type_of(kind, str(v)), str(v), ttl, proxied) for v in values))


def spelt_value(kind: str, value: str) -> str:
    """Spell one value as the vendor reports it."""
    if kind in _NAMED:
        return value.lower().rstrip(".")
    if types_of(kind) <= ADDRESSES:
        return str(ipaddress.ip_address(value))
    return value


# -- to Cloudflare
def native_from(entry: Entry, comment: str = "") -> dict[str, Any]:
    """Give the body that writes an entry; a comment only where one is to be written."""
    body: dict[str, Any] = {"name": entry.name, "type": entry.type, "ttl": entry.ttl}
    if entry.type == "CAA":
        if (parts := caa_parts(entry.value)) is None:
            raise ValueError(f"not a CAA value: {entry.value!r}")
        body["data"] = parts
    elif entry.type == "TXT":
        body["content"] = content_from(entry.value)
    else:
        body["content"] = entry.value
    if entry.type in PROXIABLE:
        body["proxied"] = entry.proxied
    return {**body, "comment": comment} if comment else body
