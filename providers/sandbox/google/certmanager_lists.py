"""Lists of Certificate Manager: pages, filters, order.

docs: AIP-158 (pages), AIP-160 (filters); the forms that clients use, no others: conjunctions of
``labels.key = "value"``, ``labels.key : *``, ``name = "…"`` and members that are texts.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any

from providers.sandbox.contract import NotEmulated

from .call import Call
from .certmanager_refusals import invalid

DEFAULT_PAGE, LARGEST_PAGE = 500, 1000
_TERM = re.compile(r'\s*([a-zA-Z_][\w.-]*)\s*(=|!=|:)\s*("(?:[^"\\]|\\.)*"|[^\s"]+)\s*')


def page(call: Call, member: str, shown: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Give a page of a list, with the token of the next where there is one. Raises Refusal."""
    chosen = [each for each in shown if matches(each, call.query.get("filter", ""))]
    ordered = _ordered(chosen, call.query.get("orderBy", ""))
    start, size = _start(call.query.get("pageToken", "")), _size(call.query.get("pageSize", ""))
    body: dict[str, Any] = {member: ordered[start : start + size]} if ordered[start:] else {}
    if len(ordered) > start + size:
        body["nextPageToken"] = base64.urlsafe_b64encode(f"at {start + size}".encode()).decode()
    return body


def _size(given: str) -> int:
    try:
        size = int(given or 0)
    except ValueError as error:
        raise invalid("page_size", "invalid page size") from error
    if size < 0:
        raise invalid("page_size", "page size must not be negative")
    return min(size or DEFAULT_PAGE, LARGEST_PAGE)


def _start(token: str) -> int:
    try:
        told = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("page_token", "invalid page token") from error
    if not re.fullmatch(r"(at \d+)?", told):
        raise invalid("page_token", "invalid page token")
    return int(told[3:] or 0)


def _ordered(shown: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    field, _, direction = order.strip().partition(" ")
    if field not in ("", "name", "createTime", "create_time"):
        raise NotEmulated(f"orderBy {order!r}")
    key = {"create_time": "createTime"}.get(field, field or "name")
    return sorted(shown, key=lambda each: str(each[key]), reverse=direction.strip() == "desc")


def matches(shown: Mapping[str, Any], text: str) -> bool:
    """Say whether a filter lets a resource through. Raises NotEmulated for other forms."""
    if not text.strip():
        return True
    return all(_holds(shown, term) for term in re.split(r"\s+AND\s+", text.strip()))


def _holds(shown: Mapping[str, Any], term: str) -> bool:
    found = _TERM.fullmatch(term)
    if found is None:
        raise NotEmulated(f"the filter {term!r}")
    path, operator, wanted = found[1], found[2], found[3].strip('"')
    value: Any = shown
    for part in path.split(".", 1) if path.startswith("labels.") else path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping | list):
        raise NotEmulated(f"the filter {term!r}")
    if operator == ":":
        return value is not None and (wanted == "*" or wanted in str(value))
    return (str(value or "") == wanted) == (operator == "=")
