"""JSON:API as the TLS family speaks it: documents, pages, what a body asks for, refusals.

docs: Fastly API reference, "TLS": members, `links` and `meta` as recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from .call import JSON_API, Answer, Call, Refusal, faulty

BASE = "https://api.fastly.com"  # as links are recorded, whatever the client called
LEAST, MOST, USUAL = 1, 100, 20
Resource = dict[str, Any]
_T = TypeVar("_T")


def told(data: Any, included: Sequence[Resource] | None = None, *, status: int = 200) -> Answer:
    """Give one resource, or a list that has no pages."""
    body = {"data": data, **({"included": list(included)} if included is not None else {})}
    return Answer(body, status, type=JSON_API)


def nothing(status: int = 204) -> Answer:
    """Give an empty answer."""
    return Answer(None, status, type=JSON_API)


def refused(title: str, detail: str, status: int = 400) -> Refusal:
    """Refuse in the words of the TLS API."""
    return faulty(status, title, detail, kind=JSON_API)


def missing(what: str) -> Refusal:
    """Refuse what is not there, as recorded for a subscription."""
    return refused("Not found", f"The {what} you requested was not found", 404)


def page(
    call: Call,
    every: Sequence[_T],
    spell: Callable[[_T], Resource],
    include: Callable[[Sequence[_T]], Iterable[Resource]] | None = None,
) -> Answer:
    """Give one page of a list, with links and counts; `include` gives what belongs to the page."""
    size = min(max(_number(call.query, "page[size]", USUAL), LEAST), MOST)
    number, pages = max(_number(call.query, "page[number]", 1), 1), max(-(-len(every) // size), 1)
    shown = every[(number - 1) * size : number * size]
    links = {
        "self": _link(call, number, size),
        "first": _link(call, 1, size),
        "prev": _link(call, number - 1, size) if number > 1 else None,
        "next": _link(call, number + 1, size) if number < pages else None,
        "last": _link(call, pages, size),
    }
    meta = {"per_page": size, "current_page": number, "record_count": len(every), "total_pages": pages}
    body: dict[str, Any] = {"data": [spell(each) for each in shown]}
    if include is not None:
        body["included"] = list(include(shown))
    return Answer({**body, "links": links, "meta": meta}, type=JSON_API)


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    given = query.get(name, "")
    if given and not given.isdigit():
        raise refused("Bad Request", f"{name} is not a number")
    return int(given) if given else usual


def _link(call: Call, number: int, size: int) -> str:
    kept = {name: value for name, value in call.query.items() if not name.startswith("page[")}
    query = urlencode({**kept, "page[number]": number, "page[size]": size})
    return f"{BASE}{call.path}?{query}"


def included(call: Call) -> frozenset[str]:
    """Give the names of what the client wants included."""
    return frozenset(name for name in call.query.get("include", "").split(",") if name)


def asked(call: Call, kind: str) -> Mapping[str, Any]:
    """Give the `data` of a body that is a resource of a kind. Raises Refusal."""
    data = call.json.get("data") if isinstance(call.json, Mapping) else None
    if not isinstance(data, Mapping):
        raise refused("Bad Request", "The body has no data")
    if data.get("type") not in (kind, "", None):  # a client in use leaves it empty
        raise refused("Bad Request", f"data has type {data['type']!r}, not {kind}")
    return data


def attributes(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the attributes of a resource."""
    given = data.get("attributes") or {}
    if not isinstance(given, Mapping):
        raise refused("Bad Request", "attributes is no object")
    return given


def related(data: Mapping[str, Any], *names: str) -> tuple[str, ...] | None:
    """Give the ids that a relationship names, under the first name that is there; None where none is."""
    relationships = data.get("relationships") or {}
    for name in names:
        given = relationships.get(name) if isinstance(relationships, Mapping) else None
        if isinstance(given, Mapping) and given.get("data") is not None:
            linked = given["data"] if isinstance(given["data"], list) else [given["data"]]
            ids = [each.get("id") for each in linked if isinstance(each, Mapping)]
            if not all(isinstance(each, str) and each for each in ids):
                raise refused(f"Invalid value for {name}", f"{name} can't be blank")
            return tuple(str(each) for each in ids)
    return None


def link(kind: str, number: str) -> Resource:
    """Give what names a resource in a relationship."""
    return {"id": number, "type": kind}
