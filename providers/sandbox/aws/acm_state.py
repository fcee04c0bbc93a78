"""ACM in one account: its certificates, each a function of time.

docs: AWS Certificate Manager, API reference "CertificateDetail"; user guide "Quotas", "DNS validation"
(72 hours), "Managed certificate renewal", "Certificate characteristics" (198 days).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from providers.sandbox.ca import covers
from providers.sandbox.resolver import Look, Resolved

DAY_S = 86_400.0
PENDING_S = 72 * 3600.0
VALIDITY_S = 198 * DAY_S
RENEWED_BEFORE_S = 45 * DAY_S  # when ACM begins is not told to the day
TOKEN_S = 3600.0
YEAR_S = 365 * DAY_S
STATUSES = ("PENDING_VALIDATION", "ISSUED", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED")
_NAMESPACE = uuid.UUID("8a1c4d1e-3f0b-4f57-9a55-6c1d6a7f0a11")

Uses = Callable[[str, float], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Timing:
    """What the documents leave open or give as a range, in sandbox seconds."""

    record_s: float = 5.0  # until the validation record is told ("some seconds")
    look_s: float = 60.0  # from one look at DNS to the next
    issue_s: float = 120.0  # from the look that finds the record to the certificate ("minutes")


@dataclass(slots=True)
class Certificate:
    """One certificate; times are sandbox time. The first of `names` is its domain name."""

    arn: str
    names: tuple[str, ...]
    created: float
    type: str = "AMAZON_ISSUED"
    method: str = "DNS"
    key_algorithm: str = "RSA_2048"
    tags: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    token: str = ""  # the idempotency token, with its region
    asked: str = ""  # a digest of what was asked with the token
    looked: float = 0.0  # the last moment at which ACM looked at DNS
    validated: dict[str, float] = field(default_factory=dict)
    issued: float | None = None  # may lie ahead
    not_before: float | None = None
    not_after: float | None = None
    renewed: float | None = None
    failed: float | None = None
    failure: str = ""
    refused: str = ""  # the name that failed
    revoked: float | None = None
    revocation: str = ""

    @property
    def domain(self) -> str:
        """The name that the certificate is listed by."""
        return self.names[0]

    @property
    def region(self) -> str:
        """The region that it exists in; CloudFront knows those of us-east-1 only."""
        return self.arn.split(":")[3]

    def status(self, now: float) -> str:
        """Give one of `STATUSES`."""
        if self.revoked is not None and self.revoked <= now:
            return "REVOKED"
        if self.failed is not None and self.failed <= now:
            return "FAILED"
        if self.issued is not None and self.issued <= now:
            return "EXPIRED" if self.not_after is not None and self.not_after <= now else "ISSUED"
        timed_out = self.issued is None and now >= self.created + PENDING_S
        return "VALIDATION_TIMED_OUT" if timed_out else "PENDING_VALIDATION"

    def validation_status(self, name: str, now: float) -> str:
        """Give how the validation of one of the names stands."""
        if self.issued is not None and self.issued <= now:
            return "SUCCESS"
        if self.refused == name or self.status(now) == "VALIDATION_TIMED_OUT":
            return "FAILED"
        return "SUCCESS" if self.validated.get(name, now + 1) <= now else "PENDING_VALIDATION"

    def issue(self, at: float) -> None:
        """Let it be valid from a moment on, for as long as ACM's certificates are."""
        self.issued, self.not_before, self.not_after = at, at, at + VALIDITY_S

    def covers(self, host: str) -> bool:
        """Say whether the certificate is good for a host."""
        return covers(self.names, host)


class Certificates:
    """All certificates of one account. `look` asks DNS, around any cache; `uses` names who has one in use."""

    def __init__(self, number: str, look: Look, uses: Uses) -> None:
        """Begin with none."""
        self.number, self.uses = number, uses
        self._look = look
        self._seen: tuple[float, dict[tuple[str, str], Resolved]] = (0.0, {})
        self.timing = Timing()
        self.all: dict[str, Certificate] = {}  # by ARN
        self.requests: list[
            float
        ] = []  # when certificates were asked for: the yearly quota counts deleted ones
        self.made = 0

    def look(self, name: str, rtype: str, now: float) -> Resolved:
        """Ask DNS as ACM does; what was seen at one moment is not asked again at the same."""
        if self._seen[0] != now:
            self._seen = (now, {})
        seen = self._seen[1]
        if (name, rtype) not in seen:
            seen[name, rtype] = self._look(name, rtype)
        return seen[name, rtype]

    def new_arn(self, region: str, identity: str = "") -> str:
        """Give the ARN of a certificate to be kept: with this id, or with one of its own."""
        if not identity:
            self.made += 1
            identity = str(uuid.uuid5(_NAMESPACE, f"{self.number}/{self.made}"))
        return f"arn:aws:acm:{region}:{self.number}:certificate/{identity}"

    def as_data(self) -> dict[str, Any]:
        """Give the state as JSON values."""
        return {
            "certificates": [asdict(each) for each in self.all.values()],
            "timing": asdict(self.timing),
            "requests": self.requests,
            "made": self.made,
        }

    def from_data(self, data: Mapping[str, Any]) -> None:
        """Take what `as_data` gave."""
        loaded = [Certificate(**{**each, "names": tuple(each["names"])}) for each in data["certificates"]]
        self.all = {each.arn: each for each in loaded}
        self.timing = Timing(**data["timing"])
        self.requests, self.made = list(data["requests"]), int(data["made"])


def digest(*parts: str, length: int = 32) -> str:
    """Give lower-case hexadecimal digits that stand for the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]
