"""Cache policies and origin request policies: shared, named by what they say, sharded. Pure.

AWS lets 100 distributions use one policy (docs: CloudFront Developer Guide, "Quotas on policies"), so a name
ends in a number and the next hundred use the next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from providers.aws.cdn_names import POLICIES, POLICY_WORD, policy_name
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
    word = POLICY_WORD[kind]
    inner = native.get(word, native)
    config = inner[f"{word}Config"]
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
    query_strings = ("target",) if words[-1] == "target" else ()
    if words[0] == "request":
        return attrs(**_named(headers=("User-Agent",), query_strings=query_strings))
    low, default, high = map(int, words[1:4])
    # docs: CachePolicyConfig: compressed answers are kept apart only where something is kept.
    return attrs(
        min_ttl=low,
        default_ttl=default,
        max_ttl=high,
        accept_encoding_gzip=high > 0,
        accept_encoding_brotli=high > 0,
        **_named(query_strings=query_strings),
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
        accept_encoding_gzip=bool(inner.get("EnableAcceptEncodingGzip")),
        accept_encoding_brotli=bool(inner.get("EnableAcceptEncodingBrotli")),
        **_forwarding(inner),
    )


_MEMBERS = {"header": "Header", "cookie": "Cookie", "query_string": "QueryString"}
"""What of a request a policy names, as attributes say it and as CloudFront does."""


def _named(**names: tuple[str, ...]) -> dict[str, object]:
    """Return the attributes of a policy that lets these names through, and of each other kind none."""
    found: dict[str, object] = {}
    for attr in _MEMBERS:
        named = names.get(f"{attr}s", ())
        found |= {f"{attr}_behavior": "whitelist" if named else "none", f"{attr}s": named}
    return found


def _forwarding(config: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for attr, word in _MEMBERS.items():
        member = config.get(f"{word}sConfig") or {}
        found[f"{attr}_behavior"] = member.get(f"{word}Behavior")
        found[f"{attr}s"] = tuple(sorted(items(member.get(f"{word}s"))))
    return found


def native_of(kind: str, name: str, content: Attrs, comment: str) -> dict[str, Any]:
    """Return a policy's whole configuration."""
    found: dict[str, Any] = {"Name": name, "Comment": comment}
    forwarding = {
        f"{word}sConfig": _native_member(word, content[f"{attr}_behavior"], content[f"{attr}s"])
        for attr, word in _MEMBERS.items()
    }
    if kind == REQUEST_POLICY:
        return {**found, **forwarding}
    return {
        **found,
        "MinTTL": content["min_ttl"],
        "DefaultTTL": content["default_ttl"],
        "MaxTTL": content["max_ttl"],
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": content["accept_encoding_gzip"],
            "EnableAcceptEncodingBrotli": content["accept_encoding_brotli"],
            **forwarding,
        },
    }


def _native_member(word: str, behavior: Value, names: Value) -> dict[str, Any]:
    found = {f"{word}Behavior": behavior}
    return {**found, f"{word}s": listed(names)} if isinstance(names, tuple) and names else found


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
        number = next(n for n in count() if counts.get(f"{base}-{n}", 0) < room)
        found[host] = f"{base}-{number}"
        counts[found[host]] = counts.get(found[host], 0) + 1
    return found
