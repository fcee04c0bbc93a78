"""Which right in IAM each call of ours needs: the one table, for errors and for the policy in the docs. Pure.

docs: Service Authorization Reference, actions of Amazon CloudFront, AWS Certificate Manager, Amazon Route 53,
AWS Security Token Service, Resource Group Tagging API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "route53": ("ListHostedZones", "ListResourceRecordSets", "ChangeResourceRecordSets", "GetChange"),
    "cloudfront": (
        "ListDistributions",
        "GetDistribution",
        "UpdateDistribution",
        "DeleteDistribution",
        "TagResource",
        "ListCachePolicies",
        "GetCachePolicy",
        "CreateCachePolicy",
        "UpdateCachePolicy",
        "DeleteCachePolicy",
        "ListDistributionsByCachePolicyId",
        "ListOriginRequestPolicies",
        "GetOriginRequestPolicy",
        "CreateOriginRequestPolicy",
        "UpdateOriginRequestPolicy",
        "DeleteOriginRequestPolicy",
        "ListDistributionsByOriginRequestPolicyId",
    ),
    "acm": (
        "ListCertificates",
        "DescribeCertificate",
        "DeleteCertificate",
        "AddTagsToCertificate",
        "ListTagsForCertificate",
    ),
    "pricingplanmanager": ("ListSubscriptions",),
    "sts": ("AssumeRole",),
}

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (f"{service}:{name}",) for service, names in _OPERATIONS.items() for name in names},
    # Where the right is not called what the call is, or tags ask for another.
    "GetResources": ("tag:GetResources",),
    "CreateDistributionWithTags": ("cloudfront:CreateDistribution", "cloudfront:TagResource"),
    "RequestCertificate": ("acm:RequestCertificate", "acm:AddTagsToCertificate"),
    "GetCallerIdentity": (),  # nobody can be refused this one
}
"""The IAM actions of each operation that tdr calls."""


def actions_of(operation: str) -> tuple[str, ...]:
    """Give the IAM actions that an operation needs; none for one that is not ours."""
    return ACTIONS.get(operation, ())
