"""What Route 53 takes as the value of a record, and its words for what it does not.

docs: Route 53 Developer Guide, "Supported DNS record types". The words are those that tools show in public.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

from providers.sandbox.zone import to_rdata

from .route53_names import in_master_form, plain

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
LONGEST = 255
MOST = 400  # values in one set
#: Types whose value is a host name alone; of these, one that differs in its final dot is the same.
ONE_NAME = ("CNAME", "NS", "PTR")
MOST_TTL = 2**31 - 1


def mistakes(kind: str, name: str, values: Sequence[str]) -> Iterator[str]:
    """Give what is wrong with the values of a set, in Route 53's words."""
    for value in values:
        if problem := _problem(kind, value):
            yield f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"
    for value in dict.fromkeys(v for v in values if values.count(v) > 1):
        yield f"Duplicate Resource Record: '{value}'"
    if kind == "CNAME" and len(values) > 1:
        yield f"RRSet of type CNAME with DNS name {name} cannot have more than one value"
    if len(values) > MOST:
        yield f"Cannot have more than {MOST} records in a RRSet."


def same(kind: str, left: Sequence[str], right: Sequence[str]) -> bool:
    """Say whether two sets of values are the same, in any order."""
    return sorted(_compared(kind, v) for v in left) == sorted(_compared(kind, v) for v in right)


def _compared(kind: str, value: str) -> str:
    return plain(value) if kind in ONE_NAME else value


def _problem(kind: str, value: str) -> str:
    if kind in ("TXT", "SPF"):
        return _of_strings(value)
    if kind in ("A", "AAAA"):
        return _of_address(kind, value)
    if kind in ONE_NAME and len(value.split()) != 1:
        return f"{kind}RRDATANotSingleField (Value contains spaces)" if value.strip() else "DomainNameEmpty"
    if kind == "SOA":
        return ""
    try:
        to_rdata(kind, in_master_form(kind, value))
    except ValueError:
        return f"{kind}RRDATAInvalid (Value is not valid for its type)"
    return ""


def _of_address(kind: str, value: str) -> str:
    if len(value.split()) > 1:
        return f"{kind}RRDATANotSingleField (Value contains spaces)"
    version = 4 if kind == "A" else 6
    try:
        right = ipaddress.ip_address(value).version == version
    except ValueError:
        right = False
    return (
        "" if right else f"{kind}RRDATAIllegalIPv{version}Address (Value is not a valid IPv{version} address)"
    )


def _of_strings(value: str) -> str:
    rest = _STRING.sub("", value)
    found = [found[1] for found in _STRING.finditer(value)]
    if not found or rest.strip() or len(re.split(r"(?<=\")\s+(?=\")", value)) != len(found):
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    if any(len(re.sub(r"\\([0-3][0-7]{2}|.)", "x", text)) > LONGEST for text in found):
        return "CharacterStringTooLong (Value is too long)"
    return ""
