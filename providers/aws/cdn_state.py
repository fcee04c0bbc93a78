"""What the account holds that concerns the cdn part, as one value. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from providers.aws.cdn_names import DISTRIBUTIONS, HOST_TAG, OWNER_TAG, marked_by_comment, spare_key
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
        name = "CachePolicyId" if kind == CACHE_POLICY else "OriginRequestPolicyId"
        behaviors = [
            self.config.get("DefaultCacheBehavior") or {},
            *items(self.config.get("CacheBehaviors")),
        ]
        return frozenset(b[name] for b in behaviors if b.get(name))

    def policy(self, kind: str) -> str | None:
        """Return the id of the policy that its default behaviour uses."""
        name = "CachePolicyId" if kind == CACHE_POLICY else "OriginRequestPolicyId"
        found: str | None = (self.config.get("DefaultCacheBehavior") or {}).get(name)
        return found


def distribution_from(native: Mapping[str, Any], tags: Mapping[str, str]) -> Distribution:
    """Read one line of ListDistributions; tags tell more surely whose it is than its comment."""
    by_comment = marked_by_comment(native.get("Comment") or "")
    owner, host = by_comment or (None, None)
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

    def serving(self, host: str) -> Distribution | None:
        """Return the distribution that has the host as an alias, else one that the owner made for it."""
        by_alias = (d for d in self.distributions if host in d.aliases)
        return next(by_alias, None) or next(
            (d for d in self.distributions if d.owner == self.owner and d.host == host and not d.aliases),
            None,
        )

    def certificate(self, arn: str | None) -> Certificate | None:
        """Return the certificate with this ARN."""
        return next((c for c in self.certificates if c.arn == arn), None)

    def own_certificate(self, host: str) -> Certificate | None:
        """Return the owner's certificate that serves host, or is to."""
        live = self.serving(host)
        used = live.certificate if live else None
        return own(self.certificates, self.owner, host, used)

    def users(self, kind: str) -> Counter[str]:
        """Return by id how many distributions use each policy of a kind."""
        return Counter(id_ for d in self.distributions for id_ in d.policies(kind))

    def policy_keys(self, kind: str) -> dict[str, str]:
        """Return for each policy of the owner its key, by id."""
        keyed = ((p.id, key_of(p, self.owner)) for p in self.policies if p.kind == kind)
        return {id_: key for id_, key in keyed if key is not None}

    # -- as resources
    def resources(self) -> tuple[Resource, ...]:
        """Return all that bears the owner's mark, and the distributions of the scope's hosts."""
        return (*self._certificates(), *self._policies(), *self._distributions())

    def _concerns(self, owner: str | None, host: str | None) -> bool:
        return host is not None and (owner == self.owner or host in self.origins)

    def _certificates(self) -> Iterator[Resource]:
        for one in self.certificates:
            if one.owner == self.owner and one.host is not None:
                spare = self.own_certificate(one.host) != one
                yield certificate_resource(self.alias, one, spare=spare)

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
        if used is not None and used.owner == self.owner and used.host:
            spare = self.own_certificate(used.host) != used
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
