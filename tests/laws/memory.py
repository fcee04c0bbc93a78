"""A small world in memory: DNS with caches, edges with certificates, a SparkPost account.

Its one provider type plays every part, so that the engine's laws can be tried on any state, quickly. It
refuses what vendors refuse: references to what is not there, deletion of what is in use, writes that rest
on stale state. After every write it checks the law that no answering host stops answering.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.answers import NameServer, ServerAnswer
from reconciler.clock import VirtualClock
from reconciler.dns import HostTarget, Record, RRset, Zone, record_id, zone_for
from reconciler.errors import Conflict, InvalidRequest, ProviderError
from reconciler.model import Change, Ref, Resource, ResourceId, attrs
from reconciler.probe import Probe
from reconciler.provider import (
    Composition,
    Done,
    Failed,
    Kind,
    Live,
    Outcomes,
    Parts,
    ProviderType,
    Scope,
    Setting,
    Status,
)
from reconciler.tracking import DEFAULT, LINK, SECURE, TRACKING_DOMAIN

EDGE, CERTIFICATE = "memory_edge", "memory_certificate"
ORIGIN = "origin.test"
PER_CONTAINER = 2
ISSUE_S, DEPLOY_S = 120.0, 300.0


@dataclass
class Cached:
    """An answer that a resolver may still hold."""

    name: str
    answer: tuple[str, tuple[str, ...]] | None
    until_s: float


@dataclass
class World:
    """Everything that exists, and what is counted."""

    clock: VirtualClock
    zones: tuple[str, ...] = ("example.com", "example.net")
    atomic: bool = True
    records: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    edges: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    certificates: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tracking: dict[str, dict[str, Any]] = field(default_factory=dict)
    sending: dict[str, str | None] = field(default_factory=dict)
    cached: list[Cached] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    before_write: Callable[[str, str], None] = lambda _operation, _key: None
    after_write: Callable[[str, str], None] = lambda _operation, _key: None
    deleting: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- what answers
    def host_answer(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        """Return type and values that the name servers give for a host."""
        for type_ in ("CNAME", "A"):
            if (name, type_) in self.records:
                return type_, self.records[name, type_][1]
        return None

    def serves(self, answer: tuple[str, tuple[str, ...]] | None, host: str, scheme: str) -> bool:
        """Tell whether whoever follows answer gets SparkPost for host."""
        if answer is None:
            return False
        value = answer[1][0]
        if value == ORIGIN:
            return scheme == "http"
        edge = next((e for e in self.edges.values() if e["domain_name"] == value), None)
        if edge is None or edge["host"] != host or edge["deployed_at"] > self.clock.now():
            return False
        return scheme == "http" or self.issued(edge["certificate"])

    def issued(self, arn: str) -> bool:
        """Tell whether a certificate is issued: its validation record has stood for two minutes."""
        held = next((c for c in self.certificates.values() if c["arn"] == arn), None)
        if held is None:
            return False
        if held["issued_at"] is None and (held["name"], "CNAME") in self.records:
            held["issued_at"] = self.clock.now() + ISSUE_S
        return held["issued_at"] is not None and held["issued_at"] <= self.clock.now()

    def answering(self) -> dict[str, bool]:
        """Return for each host whether every link of its mail works, whatever a resolver still holds."""
        hosts = {name for name, type_ in self.records if type_ in ("CNAME", "A") and not name.startswith("_")}
        return {host: self._works(host) for host in hosts}

    def _works(self, host: str) -> bool:
        now = [self.host_answer(host)]
        held = [c.answer for c in self.cached if c.name == host and c.until_s > self.clock.now() and c.answer]
        schemes = ("http", "https") if self.tracking.get(host, {}).get("secure") else ("http",)
        return all(self.serves(answer, host, scheme) for answer in (*now, *held) for scheme in schemes)

    # -- writing
    def write(self, operation: str, key: str, effect: Callable[[], None]) -> None:
        """Do one write, with what a test puts before and after it."""
        self.before_write(operation, key)
        with self.lock:
            before = self.answering()
            effect()
            self.writes.append((operation, key))
            after = self.answering()
            self.broken += [
                f"{operation} {key} broke {host}"
                for host, worked in before.items()
                if worked and not after.get(host, False) and host not in self.deleting
            ]
        self.after_write(operation, key)

    def replace_record(self, name: str, type_: str, new: tuple[int, tuple[str, ...]] | None) -> None:
        """Change one record set; resolvers may hold the old one for its TTL.

        What a person took down on purpose is not counted: its host stopped answering then.
        """
        old = self.records.get((name, type_))
        if old is not None and old != new and name not in self.deleting:
            self.cached.append(Cached(name, (type_, old[1]), self.clock.now() + old[0]))
        if new is None:
            self.records.pop((name, type_), None)
        else:
            self.records[name, type_] = new

    def snapshot(self) -> dict[str, Any]:
        """Return what is managed, for comparison."""
        kept = ("records", "edges", "certificates", "tracking", "sending")
        return {name: copy.deepcopy(getattr(self, name)) for name in kept}


class MemoryProvider:
    """All parts, for one alias."""

    def __init__(self, setting: Setting, world: World) -> None:
        self.alias = setting.alias
        self.owner = setting.owner
        self.calls = setting.calls
        self.world = world

    def _id(self, kind: str, key: str) -> ResourceId:
        return ResourceId(self.alias, kind, key)

    # -- read
    def read(self, scope: Scope) -> Live:
        return self.calls("unit", "read", self._read, repeatable=True)

    def _read(self) -> Live:
        world = self.world
        with world.lock:
            resources = [*self._edges(), *self._certificates(), *self._tracking(), *self._links()]
            sets = tuple(
                RRset(zone.name, name, type_, ttl, tuple(sorted(values)))
                for (name, type_), (ttl, values) in sorted(world.records.items())
                if (zone := zone_for(name, self._zones())) is not None
            )
        return Live(tuple(resources), self._zones(), sets, frozenset({f"account-{self.alias}"}))

    def _zones(self) -> tuple[Zone, ...]:
        return tuple(Zone(name, f"zone/{name}", atomic=self.world.atomic) for name in self.world.zones)

    def _edges(self) -> Iterator[Resource]:
        for (alias, host), edge in self.world.edges.items():
            if alias == self.alias:
                yield Resource(
                    self._id(EDGE, host),
                    attrs(host=host, origin=edge["origin"], certificate=edge["certificate"]),
                    host=host,
                    container=edge["container"],
                    after=frozenset({self._id(CERTIFICATE, host)}),
                    outputs=attrs(domain_name=edge["domain_name"]),
                    mark=edge["mark"],
                )

    def _certificates(self) -> Iterator[Resource]:
        for (alias, host), held in self.world.certificates.items():
            if alias == self.alias:
                yield Resource(
                    self._id(CERTIFICATE, host),
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
                yield Resource(self._id(SECURE, host), attrs(secure=one["secure"]), host=host)
                yield Resource(self._id(DEFAULT, host), attrs(default=one["default"]), host=host)

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
            certificate, edge = self._id(CERTIFICATE, wanted.host), self._id(EDGE, wanted.host)
            resources += [
                Resource(certificate, attrs(host=wanted.host), wanted.host, mark=self.owner),
                Resource(
                    edge,
                    attrs(host=wanted.host, origin=wanted.origin, certificate=Ref(certificate, "arn")),
                    wanted.host,
                    self._container(wanted.host, live),
                    mark=self.owner,
                ),
            ]
            name, value = Ref(certificate, "name"), Ref(certificate, "value")
            records.append(Record(wanted.host, "validation", name, "CNAME", (value,), 300))
            targets[wanted.host] = HostTarget("CNAME", (Ref(edge, "domain_name"),), before_dns=True)
        resources += [r for wanted in parts.sparkpost for r in self._tracked(wanted, live)]
        accounts = {w.host: f"account-{self.alias}" for w in (*parts.cdn, *parts.sparkpost)}
        return Composition(tuple(resources), tuple(records), targets, accounts)

    def _container(self, host: str, live: Live) -> str:
        held = next((r.container for r in live.resources if r.id == self._id(EDGE, host)), None)
        return held or f"edges/{sum(map(ord, host)) % PER_CONTAINER}"

    def _tracked(self, wanted: Any, live: Live) -> Iterator[Resource]:
        host = wanted.host
        tracking, secure = self._id(TRACKING_DOMAIN, host), self._id(SECURE, host)
        yield Resource(tracking, attrs(domain=host, verified=True), host)
        yield Resource(secure, attrs(secure=True), host, after=frozenset({tracking}))
        held = next((r for r in live.resources if r.id == self._id(DEFAULT, host)), None)
        default = wanted.default if wanted.default is not None else bool(held and held.attrs["default"])
        if held is not None or default:
            yield Resource(self._id(DEFAULT, host), attrs(default=default), host, after=frozenset({secure}))
        for name in wanted.sending_domains or ():
            yield Resource(self._id(LINK, name), attrs(tracking_domain=host), host, after=frozenset({secure}))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        made = []
        for record in records:
            at = record.name if isinstance(record.name, str) else record.host
            zone = zone_for(at, live.zones)
            if zone is not None:
                made.append(
                    Resource(
                        record_id(self.alias, record.host, record.role),
                        attrs(name=record.name, type=record.type, values=record.values, ttl=record.ttl),
                        record.host,
                        zone.container,
                    )
                )
        return Composition(tuple(made))

    # -- apply
    def apply(self, batch: Sequence[Change]) -> Outcomes:
        outcomes: dict[ResourceId, Done | Failed] = {}
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
        effects = {"dns_record": self._set_record, EDGE: self._set_edge, CERTIFICATE: self._set_certificate}
        effect = effects.get(kind, self._set_tracking)
        name = f"{'delete' if change.after is None else 'put'} {kind}"
        self.calls(
            "unit",
            name,
            lambda: self.world.write(name, change.id.key, lambda: effect(change)),
            repeatable=True,
        )

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
        side = change.after or change.before
        assert side is not None
        name, type_ = str(side.attrs["name"]), str(side.attrs["type"])
        held = self.world.records.get((name, type_))
        wanted = None if change.after is None else _set_of(change.after)
        if held not in (wanted, None if change.before is None else _set_of(change.before)):
            raise Conflict(f"{name} {type_} changed since it was read")
        if change.after is not None and isinstance(change.after.attrs["name"], Ref):
            raise InvalidRequest(f"the name of {change.id.address} is not known")

    def _put_record(self, change: Change) -> None:
        side = change.after or change.before
        assert side is not None
        name, type_ = str(side.attrs["name"]), str(side.attrs["type"])
        before = change.before
        if before is not None and before.attrs["type"] != type_:
            self.world.replace_record(str(before.attrs["name"]), str(before.attrs["type"]), None)
        self.world.replace_record(name, type_, None if change.after is None else _set_of(change.after))

    def _set_edge(self, change: Change) -> None:
        host = change.id.key
        if change.after is None:
            answer = self.world.host_answer(host)
            if answer and answer[1][0] == self.world.edges.get((self.alias, host), {}).get("domain_name"):
                raise InvalidRequest(f"DNS still points {host} at this edge")
            self.world.edges.pop((self.alias, host), None)
            return
        arn = change.after.attrs["certificate"]
        if isinstance(arn, Ref) or not self.world.issued(str(arn)):
            raise InvalidRequest(f"the certificate {arn} is not issued")
        held = self.world.edges.get((self.alias, host))
        self.world.edges[self.alias, host] = {
            "host": host,
            "origin": change.after.attrs["origin"],
            "certificate": arn,
            "container": change.after.container,
            "domain_name": held["domain_name"]
            if held
            else f"{host.replace('.', '-')}.{self.alias}.edge.test",
            "deployed_at": held["deployed_at"] if held else self.world.clock.now() + DEPLOY_S,
            "mark": self.owner,
        }

    def _set_certificate(self, change: Change) -> None:
        host = change.id.key
        if change.after is None:
            held = self.world.certificates.get((self.alias, host))
            if held and any(e["certificate"] == held["arn"] for e in self.world.edges.values()):
                raise InvalidRequest(f"the certificate of {host} is in use")
            self.world.certificates.pop((self.alias, host), None)
            return
        self.world.certificates.setdefault(
            (self.alias, host),
            {
                "arn": f"arn:{self.alias}:{host}",
                "name": f"_check-{self.alias}.{host}",
                "value": f"{self.alias}.validation.test",
                "issued_at": None,
                "mark": self.owner,
            },
        )

    def _set_tracking(self, change: Change) -> None:
        kind, key, world = change.id.kind, change.id.key, self.world
        if kind == LINK:
            target = None if change.after is None else str(change.after.attrs["tracking_domain"])
            if target is not None and target not in world.tracking:
                raise InvalidRequest(f"{target} is not a registered tracking domain")
            world.sending[key] = target
        elif kind == TRACKING_DOMAIN and change.after is None:
            if key in world.sending.values():
                raise InvalidRequest(f"{key} is linked")
            world.tracking.pop(key, None)
        elif kind == TRACKING_DOMAIN:
            fresh = {"alias": self.alias, "secure": False, "default": False, "verified": False}
            world.tracking.setdefault(key, fresh)
        elif kind == SECURE:
            world.tracking[key]["secure"] = True
        elif kind == DEFAULT:
            self._set_default(key, wanted=change.after is not None and bool(change.after.attrs["default"]))

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
        return self.calls("unit", "ready", lambda: {id_: self._status(id_) for id_ in ids}, repeatable=True)

    def _status(self, id_: ResourceId) -> Status:
        if id_.kind == CERTIFICATE:
            held = self.world.certificates.get((self.alias, id_.key))
            return Status(bool(held and self.world.issued(held["arn"])), "pending validation")
        edge = self.world.edges.get((self.alias, id_.key))
        return Status(bool(edge and edge["deployed_at"] <= self.world.clock.now()), "in progress")

    def verify(self, id_: ResourceId) -> Status:
        return self.calls("unit", "verify", lambda: self._verify(id_.key), repeatable=True)

    def _verify(self, host: str) -> Status:
        scheme = "https" if self.world.tracking[host]["secure"] else "http"
        ok = self.world.serves(self.world.host_answer(host), host, scheme)
        self.world.tracking[host]["verified"] = ok
        return Status(ok, "verified" if ok else f"HTTP request to {scheme}://{host} failed")


def _set_of(resource: Resource) -> tuple[int, tuple[str, ...]]:
    values = resource.attrs["values"]
    assert isinstance(values, tuple)
    if any(isinstance(value, Ref) for value in values):
        raise InvalidRequest(f"a value of {resource.id.address} is not known")
    return int(str(resource.attrs["ttl"])), tuple(sorted(str(value) for value in values))


@dataclass(frozen=True)
class MemoryOutside:
    """The network of the world."""

    world: World

    def addresses(self, name: str) -> tuple[str, ...]:
        return (name,)

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        return (NameServer(f"ns1.{zone}", "192.0.2.1"),)

    def ask_all(self, servers: Sequence[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        with self.world.lock:
            held = self.world.records.get((name, rtype))
            cname = self.world.records.get((name, "CNAME"))
        values = held[1] if held else ()
        other = cname[1][0] if cname and rtype != "CNAME" else None
        return tuple(
            ServerAnswer(s, values, held[0] if held else 0, aa=True, rcode="NOERROR", cname=other)
            for s in servers
        )

    def probe(self, host: str, scheme: str, path: str, *, address: str | None = None) -> Probe:
        answer = self.world.host_answer(host) if address is None else ("CNAME", (address,))
        if self.world.serves(answer, host, scheme):
            return Probe(
                host,
                scheme,
                path,
                address or "",
                443,
                status=302,
                server="msys-http",
                content_type="text/plain",
                robots="noindex",
                verified=scheme == "https",
            )
        return Probe(
            host, scheme, path, address or "", 443, stage="tls", error="no certificate for this host"
        )


def memory_type(world: World) -> ProviderType:
    """Return the provider type that plays every part in world."""
    return ProviderType(
        name="memory",
        parts=frozenset({"cdn", "dns", "sparkpost"}),
        open=lambda setting: MemoryProvider(setting, world),
        kinds=(
            Kind(CERTIFICATE, "issued", timeout_s=1800, usual_s=120),
            Kind(EDGE, "deployed", timeout_s=1800, usual_s=300),
            Kind(TRACKING_DOMAIN),
            Kind(SECURE),
            Kind(DEFAULT),
            Kind(LINK),
        ),
        origin=lambda _options: ORIGIN,
    )
