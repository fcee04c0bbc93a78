"""What the account holds that concerns the cdn part, as one value. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from providers.aws.cdn_names import (
    DISTRIBUTIONS,
    HOST_TAG,
    OWNER_TAG,
    POLICY_WORD,
    marked_by_comment,
    spare_key,
)
from providers.aws.certificates import Certificate, certificate_resource, own
from providers.aws.distributions import items, origin_of, settings
from providers.aws.names import CACHE_POLICY, CERTIFICATE, DISTRIBUTION, REQUEST_POLICY
from providers.aws.policies import Policy, key_of, policy_resource
from reconciler.model import Resource, ResourceId, attrs

_SPARKPOST = (".spgo.io", ".e.sparkpost.com")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution as ListDistributions tells of it: `config` is that line, `owner` and `host` its mark."""

    id: str
    arn: str
    domain_name: str
    status: str
    config: Mapping[str, Any]
    etag: str | None = None
    owner: str | None = None
    host: str | None = None

    @property
    def aliases(self) -> tuple[str, ...]:
        return tuple(sorted(alias.lower() for alias in items(self.config.get("Aliases"))))

    @property
    def enabled(self) -> bool:
        return bool(self.config.get("Enabled"))

    @property
    def deployed(self) -> bool:
        return self.status == "Deployed"

    @property
    def certificate(self) -> str | None:
        found: str | None = (self.config.get("ViewerCertificate") or {}).get("ACMCertificateArn")
        return found

    def policies(self, kind: str) -> frozenset[str]:
        """Return the ids of the policies of a kind that any of its behaviours uses."""
        name = f"{POLICY_WORD[kind]}Id"
        behaviors = [
            self.config.get("DefaultCacheBehavior") or {},
            *items(self.config.get("CacheBehaviors")),
        ]
        return frozenset(b[name] for b in behaviors if b.get(name))

    def policy(self, kind: str) -> str | None:
        """Return the id of the policy that its default behaviour uses."""
        name = f"{POLICY_WORD[kind]}Id"
        found: str | None = (self.config.get("DefaultCacheBehavior") or {}).get(name)
        return found


def distribution_from(native: Mapping[str, Any], tags: Mapping[str, str]) -> Distribution:
    """Read one line of ListDistributions; tags tell more surely whose it is than its comment.

    A staging distribution has its comment from the one that somebody copied (docs: CopyDistribution).
    """
    copied = native.get("Staging", False)
    owner, host = (None if copied else marked_by_comment(native.get("Comment") or "")) or (None, None)
    return Distribution(
        id=native["Id"],
        arn=native["ARN"],
        domain_name=native["DomainName"],
        status=native["Status"],
        config=native,
        etag=native.get("ETag"),
        owner=tags.get(OWNER_TAG, owner),
        host=tags.get(HOST_TAG, host),
    )


def is_sparkpost(origin: str, wanted: str | None = None) -> bool:
    """Tell whether an origin is SparkPost's tracking host, by name or because the file says so."""
    name = origin.lower()
    return name in ("spgo.io", wanted) or name.endswith(_SPARKPOST)


@dataclass(frozen=True, slots=True)
class _Index:
    """What a state is asked for again and again, for hundreds of hosts.

    serving       by host its distribution
    certificates  by ARN
    own           by host the owner's certificates for it
    keys          by kind the owner's policies: the key by the id
    """

    serving: Mapping[str, Distribution]
    certificates: Mapping[str, Certificate]
    own: Mapping[str, tuple[Certificate, ...]]
    keys: Mapping[str, Mapping[str, str]]


def _index_of(state: CdnState) -> _Index:
    mine = [d for d in state.distributions if d.owner == state.owner and d.host and not d.aliases]
    own_of: dict[str, tuple[Certificate, ...]] = {}
    for one in state.certificates:
        if one.owner == state.owner and one.host:
            own_of[one.host] = (*own_of.get(one.host, ()), one)
    keys: dict[str, dict[str, str]] = {}
    for policy in state.policies:
        if (key := key_of(policy, state.owner)) is not None:
            keys.setdefault(policy.kind, {})[policy.id] = key
    return _Index(
        # Of several the first counts, and one that has the alias before one that has none.
        serving={
            **{d.host: d for d in reversed(mine) if d.host},
            **{alias: d for d in reversed(state.distributions) for alias in d.aliases},
        },
        certificates={c.arn: c for c in state.certificates},
        own=own_of,
        keys=keys,
    )


@dataclass(frozen=True, slots=True)
class CdnState:
    """What was read.

    origins  for each host of the scope the origin that its edge is to ask
    plans    for the ARN of each distribution with a flat-rate plan its tier
    unseen   why the flat-rate plans could not be asked for; empty where they were, or need not be
    at       the vendor's time of the answer, None where it was not told
    """

    alias: str
    owner: str
    account: str
    distributions: tuple[Distribution, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    policies: tuple[Policy, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, str] = field(default_factory=dict)
    unseen: str = ""
    at: datetime | None = None
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _index_of(self))

    def serving(self, host: str) -> Distribution | None:
        """Return the distribution that has the host as an alias, else one that the owner made for it."""
        return self._index.serving.get(host)

    @property
    def served(self) -> frozenset[str]:
        """Return the hosts that one of the account's distributions serves, or is to."""
        return frozenset(self._index.serving)

    def certificate(self, arn: str | None) -> Certificate | None:
        """Return the certificate with this ARN."""
        return self._index.certificates.get(arn or "")

    def own_certificate(self, host: str) -> Certificate | None:
        """Return the owner's certificate that serves host, or is to; else the former owner's that serves it.

        Whose claim is taken over leaves that one behind, too.
        """
        live = self.serving(host)
        used = self.certificate(live.certificate) if live else None
        mine = own(self._index.own.get(host, ()), self.owner, host, used.arn if used else None)
        if mine is not None or used is None or used.owner is None or host not in self.origins:
            return mine
        return own((used,), used.owner, host, used.arn)

    def users(self, kind: str) -> Counter[str]:
        """Return by id how many distributions use each policy of a kind."""
        return Counter(id_ for d in self.distributions for id_ in d.policies(kind))

    def policy_keys(self, kind: str) -> Mapping[str, str]:
        """Return for each policy of the owner its key, by id."""
        return self._index.keys.get(kind, {})

    # -- as resources
    def resources(self) -> tuple[Resource, ...]:
        """Return all that bears the owner's mark, and the distributions of the scope's hosts."""
        return (*self._certificates(), *self._policies(), *self._distributions())

    def _concerns(self, owner: str | None, host: str | None) -> bool:
        return host is not None and (owner == self.owner or host in self.origins)

    def _certificates(self) -> Iterator[Resource]:
        for one in self.certificates:
            if one.host is None:
                continue
            serves = self.own_certificate(one.host) == one
            if serves or one.owner == self.owner:
                yield certificate_resource(self.alias, one, spare=not serves, theirs=one.owner != self.owner)

    def _policies(self) -> Iterator[Resource]:
        for policy in self.policies:
            key = key_of(policy, self.owner)
            if key is not None:
                mark = None if self._used_elsewhere(policy) else self.owner
                yield policy_resource(self.alias, mark, policy.kind, key, policy)

    def _used_elsewhere(self, policy: Policy) -> bool:
        """Tell whether a distribution of the user's uses a policy: then it is not tdr's to remove."""
        users = (d for d in self.distributions if policy.id in d.policies(policy.kind))
        return any(self.host_of(d) is None for d in users)

    def _distributions(self) -> Iterator[Resource]:
        for one in self.distributions:
            host = self.host_of(one)
            if host is not None:
                yield self.distribution_resource(one, host, spare=self.serving(host) != one)

    def host_of(self, one: Distribution) -> str | None:
        """Return the host whose distribution it is: marked so, or with nothing but a tracking host's."""
        if one.owner is not None:
            return one.host if self._concerns(one.owner, one.host) else None
        host = one.aliases[0] if len(one.aliases) == 1 else None
        if host is None or host not in self.origins or unlike(one, self.origins[host]):
            return None
        return host

    def distribution_resource(self, one: Distribution, host: str, *, spare: bool = False) -> Resource:
        """Return a distribution as a resource, naming what it uses."""
        key = spare_key(host, one.id) if spare else host
        return Resource(
            id=ResourceId(self.alias, DISTRIBUTION, key),
            attrs=settings(one.config, one.owner),
            host=host,
            container=DISTRIBUTIONS,
            after=frozenset(self._used_by(one)),
            outputs=attrs(id=one.id, arn=one.arn, domain_name=one.domain_name, status=one.status),
            mark=one.owner,
        )

    def _used_by(self, one: Distribution) -> Iterator[ResourceId]:
        for kind in (CACHE_POLICY, REQUEST_POLICY):
            keys = self.policy_keys(kind)
            for id_ in one.policies(kind) & keys.keys():
                yield ResourceId(self.alias, kind, keys[id_])
        used = self.certificate(one.certificate)
        if used is None or not used.host:
            return
        spare = self.own_certificate(used.host) != used
        if used.owner == self.owner or not spare:
            yield ResourceId(self.alias, CERTIFICATE, spare_key(used.host, used.arn) if spare else used.host)


def unlike(one: Distribution, origin: str) -> str:
    """Say in what a distribution is no tracking host's edge; empty where it is one.

    origin: the tracking host that it is to ask, which may be one of SparkPost's or the user's word.
    """
    if one.config.get("Staging"):
        return "is a staging distribution of a continuous deployment"
    if one.config.get("ConnectionMode") == "tenant-only":
        return "is a multi-tenant one, which serves tenants and no alias of its own"
    if len(items(one.config.get("Origins"))) > 1 or items(one.config.get("OriginGroups")):
        return "has several origins"
    if items(one.config.get("CacheBehaviors")):
        return "has cache behaviors beside the default one"
    asked = str(origin_of(one.config).get("DomainName"))
    return "" if is_sparkpost(asked, origin) else f"asks the origin {asked}, which is not SparkPost's"
