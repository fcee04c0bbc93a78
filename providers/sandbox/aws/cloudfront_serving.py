"""What the edge asks: who serves a host, by which config, now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from .cloudfront_managed import MANAGED
from .cloudfront_state import (
    Config,
    Distribution,
    Invalidation,
    Store,
    aliases_of,
    behaviors_of,
    certificate_of,
    specificity,
)


@dataclass(frozen=True, slots=True)
class Served:
    """One distribution as the edge knows it at a moment, which may be behind what the API was told last."""

    account: str
    id: str
    domain_name: str
    match: int  # how specific the name is that the host matches; the highest serves
    config: Config
    policies: Mapping[str, Config]  # as the edge knows them, by id
    invalidations: tuple[Invalidation, ...]

    @property
    def enabled(self) -> bool:
        """Whether it serves at all."""
        return bool(self.config["Enabled"])

    @property
    def certificate_arn(self) -> str:
        """Its certificate from ACM; empty where it has that of cloudfront.net."""
        return certificate_of(self.config)

    def behavior(self, path: str) -> Config:
        """Give the cache behavior for a path: the first whose pattern fits, else the default one."""
        fitting = (each for each in behaviors_of(self.config) if fits(each.get("PathPattern", "*"), path))
        return next(fitting)

    def origin(self, behavior: Config) -> Config:
        """Give the origin of a behavior; of an origin group its first member."""
        wanted = behavior["TargetOriginId"]
        for group in self.config["OriginGroups"].get("Items") or []:
            if group["Id"] == wanted:
                wanted = group["Members"]["Items"][0]["OriginId"]
        found: Config = next(each for each in self.config["Origins"]["Items"] if each["Id"] == wanted)
        return found

    def cache_policy(self, behavior: Config) -> Config | None:
        """Give the CachePolicyConfig of a behavior; None where it has legacy settings."""
        return self.policies.get(behavior.get("CachePolicyId", ""))

    def origin_request_policy(self, behavior: Config) -> Config | None:
        """Give the OriginRequestPolicyConfig of a behavior, if it has one."""
        return self.policies.get(behavior.get("OriginRequestPolicyId", ""))

    def forgotten(self, path: str, since: float, now: float) -> bool:
        """Say whether what was cached of a path at `since` has been invalidated."""
        return any(
            since < each.completed <= now
            and any(fits(p, path) for p in each.batch["Paths"].get("Items") or [])
            for each in self.invalidations
        )


def fits(pattern: str, path: str) -> bool:
    """Say whether a path pattern fits: `*` any characters, `?` one, the leading slash left out or not."""
    return _compiled(pattern.removeprefix("/")).fullmatch(path.removeprefix("/")) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    words = {"*": ".*", "?": "."}
    return re.compile("".join(words.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


def served(store: Store, host: str, now: float) -> Served | None:
    """Give an account's distribution for a host, as the edge knows it; None where it has none for it."""
    best: tuple[int, Distribution, Config] | None = None
    for each in store.candidates(host):
        config = each.edge(now)
        if config is None:
            continue
        match = specificity((*aliases_of(config), each.domain_name), host)
        if match and (best is None or match > best[0]):
            best = (match, each, config)
    if best is None:
        return None
    match, found, config = best
    policies = _policies(store, config, now)
    return Served(
        store.number, found.id, found.domain_name, match, config, policies, tuple(found.invalidations)
    )


def _policies(store: Store, config: Config, now: float) -> dict[str, Config]:
    named = {
        b.get(key, "") for b in behaviors_of(config) for key in ("CachePolicyId", "OriginRequestPolicyId")
    }
    found = {}
    for policy_id in named - {""}:
        policy = store.policies.get(policy_id) or MANAGED.get(policy_id)
        edge = policy.edge(now) if policy else None
        if edge is not None:
            found[policy_id] = edge
    return found


def serving(stores: Iterable[Store], host: str, now: float) -> Served | None:
    """Give what serves a host of all CloudFront: the most specific name wins, whosever it is."""
    name = host.lower().rstrip(".")
    found = [each for each in (served(store, name, now) for store in stores) if each is not None]
    return max(found, key=lambda each: each.match, default=None)
