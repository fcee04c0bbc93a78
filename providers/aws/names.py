"""Kinds, accounting units and the names of AWS's calls. Pure."""

from __future__ import annotations

from typing import Final

# Kinds of resources.
CERTIFICATE: Final = "aws_acm_certificate"
CACHE_POLICY: Final = "aws_cloudfront_cache_policy"
REQUEST_POLICY: Final = "aws_cloudfront_origin_request_policy"
DISTRIBUTION: Final = "aws_cloudfront_distribution"

# Units: what AWS counts together.
ROUTE53: Final = "route53"
ACM_REQUEST: Final = "acm-request"
ACM_DESCRIBE: Final = "acm-describe"
ACM_LIST: Final = "acm-list"
ACM_DELETE: Final = "acm-delete"
ACM_TAG: Final = "acm-tag"
CLOUDFRONT_WRITE: Final = "cloudfront-write"
CLOUDFRONT_READ: Final = "cloudfront-read"
TAGGING: Final = "tagging"
STS: Final = "sts"
PRICING: Final = "pricing"

CLOUDFRONT_ZONE: Final = "Z2FDTNDATAQYW2"
"""The hosted zone that alias records to a distribution name (docs: AliasTarget)."""

CLOUDFRONT_SUFFIX: Final = "cloudfront.net"


def identity_of(account: str) -> str:
    """Give what an account is known by in claims."""
    return f"aws.{account}"


def provider_of(alias: str) -> str:
    """Give what an error calls the provider of an alias."""
    return f"{alias} (aws)"
