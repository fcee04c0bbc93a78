"""Record sets: Route 53's spelling and the engine's, both ways. Pure.

On the wire names are absolute; what is no letter, digit, hyphen or underscore in them is an octal escape,
the asterisk too. A text is quoted strings of at most 255 bytes, with octal escapes where master files have
decimal ones. An alias is the vendor's own: no values and no TTL, but a target that its servers look up.
docs: Route 53, "DNS domain name format", "Supported DNS record types"; API: ResourceRecordSet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from providers._records import ADDRESSES, NAMED, Key, RecordSet, absolute, plain, spelt_value
from providers.aws.names import CLOUDFRONT_SUFFIX, CLOUDFRONT_ZONE
from reconciler.dns import ALIAS

Native = Mapping[str, Any]

ALIAS_TTL_S: Final = 60
"""What Route 53 answers with for an alias to CloudFront (docs: alias records, TTL)."""

_POLICIES: Final[Mapping[str, str]] = {
    "Weight": "weighted",
    "Region": "latency",
    "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity",
    "CidrRoutingConfig": "IP-based",
    "Failover": "failover",
    "MultiValueAnswer": "multivalue",
    "TrafficPolicyInstanceId": "traffic policy",
    "HealthCheckId": "health-checked",
    "SetIdentifier": "routed",
}
_ENDS_IN_NAME: Final = frozenset({"MX", "SRV"})
_TEXT_BYTES: Final = 255
_STRINGS: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([0-3][0-7]{2}|.)", re.DOTALL)
_OCTAL: Final = re.compile(r"\\([0-3][0-7]{2})")
_IN_NAMES: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_*!\"#$%&'()+,/:;<=>?@[]^`{|}~")


@dataclass(frozen=True, slots=True)
class Stood:
    """A record set of the engine with what stands for it at Route 53, to be named exactly when it goes."""

    found: RecordSet
    natives: tuple[Native, ...]

    @property
    def key(self) -> Key:
        return self.found.key


# -- names
def name_from(name: str) -> str:
    """Read a name; an escape stays only where the character would mean something else, such as a dot."""
    return plain(_OCTAL.sub(_unescaped, name))


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 8)).lower()
    return character if character in _IN_NAMES else found[0]


# -- values
def value_from(kind: str, value: str) -> str:
    """Read one record's value."""
    if kind in {"TXT", "SPF"}:
        return text_from(value)
    if kind in NAMED:
        return name_from(value)
    if kind in _ENDS_IN_NAME:
        return " ".join(name_from(part) for part in value.split())
    try:
        return spelt_value(kind, value)
    except ValueError:
        return value


def value_to(kind: str, value: str) -> str:
    """Spell one value for the wire."""
    if kind == "TXT":
        return text_to(value)
    return absolute(value) if kind in NAMED else value


def text_to(text: str) -> str:
    """Write text as quoted strings of at most 255 bytes."""
    octets = text.encode("utf-8", "surrogateescape")
    parts = [octets[at : at + _TEXT_BYTES] for at in range(0, len(octets), _TEXT_BYTES)] or [b""]
    return " ".join(f'"{"".join(map(_character, part))}"' for part in parts)


def _character(octet: int) -> str:
    return chr(octet) if 0x20 <= octet < 0x7F and octet not in b'"\\' else f"\\{octet:03o}"


def text_from(value: str) -> str:
    """Read quoted strings as one text, or what is not quoted as it stands."""
    strings, at = list[str](), 0
    while found := _STRINGS.match(value, at):
        strings.append(found[1])
        at = found.end()
    if not strings or value[at:].strip():
        return value
    return b"".join(b"".join(_octets(string)) for string in strings).decode("utf-8", "surrogateescape")


def _octets(string: str) -> Iterator[bytes]:
    at = 0
    for found in _ESCAPE.finditer(string):
        yield string[at : found.start()].encode("utf-8", "surrogateescape")
        at, escaped = found.end(), found[1]
        is_number = len(escaped) == 3
        yield bytes([int(escaped, 8)]) if is_number else escaped.encode("utf-8", "surrogateescape")
    yield string[at:].encode("utf-8", "surrogateescape")


# -- aliases
def alias_spelt(_kind: str, value: str) -> str:
    """Spell what an alias points to: a name, after the hosted zone's id where it is not CloudFront's."""
    zone, _, name = value.rpartition("/")
    return plain(name) if zone.upper() in {"", CLOUDFRONT_ZONE} else f"{zone.upper()}/{plain(name)}"


def _alias_from(target: Native) -> str:
    return alias_spelt(ALIAS, f"{target['HostedZoneId']}/{name_from(str(target['DNSName']))}")


def _alias_to(value: str) -> Native:
    zone, _, name = value.rpartition("/")
    return {
        "HostedZoneId": zone or CLOUDFRONT_ZONE,
        "DNSName": absolute(name),
        "EvaluateTargetHealth": False,
    }


def is_cloudfront(name: str) -> bool:
    """Tell whether a name is a distribution's."""
    return plain(name).endswith(f".{CLOUDFRONT_SUFFIX}")


# -- from Route 53
def stood_from(natives: Iterable[Native]) -> list[Stood]:
    """Read record sets: those of one name and type are one, so are the two halves of an alias.

    Raises KeyError, TypeError or ValueError for what is no record set.
    """
    groups: dict[Key, list[Native]] = {}
    for native in natives:
        groups.setdefault((name_from(native["Name"]), str(native["Type"])), []).append(native)
    aliases = {key for key, rows in groups.items() if key[1] in ADDRESSES and _is_alias(rows)}
    found = [_stood(key, rows) for key, rows in groups.items() if key not in aliases]
    for name in dict.fromkeys(name for name, _ in aliases):
        rows = {kind: groups[name, kind] for kind in sorted(ADDRESSES) if (name, kind) in aliases}
        beside = bool({(name, kind) for kind in ADDRESSES} & (groups.keys() - aliases))
        found.append(_alias(name, rows, beside=beside))
    return found


def _is_alias(rows: Sequence[Native]) -> bool:
    return any("AliasTarget" in row for row in rows)


def _stood(key: Key, rows: Sequence[Native]) -> Stood:
    values = {
        value_from(key[1], str(record["Value"]))
        for row in rows
        for record in row.get("ResourceRecords") or ()
    }
    targets = {_alias_from(row["AliasTarget"]) for row in rows if "AliasTarget" in row}
    ttl = max(int(row.get("TTL") or ALIAS_TTL_S) if targets else int(row["TTL"]) for row in rows)
    special = _policy(rows) or ("alias" if targets else "")
    return Stood(RecordSet(*key, ttl, tuple(sorted(values | targets)), special), tuple(rows))


def _policy(rows: Sequence[Native]) -> str:
    """Name what makes a set more than its values; empty for a simple one."""
    return next((word for member, word in _POLICIES.items() if any(member in row for row in rows)), "")


def _alias(name: str, rows: Mapping[str, Sequence[Native]], *, beside: bool) -> Stood:
    """Read an alias. Without AAAA it is one too: then what it points to is not asked for over IPv6."""
    natives = tuple(row for found in rows.values() for row in found)
    targets = {_alias_from(row["AliasTarget"]) for row in natives if "AliasTarget" in row}
    special = _policy(natives)
    if not special and (len(targets) > 1 or beside or "A" not in rows):
        special = "one-sided alias"
    if not special and any(row["AliasTarget"].get("EvaluateTargetHealth") for row in natives):
        special = "health-checked alias"
    return Stood(RecordSet(name, ALIAS, ALIAS_TTL_S, tuple(sorted(targets)), special), natives)


# -- to Route 53
def natives_of(wanted: RecordSet) -> tuple[Native, ...]:
    """Spell a set as it is created."""
    if wanted.type == ALIAS:
        target = _alias_to(wanted.values[0])
        return tuple(
            {"Name": absolute(wanted.name), "Type": kind, "AliasTarget": target} for kind in sorted(ADDRESSES)
        )
    records = [{"Value": value_to(wanted.type, value)} for value in wanted.values]
    return (
        {"Name": absolute(wanted.name), "Type": wanted.type, "TTL": wanted.ttl, "ResourceRecords": records},
    )


def weight_of(native: Native) -> tuple[int, int]:
    """Give the records and the characters of values that a set counts for in a batch."""
    values = [str(record["Value"]) for record in native.get("ResourceRecords") or ()]
    return max(1, len(values)), sum(map(len, values))


def spelling_of(kind: str) -> Callable[[str, str], str]:
    """Give how values of a type of the engine are spelt."""
    return alias_spelt if kind == ALIAS else spelt_value
