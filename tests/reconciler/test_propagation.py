"""Whether a new record is seen, asked of real name servers: the gate after a move, delegations, CAA."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.answers import NameServer
from reconciler.assemble import Assembly
from reconciler.clock import SystemClock
from reconciler.dns import HOST, RRset, Zone, record_id
from reconciler.gates import GateKeeper
from reconciler.hostview import HostView
from reconciler.model import Action, Change, Resource, attrs
from reconciler.net import Network
from reconciler.net_settings import Address, NetSettings
from reconciler.plan import Gate, GateKind, Plan
from reconciler.preflight import preflight
from reconciler.provider import Issuance, Status
from reconciler.records import zone_views
from tests.reconciler import tiny_servers
from tests.reconciler.tiny_servers import dns_server
from tests.servers.bind import bind, resolver
from tests.servers.knot import catch_up, knot, knot_secondary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.zones import RealServer

ZONE, CLICK = "example.test", "click.example.test"
RESOLVER = "192.0.2.53"
ONE, TWO = "192.0.2.1", "192.0.2.2"
OLD, NEW = "spgo.io", "edge.example"
BEFORE = f"click 3600 CNAME {OLD}."
MOVED = f"{CLICK}. 60 CNAME {NEW}."
RECORD = record_id("dns", CLICK, HOST)
NAMES = {
    (ZONE, "NS"): [f"{ZONE} 60 NS ns1.{ZONE}. | ns2.{ZONE}."],
    (f"ns1.{ZONE}", "A"): [f"ns1.{ZONE} 60 A {ONE}"],
    (f"ns2.{ZONE}", "A"): [f"ns2.{ZONE} 60 A {TWO}"],
}


@contextlib.contextmanager
def internet(
    *servers: RealServer, names: tiny_servers.Zone | None = None, **settings: bool
) -> Iterator[Network]:
    """The servers at 192.0.2.1 and so on, and a resolver that knows their names."""
    known = names or tiny_servers.Zone(NAMES)
    with dns_server(known) as at:
        net_map = {
            Address(f"192.0.2.{number}", 53): Address(server.address, server.port)
            for number, server in enumerate(servers, 1)
        }
        net_map[Address(RESOLVER, 53)] = Address(*at)
        yield Network(NetSettings((Address(RESOLVER, 53),), net_map, **settings))


def keeper(net: Network) -> GateKeeper:
    """A keeper of one host's gates."""
    view = zone_views((Zone(ZONE, "zone:dns"),), (RRset(ZONE, ZONE, "NS", 60, ("ns1.example.test",)),))[ZONE]
    return GateKeeper({}, net, {CLICK: HostView(CLICK, None, "dns", view)}, SystemClock())


def answers(net: Network) -> Status:
    """What the gate says of CLICK, which is to be an alias of the new edge."""
    record = Resource(RECORD, attrs(name=CLICK, type="CNAME", values=(NEW,), ttl=60))
    gate = Gate("gate", GateKind.ANSWERS, CLICK, (RECORD,), "every authoritative server answers")
    found = keeper(net).check([gate], {RECORD: record})["gate"]
    assert isinstance(found, Status)
    return found


def test_a_secondary_that_lags_is_named_with_its_serial_until_it_has_caught_up() -> None:
    with (
        knot({ZONE: BEFORE}) as primary,
        knot_secondary(primary, ZONE, address="127.0.0.2") as secondary,
        internet(primary, secondary) as net,
    ):
        assert not answers(net).ready
        for _ in range(2):  # the second says that it is the serials that are compared, not a step of one
            assert primary.nsupdate(ZONE, MOVED, deletes=(f"{CLICK}. CNAME",)) == "NOERROR"
            assert primary.nsupdate(ZONE, f"other.{ZONE}. 60 A 192.0.2.9") == "NOERROR"
        old, new = secondary.serial(ZONE), primary.serial(ZONE)
        assert answers(net) == Status(
            ready=False,
            text=f"1 of 2 servers not yet: ns2.{ZONE} ({TWO}) has serial {old}, the newest is {new}: "
            f"it answers {OLD} (TTL 3600 s)",
        )
        catch_up(secondary, primary, ZONE)
        assert answers(net) == Status(ready=True, text="2 servers answer")


def test_a_server_whose_zone_is_dead_or_another_never_lets_the_gate_open() -> None:
    """Lameness: the parent names a server that does not serve the zone, and tells resolvers so at times."""
    with (
        knot({ZONE: f"click 60 CNAME {NEW}."}) as good,
        bind({"other.test": ""}) as lame,
        internet(good, lame) as net,
    ):
        told = answers(net)
        assert (told.ready, told.text) == (
            False,
            f"1 of 2 servers not yet: ns2.{ZONE} ({TWO}): it answered REFUSED: it does not serve the zone",
        )


def test_a_server_without_an_address_is_told() -> None:
    names = tiny_servers.Zone({key: lines for key, lines in NAMES.items() if key[0] != f"ns2.{ZONE}"})
    with knot({ZONE: f"click 60 CNAME {NEW}."}) as good, internet(good, names=names) as net:
        assert answers(net).text == (
            f"1 of 2 servers not yet: ns2.{ZONE} (no address): its name has no address"
        )


def test_a_resolver_in_place_of_a_name_server_does_not_serve_the_zone() -> None:
    """It has the right record in its cache, and sends whoever asks without recursion to the servers."""
    with (
        knot({ZONE: f"click 60 CNAME {NEW}."}) as good,
        resolver({ZONE: good}) as cache,
        internet(good, cache) as net,
    ):
        assert Network(NetSettings((Address(cache.address, cache.port),))).cname(CLICK) == NEW
        told = answers(net)
    assert not told.ready
    assert f"ns2.{ZONE} ({TWO}): it does not serve the zone: it refers to the servers of {ZONE}" in told.text


def test_a_delegated_sub_zone_is_told_by_the_server_above_it() -> None:
    """What is written below a delegation is stored, and resolvers are sent elsewhere."""
    deep = f"deep.{CLICK}"
    below = f"click NS ns9.elsewhere.example.\n{deep}. 60 CNAME {NEW}."
    with knot({ZONE: below}) as server, internet(server) as net:
        answer = net.ask(NameServer(f"ns1.{ZONE}", ONE), deep, "CNAME")
    assert answer.trouble == f"it does not serve the zone: it refers to the servers of {CLICK}"
    assert answer.values == ()


def test_servers_that_answer_differently_are_told_one_by_one() -> None:
    """Two copies of one zone with the same serial, as after a split or a forgotten migration."""
    with (
        knot({ZONE: f"click 60 CNAME {NEW}."}) as one,
        knot({ZONE: BEFORE}, address="127.0.0.2") as two,
        internet(one, two) as net,
    ):
        assert answers(net).text == f"1 of 2 servers not yet: ns2.{ZONE} ({TWO}): {OLD} (TTL 3600 s)"


def test_the_delegation_that_counts_is_the_parents() -> None:
    """A forgotten copy of a zone names its own servers; the parent leads elsewhere, or nowhere."""
    parent = "@ NS ns1\nns1 A 192.0.2.1\nlive NS ns1.live\nns1.live A 192.0.2.7\n"
    names = tiny_servers.Zone(
        {
            ("test", "SOA"): ["test 60 SOA ns1.test. dns.test. 7 1 1 1 60"],
            ("test", "NS"): ["test 60 NS ns1.test."],
            ("ns1.test", "A"): [f"ns1.test 60 A {ONE}"],
            ("live.test", "NS"): ["live.test 60 NS forgotten.example."],
            ("gone.test", "NS"): ["gone.test 60 NS forgotten.example."],
        }
    )
    soa = "@ SOA ns1 hostmaster 1 3600 600 86400 300\n"
    with knot({"test": soa + parent}) as server, internet(server, names=names) as net:
        assert net.delegation("live.test") == ("ns1.live.test",)
        assert net.delegation("gone.test") == ()


def test_a_long_answer_is_fetched_over_tcp_from_each_address_of_a_server() -> None:
    """More than 512 bytes do not fit into a datagram, and the server says so (TC)."""
    texts = "\n".join(f'long 60 TXT "{number:03}{"x" * 60}"' for number in range(20))
    names = tiny_servers.Zone(
        {
            (ZONE, "NS"): [f"{ZONE} 60 NS ns1.{ZONE}."],
            (f"ns1.{ZONE}", "A"): [f"ns1.{ZONE} 60 A {ONE} | {TWO}"],
        }
    )
    with knot({ZONE: texts}) as one, bind({ZONE: texts}) as two, internet(one, two, names=names) as net:
        found = net.authoritative(f"long.{ZONE}", "TXT", ZONE)
    assert [(answer.server.address, len(answer.values), answer.aa) for answer in found] == [
        (ONE, 20, True),
        (TWO, 20, True),
    ]


# -- through a resolver
def test_the_caa_records_behind_an_alias_are_found_before_any_write() -> None:
    """An authority follows CNAME; the zone's own server says nothing of what stands at the target."""
    target = "edge.cdn.test"
    rrsets = (RRset(ZONE, CLICK, "CNAME", 60, (target,)),)
    host = HostView(CLICK, None, "dns", zone_views((Zone(ZONE, "zone:dns"),), rrsets)[ZONE])
    issuance = Issuance(CLICK, CLICK, ("letsencrypt.org",))
    assembly = Assembly({}, {}, {CLICK: host}, (), issuances=(issuance,))
    record = Resource(RECORD, attrs(name=CLICK, type="CNAME", values=(NEW,), ttl=60), host=CLICK)
    plan = Plan("acme", (Change(Action.CREATE, record.id, None, record),), ())
    with (
        knot({ZONE: f'click 60 CNAME {target}.\n@ 60 CAA 0 issue "letsencrypt.org"'}) as ours,
        bind({"cdn.test": f'{target}. 60 CAA 0 issue "digicert.com"'}) as theirs,
        resolver({ZONE: ours, "cdn.test": theirs}) as recursive,
    ):
        net = Network(NetSettings((Address(recursive.address, recursive.port),)))
        (finding,) = preflight(plan, assembly, net)
        alone = net.ask(f"{ours.address}:{ours.port}", CLICK, "CAA")
    assert f"the CAA records of {target} (which {CLICK} is an alias of)" in finding.text
    assert (alone.values, alone.cname) == ((), target)


def test_where_only_resolvers_can_be_asked_they_are_believed_once_their_caches_are_fresh() -> None:
    with (
        knot({ZONE: f"click 1 CNAME {OLD}."}) as server,
        resolver({ZONE: server}) as recursive,
        internet(names=tiny_servers.Zone()) as unused,
    ):
        at = (Address(recursive.address, recursive.port),)
        net = Network(replace(unused.settings, resolvers=at, recursive=True))
        first = answers(net)
        assert server.nsupdate(ZONE, MOVED, deletes=(f"{CLICK}. CNAME",)) == "NOERROR"
        while not (told := answers(net)).ready:
            assert told.text.startswith(f"1 of 1 resolvers not yet: resolver ({at[0]}): {OLD} (for ")
    assert first.text.startswith(f"1 of 1 resolvers not yet: resolver ({at[0]}): {OLD} (for 1 s more)")
    assert told.text == "1 resolvers answer, asked in place of the authoritative servers"
