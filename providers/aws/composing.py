"""The cdn part: which resources, records, target and findings each tracking host needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.aws.cdn_names import CERTIFICATES, DISTRIBUTIONS, MARKS
from providers.aws.cdn_options import Wishes
from providers.aws.cdn_quotas import quota_findings
from providers.aws.cdn_state import CdnState, Distribution
from providers.aws.certificates import (
    AUTHORITIES,
    Certificate,
    certificate_attrs,
    newest_first,
)
from providers.aws.distributions import http_version, minimum_tls, settings
from providers.aws.findings import (
    blocking,
    edge_names,
    is_error,
    named_findings,
    plan_findings,
    renewal_findings,
)
from providers.aws.names import CACHE_POLICY, CERTIFICATE, DISTRIBUTION, REQUEST_POLICY
from providers.aws.policies import assigned, cache_base, policy_resource, request_base
from reconciler.dns import HostTarget, Record
from reconciler.model import EMPTY, Attrs, Finding, Ref, Resource, ResourceId, Value, attrs
from reconciler.provider import Composition, Issuance, Wanted

VALIDATION_TTL_S = 3600


@dataclass(frozen=True, slots=True)
class Choice:
    """Which certificate a host gets: one that stands, or (`arn` None) one of tdr's own.

    own   the certificate of tdr's that stands, where it is to be one of tdr's own
    """

    arn: str | None = None
    own: Certificate | None = None

    @property
    def is_ours(self) -> bool:
        return self.arn is None

    @property
    def issued(self) -> bool:
        return not self.is_ours or (self.own is not None and self.own.issued)


def compose_edges(parts: Iterable[Wanted], state: CdnState, wishes: Wishes) -> Composition:
    """Compose the present hosts of the cdn part; absent ones need nothing."""
    present = sorted((w for w in parts if not w.absent), key=lambda w: w.host)
    findings = [finding for wanted in present for finding in _findings(wanted, state, wishes)]
    blocked = {f.host for f in findings if is_error(f)}
    made = [w for w in present if w.host not in blocked]
    choices = {w.host: choose(w.host, state, wishes) for w in made}
    keys = {kind: _keys(kind, made, state, wishes) for kind in (CACHE_POLICY, REQUEST_POLICY)}
    composed = [_Edge(w, state, wishes, choices[w.host], keys) for w in made]
    shared = [
        policy_resource(state.alias, state.owner, kind, key)
        for kind, by_host in keys.items()
        for key in sorted(set(by_host.values()))
    ]
    findings += quota_findings(state, wishes, choices, keys)
    return Composition(
        resources=(*shared, *(r for edge in composed for r in edge.resources())),
        records=tuple(r for edge in composed for r in edge.records()),
        targets={edge.host: edge.target() for edge in composed},
        accounts={w.host: state.account for w in present},
        findings=tuple(findings),
        ready=frozenset(id_ for edge in composed for id_ in edge.ready()),
        issuances=tuple(i for edge in composed for i in edge.issuances()),
        edges=edge_names(state),
    )


def _findings(wanted: Wanted, state: CdnState, wishes: Wishes) -> Iterator[Finding]:
    yield from blocking(wanted, state)
    yield from named_findings(wanted.host, state, wishes)
    yield from plan_findings(wanted.host, state)
    yield from renewal_findings(wanted.host, state)


# -- the certificate
def choose(host: str, state: CdnState, wishes: Wishes) -> Choice:
    """Choose a host's certificate: one that the file names, the one in use, tdr's own, another, a new one."""
    named = (state.certificate(arn) for arn in wishes.certificates)
    for certificate in named:
        if certificate is not None and certificate.serves(host):
            return Choice(certificate.arn)
    live = state.serving(host)
    used = state.certificate(live.certificate) if live else None
    own = state.own_certificate(host)
    if used is not None and used != own and used.serves(host) and wishes.reuse and used.owner is None:
        return Choice(used.arn)
    if own is not None:
        return Choice(own=own)
    others = [c for c in state.certificates if c.serves(host) and c.owner is None]
    if wishes.reuse and others:
        # Exact names before wildcards: who owns a wildcard may have other plans for it.
        return Choice(min(newest_first(others), key=lambda c: host not in c.names).arn)
    return Choice()


# -- the policies
def _keys(kind: str, made: Sequence[Wanted], state: CdnState, wishes: Wishes) -> Mapping[str, str]:
    """Return for each host the key of its policy of this kind."""
    base = cache_base(wishes) if kind == CACHE_POLICY else request_base(wishes)
    live = state.policy_keys(kind)
    standing = {w.host: _standing(state.serving(w.host), kind, live) for w in made}
    users = state.users(kind)
    by_key = {key: users[id_] for id_, key in live.items()}
    return assigned(base, standing, by_key, wishes.quota("distributions_per_policy"))


def _standing(live: Distribution | None, kind: str, keys: Mapping[str, str]) -> str | None:
    return keys.get(live.policy(kind) or "") if live is not None else None


# -- one host
class _Edge:
    """What one host needs."""

    def __init__(
        self,
        wanted: Wanted,
        state: CdnState,
        wishes: Wishes,
        choice: Choice,
        keys: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.host, self._wanted, self._state, self._wishes = wanted.host, wanted, state, wishes
        self._choice, self._keys = choice, keys
        self._live = state.serving(wanted.host)
        self._certificate = ResourceId(state.alias, CERTIFICATE, wanted.host)
        self._distribution = ResourceId(state.alias, DISTRIBUTION, wanted.host)

    def resources(self) -> Iterator[Resource]:
        """Yield the certificate, where it is tdr's own, and the distribution."""
        if self._choice.is_ours:
            own = self._choice.own
            algorithm = own.key_algorithm if own else self._wishes.key_algorithm
            yield Resource(
                id=self._certificate,
                attrs=certificate_attrs([self.host], algorithm, remembered=True),
                host=self.host,
                container=CERTIFICATES,
                mark=self._state.owner,
            )
        yield Resource(
            id=self._distribution,
            attrs=self._settings(),
            host=self.host,
            container=DISTRIBUTIONS,
            mark=self._state.owner,
        )

    def _settings(self) -> Attrs:
        wishes, live = self._wishes, self._live_settings
        certificate = Ref(self._certificate, "arn") if self._choice.is_ours else self._choice.arn
        return attrs(
            tags=MARKS,
            aliases=(self.host,),
            enabled=True,
            origin=self._wanted.origin,
            origin_path="",
            origin_protocol="match-viewer",
            origin_ports=(80, 443),
            origin_tls=("TLSv1.2",),
            origin_shield=False,
            forwarded_host=self.host if wishes.forwarded_host else None,
            compress=True,
            viewer_protocol="allow-all",
            allowed_methods=("GET", "HEAD"),
            cached_methods=("GET", "HEAD"),
            restrict_viewer_access=False,
            cache_policy=self._policy(CACHE_POLICY),
            origin_request_policy=self._policy(REQUEST_POLICY),
            functions=(),
            certificate=certificate,
            minimum_tls=minimum_tls(live.get("minimum_tls"), wishes.minimum_tls),
            price_class=wishes.price_class or live.get("price_class") or "PriceClass_All",
            http_version=http_version(live.get("http_version"), wishes.http_version),
            ipv6=wishes.ipv6,
        )

    @property
    def _live_settings(self) -> Attrs:
        return settings(self._live.config, self._live.owner) if self._live else EMPTY

    def _policy(self, kind: str) -> Ref:
        return Ref(ResourceId(self._state.alias, kind, self._keys[kind][self.host]), "id")

    def records(self) -> Iterator[Record]:
        """Yield the record that proves the certificate, which its renewal needs too.

        An issued certificate whose record another one of the account needs as well goes without: it stands
        for that one, and would be removed with this host.
        """
        if not self._choice.is_ours or (self._choice.issued and self._is_anothers_too()):
            return
        name, value = Ref(self._certificate, "validation_name"), Ref(self._certificate, "validation_value")
        yield Record(self.host, "validation", name, "CNAME", (value,), VALIDATION_TTL_S)

    def _is_anothers_too(self) -> bool:
        others = (c for c in self._state.certificates if c.alive and c.owner != self._state.owner)
        return any(c.is_for(self.host) and c != self._choice.own for c in others)

    def target(self) -> HostTarget:
        """Return where the host's record is to point."""
        type_ = "ALIAS" if self._wishes.alias_records else "CNAME"
        return HostTarget(type_, (Ref(self._distribution, "domain_name"),), before_dns=True)

    def ready(self) -> Iterator[ResourceId]:
        """Yield what is issued or deployed today."""
        if self._choice.is_ours and self._choice.issued:
            yield self._certificate
        if self._live is not None and self._live.deployed and not self._changes():
            yield self._distribution

    def _changes(self) -> bool:
        """Tell whether the distribution is to be written: then it is deployed anew."""
        live = self._live_settings
        return any(live.get(name) != self._known(value) for name, value in self._settings().items())

    def _known(self, value: Value) -> Value:
        """Return what a reference stands for, None where that is yet to be made."""
        if not isinstance(value, Ref):
            return value
        if value.target == self._certificate:
            return self._choice.own.arn if self._choice.own is not None else None
        keys = self._state.policy_keys(value.target.kind)
        return next((id_ for id_, key in keys.items() if key == value.target.key), None)

    def issuances(self) -> Iterator[Issuance]:
        """Yield what ACM is still to issue."""
        if not self._choice.issued:
            yield Issuance(self.host, self.host, AUTHORITIES)
