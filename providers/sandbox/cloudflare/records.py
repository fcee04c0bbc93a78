"""DNS records: what the API accepts, how it answers, how it lists.

docs: API reference "DNS Records for a Zone", "Record attributes", "Records with the same name".
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from providers.sandbox.zone import to_rdata

from .answers import Refusal
from .names import master_form
from .state import Record, Zone, stamp

ADDRESS_TYPES = frozenset({"A", "AAAA"})
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
PLAIN_TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "PTR", "TXT", "OPENPGPKEY"})
DATA_TYPES: dict[str, tuple[str, ...]] = {
    "CAA": ("flags", "tag", "value"),
    "SRV": ("priority", "weight", "port", "target"),
    "TLSA": ("usage", "selector", "matching_type", "certificate"),
    "SSHFP": ("algorithm", "type", "fingerprint"),
    "DS": ("key_tag", "algorithm", "digest_type", "digest"),
    "URI": ("weight", "target"),
    "HTTPS": ("priority", "target", "value"),
    "SVCB": ("priority", "target", "value"),
}
FIELDS = frozenset(
    {"id", "type", "name", "content", "ttl", "proxied", "comment", "tags", "priority", "data", "settings"}
    | {"private_routing"}
)
MAX_TTL_S = 86400
SAME_NAME = (
    "For more details, refer to "
    "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>."
)
LABEL = re.compile(r"[a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?")


def invalid(code: int, message: str) -> Refusal:
    """A refusal of the record itself: 400 and the cause's own code."""
    return Refusal(400, code, message)


def chained(refusal: Refusal) -> Refusal:
    """Give the older form of a record's refusal: 1004 with the cause below error_chain."""
    if not 9000 <= refusal.code <= 9320 or refusal.status != 400 or refusal.code == 9106:
        return refusal
    return Refusal(400, 1004, "DNS Validation Error", chain=[(refusal.code, refusal.message)])


def host_name(given: str, zone: str) -> str:
    """Give the stored name: lower case, punycode, no final dot, inside the zone."""
    name = given.strip().lower().rstrip(".")
    if name in {"", "@"}:
        return zone
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError as exc:
            raise invalid(9000, "DNS name is invalid.") from exc
    if name != zone and not name.endswith(f".{zone}"):
        name = f"{name}.{zone}"
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in name.split(".")):
        raise invalid(9000, "DNS name is invalid.")
    return name


def build(zone: Zone, given: Mapping[str, Any], before: Record | None, *, now: float, new_id: str) -> Record:
    """Give the record that a body asks for; `before` is what PATCH starts from.

    Raises Refusal where a value alone is wrong; clashes with other records are `clash`'s.
    """
    if unknown := sorted(given.keys() - FIELDS):
        raise invalid(9207, f"Request body is invalid: unknown field {unknown[0]}.")
    base = _body(before) if before else {}
    asked = {**base, **{k: v for k, v in given.items() if v is not None or k == "comment"}}
    kind = _kind(asked)
    proxied = _proxied(asked, kind)
    content, data = _content(asked, kind)
    record = Record(
        id=before.id if before else new_id,
        name=host_name(_text(asked, "name", 9000, "DNS name is invalid."), zone.name),
        type=kind,
        content=content,
        ttl=1 if proxied else _ttl(asked.get("ttl", 1), zone),
        proxied=proxied,
        created=before.created if before else now,
        modified=now,
        comment=_comment(asked.get("comment"), zone),
        tags=_tags(asked.get("tags") or [], zone),
        priority=_priority(asked, kind),
        data=data,
        settings=dict(asked.get("settings") or {}),
    )
    _answerable(record)
    return record


def _answerable(record: Record) -> None:
    """Refuse content that no name server could answer."""
    try:
        to_rdata(record.type, master_form(record))
    except ValueError as exc:
        raise invalid(9101, f"Content for {record.type} record is invalid.") from exc


def _body(record: Record) -> dict[str, Any]:
    body = dataclasses.asdict(record)
    return {k: v for k, v in body.items() if k in FIELDS and v is not None}


def _text(asked: Mapping[str, Any], member: str, code: int, message: str) -> str:
    value = asked.get(member)
    if not isinstance(value, str) or (member != "name" and not value):
        raise invalid(code, message)
    return value


def _kind(asked: Mapping[str, Any]) -> str:
    kind = str(asked.get("type", "")).upper()
    if kind not in PLAIN_TYPES and kind not in DATA_TYPES:
        raise invalid(9001, "DNS record type is invalid.")
    return kind


def _proxied(asked: Mapping[str, Any], kind: str) -> bool:
    proxied = asked.get("proxied", False)
    if not isinstance(proxied, bool):
        raise invalid(9003, "Invalid 'proxied' value, must be a boolean.")
    if proxied and not (kind in PROXIABLE and proxiable(kind, str(asked.get("content", "")))):
        raise invalid(9004, "This record type cannot be proxied.")
    return proxied


def proxiable(kind: str, content: str) -> bool:
    """Say whether a record may be proxied: public addresses and CNAMEs only."""
    if kind not in ADDRESS_TYPES:
        return kind == "CNAME"
    try:
        address = ipaddress.ip_address(content)
    except ValueError:
        return False
    documentation = any(
        address in ipaddress.ip_network(n)
        for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
        if ipaddress.ip_network(n).version == address.version
    )
    return address.is_global or documentation


def _content(asked: Mapping[str, Any], kind: str) -> tuple[str, Mapping[str, Any] | None]:
    if kind in DATA_TYPES:
        return _structured(asked, kind)
    content = _text(asked, "content", 9005, f"Content for {kind} record is invalid.")
    if kind in ADDRESS_TYPES:
        return _address(content, kind), None
    if kind in {"CNAME", "NS", "MX", "PTR"}:
        return _target(content, kind), None
    if kind == "TXT" and len(content) > 4096:
        raise invalid(9212, "Content for TXT record is too long.")
    return content, None


def _address(content: str, kind: str) -> str:
    version = 4 if kind == "A" else 6
    try:
        address = ipaddress.ip_address(content)
    except ValueError:
        address = None
    if address is None or address.version != version:
        raise invalid(
            9005 + (version == 6), f"Content for {kind} record must be a valid IPv{version} address."
        )
    return str(address)


def _target(content: str, kind: str) -> str:
    name = content.rstrip(".").lower()
    labels = name.split(".")
    numeric = all(label.isdigit() for label in labels)
    if numeric or len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise invalid(9007, f"Content for {kind} record is invalid.")
    return name


def _structured(asked: Mapping[str, Any], kind: str) -> tuple[str, Mapping[str, Any]]:
    data = asked.get("data")
    if not isinstance(data, Mapping) or not set(DATA_TYPES[kind]) <= data.keys():
        raise invalid(9101, f"Data for {kind} record is invalid.")
    if kind == "CAA":
        return f'{data["flags"]} {data["tag"]} "{data["value"]}"', dict(data)
    skipped = {"priority"} if kind in {"SRV", "URI"} else set()
    return " ".join(str(data[part]) for part in DATA_TYPES[kind] if part not in skipped), dict(data)


def _ttl(given: Any, zone: Zone) -> int:
    least = zone.plan.record_ttl_s
    whole = isinstance(given, int | float) and not isinstance(given, bool) and given == int(given)
    if not whole or not (given == 1 or least <= given <= MAX_TTL_S):
        raise invalid(
            9021, f"Invalid TTL. Must be between {least} and {MAX_TTL_S} seconds, or 1 for Automatic."
        )
    return int(given)


def _comment(given: Any, zone: Zone) -> str | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str) or "\n" in given:
        raise invalid(9312, "DNS record comment is invalid.")
    if len(given) > zone.plan.comment:
        limit = zone.plan.comment
        raise invalid(9313, f"DNS record comment exceeds the maximum length of {limit} characters.")
    return given


def _tags(given: Any, zone: Zone) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(tag, str) for tag in given):
        raise invalid(9301, "DNS record tags are invalid.")
    if len(given) > zone.plan.tags:
        raise invalid(9300, f"DNS record has {len(given)} tags, exceeding the quota of {zone.plan.tags}.")
    if any(len(tag.partition(":")[0]) > 32 or len(tag.partition(":")[2]) > 100 for tag in given):
        raise invalid(9302, "DNS record tag is too long.")
    return tuple(given)


def _priority(asked: Mapping[str, Any], kind: str) -> int | None:
    if kind in {"SRV", "URI"}:
        return int((asked.get("data") or {}).get("priority", asked.get("priority", 0)))
    if kind != "MX":
        return None
    priority = asked.get("priority")
    if not isinstance(priority, int) or not 0 <= priority <= 65535:
        raise invalid(9101, "priority is a required field.")
    return priority


def clash(record: Record, others: Iterable[Record], identical_code: str) -> None:
    """Refuse a record that cannot stand beside the others of its zone."""
    same_name = [r for r in others if r.name == record.name and r.id != record.id]
    exclusive = [r for r in same_name if r.type in PROXIABLE]
    if record.type == "CNAME" and exclusive:
        raise invalid(81053, f"An A, AAAA, or CNAME record with that host already exists. {SAME_NAME}")
    if record.type in PROXIABLE and any(r.type == "CNAME" for r in exclusive):
        raise invalid(81054, f"A CNAME record with that host already exists. {SAME_NAME}")
    if record.type in {*PROXIABLE, "NS"} and any(
        (r.type == "NS") != (record.type == "NS") for r in same_name
    ):
        _delegation_clash(record, same_name)
    if any(
        r.type == record.type and r.content == record.content and r.priority == record.priority
        for r in same_name
    ):
        known = {"81058": "An identical record already exists.", "81057": "The record already exists."}
        raise invalid(int(identical_code), known[identical_code])


def _delegation_clash(record: Record, same_name: Iterable[Record]) -> None:
    if record.type == "NS" and any(r.type in PROXIABLE for r in same_name):
        raise invalid(81053, f"An A, AAAA, or CNAME record with that host already exists. {SAME_NAME}")
    if record.type != "NS" and any(r.type == "NS" for r in same_name):
        raise invalid(81056, f"NS records with that host already exist. {SAME_NAME}")


def view(record: Record) -> dict[str, Any]:
    """Give a record as the API answers it."""
    out: dict[str, Any] = {
        "id": record.id,
        "name": record.name,
        "type": record.type,
        "content": record.content,
        "proxiable": proxiable(record.type, record.content),
        "proxied": record.proxied,
        "ttl": record.ttl,
        "settings": dict(record.settings),
        "meta": {},
        "comment": record.comment,
        "tags": list(record.tags),
        "created_on": stamp(record.created),
        "modified_on": stamp(record.modified),
    }
    if record.type in {"MX", "URI"}:
        out["priority"] = record.priority
    if record.data is not None:
        out["data"] = dict(record.data)
    if record.comment is not None:
        out["comment_modified_on"] = stamp(record.modified)
    if record.tags:
        out["tags_modified_on"] = stamp(record.modified)
    return out


Test = Callable[[Record], bool]
WAYS: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "contains": lambda have, want: want in have,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def selection(query: Mapping[str, str]) -> Test:
    """Give the test that the list's filters mean; texts are compared without regard to case."""
    tests = [test for key, value in query.items() if (test := _filter(key, value)) is not None]
    if not tests:
        return lambda _: True
    combine = any if query.get("match") == "any" else all
    return lambda record: combine(test(record) for test in tests)


def _filter(key: str, value: str) -> Test | None:
    part, _, way = key.partition(".")
    way, wanted = way or "exact", value.lower()
    match part:
        case "type":
            return lambda r: r.type == value.upper()
        case "proxied":
            return lambda r: r.proxied == (value == "true")
        case "search":
            return lambda r: wanted in f"{r.name} {r.content} {r.comment or ''} {' '.join(r.tags)}".lower()
        case "name" | "content" if way in WAYS:
            return lambda r: WAYS[way](getattr(r, part).lower(), wanted)
        case "comment" | "tag" if way in {*WAYS, "present", "absent"}:
            return _comment_filter(way, wanted) if part == "comment" else _tag_filter(way, wanted)
    return None


def _comment_filter(way: str, wanted: str) -> Test:
    if way in {"present", "absent"}:
        return lambda r: (r.comment is not None) == (way == "present")
    holds = WAYS[way]
    return lambda r: r.comment is not None and holds(r.comment.lower(), wanted)


def _tag_filter(way: str, wanted: str) -> Test:
    if way in {"present", "absent"}:
        return lambda r: any(t.partition(":")[0].lower() == wanted for t in r.tags) == (way == "present")
    name, _, value = wanted.partition(":")
    holds = WAYS[way]
    return lambda r: any(
        tag.partition(":")[0].lower() == name and holds(tag.partition(":")[2].lower(), value)
        for tag in r.tags
    )


def ordered(records: Iterable[Record], query: Mapping[str, str]) -> list[Record]:
    """Sort a list as asked; by type and name otherwise."""
    key = query.get("order", "type")
    rows = sorted(records, key=lambda r: (r.name, r.content, r.id))
    if key in {"type", "name", "content", "ttl", "proxied"}:
        rows.sort(key=lambda r: getattr(r, key), reverse=query.get("direction") == "desc")
    return rows
