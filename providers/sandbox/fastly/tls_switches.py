"""What Fastly does with TLS where its documents are silent. The first setting is the default."""

from __future__ import annotations

from typing import Final

from providers.sandbox.contract import Switch


def _switch(name: str, settings: str, source: str, about: str) -> Switch:
    choices = tuple(settings.split())
    return Switch(f"fastly.{name}", choices, choices[0], source, about)


SECOND_SUBSCRIPTION: Final = _switch(
    "second-subscription",
    "allowed refused",
    "fastly/terraform-provider-fastly #653: a second one for a domain was made while the first was active",
    "whether a domain that has a subscription gets another",
)
SUBSCRIPTION_NEEDS_DOMAIN: Final = _switch(
    "subscription-needs-domain",
    "no yes",
    "docs: a domain is owned by being on an active service, or by having a certificate made for it",
    "whether a subscription is refused for a domain that no service of the account has",
)
CHALLENGE_TOKEN: Final = _switch(
    "challenge-token",
    "per-subscription per-domain",
    "unknown",
    "whether a domain's next subscription asks for another `_acme-challenge` target, or for the same",
)
CERTIFICATE_LAG: Final = _switch(
    "certificate-lag",
    "none twenty-seconds",
    "public client (utopia-php/cdn): 'reports a subscription issued slightly before the certificate appears'",
    "whether `issued` comes before the certificate and its activation do",
)
ISSUE_OVER_ACTIVE: Final = _switch(
    "issue-over-active",
    "kept replaced",
    "unknown",
    "a certificate is issued for a domain that has another one active: which is in use then",
)
WILDCARD_CERTIFICATE: Final = _switch(
    "wildcard-certificate",
    "covers named-only",
    "unknown",
    "whether a host is activated with a certificate that covers it by a wildcard, or only `*.` itself is",
)
SWITCHES: Final = (
    SECOND_SUBSCRIPTION,
    SUBSCRIPTION_NEEDS_DOMAIN,
    CHALLENGE_TOKEN,
    CERTIFICATE_LAG,
    ISSUE_OVER_ACTIVE,
    WILDCARD_CERTIFICATE,
)
