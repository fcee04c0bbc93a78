"""Distributions: made, read, replaced, deleted and listed.

docs: CloudFront API reference, CreateDistribution, UpdateDistribution, DeleteDistribution, ListDistributions;
developer guide, "Delete a distribution".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import cloudfront_words as words
from .call import Answer, Call, Handler, Refusal
from .cloudfront_defaults import complete
from .cloudfront_managed import MANAGED
from .cloudfront_policies import SORTS, Sort, page
from .cloudfront_rules import check_config, check_plan, check_quantities, check_whole
from .cloudfront_state import POLICY_FIELD, Config, Distribution, behaviors_of
from .cloudfront_switches import (
    FREED_REFERENCE,
    HTTP_VERSION,
    LEFT_OUT,
    LIST_LAG,
    MANAGED_LIMIT,
    REPEATED_CREATE,
)
from .cloudfront_tags import check_tags
from .cloudfront_viewer import check_spellings, check_viewer
from .cloudfront_writes import throttle

if TYPE_CHECKING:
    from .account import Account

MOST_DISTRIBUTIONS, MOST_PER_POLICY = 500, 100
LAG_S = 5.0
_SUMMARY = (
    *("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses"),
    *("Comment", "PriceClass", "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion"),
    *("IsIPV6Enabled", "Staging", "ConnectionMode", "AnycastIpListId", "ViewerMtlsConfig"),
    "ConnectionFunctionAssociation",
)


def find(call: Call, distribution_id: str) -> Distribution:
    """Give a distribution of the account. Raises Refusal."""
    found = call.account.cloudfront.distributions.get(distribution_id)
    if found is None:
        raise words.no_distribution()
    return found


def admit(account: Account, given: Mapping[str, Any], own: Distribution | None, now: float) -> Config:
    """Give a config as it would be kept, if it may be. Raises Refusal."""
    config = settled(account, given)
    check_policies(account, config, own)
    check_plan(own.plan if own else None, own.config if own else None, config, set(MANAGED))
    check_viewer(account, config, own, now)
    return config


def settled(account: Account, given: Mapping[str, Any]) -> Config:
    """Give a config with CloudFront's defaults, if it is one by itself. Raises Refusal."""
    check_quantities(given)
    check_spellings(account, given.get("ViewerCertificate") or {})
    config = complete(given, account.kernel.switch(HTTP_VERSION.name))
    check_config(config, account.quota)
    return config


def check_policies(account: Account, config: Config, own: Distribution | None) -> None:
    """Refuse policies that are not there or have all the distributions they may have. Raises Refusal."""
    for sort in SORTS.values():
        key = POLICY_FIELD[sort.kind]
        for policy_id in dict.fromkeys(each[key] for each in behaviors_of(config) if each.get(key)):
            policy = account.cloudfront.policies.get(policy_id) or MANAGED.get(policy_id)
            if policy is None or policy.kind != sort.kind:
                raise sort.absent()
            if not policy.managed or account.kernel.switch(MANAGED_LIMIT.name) == "limited":
                _check_room(account, sort, policy_id, own)


def _check_room(account: Account, sort: Sort, policy_id: str, own: Distribution | None) -> None:
    users = [each for each in account.cloudfront.users(sort.kind, policy_id) if each is not own]
    if len(users) >= account.quota(f"distributions_per_{sort.quota.removesuffix('ies')}y", MOST_PER_POLICY):
        message = f"The maximum number of distributions have been associated with the specified {sort.words}."
        raise Refusal(400, f"TooManyDistributionsAssociatedTo{sort.noun}", f"{message} {words.QUOTAS}")


def add(
    account: Account, config: Config, tags: Mapping[str, str], now: float, made_id: str = ""
) -> Distribution:
    """Keep a new distribution of a config that was admitted; it is not at the edge yet."""
    cloud = account.cloudfront
    distribution_id = made_id or f"E{cloud.new_id('distribution')}"
    arn = cloud.arn(distribution_id)
    made = Distribution(
        id=distribution_id, config=config, changed=now, deployed=now, arn=arn, tags=dict(tags), made=now
    )
    made.deployed = now + made.latency(cloud.deployment_s)
    cloud.distributions[made.id] = made
    cloud.references.add(config["CallerReference"])
    cloud.revision += 1
    return made


def _create(call: Call, given: Mapping[str, Any], tags: Mapping[str, str]) -> Answer:
    throttle(call)
    account, cloud = call.account, call.account.cloudfront
    repeated = _repeated(call, given)
    if repeated is not None:
        return _answer(call, repeated, Location=_location(repeated))
    check_tags(account, {}, tags)
    if len(cloud.distributions) >= account.quota("distributions", MOST_DISTRIBUTIONS):
        message = (
            "Processing your request would cause you to exceed the maximum number of distributions allowed."
        )
        raise Refusal(400, "TooManyDistributions", message)
    made = add(account, admit(account, given, None, call.now), tags, call.now)
    return _answer(call, made, Location=_location(made))


def _repeated(call: Call, given: Mapping[str, Any]) -> Distribution | None:
    """Give what an earlier call of the same reference made, where that is answered again. Raises Refusal."""
    cloud, reference = call.account.cloudfront, given["CallerReference"]
    message = (
        "The caller reference that you are using to create a distribution is associated with another "
        "distribution."
    )
    for each in cloud.distributions.values():
        if each.config["CallerReference"] == reference:
            same = complete(given, call.kernel.switch(HTTP_VERSION.name)) == each.config
            if same and call.kernel.switch(REPEATED_CREATE.name) == "same-content-returns":
                return each
            raise Refusal(409, "DistributionAlreadyExists", f"{message} Already exists: {each.id}")
    if reference in cloud.references and call.kernel.switch(FREED_REFERENCE.name) == "taken":
        raise Refusal(409, "DistributionAlreadyExists", message)
    return None


def _plain(call: Call) -> Answer:
    return _create(call, call.params["DistributionConfig"], {})


def _with_tags(call: Call) -> Answer:
    both = call.params["DistributionConfigWithTags"]
    tags = {tag["Key"]: tag.get("Value", "") for tag in both["Tags"].get("Items") or []}
    return _create(call, both["DistributionConfig"], tags)


def _location(distribution: Distribution) -> str:
    return f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution.id}"


def _answer(call: Call, distribution: Distribution, **more: Any) -> Answer:
    return Answer({"Distribution": shown(distribution, call.now), "ETag": distribution.etag, **more})


def shown(distribution: Distribution, now: float) -> dict[str, Any]:
    """Give a distribution as GetDistribution answers it."""
    nobody = {"Enabled": False, "Quantity": 0}
    running = [each for each in distribution.invalidations if each.completed > now]
    return {
        **_head(distribution, distribution.changed, now),
        "InProgressInvalidationBatches": len(running),
        "DomainName": distribution.domain_name,
        "ActiveTrustedSigners": nobody,
        "ActiveTrustedKeyGroups": nobody,
        "DistributionConfig": distribution.config,
        "AliasICPRecordals": _recordals(distribution.config),
    }


def _head(distribution: Distribution, changed: float, now: float) -> dict[str, Any]:
    return {
        "Id": distribution.id,
        "ARN": distribution.arn,
        "Status": distribution.status(now),
        "LastModifiedTime": changed,
    }


def _recordals(config: Config) -> list[dict[str, str]]:
    names = config["Aliases"].get("Items") or []
    return [{"CNAME": name, "ICPRecordalStatus": "APPROVED"} for name in names]


def _get(call: Call) -> Answer:
    return _answer(call, find(call, call.params["Id"]))


def _get_config(call: Call) -> Answer:
    found = find(call, call.params["Id"])
    return Answer({"DistributionConfig": found.config, "ETag": found.etag})


def _update(call: Call) -> Answer:
    throttle(call)
    found = find(call, call.params["Id"])
    words.check_version(call.params.get("IfMatch"), found.etag)
    given = call.params["DistributionConfig"]
    if given["CallerReference"] != found.config["CallerReference"]:
        raise words.illegal_update()
    if call.kernel.switch(LEFT_OUT.name) == "refused":
        check_whole(given)
    if given.get("ConnectionMode", "direct") != found.config["ConnectionMode"]:
        raise words.illegal_update()
    call.account.cloudfront.write(found, admit(call.account, given, found, call.now), call.now)
    return _answer(call, found)


def _delete(call: Call) -> Answer:
    throttle(call)
    found = find(call, call.params["Id"])
    words.check_version(call.params.get("IfMatch"), found.etag)
    if found.plan is not None:
        raise Refusal(412, "PreconditionFailed", words.SUBSCRIBED)
    if found.enabled or found.status(call.now) != "Deployed":
        message = "The distribution you are trying to delete has not been disabled."
        raise Refusal(409, "DistributionNotDisabled", message)
    call.account.cloudfront.delete(found, call.now)
    return Answer()


def _list(call: Call) -> Answer:
    """List in the order of ids, so that a marker holds its place when what it names is deleted meanwhile."""
    lag_s = 0.0 if call.kernel.switch(LIST_LAG.name) == "none" else LAG_S
    listed = sorted(_listed(call, lag_s), key=lambda each: each.id)
    marker = call.params.get("Marker", "")
    rest = [each for each in listed if each.id > marker]
    chosen, size, following = page(call, rest, lambda each: each.id, marked=True)
    rows = [
        _summary(each, each.former if each.changed > call.now - lag_s else {}, call.now) for each in chosen
    ]
    return Answer({"DistributionList": _page_of(call, rows, size, following)})


def _listed(call: Call, lag_s: float) -> list[Distribution]:
    """Give all that are there, or were some seconds ago."""
    cloud, then = call.account.cloudfront, call.now - lag_s
    gone = [each for each in cloud.deleted.values() if each.gone is not None and each.gone > then]
    return [each for each in (*cloud.distributions.values(), *gone) if each.made <= then]


def _summary(distribution: Distribution, former: Mapping[str, Any], now: float) -> dict[str, Any]:
    config = former.get("config", distribution.config)
    head = _head(distribution, former.get("changed", distribution.changed), now)
    return {
        **head,
        "ETag": former.get("etag", distribution.etag),
        "DomainName": distribution.domain_name,
        **{key: config[key] for key in _SUMMARY if key in config},
        "AliasICPRecordals": _recordals(config),
    }


def _page_of(call: Call, chosen: list[Any], size: int, following: str) -> dict[str, Any]:
    listed = {
        "Marker": call.params.get("Marker", ""),
        "MaxItems": size,
        "IsTruncated": bool(following),
        "Quantity": len(chosen),
    }
    listed |= {"Items": chosen} if chosen else {}
    return listed | ({"NextMarker": following} if following else {})


def _by_policy(sort: Sort) -> Handler:
    def handle(call: Call) -> Answer:
        policy_id = call.params[f"{sort.noun}Id"]
        policy = call.account.cloudfront.policies.get(policy_id) or MANAGED.get(policy_id)
        if policy is None or policy.kind != sort.kind:
            raise sort.absent()
        ids = [each.id for each in call.account.cloudfront.users(sort.kind, policy_id)]
        chosen, size, following = page(call, ids, str)
        return Answer({"DistributionIdList": _page_of(call, chosen, size, following)})

    return handle


HANDLERS: Mapping[str, Handler] = {
    "CreateDistribution": _plain,
    "CreateDistributionWithTags": _with_tags,
    "GetDistribution": _get,
    "GetDistributionConfig": _get_config,
    "UpdateDistribution": _update,
    "DeleteDistribution": _delete,
    "ListDistributions": _list,
    **{f"ListDistributionsBy{sort.noun}Id": _by_policy(sort) for sort in SORTS.values()},
}
