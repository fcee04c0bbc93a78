"""Servers and their zones, in the form of the API, and what may be written into a zone.

docs: HTTP API, "Zones" (PATCH). Where they are silent (the order of the sets of one message, records that are
switched off, the words of a refusal), as a server of version 4.7.3 was seen to do.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

Set = dict[str, Any]

KINDS = ("Native", "Master", "Slave", "Primary", "Secondary", "Producer", "Consumer")
#: Types of its own, which DNS does not have.
OWN_TYPES = ("ALIAS", "LUA", "ENT")
ENDS_IN_NAME = ("CNAME", "NS", "PTR", "DNAME", "MX", "SRV", "ALIAS")


class Refusal(Exception):
    """What the API answers with 422 and these words."""


@dataclass
class Zone:
    """A zone. `sets` in the form of the API, by `NAME. TYPE`; `changes` counts what was written."""

    name: str
    kind: str = "Native"
    masters: list[str] = field(default_factory=list)
    delegated: bool = True
    soa_edit_api: str = "DEFAULT"
    changes: int = 1
    sets: dict[str, Set] = field(default_factory=dict)

    def as_api(self) -> dict[str, Any]:
        """Give what the list of zones has of it."""
        return {
            "account": "",
            "catalog": "",
            "id": f"{self.name}.",
            "kind": self.kind,
            "last_check": 0,
            "masters": list(self.masters),
            "name": f"{self.name}.",
            "notified_serial": 0,
            "serial": self.changes,
        }

    def write(self, rrsets: Iterable[Any], now: float) -> None:
        """Write sets in their order, all or none. Raises Refusal."""
        sets, seen = copy.deepcopy(self.sets), set[tuple[str, str, str]]()
        for given in rrsets:
            self._write(sets, given, seen, now)
        self.sets = dict(sorted(sets.items()))
        self.changes += 1

    def _write(self, sets: dict[str, Set], given: Any, seen: set[tuple[str, str, str]], now: float) -> None:
        name, kind = _name(given), _type(given)
        what, change = f"RRset {name} IN {kind}", str(given.get("changetype", "")).upper()
        if change not in ("REPLACE", "DELETE"):
            raise Refusal("Changetype not understood")
        if (name, kind, change) in seen:
            raise Refusal(f"Duplicate {what} with changetype: {change}")
        seen.add((name, kind, change))
        if name != f"{self.name}." and not name.endswith(f".{self.name}."):
            raise Refusal(f"{what}: Name is out of zone")
        if change == "DELETE":
            sets.pop(f"{name} {kind}", None)
            return
        _replace(sets, given, what, now)


def _replace(sets: dict[str, Set], given: Mapping[str, Any], what: str, now: float) -> None:
    name, kind = _name(given), _type(given)
    old = sets.get(f"{name} {kind}", {"ttl": 0, "records": [], "comments": []})
    made = {"name": name, "type": kind, **{part: old[part] for part in ("ttl", "records", "comments")}}
    if "records" in given:
        made["ttl"] = _ttl(given)
        made["records"] = _records(name, kind, given["records"])
        contents = [record["content"] for record in made["records"]]
        if twice := next((c for c in contents if contents.count(c) > 1), None):
            raise Refusal(f'Duplicate record in {what} with content "{twice}"')
        if kind == "CNAME" and len(contents) > 1:
            raise Refusal(f"{what} has more than one record")
        if any(_excludes(other, kind) for other in sets.values() if other["name"] == name):
            raise Refusal(f"{what}: Conflicts with pre-existing RRset")
    if "comments" in given:
        made["comments"] = [_comment(comment, now) for comment in given["comments"]]
    sets.pop(f"{name} {kind}", None)
    if made["records"] or made["comments"]:
        sets[f"{name} {kind}"] = made


def _excludes(other: Set, kind: str) -> bool:
    """Say whether a set that is answered at the same name excludes one of this type."""
    answered = any(not record["disabled"] for record in other["records"])
    return answered and other["type"] != kind and "CNAME" in (other["type"], kind)


def _name(given: Any) -> str:
    name = str(given.get("name", "")) if isinstance(given, Mapping) else ""
    if not name.endswith("."):
        raise Refusal(f"DNS Name '{name}' is not canonical")
    return name.lower()


def _type(given: Mapping[str, Any]) -> str:
    kind = str(given.get("type", ""))
    try:
        known = kind in OWN_TYPES or bool(dns.rdatatype.from_text(kind))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        known = False
    if not known:
        raise Refusal(f"RRset {given['name']} IN {kind}: unknown type given")
    return kind


def _ttl(given: Mapping[str, Any]) -> int:
    try:
        return int(given["ttl"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal("Key 'ttl' not an Integer or not present") from error


def _records(name: str, kind: str, given: Any) -> list[dict[str, Any]]:
    return [
        {"content": _content(name, kind, str(record["content"])), "disabled": bool(record.get("disabled"))}
        for record in given
    ]


def _content(name: str, kind: str, content: str) -> str:
    """Give content as it is stored. Raises Refusal for what is not in the form of a master file."""
    what = f"Record {name}/{kind} '{content}'"
    if kind == "TXT" and not content.startswith('"'):
        raise Refusal(f"{what}: Not in expected format (parsed as '\"{content}\"')")
    if kind in ENDS_IN_NAME and not content.endswith("."):
        raise Refusal(f"{what}: Not in expected format (parsed as '{content}.')")
    if kind in OWN_TYPES or kind == "TXT":
        return content
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, kind, content, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise Refusal(f"{what}: Parsing record content (try 'pdnsutil check-zone'): {error}") from error
    return rdata.to_text() if kind in ("A", "AAAA") else content


def _comment(given: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Give a comment as it is stored; the time as a float, which the API shows as whole seconds."""
    at = float(given.get("modified_at") or now)
    return {"content": str(given["content"]), "account": str(given.get("account", "")), "modified_at": at}


@dataclass
class Server:
    """One server: its API key by digest, its id in its API, its zones by name."""

    key: str
    server: str
    zones: dict[str, Zone] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Server:
        """Take what `as_data` gave."""
        return cls(data["key"], data["server"], {name: Zone(**zone) for name, zone in data["zones"].items()})


def plain(name: str) -> str:
    """Give a name without its final dot, in lower case."""
    return name.rstrip(".").lower()
