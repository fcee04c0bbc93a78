"""Everything of TLS that an account has; its place in the account's state.

docs: "TLS Subscriptions", "TLS Configurations", "TLS Activations", "Custom TLS Certificates" (API reference).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from providers.sandbox.ca import covers

DAY_S = 86_400.0
#: docs: TLS Subscriptions: "retry … for 7 days past subscription creation or the … not_after date".
GIVEN_UP_S = 7 * DAY_S


@dataclass(slots=True)
class Configuration:
    """How the edge speaks TLS, and the name that hosts are to point at for it."""

    id: str
    name: str
    cname: str
    created: float
    updated: float
    default: bool = False
    tls_protocols: list[str] = field(default_factory=lambda: ["1.2", "1.3"])
    http_protocols: list[str] = field(default_factory=lambda: ["http/1.1", "http/2"])


@dataclass(slots=True)
class Certificate:
    """One certificate, uploaded or (`subscription`) managed; `not_before` and `created` may lie ahead."""

    id: str
    name: str
    names: list[str]
    created: float
    updated: float
    not_before: float
    not_after: float
    issuer: str
    serial: str = ""
    blob: str = ""
    subscription: str = ""

    def covers(self, host: str) -> bool:
        """Say whether it is good for a host; a wildcard covers itself."""
        return covers(self.names, host)


@dataclass(slots=True)
class Authorization:
    """How control over one domain of a subscription is proven; `token` is the first label of the target."""

    id: str
    domain: str
    token: str
    created: float
    updated: float
    looked: bool = False
    passed: float | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Subscription:
    """A managed certificate: ordered, and renewed, for its domains. Times are sandbox time."""

    id: str
    domains: list[str]
    common_name: str
    authority: str
    configuration: str
    created: float
    updated: float
    ordered: float  # when the present order began
    authorizations: dict[str, Authorization] = field(default_factory=dict)  # by domain
    certificates: list[str] = field(default_factory=list)  # the last may begin ahead
    wants: bool = True  # whether an order is open
    looked: float = 0.0  # the last moment at which DNS was looked at


@dataclass(slots=True)
class Activation:
    """A certificate in use for a domain; that of a subscription changes as it is renewed."""

    id: str
    domain: str
    configuration: str
    created: float  # may lie ahead
    certificate: str = ""
    subscription: str = ""


@dataclass
class TlsState:
    """Configurations, certificates, subscriptions and activations, each by id."""

    configurations: dict[str, Configuration] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    activations: dict[str, Activation] = field(default_factory=dict)

    @property
    def default(self) -> Configuration:
        """The configuration of who names none."""
        every = tuple(self.configurations.values())
        return next((each for each in every if each.default), every[0])

    def current(self, subscription: Subscription, now: float) -> Certificate | None:
        """Give the newest certificate of a subscription that is there."""
        every = (self.certificates[each] for each in reversed(subscription.certificates))
        return next((each for each in every if each.not_before <= now), None)

    def coming(self, subscription: Subscription, now: float) -> bool:
        """Say whether the newest certificate of a subscription is being made."""
        return any(self.certificates[each].not_before > now for each in subscription.certificates[-1:])

    def in_use(self, activation: Activation, now: float) -> Certificate | None:
        """Give the certificate of an activation."""
        if not activation.subscription:
            return self.certificates.get(activation.certificate)
        return self.current(self.subscriptions[activation.subscription], now)

    def active(self, now: float) -> Iterator[Activation]:
        """Give the activations that are in force."""
        return (each for each in self.activations.values() if each.created <= now)

    def active_for(self, domain: str, now: float) -> Activation | None:
        """Give the activation of exactly this domain."""
        return next((each for each in self.active(now) if each.domain == domain), None)

    def activated(self, host: str, now: float) -> bool:
        """Say whether a certificate is active for a host, by its name or by a wildcard."""
        names = (host, f"*.{host.partition('.')[2]}")
        return any(self.active_for(name, now) is not None for name in names)

    def state(self, subscription: Subscription, now: float) -> str:
        """Give how a subscription stands: pending, processing, issued, renewing or failed."""
        present = self.current(subscription, now)
        if self.coming(subscription, now):
            return "renewing" if present else "processing"
        if not subscription.wants:
            return "issued"
        if now >= given_up(subscription, present):
            return "failed"
        return "renewing" if present else "pending"

    def holds(self, domain: str) -> tuple[str, ...]:
        """Give the ids of the subscriptions that name a domain."""
        return tuple(each.id for each in self.subscriptions.values() if domain in each.domains)

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        return {name: [asdict(each) for each in every.values()] for name, every in vars(self).items()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TlsState:
        """Take what `as_data` gave."""
        return cls(
            {each["id"]: Configuration(**each) for each in data["configurations"]},
            {each["id"]: Certificate(**each) for each in data["certificates"]},
            {each["id"]: _subscription(each) for each in data["subscriptions"]},
            {each["id"]: Activation(**each) for each in data["activations"]},
        )


def given_up(subscription: Subscription, present: Certificate | None) -> float:
    """Give when Fastly stops trying: some days after the order, or after the end of the certificate."""
    return max(subscription.ordered, present.not_after if present else 0.0) + GIVEN_UP_S


def _subscription(data: Mapping[str, Any]) -> Subscription:
    proofs = {name: Authorization(**each) for name, each in data["authorizations"].items()}
    return Subscription(**{**data, "authorizations": proofs})
