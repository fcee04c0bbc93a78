"""What CloudFront refuses, in its words: a function for each code.

docs: CloudFront API reference, "Errors" of each action; messages as clients in use have reported them.
"""

from __future__ import annotations

from .call import Refusal

_GUIDE = (
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names"
)
MISSING_VERSION = "The If-Match version is missing or not valid for the resource."
STALE_VERSION = (
    "The request failed because it didn't meet the preconditions in one or more request-header fields."
)
TAKEN = "One or more of the CNAMEs you provided are already associated with a different resource."
ELSEWHERE = (
    "One or more aliases specified for the distribution includes an incorrectly configured DNS record that "
    "points to another CloudFront distribution. You must update the DNS record to correct the problem. "
    f"For more information, see {_GUIDE}-restrictions"
)
NO_TRUST = (
    "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
    "certificate that validates your authorization to use the domain name. "
    f"For more details, see: {_GUIDE}-requirements"
)
NOT_COVERED = (
    "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) "
    f"that you're trying to add. For more details, see: {_GUIDE}-requirements"
)
NO_CERTIFICATE = (
    "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include "
    "a valid certificate chain."
)
SUBSCRIBED = (
    "You can't delete this distribution while it's subscribed to a pricing plan. Cancel the pricing plan, "
    "then you can delete the distribution."
)
FIREWALL_STAYS = (
    "You can't remove or replace the web ACL for your distribution. Distributions with a pricing plan "
    "subscription must have a web ACL resource."
)
NO_UPDATE = "The update contains modifications that are not allowed."
QUOTAS = (
    "For more information, see Quotas (formerly known as limits) in the Amazon CloudFront Developer Guide."
)


def invalid_argument(message: str) -> Refusal:
    """Refuse a member or a combination of them."""
    return Refusal(400, "InvalidArgument", message)


def no_distribution() -> Refusal:
    """Refuse an id that nothing has."""
    return Refusal(404, "NoSuchDistribution", "The specified distribution does not exist.")


def illegal_update(message: str = NO_UPDATE) -> Refusal:
    """Refuse a change that the resource does not allow."""
    return Refusal(400, "IllegalUpdate", message)


def alias_taken(message: str = TAKEN) -> Refusal:
    """Refuse an alias that another distribution holds."""
    return Refusal(409, "CNAMEAlreadyExists", message)


def bad_certificate(message: str) -> Refusal:
    """Refuse a viewer certificate."""
    return Refusal(400, "InvalidViewerCertificate", message)


def check_version(given: str | None, etag: str) -> None:
    """Let a write pass that names the present version. Raises Refusal."""
    if not given or not (given.isalnum() and given.startswith("E")):
        raise Refusal(400, "InvalidIfMatchVersion", MISSING_VERSION)
    if given != etag:
        raise Refusal(412, "PreconditionFailed", STALE_VERSION)
