"""HTTP/1.1 on streams, with every byte of path, header names and values kept as sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
_NO_BODY = frozenset({204, 304})


class BadMessageError(Exception):
    """What came is not HTTP/1.1, or more than is taken."""


class Dropped(Exception):
    """Raised by an edge's handler: the connection is closed without an answer."""


def header(headers: Headers, name: str, default: str = "") -> str:
    """Give the first value of a header, by name in any case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), default)


@dataclass(frozen=True, slots=True)
class EdgeRequest:
    """One request as an edge or origin received it; `target` is the raw path and query."""

    method: str
    target: str
    headers: Headers
    body: bytes
    client: str  # address of who asks, documentation style
    address: str  # address that was asked
    port: int
    sni: str | None  # name asked for in the TLS handshake; None over http or without SNI

    @property
    def scheme(self) -> str:
        """The scheme that the client used."""
        return "https" if self.port == 443 else "http"

    @property
    def path(self) -> str:
        """The raw path without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query without the question mark."""
        return self.target.partition("?")[2]

    @property
    def host(self) -> str:
        """The Host header, lower case, without a port."""
        return self.header("host").partition(":")[0].lower()

    def header(self, name: str, default: str = "") -> str:
        """Give the first value of a header, by name in any case."""
        return header(self.headers, name, default)


@dataclass(frozen=True, slots=True)
class EdgeResponse:
    """What is sent back: headers go out in this order and case; only Content-Length is added, if missing."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str, default: str = "") -> str:
        """Give the first value of a header, by name in any case."""
        return header(self.headers, name, default)


async def read_head(reader: asyncio.StreamReader) -> tuple[str, Headers] | None:
    """Read the first line and the headers; None when the peer closed before a byte of them."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise BadMessageError("the connection closed within the headers") from ended
        return None
    except asyncio.LimitOverrunError as large:
        raise BadMessageError("the headers are too large") from large
    first, *lines = raw.decode("latin-1")[:-4].split("\r\n")
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise BadMessageError(f"not a header: {line[:80]!r}")
        pairs.append((name, value.strip(" \t")))
    return first, tuple(pairs)


async def read_body(reader: asyncio.StreamReader, headers: Headers, *, to_end: bool = False) -> bytes:
    """Read a body by its length or its chunks; `to_end` reads until the close when neither is given."""
    try:
        if "chunked" in header(headers, "transfer-encoding").lower():
            return await _read_chunks(reader)
        length = header(headers, "content-length")
        if length:
            return await reader.readexactly(_number(length, 10))
    except asyncio.IncompleteReadError as ended:
        raise BadMessageError("the connection closed within the body") from ended
    return await reader.read(MAX_BODY_BYTES) if to_end else b""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := _number((await reader.readuntil(b"\r\n")).split(b";")[0].decode("latin-1"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
        if len(body) > MAX_BODY_BYTES:
            raise BadMessageError("the body is too large")
    while await reader.readuntil(b"\r\n") != b"\r\n":  # trailers
        continue
    return bytes(body)


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError as error:
        raise BadMessageError(f"not a length: {text!r}") from error
    if not 0 <= number <= MAX_BODY_BYTES:
        raise BadMessageError(f"a body of {number} bytes is not taken")
    return number


def split_request_line(line: str) -> tuple[str, str]:
    """Give method and raw target of a request line."""
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadMessageError(f"not a request: {line[:80]!r}")
    return parts[0], parts[1]


def split_status_line(line: str) -> int:
    """Give the status of a status line."""
    parts = line.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
        raise BadMessageError(f"not an answer: {line[:80]!r}")
    return int(parts[1])


def request_bytes(method: str, target: str, headers: Headers, body: bytes) -> bytes:
    """Spell a request; Content-Length is added where there is a body and no length."""
    return _message(f"{method} {target} HTTP/1.1", headers, body, length=bool(body))


def response_bytes(response: EdgeResponse, method: str) -> bytes:
    """Spell an answer to a request of this method (HEAD gets the headers only)."""
    try:
        reason = HTTPStatus(response.status).phrase
    except ValueError:
        reason = ""
    silent = response.status in _NO_BODY or response.status < 200
    raw = _message(f"HTTP/1.1 {response.status} {reason}", response.headers, response.body, length=not silent)
    return raw[: len(raw) - len(response.body)] if method == "HEAD" or silent else raw


def _message(first: str, headers: Headers, body: bytes, *, length: bool) -> bytes:
    framed = header(headers, "content-length") or header(headers, "transfer-encoding")
    added = (("Content-Length", str(len(body))),) if length and not framed else ()
    lines = [first, *(f"{name}: {value}" for name, value in (*headers, *added)), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body
