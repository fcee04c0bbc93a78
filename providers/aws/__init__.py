"""Amazon Web Services: CloudFront with certificates from ACM (cdn), Route 53 (dns).

Imports no SDK: boto3 is loaded when an alias is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from providers.aws.names import (
    ACM_DELETE,
    ACM_DESCRIBE,
    ACM_LIST,
    ACM_REQUEST,
    ACM_TAG,
    CACHE_POLICY,
    CERTIFICATE,
    CLOUDFRONT_READ,
    CLOUDFRONT_WRITE,
    DISTRIBUTION,
    PRICING,
    REQUEST_POLICY,
    ROUTE53,
    STS,
    TAGGING,
)
from providers.aws.options import OPTIONS, check
from reconciler.errors import ProviderError, TdrError
from reconciler.model import Rounds
from reconciler.provider import Kind, Limit, ProviderType

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting

_ACM: Final = "docs: ACM quotas, API rate quotas"
_UNPUBLISHED: Final = "CloudFront publishes no rate for its API: a gentle one, that falls where it throttles"

_DISABLED: Final = Rounds(usual_s=300, timeout_s=5400, poll_s=15.0)
"""A distribution is disabled, deployed so, then deleted (docs: DeleteDistribution)."""
_RELEASED: Final = Rounds(usual_s=120, timeout_s=3600, poll_s=15.0)
"""A certificate is in use for some minutes after its distribution is gone (docs: DeleteCertificate)."""


def _open(setting: Setting) -> Provider:
    """Make the provider; raises TdrError with the line to type where boto3 is not installed."""
    try:
        module = import_module("providers.aws.provider")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"boto3", "botocore"}:
            raise
        message = f"{setting.alias} needs the boto3 package: pip install 'tdr-reconciler[aws]'"
        raise TdrError(message) from error
    made: Provider = module.AwsProvider(setting)
    return made


def _translate(error: Exception) -> ProviderError | None:
    """Tell what an exception of boto3 means; it is loaded where one was raised."""
    translated: ProviderError | None = import_module("providers.aws.errors").translate(error)
    return translated


TYPE: Final = ProviderType(
    name="aws",
    parts=frozenset({"cdn", "dns"}),
    open=_open,
    kinds=(
        # docs: ACM, DNS validation: it can take some time after the record is seen, and ends after 72 hours
        Kind(CERTIFICATE, "issued", timeout_s=5400, usual_s=300, poll_s=15.0, removal=_RELEASED),
        Kind(CACHE_POLICY),
        Kind(REQUEST_POLICY),
        Kind(DISTRIBUTION, "deployed", timeout_s=5400, usual_s=300, poll_s=15.0, removal=_DISABLED),
    ),
    options=OPTIONS,
    # Of a second's worth some is kept back: the first of many calls at once may arrive last.
    limits=(
        Limit(ROUTE53, 5.0, 4, "docs: Route 53 quotas: five API requests per second per account"),
        Limit(ACM_REQUEST, 5.0, 4, _ACM),
        Limit(ACM_DESCRIBE, 10.0, 8, _ACM),
        Limit(ACM_LIST, 8.0, 6, _ACM),
        Limit(ACM_DELETE, 10.0, 8, _ACM),
        Limit(ACM_TAG, 5.0, 4, _ACM),
        Limit(CLOUDFRONT_WRITE, 1.0, 1, _UNPUBLISHED),
        Limit(CLOUDFRONT_READ, 5.0, 5, _UNPUBLISHED),
        Limit(TAGGING, 15.0, 15, "docs: Resource Groups Tagging API quotas: GetResources"),
        Limit(STS, 20.0, 20, "STS allows 600 requests per second: far above what a run asks"),
        Limit(PRICING, 1.0, 1, "no rate is published: a gentle one"),
    ),
    check=check,
    own_names=("cloudfront.net", "amazonaws.com", "acm-validations.aws"),
    extra="aws",
    translate=_translate,
)
