"""What each zone plan allows.

docs: developers.cloudflare.com "DNS records quota" and "Record attributes" (records, comments,
tags), "Batch record changes" (operations), "Cache Rules", "Configuration Rules" and "Origin
Rules" availability (rules in a phase), "Edge Cache TTL" (shortest time).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of one plan; times in seconds."""

    legacy_id: str
    name: str
    price: int
    records: int
    batch: int
    comment: int
    tags: int
    rules: int
    edge_ttl_s: int
    record_ttl_s: int
    page_rules: int
    custom_certificates: int


PLANS = {
    plan.legacy_id: plan
    for plan in (
        Plan("free", "Free Website", 0, 200, 200, 100, 0, 10, 7200, 60, 3, 0),
        Plan("pro", "Pro Website", 25, 3500, 3500, 500, 20, 25, 3600, 60, 20, 0),
        Plan("business", "Business Website", 250, 3500, 3500, 500, 20, 50, 1, 60, 50, 1),
        Plan("enterprise", "Enterprise Website", 5000, 3500, 3500, 500, 20, 300, 1, 30, 125, 1),
    )
}
# The custom firewall phase has quotas of its own: developers.cloudflare.com "Custom rules" availability.
FIREWALL_RULES = {"free": 5, "pro": 20, "business": 100, "enterprise": 1000}


def rules_allowed(plan: Plan, phase: str) -> int:
    """Give the number of rules one phase of a zone may hold."""
    return FIREWALL_RULES[plan.legacy_id] if phase == "http_request_firewall_custom" else plan.rules
