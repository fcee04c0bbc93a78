"""Lists: filter, pages, order; of filters the forms that tdr and the SDKs use, others are not emulated.

docs: REST reference, parameters of every list (AIP-160 and the older ``eq`` and ``ne``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from providers.sandbox.contract import NotEmulated

from .call import Answer, Call, Refusal
from .compute_state import HOST

MOST = 500
_TERM = re.compile(
    r"""\s*\(?\s*(?P<name>[A-Za-z][\w.]*)\s*(?P<how>!=|=|:|\beq\b|\bne\b)\s*"""
    r"""(?P<value>"[^"]*"|[^\s()"]+)\s*\)?\s*(?:AND\b)?"""
)


def listed(call: Call, kind: str, collection: str, shown: Sequence[Mapping[str, Any]]) -> Answer:
    """Answer the page of a list that was asked for. Raises Refusal, NotEmulated."""
    path = f"projects/{call.project.id}/global/{collection}"
    page, more = paged(call, shown)
    body = {"kind": kind, "id": path, **({"items": page} if page else {}), "selfLink": f"{HOST}{path}"}
    return Answer({**body, **({"nextPageToken": more} if more else {})})


def paged(call: Call, shown: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], str]:
    """Give the page that was asked for, and the token of the next."""
    wanted = call.query.get("filter", "")
    found = [each for each in _ordered(shown, call.query.get("orderBy", "name")) if _fits(each, wanted)]
    size = call.query.get("maxResults", str(MOST))
    if not size.isdigit() or int(size) > MOST:
        raise Refusal(
            400, "invalidParameter", f"Invalid value '{size}'. Values must be within the range: [0, 500]"
        )
    first = _first(call.query.get("pageToken", ""))
    until = first + (int(size) or MOST)
    more = base64.urlsafe_b64encode(f"from {until}".encode()).decode() if until < len(found) else ""
    return found[first:until], more


def _ordered(shown: Sequence[Mapping[str, Any]], by: str) -> Sequence[Mapping[str, Any]]:
    """Give what is there by name or newest first: the two orders that there are (docs: orderBy)."""
    if by == "name":
        return shown
    if by == "creationTimestamp desc":
        made = [str(each.get("creationTimestamp") or each.get("insertTime") or "") for each in shown]
        newest = sorted(enumerate(made), key=lambda one: (one[1], one[0]), reverse=True)
        return [shown[place] for place, _ in newest]
    raise NotEmulated(f"orderBy={by}")


def _first(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "from":
            return int(number)
    except ValueError as error:
        raise _no_token(token) from error
    raise _no_token(token)


def _no_token(token: str) -> Refusal:
    return Refusal(400, "invalid", f"Invalid value for field 'pageToken': '{token}'. Invalid page token.")


def _fits(shown: Mapping[str, Any], wanted: str) -> bool:
    at, fits = 0, True
    while wanted[at:].strip():
        term = _TERM.match(wanted, at)
        if term is None or re.search(r"\bOR\b|\bNOT\b", wanted):
            raise NotEmulated(f"the filter {wanted}")
        at = term.end()
        fits = fits and _true(_member(shown, term["name"]), term["how"], term["value"].strip('"'))
    return fits


def _member(shown: Any, name: str) -> str | None:
    for part in name.split("."):
        shown = shown.get(part) if isinstance(shown, Mapping) else None
    if isinstance(shown, bool):
        return str(shown).lower()
    return None if shown is None else str(shown)


def _true(member: str | None, how: str, value: str) -> bool:
    if how == ":":
        return member is not None and (value == "*" or value.lower() in member.lower())
    if how in ("eq", "ne"):
        return (member is not None and re.fullmatch(value, member) is not None) == (how == "eq")
    return (member == value) == (how == "=")
