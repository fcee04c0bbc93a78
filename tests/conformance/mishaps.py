"""What can go wrong with one call: the vendor's refusals, and answers that are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REQUEST_ID = "req-4711-struck"
WORDS = "struck by the test"
# In the form of most vendors' errors, with the headers in which vendors give the id of a request.
BODY = {"success": False, "result": None, "messages": [], "errors": [{"code": 4711, "message": WORDS}]}
HEADERS = {"x-request-id": REQUEST_ID, "cf-ray": REQUEST_ID, "x-amzn-RequestId": REQUEST_ID}
PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
ENVELOPE = {"success": True, "errors": [], "messages": []}
STRANGE = {"unexpected": [1, None]}

Fault = Mapping[str, Any]


def _status(status: int, **headers: str) -> Fault:
    return {"kind": "status", "status": status, "body": BODY, "headers": {**HEADERS, **headers}}


def _instead(body: Any, *, after: bool = False, content_type: str = "application/json") -> Fault:
    """Answer 200 with something else than the vendor would, before or after the call had its effect."""
    headers = {**HEADERS, "Content-Type": content_type}
    return {"kind": "status", "status": 200, "body": body, "after": after, "headers": headers}


#: A repeat helps: what is struck so once is done in the end, without a word.
PASSING: Mapping[str, Fault] = {
    "429": _status(429),
    "429 with Retry-After": _status(429, **{"Retry-After": "7"}),
    "500": _status(500),
    "502": {**_status(502), "body": PAGE},
    "503": _status(503, **{"Retry-After": "3"}),
    "504": _status(504),
    "500 after the effect": {**_status(500), "after": True},
    "reset": {"kind": "reset"},
    "reset after the effect": {"kind": "reset", "after": True},
    "cut off in the middle": {"kind": "truncated"},
}
#: A repeat would be told the same, or nobody can tell: done all the same, or one clear error.
LASTING: Mapping[str, Fault] = {
    **{str(status): _status(status) for status in (400, 401, 403, 404, 409, 422)},
    "a page instead of JSON": _instead(PAGE, content_type="text/html"),
    "a page after the effect": _instead(PAGE, after=True, content_type="text/html"),
    "broken JSON": {"kind": "malformed"},
    "nothing": _instead(""),
    "another shape": _instead({"unexpected": {"result": [1]}}),
    "a list": _instead([1, "two", None]),
    "a strange object": _instead({**ENVELOPE, "result": STRANGE, "results": STRANGE}),
    "strange rows": _instead({**ENVELOPE, "result": [STRANGE], "results": [STRANGE]}),
}
#: The vendor says that it did what it did not: nothing but the look after a write tells.
LIES = frozenset({"a strange object", "strange rows"})
#: Refusals that are a vendor's word on the thing itself: then the error is about that, not about the call.
VERDICTS = frozenset(
    {
        ("GET /sending-domains/{domain}", "404"),  # it is not there
        ("POST /tracking-domains", "409"),  # somebody has it
        *(("GET /domain-management/v1/domains", status) for status in ("403", "404")),  # it has no such thing
        ("POST /tracking-domains/{domain}/certificate/enable", "409"),  # ordered already
    }
)
#: Those that give the vendor's id of the request.
IDENTIFIED = frozenset(name for name, fault in LASTING.items() if fault["kind"] == "status")
#: Vendors that give their requests no ids: DNS has none, and no document of Google's names one.
NAMELESS = frozenset({"google", "rfc2136"})
