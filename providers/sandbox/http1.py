"""HTTP/1.1 on streams, with every byte of path, header names and values kept as sent."""

from __future__ import annotations

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str, default: str = "") -> str:
    """Give the first value of a header, by name in any case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), default)


@dataclass(frozen=True, slots=True)
class EdgeRequest:
    """One request as an edge or origin received it. `target` is raw (path and query, percent signs untouched)."""

    method: str
    target: str
    headers: Headers
    body: bytes
    client: str  # address of who asks, documentation style
    address: str  # address that was asked
    port: int
    sni: str | None  # name asked for in the TLS handshake; None over http

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
    """What is sent back: headers go out in this order and case; Content-Length is added, nothing else is."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str, default: str = "") -> str:
        """Give the first value of a header, by name in any case."""
        return header(self.headers, name, default)


class Dropped(Exception):  # noqa: N818 - not an error: what a handler raises to close the connection without an answer
    """Raised by an edge's handler: the connection is closed without an answer."""
