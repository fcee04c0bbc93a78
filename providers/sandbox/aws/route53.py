"""Route 53 in one account: its hosted zones, and how the rest of the emulator reaches them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from providers.sandbox.world_form import entries

from . import route53_calls as calls
from . import route53_world as world
from .route53_state import State
from .service import Tagged

if TYPE_CHECKING:
    from .account import Account

SWITCHES = (calls.PROPAGATION, calls.BUSY)
HANDLERS = calls.HANDLERS


class Route53:
    """Its state in one account."""

    WORLD_KEYS: tuple[str, ...] = ("zones",)

    def __init__(self, account: Account) -> None:
        """Begin without zones."""
        self.account = account
        self.state = State()

    def read(self, section: Mapping[str, Any], at: str) -> None:
        """Take the world's zones. Raises `WorldError`."""
        for where, entry in entries(section.get("zones"), f"{at}.zones"):
            taken = [
                zone for account in self.account.accounts for zone in account.route53.state.zones.values()
            ]
            world.read(self.state, entry, where, self.account.number, taken)

    def as_data(self) -> Any:
        """Give the whole state as JSON values."""
        return self.state.as_data()

    def from_data(self, data: Any) -> None:
        """Take what `as_data` gave."""
        self.state = State.from_data(data)

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change zones behind the API's back: see `route53_world.patch`."""
        return world.patch(self.state, changes)

    def tagged(self) -> Iterable[Tagged]:
        """Give the zones for the tagging API."""
        for zone in self.state.zones.values():
            yield Tagged(f"arn:aws:route53:::hostedzone/{zone.id}", "route53:hostedzone", zone.tags)
