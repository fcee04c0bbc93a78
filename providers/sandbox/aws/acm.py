"""The state of one service, not written yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from providers.sandbox.contract import Switch

from .call import Handler

if TYPE_CHECKING:
    from .account import Account
    from .service import Tagged

SWITCHES: tuple[Switch, ...] = ()
HANDLERS: Mapping[str, Handler] = {}


class Acm:
    """Its state in one account."""

    WORLD_KEYS: tuple[str, ...] = ()

    def __init__(self, account: Account) -> None:
        """Begin with nothing."""
        self.account = account

    def read(self, section: Mapping[str, Any], at: str) -> None:
        """Take the world's section."""

    def as_data(self) -> Any:
        """Give all of it."""
        return {}

    def from_data(self, data: Any) -> None:
        """Take what `as_data` gave."""

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change it from outside."""
        return dict(changes)

    def tagged(self) -> Iterable[Tagged]:
        """Give what the tagging API lists."""
        return ()

