"""Cache policies and origin request policies: one way of working for both.

docs: CloudFront API reference, CreateCachePolicy, CreateOriginRequestPolicy and their kin; developer guide,
"Understand cache policies", "Understand origin request policies", "Quotas on policies".
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from . import cloudfront_words as words
from .call import Answer, Call, Handler, Refusal
from .cloudfront_managed import MANAGED, MANAGED_ETAG
from .cloudfront_policy_rules import check_cache, check_origin_request
from .cloudfront_rules import check_quantities
from .cloudfront_state import Config, Kind, Policy
from .cloudfront_writes import throttle

if TYPE_CHECKING:
    from .account import Account
    from .cloudfront_state import Store

_T = TypeVar("_T")

MOST_POLICIES = 20
PAGE = 100


@dataclass(frozen=True, slots=True)
class Sort:
    """How the API speaks of one kind of policy."""

    kind: Kind
    noun: str  # CachePolicy
    plural: str
    words: str  # "cache policy"
    path: str
    quota: str
    check: Callable[[Config], Config]  # gives it with defaults; raises Refusal

    def refuse(self, status: int, code: str, message: str) -> Refusal:
        """Make a refusal whose code has the policy's name in it."""
        return Refusal(status, code.format(self.noun), message.format(self.words))

    def absent(self) -> Refusal:
        """Refuse an id that no policy has."""
        return self.refuse(404, "NoSuch{}", "The {} does not exist.")


CACHE = Sort(
    "cache", "CachePolicy", "CachePolicies", "cache policy", "cache-policy", "cache_policies", check_cache
)
ORIGIN_REQUEST = Sort(
    "origin-request",
    "OriginRequestPolicy",
    "OriginRequestPolicies",
    "origin request policy",
    "origin-request-policy",
    "origin_request_policies",
    check_origin_request,
)
SORTS: Mapping[Kind, Sort] = {"cache": CACHE, "origin-request": ORIGIN_REQUEST}


def etag_of(policy: Policy) -> str:
    """Give the version of a policy; that of the managed ones never changes."""
    return MANAGED_ETAG if policy.managed else policy.etag


def find(call: Call, sort: Sort, policy_id: str) -> Policy:
    """Give a policy of the account or a managed one. Raises Refusal."""
    policy = call.account.cloudfront.policies.get(policy_id) or MANAGED.get(policy_id)
    if policy is None or policy.kind != sort.kind:
        raise sort.absent()
    return policy


def _shown(sort: Sort, policy: Policy) -> dict[str, Any]:
    return {"Id": policy.id, "LastModifiedTime": policy.changed, f"{sort.noun}Config": policy.config}


def _answer(sort: Sort, policy: Policy, **more: Any) -> Answer:
    return Answer({sort.noun: _shown(sort, policy), "ETag": etag_of(policy), **more})


def add(account: Account, sort: Sort, given: Mapping[str, Any], now: float, policy_id: str = "") -> Policy:
    """Keep a new policy of an account. Raises Refusal."""
    cloud = account.cloudfront
    check_quantities(given)
    config = sort.check(copy.deepcopy(dict(given)))
    _check_name(cloud, sort, config["Name"])
    if len(list(cloud.of_kind(sort.kind))) >= account.quota(sort.quota, MOST_POLICIES):
        many = sort.quota.replace("_", " ")
        message = f"You have reached the maximum number of {many} for this Amazon Web Services account."
        raise Refusal(400, f"TooMany{sort.plural}", f"{message} {words.QUOTAS}")
    made = policy_id or _uuid(cloud.new_id(sort.kind))
    policy = Policy(id=made, config=config, changed=now, deployed=now, kind=sort.kind)
    cloud.policies[policy.id] = policy
    cloud.revision += 1
    return policy


def _uuid(seed: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, seed))


def _check_name(cloud: Store, sort: Sort, name: str, own: str = "") -> None:
    holder = cloud.by_name(sort.kind, name)
    if holder is not None and holder.id != own:
        message = (
            "{} with this name already exists. You must provide a unique name. To modify an existing {}, use "
        )
        article = "A" if sort.kind == "cache" else "An"
        shown = message.format(f"{article} {sort.words}", sort.words) + f"Update{sort.noun}."
        raise Refusal(409, f"{sort.noun}AlreadyExists", shown)


def _create(sort: Sort) -> Handler:
    def handle(call: Call) -> Answer:
        throttle(call)
        policy = add(call.account, sort, call.params[f"{sort.noun}Config"], call.now)
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{sort.path}/{policy.id}"
        return _answer(sort, policy, Location=location)

    return handle


def _get(sort: Sort) -> Handler:
    return lambda call: _answer(sort, find(call, sort, call.params["Id"]))


def _get_config(sort: Sort) -> Handler:
    def handle(call: Call) -> Answer:
        policy = find(call, sort, call.params["Id"])
        return Answer({f"{sort.noun}Config": policy.config, "ETag": etag_of(policy)})

    return handle


def _update(sort: Sort) -> Handler:
    def handle(call: Call) -> Answer:
        throttle(call)
        policy = find(call, sort, call.params["Id"])
        if policy.managed:
            raise words.illegal_update()
        words.check_version(call.params.get("IfMatch"), policy.etag)
        given = call.params[f"{sort.noun}Config"]
        check_quantities(given)
        config = sort.check(copy.deepcopy(dict(given)))
        cloud = call.account.cloudfront
        _check_name(cloud, sort, config["Name"], policy.id)
        policy.write(config, call.now, cloud.deployment_s)
        cloud.revision += 1
        return _answer(sort, policy)

    return handle


def _delete(sort: Sort) -> Handler:
    def handle(call: Call) -> Answer:
        throttle(call)
        policy = find(call, sort, call.params["Id"])
        if policy.managed:
            raise Refusal(400, "IllegalDelete", "Deletion is not allowed for this entity.")
        words.check_version(call.params.get("IfMatch"), policy.etag)
        cloud = call.account.cloudfront
        if cloud.users(sort.kind, policy.id):
            message = "Cannot delete the {} because it is attached to one or more cache behaviors."
            raise sort.refuse(409, "{}InUse", message)
        del cloud.policies[policy.id]
        cloud.revision += 1
        return Answer()

    return handle


def _list(sort: Sort) -> Handler:
    def handle(call: Call) -> Answer:
        wanted = call.params.get("Type")
        managed = [each for each in MANAGED.values() if each.kind == sort.kind and wanted != "custom"]
        custom = [] if wanted == "managed" else list(call.account.cloudfront.of_kind(sort.kind))
        chosen, size, following = page(call, [*managed, *custom], lambda policy: policy.id)
        items = [
            {"Type": "managed" if each.managed else "custom", sort.noun: _shown(sort, each)}
            for each in chosen
        ]
        listed = {"MaxItems": size, "Quantity": len(items), **({"Items": items} if items else {})}
        return Answer({f"{sort.noun}List": {**listed, **({"NextMarker": following} if following else {})}})

    return handle


def page(
    call: Call, items: list[_T], key: Callable[[_T], str], *, marked: bool = False
) -> tuple[list[_T], int, str]:
    """Cut one page of a list: what is on it, its size, and the marker of the next one. Raises Refusal.

    `marked`: the items are already those after the marker.
    """
    text = str(call.params.get("MaxItems", PAGE))
    if not text.isdigit() or int(text) < 1:
        raise words.invalid_argument("The parameter MaxItems is not valid.")
    size, marker = min(int(text), PAGE), call.params.get("Marker", "")
    start = 0
    if marker and not marked:
        keys = [key(each) for each in items]
        if marker not in keys:
            raise words.invalid_argument("The parameter Marker is not valid.")
        start = keys.index(marker) + 1
    chosen = items[start : start + size]
    return chosen, size, key(chosen[-1]) if start + size < len(items) else ""


def _handlers(sort: Sort) -> dict[str, Handler]:
    return {
        f"Create{sort.noun}": _create(sort),
        f"Get{sort.noun}": _get(sort),
        f"Get{sort.noun}Config": _get_config(sort),
        f"Update{sort.noun}": _update(sort),
        f"Delete{sort.noun}": _delete(sort),
        f"List{sort.plural}": _list(sort),
    }


HANDLERS: Mapping[str, Handler] = {**_handlers(CACHE), **_handlers(ORIGIN_REQUEST)}
