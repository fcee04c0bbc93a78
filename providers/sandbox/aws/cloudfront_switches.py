"""What CloudFront does where its documents are silent or disagree. The first setting is the default."""

from __future__ import annotations

from typing import Final

from providers.sandbox.contract import Switch


def _switch(name: str, settings: str, source: str, about: str) -> Switch:
    choices = tuple(settings.split())
    return Switch(f"aws.cloudfront-{name}", choices, choices[0], source, about)


WRITES: Final = _switch(
    "writes",
    "unlimited one-per-second three-per-minute",
    "unpublished; public reports: UpdateDistribution throttled after 2 or 3 in a minute, or 130 at once",
    "how many writes to distributions and policies an account may make before Throttling",
)
LIST_LAG: Final = _switch(
    "list-lag",
    "none five-seconds",
    "not documented: whether lists follow a write at once",
    "whether ListDistributions shows for some seconds what was before a write",
)
REPEATED_CREATE: Final = _switch(
    "repeated-create",
    "already-exists same-content-returns",
    "docs: API reference, DistributionConfig; its older text returned the former answer",
    "what CreateDistribution answers to a CallerReference it had, with the same content",
)
FREED_REFERENCE: Final = _switch(
    "freed-reference",
    "free taken",
    "docs: API reference, DistributionConfig: 'a value that you already sent in a previous request'",
    "whether a CallerReference can be used again once its distribution is deleted",
)
OVERLAP: Final = _switch(
    "overlap-accounts",
    "refused allowed",
    "docs: 'Restrictions on using alternate domain names' against 'Use a wildcard to move'",
    "whether a wildcard alias may overlap with another account's alias",
)
ALIAS_DNS: Final = _switch(
    "alias-dns",
    "refused ignored",
    "docs: 'Alternate domain names that already point to a distribution'; public reports after deletions",
    "whether an alias is refused whose CNAME points to another distribution, or to one that is gone",
)
LEFT_OUT: Final = _switch(
    "update-left-out",
    "refused defaulted",
    "docs: 'Required API fields for creating and updating distributions'; public reports: IllegalUpdate",
    "what becomes of an update without members that only updates require: refused, or CloudFront's defaults",
)
HTTP_VERSION: Final = _switch(
    "http-version-default",
    "http2 http1.1",
    "docs: API reference, DistributionConfig (http2 for new distributions); the console sends it always",
    "which HttpVersion a config has that leaves it out",
)
CERTIFICATE_DUPLICATES: Final = _switch(
    "certificate-duplicates",
    "refused ignored",
    "not documented: ViewerCertificate's deprecated Certificate beside another ACMCertificateArn",
    "what becomes of a write whose two spellings of the certificate disagree",
)
MANAGED_LIMIT: Final = _switch(
    "managed-policy-limit",
    "unlimited limited",
    "docs: 'Quotas' names custom and managed policies nowhere apart",
    "whether the most distributions for a policy hold for managed policies too",
)

SWITCHES: Final = (
    WRITES,
    LIST_LAG,
    REPEATED_CREATE,
    FREED_REFERENCE,
    OVERLAP,
    ALIAS_DNS,
    LEFT_OUT,
    HTTP_VERSION,
    CERTIFICATE_DUPLICATES,
    MANAGED_LIMIT,
)
