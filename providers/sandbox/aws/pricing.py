"""Price plans (flat-rate) that distributions are subscribed to: read only.

docs: CloudFront Developer Guide, "Flat-rate pricing plans"; PricingPlanManager API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call import Answer, Call, Handler, Refusal
from .service import Plan, derived_id

PAGE = 100


def _subscriptions(call: Call) -> Answer:
    token = call.params.get("nextToken") or "0"
    if not token.isdigit():
        raise Refusal(400, "ValidationException", "The next token is not valid")
    plans = list(call.account.cloudfront.plans())
    start = int(token)
    more = str(start + PAGE) if start + PAGE < len(plans) else None
    shown = [_summary(call, plan) for plan in plans[start : start + PAGE]]
    return Answer({"subscriptionSummaries": shown, "nextToken": more})


def _summary(call: Call, plan: Plan) -> dict[str, Any]:
    name = derived_id("subscription", plan.arn, length=16).lower()
    return {
        "arn": call.account.arn("pricingplanmanager", f"subscription:{name}"),
        "planFamily": plan.family,
        "planTier": plan.tier,
        "status": "ACTIVE",
        "resourceArns": [plan.arn],
        "createdAt": plan.created,
        "updatedAt": plan.created,
        "eTag": name,
    }


HANDLERS: Mapping[str, Handler] = {"ListSubscriptions": _subscriptions}
