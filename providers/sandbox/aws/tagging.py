"""The Resource Groups Tagging API: resources of all services by their tags.

docs: Resource Groups Tagging API Reference, GetResources. It lists what has or had tags; an untagged resource
that never had one is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call import Answer, Call, Handler, Refusal
from .service import Tagged

PAGE = 100


def _resources(call: Call) -> Answer:
    _check(call)
    start = _start(call)
    size = call.params.get("ResourcesPerPage", PAGE)
    found = [tagged for tagged in _in_region(call) if _wanted(tagged, call.params)]
    more = str(start + size) if start + size < len(found) else ""
    return Answer(
        {
            "PaginationToken": more,
            "ResourceTagMappingList": [
                {"ResourceARN": tagged.arn, "Tags": [{"Key": k, "Value": v} for k, v in tagged.tags.items()]}
                for tagged in found[start : start + size]
            ],
        }
    )


def _check(call: Call) -> None:
    given = call.params
    if "ResourceARNList" in given and {"TagFilters", "ResourceTypeFilters", "ResourcesPerPage"} & set(given):
        message = "ResourceARNList cannot be combined with filters or a page size"
        raise Refusal(400, "InvalidParameterException", message)
    if not 1 <= given.get("ResourcesPerPage", PAGE) <= PAGE:
        raise Refusal(400, "InvalidParameterException", f"ResourcesPerPage must be between 1 and {PAGE}")


def _start(call: Call) -> int:
    token = call.params.get("PaginationToken") or "0"
    if not token.isdigit():
        raise Refusal(400, "PaginationTokenExpiredException", "The pagination token is not valid")
    return int(token)


def _in_region(call: Call) -> list[Tagged]:
    """Give what is listed in a region: CloudFront's distributions only in us-east-1."""
    listed = [tagged for _, service in call.account.services() for tagged in service.tagged()]
    return sorted(
        (t for t in listed if t.tags and (t.arn.split(":")[3] or "us-east-1") == call.region),
        key=lambda tagged: tagged.arn,
    )


def _wanted(tagged: Tagged, given: Mapping[str, Any]) -> bool:
    kinds = given.get("ResourceTypeFilters") or [tagged.kind]
    if not any(kind in (tagged.kind, tagged.kind.partition(":")[0]) for kind in kinds):
        return False
    if "ResourceARNList" in given and tagged.arn not in given["ResourceARNList"]:
        return False
    return all(_has(tagged.tags, wanted) for wanted in given.get("TagFilters", ()))


def _has(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    value = tags.get(wanted.get("Key", ""))
    values = wanted.get("Values") or ()
    return value is not None and (not values or value in values)


HANDLERS: Mapping[str, Handler] = {"GetResources": _resources}
