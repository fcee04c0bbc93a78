"""Tags of distributions.

docs: CloudFront API reference, TagResource, UntagResource, ListTagsForResource; quota of 50 tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .call import Answer, Call, Handler, Refusal
from .cloudfront_state import Distribution
from .cloudfront_writes import throttle

if TYPE_CHECKING:
    from .account import Account

MOST_TAGS = 50


def check_tags(account: Account, held: Mapping[str, str], added: Mapping[str, str]) -> None:
    """Refuse tags that may not be set, or too many. Raises Refusal."""
    reserved = [key for key in added if key.lower().startswith("aws:")]
    if reserved or len({**held, **added}) > account.quota("tags", MOST_TAGS):
        raise Refusal(400, "InvalidTagging", "The tagging specified is not valid.")


def _found(call: Call) -> Distribution:
    arn = call.params["Resource"]
    for each in call.account.cloudfront.distributions.values():
        if each.arn == arn:
            return each
    raise Refusal(404, "NoSuchResource", "A resource that was specified is not valid.")


def _tag(call: Call) -> Answer:
    throttle(call)
    found = _found(call)
    added = {tag["Key"]: tag.get("Value", "") for tag in call.params["Tags"].get("Items") or []}
    check_tags(call.account, found.tags, added)
    found.tags |= added
    return Answer()


def _untag(call: Call) -> Answer:
    throttle(call)
    found = _found(call)
    gone = call.params["TagKeys"].get("Items") or []
    found.tags = {key: value for key, value in found.tags.items() if key not in gone}
    return Answer()


def _tags(call: Call) -> Answer:
    items = [{"Key": key, "Value": value} for key, value in sorted(_found(call).tags.items())]
    return Answer({"Tags": {"Items": items}})


HANDLERS: Mapping[str, Handler] = {
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _tags,
}
