"""What Cloudflare for SaaS knows of one zone: custom hostnames, their certificates, the fallback origin.

docs: "Validation status", "Backoff schedule" (hostname validation), "Certificate statuses", "Token validity
periods", "Renew" (90 days, from 30 days before the end), "Delegated" (domain control validation).
"""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOST_STATUSES = (
    "active",
    "pending",
    "active_redeploying",
    "moved",
    "pending_deletion",
    "deleted",
    "pending_blocked",
    "pending_migration",
    "pending_provisioned",
    "test_pending",
    "test_active",
    "test_active_apex",
    "test_blocked",
    "test_failed",
    "provisioned",
    "blocked",
)
DAY_S = 86400.0
# How long each step takes is not published; short, since the states are the point.
INITIALIZING_S = 5.0
ISSUING_S = 20.0
DEPLOYING_S = 20.0
VALIDITY_S = 90 * DAY_S
RENEWED_BEFORE_S = 30 * DAY_S
MOVED_DELETED_S = 7 * DAY_S
# docs: Token validity periods, by authority.
TOKEN_S = {"lets_encrypt": 7 * DAY_S, "google": 14 * DAY_S, "ssl_com": 14 * DAY_S}
DCV_ZONE = "dcv.cloudflare.com"
FALLBACK_DEPLOYING_S, FALLBACK_ACTIVE_S, FALLBACK_DELETED_S = 5.0, 30.0, 20.0
#: Who an authority is by CAA.
CAA_NAMES = {
    "google": "pki.goog",
    "lets_encrypt": "letsencrypt.org",
    "ssl_com": "ssl.com",
}


def _waits() -> list[float]:
    """Give the seconds between looks: docs: "Backoff schedule", 75 attempts in seven days."""
    return [min(float(int(60 * (1.05 if n < 10 else 1.15) ** n)), 4 * 3600.0) for n in range(76)]


LOOKS = tuple(itertools.accumulate(_waits()))


def last_look(since: float, now: float) -> float | None:
    """Give the last moment up to now at which Cloudflare looked of itself, None before the first."""
    due = [since + offset for offset in LOOKS if since + offset <= now]
    return due[-1] if due else None


def token(*parts: object) -> str:
    """Give a stable value that nobody guesses, as validation records have them."""
    return hashlib.sha256("/".join(map(str, ("saas", *parts))).encode()).hexdigest()


def derived_uuid(*parts: object) -> str:
    """Give a stable id in the form that custom hostnames have."""
    return str(uuid.UUID(token(*parts)[:32], version=4))


@dataclass(slots=True)
class Order:
    """One order of a certificate; `validated` is when the authority was content."""

    number: int
    made: float
    authority: str
    renewal: bool = False
    checking: float = 0.0
    looked: float = 0.0
    validated: float | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def ready(self) -> float | None:
        """When its certificate is at the edge."""
        return None if self.validated is None else self.validated + ISSUING_S + DEPLOYING_S

    def status(self, now: float) -> str:
        """Give the certificate's status at a time."""
        if self.validated is None:
            if now < self.made + INITIALIZING_S:
                return "initializing"
            late = now >= self.made + TOKEN_S[self.authority]
            return "validation_timed_out" if late else "pending_validation"
        if now < self.validated + ISSUING_S:
            return "pending_issuance"
        return "pending_deployment" if now < self.validated + ISSUING_S + DEPLOYING_S else "active"


@dataclass(slots=True)
class Issued:
    """The certificate that the edge serves for a custom hostname."""

    number: int
    since: float
    expires: float
    authority: str
    hosts: list[str]


@dataclass(slots=True)
class Hostname:
    """One custom hostname. `status` and `ssl_status`, where set, are by hand: they stay until a PATCH."""

    id: str
    hostname: str
    created: float
    checking: float
    method: str | None = None
    type: str = "dv"
    wildcard: bool = False
    bundle_method: str = "ubiquitous"
    authority: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    origin: str | None = None
    sni: str | None = None
    metadata: dict[str, str] | None = None
    looked: float = 0.0
    proven: float | None = None
    pointed: bool = False
    moved: float | None = None
    held: bool = False
    errors: list[str] = field(default_factory=list)
    orders: int = 0
    order: Order | None = None
    issued: Issued | None = None
    edited: float = 0.0
    status: str | None = None
    ssl_status: str | None = None

    @property
    def hosts(self) -> list[str]:
        """The names of its certificate."""
        return [self.hostname, f"*.{self.hostname}"] if self.wildcard else [self.hostname]

    def status_at(self) -> str:
        """Give its status; what time brings was settled before."""
        if self.status is not None:
            return self.status
        if self.held:
            return "blocked"
        if self.moved is not None:
            return "moved"
        return "pending" if self.proven is None else "active"

    @property
    def serves(self) -> bool:
        """Whether the edge serves it."""
        return self.status_at() in ("active", "active_redeploying")

    def ssl_status_at(self, now: float) -> str | None:
        """Give its certificate's status; None where no certificate was asked for."""
        if self.ssl_status is not None or self.order is None:
            return self.ssl_status
        if self.issued is not None and (self.order.renewal or self.issued.number == self.order.number):
            return "active" if now < self.issued.expires else "expired"
        return self.order.status(now)

    @property
    def ownership(self) -> tuple[str, str]:
        """Name and content of the TXT record that proves the ownership."""
        return f"_cf-custom-hostname.{self.hostname}", derived_uuid("owner", self.id)

    def tokens(self) -> list[str]:
        """Give the TXT contents that the authority wants to see for the present order."""
        if self.order is None:
            return []
        return [token(self.id, self.order.number, name)[:43] for name in self.hosts]

    @property
    def challenge(self) -> str:
        """Where the authority looks for them."""
        return f"_acme-challenge.{self.hostname}"

    def ask(self, now: float, *, renewal: bool = False) -> None:
        """Order a certificate; of an authority that nobody chose, Cloudflare starts with Google's."""
        self.orders += 1
        authority = self.authority or "google"
        self.order = Order(self.orders, now, authority, renewal, checking=now)

    def issue(self, since: float) -> None:
        """Take the ordered certificate into service."""
        if self.order is not None:
            self.issued = Issued(
                self.order.number, since, since + VALIDITY_S, self.order.authority, list(self.hosts)
            )


@dataclass(slots=True)
class Fallback:
    """The fallback origin of a zone; `ended` is when somebody asked for its end."""

    origin: str
    created: float
    updated: float
    ended: float | None = None
    status: str | None = None

    def status_at(self, now: float) -> str:
        """Give its status at a time; deleted is gone."""
        if self.ended is not None:
            return "pending_deletion" if now < self.ended + FALLBACK_DELETED_S else "deleted"
        if self.status is not None:
            return self.status
        if now < self.updated + FALLBACK_DEPLOYING_S:
            return "initializing"
        return "pending_deployment" if now < self.updated + FALLBACK_ACTIVE_S else "active"


@dataclass(slots=True)
class Saas:
    """All of it for one zone. Quota: docs "Plans", "Quotas and billing": 100 included, at most 50,000."""

    hostnames: dict[str, Hostname] = field(default_factory=dict)
    fallback: Fallback | None = None
    allocated: int = 100
    hard_cap: int = 50_000
    asked: list[float] = field(default_factory=list)
    blocked_until: float = 0.0

    def of(self, host: str) -> Hostname | None:
        """Give the custom hostname that a host is, or whose wildcard covers it."""
        above = host.partition(".")[2]
        found = [
            h for h in self.hostnames.values() if host == h.hostname or (h.wildcard and above == h.hostname)
        ]
        return min(found, key=lambda h: h.hostname != host, default=None)

    def fallback_at(self, now: float) -> Fallback | None:
        """Give the fallback origin, None where there is none; one whose end has come is forgotten."""
        if self.fallback is not None and self.fallback.status_at(now) == "deleted":
            self.fallback = None
        return self.fallback


def from_data(data: Mapping[str, Any]) -> Saas:
    """Read back what dataclasses.asdict gave."""
    fallback = data["fallback"]
    hostnames = {key: _hostname(value) for key, value in data["hostnames"].items()}
    return Saas(**{**data, "hostnames": hostnames, "fallback": Fallback(**fallback) if fallback else None})


def _hostname(data: Mapping[str, Any]) -> Hostname:
    order, issued = data["order"], data["issued"]
    return Hostname(
        **{
            **data,
            "order": Order(**order) if order else None,
            "issued": Issued(**issued) if issued else None,
        }
    )
