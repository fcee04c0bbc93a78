"""What the state of one service in one account offers to the others, and ids that all make alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Tagged:
    """A resource that the tagging API lists: `kind` as its filters name it (``cloudfront:distribution``)."""

    arn: str
    kind: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """One distribution's price plan: `family` and `tier` as the API names them."""

    arn: str  # of the distribution
    family: str
    tier: str
    created: float


class Service(Protocol):
    """The state of one service in one account; made as ``Class(account)``."""

    #: Keys of an account in the world that `read` takes.
    WORLD_KEYS: tuple[str, ...]

    def read(self, section: Mapping[str, Any], at: str) -> None:
        """Take the account's world section (its own keys of it), found at ``aws[0]``. Raises `WorldError`."""

    def as_data(self) -> Any:
        """Give the whole state as JSON values."""

    def from_data(self, data: Any) -> None:
        """Take what `as_data` gave, in place of all that was read from the world."""

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change state from outside; gives JSON values. Raises `ControlError`."""

    def tagged(self) -> Iterable[Tagged]:
        """Give what the tagging API lists of it."""


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def derived_id(*parts: str, length: int = 13) -> str:
    """Give an id in capitals and digits that is a function of `parts`."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return "".join(_ALPHABET[byte % 32] for byte in digest)[:length]
