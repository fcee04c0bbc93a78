"""A lean vendor in memory: closed forms instead of a world, so that what is timed is tdr's own work.

Two provider types play the parts: seven resources a domain (certificate, edge, tracking domain, `secure`,
validation record, host record, claim). Everything is found by key; nothing is ever searched.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.answers import NameServer, ServerAnswer
from reconciler.desired import Desired
from reconciler.dns import CLAIM, DNS_RECORD, HostTarget, Record, RRset, Zone, record_id
from reconciler.model import Change, Ref, Resource, ResourceId, attrs
from reconciler.probe import Probe
from reconciler.provider import (
    Composition,
    Done,
    Kind,
    Limit,
    Live,
    Outcomes,
    Parts,
    ProviderType,
    Scope,
    Setting,
    Status,
    Wanted,
)
from reconciler.tracking import SECURE, TRACKING_DOMAIN

SENDER_TYPE, TYPE = "bench-sender", "bench"
EDGE, CERTIFICATE = "bench_edge", "bench_certificate"
SP, CDN, DNS = "sp", "web", "names"
ALIASES = (SP, CDN, DNS)
ORIGIN, UNIT = "origin.test", "calls"
HOSTS_A_ZONE = 200
HOSTS_AN_EDGE_CONTAINER = 100
PER_S, BURST = 5.0, 5
"""The rate that a limited account publishes, calls a second."""


# -- names
def hosts(count: int) -> list[str]:
    """Return so many hosts, 200 a zone."""
    return [f"click{number}.z{number // HOSTS_A_ZONE}.example" for number in range(count)]


def zone_of(host: str) -> str:
    """Return the zone that one of `hosts` lies in."""
    return host.partition(".")[2]


def yaml_for(names: Iterable[str], types: Mapping[str, str] | None = None) -> str:
    """Return the file that wants these hosts, on the bench's accounts or on those of other types."""
    known = {"sender": SENDER_TYPE, "edge": TYPE, **(types or {})}
    lines = ["version: 1", "owner: bench", "providers:"]
    lines += [f"  {alias}: {{type: {known['sender' if alias == SP else 'edge']}}}" for alias in ALIASES]
    lines += [f"defaults: {{sparkpost: {SP}, cdn: {CDN}, dns: {DNS}}}", "domains:"]
    lines += [f"  {name}:\n    ttl: 3600\n    allow_gap: 30m" for name in names]
    return "\n".join(lines) + "\n"


# -- what exists
@dataclass
class Account:
    """What the one vendor holds, by key. `latency` passes before each answer; `limited` publishes a rate."""

    zones: tuple[Zone, ...] = ()
    resources: dict[ResourceId, Resource] = field(default_factory=dict)
    records: dict[tuple[str, str], Resource] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    latency: Callable[[], None] = lambda: None
    limited: bool = False

    @classmethod
    def empty(cls, names: Iterable[str]) -> Account:
        """Return an account that holds the zones of these hosts, and nothing in them."""
        zones = sorted({zone_of(name) for name in names})
        return cls(tuple(Zone(zone, f"zone/{zone}", ("ns1.test",)) for zone in zones))

    @classmethod
    def settled(cls, desired: Desired, claims: Mapping[str, str]) -> Account:
        """Return an account where all that desired wants stands already; `claims` are the texts by host."""
        found = cls.empty(desired.domains)
        parts = Parts(*(tuple(_wanted(desired)),) * 3)
        composed = [BenchProvider(alias, desired.owner, found).compose(parts, Live()) for alias in ALIASES]
        for resource in (r for one in composed for r in one.resources):
            found.put(_known(resource, resource.id.key))
        for host, text in claims.items():
            target = (edge_name(host),)
            for role, name, type_, values, ttl in (
                ("validation", f"_check.{host}", "CNAME", ("validation.test",), 300),
                ("host", host, "CNAME", target, 3600),
                (CLAIM, f"_tdr.{host}", "TXT", (text,), 60),
            ):
                content = attrs(name=name, type=type_, values=values, ttl=ttl)
                found.put(Resource(record_id(DNS, host, role), content, host, f"zone/{zone_of(host)}"))
        return found

    def put(self, resource: Resource) -> Resource:
        """Hold one resource and return it as the vendor reports it."""
        held = replace(resource, outputs=_outputs(resource.id))
        if resource.id.kind == DNS_RECORD:
            self.records[str(resource.attrs["name"]), str(resource.attrs["type"])] = held
        else:
            self.resources[resource.id] = held
        return held

    def remove(self, resource: Resource) -> None:
        """Hold it no longer."""
        self.resources.pop(resource.id, None)
        self.records.pop((str(resource.attrs.get("name")), str(resource.attrs.get("type"))), None)

    def rrsets(self) -> Iterator[RRset]:
        """Yield all record sets."""
        for (name, type_), held in self.records.items():
            values = held.attrs["values"]
            texts = tuple(map(str, values)) if isinstance(values, tuple) else ()
            zone = (held.container or "").partition("/")[2]
            yield RRset(zone, name, type_, int(str(held.attrs["ttl"])), texts)


def edge_name(host: str) -> str:
    """Return the name of the edge that serves host."""
    return f"{host.replace('.', '-')}.edge.test"


def _outputs(id_: ResourceId) -> Mapping[str, str]:
    if id_.kind == CERTIFICATE:
        return {"arn": f"arn:{id_.key}", "name": f"_check.{id_.key}", "value": "validation.test"}
    return {"domain_name": edge_name(id_.key)} if id_.kind == EDGE else {}


def _known(resource: Resource, host: str) -> Resource:
    """Fill in what a resource refers to: closed forms."""
    outputs = _outputs(ResourceId(CDN, CERTIFICATE, host))
    changed = {n: outputs[v.output] for n, v in resource.attrs.items() if isinstance(v, Ref)}
    known = resource.with_attrs(**changed) if changed else resource
    return replace(known, after=resource.depends_on)


def _wanted(desired: Desired) -> Iterator[Wanted]:
    return (Wanted(domain.host, ORIGIN, domain.ttl) for domain in desired.domains.values())


# -- the provider
class BenchProvider:
    """All parts, for one alias. Every method is linear in what it is given."""

    def __init__(self, alias: str, owner: str, account: Account, setting: Setting | None = None) -> None:
        self.alias, self.owner, self.account = alias, owner, account
        self.calls = setting.calls if setting else None

    def _call(self, operation: str) -> None:
        if self.calls is not None:
            self.calls(UNIT, operation, self.account.latency, repeatable=True)

    def _id(self, kind: str, key: str) -> ResourceId:
        return ResourceId(self.alias, kind, key)

    def read(self, scope: Scope) -> Live:
        """List what the alias holds, in one call."""
        self._call("list")
        with self.account.lock:
            mine = tuple(r for r in self.account.resources.values() if r.id.alias == self.alias)
            if self.alias != DNS:
                return Live(mine, accounts=frozenset({self.alias}))
            return Live(mine, self.account.zones, tuple(self.account.rrsets()), frozenset({self.alias}))

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what should be."""
        if self.alias == CDN:
            return self._edges(parts)
        resources = [r for w in parts.sparkpost for r in self._tracked(w)] if self.alias == SP else []
        return Composition(tuple(resources), accounts={w.host: self.alias for w in parts.sparkpost})

    def _edges(self, parts: Parts) -> Composition:
        resources: list[Resource] = []
        records: list[Record] = []
        targets: dict[str, HostTarget] = {}
        for number, wanted in enumerate(parts.cdn):
            host, container = wanted.host, f"edges/{number // HOSTS_AN_EDGE_CONTAINER}"
            certificate, edge = self._id(CERTIFICATE, host), self._id(EDGE, host)
            content = attrs(host=host, origin=wanted.origin, certificate=Ref(certificate, "arn"))
            resources.append(Resource(certificate, attrs(host=host), host, mark=self.owner))
            resources.append(Resource(edge, content, host, container, mark=self.owner))
            name, value = Ref(certificate, "name"), Ref(certificate, "value")
            records.append(Record(host, "validation", name, "CNAME", (value,), 300))
            targets[host] = HostTarget("CNAME", (Ref(edge, "domain_name"),), before_dns=True)
        accounts = dict.fromkeys(targets, self.alias)
        return Composition(tuple(resources), tuple(records), targets, accounts)

    def _tracked(self, wanted: Wanted) -> Iterator[Resource]:
        tracking = self._id(TRACKING_DOMAIN, wanted.host)
        yield Resource(tracking, attrs(domain=wanted.host, verified=True), wanted.host)
        secure = attrs(secure=True)
        yield Resource(self._id(SECURE, wanted.host), secure, wanted.host, after=frozenset({tracking}))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as read reports them."""
        made = [
            Resource(
                record_id(self.alias, record.host, record.role),
                attrs(name=record.name, type=record.type, values=record.values, ttl=record.ttl),
                record.host,
                f"zone/{zone_of(record.host)}",
            )
            for record in records
        ]
        return Composition(tuple(made))

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make a batch in one call."""
        self._call("write")
        outcomes: dict[ResourceId, Done] = {}
        with self.account.lock:
            for change in batch:
                if change.after is None:
                    self.account.remove(change.resource)
                outcomes[change.id] = Done(self.account.put(change.after) if change.after else None)
        return outcomes

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """All is ready as soon as it is asked for, in one call."""
        self._call("list")
        return dict.fromkeys(ids, Status(ready=True, text="ready"))

    def verify(self, id_: ResourceId) -> Status:
        """Verification succeeds, a call a domain."""
        self._call("verify")
        return Status(ready=True, text="verified")


def bench_types(account: Account) -> Mapping[str, ProviderType]:
    """Return the types that play the parts on account."""
    cdn = ProviderType(
        name=TYPE,
        parts=frozenset({"cdn", "dns"}),
        open=lambda setting: BenchProvider(setting.alias, setting.owner, account, setting),
        kinds=(
            Kind(CERTIFICATE, "issued", timeout_s=1800, usual_s=120),
            Kind(EDGE, "deployed", timeout_s=1800, usual_s=300),
        ),
        limits=(Limit(UNIT, PER_S, BURST, "this file"),) if account.limited else (),
    )
    sender = replace(
        cdn,
        name=SENDER_TYPE,
        parts=frozenset({"sparkpost"}),
        kinds=(Kind(TRACKING_DOMAIN), Kind(SECURE)),
        origin=lambda _options: ORIGIN,
    )
    return {TYPE: cdn, SENDER_TYPE: sender}


@dataclass(frozen=True)
class Everywhere:
    """The network: every name server answers, every edge serves."""

    account: Account

    def addresses(self, name: str) -> tuple[str, ...]:
        return ("192.0.2.7",)

    def reachable(self, addresses: Sequence[str]) -> tuple[str, ...]:
        return tuple(addresses)

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        return (NameServer(f"ns1.{zone}", "192.0.2.1"),)

    def ask_all(self, servers: Sequence[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        held = self.account.records.get((name, rtype))
        values = held.attrs["values"] if held else ()
        texts = tuple(map(str, values)) if isinstance(values, tuple) else ()
        other = edge_name(name) if rtype != "CNAME" else None
        return tuple(ServerAnswer(s, texts, 60, aa=True, rcode="NOERROR", cname=other) for s in servers)

    def probe(self, host: str, scheme: str, path: str, *, address: str | None = None) -> Probe:
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
