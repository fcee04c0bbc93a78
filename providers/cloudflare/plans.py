"""What each zone plan allows.

docs: "DNS records quota", "Batch record changes", "Record attributes" (TTL), "Configuration Rules" and
"Cache Rules" availability, "Edge Cache TTL" (least time).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of one plan; times in seconds.

    records   DNS records of a zone
    batch     operations in one DNS batch
    rules     rules in one phase of a zone
    edge_s    the least edge cache TTL
    ttl_s     the least TTL of a DNS-only record
    """

    name: str
    records: int
    batch: int
    rules: int
    edge_s: int
    ttl_s: int


_FREE: Final = Plan("Free", 200, 200, 10, 7200, 60)
_PLANS: Final = {
    "free": _FREE,
    "pro": Plan("Pro", 3500, 3500, 25, 3600, 60),
    "business": Plan("Business", 3500, 3500, 50, 1, 60),
    "enterprise": Plan("Enterprise", 3500, 3500, 300, 1, 30),
}
_OLD_FREE_RECORDS: Final = 1000
_FREE_CHANGED: Final = "2024-09-01"
EXPRESSION_CHARACTERS: Final = 4096
MAX_TTL_S: Final = 86400
AUTO_TTL: Final = 1
AUTO_TTL_S: Final = 300
"""What the vendor's TTL 1, "automatic", is in seconds; a proxied record has no other."""


def plan_of(legacy_id: str) -> Plan:
    """Give the limits of a plan; one that is not known counts as the smallest."""
    return _PLANS.get(legacy_id, _FREE)


def record_quota(legacy_id: str, created_on: str) -> int:
    """Give the number of records that a zone may hold; `created_on` is RFC 3339."""
    if plan_of(legacy_id) is _FREE and created_on < _FREE_CHANGED:
        return _OLD_FREE_RECORDS
    return plan_of(legacy_id).records
