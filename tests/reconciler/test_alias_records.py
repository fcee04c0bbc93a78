"""ALIAS host records: what is asked of servers, of the edge and of resolvers while one stands or comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from reconciler.answers import NameServer, ServerAnswer
from reconciler.assemble import Assembly
from reconciler.claim import Was, parse_was
from reconciler.clock import SystemClock
from reconciler.dns import HOST, HostTarget, Zone, record_id
from reconciler.gates import GateKeeper
from reconciler.hostview import HostView
from reconciler.model import Resource, attrs
from reconciler.plan import Gate, GateKind, Plan
from reconciler.preflight import preflight
from reconciler.probe import Probe
from reconciler.provider import Status
from reconciler.records import ZoneView, host_remembered, host_wanted, same_answer
from tests.reconciler.test_propagation import internet

CLICK, ZONE = "click.example.test", "example.test"
EDGE = "d111.cloudfront.net"
RECORD = record_id("dns", CLICK, HOST)
SERVERS = (NameServer("ns1.example.test", "192.0.2.1"), NameServer("ns2.example.test", "192.0.2.2"))
VIEW = ZoneView(Zone(ZONE, "zone/1", aliases=True), {}, frozenset())


def record(type_: str, *values: str, ttl: int = 60) -> Resource:
    return Resource(RECORD, attrs(name=CLICK, type=type_, values=values, ttl=ttl), CLICK)


@dataclass
class Answering:
    """An outside in which the second server gives this answer and the first the right one."""

    values: tuple[str, ...] = ()
    cname: str | None = None
    asked: list[str] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)

    def addresses(self, name: str) -> tuple[str, ...]:
        return {EDGE: ("192.0.2.80",)}.get(name, ())

    def reachable(self, addresses: Sequence[str]) -> tuple[str, ...]:
        return tuple(addresses)

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        return SERVERS

    def ask_all(self, servers: Sequence[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        self.asked.append(rtype)
        right = ServerAnswer(SERVERS[0], ("192.0.2.80",), 60, aa=True, rcode="NOERROR")
        return (
            right,
            ServerAnswer(SERVERS[1], self.values, 60, aa=True, rcode="NOERROR", cname=self.cname),
        )

    def probe(self, host: str, scheme: str, path: str, *, address: str | None = None) -> Probe:
        self.probed.append(str(address))
        return Probe(host, scheme, path, address or "", 443, stage="tls", error="refused")


def asked(outside: Answering, kind: GateKind, before: Resource | None, target: HostTarget) -> Status:
    view = HostView(CLICK, None, "dns", VIEW, target=target, before=before, moves=True)
    keeper = GateKeeper({}, outside, {CLICK: view}, SystemClock())
    found = keeper.check([Gate("gate", kind, CLICK, (RECORD,), "")], {RECORD: record("ALIAS", EDGE)})["gate"]
    assert isinstance(found, Status)
    return found


@pytest.mark.parametrize(
    ("outside", "before", "ready"),
    [
        (Answering(("192.0.2.81",)), record("CNAME", "spgo.io"), True),
        (Answering((), "spgo.io"), record("CNAME", "spgo.io"), False),
        (Answering(()), None, False),
        (Answering(("192.0.2.9",)), record("A", "192.0.2.9"), False),
        (Answering(("192.0.2.9",)), record("A+AAAA", "192.0.2.9", "2001:db8::9"), False),
        (Answering(("192.0.2.81",)), record("A+AAAA", "192.0.2.9", "2001:db8::9"), True),
    ],
    ids=("addresses", "still the CNAME", "nothing", "the old address", "the old pair", "new addresses"),
)
def test_every_server_must_answer_with_addresses_that_are_not_the_old_ones(
    outside: Answering, before: Resource | None, ready: bool
) -> None:
    status = asked(outside, GateKind.ANSWERS, before, HostTarget("ALIAS", (EDGE,)))
    assert (status.ready, set(outside.asked) - {"SOA"}) == (ready, {"A"})


@pytest.mark.parametrize("value", [EDGE, f"Z2FDTNDATAQYW2/{EDGE}"])
@pytest.mark.parametrize("type_", ["ALIAS", "CNAME"])
def test_the_edge_is_found_by_the_targets_name(type_: str, value: str) -> None:
    outside = Answering()
    asked(outside, GateKind.SERVES, None, HostTarget(type_, (value if type_ == "ALIAS" else EDGE,)))
    assert outside.probed == ["192.0.2.80"]


def test_an_alias_beside_an_address_is_followed_and_the_address_taken_as_it_is() -> None:
    outside = Answering()
    keeper = GateKeeper({}, outside, {}, SystemClock())
    assert not keeper.still_serves(CLICK, record("AAAA+ALIAS", EDGE, "2001:db8::9")).ready
    assert outside.probed == ["192.0.2.80"]


def test_resolvers_are_not_asked_whether_they_see_the_addresses_of_an_alias() -> None:
    target = HostTarget("CNAME", ("new.example",), before_dns=True)
    view = HostView(CLICK, None, "dns", VIEW, target=target, before=record("ALIAS", EDGE), moves=True)
    with internet() as net:
        assert preflight(Plan("acme", (), ()), Assembly({}, {}, {CLICK: view}, ()), net) == ()


# -- values
ALIAS, CNAME = Was("ALIAS", (EDGE,), 60), Was("CNAME", (EDGE,), 3600)


def test_an_alias_answers_what_a_cname_to_its_target_does() -> None:
    assert same_answer(ALIAS, CNAME)
    assert same_answer(Was("ALIAS", (f"Z1/{EDGE}",), 60), CNAME)
    assert not same_answer(ALIAS, Was("CNAME", ("d222.cloudfront.net",), 60))
    assert not same_answer(ALIAS, Was("PROXIED-CNAME", (EDGE,), 60))
    assert not same_answer(ALIAS, None)


def test_a_claim_remembers_an_alias() -> None:
    assert parse_was(str(ALIAS)) == ALIAS
    assert parse_was(f"ALIAS:Z1/{EDGE}@60") == Was("ALIAS", (f"Z1/{EDGE}",), 60)


def test_a_zone_without_aliases_is_given_a_cname() -> None:
    plain = Zone(ZONE, "zone/1")
    for zone, type_, value in ((VIEW.zone, "ALIAS", f"Z1/{EDGE}"), (plain, "CNAME", EDGE)):
        remembered = host_remembered(CLICK, Was("ALIAS", (f"Z1/{EDGE}",), 60), zone)
        wanted = host_wanted(CLICK, HostTarget("ALIAS", (f"Z1/{EDGE}",)), 60, zone)
        assert (remembered.type, remembered.values) == (wanted.type, wanted.values) == (type_, (value,))
