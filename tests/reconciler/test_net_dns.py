"""Questions to DNS servers, against tiny ones on loopback."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import dns.rcode
import pytest

from reconciler.answers import NameServer, newest
from reconciler.dns import Delegation
from reconciler.errors import TdrError
from reconciler.net import Network
from reconciler.net_dns import system_resolvers, with_route
from reconciler.net_settings import Address, NetSettings, Timeouts
from tests.reconciler.tiny_servers import Zone, dns_server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESOLVER = "192.0.2.53"
IMPATIENT = Timeouts(udp_s=0.05, resolver_s=0.05, tcp_s=1.0)
ADA, BOB = NameServer("ada.example", "192.0.2.10"), NameServer("bob.example", "192.0.2.11")


@contextlib.contextmanager
def network(**zones: Zone) -> Iterator[Network]:
    """Serve `resolver`, `ada`, `bob`, `parent`, `other_parent` at their documentation addresses."""
    at = {"resolver": RESOLVER, "ada": ADA.address, "bob": BOB.address}
    at |= {"parent": "192.0.2.2", "other_parent": "192.0.2.3"}
    with contextlib.ExitStack() as stack:
        net_map = {
            Address(at[name], 53): Address(*stack.enter_context(dns_server(zone)))
            for name, zone in zones.items()
        }
        yield Network(NetSettings((Address(RESOLVER, 53),), net_map))


def test_an_answer_follows_the_aliases_to_the_values() -> None:
    chain = ["click.example.com 300 CNAME spgo.io.", "spgo.io 60 A 203.0.113.11 | 203.0.113.10"]
    zone = Zone({("click.example.com", "A"): chain, ("click.example.com", "CNAME"): chain[:1]})
    with network(resolver=zone) as net:
        answer = net.query("click.example.com", "A")
        assert (answer.values, answer.ttl, answer.cnames) == (
            ("203.0.113.10", "203.0.113.11"),
            60,
            ("spgo.io",),
        )
        assert net.cname("click.example.com") == "spgo.io"
        assert net.cname("spgo.io") is None
        assert net.addresses("click.example.com") == ("203.0.113.10", "203.0.113.11")
    assert all(recursion for _, _, recursion in zone.asked)


def test_addresses_come_with_ipv4_first() -> None:
    zone = Zone(
        {
            ("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"],
            ("spgo.io", "AAAA"): ["spgo.io 60 AAAA 2001:db8::1"],
        }
    )
    with network(resolver=zone) as net:
        assert net.addresses("spgo.io") == ("203.0.113.10", "2001:db8::1")


def test_text_is_joined_from_its_strings_and_names_lose_their_final_dot() -> None:
    zone = Zone(
        {
            ("_tdr.click.example.com", "TXT"): ['_tdr.click.example.com 60 TXT "v=tdr1 o=" "acme; é"'],
            ("example.com", "CAA"): ['example.com 60 CAA 0 issue "letsencrypt.org"'],
            ("example.com", "NS"): ["example.com 60 NS BOB.example. | ada.example."],
        }
    )
    with network(resolver=zone) as net:
        assert net.query("_tdr.click.example.com", "TXT").values == ("v=tdr1 o=acme; é",)
        assert net.query("example.com", "CAA").values == ('0 issue "letsencrypt.org"',)
        assert net.query("example.com", "NS").values == ("ada.example", "bob.example")


@pytest.mark.parametrize(
    ("rcode", "certain"),
    [(dns.rcode.NXDOMAIN, True), (dns.rcode.SERVFAIL, False), (dns.rcode.REFUSED, False)],
)
def test_a_failing_resolver_is_not_the_same_as_no_such_name(rcode: dns.rcode.Rcode, *, certain: bool) -> None:
    with network(resolver=Zone(rcodes={"no.example.com": rcode})) as net:
        answer = net.query("no.example.com", "A")
    assert (answer.values, answer.rcode, answer.certain) == ((), rcode.name, certain)


def test_a_second_resolver_is_asked_when_the_first_fails() -> None:
    good = Zone({("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"]})
    bad = Zone(rcodes={"spgo.io": dns.rcode.SERVFAIL})
    with dns_server(bad) as first, dns_server(good) as second:
        net = Network(NetSettings((Address(*first), Address(*second))))
        assert net.query("spgo.io", "A").values == ("203.0.113.10",)


def test_no_resolver_is_an_answer_with_an_error() -> None:
    net = Network(NetSettings((Address("127.0.0.1", free_port()),), timeouts=IMPATIENT))
    answer = net.query("spgo.io", "A")
    assert not answer.certain
    assert answer.error
    assert net.zone_of("click.example.com") is None


@pytest.mark.parametrize("name", ["a" * 64 + ".example.com", "a..b"])
def test_a_name_that_cannot_be_asked_for_is_an_error_in_the_answer(name: str) -> None:
    with network(resolver=Zone(), ada=Zone()) as net:
        assert net.query(name, "A").error
        assert net.ask(ADA, name, "A").error


def test_aliases_in_a_circle_are_an_error() -> None:
    zone = Zone({("a.example", "A"): ["a.example 60 CNAME b.example.", "b.example 60 CNAME a.example."]})
    with network(resolver=zone) as net:
        assert "circles" in (net.query("a.example", "A").error or "")


def test_the_zone_of_a_name_is_where_the_soa_stands() -> None:
    soa = "example.com 60 SOA ada.example. dns.example. 7 1 1 1 60"
    alias = ["click.example.com 60 CNAME other.example.", "other.example 60 SOA a. b. 1 1 1 1 1"]
    zone = Zone({("example.com", "SOA"): [soa], ("click.example.com", "SOA"): alias})
    with network(resolver=zone) as net:
        assert net.zone_of("a.click.example.com") == "example.com"
        assert net.zone_of("example.com") == "example.com"
        assert net.zone_of("example.net") is None


NAMES = {
    ("example.com", "NS"): ["example.com 60 NS ada.example. | bob.example. | lame.example."],
    ("ada.example", "A"): [f"ada.example 60 A {ADA.address}"],
    ("bob.example", "A"): [f"bob.example 60 A {BOB.address}"],
}


def test_every_server_of_a_zone_is_asked_without_recursion() -> None:
    new = Zone({("click.example.com", "CNAME"): ["click.example.com 60 CNAME edge.example."]})
    old = Zone({("click.example.com", "CNAME"): ["click.example.com 3600 CNAME spgo.io."]})
    with network(resolver=Zone(NAMES), ada=new, bob=old) as net:
        assert net.name_servers("example.com") == (ADA, BOB, NameServer("lame.example", ""))
        answers = net.authoritative("click.example.com", "CNAME", "example.com")
    assert [str(answer) for answer in answers] == [
        "ada.example (192.0.2.10): edge.example (TTL 60 s)",
        "bob.example (192.0.2.11): spgo.io (TTL 3600 s)",
        "lame.example (no address): its name has no address",
    ]
    assert new.asked == [("click.example.com", "CNAME", False)]


def test_a_negative_answer_shows_the_serial() -> None:
    soa = ["example.com 60 SOA ada.example. dns.example. 2026010501 1 1 1 60"]
    zone = Zone(authority={("_tdr.example.com", "TXT"): soa}, rcodes={"_tdr.example.com": dns.rcode.NXDOMAIN})
    with network(ada=zone) as net:
        answer = net.ask(ADA, "_tdr.example.com", "TXT")
    assert (answer.values, answer.serial, answer.rcode, answer.trouble) == ((), 2026010501, "NXDOMAIN", None)
    assert str(answer) == "ada.example (192.0.2.10): nothing"


def test_an_alias_in_place_of_the_type_asked_for_is_told() -> None:
    zone = Zone({("click.example.com", "A"): ["click.example.com 300 CNAME spgo.io."]})
    with network(ada=zone) as net:
        answer = net.ask(ADA, "click.example.com", "A")
    assert (answer.values, answer.cname) == ((), "spgo.io")
    assert str(answer).endswith("CNAME spgo.io")


@pytest.mark.parametrize("zone", [Zone(truncates=True), Zone(mute_on_udp=True)], ids=["truncated", "silent"])
def test_tcp_is_asked_where_udp_does_not_do(zone: Zone) -> None:
    zone.answers = {("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"]}
    with dns_server(zone) as (ip, port):
        answer = Network(NetSettings(timeouts=IMPATIENT)).ask(f"{ip}:{port}", "spgo.io", "A")
    assert answer.values == ("203.0.113.10",)


def test_a_server_that_hangs_up_without_an_answer_is_in_trouble() -> None:
    with dns_server(Zone(hangs_up=True)) as (ip, port):
        net = Network(NetSettings((Address(ip, port),), timeouts=IMPATIENT))
        told = net.ask(f"{ip}:{port}", "spgo.io", "A").trouble, net.query("spgo.io", "A").error
    assert told[0] == "it closed the connection before it had answered"
    assert told[1] == f"{ip}:{port}: {told[0]}"


def test_a_server_that_does_not_serve_the_zone_is_in_trouble() -> None:
    lame = Zone({("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"]}, authoritative=False)
    refusing = Zone(rcodes={"spgo.io": dns.rcode.REFUSED})
    with network(ada=lame, bob=refusing) as net:
        troubles = [answer.trouble for answer in net.ask_all((ADA, BOB), "spgo.io", "A")]
    assert troubles == [
        "its answer lacks the AA bit: it answers from a cache, and does not serve the zone",
        "it answered REFUSED: it does not serve the zone",
    ]


def test_a_server_may_be_named_by_address_and_port() -> None:
    with dns_server(Zone({("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"]})) as (ip, port):
        answer = Network(NetSettings()).ask(f"{ip}:{port}", "spgo.io", "A")
    assert answer.values == ("203.0.113.10",)
    assert answer.aa


def test_nothing_listening_is_a_value() -> None:
    answer = Network(NetSettings(timeouts=IMPATIENT)).ask(f"127.0.0.1:{free_port()}", "spgo.io", "A")
    assert answer.error
    assert answer.trouble == answer.error


PARENT = {
    ("com", "SOA"): ["com 60 SOA a.gtld.example. dns.example. 7 1 1 1 60"],
    ("com", "NS"): ["com 60 NS a.gtld.example."],
    ("a.gtld.example", "A"): ["a.gtld.example 60 A 192.0.2.2"],
    ("example.com", "NS"): ["example.com 60 NS own.example."],
}


def test_the_delegation_is_the_parents_word() -> None:
    """A zone's own servers may name themselves; only what the parent says leads anybody there."""
    referral = {("example.com", "NS"): ["example.com 60 NS bob.example. | ada.example."]}
    parent = Zone(authority=referral, authoritative=False)
    with network(resolver=Zone(PARENT), parent=parent) as net:
        assert net.delegation("example.com") == ("ada.example", "bob.example")


def test_a_resolver_is_sent_where_any_server_of_the_parent_says() -> None:
    """A registry's servers do not change all at once, and each tells how long resolvers hold it."""
    told = [
        {("example.com", "NS"): [f"example.com {ttl} NS {name}.example."]}
        for name, ttl in (("old", 172800), ("new", 3600))
    ]
    both = {
        **PARENT,
        ("com", "NS"): ["com 60 NS a.gtld.example. | b.gtld.example."],
        ("b.gtld.example", "A"): ["b.gtld.example 60 A 192.0.2.3"],
    }
    here, there = (Zone(authority=referral, authoritative=False) for referral in told)
    with network(resolver=Zone(both), parent=here, other_parent=there) as net:
        assert net.delegated("example.com") == Delegation(("new.example", "old.example"), 172800)


def test_where_no_parent_answers_nobody_knows_how_long_a_delegation_is_held() -> None:
    parent = Zone(rcodes={"example.com": dns.rcode.REFUSED})
    with network(resolver=Zone(PARENT), parent=parent) as net:
        assert net.delegated("example.com") == Delegation(("own.example",), None)


def test_a_zone_that_the_parent_does_not_know_is_not_delegated() -> None:
    parent = Zone(rcodes={"example.com": dns.rcode.NXDOMAIN})
    with network(resolver=Zone(PARENT), parent=parent) as net:
        assert net.delegation("example.com") == ()


def test_where_no_parent_answers_the_resolver_is_believed() -> None:
    parent = Zone(rcodes={"example.com": dns.rcode.REFUSED})
    with network(resolver=Zone(PARENT), parent=parent) as net:
        assert net.delegation("example.com") == ("own.example",)
    with network(resolver=Zone({("com", "NS"): ["com 60 NS a.gtld.example."]})) as net:
        assert net.delegation("com") == ("a.gtld.example",)


def test_ipv6_addresses_count_where_there_is_a_way_to_them() -> None:
    """A machine without IPv6 must not wait for ever for the IPv6 half of every name server."""
    zone = Zone({("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"]})
    four, six = NameServer("ada.example", "192.0.2.10"), NameServer("ada.example", "2001:db8::10")
    lost = NameServer("ada.example", "no address")
    with dns_server(zone) as at:
        net = Network(NetSettings(net_map={Address(each.address, 53): Address(*at) for each in (four, six)}))
        assert [answer.server for answer in net.ask_all((four, six), "spgo.io", "A")] == [four, six]
    odd = NameServer("bob.example", "fe80::zz")
    with network(ada=zone) as net:
        answers = net.ask_all((four, NameServer("ada.example", "fe80::zz"), odd), "spgo.io", "A")
        assert [answer.server for answer in answers] == [four, odd]  # all that bob has
        assert [answer.error is None for answer in answers] == [True, False]
        assert net.ask(lost, "spgo.io", "A").error


def test_the_system_names_the_resolvers(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    assert system_resolvers(str(file)) == (Address("192.0.2.53", 53), Address("2001:db8::53", 53))


def test_a_system_without_resolvers_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(TdrError, match="TDR_RESOLVERS=IP:PORT"):
        system_resolvers(str(tmp_path / "none"))


def test_addresses_that_no_route_leads_to_are_left_out_unless_there_are_no_others() -> None:
    # What is no address has no route on any machine; the map leads to loopback.
    lost, mapped = "no:address", "2001:db8::9"
    settings = NetSettings(net_map={Address(mapped, 443): Address("127.0.0.1", 40443)})
    assert with_route(("198.51.100.9", lost), settings, 443) == ("198.51.100.9",)
    assert with_route((lost,), settings, 443) == (lost,)
    assert with_route(("198.51.100.9", mapped), settings, 443) == ("198.51.100.9", mapped)


def test_where_only_resolvers_can_be_asked_they_answer_for_the_zones_servers() -> None:
    """Port 53 leads nowhere from a closed network: not the servers, nor those of the zone above."""
    old = Zone({("click.example.com", "CNAME"): ["click.example.com 40 CNAME spgo.io."]}, authoritative=False)
    with dns_server(old) as one, dns_server(Zone(authoritative=False)) as two:
        at = (Address(*one), Address(*two))
        net = Network(NetSettings(at, recursive=True))
        servers = net.name_servers("example.com")
        answers = net.authoritative("click.example.com", "CNAME", "example.com")
    assert servers == tuple(NameServer("resolver", str(each), recursive=True) for each in at)
    assert [str(answer) for answer in answers] == [
        f"resolver ({at[0]}): spgo.io (for 40 s more)",
        f"resolver ({at[1]}): nothing",
    ]
    assert old.asked == [("click.example.com", "CNAME", True)]


def test_where_only_resolvers_can_be_asked_the_delegation_is_their_word() -> None:
    parent = Zone()
    with network(resolver=Zone(PARENT), parent=parent) as net:
        closed = Network(replace(net.settings, recursive=True))
        assert closed.delegation("example.com") == ("own.example",)
    assert parent.asked == []


def test_a_failing_resolver_is_in_trouble_like_a_server() -> None:
    with network(resolver=Zone(rcodes={"click.example.com": dns.rcode.REFUSED})) as net:
        closed = Network(replace(net.settings, recursive=True))
        (answer,) = closed.authoritative("click.example.com", "CNAME", "example.com")
    assert answer.trouble == "it answered REFUSED"


@pytest.mark.parametrize(
    ("serials", "found"),
    [((), None), ((5, 7, 6), 7), ((4294967290, 3), 3), ((3, 4294967290), 3), ((2026010501, 7), 2026010501)],
)
def test_the_newest_serial_is_told_by_serial_arithmetic(serials: tuple[int, ...], found: int | None) -> None:
    """RFC 1982: after 4294967295 comes 0."""
    assert newest(serials) == found
