"""Throttling: token buckets at the published rates, by account, on the sandbox's clock.

docs: AWS Certificate Manager endpoints and quotas; Route 53 API request limits (five a second for each
account); Resource Groups Tagging API quotas. CloudFront publishes none: it says so itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .call import Call, Refusal

RATES: Mapping[tuple[str, str], float] = {
    ("acm", "RequestCertificate"): 5,
    ("acm", "DescribeCertificate"): 10,
    ("acm", "ListCertificates"): 8,
    ("acm", "SearchCertificates"): 5,
    ("acm", "DeleteCertificate"): 10,
    ("acm", "AddTagsToCertificate"): 5,
    ("acm", "RemoveTagsFromCertificate"): 5,
    ("acm", "ListTagsForCertificate"): 10,
    ("route53", ""): 5,  # all operations together
    ("resourcegroupstaggingapi", "GetResources"): 15,
}
CODES = {
    "acm": "ThrottlingException",
    "resourcegroupstaggingapi": "ThrottledException",
    "pricing-plan-manager": "ThrottlingException",
}


def throttled(service: str) -> Refusal:
    """Give the refusal in a service's words."""
    return Refusal(400, CODES.get(service, "Throttling"), "Rate exceeded")


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """One bucket for each account and group of operations; it holds one second's worth."""

    def __init__(self) -> None:
        """Begin with all of them full."""
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def take(self, call: Call) -> None:
        """Take a token for a call. Raises Refusal."""
        group, rate = _rate(call)
        if rate is None:
            return
        key = (call.account.number, call.service, group)
        bucket = self._buckets.setdefault(key, _Bucket(rate, call.now))
        bucket.tokens = min(rate, bucket.tokens + (call.now - bucket.at) * rate)
        bucket.at = call.now
        if bucket.tokens < 1:
            raise throttled(call.service)
        bucket.tokens -= 1


def _rate(call: Call) -> tuple[str, float | None]:
    group = "" if (call.service, "") in RATES else call.operation
    return group, RATES.get((call.service, group))
