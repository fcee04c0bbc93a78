"""The one provider type of the world in memory: it plays every part, so that the engine's laws can be tried.

It refuses what vendors refuse: references to what is not there, deletion of what is in use, writes that rest
on stale state. By its alias a CDN makes moves of another class: `edge-a`, `edge-b`, `edge-ip`, `edge-lb` A,
`proxy` B; `edge-late` C, and a host that SparkPost manages itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from reconciler.dns import (
    DNS_RECORD,
    HOST,
    HostTarget,
    Record,
    RRset,
    Zone,
    ancestors,
    claim_name,
    record_id,
    zone_for,
)
from reconciler.errors import Conflict, InvalidRequest, NotReady, ProviderError
from reconciler.model import (
    AT_ONCE,
    EMPTY,
    Change,
    Finding,
    Ref,
    Resource,
    ResourceId,
    Rounds,
    Severity,
    attrs,
)
from reconciler.provider import (
    Composition,
    Done,
    EdgeNames,
    Failed,
    Kind,
    Live,
    Outcomes,
    Parts,
    ProviderType,
    Scope,
    Setting,
    Status,
    Wanted,
)
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN
from tests.laws import balancer
from tests.laws.memory import ALIAS_TTL_S, DEPLOY_S, HOST_TYPES, MANAGED, ORIGIN, PROXIED_TTL_S, World

EDGE, CERTIFICATE, POLICY = "memory_edge", "memory_certificate", "memory_policy"
PER_CONTAINER = 2
MANAGED_S = 900.0


class MemoryProvider:
    """All parts, for one alias."""

    def __init__(self, setting: Setting, world: World) -> None:
        self.alias = setting.alias
        self.owner = setting.owner
        self.calls = setting.calls
        self.world = world
        proxy = self.alias.startswith("proxy")  # a host's record is its edge: in the zone's own account
        self.account = "account-zones" if proxy else f"account-{world.holder(self.alias)}"
        self.holder = world.holder(self.alias)

    def _id(self, kind: str, key: str) -> ResourceId:
        return ResourceId(self.alias, kind, key)

    @property
    def _certificate(self) -> str:
        return balancer.CERTIFICATES.get(self.alias, CERTIFICATE)

    # -- read
    def read(self, scope: Scope) -> Live:
        holds = scope.everything or bool(scope.parts.dns)
        names = {n for w in scope.parts.dns for n in (w.host, claim_name(w.host), *ancestors(w.host))}
        asked = frozenset(names) if self.world.unlisted else None
        return self.calls("unit", "read", lambda: self._read(holds=holds, asked=asked), repeatable=True)

    def read_names(self, names: Collection[str], live: Live) -> Live:
        self.world.named += sorted(names)
        known = frozenset(name for zone in live.zones for name in zone.asked or ())
        return self._read(asked=known | frozenset(names))

    def _read(self, *, holds: bool = True, asked: frozenset[str] | None = None) -> Live:
        world = self.world
        world.settle()
        with world.lock:
            resources = [
                *self._policies(),
                *self._edges(),
                *(balancer.resources(world, self.alias) if self.alias in balancer.ALIASES else ()),
                *self._certificates(),
                *self._tracking(),
                *self._links(),
            ]
            sets = tuple(
                _rrset(zone.name, name, type_, ttl, values, proxied=name in world.proxied)
                for (name, type_), (ttl, values) in sorted(world.held_by(self.alias).items())
                if asked is None or name in asked
                if (zone := zone_for(name, self._zones())) is not None
            )
        zones = tuple(replace(zone, asked=asked) for zone in self._zones())
        return Live(
            tuple(resources), zones if holds else (), sets if holds else (), frozenset({self.account})
        )

    def _zones(self) -> tuple[Zone, ...]:
        return tuple(
            Zone(
                name,
                f"zone/{name}",
                name_servers=(f"ns1.{self.alias}.test",),
                atomic=self.world.atomic,
                min_ttl=self.world.min_ttl,
                account=self.account,
                aliases=self.world.aliases,
                tells_sync=self.world.tells_sync,
            )
            for name in self.world.zones
            if self.alias.startswith(("zones", "proxy"))
        )

    def _edges(self) -> Iterator[Resource]:
        for (alias, host), edge in self.world.edges.items():
            if alias == self.holder:
                certificate = {} if alias.startswith("proxy") else {"certificate": edge["certificate"]}
                policy = {"policy": edge["policy"]} if edge.get("policy") else {}
                uses = {self._id(CERTIFICATE, host)} if certificate else set()
                uses |= {self._id(POLICY, str(edge["policy"]).partition("/")[2])} if policy else set()
                yield Resource(
                    self._id(EDGE, host),
                    attrs(host=host, origin=edge["origin"], **certificate, **policy),
                    host=host,
                    container=edge["container"],
                    after=frozenset(uses),
                    outputs=attrs(
                        domain_name=edge["domain_name"], v4=edge["addresses"][0], v6=edge["addresses"][1]
                    ),
                    mark=edge["mark"],
                )

    def _policies(self) -> Iterator[Resource]:
        for (alias, name), held in self.world.policies.items():
            if alias == self.holder:
                id_ = self._id(POLICY, name)
                yield Resource(id_, attrs(name=name), outputs=attrs(id=held["id"]), mark=held["mark"])

    def _certificates(self) -> Iterator[Resource]:
        for (alias, host), held in self.world.certificates.items():
            if alias == self.holder:
                yield Resource(
                    self._id(self._certificate, host),
                    attrs(host=host),
                    host=host,
                    outputs=attrs(arn=held["arn"], name=held["name"], value=held["value"]),
                    mark=held["mark"],
                )

    def _tracking(self) -> Iterator[Resource]:
        for host, one in self.world.tracking.items():
            if one["alias"] == self.alias:
                verified = attrs(domain=host, verified=one["verified"])
                yield Resource(self._id(TRACKING_DOMAIN, host), verified, host=host)
                yield Resource(self._id(SECURE, host), attrs(secure=self.world.is_secure(host)), host=host)
                yield Resource(self._id(DEFAULT, host), attrs(default=one["default"]), host=host)
                if "managed_at" in one:
                    yield Resource(self._id(MANAGED_CERTIFICATE, host), attrs(enabled=True), host=host)

    def _links(self) -> Iterator[Resource]:
        for name, host in self.world.sending.items():
            if host and self.world.tracking.get(host, {}).get("alias") == self.alias:
                uses = frozenset({self._id(TRACKING_DOMAIN, host)})
                yield Resource(self._id(LINK, name), attrs(tracking_domain=host), host=host, after=uses)

    # -- compose
    def compose(self, parts: Parts, live: Live) -> Composition:
        resources: list[Resource] = []
        records: list[Record] = []
        targets: dict[str, HostTarget] = {}
        for wanted in parts.cdn:
            if wanted.managed:
                targets[wanted.host] = HostTarget("CNAME", (MANAGED,), after_dns=True)
            elif self.alias.startswith("proxy"):
                targets[wanted.host] = HostTarget("CNAME", (wanted.origin,), proxied=True)
                resources.append(self._rule(wanted, live))
            else:
                targets[wanted.host], made = self._edge(wanted, live)
                resources += [one for one in made if one not in resources]
                if self.alias != balancer.LATE:
                    records.append(self._validation(wanted.host))
        if self.world.policy and any(r.id.kind == EDGE for r in resources):
            id_ = self._id(POLICY, self.world.policy)
            resources.append(Resource(id_, attrs(name=id_.key), mark=self.owner))
        resources += [r for wanted in parts.sparkpost for r in self._tracked(wanted, live)]
        accounts = {w.host: self.account for w in (*parts.cdn, *parts.sparkpost)}
        findings = tuple(f for wanted in parts.sparkpost for f in self._one_way(wanted))
        edges = self._names() if self.world.exclusive else None
        return Composition(
            tuple(resources),
            tuple(records),
            targets,
            accounts,
            findings,
            edges=edges,
            versions=self._versions() if self.world.versioned else {},
        )

    def _versions(self) -> dict[str, str]:
        made = Counter(container for container, _ in self.world.versions)
        numbers = ((f"edges/{n}", made[f"edges/{n}"]) for n in range(PER_CONTAINER))
        return {place: f"version {now} becomes {now + 1}" for place, now in numbers}

    def _names(self) -> EdgeNames:
        own = {edge["domain_name"] for (alias, _), edge in self.world.edges.items() if alias == self.holder}
        return EdgeNames(
            "edge.test",
            frozenset(own),
            "{host} points at {name}, an edge of another account",
            "take {host} off {name} first",
        )

    def _one_way(self, wanted: Wanted) -> Iterator[Finding]:
        if "managed_at" in self.world.tracking.get(wanted.host, {}) and not wanted.managed:
            yield Finding(Severity.ERROR, wanted.host, "SparkPost holds the certificate")

    def _rule(self, wanted: Wanted, live: Live) -> Resource:
        return Resource(
            self._id(EDGE, wanted.host),
            attrs(host=wanted.host, origin=wanted.origin),
            wanted.host,
            self._container(wanted.host, live),
            mark=self.owner,
        )

    def _edge(self, wanted: Wanted, live: Live) -> tuple[HostTarget, list[Resource]]:
        certificate, edge = self._id(self._certificate, wanted.host), self._id(EDGE, wanted.host)
        issued = Resource(certificate, attrs(host=wanted.host), wanted.host, mark=self.owner)
        if self.alias in balancer.ALIASES:
            return balancer.composed(self.world, wanted, issued, self.owner)
        policy = {"policy": Ref(self._id(POLICY, name), "id")} if (name := self.world.policy) else {}
        return self._target(wanted.host), [
            issued,
            Resource(
                edge,
                attrs(host=wanted.host, origin=wanted.origin, certificate=Ref(certificate, "arn"), **policy),
                wanted.host,
                self._container(wanted.host, live),
                mark=self.owner,
            ),
        ]

    def _validation(self, host: str) -> Record:
        certificate = self._id(CERTIFICATE, host)
        name, value = Ref(certificate, "name"), Ref(certificate, "value")
        return Record(host, "validation", name, "CNAME", (value,), 300)

    def _target(self, host: str) -> HostTarget:
        edge = self._id(EDGE, host)
        if self.alias == "edge-ip":
            return HostTarget("A+AAAA", (Ref(edge, "v4"), Ref(edge, "v6")), before_dns=True)
        return HostTarget("CNAME", (Ref(edge, "domain_name"),), before_dns=True)

    def _container(self, host: str, live: Live) -> str:
        held = next((r.container for r in live.resources if r.id == self._id(EDGE, host)), None)
        return held or f"edges/{sum(map(ord, host)) % PER_CONTAINER}"

    def _tracked(self, wanted: Wanted, live: Live) -> Iterator[Resource]:
        host = wanted.host
        tracking, secure = self._id(TRACKING_DOMAIN, host), self._id(SECURE, host)
        certificate = self._id(MANAGED_CERTIFICATE, host)
        yield Resource(tracking, attrs(domain=host, verified=True), host)
        if wanted.managed:
            yield Resource(certificate, attrs(enabled=True), host, after=frozenset({tracking}))
        after = frozenset({tracking, certificate}) if wanted.managed else frozenset({tracking})
        yield Resource(secure, attrs(secure=True), host, after=after)
        held = next((r for r in live.resources if r.id == self._id(DEFAULT, host)), None)
        default = wanted.default if wanted.default is not None else bool(held and held.attrs["default"])
        if held is not None or default:
            yield Resource(self._id(DEFAULT, host), attrs(default=default), host, after=frozenset({secure}))
        for name in wanted.sending_domains or ():
            yield Resource(self._id(LINK, name), attrs(tracking_domain=host), host, after=frozenset({secure}))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        made = []
        for given in records:
            record = _as_alias(given) if self.world.spells_aliases else given
            at = record.name if isinstance(record.name, str) else record.host
            zone = zone_for(at, live.zones)
            if zone is not None:
                ttl = 1 if record.proxied else PROXIED_TTL_S if record.ttl == 1 else record.ttl
                own = {"proxied": bool(record.proxied)} if record.type.split("+")[0] in HOST_TYPES else {}
                made.append(
                    Resource(
                        record_id(self.alias, record.host, record.role),
                        attrs(name=record.name, type=record.type, values=record.values, ttl=ttl, **own),
                        record.host,
                        zone.container,
                    )
                )
        return Composition(tuple(made))

    # -- apply
    def apply(self, batch: Sequence[Change]) -> Outcomes:
        outcomes: dict[ResourceId, Done | Failed] = {}
        if gone := tuple(sorted(c.id.key for c in batch if c.id.kind == EDGE and c.after is None)):
            self.world.batches.append(gone)
        if batch[0].id.kind == EDGE:
            self.world.versions.append((str(batch[0].container), tuple(sorted(c.id.key for c in batch))))
        if batch[0].id.kind == "dns_record" and self.world.atomic:
            return self._zone_batch(batch)
        for change in batch:
            try:
                self._write(change)
            except ProviderError as error:
                outcomes[change.id] = Failed(error)
            else:
                outcomes[change.id] = Done(self._now(change))
        return outcomes

    def _write(self, change: Change) -> None:
        kind = change.id.kind
        effects = {
            "dns_record": self._set_record,
            EDGE: self._set_edge,
            self._certificate: self._set_certificate,
            POLICY: self._set_policy,
            **{kind.name: partial(balancer.write, self.world, owner=self.owner) for kind in balancer.KINDS},
        }
        effect = effects.get(kind, self._set_tracking)
        if self.world.slow_s and kind in (EDGE, POLICY) and change.after is not None:
            effect = self._operated(change, effect)
        name = f"{'delete' if change.after is None else 'put'} {kind}"
        self.calls(
            "unit",
            name,
            lambda: self.world.write(name, change.id.key, lambda: effect(change)),
            repeatable=True,
        )

    def _operated(self, change: Change, effect: Callable[[Change], None]) -> Callable[[Change], None]:
        """Return the effect as an operation: begun once, asked for until it ended."""
        key, now = f"{self.holder}/{change.id.key}", self._now(change)
        if now is not None and change.after is not None and now.attrs == change.after.attrs:
            return lambda _change: None

        def operate(change: Change) -> None:
            if key not in self.world.operations:
                if change.id.kind == EDGE:
                    self._check_edge(change.resource)
                self.world.operate(key, lambda: effect(change))
            raise NotReady(f"the operation on {key} is RUNNING")

        return operate

    def _now(self, change: Change) -> Resource | None:
        if change.after is None:
            return None
        if change.id.kind == "dns_record":
            return change.after
        return next((r for r in self._read().resources if r.id == change.id), None)

    def _zone_batch(self, batch: Sequence[Change]) -> Outcomes:
        def effect() -> None:
            for change in batch:
                self._check_record(change)
            for change in batch:
                self._put_record(change)

        keys = ", ".join(change.id.key for change in batch)
        operation = "delete dns_record" if any(c.after is None for c in batch) else "put dns_record"
        self.calls("unit", operation, lambda: self.world.write(operation, keys, effect), repeatable=True)
        return {change.id: Done(change.after) for change in batch}

    def _set_record(self, change: Change) -> None:
        self._check_record(change)
        self._put_record(change)

    def _check_record(self, change: Change) -> None:
        before, after = _sets_of(change.before), _sets_of(change.after)
        keys = before.keys() | after.keys()
        stand = self.world.held_by(self.alias)
        held = {key: stand[key] for key in keys if key in stand}
        if held not in (before, after):
            raise Conflict(f"{change.resource.attrs['name']} changed since it was read: {held}")

    def _put_record(self, change: Change) -> None:
        before, after = _sets_of(change.before), _sets_of(change.after)
        name = str(change.resource.attrs["name"])
        for key in before.keys() - after.keys():
            self.world.replace_record(self.alias, *key, None)
        for key, new in after.items():
            self.world.replace_record(self.alias, *key, new)
        if change.after is not None and change.after.attrs.get("proxied") is True:
            self.world.proxied.add(name)
        else:
            self.world.proxied.discard(name)

    def _set_edge(self, change: Change) -> None:
        host, world = change.id.key, self.world
        held = world.edges.get((self.holder, host))
        if change.after is None:
            answer = world.host_answer(host)
            if answer and held and answer[1][0] in (held["domain_name"], *held["addresses"]):
                raise InvalidRequest(f"DNS still points {host} at this edge")
            if held is not None:
                off_at = held.setdefault("off_at", world.clock.now() + world.takedown_s)
                if off_at > world.clock.now():
                    raise NotReady(f"the edge of {host} is being turned off")
            world.edges.pop((self.holder, host), None)
            return
        self._check_edge(change.after)
        arn, policy = change.after.attrs.get("certificate"), change.after.attrs.get("policy")
        place = f"{host.replace('.', '-')}.{self.holder}"
        world.edges[self.holder, host] = {
            "host": host,
            "origin": change.after.attrs["origin"],
            "certificate": arn,
            "policy": policy,
            "container": change.after.container,
            "domain_name": f"{place}.edge.test",
            "addresses": (f"v4.{place}", f"v6:{place}"),
            "deployed_at": held["deployed_at"] if held else world.clock.now() + DEPLOY_S,
            "mark": self.owner,
        }

    def _check_edge(self, edge: Resource) -> None:
        arn, policy, world = edge.attrs.get("certificate"), edge.attrs.get("policy"), self.world
        if not self.alias.startswith("proxy") and (isinstance(arn, Ref) or not world.issued(str(arn))):
            raise InvalidRequest(f"the certificate {arn} is not issued")
        if policy is not None and policy not in [p["id"] for p in world.policies.values()]:
            raise InvalidRequest(f"there is no policy {policy}")

    def _set_certificate(self, change: Change) -> None:
        host = change.id.key
        if change.after is None:
            held = self.world.certificates.get((self.holder, host))
            users = [e["certificate"] for e in self.world.edges.values()]
            if held and (held["arn"] in users or balancer.in_use(self.world, held["arn"])):
                raise InvalidRequest(f"the certificate of {host} is in use")
            self.world.certificates.pop((self.holder, host), None)
            return
        self.world.certificates.setdefault(
            (self.holder, host),
            {
                "arn": balancer.arn_of(self.holder, host),
                "name": f"_check-{self.holder}.{host}",
                "value": f"{self.holder}.validation.test",
                "issued_at": None,
                "mark": self.owner,
            },
        )

    def _set_policy(self, change: Change) -> None:
        name, world = change.id.key, self.world
        if change.after is None:
            held = world.policies.get((self.holder, name))
            if held and any(e.get("policy") == held["id"] for e in world.edges.values()):
                raise InvalidRequest(f"the policy {name} is in use")
            world.policies.pop((self.holder, name), None)
        elif (self.holder, name) in world.policies:
            raise InvalidRequest(f"there is a policy {name} already")
        else:
            world.policies[self.holder, name] = {"id": f"{self.holder}/{name}", "mark": self.owner}

    def _set_tracking(self, change: Change) -> None:
        kind, key, world = change.id.kind, change.id.key, self.world
        if kind == LINK:
            self._set_link(change)
        elif kind == TRACKING_DOMAIN and change.after is None:
            if key in world.sending.values():
                raise InvalidRequest(f"{key} is linked")
            world.tracking.pop(key, None)
        elif kind == TRACKING_DOMAIN:
            fresh = {"alias": self.alias, "secure": False, "default": False, "verified": False}
            world.tracking.setdefault(key, fresh)
        elif kind == SECURE:
            self._set_secure(key, wanted=change.after is not None and change.after.attrs["secure"] is True)
        elif kind == MANAGED_CERTIFICATE:
            self._enable(key)
        elif kind == DEFAULT:
            self._set_default(key, wanted=change.after is not None and bool(change.after.attrs["default"]))

    def _set_link(self, change: Change) -> None:
        target = None if change.after is None else str(change.after.attrs["tracking_domain"])
        if target is not None and target not in self.world.tracking:
            raise InvalidRequest(f"{target} is not a registered tracking domain")
        self.world.sending[change.id.key] = target

    def _set_secure(self, host: str, *, wanted: bool) -> None:
        one = self.world.tracking[host]
        if wanted and "managed_at" in one and not self.world.managed_issued(host):
            raise NotReady("the managed certificate is pending")
        one["secure"] = wanted

    def _enable(self, host: str) -> None:
        one = self.world.tracking[host]
        if self.world.host_answer(host) != ("CNAME", (MANAGED,)) or not one["verified"]:
            raise NotReady(f"{host} is not verified or does not point at {MANAGED}")
        one.setdefault("managed_at", self.world.clock.now() + MANAGED_S)

    def _set_default(self, host: str, *, wanted: bool) -> None:
        if wanted and not self.world.tracking[host]["verified"]:
            raise InvalidRequest(f"{host} is unverified")
        if wanted:
            for other in self.world.tracking.values():
                other["default"] = False
        if host in self.world.tracking:
            self.world.tracking[host]["default"] = wanted

    # -- ready, verify
    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        self.world.asked_ready.append(tuple(sorted(id_.key for id_ in ids)))
        return self.calls("unit", "ready", lambda: {id_: self._status(id_) for id_ in ids}, repeatable=True)

    def _status(self, id_: ResourceId) -> Status:
        if id_.kind == DNS_RECORD:
            if self.world.refuses_ready is not None:
                raise self.world.refuses_ready
            written_s = self.world.written_at.get(id_.key.partition("/")[0], 0.0)
            return Status(written_s + self.world.sync_s <= self.world.clock.now(), "change C1 is PENDING")
        if id_.kind == MANAGED_CERTIFICATE:
            return Status(self.world.managed_issued(id_.key), "pending")
        if id_.kind == CERTIFICATE:
            held = self.world.certificates.get((self.holder, id_.key))
            return Status(bool(held and self.world.issued(held["arn"])), "pending validation")
        if id_.kind == balancer.ENTRY:
            return Status(balancer.active(self.world, id_), "pending")
        return Status(self.world.deployed(self.world.edges.get((self.holder, id_.key))), "in progress")

    def verify(self, id_: ResourceId) -> Status:
        return self.calls("unit", "verify", lambda: self._verify(id_.key), repeatable=True)

    def _verify(self, host: str) -> Status:
        scheme = "https" if self.world.is_secure(host) else "http"
        ok = self.world.serves(self.world.host_answer(host), host, scheme)
        ok = ok and not self.world.tracking[host].get("refused")
        self.world.tracking[host]["verified"] = ok
        return Status(ok, "verified" if ok else f"HTTP request to {scheme}://{host} failed")


def _rrset(zone: str, name: str, type_: str, ttl: int, values: tuple[str, ...], *, proxied: bool) -> RRset:
    own = attrs(proxied=proxied) if type_ in HOST_TYPES else EMPTY
    effective = attrs(effective_ttl_s=PROXIED_TTL_S if ttl == 1 else ttl)
    return RRset(zone, name, type_, ttl, tuple(sorted(values)), own, effective)


def _as_alias(record: Record) -> Record:
    """Return a CNAME at an edge as the ALIAS that some vendors have for it."""
    value = record.values[0]
    at_edge = value.target.kind == EDGE if isinstance(value, Ref) else str(value).endswith(".edge.test")
    if record.type != "CNAME" or record.role != HOST or not at_edge:
        return record
    return replace(record, type="ALIAS", ttl=ALIAS_TTL_S)


def _sets_of(resource: Resource | None) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
    """Return the record sets that a resource stands for, by name and type."""
    if resource is None:
        return {}
    name, values, ttl = resource.attrs["name"], resource.attrs["values"], int(str(resource.attrs["ttl"]))
    assert isinstance(values, tuple)
    if isinstance(name, Ref) or any(isinstance(value, Ref) for value in values):
        raise InvalidRequest(f"a value of {resource.id.address} is not known")
    texts = sorted(str(value) for value in values)
    types = str(resource.attrs["type"]).split("+")
    if len(types) == 1:
        return {(str(name), types[0]): (ttl, tuple(texts))}
    parts = {"A": [t for t in texts if ":" not in t], "AAAA": [t for t in texts if ":" in t]}
    return {(str(name), type_): (ttl, tuple(parts[type_])) for type_ in types}


def memory_type(world: World) -> ProviderType:
    """Return the provider type that plays every part in world."""
    writing = Rounds(60, 900, 20.0) if world.slow_s else AT_ONCE
    return ProviderType(
        name="memory",
        parts=frozenset({"cdn", "dns", "sparkpost"}),
        open=lambda setting: MemoryProvider(setting, world),
        kinds=(
            Kind(CERTIFICATE, "issued", timeout_s=1800, usual_s=120),
            Kind(
                EDGE,
                "deployed",
                timeout_s=1800,
                usual_s=300,
                removal=Rounds(600, 5400, 30.0),
                writing=writing,
                gathers=world.versioned,
                billed=world.charges,
            ),
            Kind(POLICY, writing=writing),
            *balancer.KINDS,
            *(Kind(name) for name in balancer.CERTIFICATES.values()),
            Kind(TRACKING_DOMAIN),
            Kind(SECURE),
            Kind(DEFAULT),
            Kind(LINK),
            Kind(MANAGED_CERTIFICATE, "issued", timeout_s=1800, usual_s=900),
        ),
        origin=lambda _options: ORIGIN,
    )
