"""Invalidations: paths that the edge is to forget.

docs: CloudFront API reference, CreateInvalidation; developer guide, "Quotas on invalidations" (3,000 paths).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from . import cloudfront_words as words
from .call import Answer, Call, Handler, Refusal
from .cloudfront_distributions import find
from .cloudfront_policies import page
from .cloudfront_rules import check_quantities
from .cloudfront_state import INVALIDATION_S, Invalidation
from .cloudfront_writes import throttle

MOST_PATHS, MOST_WILDCARDS = 3000, 15


def _create(call: Call) -> Answer:
    throttle(call)
    found = find(call, call.params["DistributionId"])
    batch = call.params["InvalidationBatch"]
    check_quantities(batch)
    paths = batch["Paths"].get("Items") or []
    if not paths or not all(path.startswith("/") for path in paths):
        message = "Your request contains one or more invalid invalidation paths."
        raise words.invalid_argument(message)
    for each in found.invalidations:
        if each.batch["CallerReference"] == batch["CallerReference"]:
            if each.batch != batch:
                message = (
                    "Your request contains a caller reference that was used for a previous invalidation "
                    "batch."
                )
                raise words.invalid_argument(message)
            return _answer(call, found.id, each)
    _check_room(call, paths)
    made = Invalidation(
        f"I{call.account.cloudfront.new_id('invalidation')}",
        copy.deepcopy(dict(batch)),
        call.now,
        call.now + INVALIDATION_S,
    )
    found.invalidations.append(made)
    return _answer(call, found.id, made)


def _check_room(call: Call, paths: list[str]) -> None:
    found = find(call, call.params["DistributionId"])
    running = [each for each in found.invalidations if each.completed > call.now]
    busy = [*paths, *(path for each in running for path in each.batch["Paths"].get("Items") or [])]
    wildcards = [path for path in busy if path.endswith("*")]
    if len(busy) > MOST_PATHS or len(wildcards) > MOST_WILDCARDS:
        message = (
            "Processing your request will cause you to exceed the maximum number of in-progress "
            "invalidations."
        )
        raise Refusal(400, "TooManyInvalidationsInProgress", message)


def _answer(call: Call, distribution_id: str, made: Invalidation) -> Answer:
    at = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution_id}/invalidation/{made.id}"
    return Answer({"Invalidation": _shown(made, call.now), "Location": at})


def _shown(made: Invalidation, now: float) -> dict[str, Any]:
    return {**_summary(made, now), "InvalidationBatch": copy.deepcopy(made.batch)}


def _summary(made: Invalidation, now: float) -> dict[str, Any]:
    status = "Completed" if now >= made.completed else "InProgress"
    return {"Id": made.id, "Status": status, "CreateTime": made.created}


def _get(call: Call) -> Answer:
    for each in find(call, call.params["DistributionId"]).invalidations:
        if each.id == call.params["Id"]:
            return Answer({"Invalidation": _shown(each, call.now)})
    raise Refusal(404, "NoSuchInvalidation", "The specified invalidation does not exist.")


def _list(call: Call) -> Answer:
    newest_first = find(call, call.params["DistributionId"]).invalidations[::-1]
    chosen, size, following = page(call, newest_first, lambda each: each.id)
    listed: dict[str, Any] = {
        "Marker": call.params.get("Marker", ""),
        "MaxItems": size,
        "IsTruncated": bool(following),
        "Quantity": len(chosen),
    }
    listed |= {"Items": [_summary(each, call.now) for each in chosen]} if chosen else {}
    return Answer({"InvalidationList": listed | ({"NextMarker": following} if following else {})})


HANDLERS: Mapping[str, Handler] = {
    "CreateInvalidation": _create,
    "GetInvalidation": _get,
    "ListInvalidations": _list,
}
