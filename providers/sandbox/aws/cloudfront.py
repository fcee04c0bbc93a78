"""CloudFront in one account of the sandbox: its control plane, and what the edge is to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import (
    cloudfront_distributions,
    cloudfront_invalidations,
    cloudfront_moves,
    cloudfront_policies,
    cloudfront_tags,
    cloudfront_world,
)
from .call import Handler
from .cloudfront_serving import Served, served, serving
from .cloudfront_state import Store
from .cloudfront_switches import SWITCHES
from .service import Plan, Tagged

if TYPE_CHECKING:
    from .account import Account

__all__ = ["HANDLERS", "SWITCHES", "CloudFront", "Served", "serving"]

HANDLERS: Mapping[str, Handler] = {
    **cloudfront_distributions.HANDLERS,
    **cloudfront_policies.HANDLERS,
    **cloudfront_tags.HANDLERS,
    **cloudfront_invalidations.HANDLERS,
    **cloudfront_moves.HANDLERS,
}


class CloudFront(Store):
    """CloudFront's state in one account."""

    WORLD_KEYS: tuple[str, ...] = cloudfront_world.WORLD_KEYS

    def __init__(self, account: Account) -> None:
        """Begin with no distribution and no policy of one's own."""
        super().__init__(account.number)
        self.account = account

    def read(self, section: Mapping[str, Any], at: str) -> None:
        """Take the account's distributions and policies from the world. Raises `WorldError`."""
        cloudfront_world.read(self.account, section, at)

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change it from outside: see `cloudfront_world.patch`. Raises `ControlError`."""
        return cloudfront_world.patch(self.account, changes)

    def tagged(self) -> Iterable[Tagged]:
        """Give what the tagging API lists: the distributions, policies have no tags."""
        for each in self.distributions.values():
            yield Tagged(each.arn, "cloudfront:distribution", dict(each.tags))

    def plans(self) -> Iterable[Plan]:
        """Give the flat-rate plans of the distributions that are subscribed to one."""
        for each in self.distributions.values():
            if each.plan is not None:
                yield Plan(each.arn, each.plan["family"], each.plan["tier"], each.made)

    def serving(self, host: str, now: float) -> Served | None:
        """Give what this account has for a host at the edge; `serving` looks at all accounts together."""
        return served(self, host.lower().rstrip("."), now)
