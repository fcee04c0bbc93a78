"""What each tracking host needs at Google: load balancer, certificate, record and target. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from providers.google.findings import balancer_findings, host_findings, is_error, unread_findings
from providers.google.managed import (
    address_attrs,
    authorization_attrs,
    backend_attrs,
    certificate_attrs,
    classic_attrs,
    entry_attrs,
    group_attrs,
    http_proxy_attrs,
    https_proxy_attrs,
    map_attrs,
    member_attrs,
    policy_attrs,
    rule_attrs,
    url_map_attrs,
)
from providers.google.names import (
    ADDRESS,
    AUTHORIZATION,
    AUTHORIZATIONS,
    BACKEND,
    CERTIFICATE,
    CERTIFICATES,
    CONTAINERS,
    HTTP_PROXY,
    HTTPS_PROXY,
    MAP,
    MAP_ENTRY,
    MAPS,
    NEG,
    PROXY_CERTIFICATE,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
    identity_of,
    map_container,
    mark,
    proxy_container,
)
from providers.google.natives import (
    Address,
    Authorization,
    Backend,
    Certificate,
    Classic,
    Entry,
    Group,
    HttpProxy,
    HttpsProxy,
    Map,
    Policy,
    Rule,
    UrlMap,
)
from providers.google.options import SCHEME, Wishes
from providers.google.state import HTTP, HTTPS, GoogleState, Named, fresh_name
from reconciler.dns import HostTarget, Record
from reconciler.model import Attrs, Ref, Resource, ResourceId, attrs
from reconciler.provider import Composition, Issuance, Wanted

VALIDATION_TTL_S: Final = 3600
TIMEOUT_S: Final = 30
AUTHORITIES: Final = ("pki.goog", "letsencrypt.org")
"""Who may issue: Google's own authority, and Let's Encrypt where CAA records forbid that one.

docs: Certificate Manager, "How Certificate Manager works" (supported authorities); Cloud Load Balancing, "Use
Google-managed SSL certificates", CAA.
"""
_TYPES: Final[Mapping[str, str]] = {"fixed": "FIXED_RECORD", "per-project": "PER_PROJECT_RECORD"}


def compose_edges(wanted: Iterable[Wanted], state: GoogleState, wishes: Wishes) -> Composition:
    """Compose the present hosts of the cdn part; absent ones need nothing."""
    present = sorted((w for w in wanted if not w.absent), key=lambda w: w.host)
    findings = [*unread_findings(state), *(f for w in present for f in host_findings(w, state, wishes))]
    refused = {f.host for f in findings if is_error(f)}
    by_key: dict[str, list[Wanted]] = {}
    for one in present:
        # One that gets nothing new still has what it has: to the others of its load balancer it is foreign.
        if one.host not in refused:
            by_key.setdefault(one.origin, []).append(one)
    for key, several in sorted(by_key.items()):
        findings += balancer_findings(key, [w.host for w in several], state, wishes)
    blocked = {f.host for f in findings if is_error(f)}
    made = [w for w in present if w.host not in blocked]
    balancers = {
        key: _Shared(key, hosts, state, wishes)
        for key in sorted({w.origin for w in made})
        if (hosts := [w.host for w in made if w.origin == key])
    }
    edges = [_edge(w, balancers[w.origin], state, wishes) for w in made]
    return Composition(
        resources=(
            *(r for shared in balancers.values() for r in shared.resources()),
            *(r for edge in edges for r in edge.resources()),
        ),
        records=tuple(r for edge in edges for r in edge.records()),
        targets={edge.host: edge.target() for edge in edges},
        accounts={w.host: identity_of(state.project) for w in present},
        findings=tuple(findings),
        ready=frozenset(id_ for edge in edges for id_ in edge.ready()),
        issuances=tuple(i for edge in edges for i in edge.issuances()),
    )


# -- the load balancer of an origin
class _Shared:
    """What the hosts of one origin share, named as what stands, or anew."""

    def __init__(self, key: str, hosts: Sequence[str], state: GoogleState, wishes: Wishes) -> None:
        self.key, self.hosts, self._state, self._wishes = key, hosts, state, wishes
        live = self.live = state.balancer(key)
        self.scheme = live.scheme or wishes.scheme or SCHEME
        self.group = self._name(live.group, state.groups)
        self.backend = self._name(live.backend, state.backends)
        self.url_map = self._name(live.url_map, state.url_maps)
        self.policy = self._name(live.policy, state.policies)
        self.map = self._name(live.map, state.maps)
        self.https = self._name(live.https, state.https_proxies)
        self.http = self._name(live.http, state.http_proxies)
        self.address = self._name(live.address, state.addresses)

    def _name(self, live: Named | None, there: Iterable[Named], subject: str = "") -> str:
        if live is not None:
            return live.name
        return fresh_name(self._state.owner, subject or self.key, {one.name for one in there})

    def id(self, kind: str, port: str = "") -> ResourceId:
        """Return the id of a shared resource."""
        return ResourceId(self._state.alias, kind, f"{self.key}/{port}" if port else self.key)

    @property
    def rules(self) -> frozenset[ResourceId]:
        return frozenset(self.id(RULE, port) for port in (HTTPS, HTTP))

    @property
    def switches(self) -> bool:
        """Whether a proxy that visitors reach is to get the map: then that is to be complete before."""
        proxy = self.live.https
        reached = proxy is not None and HTTPS in self.live.rules
        return self._wishes.by_map and reached and proxy is not None and proxy.certificate_map != self.map

    def resources(self) -> Iterator[Resource]:
        """Yield them in the order in which they are made."""
        yield self._one(NEG, group_attrs(self._group()))
        yield self._one(BACKEND, backend_attrs(self._backend()), self.id(NEG))
        yield self._one(
            URL_MAP, url_map_attrs(UrlMap(self.url_map, self._mark(), self.backend)), self.id(BACKEND)
        )
        yield self._one(SSL_POLICY, policy_attrs(Policy(self.policy, self._mark(), "TLS_1_2", "MODERN")))
        if self._wishes.by_map:
            yield self._one(MAP, map_attrs(Map(self.map, self._mark(), self._state.owner)))
        yield self._https()
        yield self._one(
            HTTP_PROXY, http_proxy_attrs(HttpProxy(self.http, self._mark(), self.url_map)), self.id(URL_MAP)
        )
        yield self._one(ADDRESS, address_attrs(Address(self.address, self._mark())))
        yield self._rule(HTTPS, self.https, HTTPS_PROXY)
        yield self._rule(HTTP, self.http, HTTP_PROXY)

    def _mark(self, port: str = "") -> str:
        return mark(self._state.owner, f"{self.key}/{port}" if port else self.key)

    def _one(self, kind: str, managed: Attrs, *used: ResourceId) -> Resource:
        return Resource(
            id=self.id(kind),
            attrs=managed,
            container=MAPS if kind == MAP else CONTAINERS[kind],
            after=frozenset(used),
            mark=self._state.owner,
        )

    def _group(self) -> Group:
        return Group(
            self.group, self._mark(), "INTERNET_FQDN_PORT", int(HTTPS), endpoints=(f"{self.key}:{HTTPS}",)
        )

    def _backend(self) -> Backend:
        """Return the backend service: HTTPS to the origin, and Cloud CDN only where it is asked for.

        A click is answered 302, which Cloud CDN keeps in no mode unless it is told to.

        docs: SparkPost, "Step by Step Guide with Google Cloud Platform"; BackendService.cdnPolicy; Cloud CDN,
        "Use negative caching".
        """
        ttl_s, asks = self._wishes.cache_ttl_s, self._wishes.host_header
        return Backend(
            name=self.backend,
            description=self._mark(),
            scheme=self.scheme,
            protocol="HTTPS",
            groups=(self.group,),
            timeout_s=TIMEOUT_S,
            cdn=ttl_s is not None,
            cache_mode="FORCE_CACHE_ALL" if ttl_s is not None else None,
            default_ttl=ttl_s,
            client_ttl=ttl_s,
            negative_caching=ttl_s is not None,
            negative_ttls=(f"302:{ttl_s}",) if ttl_s is not None else (),
            request_headers=(f"Host: {self.key}",) if asks == "origin" else (),
        )

    def _https(self) -> Resource:
        """Return the HTTPS proxy.

        A new one without a map is made with a certificate: Google takes none that has neither. One that
        visitors reach gets the map when all its hosts are in it.
        """
        by_map, live = self._wishes.by_map, self.live.https
        proxy = HttpsProxy(
            name=self.https,
            description=self._mark(),
            url_map=self.url_map,
            certificate_map=self.map if by_map else None,
            ssl_policy=self.policy,
        )
        used = {self.id(URL_MAP), self.id(SSL_POLICY)}
        made = https_proxy_attrs(proxy)
        if by_map:
            used.add(self.id(MAP))
        elif live is None:
            names, needs = self._first()
            made, used = attrs(**made, first_certificate=names), used | needs
        if self.switches:
            used |= {ResourceId(self._state.alias, MAP_ENTRY, host) for host in self.hosts}
        return self._one(HTTPS_PROXY, made, *used)

    def _first(self) -> tuple[tuple[str, ...], set[ResourceId]]:
        """Return the certificates to make the proxy with one of: those that stand, then by host.

        The first of them is waited for. Its host may be left out of the plan: then another is taken.
        """
        choices = {host: classic_choice(host, self.key, self._state, self._wishes) for host in self.hosts}
        hosts = sorted(self.hosts, key=lambda h: (not choices[h].stands, h))
        first = ResourceId(self._state.alias, SSL_CERTIFICATE, hosts[0])
        names = tuple(dict.fromkeys(choices[host].name for host in hosts))
        return names, {first} if choices[hosts[0]].is_ours else set()

    def _rule(self, port: str, target: str, kind: str) -> Resource:
        live = self.live.rules.get(port)
        rule = Rule(
            name=self._name(live, self._state.rules, f"{self.key}/{port}"),
            description=self._mark(port),
            port=port,
            protocol="TCP",
            scheme=self.scheme,
            tier="PREMIUM",
            target=target,
        )
        managed = rule_attrs(rule, Ref(self.id(ADDRESS), "address"))
        return Resource(
            id=self.id(RULE, port),
            attrs=managed,
            container=CONTAINERS[RULE],
            after=frozenset({self.id(kind)}),
            mark=self._state.owner,
        )


# -- one host
def _edge(wanted: Wanted, shared: _Shared, state: GoogleState, wishes: Wishes) -> _Mapped | _Listed:
    return (_Mapped if wishes.by_map else _Listed)(wanted, shared, state, wishes)


class _Host:
    """What every host has."""

    def __init__(self, wanted: Wanted, shared: _Shared, state: GoogleState, wishes: Wishes) -> None:
        self.host, self._shared, self._state, self._wishes = wanted.host, shared, state, wishes

    def _id(self, kind: str) -> ResourceId:
        return ResourceId(self._state.alias, kind, self.host)

    def _one(self, kind: str, managed: Attrs, container: str, *used: ResourceId) -> Resource:
        return Resource(
            id=self._id(kind),
            attrs=managed,
            host=self.host,
            container=container,
            after=frozenset(used),
            mark=self._state.owner,
        )

    def _target(self, *, issued_before: bool) -> HostTarget:
        """Return where the host's record is to point."""
        address = Ref(self._shared.id(ADDRESS), "address")
        return HostTarget("A", (address,), before_dns=issued_before, after_dns=not issued_before)


class _Mapped(_Host):
    """A host that is served from a certificate map."""

    def __init__(self, wanted: Wanted, shared: _Shared, state: GoogleState, wishes: Wishes) -> None:
        super().__init__(wanted, shared, state, wishes)
        self._uploaded = state.uploaded(self.host) if wishes.uploaded else None
        self._proof = state.authorization(self.host, None)
        self._entry = state.entry(self.host, shared.live.map.name if shared.live.map is not None else None)
        proof = self._proof.name if self._proof is not None else None
        self._live = state.own_certificate(self.host, proof) if proof is not None else None

    def _fresh(self, there: Iterable[Authorization | Certificate | Entry]) -> str:
        return fresh_name(self._state.owner, self.host, {one.name for one in there})

    def _authorization(self) -> Authorization:
        live = self._proof
        return Authorization(
            name=live.name if live is not None else self._fresh(self._state.authorizations),
            domain=self.host,
            owner=self._state.owner,
            type=live.type if live is not None else _TYPES[self._wishes.validation_record],
        )

    def _certificate(self) -> Certificate:
        live = self._live
        return Certificate(
            name=live.name if live is not None else self._fresh(self._state.certificates),
            owner=self._state.owner,
            domains=frozenset({self.host}),
            authorizations=(self._authorization().name,),
        )

    def _map_entry(self) -> Entry:
        inside = [e for e in self._state.entries if e.map == self._shared.map]
        name = self._entry.name if self._entry is not None else self._fresh(inside)
        certificate = self._uploaded or self._certificate()
        return Entry(self._shared.map, name, self.host, self._state.owner, (certificate.name,))

    def resources(self) -> Iterator[Resource]:
        """Yield what proves the host, its certificate and its place in the map."""
        used = {self._shared.id(MAP)}
        if self._uploaded is None:
            proof = authorization_attrs(self._authorization())
            yield self._one(AUTHORIZATION, proof, AUTHORIZATIONS)
            certificate = certificate_attrs(self._certificate())
            yield self._one(CERTIFICATE, certificate, CERTIFICATES, self._id(AUTHORIZATION))
            used.add(self._id(CERTIFICATE))
        if not self._shared.switches:
            used |= self._shared.rules
        yield self._one(MAP_ENTRY, entry_attrs(self._map_entry()), map_container(self._shared.key), *used)

    def records(self) -> Iterator[Record]:
        """Yield the record that proves the host, for every renewal too."""
        if self._uploaded is not None:
            return
        proof = self._authorization()
        name = f"_acme-challenge.{self.host}"
        known = self._proof.record[0] if self._proof is not None and self._proof.record else name
        where = known if proof.type == "FIXED_RECORD" else Ref(self._id(AUTHORIZATION), "record_name")
        value = Ref(self._id(AUTHORIZATION), "record_value")
        yield Record(self.host, "validation", where, "CNAME", (value,), VALIDATION_TTL_S)

    def target(self) -> HostTarget:
        """Return where the host's record is to point: the certificate is active before."""
        return self._target(issued_before=True)

    def ready(self) -> Iterator[ResourceId]:
        """Yield what is active today."""
        if self._uploaded is None and self._live is not None and self._live.active:
            yield self._id(CERTIFICATE)
        live = self._entry
        if live is not None and live.active and entry_attrs(live) == entry_attrs(self._map_entry()):
            yield self._id(MAP_ENTRY)

    def issuances(self) -> Iterator[Issuance]:
        """Yield what is still to be issued."""
        if self._uploaded is None and not (self._live is not None and self._live.active):
            yield Issuance(self.host, self.host, AUTHORITIES)


@dataclass(frozen=True, slots=True)
class ClassicChoice:
    """Which certificate of the load balancer a host gets. `live` None: one that is yet to be made."""

    name: str
    live: Classic | None = None
    is_ours: bool = True

    @property
    def stands(self) -> bool:
        return self.live is not None

    @property
    def active(self) -> bool:
        return self.live is not None and self.live.active


def classic_choice(host: str, key: str, state: GoogleState, wishes: Wishes) -> ClassicChoice:
    """Choose a host's certificate: one that the file names, the owner's that stands, a new one."""
    uploaded = state.uploaded_classic(host) if wishes.uploaded else None
    if uploaded is not None:
        return ClassicChoice(uploaded.name, uploaded, is_ours=False)
    own = state.own_classic(host, key)
    if own is not None:
        return ClassicChoice(own.name, own)
    return ClassicChoice(fresh_name(state.owner, host, {c.name for c in state.classic}))


class _Listed(_Host):
    """A host whose certificate is in the list of its proxy."""

    def __init__(self, wanted: Wanted, shared: _Shared, state: GoogleState, wishes: Wishes) -> None:
        super().__init__(wanted, shared, state, wishes)
        self._choice = classic_choice(wanted.host, wanted.origin, state, wishes)

    def resources(self) -> Iterator[Resource]:
        """Yield the certificate, where it is tdr's, and its place on the proxy."""
        used = {self._shared.id(HTTPS_PROXY), *self._shared.rules}
        if self._choice.is_ours:
            description = mark(self._state.owner, self.host)
            one = Classic(self._choice.name, description, managed=True, domains=frozenset({self.host}))
            yield self._one(SSL_CERTIFICATE, classic_attrs(one), CONTAINERS[SSL_CERTIFICATE])
            used.add(self._id(SSL_CERTIFICATE))
        where = proxy_container(self._shared.key)
        yield self._one(PROXY_CERTIFICATE, member_attrs(self._choice.name), where, *used)

    def records(self) -> Iterator[Record]:
        """Yield nothing: DNS pointing at the load balancer is the proof."""
        yield from ()

    def target(self) -> HostTarget:
        """Return where the host's record is to point: unless a certificate stands, it is issued after."""
        return self._target(issued_before=self._choice.active)

    def ready(self) -> Iterator[ResourceId]:
        """Yield what is active today, and as soon as it is on the proxy."""
        if self._choice.active:
            yield self._id(PROXY_CERTIFICATE)

    def issuances(self) -> Iterator[Issuance]:
        """Yield what is still to be issued."""
        if self._choice.is_ours and not self._choice.active:
            yield Issuance(self.host, self.host, AUTHORITIES)
