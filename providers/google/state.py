"""What the project holds that concerns tracking, as one value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Protocol, TypeVar

from providers.google.names import marked, name_of
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

HTTPS: Final = "443"
HTTP: Final = "80"


class Named(Protocol):
    """What compute has: a name, and a description that can bear a mark."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Balancer:
    """The owner's load balancer for one origin: of each kind the object that counts, None where none does.

    rules  by port
    """

    group: Group | None = None
    backend: Backend | None = None
    url_map: UrlMap | None = None
    policy: Policy | None = None
    map: Map | None = None
    https: HttpsProxy | None = None
    http: HttpProxy | None = None
    address: Address | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def scheme(self) -> str | None:
        """The load balancing scheme that its parts have; None where there is none yet."""
        found = [self.backend, *self.rules.values()]
        return next((one.scheme for one in found if one is not None and one.scheme), None)


def covers(names: Iterable[str], host: str) -> bool:
    """Tell whether a name is the host, or a wildcard one label above it."""
    return not {host, f"*.{host.partition('.')[2]}"}.isdisjoint(names)


@dataclass(frozen=True, slots=True)
class _Index:
    """What a state is asked for again and again, for hundreds of hosts.

    covering  by name (a wildcard too) the load balancer's certificates for it
    """

    balancers: Mapping[str, Balancer]
    maps: Mapping[str, str]
    proxies: Mapping[str, str]
    certificates: Mapping[str, Certificate]
    classic: Mapping[str, Classic]
    entries: Mapping[str, tuple[Entry, ...]]
    authorizations: Mapping[str, tuple[Authorization, ...]]
    own_certificates: Mapping[str, tuple[Certificate, ...]]
    own_classic: Mapping[str, tuple[Classic, ...]]
    by_target: Mapping[str, tuple[Rule, ...]]
    holders: Mapping[str, tuple[HttpsProxy, ...]]


@dataclass(frozen=True, slots=True)
class GoogleState:
    """What was read.

    entries  those of the owner's maps, and of maps that other load balancers have
    named    the uploaded certificates that the alias names
    to_map   whether hosts are to be served by a certificate map
    origins  for each host of the scope the origin that its edge is to ask
    absent   which of them are to go
    unread   why Certificate Manager could not be read; empty where it was
    """

    alias: str
    owner: str
    project: str
    groups: tuple[Group, ...] = ()
    backends: tuple[Backend, ...] = ()
    url_maps: tuple[UrlMap, ...] = ()
    policies: tuple[Policy, ...] = ()
    https_proxies: tuple[HttpsProxy, ...] = ()
    http_proxies: tuple[HttpProxy, ...] = ()
    addresses: tuple[Address, ...] = ()
    rules: tuple[Rule, ...] = ()
    classic: tuple[Classic, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    maps: tuple[Map, ...] = ()
    entries: tuple[Entry, ...] = ()
    named: tuple[str, ...] = ()
    to_map: bool = True
    origins: Mapping[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    unread: str = ""
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _index_of(self))

    # -- whose is what
    def key_of(self, one: Named, *, owned: str | None = None) -> str | None:
        """Return the subject that an object of the owner's is for; None where it is not the owner's.

        By its description, or where that says nothing of tdr's by its name, which is tdr's to choose: a
        description can be edited. `owned`: the owner by its label, where it can bear one.
        """
        found = marked(one.description)
        if found is not None:
            return found[1] if found[0] == self.owner else None
        if owned not in (None, self.owner):
            return None
        subjects = (*self.keys, *(f"{key}/{port}" for key in self.keys for port in (HTTPS, HTTP)))
        return next((s for s in subjects if one.name == name_of(self.owner, s)), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the origins of the scope, sorted."""
        return tuple(sorted(set(self.origins.values())))

    def balancer(self, key: str) -> Balancer:
        """Return the owner's load balancer for an origin, with nothing in it where there is none."""
        return self._index.balancers.get(key) or Balancer()

    @property
    def balancers(self) -> Mapping[str, Balancer]:
        """Return the owner's load balancers by origin."""
        return self._index.balancers

    def map_key(self, name: str) -> str | None:
        """Return the origin of the owner's map with this name, where it is the one that counts."""
        return self._index.maps.get(name)

    def proxy_key(self, name: str) -> str | None:
        """Return the origin of the owner's HTTPS proxy with this name, where it is the one that counts."""
        return self._index.proxies.get(name)

    # -- Certificate Manager
    def certificate(self, name: str | None) -> Certificate | None:
        """Return a certificate of Certificate Manager."""
        return self._index.certificates.get(name or "")

    def authorization(self, host: str, type_: str | None) -> Authorization | None:
        """Return the DNS authorization for a host, the owner's before another's; of a type, where given."""
        found = [a for a in self._index.authorizations.get(host, ()) if type_ in (None, a.type)]
        return min(found, key=lambda a: (a.owner != self.owner, a.owner is not None, a.name), default=None)

    def authorizations_of(self, host: str) -> tuple[Authorization, ...]:
        """Return all DNS authorizations for a host."""
        return self._index.authorizations.get(host, ())

    def entry(self, host: str, map_: str | None) -> Entry | None:
        """Return the entry for exactly this host in a map."""
        found = self._index.entries.get(host, ())
        return next((e for e in found if e.map == map_), None) if map_ is not None else None

    def entries_of(self, host: str) -> tuple[Entry, ...]:
        """Return the entries for exactly this host, of all maps that were read."""
        return self._index.entries.get(host, ())

    def own_certificate(self, host: str, authorization: str | None) -> Certificate | None:
        """Return the owner's certificate that serves host or is to: with this authorization, not failed.

        Of several the one that an entry has counts, then one that is active.
        """
        mine = self._index.own_certificates.get(host, ())
        used = {name for e in self.entries_of(host) for name in e.certificates}
        fit = [c for c in mine if not c.failed and c.authorizations == (authorization,)]
        return min(fit, key=lambda c: (not c.active, c.name not in used, c.name), default=None)

    def own_certificates(self, host: str) -> tuple[Certificate, ...]:
        """Return all certificates of the owner's for exactly this host."""
        return self._index.own_certificates.get(host, ())

    def uploaded(self, host: str) -> Certificate | None:
        """Return the first of the certificates that the alias names that covers host."""
        found = (self.certificate(name) for name in self.named)
        return next((c for c in found if c is not None and c.active and covers(c.domains, host)), None)

    # -- certificates of the load balancer
    def classic_named(self, name: str | None) -> Classic | None:
        """Return a certificate of the load balancer."""
        return self._index.classic.get(name or "")

    def own_classic(self, host: str, key: str | None) -> Classic | None:
        """Return the owner's classic certificate for a host: one on the origin's proxy, or an active one."""
        proxy = self.balancer(key).https if key is not None else None
        on = frozenset(proxy.certificates) if proxy is not None else frozenset()
        fit = [c for c in self.own_classics(host) if c.status != "PROVISIONING_FAILED_PERMANENTLY"]
        return min(fit, key=lambda c: (c.name not in on, not c.active, c.name), default=None)

    def own_classics(self, host: str) -> tuple[Classic, ...]:
        """Return all classic certificates of the owner's for exactly this host."""
        return self._index.own_classic.get(host, ())

    def uploaded_classic(self, host: str) -> Classic | None:
        """Return the first of the load balancer's certificates that the alias names that covers host."""
        found = (self.classic_named(name) for name in self.named)
        return next((c for c in found if c is not None and c.active and covers(c.domains, host)), None)

    # -- load balancers that are not the owner's
    def elsewhere(self, host: str) -> tuple[HttpsProxy, Rule] | None:
        """Return the proxy, and a rule that leads to it, of a load balancer of another's that serves host."""
        maps = {e.map for e in self.entries_of(host)}
        for proxy in self.https_proxies:
            held = (self.classic_named(name) for name in proxy.certificates)
            serves = (
                proxy.certificate_map in maps
                if proxy.certificate_map is not None
                else any(c is not None and host in c.domains for c in held)
            )
            rules = self._index.by_target.get(proxy.name, ())
            if serves and rules and self.proxy_key(proxy.name) is None:
                return proxy, rules[0]
        return None

    def holders(self, certificate: str) -> tuple[HttpsProxy, ...]:
        """Return the proxies that a classic certificate is on."""
        return self._index.holders.get(certificate, ())


def fresh_name(owner: str, subject: str, taken: Container[str]) -> str:
    """Return a name for something new of the owner's that nothing has yet."""
    names = (name_of(owner, subject, *([str(number)] if number else [])) for number in count())
    return next(name for name in names if name not in taken)


def chosen(found: Iterable[T], fits: Callable[[T], bool], used: Iterable[str]) -> T | None:
    """Return of several the one that counts: what cannot be changed `fits`, and it is used."""
    inside = frozenset(used)
    return min((f for f in found if fits(f)), key=lambda f: (f.name not in inside, f.name), default=None)


def _index_of(state: GoogleState) -> _Index:
    balancers = {key: _balancer(state, key) for key in sorted(_keys(state))}
    holders: dict[str, tuple[HttpsProxy, ...]] = {}
    for proxy in state.https_proxies:
        for name in proxy.certificates:
            holders[name] = (*holders.get(name, ()), proxy)
    return _Index(
        balancers=balancers,
        maps={b.map.name: key for key, b in balancers.items() if b.map is not None},
        proxies={b.https.name: key for key, b in balancers.items() if b.https is not None},
        certificates={c.name: c for c in state.certificates},
        classic={c.name: c for c in state.classic},
        entries=_grouped((e.host, e) for e in state.entries if e.host),
        authorizations=_grouped((a.domain, a) for a in state.authorizations),
        own_certificates=_grouped(
            (next(iter(c.domains)), c)
            for c in state.certificates
            if c.owner == state.owner and c.managed and len(c.domains) == 1
        ),
        own_classic=_grouped(
            (next(iter(c.domains)), c)
            for c in state.classic
            if c.managed
            and len(c.domains) == 1
            and marked(c.description) == (state.owner, next(iter(c.domains)))
        ),
        by_target=_grouped((r.target, r) for r in state.rules),
        holders=holders,
    )


V = TypeVar("V")


def _grouped(pairs: Iterable[tuple[str, V]]) -> dict[str, tuple[V, ...]]:
    found: dict[str, list[V]] = {}
    for key, one in pairs:
        found.setdefault(key, []).append(one)
    return {key: tuple(several) for key, several in found.items()}


def _keys(state: GoogleState) -> set[str]:
    """Return the origins that the owner has anything for."""
    several: tuple[Iterable[Named], ...] = (
        *(state.groups, state.backends, state.url_maps, state.policies, state.maps),
        *(state.https_proxies, state.http_proxies, state.addresses, state.rules),
    )
    found = (state.key_of(one) for kind in several for one in kind)
    return {subject.partition("/")[0] for subject in found if subject is not None}


def _balancer(state: GoogleState, key: str) -> Balancer:
    """Return what counts, from what is used to what uses it the other way round: the rules know."""

    def mine(found: Iterable[T], subject: str = key) -> list[T]:
        return [one for one in found if state.key_of(one) == subject]

    ruled = [rule for port in (HTTPS, HTTP) for rule in mine(state.rules, f"{key}/{port}")]
    at, targets = {r.address for r in ruled}, {r.target for r in ruled}
    address = chosen(
        mine(state.addresses),
        lambda a: a.type == "EXTERNAL" and a.ip_version == "IPV4",
        (a.name for a in state.addresses if a.address in at),
    )
    https = chosen(mine(state.https_proxies), _any, targets)
    http = chosen(mine(state.http_proxies), _any, targets)
    url_map = chosen(mine(state.url_maps), _any, [p.url_map for p in (https, http) if p is not None])
    backend = chosen(mine(state.backends), _any, [url_map.default_service] if url_map else ())
    rules = {
        port: chosen(mine(state.rules, f"{key}/{port}"), _fits(address, port), ()) for port in (HTTPS, HTTP)
    }
    return Balancer(
        group=chosen(mine(state.groups), _leads_to(key), backend.groups if backend else ()),
        backend=backend,
        url_map=url_map,
        policy=chosen(mine(state.policies), _any, [(https.ssl_policy or "") if https else ""]),
        map=chosen(
            [m for m in state.maps if state.key_of(m, owned=m.owner) == key],
            _any,
            [(https.certificate_map or "") if https else ""],
        ),
        https=https,
        http=http,
        address=address,
        rules={port: rule for port, rule in rules.items() if rule is not None},
    )


def _any(_one: object) -> bool:
    return True


def _leads_to(key: str) -> Callable[[Group], bool]:
    """Tell of a group whether it leads to an origin, or is yet to be given its one endpoint."""

    def leads(one: Group) -> bool:
        right = one.type == "INTERNET_FQDN_PORT" and one.default_port == int(HTTPS)
        return right and one.endpoints in (None, (), (f"{key}:{HTTPS}",))

    return leads


def _fits(address: Address | None, port: str) -> Callable[[Rule], bool]:
    """Tell of a rule whether all is right that a rule keeps for life: address, port, protocol and tier."""

    def fits(one: Rule) -> bool:
        return (
            address is not None
            and one.address == address.address
            and one.port == port
            and one.protocol in ("TCP", "")
            and one.tier in ("PREMIUM", "")
        )

    return fits
