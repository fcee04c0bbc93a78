"""Fetching through the sandbox's own DNS and network map."""

from __future__ import annotations

from dataclasses import dataclass

from providers.sandbox.http1 import Headers, header


class FetchError(Exception):
    """A fetch that got no answer. `stage` is one of dns, connect, tls, timeout, protocol."""

    def __init__(self, stage: str, message: str) -> None:
        """Keep the stage beside the message."""
        super().__init__(message)
        self.stage = stage


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: the last one where redirects were followed."""

    url: str
    status: int
    headers: Headers
    body: bytes
    certificate: bytes | None  # the peer's, DER; None over http

    def header(self, name: str, default: str = "") -> str:
        """Give the first value of a header, by name in any case."""
        return header(self.headers, name, default)
