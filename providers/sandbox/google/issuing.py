"""How Google comes to issue: looks at DNS at fixed moments, CAA, renewal; for both kinds of certificates.

docs: Certificate Manager "Manage DNS authorizations", "Troubleshoot Certificate Manager"; Cloud Load
Balancing "Use Google-managed SSL certificates", "Troubleshoot SSL certificates" (up to 60 minutes, retried
until Google gives up); RFC 8659.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from providers.sandbox.caa import permits
from providers.sandbox.kernel import Kernel
from providers.sandbox.resolver import Look

from . import certmanager_switches as switches

DAY_S = switches.DAY_S
VALIDITY_S = 90 * DAY_S
RENEWED_BEFORE_S = 30 * DAY_S
ISSUERS = {"pki.goog": "Google Trust Services", "letsencrypt.org": "Let's Encrypt"}


@dataclass(frozen=True, slots=True)
class Timing:
    """When Google looks at DNS, and how long it issues, in seconds; Google says no figures but "minutes"."""

    first_s: float
    look_s: float
    issue_s: float


#: DNS authorization: docs "several minutes"; load balancer authorization: 10 to 60 minutes.
BY_DNS = Timing(20.0, 30.0, 90.0)
BY_LOAD_BALANCER = Timing(60.0, 60.0, 600.0)


@dataclass(frozen=True, slots=True)
class Judge:
    """What issuing needs to know of the world: DNS, around any cache, and the switches."""

    look: Look
    authorities: tuple[str, ...] = ("pki.goog",)
    gives_up_s: float | None = None


def judge_of(kernel: Kernel) -> Judge:
    """Give what is to be known of the world now; what was seen is not asked for again."""
    seen = cache(lambda name, rtype: kernel.resolve(name, rtype, fresh=True))
    return Judge(
        seen,
        switches.AUTHORITY_NAMES[kernel.switch(switches.AUTHORITIES.name)],
        switches.GIVES_UP_S[kernel.switch(switches.GIVES_UP.name)],
    )


@dataclass
class Attempt:
    """The latest attempt to authorize one domain: `reason` is "" where it went well."""

    at: float
    reason: str = ""  # CONFIG, CAA, CAA_CHECKING, RATE_LIMITED
    details: str = ""
    issues: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)  # the CNAMEs, or the addresses, that DNS has


@dataclass
class Issue:
    """How far one certificate has come; times are sandbox time."""

    begun: float
    looked: float = 0.0
    attempts: dict[str, Attempt] = field(default_factory=dict)
    not_before: float | None = None
    not_after: float | None = None
    issuer: str = ""
    served_since: float | None = None  # when the first of its certificates was there
    failed: float | None = None
    limited: list[str] = field(default_factory=list)  # domains that an authority's rate limit holds off
    renewal_failed: bool = False

    def active(self, now: float) -> bool:
        """Say whether there is a certificate now."""
        return self.not_before is not None and self.not_before <= now

    @property
    def validity(self) -> tuple[float, float]:
        """From when to when the certificate is good. Raises ValueError where there is none yet."""
        if self.not_before is None or self.not_after is None:
            raise ValueError("there is no certificate yet")
        return self.not_before, self.not_after

    def as_data(self) -> dict[str, Any]:
        """Give JSON values."""
        attempts = {domain: vars(attempt) for domain, attempt in self.attempts.items()}
        return {**vars(self), "attempts": attempts}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Issue:
        """Take what `as_data` gave."""
        attempts = {domain: Attempt(**attempt) for domain, attempt in data["attempts"].items()}
        return cls(**{**data, "attempts": attempts})


#: Says what stands in the way of one domain; an attempt without a reason is one that went well.
Prove = Callable[[str, float], Attempt]


def settle(
    issue: Issue, domains: Iterable[str], timing: Timing, judge: Judge, now: float, prove: Prove
) -> None:
    """Do what was due up to now; to read more often changes nothing but the moment of the latest look."""
    names = tuple(domains)
    if issue.not_before is None:
        _provision(issue, names, timing, judge, now, prove)
    while issue.not_after is not None and now >= issue.not_after - RENEWED_BEFORE_S:
        if not _renewed(issue, issue.not_after, names, judge, now, prove):
            return


def _provision(
    issue: Issue, domains: tuple[str, ...], timing: Timing, judge: Judge, now: float, prove: Prove
) -> None:
    if issue.failed is not None:
        return
    first = issue.begun + timing.first_s
    end = None if judge.gives_up_s is None else issue.begun + judge.gives_up_s
    until = now if end is None else min(now, end)
    moment = first + (until - first) // timing.look_s * timing.look_s
    if until >= first and moment > issue.looked:
        issue.looked = moment
        issue.attempts = {domain: _attempt(issue, domain, judge, moment, prove) for domain in domains}
        if not any(attempt.reason for attempt in issue.attempts.values()):
            _issue(issue, domains, judge, moment + timing.issue_s)
            return
    if end is not None and now >= end:
        issue.failed = end


def _attempt(issue: Issue, domain: str, judge: Judge, at: float, prove: Prove) -> Attempt:
    if domain in issue.limited:
        return Attempt(at, "RATE_LIMITED", f"Rate limit of the certificate authority reached for {domain}.")
    found = prove(domain, at)
    if found.reason:
        return found
    permitted = permits(judge.look, domain, judge.authorities)
    if permitted:
        return found
    if permitted is None:
        return Attempt(at, "CAA_CHECKING", f"Failed to check CAA records for {domain}.")
    wanted = " or ".join(judge.authorities)
    return Attempt(at, "CAA", f"CAA records for {domain} forbid issuance: {wanted} is not allowed.")


def _issue(issue: Issue, domains: Collection[str], judge: Judge, at: float) -> None:
    chosen = (
        name
        for name in judge.authorities
        if all(permits(judge.look, domain, name) is not False for domain in domains)
    )
    issue.issuer = ISSUERS[next(chosen, judge.authorities[0])]
    issue.not_before, issue.not_after = at, at + VALIDITY_S
    issue.served_since = at if issue.served_since is None else issue.served_since
    issue.renewal_failed = False


def _renewed(
    issue: Issue, end: float, domains: tuple[str, ...], judge: Judge, now: float, prove: Prove
) -> bool:
    """Renew from 30 days before the end on, looked at daily; say whether that went well."""
    due = end - RENEWED_BEFORE_S
    moment = due + (now - due) // DAY_S * DAY_S
    if moment <= issue.looked:
        return False
    # A renewal that nobody watched, and that DNS permits now, went through when it was due.
    at = due if issue.looked < due else moment
    issue.looked = moment
    attempts = {domain: _attempt(issue, domain, judge, moment, prove) for domain in domains}
    issue.renewal_failed = any(attempt.reason for attempt in attempts.values())
    if issue.renewal_failed or at >= end:
        issue.attempts = attempts
        return False
    issue.attempts, issue.looked = attempts, at
    _issue(issue, domains, judge, at)
    return True
