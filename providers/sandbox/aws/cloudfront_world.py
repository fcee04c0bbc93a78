"""What the world says of CloudFront in an account, and what an admin does to it behind tdr's back."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import entries, known, one_of, seconds, tags

from . import cloudfront_distributions, cloudfront_policies, validation
from .call import Refusal
from .cloudfront_policies import SORTS, Sort
from .cloudfront_state import Config, Distribution
from .cloudfront_viewer import conflicts
from .models import Shape, service_model

if TYPE_CHECKING:
    from .account import Account

AGE_S = 30 * 86400.0  # how long the world's distributions and policies have been there
LISTS = ("distributions", "cache_policies", "origin_request_policies")
WORLD_KEYS = (*LISTS, "deployment_s")
DISTRIBUTION_KEYS = ("id", "domain_name", "aliases", "config", "tags", "plan")
DISTRIBUTION_CHANGES = ("config", "aliases", "enabled", "web_acl", "tags", "plan", "deployed", "delete")
PLAN_KEYS = ("family", "tier")
TIERS = ("FREE", "PRO", "BUSINESS", "PREMIUM")
_LEAVES: Mapping[str, type] = {"boolean": bool, "string": str, "integer": int, "long": int}
_DEFAULTS: Config = {
    "Comment": "",
    "Enabled": True,
    "DefaultCacheBehavior": {
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    },
}
_ORIGIN: Config = {
    "Id": "origin",
    "DomainName": "origin.example.com",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"},
}


def read(account: Account, section: Mapping[str, Any], at: str) -> None:
    """Take an account's CloudFront from its section of the world. Raises WorldError."""
    _deployment(account, section, at)
    made = account.kernel.now() - AGE_S
    for sort in SORTS.values():
        for where, entry in entries(section.get(sort.quota), f"{at}.{sort.quota}"):
            _add_policy(account, sort, entry, made, where)
    for where, entry in entries(section.get("distributions"), f"{at}.distributions"):
        add(account, entry, made, where)


def _deployment(account: Account, section: Mapping[str, Any], at: str) -> None:
    if "deployment_s" in section:
        taking = "a change takes to the edge"
        account.cloudfront.deployment_s = seconds(section["deployment_s"], f"{at}.deployment_s", taking)


@contextmanager
def _mistake_at(at: str) -> Iterator[None]:
    """What the API would refuse is a mistake at this place."""
    try:
        yield
    except Refusal as refusal:
        raise WorldError(at, f"{refusal.message} ({refusal.code})") from refusal


def _add_policy(account: Account, sort: Sort, entry: Any, now: float, at: str) -> None:
    given = known(entry, ("id", "config"), at)
    config = _written(given.get("config") or {}, f"{sort.noun}Config", f"{at}.config")
    if sort.kind == "cache":
        config.setdefault("MinTTL", 0)
        config.setdefault("ParametersInCacheKeyAndForwardedToOrigin", {}).setdefault(
            "EnableAcceptEncodingGzip", False
        )
    parts = config if sort.kind != "cache" else config["ParametersInCacheKeyAndForwardedToOrigin"]
    for part, behavior in (("Headers", "Header"), ("Cookies", "Cookie"), ("QueryStrings", "QueryString")):
        parts.setdefault(f"{part}Config", {f"{behavior}Behavior": "none"})
    _check(config, f"{sort.noun}Config", f"{at}.config")
    with _mistake_at(f"{at}.config"):
        cloudfront_policies.add(account, sort, config, now, str(given.get("id", "")))


def add(account: Account, entry: Any, now: float, at: str) -> Distribution:
    """Add a distribution as the world writes it, deployed long ago. Raises WorldError."""
    given = known(entry, DISTRIBUTION_KEYS, at)
    config = merged(_DEFAULTS, _written(given.get("config") or {}, "DistributionConfig", f"{at}.config"))
    aliases = [str(alias) for alias in given.get("aliases") or []]
    if aliases:
        config["Aliases"] = {"Quantity": len(aliases), "Items": aliases}
        config.setdefault("ViewerCertificate", _certificate(account, aliases, account.kernel.now()))
    config.setdefault("CallerReference", f"world/{given.get('id', at)}")
    config.setdefault("Origins", {"Quantity": 1, "Items": [copy.deepcopy(_ORIGIN)]})
    first = (config["Origins"].get("Items") or [{}])[0]
    config["DefaultCacheBehavior"].setdefault("TargetOriginId", first.get("Id", ""))
    if "ForwardedValues" in config["DefaultCacheBehavior"]:
        config["DefaultCacheBehavior"].pop("CachePolicyId", None)
    for alias in aliases:
        if any(held == alias for _, held, _ in conflicts(account, alias)):
            raise WorldError(f"{at}.aliases", f"another distribution has {alias}: an alias is unique")
    _check(config, "DistributionConfig", f"{at}.config")
    with _mistake_at(f"{at}.config"):
        kept = cloudfront_distributions.settled(account, config)
        cloudfront_distributions.check_policies(account, kept, None)
    tagged = tags(given.get("tags"), f"{at}.tags")
    made = cloudfront_distributions.add(account, kept, tagged, now, str(given.get("id", "")))
    made.plan = _plan(given.get("plan"), f"{at}.plan")
    made.named = _own_name(given.get("domain_name"), f"{at}.domain_name")
    made.deployed = now
    return made


def _own_name(given: Any, at: str) -> str:
    if given is None:
        return ""
    if not re.fullmatch(r"d[0-9a-z]+\.cloudfront\.net", str(given)):
        raise WorldError(at, "write the distribution's own name, such as d111111abcdef8.cloudfront.net")
    return str(given)


def _certificate(account: Account, aliases: list[str], now: float) -> Config:
    """Give what a distribution with aliases has that names no certificate: an issued one that covers them."""
    for each in account.acm.all.values():
        covered = all(each.covers(alias) for alias in aliases)
        if each.region == "us-east-1" and covered and each.status(now) == "ISSUED":
            return {
                "ACMCertificateArn": each.arn,
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            }
    return {}  # as distributions had them before 2019, when aliases came to need a certificate


def _plan(given: Any, at: str) -> dict[str, str] | None:
    if given is None:
        return None
    tier = one_of(str(known(given, PLAN_KEYS, at).get("tier", "")).upper(), TIERS, f"{at}.tier")
    return {"family": str(given.get("family", "CLOUDFRONT")), "tier": tier}


def _written(given: Any, shape: str, at: str) -> Config:
    """Give a raw config with its quantities; members that the API does not have are mistakes."""
    _check_members(service_model("cloudfront").shape_for(shape), given, at)
    counted: Config = _counted(given)
    return counted


def _check_members(shape: Shape, given: Any, at: str) -> None:
    if shape.type_name == "structure":
        for key, value in known(given, tuple(shape.members), at).items():
            _check_members(shape.members[key], value, f"{at}.{key}")
    elif shape.type_name == "list":
        for where, value in entries(given, at):
            _check_members(shape.member, value, where)
    elif not isinstance(given, _LEAVES[shape.type_name]) or isinstance(given, bool) is not (
        shape.type_name == "boolean"
    ):
        raise WorldError(at, f"{given!r} is no {shape.type_name}")


def _check(config: Config, shape: str, at: str) -> None:
    """Find what the API's model would not let pass: required members, values of an enumeration."""
    if found := validation.mistakes(service_model("cloudfront").shape_for(shape), config):
        raise WorldError(at, found[0])


def _counted(value: Any) -> Any:
    if isinstance(value, Mapping):
        counted = {key: _counted(each) for key, each in value.items()}
        if "Items" in counted and "Quantity" not in counted:
            counted = {"Quantity": len(counted["Items"]), **counted}
        return counted
    return [_counted(each) for each in value] if isinstance(value, list) else value


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Config:
    """Give one config over another: mappings are merged, everything else replaced."""
    out = copy.deepcopy(dict(base))
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        listed = isinstance(value, Mapping) and "Quantity" in value
        out[key] = merged(out[key], value) if both and not listed else copy.deepcopy(value)
    return out


def patch(account: Account, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change CloudFront as somebody else with the account's rights would; gives what was made, by place.

    {"distributions": {"E1 or click.example.com": {"web_acl": "arn:…", "enabled": false, "aliases": [],
     "config": {"Comment": "…"}, "tags": {}, "plan": {"tier": "FREE"}, "deployed": true, "delete": true}},
     "cache_policies": {"ID or name": {"MaxTTL": 60}}, "add": {"distributions": […]}, "deployment_s": 0}
    A change is deployed as the API's are. `delete` asks nothing. Raises ControlError.
    """
    try:
        return _patch(account, known(changes, (*WORLD_KEYS, "add"), "cloudfront"))
    except WorldError as error:
        raise ControlError(str(error)) from error


def _patch(account: Account, given: Mapping[str, Any]) -> dict[str, Any]:
    _deployment(account, given, "cloudfront")
    out: dict[str, Any] = {}
    now = account.kernel.now()
    added = known(given.get("add") or {}, LISTS, "cloudfront.add")
    for sort in SORTS.values():
        for where, entry in entries(added.get(sort.quota), f"add.{sort.quota}"):
            _add_policy(account, sort, entry, now, where)
        for name, config in (given.get(sort.quota) or {}).items():
            _change_policy(account, sort, str(name), config, now)
    for where, entry in entries(added.get("distributions"), "add.distributions"):
        out[where] = add(account, entry, now, where).id
    for name, change in (given.get("distributions") or {}).items():
        found = _distribution(account, str(name))
        _change(account, found, known(change, DISTRIBUTION_CHANGES, f"distributions.{name}"), now)
        out[str(name)] = found.id
    return out


def _distribution(account: Account, name: str) -> Distribution:
    for each in account.cloudfront.distributions.values():
        if name == each.id or name in each.aliases:
            return each
    have = ", ".join(account.cloudfront.distributions) or "none"
    raise ControlError(f"there is no distribution {name}: there are {have}", 404)


def _change(account: Account, found: Distribution, change: Mapping[str, Any], now: float) -> None:
    if change.get("delete"):
        account.cloudfront.delete(found, now)
        return
    at = f"distributions.{found.id}"
    edits: Mapping[str, Callable[[Any], Config]] = {
        "config": lambda value: _written(value, "DistributionConfig", f"{at}.config"),
        "aliases": lambda value: {"Aliases": _counted({"Items": list(value)})},
        "enabled": lambda value: {"Enabled": bool(value)},
        "web_acl": lambda value: {"WebACLId": str(value or "")},
    }
    config = found.config
    for key, edit in edits.items():
        if key in change:
            config = merged(config, edit(change[key]))
    if config != found.config:
        _check(config, "DistributionConfig", at)
        with _mistake_at(at):
            account.cloudfront.write(found, cloudfront_distributions.settled(account, config), now)
    if "tags" in change:
        found.tags = tags(change["tags"], f"{at}.tags")
    if "plan" in change:
        found.plan = _plan(change["plan"], f"{at}.plan")
    if change.get("deployed"):
        found.deployed = now
    account.cloudfront.revision += 1


def _change_policy(account: Account, sort: Sort, name: str, config: Any, now: float) -> None:
    cloud = account.cloudfront
    policy = cloud.policies.get(name) or cloud.by_name(sort.kind, name)
    if policy is None:
        have = ", ".join(each.name for each in cloud.of_kind(sort.kind)) or "none"
        raise ControlError(f"there is no {sort.words} {name}: there are {have}", 404)
    if config is None:
        del cloud.policies[policy.id]
    else:
        at = f"{sort.quota}.{name}"
        with _mistake_at(at):
            kept = sort.check(merged(policy.config, _written(config, f"{sort.noun}Config", at)))
        policy.write(kept, now, cloud.deployment_s)
    cloud.revision += 1
