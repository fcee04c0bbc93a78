"""What each tracking host needs at Fastly: service, domain, certificate, record and target. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from providers.fastly.findings import (
    configuration_finding,
    domain_findings,
    is_error,
    service_findings,
    tls_findings,
)
from providers.fastly.names import (
    ACTIVATION,
    BACKEND,
    CLASSIC,
    DOMAIN,
    DOMAINS,
    SERVICE,
    SUBSCRIPTION,
    TLS,
    VERSIONLESS,
    identity_of,
    mark,
    service_container,
    service_name,
)
from providers.fastly.options import AUTHORITY, Wishes
from providers.fastly.spelling import always, caches, named, number
from providers.fastly.state import FastlyState
from providers.fastly.tls import (
    AUTHORITIES,
    Activation,
    Certificate,
    Subscription,
    activation_attrs,
    subscription_attrs,
)
from reconciler.dns import HostTarget, Record
from reconciler.model import Attrs, Finding, Ref, Resource, ResourceId, attrs
from reconciler.provider import Composition, Issuance, Wanted

VALIDATION_TTL_S = 3600
MIN_TLS = "1.2"
_STRICTER = ("1.3",)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which certificate a host gets; with none of these a new subscription.

    named  an uploaded one that the alias names
    order  the subscription that is there for this host alone
    kept   what serves the host already and is somebody else's: a wildcard, one for several hosts, an upload
    """

    named: Certificate | None = None
    order: Subscription | None = None
    kept: Activation | None = None

    @property
    def is_order(self) -> bool:
        return self.named is None and self.kept is None


def choose(host: str, state: FastlyState) -> Choice:
    """Choose a host's certificate: a named one, its own subscription, what serves it already, a new one."""
    order = state.order(host)
    uploaded = state.named_for(host)
    if uploaded is not None:
        return Choice(named=uploaded)
    if order is not None and not order.failed:
        return Choice(order=order)
    others = (
        a for a in state.covering(host) if state.subscription_of(a.certificate) != order or order is None
    )
    kept = next(others, None)
    return Choice(kept=kept) if kept is not None else Choice(order=order)


def compose_edges(parts: Iterable[Wanted], state: FastlyState, wishes: Wishes) -> Composition:
    """Compose the present hosts of the cdn part; absent ones need nothing, leaving ones name their record."""
    asked = sorted((w for w in parts if not w.absent), key=lambda w: w.host)
    present = [w for w in asked if not w.leaving]
    edges = [_Edge(wanted, state, wishes, choose(wanted.host, state)) for wanted in present]
    findings = [finding for edge in edges for finding in edge.findings()]
    by_origin: dict[str, list[str]] = {}
    for wanted in present:
        by_origin.setdefault(wanted.origin, []).append(wanted.host)
    for origin, hosts in by_origin.items():
        findings += service_findings(origin, hosts, state)
    blocked = {f.host for f in findings if is_error(f)}
    made = [edge for edge in edges if edge.host not in blocked]
    return Composition(
        resources=(*_services(made, state, wishes), *(r for edge in made for r in edge.resources())),
        records=(
            *(r for edge in made for r in edge.records()),
            *(r for w in asked if w.leaving for r in _left(w.host, state)),
        ),
        targets={edge.host: edge.target() for edge in made},
        accounts={w.host: identity_of(state.customer) for w in present},
        findings=tuple(findings),
        ready=frozenset(id_ for edge in made for id_ in edge.ready()),
        issuances=tuple(i for edge in made for i in edge.issuances()),
    )


def _left(host: str, state: FastlyState) -> Iterator[Record]:
    """Yield the record that proved a certificate of tdr's for a host that leaves, also where that is gone.

    One that proves a certificate of the user's is the user's.
    """
    order = state.order(host)
    if order is None and (state.covering(host) or state.together(host) is not None):
        return
    value = Ref(ResourceId(state.alias, SUBSCRIPTION, host), "challenge_value")
    yield Record(host, "validation", _challenge_name(host, order), "CNAME", (value,), VALIDATION_TTL_S)


def _challenge_name(host: str, order: Subscription | None) -> str:
    """Return where the validation record stands: as Fastly tells, else as documented, so that a plan sees it.

    docs: "Domain validation for TLS certificates", ACME DNS challenge.
    """
    return order.challenge[0] if order is not None and order.challenge else f"_acme-challenge.{host}"


# -- the service
def _services(made: Sequence[_Edge], state: FastlyState, wishes: Wishes) -> Iterator[Resource]:
    for origin in sorted({edge.origin for edge in made}):
        yield Resource(
            id=ResourceId(state.alias, SERVICE, origin),
            attrs=service_settings(origin, state, wishes),
            container=service_container(origin),
            mark=state.owner,
        )


def service_settings(origin: str, state: FastlyState, wishes: Wishes) -> Attrs:
    """Return all that is managed of the service for an origin.

    docs: SparkPost, "Step by Step Guide with Fastly"; Fastly API, Backend (SNI, certificate check) and
    Settings: `general.default_ttl` is the console's "Fallback TTL", `general.default_host` "Override host".
    """
    return attrs(
        name=service_name(state.owner, origin),
        comment=mark(state.owner, origin),
        active=True,
        backends=(BACKEND,),
        address=origin,
        port=443,
        use_ssl=True,
        ssl_check_cert=True,
        ssl_cert_hostname=origin,
        ssl_sni_hostname=origin,
        override_host=None,
        min_tls_version=_min_tls(origin, state),
        shield=None,
        default_ttl=wishes.cache_ttl_s,
        stale_if_error=False,
        default_host="",
        force_ssl=(),
        request_rewrites=(),
        rewrites=(),
        hsts=(),
        cache_settings=_cache_settings(origin, state, wishes),
    )


def _min_tls(origin: str, state: FastlyState) -> str:
    """Return the least TLS version to ask the origin with: a stricter one that stands there stays."""
    live = state.own_service(origin)
    backends = (live.config or {}).get("backends") or () if live is not None else ()
    found = next((b.get("min_tls_version") for b in backends if b.get("name") == BACKEND), None)
    return str(found) if found in _STRICTER else MIN_TLS


def _cache_settings(origin: str, state: FastlyState, wishes: Wishes) -> tuple[str, ...]:
    """Return the cache settings of the user's that stay: those that hold no answer longer than wished."""
    live = state.own_service(origin)
    found = always((live.config or {}) if live is not None else {}, "cache_settings", caches)
    return named(one for one in found if (number(one.get("ttl")) or 0) <= wishes.cache_ttl_s)


# -- one host
class _Edge:
    """What one host needs."""

    def __init__(self, wanted: Wanted, state: FastlyState, wishes: Wishes, choice: Choice) -> None:
        self.host, self.origin = wanted.host, wanted.origin
        self._wanted, self._state, self._wishes, self._choice = wanted, state, wishes, choice
        self._domain = ResourceId(state.alias, DOMAIN, wanted.host)
        self._subscription = ResourceId(state.alias, SUBSCRIPTION, wanted.host)

    def findings(self) -> Iterator[Finding]:
        """Yield what a person must know of the host."""
        yield from domain_findings(self._wanted, self._state, self._wishes)
        yield from tls_findings(self._wanted, self._state, self._wishes)
        unknown = configuration_finding(self.host, self._state, self._asked)
        if unknown is not None:
            yield unknown

    # -- what it is served with
    @property
    def _asked(self) -> str | None:
        """The id of the TLS configuration that is to serve the host; None: the account's default."""
        choice, wished = self._choice, self._wishes.tls_configuration
        if choice.kept is not None:
            return choice.kept.configuration
        if choice.named is not None:
            live = self._state.activation(self.host)
            return wished or (live.configuration if live is not None else None)
        return wished or (choice.order.configuration if choice.order is not None else None)

    @property
    def _configuration(self) -> str:
        found = self._state.configuration(self._asked)
        return found.id if found is not None else ""

    @property
    def _authority(self) -> str:
        live = self._choice.order.authority if self._choice.order is not None else None
        return self._wishes.authority or live or AUTHORITY

    # -- resources
    def resources(self) -> Iterator[Resource]:
        """Yield the domain, and the certificate where it is tdr's to see to."""
        form = self._form
        yield Resource(
            id=self._domain,
            attrs=attrs(service=self.origin, form=form, comment=mark(self._state.owner, self.host)),
            host=self.host,
            container=service_container(self.origin) if form == CLASSIC else DOMAINS,
            after=frozenset({ResourceId(self._state.alias, SERVICE, self.origin)}),
            mark=self._state.owner,
        )
        if self._choice.named is not None:
            id_ = ResourceId(self._state.alias, ACTIVATION, self.host)
            yield self._certified(id_, activation_attrs(self._choice.named.id, self._configuration))
        elif self._choice.is_order:
            settings = subscription_attrs(self.host, self._authority, self._configuration)
            yield self._certified(self._subscription, settings)

    @property
    def _form(self) -> str:
        """A host that is attached stays in its form; a new one comes as the alias says."""
        live = self._state.domain(self.host)
        if live is not None:
            return live.form
        if self._wishes.domains != "auto":
            return self._wishes.domains
        return CLASSIC if self._state.domains is None else VERSIONLESS

    def _certified(self, id_: ResourceId, settings: Attrs) -> Resource:
        return Resource(
            id=id_,
            attrs=settings,
            host=self.host,
            container=TLS,
            after=frozenset({self._domain}),
            mark=self._state.owner,
        )

    def records(self) -> Iterator[Record]:
        """Yield the record that proves the certificate, which its renewal needs too."""
        order = self._choice.order
        if not self._choice.is_order or (order is not None and order.issued and order.challenge is None):
            return
        name, value = _challenge_name(self.host, order), Ref(self._subscription, "challenge_value")
        yield Record(self.host, "validation", name, "CNAME", (value,), VALIDATION_TTL_S)

    def target(self) -> HostTarget:
        """Return where the host's record is to point: the name that its TLS configuration tells."""
        found = self._state.configuration(self._asked)
        if found is None or found.cname is None:
            raise AssertionError("unreachable: a host without a configuration has an error")
        return HostTarget("CNAME", (found.cname,), before_dns=True)

    @property
    def _issued(self) -> bool:
        order = self._choice.order
        return order is not None and order.issued and order.authority == self._authority

    def ready(self) -> Iterator[ResourceId]:
        """Yield what is issued today."""
        if self._choice.is_order and self._issued:
            yield self._subscription

    def issuances(self) -> Iterator[Issuance]:
        """Yield what an authority is still to issue; one that is not known here cannot be asked about."""
        authorities = AUTHORITIES.get(self._authority)
        if self._choice.is_order and not self._issued and authorities is not None:
            yield Issuance(self.host, self.host, authorities)
