"""Cache policies and origin request policies: shared, named by what they say, sharded. Pure.

AWS lets 100 distributions use one policy (docs: CloudFront Developer Guide, "Quotas on policies"), so a name
ends in a number and the next hundred use the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.aws.cdn_names import POLICIES, policy_name
from providers.aws.cdn_options import Wishes
from providers.aws.distributions import items, listed
from providers.aws.names import CACHE_POLICY, REQUEST_POLICY
from reconciler.model import Attrs, Resource, ResourceId, Value, attrs


@dataclass(frozen=True, slots=True)
class Policy:
    """A custom policy of the account: `config` is CloudFront's own."""

    id: str
    name: str
    kind: str
    config: Mapping[str, Any] = field(default_factory=dict)


def policy_from(kind: str, native: Mapping[str, Any]) -> Policy:
    """Read one line of ListCachePolicies or ListOriginRequestPolicies, or a policy by itself."""
    prefix = "CachePolicy" if kind == CACHE_POLICY else "OriginRequestPolicy"
    inner = native.get(prefix, native)
    config = inner[f"{prefix}Config"]
    return Policy(inner["Id"], config["Name"], kind, config)


# -- names
def cache_base(wishes: Wishes) -> str:
    """Name the cache policy that the options ask for, without its number."""
    ttl, tail = wishes.ttl, "-target" if _keyed(wishes) else ""
    return f"cache-{ttl.min}-{ttl.default}-{ttl.max}{tail}"


def request_base(wishes: Wishes) -> str:
    """Name the origin request policy that the options ask for, without its number."""
    return "request-ua-target" if wishes.forward_target else "request-ua"


def _keyed(wishes: Wishes) -> bool:
    return wishes.target_in_key and wishes.ttl.max > 0


_CACHE_KEY = re.compile(r"cache-\d+-\d+-\d+(-target)?-\d+")
_REQUEST_KEY = re.compile(r"request-ua(-target)?-\d+")


def key_of(policy: Policy, owner: str) -> str | None:
    """Return the key of a policy that the owner made, None for any other."""
    prefix = policy_name(owner, "")
    pattern = _CACHE_KEY if policy.kind == CACHE_POLICY else _REQUEST_KEY
    key = policy.name.removeprefix(prefix)
    return key if policy.name.startswith(prefix) and pattern.fullmatch(key) else None


def base_of(key: str) -> str:
    """Return a key without its number."""
    return key.rpartition("-")[0]


# -- content
def content_of(key: str) -> Attrs:
    """Return the settings that a policy with this key has: its name says them."""
    words = base_of(key).split("-")
    query = ("whitelist", "target") if words[-1] == "target" else ("none",)
    if words[0] == "request":
        return attrs(headers=("whitelist", "User-Agent"), cookies=("none",), query=query)
    low, default, high = map(int, words[1:4])
    # docs: CachePolicyConfig: compressed answers are kept apart only where something is kept.
    return attrs(
        min_ttl=low,
        default_ttl=default,
        max_ttl=high,
        headers=("none",),
        cookies=("none",),
        query=query,
        gzip=high > 0,
        brotli=high > 0,
    )


def content_from(policy: Policy) -> Attrs:
    """Return the settings that a live policy has."""
    if policy.kind == REQUEST_POLICY:
        return attrs(**_forwarding(policy.config))
    inner = policy.config.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    return attrs(
        min_ttl=policy.config.get("MinTTL"),
        default_ttl=policy.config.get("DefaultTTL"),
        max_ttl=policy.config.get("MaxTTL"),
        gzip=bool(inner.get("EnableAcceptEncodingGzip")),
        brotli=bool(inner.get("EnableAcceptEncodingBrotli")),
        **_forwarding(inner),
    )


_MEMBERS = {"headers": ("Header", "Headers"), "cookies": ("Cookie", "Cookies")}
_MEMBERS["query"] = ("QueryString", "QueryStrings")


def _forwarding(config: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, (singular, plural) in _MEMBERS.items():
        member = config.get(f"{plural}Config") or {}
        named = sorted(items(member.get(plural)))
        found[name] = (member.get(f"{singular}Behavior"), *named)
    return found


def native_of(kind: str, name: str, content: Attrs, comment: str) -> dict[str, Any]:
    """Return a policy's whole configuration."""
    found: dict[str, Any] = {"Name": name, "Comment": comment}
    forwarding = {
        f"{plural}Config": _native_member(singular, plural, content[attr])
        for attr, (singular, plural) in _MEMBERS.items()
    }
    if kind == REQUEST_POLICY:
        return {**found, **forwarding}
    return {
        **found,
        "MinTTL": content["min_ttl"],
        "DefaultTTL": content["default_ttl"],
        "MaxTTL": content["max_ttl"],
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": content["gzip"],
            "EnableAcceptEncodingBrotli": content["brotli"],
            **forwarding,
        },
    }


def _native_member(singular: str, plural: str, value: Value) -> dict[str, Any]:
    behavior, *named = value if isinstance(value, tuple) else (value,)
    found: dict[str, Any] = {f"{singular}Behavior": behavior}
    return {**found, plural: listed(named)} if named else found


# -- resources
def policy_resource(
    alias: str, owner: str | None, kind: str, key: str, live: Policy | None = None
) -> Resource:
    """Return the policy with this key as it is to be, or as it is."""
    return Resource(
        id=ResourceId(alias, kind, key),
        attrs=content_of(key) if live is None else content_from(live),
        container=POLICIES,
        outputs=attrs() if live is None else attrs(id=live.id, name=live.name),
        mark=owner,
    )


# -- who uses which
def assigned(
    base: str, standing: Mapping[str, str | None], users: Mapping[str, int], room: int
) -> dict[str, str]:
    """Return for each host the key of its policy.

    base      the key that the options ask for, without its number
    standing  for each host the key of the policy of ours that its distribution uses today, or None
    users     for each key how many distributions use the policy
    room      how many may use one
    A host stays where it is; a new one goes to the first policy that has room.
    """
    stays = {host: key for host, key in standing.items() if key is not None and base_of(key) == base}
    counts = dict(users)
    found = dict(stays)
    for host in sorted(standing.keys() - stays.keys()):
        number = next(n for n in _numbers() if counts.get(f"{base}-{n}", 0) < room)
        found[host] = f"{base}-{number}"
        counts[found[host]] = counts.get(found[host], 0) + 1
    return found


def _numbers() -> Iterable[int]:
    number = 0
    while True:
        yield number
        number += 1
