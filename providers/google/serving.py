"""What the project holds, as resources: spelt as composed ones are, each naming what it uses. Pure.

What counts for an origin or a host has that for a key. What is the owner's and counts no more, because
something about it that cannot be changed is off, has its name in the key too: nothing is replaced in place,
the new one comes first and the old one goes when nothing uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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
    map_container,
    marked,
    proxy_container,
)
from providers.google.natives import (
    Authorization,
    Certificate,
    Classic,
    Entry,
    HttpsProxy,
    Map,
)
from providers.google.state import HTTP, GoogleState, Named, covers
from reconciler.model import Attrs, Resource, ResourceId, attrs


def resources(state: GoogleState) -> tuple[Resource, ...]:
    """Return all that bears the owner's mark, and what serves the scope's hosts."""
    return tuple(_Live(state).all())


class _Live:
    """The resources of one state."""

    def __init__(self, state: GoogleState) -> None:
        self._state = state
        chosen = list(state.balancers.values())
        self._keys = {
            **self._named(NEG, state.groups, [b.group for b in chosen]),
            **self._named(BACKEND, state.backends, [b.backend for b in chosen]),
            **self._named(URL_MAP, state.url_maps, [b.url_map for b in chosen]),
            **self._named(SSL_POLICY, state.policies, [b.policy for b in chosen]),
            **self._named(MAP, state.maps, [b.map for b in chosen]),
            **self._named(HTTPS_PROXY, state.https_proxies, [b.https for b in chosen]),
            **self._named(HTTP_PROXY, state.http_proxies, [b.http for b in chosen]),
            **self._named(ADDRESS, state.addresses, [b.address for b in chosen]),
            **self._named(RULE, state.rules, [r for b in chosen for r in b.rules.values()]),
        }

    def _named(
        self, kind: str, found: Iterable[Named], counting: Iterable[Named | None]
    ) -> dict[tuple[str, str], str]:
        """Return by kind and name the key of each of the owner's."""
        counts = {id(one) for one in counting if one is not None}
        keys: dict[tuple[str, str], str] = {}
        for one in found:
            subject = self._state.key_of(one, owned=one.owner if isinstance(one, Map) else None)
            if subject is not None:
                keys[kind, one.name] = subject if id(one) in counts else f"{subject}/{one.name}"
        return keys

    def _ids(self, *pairs: tuple[str, str | None]) -> frozenset[ResourceId]:
        """Return the ids of those of the owner's that these kinds and names are."""
        found = ((kind, self._keys.get((kind, name or ""))) for kind, name in pairs)
        return frozenset(ResourceId(self._state.alias, kind, key) for kind, key in found if key is not None)

    def all(self) -> Iterator[Resource]:
        """Yield everything: what is shared, then what each host has."""
        state = self._state
        for group in state.groups:
            yield from self._one(NEG, group.name, group_attrs(group))
        for backend in state.backends:
            used = self._ids(*((NEG, name) for name in backend.groups))
            yield from self._one(BACKEND, backend.name, backend_attrs(backend), used)
        for url_map in state.url_maps:
            used = self._ids((BACKEND, url_map.default_service))
            yield from self._one(URL_MAP, url_map.name, url_map_attrs(url_map), used)
        for policy in state.policies:
            yield from self._one(SSL_POLICY, policy.name, policy_attrs(policy))
        for map_ in state.maps:
            yield from self._one(MAP, map_.name, map_attrs(map_))
        yield from self._fronts()
        yield from self._hosts()

    def _fronts(self) -> Iterator[Resource]:
        state = self._state
        for proxy in state.https_proxies:
            used = self._ids(
                (URL_MAP, proxy.url_map), (MAP, proxy.certificate_map), (SSL_POLICY, proxy.ssl_policy)
            )
            rest = frozenset(self._on(proxy))
            yield from self._one(HTTPS_PROXY, proxy.name, https_proxy_attrs(proxy), used | rest)
        for plain in state.http_proxies:
            used = self._ids((URL_MAP, plain.url_map))
            yield from self._one(HTTP_PROXY, plain.name, http_proxy_attrs(plain), used)
        for address in state.addresses:
            outputs = attrs(address=address.address) if address.address else attrs()
            yield from self._one(ADDRESS, address.name, address_attrs(address), outputs=outputs)
        named = {a.address: a.name for a in state.addresses if a.address}
        for rule in state.rules:
            proxy_kind = HTTP_PROXY if rule.port == HTTP else HTTPS_PROXY
            used = self._ids((proxy_kind, rule.target), (ADDRESS, named.get(rule.address)))
            yield from self._one(RULE, rule.name, rule_attrs(rule), used)

    def _on(self, proxy: HttpsProxy) -> Iterator[ResourceId]:
        """Yield what a proxy keeps from going: its certificates.

        While it is to get a map it keeps their places on it instead: they are served until the map is.
        """
        key = self._state.proxy_key(proxy.name)
        if self._state.to_map and key is not None:
            for host in self._held(key, proxy):
                yield ResourceId(self._state.alias, PROXY_CERTIFICATE, self._member_key(host, proxy))
            return
        for one in filter(None, map(self._state.classic_named, proxy.certificates)):
            if (its := self._host_of(one)) is not None:
                yield self._classic_id(one, its)

    def _one(
        self,
        kind: str,
        name: str,
        managed: Attrs,
        used: frozenset[ResourceId] = frozenset(),
        outputs: Attrs | None = None,
    ) -> Iterator[Resource]:
        """Yield a shared object, where it is the owner's."""
        key = self._keys.get((kind, name))
        if key is None:
            return
        yield Resource(
            id=ResourceId(self._state.alias, kind, key),
            attrs=managed,
            container=MAPS if kind == MAP else CONTAINERS[kind],
            after=used,
            outputs=outputs if outputs is not None else attrs(),
            mark=self._state.owner,
        )

    # -- what each host has
    def _hosts(self) -> Iterator[Resource]:
        state = self._state
        for authorization in state.authorizations:
            yield from self._authorization(authorization)
        for certificate in state.certificates:
            yield from self._certificate(certificate)
        for entry in state.entries:
            yield from self._entry(entry)
        for classic in state.classic:
            host = self._host_of(classic)
            if host is not None:
                yield self._classic(classic, host)
        for key, balancer in sorted(state.balancers.items()):
            if balancer.https is not None:
                yield from self._members(key, balancer.https)

    def _authorization(self, one: Authorization) -> Iterator[Resource]:
        counts = self._state.authorization(one.domain, None) == one
        if one.owner != self._state.owner and not (counts and one.domain in self._state.origins):
            return
        name, value = one.record or ("", "")
        yield Resource(
            id=self._authorization_id(one),
            attrs=authorization_attrs(one),
            host=one.domain,
            container=AUTHORIZATIONS,
            outputs=attrs(record_name=name, record_value=value) if one.record else attrs(),
            mark=one.owner,
        )

    def _authorization_id(self, one: Authorization) -> ResourceId:
        counts = self._state.authorization(one.domain, None) == one
        key = one.domain if counts else f"{one.domain}/{one.name}"
        return ResourceId(self._state.alias, AUTHORIZATION, key)

    def _certificate(self, one: Certificate) -> Iterator[Resource]:
        if not (one.owner == self._state.owner and one.managed and len(one.domains) == 1):
            return
        (host,) = one.domains
        proofs = (a for a in self._state.authorizations_of(host) if a.name in one.authorizations)
        yield Resource(
            id=self._certificate_id(one, host),
            attrs=certificate_attrs(one),
            host=host,
            container=CERTIFICATES,
            after=frozenset(self._authorization_id(a) for a in proofs),
            outputs=attrs(state=one.state),
            mark=one.owner,
        )

    def _certificate_id(self, one: Certificate, host: str) -> ResourceId:
        proof = self._state.authorization(host, None)
        counts = self._state.own_certificate(host, proof.name if proof is not None else None) == one
        return ResourceId(self._state.alias, CERTIFICATE, host if counts else f"{host}/{one.name}")

    def _entry(self, one: Entry) -> Iterator[Resource]:
        key = self._state.map_key(one.map)
        if key is None or not one.host or not self._concerns(one):
            return
        here = self._state.origins.get(one.host, key) == key
        held = (c for c in self._state.own_certificates(one.host) if c.name in one.certificates)
        rules = self._state.balancer(key).rules.values()
        yield Resource(
            id=ResourceId(self._state.alias, MAP_ENTRY, one.host if here else f"{one.host}/{key}"),
            attrs=entry_attrs(one),
            host=one.host,
            container=map_container(key),
            after=self._ids((MAP, one.map), *((RULE, r.name) for r in rules))
            | {self._certificate_id(c, one.host) for c in held},
            outputs=attrs(state=one.state),
            mark=one.owner,
        )

    def _concerns(self, one: Entry) -> bool:
        return one.owner == self._state.owner or one.host in self._state.origins

    # -- with certificates of the load balancer
    def _host_of(self, one: Classic | None) -> str | None:
        """Return the host that a classic certificate is the owner's for."""
        if one is None or not one.managed or len(one.domains) != 1:
            return None
        (host,) = one.domains
        return host if marked(one.description) == (self._state.owner, host) else None

    def _classic_id(self, one: Classic, host: str) -> ResourceId:
        counts = self._state.own_classic(host, self._state.origins.get(host)) == one
        return ResourceId(self._state.alias, SSL_CERTIFICATE, host if counts else f"{host}/{one.name}")

    def _classic(self, one: Classic, host: str) -> Resource:
        return Resource(
            id=self._classic_id(one, host),
            attrs=classic_attrs(one),
            host=host,
            container=CONTAINERS[SSL_CERTIFICATE],
            outputs=attrs(status=one.status),
            mark=self._state.owner,
        )

    def _members(self, key: str, proxy: HttpsProxy) -> Iterator[Resource]:
        """Yield the places on a proxy; as long as one is there, what visitors come in by is not to go."""
        rules = self._state.balancer(key).rules.values()
        served = self._ids((HTTPS_PROXY, proxy.name), *((RULE, r.name) for r in rules))
        for host, one in sorted(self._held(key, proxy).items()):
            own = {self._classic_id(one, host)} if self._host_of(one) is not None else set()
            yield Resource(
                id=ResourceId(self._state.alias, PROXY_CERTIFICATE, self._member_key(host, proxy)),
                attrs=member_attrs(one.name),
                host=host,
                container=proxy_container(key),
                after=served | own,
                outputs=attrs(status=one.status),
                mark=self._state.owner,
            )

    def _held(self, key: str, proxy: HttpsProxy) -> dict[str, Classic]:
        """Return by host the certificate on a proxy that is there for it: its own, else an uploaded one.

        Of hosts that go, or go over to another origin, too: what they leave is to stand until DNS has moved.
        An uploaded one that others stay with tells nothing of those, and nothing goes before those do.
        """
        on = [c for name in proxy.certificates if (c := self._state.classic_named(name)) is not None]
        shared = [c for c in on if self._host_of(c) is None and self._counts(c)]
        origins, absent = self._state.origins, self._state.absent
        staying = [host for host, origin in origins.items() if origin == key and host not in absent]
        found = dict(_covered(staying, shared))
        stay = {one.name for one in found.values()}
        leaving = [host for host in origins if origins[host] != key or host in absent]
        found |= _covered(leaving, [one for one in shared if one.name not in stay])
        for one in on:
            host = self._host_of(one) or ""
            if host and (host not in found or self._state.own_classic(host, key) == one):
                found[host] = one
        return found

    def _counts(self, one: Classic) -> bool:
        """Tell whether an uploaded certificate is one that hosts rest on: the alias names it, or did."""
        return self._state.to_map or one.name in self._state.named

    def _member_key(self, host: str, proxy: HttpsProxy) -> str:
        key = self._state.proxy_key(proxy.name) or proxy.name
        return host if self._state.origins.get(host, key) == key else f"{host}/{key}"


def _covered(hosts: Iterable[str], several: Sequence[Classic]) -> dict[str, Classic]:
    """Return by host the first certificate that covers it; hosts that none covers are left out."""
    firsts = ((host, next((c for c in several if covers(c.domains, host)), None)) for host in hosts)
    return {host: one for host, one in firsts if one is not None}
