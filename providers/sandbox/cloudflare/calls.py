"""One API call as the handlers see it: who asks what of which zone, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.resolver import Resolved

from .answers import Refusal, no_route
from .state import State, Token, Zone


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `path` is the raw path, `params` what its template matched, `body` parsed JSON or None.

    `look` asks DNS as a certificate authority does, past any cache.
    """

    state: State
    token: Token
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    now: float
    switch: Callable[[str], str]
    look: Callable[[str, str], Resolved]

    def zone(self) -> Zone:
        """Give the zone of the path.

        Raises Refusal: 404/7003 where nothing has this id, 403 where another account has it.
        """
        zone = self.state.zones.get(self.params["zone_id"])
        if zone is None:
            raise no_route(self.path)
        if zone.account != self.token.account:
            if self.path.endswith(zone.id):
                raise Refusal(403, 9109, "Unauthorized to access requested resource")
            raise Refusal(403, 10000, "Authentication error")
        return zone

    def json(self) -> dict[str, Any]:
        """Give the body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise Refusal(400, 6007, "Malformed JSON in request body")
        return self.body

    def paging(self, default: int, most: int, least: int = 1) -> tuple[int, int]:
        """Give page and per_page; raises Refusal where they are outside what the call takes."""
        page, size = self.number("page", 1), self.number("per_page", default)
        if page < 1 or not least <= size <= most:
            raise Refusal(
                400, 6003, f"Invalid request: per_page must be between {least} and {most}, page at least 1"
            )
        return page, size

    def number(self, name: str, default: int) -> int:
        """Give a whole number of the query."""
        text = self.query.get(name, str(default))
        if not text.isdigit():
            raise Refusal(400, 6003, f"Invalid request: {name} must be a number")
        return int(text)

    @property
    def dry_run(self) -> bool:
        """Whether a write is only to be checked."""
        return self.query.get("dry_run") == "true"
