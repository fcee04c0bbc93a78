"""Cloudflare's answer envelope and its refusals, in the vendor's form.

docs: developers.cloudflare.com/api "Making API calls": every answer is
`{success, errors, messages, result, result_info}`; an error has `code` and `message`, in the
rulesets family also `source.pointer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: a JSON body, or none at all (204)."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):
    """The API says no: HTTP status, the vendor's code and words.

    `pointer` is the JSON pointer that the rulesets family adds; `chain` the causes that the
    DNS family may put below `error_chain`.
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        pointer: str = "",
        chain: Sequence[tuple[int, str]] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Keep all that the answer will show."""
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message = status, code, message
        self.pointer, self.chain, self.headers = pointer, tuple(chain), headers

    def answer(self) -> Answer:
        """Give the refusal as an HTTP answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.pointer:
            error["source"] = {"pointer": self.pointer}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": text} for code, text in self.chain]
        body = {"result": None, "success": False, "errors": [error], "messages": []}
        return Answer(self.status, body, self.headers)


def found(result: Any, messages: Sequence[dict[str, Any]] = ()) -> Answer:
    """Wrap one result."""
    return Answer(200, {"result": result, "success": True, "errors": [], "messages": list(messages)})


def page(items: Sequence[Any], number: int, per_page: int) -> Answer:
    """Wrap one page of a list; pages count from 1, one past the end is empty."""
    start = (number - 1) * per_page
    chosen = list(items[start : start + per_page])
    total = len(items)
    return Answer(
        200,
        {
            "result": chosen,
            "success": True,
            "errors": [],
            "messages": [],
            "result_info": {
                "page": number,
                "per_page": per_page,
                "count": len(chosen),
                "total_count": total,
                "total_pages": -(-total // per_page),
            },
        },
    )


def no_route(path: str) -> Refusal:
    """Nothing of that id (or no such path): Cloudflare answers both in the same words."""
    return Refusal(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
