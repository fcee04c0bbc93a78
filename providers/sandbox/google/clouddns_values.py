"""What Cloud DNS takes as a record set, and its words for what it does not.

docs: Cloud DNS, "Error messages" and "Supported DNS record types". The texts are those that public reports of
Google's DNS clients show ("Invalid value for 'entity.change.additions[0].rrdata[2]': '…'").
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.sandbox.contract import NotEmulated
from providers.sandbox.zone import to_rdata

from .clouddns_names import is_name, within
from .clouddns_zone import Set

TYPES = (
    *("A", "AAAA", "ALIAS", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "IPSECKEY", "MX", "NAPTR", "NS", "PTR"),
    *("SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
)
#: Where in a value a host name stands, which is to end with a dot.
_HOST_AT: Mapping[str, int] = {"CNAME": 0, "NS": 0, "PTR": 0, "MX": 1, "SRV": 3}
_ONE_VALUE = ("CNAME", "SOA")
_MEMBERS = ("kind", "name", "type", "ttl", "rrdatas", "routingPolicy", "signatureRrdatas")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
LONGEST_STRING = 255
MOST_TTL = 2**31 - 1
GEO, WRR, PRIMARY = "geo", "wrr", "primaryBackup"


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of a refusal's `errors`."""

    status: int
    reason: str
    message: str


Told = Callable[[str], Problem]


def read(given: Mapping[str, Any], path: str, zone: str) -> tuple[Set, list[Problem]]:
    """Give a set in the form that it is kept in, and what is wrong with it."""
    problems = list(_mistakes(given, path, zone))
    if problems:
        return {}, problems
    made: Set = {"kind": "dns#resourceRecordSet", "name": given["name"].lower(), "type": given["type"]}
    made["ttl"] = int(given["ttl"])
    if "routingPolicy" in given:
        made["routingPolicy"] = _with_kinds(given["routingPolicy"])
    else:
        made["rrdatas"] = [spelt(given["type"], value) for value in given["rrdatas"]]
    return made, []


def _mistakes(given: Mapping[str, Any], path: str, zone: str) -> Iterator[Problem]:
    if unknown := [name for name in given if name not in _MEMBERS]:
        raise NotEmulated(f"a record set with {unknown[0]}")
    name, kind = given.get("name"), given.get("type")
    if not is_name(name, wildcard=True) or not within(str(name).lower(), zone):
        yield invalid(f"{path}.name", name)
    if kind not in TYPES:
        yield invalid(f"{path}.type", kind)
        return
    if kind == "ALIAS":
        raise NotEmulated("an ALIAS record")
    yield from _ttl(given.get("ttl"), path)
    if kind == "NS" and str(name).startswith("*."):
        message = f"The resource record set '{path}' has the wrong type to be a wildcard."
        yield Problem(400, "wildcardNotAllowed", message)
    if (given.get("rrdatas")) and "routingPolicy" in given:
        raise NotEmulated("rrdatas beside a routing policy")
    if "routingPolicy" in given:
        yield from _policy(str(kind), given["routingPolicy"], path)
    else:
        yield from _values(str(kind), given.get("rrdatas") or [], path)


def _ttl(ttl: object, path: str) -> Iterator[Problem]:
    if ttl is None:
        raise NotEmulated("a record set without a ttl")
    text = str(ttl)
    if isinstance(ttl, bool | float) or not text.isdigit() or int(text) > MOST_TTL:
        yield invalid(f"{path}.ttl", ttl)


def _values(kind: str, values: Sequence[Any], path: str) -> Iterator[Problem]:
    if not values:
        yield invalid(f"{path}.rrdata", "<empty>")
    if kind in _ONE_VALUE and len(values) > 1:
        yield Problem(
            400,
            "invalidRecordCount",
            f"The resource record set '{path}' is only permitted to have one record because it is of type "
            f"'{kind}'.",
        )
    for number, value in enumerate(values):
        if not is_value(kind, value) or value in values[:number]:
            yield invalid(f"{path}.rrdata[{number}]", value)


def _policy(kind: str, policy: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if PRIMARY in policy:
        return
    listed = [items_of(policy, name) for name in (GEO, WRR) if name in policy]
    if len(listed) != 1 or not listed[0]:
        yield invalid(f"{path}.routingPolicy", "<empty>")
        return
    for item in listed[0]:
        if "healthCheckedTargets" not in item:
            yield from _values(kind, item.get("rrdatas") or [], path)


def items_of(policy: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Give the items of a geographic or a weighted policy."""
    return list(policy[name].get("items") or [])


def _with_kinds(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Give a policy as the API answers it: with the kinds of its parts."""
    made: dict[str, Any] = {"kind": "dns#rRSetRoutingPolicy"}
    for name, value in policy.items():
        if name in (GEO, WRR):
            part = f"dns#rRSetRoutingPolicy{name.capitalize()}Policy"
            item = f"{part}{name.capitalize()}PolicyItem"
            items = [{**one, "kind": item} for one in items_of(policy, name)]
            made[name] = {**value, "kind": part, "items": items}
        else:
            made[name] = value
    return made


def invalid(path: str, value: object) -> Problem:
    """Say that a value is none."""
    return Problem(400, "invalid", f"Invalid value for '{path}': '{value}'")


def is_value(kind: str, value: object) -> bool:
    """Say whether a text is the content of a record of this type."""
    if not isinstance(value, str) or not value.strip():
        return False
    if kind in ("TXT", "SPF"):
        return all(len(_plain(text)) <= LONGEST_STRING for text in strings(value) or ("x" * 256,))
    if kind in ("A", "AAAA"):
        return _is_address(value, 4 if kind == "A" else 6)
    words = value.split()
    if kind in _HOST_AT and not (len(words) == _HOST_AT[kind] + 1 and is_name(words[-1])):
        return words[-1:] == ["."] and kind in ("MX", "SRV")
    try:
        to_rdata(kind, value)
    except ValueError:
        return False
    return True


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


def _plain(text: str) -> str:
    return re.sub(r"\\(\d{3}|.)", "x", text)


def strings(value: str) -> list[str]:
    """Give the strings of a text record; without quotes, words are strings. None at all is a mistake."""
    if '"' not in value:
        return value.split()
    found = [found[1] for found in _STRING.finditer(value)]
    return [] if _STRING.sub("", value).strip() else found


def spelt(kind: str, value: str) -> str:
    """Give a value as the API answers it: a text in quotes."""
    if kind in ("TXT", "SPF"):
        return " ".join(f'"{text}"' for text in strings(value))
    return value
