"""One request and its answer; handlers are plain functions from a Call to an Answer.

Three families spell errors in their own way: the service API `{msg, detail}`, the domain API and the TLS API
`{errors: [{title, detail}]}`, the last as `application/vnd.api+json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.sandbox.kernel import Kernel

from .state import Customer, Fastly, Token

JSON = "application/json"
JSON_API = "application/vnd.api+json"
OK: Mapping[str, Any] = {"status": "ok"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives; `body` None is an empty body."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    type: str = JSON


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(answer.body)
        self.answer = answer


def refused(status: int, msg: str, detail: str = "") -> Refusal:
    """Refuse in the words of the service API."""
    return Refusal(Answer({"msg": msg, **({"detail": detail} if detail else {})}, status))


def bad_request(detail: str) -> Refusal:
    """Refuse with 400 in the words of the service API."""
    return refused(400, "Bad request", detail)


def no_record(what: str, **where: Any) -> Refusal:
    """Refuse as Fastly does what it cannot find: the conditions of its search, by name."""
    searched = {"deleted": "0000-00-00 00:00:00", **where}
    spelt = ", ".join(f"{name} => {value}" for name, value in searched.items())
    return refused(404, "Record not found", f"Couldn't find {what} '{{ {spelt} }}'")


def faulty(status: int, title: str, detail: str = "", *, kind: str = JSON) -> Refusal:
    """Refuse in the words of the domain API, or with `kind` JSON_API of the TLS API."""
    return Refusal(Answer({"errors": [{"title": title, "detail": detail}]}, status, type=kind))


@dataclass(frozen=True, slots=True)
class Call:
    """One request, its token judged already.

    `form` has the fields of the service API, each as text or, sent as JSON, as it came; `json` the
    body of the others.
    """

    fastly: Fastly
    customer: Customer
    token: Token
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, Any]
    json: Any
    kernel: Kernel

    @property
    def now(self) -> float:
        """Sandbox time."""
        return self.kernel.now()

    def switch(self, name: str) -> str:
        """Give a switch's present setting."""
        return self.kernel.switch(name)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation."""

    method: str
    path: str
    handler: Handler
    form: type = dict  # dict: fields of the service API; object: JSON
