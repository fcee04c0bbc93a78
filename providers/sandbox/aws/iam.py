"""What a policy lets a caller do, and the words of the refusal.

docs: IAM User Guide, "Policy evaluation logic" and "Troubleshoot access denied error messages"; Service
Authorization Reference for the names of actions. Conditions are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .call import Call, Refusal

PREFIXES = {"resourcegroupstaggingapi": "tag", "pricing-plan-manager": "pricingplanmanager"}
#: Operations that a policy names otherwise, and what one asks for besides.
ACTIONS = {"CreateDistributionWithTags": ("CreateDistribution", "TagResource")}
#: Always allowed.
FREE = frozenset({"sts:GetCallerIdentity"})


def authorize(call: Call) -> None:
    """Refuse a call that the account's policy does not allow. Raises Refusal (AccessDenied)."""
    resource = resource_of(call)
    for action in actions_of(call):
        if action not in FREE:
            _check(call, action, resource)


def actions_of(call: Call) -> Iterator[str]:
    """Give the actions that a call needs: ``route53:ChangeResourceRecordSets``."""
    prefix = PREFIXES.get(call.service, call.service)
    for name in ACTIONS.get(call.operation, (call.operation,)):
        yield f"{prefix}:{name}"
    if call.operation == "RequestCertificate" and call.params.get("Tags"):
        yield "acm:AddTagsToCertificate"


def resource_of(call: Call) -> str:
    """Give the ARN that a call is about; "*" where its action is about none."""
    match call.service:
        case "route53":
            return _route53(call)
        case "cloudfront":
            return _cloudfront(call)
        case "acm":
            new = call.account.arn("acm", "certificate/*", call.region)
            return str(
                call.params.get("CertificateArn", new if call.operation == "RequestCertificate" else "*")
            )
        case "sts":
            return str(call.params.get("RoleArn", "*"))
    return "*"


def _route53(call: Call) -> str:
    if call.operation == "GetChange":
        return f"arn:aws:route53:::change/{call.params['Id']}"
    zone = call.params.get("HostedZoneId") or call.params.get("Id")
    by_name = call.operation == "ListHostedZonesByName"
    return f"arn:aws:route53:::hostedzone/{zone}" if zone and not by_name else "*"


def _cloudfront(call: Call) -> str:
    if "Resource" in call.params:
        return str(call.params["Resource"])
    listed = call.operation.startswith("List") and call.operation != "ListConflictingAliases"
    if listed:
        return "*"
    named = call.params.get("Id") or call.params.get("DistributionId") or "*"
    kind = re.sub(r"^(Get|Create|Update|Delete)|(Config|WithTags)$", "", call.operation)
    kinds = {"CachePolicy": "cache-policy", "OriginRequestPolicy": "origin-request-policy"}
    return call.account.arn("cloudfront", f"{kinds.get(kind, 'distribution')}/{named}")


def _check(call: Call, action: str, resource: str) -> None:
    policy = call.account.policy
    if policy is None:
        return
    effects = {s["Effect"] for s in statements(policy) if _applies(s, action, resource)}
    if effects == {"Allow"}:
        return
    place = "" if resource == "*" else f" on resource: {resource}"
    why = (
        "with an explicit deny in an identity-based policy"
        if "Deny" in effects
        else f"because no identity-based policy allows the {action} action"
    )
    message = f"User: {call.caller.arn} is not authorized to perform: {action}{place} {why}"
    raise Refusal(403, "AccessDenied", message)


def statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give a policy's statements: it may have one that stands alone."""
    found = policy.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def _applies(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if "NotAction" in statement:
        acts = not _any(statement["NotAction"], action.lower(), lower=True)
    else:
        acts = _any(statement.get("Action", ()), action.lower(), lower=True)
    if "NotResource" in statement:
        return acts and not _any(statement["NotResource"], resource)
    return acts and _any(statement.get("Resource", ()), resource)


def _any(patterns: Any, value: str, *, lower: bool = False) -> bool:
    """Say whether one of the patterns fits; only * and ? mean something in them."""
    listed = [patterns] if isinstance(patterns, str) else patterns
    spelt = (str(p).lower() if lower else str(p) for p in listed)
    return any(fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in spelt)
