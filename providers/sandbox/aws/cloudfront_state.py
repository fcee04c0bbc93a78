"""CloudFront in one account: distributions and policies, each a function of time.

What the edge does follows what the API was told by some minutes: `Deploying` keeps both.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Config = dict[str, Any]
Kind = Literal["cache", "origin-request"]

DEPLOYMENT_S = 180.0  # docs: "usually within minutes"; how long exactly differs from one to the next
STAGGER_S = 60.0
INVALIDATION_S = 60.0
DISASSOCIATION_S = 120.0  # how long ACM still counts a deleted distribution as a user of its certificate
KEPT_S = 600.0  # how long deleted distributions are remembered
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def derived(*parts: object, length: int = 13) -> str:
    """Give capitals and digits that stand for the parts."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return "".join(_ALPHABET[byte % 36] for byte in digest)[:length]


@dataclass(slots=True)
class Deploying:
    """A config that is on its way to the edge: until `deployed`, the edge does what `served` says."""

    id: str
    config: Config
    changed: float  # sandbox time of the last write
    deployed: float
    served: Config | None = None  # None: the edge does not know it yet
    writes: int = 1
    former: dict[str, Any] = field(default_factory=dict)  # config, changed and ETag before the last write

    @property
    def etag(self) -> str:
        """The version that a write must name; another one after each write."""
        return f"E{derived('etag', self.id, self.writes)}"

    def edge(self, now: float) -> Config | None:
        """Give the config that the edge follows."""
        return self.config if now >= self.deployed else self.served

    def write(self, config: Config, now: float, deployment_s: float) -> None:
        """Take another config; it reaches the edge after `deployment_s` and a little that differs by id."""
        self.former = {"config": self.config, "changed": self.changed, "etag": self.etag}
        self.served = self.edge(now)
        self.config = config
        self.writes += 1
        self.changed = now
        self.deployed = now + self.latency(deployment_s)

    def latency(self, deployment_s: float) -> float:
        """Give how long this write takes to the edge: the same in each run, a little other for each id."""
        share = int(hashlib.sha256(f"{self.id}/{self.writes}".encode()).hexdigest()[:4], 16) / 0x10000
        return deployment_s + share * min(STAGGER_S, deployment_s / 3)


@dataclass(slots=True)
class Policy(Deploying):
    """One custom policy; `config` is a CachePolicyConfig or an OriginRequestPolicyConfig."""

    kind: Kind = "cache"
    managed: bool = False

    @property
    def name(self) -> str:
        """The name, unique in the account."""
        return str(self.config["Name"])


@dataclass(slots=True)
class Invalidation:
    """Paths that the edge forgets; done at `completed`."""

    id: str
    batch: dict[str, Any]
    created: float
    completed: float


@dataclass(slots=True)
class Distribution(Deploying):
    """One distribution; `plan` is its flat-rate plan (family, tier), if any."""

    arn: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    plan: dict[str, str] | None = None
    made: float = 0.0
    gone: float | None = None  # when it was deleted
    named: str = ""  # its own name at the edge, where the world gives one
    invalidations: list[Invalidation] = field(default_factory=list)

    @property
    def domain_name(self) -> str:
        """Its own name at the edge."""
        return self.named or f"d{derived('domain', self.arn, length=13).lower()}.cloudfront.net"

    @property
    def aliases(self) -> list[str]:
        """Its alternate domain names as last written."""
        return aliases_of(self.config)

    @property
    def enabled(self) -> bool:
        """Whether it is to serve, as last written."""
        return bool(self.config["Enabled"])

    def holds(self, certificate_arn: str, now: float) -> bool:
        """Say whether it has a certificate in use: as written, at the edge, or for minutes after its end."""
        if self.gone is not None and now >= self.gone + DISASSOCIATION_S:
            return False
        return certificate_arn in (certificate_of(self.config), certificate_of(self.edge(now)))

    def status(self, now: float) -> str:
        """Give Deployed or InProgress."""
        return "Deployed" if now >= self.deployed else "InProgress"


def aliases_of(config: Mapping[str, Any]) -> list[str]:
    """Give the alternate domain names of a config."""
    return list((config.get("Aliases") or {}).get("Items") or [])


def behaviors_of(config: Mapping[str, Any]) -> list[Config]:
    """Give all cache behaviors of a config: those with a path pattern in order, the default one last."""
    return [*((config.get("CacheBehaviors") or {}).get("Items") or []), config["DefaultCacheBehavior"]]


def certificate_of(config: Mapping[str, Any] | None) -> str:
    """Give the ARN of the certificate from ACM that a config names, or nothing."""
    return str(((config or {}).get("ViewerCertificate") or {}).get("ACMCertificateArn", ""))


POLICY_FIELD: Mapping[Kind, str] = {"cache": "CachePolicyId", "origin-request": "OriginRequestPolicyId"}


def uses_policy(config: Mapping[str, Any], kind: Kind, policy_id: str) -> bool:
    """Say whether a behavior of the config names the policy."""
    return any(behavior.get(POLICY_FIELD[kind]) == policy_id for behavior in behaviors_of(config))


def specificity(aliases: Iterable[str], host: str) -> int:
    """Give how well names match a host: 0 not at all; the longest wins, an exact one over any wildcard.

    docs: "Using wildcards in alternate domain names": a wildcard stands for one label or more.
    """
    best = 0
    for alias in aliases:
        if alias == host:
            return 1000
        if alias.startswith("*.") and host.endswith(alias[1:]) and len(host) > len(alias[1:]):
            best = max(best, len(alias))
    return best


class Store:
    """What CloudFront keeps of one account."""

    def __init__(self, number: str) -> None:
        """Begin with nothing."""
        self.number = number
        self.distributions: dict[str, Distribution] = {}
        self.deleted: dict[str, Distribution] = {}
        self.policies: dict[str, Policy] = {}  # custom ones of both kinds
        self.references: set[str] = set()  # every CallerReference that ever made a distribution
        self.deployment_s = DEPLOYMENT_S
        self.made = 0
        self.revision = 0  # rises with each write
        self.written: list[float] = []  # when the API wrote, for the rates
        self._hosts: tuple[int, dict[str, list[str]]] = (-1, {})
        self._holders: tuple[int, dict[str, list[Distribution]]] = (-1, {})

    def new_id(self, kind: str) -> str:
        """Give what an id is made of, never the same twice."""
        self.made += 1
        return derived("id", self.number, kind, self.made)

    def arn(self, distribution_id: str) -> str:
        """Give the ARN of a distribution."""
        return f"arn:aws:cloudfront::{self.number}:distribution/{distribution_id}"

    def by_name(self, kind: Kind, name: str) -> Policy | None:
        """Give the custom policy of a name."""
        return next((each for each in self.of_kind(kind) if each.name == name), None)

    def of_kind(self, kind: Kind) -> Iterator[Policy]:
        """Give the custom policies of a kind, in the order they were made."""
        return (policy for policy in self.policies.values() if policy.kind == kind)

    def users(self, kind: Kind, policy_id: str) -> list[Distribution]:
        """Give the distributions that a policy is attached to."""
        return [each for each in self.distributions.values() if uses_policy(each.config, kind, policy_id)]

    def write(self, distribution: Distribution, config: Config, now: float) -> None:
        """Give a distribution another config."""
        distribution.write(config, now, self.deployment_s)
        self.revision += 1

    def delete(self, distribution: Distribution, now: float) -> None:
        """Take a distribution away; it is remembered for a while."""
        kept = {i: each for i, each in self.deleted.items() if (each.gone or 0.0) + KEPT_S > now}
        distribution.gone = now
        self.deleted = {**kept, distribution.id: self.distributions.pop(distribution.id)}
        self.revision += 1

    def uses(self, certificate_arn: str, now: float) -> list[str]:
        """Give the ARNs of the distributions that have a certificate in use, at the edge or as written."""
        revision, index = self._holders
        if revision != self.revision:
            index = self._certificates()
            self._holders = (self.revision, index)
        return [each.arn for each in index.get(certificate_arn, ()) if each.holds(certificate_arn, now)]

    def _certificates(self) -> dict[str, list[Distribution]]:
        """Give the distributions that name a certificate, or did so when they were written last."""
        index: dict[str, list[Distribution]] = {}
        for each in (*self.distributions.values(), *self.deleted.values()):
            for arn in {certificate_of(each.config), certificate_of(each.served)} - {""}:
                index.setdefault(arn, []).append(each)
        return index

    def candidates(self, host: str) -> list[Distribution]:
        """Give the distributions that might serve a host: by any name, written or still served."""
        revision, index = self._hosts
        if revision != self.revision:
            index = self._index()
            self._hosts = (self.revision, index)
        labels = host.split(".")
        keys = [host, *(f"*.{'.'.join(labels[n:])}" for n in range(1, len(labels)))]
        found = dict.fromkeys(each for key in keys for each in index.get(key, ()))
        return [self.distributions[each] for each in found]

    def _index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for each in self.distributions.values():
            names = {each.domain_name, *each.aliases, *aliases_of(each.served or {})}
            for name in names:
                index.setdefault(name, []).append(each.id)
        return index

    def as_data(self) -> dict[str, Any]:
        """Give the whole state as JSON values."""
        return {
            "distributions": [_as_data(each) for each in self.distributions.values()],
            "deleted": [_as_data(each) for each in self.deleted.values()],
            "policies": [_as_data(each) for each in self.policies.values()],
            "references": sorted(self.references),
            "deployment_s": self.deployment_s,
            "made": self.made,
        }

    def from_data(self, data: Mapping[str, Any]) -> None:
        """Take what `as_data` gave."""
        self.distributions = {each["id"]: _distribution(each) for each in data["distributions"]}
        self.deleted = {each["id"]: _distribution(each) for each in data["deleted"]}
        self.policies = {each["id"]: Policy(**each) for each in data["policies"]}
        self.references = set(data["references"])
        self.deployment_s = float(data["deployment_s"])
        self.made = int(data["made"])
        self.revision += 1


def _as_data(item: Any) -> dict[str, Any]:
    data = {each.name: copy.deepcopy(getattr(item, each.name)) for each in fields(item)}
    if isinstance(item, Distribution):
        data["invalidations"] = [_as_data(each) for each in item.invalidations]
    return data


def _distribution(data: Mapping[str, Any]) -> Distribution:
    return Distribution(**{**data, "invalidations": [Invalidation(**each) for each in data["invalidations"]]})
