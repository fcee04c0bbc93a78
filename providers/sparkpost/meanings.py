"""What SparkPost's one-word states mean, for people. Pure.

docs: Tracking Domains API (`compliance_status`, `tls_status`, `error_code`); Managed HTTPS; the web app's
words for a blocked domain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from providers.sparkpost.convert import TrackingDomain

BLOCKED: Final = (
    "SparkPost blocks this tracking domain (compliance_status blocked): another account uses it, it was "
    "abused in the past, or it does not meet SparkPost's requirements"
)

TLS: Final = {
    "unavailable": "Let's Encrypt's policy refuses a certificate for this host",
    "failed": "SparkPost could not get the managed certificate",
    "expired": "the managed certificate expired: SparkPost could not renew it",
    "pending": "SparkPost is getting the certificate",
    "valid": "the managed certificate is issued",
}

ERROR_CODES: Final = {
    "acme:rejected_identifier": "Let's Encrypt refuses this name",
    "acme:dns": "Let's Encrypt could not resolve the host, or a CAA record could not be read",
    "acme:unauthorized": "Let's Encrypt's challenge did not reach SparkPost over http on port 80, "
    "or a CAA record forbids letsencrypt.org",
    "acme:temporary": "Let's Encrypt had a passing trouble",
    "service:internal": "SparkPost had a trouble of its own",
}

FINAL: Final = frozenset({"acme:rejected_identifier", "acme:unauthorized"})
"""Reasons that no waiting cures; of the others SparkPost may rid itself."""


def explained(found: TrackingDomain) -> str:
    """Return what the TLS state of a domain means, with the reason that SparkPost gives."""
    state = TLS.get(found.tls, "SparkPost says nothing of the certificate yet")
    said = f"{state} (tls_status {found.tls})" if found.tls else state
    if not found.error_code:
        return said
    return f"{said}: {ERROR_CODES.get(found.error_code, 'an unknown reason')} ({found.error_code})"


def owner(subaccount: int | None) -> str:
    """Return whose a domain is."""
    return "the primary account" if subaccount is None else f"subaccount {subaccount}"
