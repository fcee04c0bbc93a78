"""What the account holds that concerns tracking, as one value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from providers.fastly.api import Native
from providers.fastly.names import (
    CLASSIC,
    DOMAIN,
    DOMAINS,
    SERVICE,
    VERSIONLESS,
    mark_of,
    marked,
    service_container,
    service_name,
)
from providers.fastly.spelling import listed, version_attrs
from providers.fastly.tls import (
    Activation,
    Certificate,
    Configuration,
    Subscription,
    activation_resource,
    covers,
    subscription_resource,
    wildcard,
)
from reconciler.model import Resource, ResourceId, attrs


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the list tells of it, and where it was looked at, with the version that counts.

    active   the number of the version that is served; None where none is
    version  the number of the version that `config` is: the active one, else the newest
    config   that version, as `details` tells of it; None where it was not looked at
    """

    id: str
    name: str
    comment: str = ""
    type: str = "vcl"
    active: int | None = None
    version: int | None = None
    config: Native | None = None

    @property
    def owner(self) -> str | None:
        """Whose it is by its comment; None where that says nothing."""
        found = marked(self.comment)
        return found[0] if found else None

    @property
    def key(self) -> str | None:
        """The origin that its comment names."""
        found = marked(self.comment)
        return found[1] if found else None

    def domains(self) -> Iterator[Native]:
        """Yield the classic domains of the version that counts."""
        return listed(self.config or {}, "domains")


def service_from(native: Native) -> Service:
    """Read a line of the list of services, or `details` of one.

    docs: Service: `details` gives the active version in `active_version`, else the newest in `version`.
    """
    versions = [v for v in native.get("versions") or () if isinstance(v, Mapping)]
    active = next((v.get("number") for v in versions if v.get("active")), None)
    config = native.get("active_version") or native.get("version")
    if not isinstance(config, Mapping):
        config = None
    number = config.get("number") if config is not None else None
    return Service(
        id=str(native.get("id")),
        name=str(native.get("name") or ""),
        comment=str(native.get("comment") or ""),
        type=str(native.get("type") or "vcl"),
        active=number if config is not None and config.get("active") else active,
        version=number,
        config=config,
    )


@dataclass(frozen=True, slots=True)
class Domain:
    """A host as Fastly knows it, of either form.

    service  the id of the service that it is attached to; None where it is to none
    id       of a versionless one
    comment  a versionless one's description
    """

    host: str
    form: str
    service: str | None
    id: str | None = None
    comment: str = ""


def domain_from(native: Native) -> Domain:
    """Read a line of the list of versionless domains."""
    return Domain(
        host=str(native.get("fqdn") or "").lower().rstrip("."),
        form=VERSIONLESS,
        service=native.get("service_id") or None,
        id=str(native.get("id")),
        comment=str(native.get("description") or ""),
    )


def domains_of(service: Service) -> Iterator[Domain]:
    """Yield the classic domains of a service that was looked at."""
    for native in service.domains():
        host = str(native.get("name") or "").lower().rstrip(".")
        yield Domain(host, CLASSIC, service.id, comment=str(native.get("comment") or ""))


def is_own(service: Service, owner: str) -> bool:
    """Tell whether a service is the owner's: by its comment, or where somebody changed that by its name."""
    return key_of(service, owner) is not None


def key_of(service: Service, owner: str) -> str | None:
    """Return the origin that a service of the owner's is for; None where it is not the owner's.

    Its name is Fastly's to keep unique, and its comment anybody's to write: where the comment says nothing
    of tdr's, the name tells.
    """
    if service.owner is not None:
        return service.key if service.owner == owner else None
    prefix = service_name(owner, "")
    return service.name.removeprefix(prefix) or None if service.name.startswith(prefix) else None


@dataclass(frozen=True, slots=True)
class _Index:
    """What a state is asked for again and again, for hundreds of hosts."""

    services: Mapping[str, Service]
    own: Mapping[str, Service]
    keys: Mapping[str, str]
    domains: Mapping[str, Domain]
    orders: Mapping[str, Subscription]
    activations: Mapping[str, tuple[Activation, ...]]
    configurations: Mapping[str, Configuration]
    issued: Mapping[str, Subscription]


def _index_of(state: FastlyState) -> _Index:
    own: dict[str, Service] = {}
    # Of several the one that bears the name counts, and the served one before one that is not.
    for service in sorted(state.services, key=lambda s: (_named(s, state.owner), s.active is not None)):
        if (key := key_of(service, state.owner)) is not None:
            own[key] = service
    looked = [s for s in state.services if s.config is not None]
    activations: dict[str, tuple[Activation, ...]] = {}
    for one in state.activations:
        activations[one.domain] = (*activations.get(one.domain, ()), one)
    return _Index(
        services={s.id: s for s in state.services},
        own=own,
        keys={service.id: key for key, service in own.items()},
        # A classic one stands in the list of versionless ones too: the service's version tells which it is.
        domains={
            **{d.host: d for d in state.domains or ()},
            **{d.host: d for service in looked for d in domains_of(service)},
        },
        orders=orders_of(state.subscriptions),
        activations=activations,
        configurations={c.id: c for c in state.configurations},
        issued={id_: s for s in state.subscriptions for id_ in s.certificates},
    )


def _named(service: Service, owner: str) -> bool:
    return service.name == service_name(owner, key_of(service, owner) or "")


def orders_of(subscriptions: Iterable[Subscription]) -> dict[str, Subscription]:
    """Return by host the subscription for it alone: issued before pending before failed, then the oldest."""
    alone = [s for s in subscriptions if len(s.domains) == 1]
    by_age = sorted(alone, key=lambda s: (s.created, s.id), reverse=True)
    by_worth = sorted(by_age, key=lambda s: (s.issued, not s.failed))
    return {next(iter(s.domains)): s for s in by_worth}


@dataclass(frozen=True, slots=True)
class FastlyState:
    """What was read.

    domains       the account's versionless domains; None where it has no such thing
    unread        why they could not be read, where they are there or not
    certificates  the uploaded ones; empty where none is named
    named         the ids of those that the alias names
    served_by     the TLS configuration that the alias names
    origins       for each host of the scope the origin that its edge is to ask
    """

    alias: str
    owner: str
    customer: str
    services: tuple[Service, ...] = ()
    domains: tuple[Domain, ...] | None = ()
    unread: str = ""
    subscriptions: tuple[Subscription, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    activations: tuple[Activation, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    named: tuple[str, ...] = ()
    served_by: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _index_of(self))

    # -- services and domains
    def service(self, id_: str | None) -> Service | None:
        """Return the service with this id."""
        return self._index.services.get(id_ or "")

    def own_service(self, key: str) -> Service | None:
        """Return the owner's service for an origin."""
        return self._index.own.get(key)

    def key(self, id_: str | None) -> str | None:
        """Return the origin of a service of the owner's; None where it is not one."""
        return self._index.keys.get(id_ or "")

    def domain(self, host: str) -> Domain | None:
        """Return what Fastly knows of a host."""
        return self._index.domains.get(host)

    def mark(self, host: str) -> str | None:
        """Return whose a host is by its domain's comment: certificates can bear no mark."""
        found = self.domain(host)
        return mark_of(found.comment, host) if found is not None else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that matter: those of the scope, and those that bear the owner's mark."""
        ours = {host for host in self._index.domains if self.mark(host) == self.owner}
        return tuple(sorted(ours | self.origins.keys()))

    # -- certificates
    def order(self, host: str) -> Subscription | None:
        """Return the subscription for this host alone."""
        return self._index.orders.get(host)

    def activation(self, host: str) -> Activation | None:
        """Return the activation of an uploaded certificate for exactly this host, a named one first."""
        exact = self._index.activations.get(host, ())
        uploaded = [a for a in exact if a.certificate not in self._index.issued]
        return min(uploaded, key=self._fitness, default=None)

    def _fitness(self, one: Activation) -> tuple[bool, bool, str]:
        return one.certificate not in self.named, one.configuration != self.served_by, one.id

    def covering(self, host: str) -> tuple[Activation, ...]:
        """Return the activations that serve host, the exact ones before those of a wildcard."""
        found = (self._index.activations.get(name, ()) for name in (host, wildcard(host)))
        return tuple(one for several in found for one in several)

    def subscription_of(self, certificate: str) -> Subscription | None:
        """Return the subscription that a certificate was issued for; None for an uploaded one."""
        return self._index.issued.get(certificate)

    def together(self, host: str) -> Subscription | None:
        """Return a subscription that covers host among others."""
        return next((s for s in self.subscriptions if len(s.domains) > 1 and s.covers(host)), None)

    def certificate(self, id_: str) -> Certificate | None:
        """Return an uploaded certificate."""
        return next((c for c in self.certificates if c.id == id_), None)

    def named_for(self, host: str) -> Certificate | None:
        """Return the first of the certificates that the alias names that covers host."""
        found = (self.certificate(id_) for id_ in self.named)
        return next((c for c in found if c is not None and covers(c.domains, host)), None)

    def configuration(self, id_: str | None) -> Configuration | None:
        """Return the TLS configuration with this id, the account's default where there is none."""
        if id_ is not None:
            return self._index.configurations.get(id_)
        several = self.configurations
        default = next((c for c in several if c.default), None)
        return default or (several[0] if len(several) == 1 else None)

    # -- as resources
    def resources(self) -> tuple[Resource, ...]:
        """Return all that bears the owner's mark, and what serves the scope's hosts."""
        return (*self._services(), *self._hosts())

    def _services(self) -> Iterator[Resource]:
        for key, service in sorted(self._index.own.items()):
            yield service_resource(self.alias, key, service)

    def _hosts(self) -> Iterator[Resource]:
        for host in self.hosts:
            mark = self.mark(host)
            domain = self.domain(host)
            if domain is not None:
                yield self.domain_resource(domain)
            order = self.order(host)
            if order is not None:
                yield subscription_resource(self.alias, host, order, mark)
            activation = self.activation(host)
            if activation is not None and activation.certificate in self.named:
                yield activation_resource(self.alias, activation, mark)

    def domain_resource(self, one: Domain) -> Resource:
        """Return a live domain, named with the service that it is attached to."""
        key, service = self.key(one.service), self.service(one.service)
        used = {ResourceId(self.alias, SERVICE, key)} if key is not None else set()
        container = service_container(key or one.service or "") if one.form == CLASSIC else DOMAINS
        return Resource(
            id=ResourceId(self.alias, DOMAIN, one.host),
            attrs=attrs(
                service=key or (service.name if service is not None else one.service),
                form=one.form,
                comment=one.comment,
            ),
            host=one.host,
            container=container,
            after=frozenset(used),
            outputs=attrs(
                **{k: v for k, v in (("id", one.id), ("service_id", one.service)) if v is not None}
            ),
            mark=mark_of(one.comment, one.host),
        )


def service_resource(alias: str, key: str, service: Service) -> Resource:
    """Return a live service; who looks again gives what `details` tells now."""
    return Resource(
        id=ResourceId(alias, SERVICE, key),
        attrs=attrs(
            name=service.name,
            comment=service.comment,
            active=service.active is not None,
            **version_attrs(service.config or {}),
        ),
        container=service_container(key),
        outputs=attrs(id=service.id, **({"version": service.version} if service.version else {})),
        mark=mark_of(service.comment, key),
    )
