"""Every call that the sandbox received, with secrets blotted out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

KEPT_CALLS = 20_000
KEPT_CHARACTERS = 64_000_000  # of bodies
_SECRET_HEADERS = frozenset(
    {
        *("x-auth-key", "x-auth-email", "cookie", "set-cookie", "x-api-key", "fastly-key"),
        "x-amz-security-token",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request and its answer. Bodies are text; what is no UTF-8 is replaced."""

    id: int
    at: float  # sandbox time
    kind: str  # "api", or "edge" for requests to edges and origins
    vendor: str
    listener: str  # name of the API base, or "address:port" of the edge
    method: str
    path: str  # raw, without the query
    query: str  # raw, without the question mark
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    content_type: str  # of the request
    status: int | None = None  # None: the connection was dropped
    response_headers: tuple[tuple[str, str], ...] = ()
    response_body: str = ""
    handled: bool = False  # whether the vendor's side saw it (and had its effect)
    emulated: bool = True  # False: no route for it, or the emulator failed: answered 501
    fault: int | None = None  # id of the fault that struck
    client: str = ""  # of an edge's request
    operation: str = ""  # as the vendor names it, where its paths do not tell: "acm:RequestCertificate"

    def dump(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


class CallLog:
    """The calls, oldest first; the oldest are dropped beyond `KEPT_CALLS` and `KEPT_CHARACTERS`."""

    def __init__(self) -> None:
        """Begin empty."""
        self._calls: deque[Call] = deque()
        self._characters = 0
        self._last_id = 0

    def __iter__(self) -> Iterator[Call]:
        """Go through the calls, oldest first."""
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        """Count the calls kept."""
        return len(self._calls)

    def next_id(self) -> int:
        """Give the id of the call that begins."""
        self._last_id += 1
        return self._last_id

    def add(self, call: Call) -> None:
        """Keep a call."""
        self._calls.append(call)
        self._characters += _characters(call)
        while len(self._calls) > KEPT_CALLS or (self._characters > KEPT_CHARACTERS and len(self._calls) > 1):
            self._characters -= _characters(self._calls.popleft())

    def clear(self) -> None:
        """Forget all calls; ids go on."""
        self._calls.clear()
        self._characters = 0

    def matching(self, wanted: dict[str, str]) -> list[Call]:
        """Give the calls whose fields equal those wanted; ``path`` is the beginning of a path."""
        rest = {key: value for key, value in wanted.items() if key != "path"}
        return [
            call
            for call in self._calls
            if call.path.startswith(wanted.get("path", ""))
            and all(_shown(getattr(call, key)) == value for key, value in rest.items())
        ]


def redacted(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Blot out the secrets in headers; the scheme of Authorization stays."""
    return tuple((name, _blotted(name.lower(), value)) for name, value in headers)


def _blotted(name: str, value: str) -> str:
    if name == "authorization":
        scheme, space, _ = value.partition(" ")
        return f"{scheme} [redacted]" if space else "[redacted]"
    return "[redacted]" if name in _SECRET_HEADERS else value


def _characters(call: Call) -> int:
    return len(call.request_body) + len(call.response_body)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
