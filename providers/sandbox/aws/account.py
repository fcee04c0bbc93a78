"""The accounts of the world: keys, and one state for each service.

A service's state is a class made with its account: `service.Service` tells what it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .acm import Acm
from .call import Caller
from .cloudfront import CloudFront
from .route53 import Route53
from .service import Service, Tagged, derived_id

__all__ = ["Account", "Accounts", "Key", "Tagged"]

if TYPE_CHECKING:
    from providers.sandbox.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Key:
    """An access key. One that a role gave has a token and an end by its holder's own clock.

    The holder's, because what tdr does in the sandbox's time may be an hour there and a second here.
    """

    id: str
    secret: str
    account: str
    caller: Caller
    token: str = ""
    expires: float | None = None

    def as_data(self) -> dict[str, Any]:
        """Give a temporary key as JSON values, without its secrets."""
        return {"id": self.id, "account": self.account, "arn": self.caller.arn, "expires": self.expires}


@dataclass(eq=False)
class Account:
    """One account and what it has."""

    number: str
    accounts: Accounts = field(repr=False)
    roles: Mapping[str, str] = field(default_factory=dict)  # by name; the external id that it wants, or ""
    policy: Mapping[str, Any] | None = None  # of its keys and roles; None allows everything
    quotas: Mapping[str, int] = field(default_factory=dict)
    acm: Acm = field(init=False, repr=False)
    cloudfront: CloudFront = field(init=False, repr=False)
    route53: Route53 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin with nothing in any service."""
        self.acm = Acm(self)
        self.cloudfront = CloudFront(self)
        self.route53 = Route53(self)

    @property
    def kernel(self) -> Kernel:
        """The sandbox that it lives in."""
        return self.accounts.kernel

    def services(self) -> Iterator[tuple[str, Service]]:
        """Give each service's state by name, certificates before what uses them."""
        yield from (("acm", self.acm), ("cloudfront", self.cloudfront), ("route53", self.route53))

    def arn(self, service: str, resource: str, region: str = "") -> str:
        """Give an ARN of this account: ``arn:aws:cloudfront::111122223333:distribution/E1``."""
        return f"arn:aws:{service}:{region}:{self.number}:{resource}"

    def quota(self, name: str, default: int) -> int:
        """Give how many of something it may have: the world's `quotas`, else the default."""
        return self.quotas.get(name, default)


class Accounts:
    """All accounts of the world, by number, and every key that is known."""

    def __init__(self, kernel: Kernel) -> None:
        """Begin with none."""
        self.kernel = kernel
        self.all: dict[str, Account] = {}
        self.keys: dict[str, Key] = {}  # by access key id
        self._made = 0

    def __iter__(self) -> Iterator[Account]:
        """Go through the accounts."""
        return iter(self.all.values())

    def new_id(self, *parts: str, length: int = 13) -> str:
        """Give an id in capitals and digits that no one else has, the same in each run of the same calls."""
        self._made += 1
        return derived_id(str(self._made), *parts, length=length)

    def temporary(self, account: Account, role: str, session: str, expires: float) -> Key:
        """Make a key of a role."""
        key_id = f"ASIA{self.new_id(account.number, role, session, length=16)}"
        arn = f"arn:aws:sts::{account.number}:assumed-role/{role}/{session}"
        return self._keep(key_id, account.number, arn, expires)

    def expire(self, account: Account) -> None:
        """Let the temporary keys of an account's roles end."""
        for key in list(self.keys.values()):
            if key.token and key.account == account.number:
                self._keep(key.id, key.account, key.caller.arn, 0.0)

    def _keep(self, key_id: str, account: str, arn: str, expires: float) -> Key:
        role, session = arn.split("/")[1:]
        user_id = f"AROA{derived_id(account, role, length=17)}:{session}"
        caller = Caller(arn, user_id)
        token = f"sandbox-token-{derived_id('token', key_id, length=32)}"
        key = Key(
            key_id, f"sandbox-{derived_id('secret', key_id, length=32)}", account, caller, token, expires
        )
        self.keys[key_id] = key
        return key

    def as_data(self) -> dict[str, Any]:
        """Give the whole state; of keys only the temporary ones, without secrets."""
        return {
            "made": self._made,
            "temporary": [key.as_data() for key in self.keys.values() if key.token],
            "accounts": {a.number: {name: s.as_data() for name, s in a.services()} for a in self},
        }

    def from_data(self, data: Mapping[str, Any]) -> None:
        """Take what `as_data` gave; accounts that the world no longer has are left out."""
        self._made = data["made"]
        for key in data["temporary"]:
            if key["account"] in self.all:
                self._keep(key["id"], key["account"], key["arn"], key["expires"])
        for account in self:
            for name, service in account.services():
                if name in data["accounts"].get(account.number, {}):
                    service.from_data(data["accounts"][account.number][name])
