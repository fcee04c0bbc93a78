"""SparkPost accounts: what each holds, and who its API keys belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from providers.sandbox.sparkpost.domains import ISSUE_AFTER_S, SendingDomain, TrackingDomain
from providers.sandbox.sparkpost.names import Region

#: The grants that the emulated calls ask for (docs: API keys); `manage` includes `view`.
TRACKING_VIEW: Final = "tracking_domains/view"
TRACKING_MANAGE: Final = "tracking_domains/manage"
SENDING_VIEW: Final = "sending_domains/view"
SENDING_MANAGE: Final = "sending_domains/manage"
GRANTS: Final = frozenset({TRACKING_VIEW, TRACKING_MANAGE, SENDING_VIEW, SENDING_MANAGE})


@dataclass(frozen=True, slots=True)
class Key:
    """An API key: what it may do, and the subaccount that it is bound to, if any."""

    value: str
    grants: frozenset[str] = GRANTS
    subaccount_id: int | None = None

    def allows(self, grant: str) -> bool:
        """Whether the key has the grant, or the `manage` that includes it."""
        return grant in self.grants or grant.replace("/view", "/manage") in self.grants


@dataclass(frozen=True, slots=True)
class ManagedRules:
    """Hosts that managed HTTPS treats specially, each a set of lower-case names.

    `unavailable`: Let's Encrypt's policy refuses them; `rejected`: the check passes and issue is refused;
    `check_fails` and `check_times_out`: the check answers 400 or 503.
    """

    unavailable: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    check_fails: frozenset[str] = frozenset()
    check_times_out: frozenset[str] = frozenset()


@dataclass(slots=True)
class Account:
    """One account of one region, with everything that the API shows of it."""

    region: Region
    keys: tuple[Key, ...]
    subaccounts: frozenset[int] = frozenset()
    listed: frozenset[str] = frozenset()
    quota: int | None = None
    click_limit_per_minute: int | None = None
    issue_after_s: float = ISSUE_AFTER_S
    managed: ManagedRules = field(default_factory=ManagedRules)
    tracking: dict[str, TrackingDomain] = field(default_factory=dict)
    sending: dict[str, SendingDomain] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the account is known by: its first key."""
        return self.keys[0].value

    def default_of(self, subaccount_id: int) -> TrackingDomain | None:
        """The default tracking domain of the primary account (0) or of one subaccount."""
        own = (domain for domain in self.tracking.values() if domain.subaccount_id == subaccount_id)
        return next((domain for domain in own if domain.default), None)

    def linked_to(self, tracking_domain: str, now: float) -> list[SendingDomain]:
        """The sending domains that name this tracking domain."""
        return [
            sending
            for sending in self.sending.values()
            if sending.tracking_domain == tracking_domain and sending.exists(now)
        ]

    def saved(self) -> dict[str, Any]:
        """What changes in an account, as plain JSON."""
        return {
            "region": self.region.name,
            "account": self.name,
            "managed": {each.name: sorted(getattr(self.managed, each.name)) for each in fields(ManagedRules)},
            "tracking_domains": [domain.saved() for domain in self.tracking.values()],
            "sending_domains": [domain.saved() for domain in self.sending.values()],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take what `saved` gave."""
        tracking = (TrackingDomain.restored(each) for each in saved["tracking_domains"])
        sending = (SendingDomain.restored(each) for each in saved["sending_domains"])
        self.managed = ManagedRules(**{name: frozenset(hosts) for name, hosts in saved["managed"].items()})
        self.tracking = {domain.domain: domain for domain in tracking}
        self.sending = {domain.domain: domain for domain in sending}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes one API call: account, key, and the subaccount that the header names (None: absent)."""

    account: Account
    key: Key
    subaccount_id: int | None

    @property
    def read_scope(self) -> int | None:
        """None: primary account and all subaccounts; 0: the primary account only; n: only subaccount n."""
        return self.subaccount_id if self.key.subaccount_id is None else self.key.subaccount_id

    @property
    def write_scope(self) -> int:
        """0 for the primary account, also when nothing was said; a subaccount's own key decides by itself."""
        return self.read_scope or 0


class Accounts:
    """All accounts of both regions."""

    def __init__(self, accounts: list[Account]) -> None:
        """Keep them in the world's order."""
        self._accounts = accounts

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts)

    def of(self, region: Region) -> list[Account]:
        """The accounts of a region."""
        return [account for account in self._accounts if account.region is region]

    def by_key(self, region: Region, value: str) -> tuple[Account, Key] | None:
        """The account that a key opens in this region; keys of the other region mean nothing here."""
        pairs = ((account, key) for account in self.of(region) for key in account.keys)
        return next((pair for pair in pairs if pair[1].value == value), None)

    def named(self, name: str, region: Region | None = None) -> Account | None:
        """The account that is known by this key, in one region or in any."""
        named = (account for account in self._accounts if account.name == name)
        return next((account for account in named if region in (None, account.region)), None)

    def holder(self, region: Region, tracking_host: str) -> Account | None:
        """The first account of a region that has registered this host."""
        return next((account for account in self.of(region) if tracking_host in account.tracking), None)
