"""Tracking domains, managed certificates and sending domains as values; status is a function of time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

MINUTE_S: Final = 60.0
DAY_S: Final = 86_400.0

#: "Issue ≤ 15 min typical; 90-day certificates, renewed 15 days before expiry" (docs: Managed HTTPS).
ISSUE_AFTER_S: Final = 5 * MINUTE_S
LIFETIME_S: Final = 90 * DAY_S
RENEW_BEFORE_S: Final = 15 * DAY_S
RETRY_AFTER_S: Final = 60 * MINUTE_S

#: "Effects of a change take about five minutes to reach new mail" (docs: using a proxy for HTTPS tracking).
MAIL_LAG_S: Final = 5 * MINUTE_S

#: Unverified sending domains are removed after two weeks (docs: Sending Domains API).
UNVERIFIED_LIFE_S: Final = 14 * DAY_S

#: A review that a switch asks for ends after this long; the vendor names no time.
REVIEW_S: Final = 10 * MINUTE_S


def iso(moment: float) -> str:
    """A moment (seconds since 1970) as SparkPost writes it: ISO 8601 with milliseconds and Z."""
    when = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class ManagedCertificate:
    """A managed certificate, ordered or issued. `due`: when the next issue or renewal is tried."""

    due: float
    issued_at: float | None = None
    expires_at: float | None = None
    error_code: str | None = None
    renews: bool = True
    final: bool = False

    @classmethod
    def ordered(cls, now: float, after_s: float = ISSUE_AFTER_S) -> Self:
        """A certificate just asked for, to be issued after this long."""
        return cls(due=now + after_s)

    def is_due(self, now: float) -> bool:
        """Whether issue or renewal is to be tried at `now`."""
        return self.renews and not self.final and now >= self.due

    def issued(self, now: float) -> Self:
        """The certificate after a challenge that succeeded."""
        expires = now + LIFETIME_S
        return replace(self, issued_at=now, expires_at=expires, error_code=None, due=expires - RENEW_BEFORE_S)

    def failed(self, now: float, error_code: str, *, tries_again: bool) -> Self:
        """The certificate after a challenge that failed; a renewal is always tried again."""
        final = not tries_again and self.issued_at is None
        return replace(self, error_code=error_code, due=now + RETRY_AFTER_S, final=final)

    def status(self, now: float) -> str:
        """The `tls_status` that this certificate gives."""
        if self.expires_at is not None:
            return "valid" if now < self.expires_at else "expired"
        return "failed" if self.error_code else "pending"

    def as_json(self) -> dict[str, object]:
        """The `tls_certificate` object."""
        shown: dict[str, object] = {}
        if self.issued_at is not None and self.expires_at is not None:
            shown |= {"issued_at": iso(self.issued_at), "expires_at": iso(self.expires_at)}
        return shown | {"error_code": self.error_code}


@dataclass(frozen=True, slots=True)
class TrackingDomain:
    """One tracking domain of one account; `subaccount_id` 0 stands for the primary account."""

    domain: str
    subaccount_id: int = 0
    secure: bool = False
    default: bool = False
    verified: bool = False
    cname_status: str = "unverified"
    compliance_status: str = "valid"
    reviewed_at: float | None = None
    certificate: ManagedCertificate | None = None
    uses_managed_certificate: bool = False
    secure_before: bool = False
    secure_changed_at: float = 0.0

    @property
    def scheme(self) -> str:
        """The scheme of links written now, and of the check that verify makes."""
        return "https" if self.secure else "http"

    @property
    def port(self) -> int:
        """Follows `secure`; it cannot be set."""
        return 443 if self.secure else 80

    def with_secure(self, now: float, *, secure: bool) -> Self:
        """The domain after `secure` was set; mail sent in the next minutes still has the old scheme."""
        if secure == self.secure:
            return self
        return replace(self, secure=secure, secure_before=self.secure, secure_changed_at=now)

    def mail_scheme(self, now: float) -> str:
        """The scheme that mail sent at `now` bears."""
        settled = now >= self.secure_changed_at + MAIL_LAG_S
        return "https" if (self.secure if settled else self.secure_before) else "http"

    def compliance(self, now: float) -> str:
        """The compliance status, a pending review ending by itself."""
        if self.compliance_status == "pending" and self.reviewed_at is not None and now >= self.reviewed_at:
            return "valid"
        return self.compliance_status

    def status(self, now: float, *, tls_status: str | None) -> dict[str, object]:
        """The `status` object, as verify answers it too; `tls_status` is left out where it is None."""
        shown: dict[str, object] = {
            "verified": self.verified,
            "cname_status": self.cname_status,
            "compliance_status": self.compliance(now),
        }
        return shown if tls_status is None else shown | {"tls_status": tls_status}

    def as_json(self, now: float, *, tls_status: str | None) -> dict[str, object]:
        """The object of the API; what is not set is not shown."""
        shown: dict[str, object] = {
            "port": self.port,
            "domain": self.domain,
            "secure": self.secure,
            "default": self.default,
            "status": self.status(now, tls_status=tls_status),
        }
        if self.subaccount_id:
            shown["subaccount_id"] = self.subaccount_id
        if tls_status is not None or self.uses_managed_certificate:
            shown["uses_managed_certificate"] = self.uses_managed_certificate
        if self.certificate is not None:
            shown["tls_certificate"] = self.certificate.as_json()
        return shown

    def saved(self) -> dict[str, object]:
        """The value as plain JSON, for the state on disk."""
        return asdict(self)

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> TrackingDomain:
        """The inverse of `saved`; also reads the world's short form, since every member has a default."""
        members = dict(saved)
        certificate = members.pop("certificate", None)
        if isinstance(certificate, Mapping):
            members["certificate"] = ManagedCertificate(**certificate)
        members["domain"] = str(members["domain"]).lower()
        members["subaccount_id"] = members.get("subaccount_id") or 0
        return cls(**members)


@dataclass(frozen=True, slots=True)
class SendingDomain:
    """One sending domain: what tdr sees of it, and the link to a tracking domain (None: unlinked)."""

    domain: str
    subaccount_id: int = 0
    tracking_domain: str | None = None
    ownership_verified: bool = True
    shared_with_subaccounts: bool = False
    is_default_bounce_domain: bool = False
    created_at: float = 0.0

    def exists(self, now: float) -> bool:
        """An unverified sending domain disappears after two weeks, and its link with it."""
        return self.ownership_verified or now < self.created_at + UNVERIFIED_LIFE_S

    @property
    def _status(self) -> dict[str, object]:
        proven = "valid" if self.ownership_verified else "unverified"
        return {
            "ownership_verified": self.ownership_verified,
            "spf_status": "unverified",
            "abuse_at_status": "unverified",
            "dkim_status": proven,
            "cname_status": "unverified",
            "mx_status": "unverified",
            "compliance_status": "valid",
            "postmaster_at_status": "unverified",
            "verification_mailbox_status": "unverified",
        }

    def passes(self, filters: Mapping[str, str]) -> bool:
        """Whether every documented filter of the list holds; unknown query parameters are ignored."""
        shown = {**self._status, "is_default_bounce_domain": self.is_default_bounce_domain}
        return all(_spelt(shown[name]) == wanted for name, wanted in filters.items() if name in shown)

    def as_json(self, *, named: bool) -> dict[str, object]:
        """The object of the API: with its `domain` in the list, without it when one is asked for."""
        shown: dict[str, object] = {"domain": self.domain} if named else {}
        if self.tracking_domain is not None:
            shown["tracking_domain"] = self.tracking_domain
        shown |= {
            "status": self._status,
            "shared_with_subaccounts": self.shared_with_subaccounts,
            "is_default_bounce_domain": self.is_default_bounce_domain,
        }
        return shown | {"subaccount_id": self.subaccount_id} if self.subaccount_id else shown

    def saved(self) -> dict[str, object]:
        """The value as plain JSON, for the state on disk."""
        return asdict(self)

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> SendingDomain:
        """The inverse of `saved`; also reads the world's short form."""
        members = dict(saved)
        link = members.get("tracking_domain")
        members["domain"] = str(members["domain"]).lower()
        members["tracking_domain"] = str(link).lower() if link else None
        members["subaccount_id"] = members.get("subaccount_id") or 0
        return cls(**members)


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
