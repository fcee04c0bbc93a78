"""What Google says of a certificate that is on its way, in plain words, and whether waiting helps. Pure.

docs: Certificate Manager API, ManagedCertificate.State, AuthorizationAttemptInfo.FailureReason,
Troubleshooting.issues, ProvisioningIssue.Reason; Compute Engine API, SslCertificateManagedSslCertificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.google.natives import Certificate, Classic, Entry
from reconciler.provider import Status

STATES: Final[Mapping[str, str]] = {
    "ACTIVE": "active",
    "PROVISIONING": "provisioning: Google has not issued the certificate yet",
    "FAILED": "failed: Google gave up on this certificate; another one is to be ordered",
}
REASONS: Final[Mapping[str, str]] = {
    "CONFIG": "Google does not see the record that proves the host",
    "CAA": "a CAA record forbids it, or could not be looked up: pki.goog is to be allowed",
    "RATE_LIMITED": "an authority has issued many certificates for this domain lately: Google tries later",
}
ISSUES: Final[Mapping[str, str]] = {
    "CNAME_MISMATCH": "the record that proves the host has another value",
    "RESOLVED_TO_NOT_SERVING": "the host leads to addresses where the certificate is not in use",
    "RESOLVED_TO_SERVING_ON_ALT_PORTS": "the host leads to addresses that do not answer on port 443",
    "NO_RESOLVED_IPS": "the host has no address",
    "CERTIFICATE_NOT_ATTACHED": "the certificate is in use nowhere",
}
PROVISIONING_ISSUES: Final[Mapping[str, str]] = {
    "AUTHORIZATION_ISSUE": "the host is not proven",
    "RATE_LIMITED": "Google's or an authority's limit is reached: it takes longer",
}
CLASSIC_STATES: Final[Mapping[str, str]] = {
    "ACTIVE": "active",
    "PROVISIONING": "provisioning: Google has not issued the certificate yet",
    "PROVISIONING_FAILED": "provisioning failed: Google tries again",
    "PROVISIONING_FAILED_PERMANENTLY": "provisioning failed for good: another certificate is to be made",
    "RENEWAL_FAILED": "the renewal failed: the certificate is served until it expires",
}
DOMAIN_STATES: Final[Mapping[str, str]] = {
    "ACTIVE": "",
    "PROVISIONING": "",
    "FAILED_NOT_VISIBLE": "Google does not see the host's record lead to the load balancer yet",
    "FAILED_CAA_CHECKING": "the CAA records of the host could not be looked up",
    "FAILED_CAA_FORBIDDEN": "a CAA record forbids it: pki.goog is to be allowed",
    "FAILED_RATE_LIMITED": "an authority has issued many certificates for this domain lately",
}
ENTRY_STATES: Final[Mapping[str, str]] = {
    "ACTIVE": "active",
    "PENDING": "pending: some of Google's frontends do not serve it yet",
}
HOPELESS: Final = frozenset({"FAILED", "PROVISIONING_FAILED_PERMANENTLY"})


def certificate_status(one: Certificate | None) -> Status:
    """Tell whether a certificate of Certificate Manager is issued, with what Google has against it."""
    if one is None:
        return Status(ready=False, text="Certificate Manager does not list it")
    said = [_word(STATES, one.state)]
    if not one.active:
        said += [PROVISIONING_ISSUES.get(one.issue, one.issue), one.details]
        for attempt in one.attempts:
            told = [REASONS.get(attempt.reason, attempt.reason), attempt.details]
            said += [*told, *(ISSUES.get(issue, issue) for issue in attempt.issues)]
    return Status(one.active, _joined(said), hopeless=one.state in HOPELESS)


def classic_status(one: Classic | None, *, on_proxy: bool) -> Status:
    """Tell whether a certificate of the load balancer is issued, and in the list of the host's proxy."""
    if one is None:
        return Status(ready=False, text="the project does not list the certificate")
    if not on_proxy:
        return Status(ready=False, text="the certificate is not on the proxy")
    if not one.managed:
        return Status(ready=True, text="uploaded")
    said = [_word(CLASSIC_STATES, one.status)]
    if not one.active:
        said += [DOMAIN_STATES.get(word, word) for _, word in one.told]
    return Status(one.active, _joined(said), hopeless=one.status in HOPELESS)


def entry_status(one: Entry | None) -> Status:
    """Tell whether an entry of a certificate map is served everywhere."""
    if one is None:
        return Status(ready=False, text="Certificate Manager does not list the entry")
    return Status(one.active, _word(ENTRY_STATES, one.state))


def _word(words: Mapping[str, str], state: str) -> str:
    return words.get(state, state or "no state")


def _joined(said: list[str]) -> str:
    return "; ".join(dict.fromkeys(part for part in said if part))
