"""DNS of the sandbox as resolvers and dig see it: real messages over loopback."""

from collections.abc import Iterator, Mapping
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from providers.sandbox.contract import ControlError
from providers.sandbox.running import Running
from providers.sandbox.zone import NameServer, Record, Zone
from tests.sandbox.acme import NAME_SERVERS, Acme, acme_world

ROOT, TLD, PLAIN, SECOND = "192.0.2.1", "192.0.2.2", "192.0.2.20", "192.0.2.21"
LONG = "x" * 300
CHILD = "203.0.113.7"

WORLD: Mapping[str, Any] = {
    "clock": 1_700_000_000,
    "dns": [
        {
            "zone": "example.net",
            "records": [
                {"type": "CNAME", "name": "click.example.net", "ttl": 300, "content": "www.acme.com"},
                {"type": "CNAME", "name": "alias.example.net", "ttl": 60, "content": "click.example.net"},
                {"type": "CNAME", "name": "gone.example.net", "content": "nothing.example.net"},
                {"type": "CNAME", "name": "loop.example.net", "content": "loop2.example.net"},
                {"type": "CNAME", "name": "loop2.example.net", "content": "loop.example.net"},
                {"type": "TXT", "name": "long.example.net", "content": LONG},
                {"type": "TXT", "name": "two.example.net", "content": '"a\\"b" "c"'},
                {"type": "CAA", "name": "example.net", "content": '0 issue "letsencrypt.org"'},
                {"type": "A", "name": "a.deep.example.net", "content": "203.0.113.5"},
                {"type": "CNAME", "name": "*.wild.example.net", "content": "spgo.io"},
                {"type": "TXT", "name": "*.wild.example.net", "content": "never beside a CNAME, but served"},
                {"type": "A", "name": "b.hole.wild.example.net", "content": "203.0.113.6"},
                *(
                    {"type": "TXT", "name": "big.example.net", "content": f"{number} {'y' * 200}"}
                    for number in range(12)
                ),
            ],
        },
        {
            "zone": "sub.example.net",
            "records": [{"type": "A", "name": "sub.example.net", "content": "203.0.113.7"}],
        },
        {"zone": "lost.example.org", "delegated": False, "records": []},
    ],
}


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Running, Acme]]:
    with acme_world(WORLD) as running:
        yield running


@pytest.fixture
def sandbox(world: tuple[Running, Acme]) -> Running:
    """The one sandbox of this module, its cache, lags and outages cleared before each test."""
    sandbox = world[0]
    sandbox.control("POST", "/dns/flush")
    sandbox.control("DELETE", "/dns/outages")
    return sandbox


def ask(sandbox: Running, server: str, name: str, rtype: str, **options: Any) -> dns.message.Message:
    """Ask a server at a documentation address (or the resolver), over UDP unless `tcp`."""
    mapped = sandbox.env["TDR_RESOLVERS"] if server == "resolver" else sandbox.net_map[f"{server}:53"]
    host, _, port = mapped.partition(":")
    tcp = options.pop("tcp", False)
    query = dns.message.make_query(name, rtype, **options)
    if server != "resolver":
        query.flags &= ~dns.flags.RD
    return (dns.query.tcp if tcp else dns.query.udp)(query, host, port=int(port), timeout=5)


def texts(section: list[Any]) -> list[str]:
    """Spell the records of a section; those of one set come in any order, as with real servers."""
    return [line for rrset in section for line in sorted(rrset.to_text().splitlines())]


def test_the_root_refers_to_the_tld_with_glue(sandbox: Running) -> None:
    reply = ask(sandbox, ROOT, "click.example.net", "A")

    assert texts(reply.answer) == []
    assert texts(reply.authority) == ["net. 86400 IN NS a.tld-servers.example."]
    assert texts(reply.additional) == ["a.tld-servers.example. 86400 IN A 192.0.2.2"]
    assert not reply.flags & dns.flags.AA


def test_the_tld_refers_to_the_zone_without_glue_for_servers_elsewhere(sandbox: Running) -> None:
    reply = ask(sandbox, TLD, "click.example.net", "A")

    assert texts(reply.authority) == [
        "example.net. 86400 IN NS ns1.nameservers.example.",
        "example.net. 86400 IN NS ns2.nameservers.example.",
    ]
    assert texts(reply.additional) == []


def test_the_tld_gives_glue_for_servers_below_it(sandbox: Running) -> None:
    reply = ask(sandbox, TLD, "www.acme.com", "A")

    assert texts(reply.authority) == [
        "acme.com. 86400 IN NS ns1.acme-dns.com.",
        "acme.com. 86400 IN NS ns2.acme-dns.com.",
    ]
    assert texts(reply.additional) == [
        "ns1.acme-dns.com. 86400 IN A 192.0.2.60",
        "ns2.acme-dns.com. 86400 IN A 192.0.2.61",
    ]


def test_the_zone_answers_with_authority(sandbox: Running) -> None:
    reply = ask(sandbox, PLAIN, "CLICK.example.net", "CNAME")

    assert texts(reply.answer) == ["CLICK.example.net. 300 IN CNAME www.acme.com."]  # as it was asked
    assert reply.flags & dns.flags.AA
    assert not reply.flags & dns.flags.RA


def test_any_type_of_an_alias_answers_the_cname_and_follows_it_within_the_zone(sandbox: Running) -> None:
    reply = ask(sandbox, PLAIN, "alias.example.net", "TXT")

    assert texts(reply.answer) == [
        "alias.example.net. 60 IN CNAME click.example.net.",
        "click.example.net. 300 IN CNAME www.acme.com.",
    ]


def test_a_zone_of_another_is_refused(sandbox: Running) -> None:
    assert ask(sandbox, PLAIN, "www.acme.com", "A").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(
    ("name", "rtype", "rcode"),
    [
        ("nothing.example.net", "A", dns.rcode.NXDOMAIN),
        ("long.example.net", "A", dns.rcode.NOERROR),
        ("deep.example.net", "A", dns.rcode.NOERROR),  # an empty non-terminal exists
        ("gone.example.net", "A", dns.rcode.NXDOMAIN),  # the alias is answered, its target does not exist
        ("hole.wild.example.net", "A", dns.rcode.NOERROR),
        ("x.hole.wild.example.net", "A", dns.rcode.NXDOMAIN),  # what exists silences the wildcard below it
        ("wild.example.net", "A", dns.rcode.NOERROR),
    ],
)
def test_no_such_name_and_no_such_data_differ(sandbox: Running, name: str, rtype: str, rcode: int) -> None:
    reply = ask(sandbox, PLAIN, name, rtype)

    assert reply.rcode() == rcode
    soa = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.SOA]
    assert [rrset.name.to_text() for rrset in soa] == ["example.net."]


def test_a_wildcard_answers_for_names_that_do_not_exist_however_deep(sandbox: Running) -> None:
    for name in ("any.wild.example.net", "so.deep.wild.example.net"):
        reply = ask(sandbox, PLAIN, name, "CNAME")
        assert texts(reply.answer) == [f"{name}. 300 IN CNAME spgo.io."]


def test_long_texts_are_split_and_quotes_survive(sandbox: Running) -> None:
    long = ask(sandbox, PLAIN, "long.example.net", "TXT").answer[0][0]
    two = ask(sandbox, PLAIN, "two.example.net", "TXT").answer[0][0]

    assert [len(part) for part in long.strings] == [255, 45]
    assert two.strings == (b'a"b', b"c")


def test_a_child_zone_is_delegated_by_its_parent_and_served_on_shared_servers(sandbox: Running) -> None:
    parent = ask(sandbox, PLAIN, "example.net", "NS")
    child = ask(sandbox, PLAIN, "sub.example.net", "A")

    assert len(parent.answer[0]) == 2
    assert texts(child.answer) == ["sub.example.net. 300 IN A 203.0.113.7"]
    assert child.flags & dns.flags.AA


def test_large_answers_are_cut_over_udp_and_whole_over_tcp(sandbox: Running) -> None:
    plain = ask(sandbox, PLAIN, "big.example.net", "TXT", use_edns=False)
    edns = ask(sandbox, PLAIN, "big.example.net", "TXT", use_edns=0, payload=4096)
    small = ask(sandbox, PLAIN, "long.example.net", "TXT", use_edns=False)
    whole = ask(sandbox, PLAIN, "big.example.net", "TXT", tcp=True)

    assert plain.flags & dns.flags.TC
    assert edns.flags & dns.flags.TC
    assert not small.flags & dns.flags.TC
    assert len(whole.answer[0]) == 12


def test_the_resolver_follows_aliases_across_zones(sandbox: Running) -> None:
    reply = ask(sandbox, "resolver", "alias.example.net", "A")

    assert texts(reply.answer) == [
        "alias.example.net. 60 IN CNAME click.example.net.",
        "click.example.net. 300 IN CNAME www.acme.com.",
        "www.acme.com. 60 IN A 203.0.113.99",
    ]
    assert reply.flags & dns.flags.RA
    assert not reply.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("lost.example.org", dns.rcode.NXDOMAIN),  # not delegated: the parent knows nothing of it
        ("no.such.tld-at-all", dns.rcode.NXDOMAIN),
        ("loop.example.net", dns.rcode.SERVFAIL),
        ("ns2.acme-dns.com", dns.rcode.NOERROR),
    ],
)
def test_what_the_resolver_finds(sandbox: Running, name: str, rcode: int) -> None:
    assert ask(sandbox, "resolver", name, "A").rcode() == rcode


def test_caa_comes_through(sandbox: Running) -> None:
    reply = ask(sandbox, "resolver", "example.net", "CAA")
    assert texts(reply.answer) == ['example.net. 300 IN CAA 0 issue "letsencrypt.org"']


def test_a_change_bumps_the_serial_and_the_resolver_keeps_the_old_answer_for_its_ttl() -> None:
    with acme_world(WORLD) as (sandbox, acme):
        before = ask(sandbox, "192.0.2.60", "acme.com", "SOA").answer[0][0].serial
        assert texts(ask(sandbox, "resolver", "www.acme.com", "A").answer) == [
            "www.acme.com. 60 IN A 203.0.113.99"
        ]
        assert ask(sandbox, "resolver", "new.acme.com", "A").rcode() == dns.rcode.NXDOMAIN

        acme.records = [
            Record("www.acme.com", "A", 60, "203.0.113.1"),
            Record("new.acme.com", "A", 60, "203.0.113.2"),
        ]

        after = ask(sandbox, "192.0.2.60", "acme.com", "SOA").answer[0][0].serial
        cached = ask(sandbox, "resolver", "www.acme.com", "A")
        negative = ask(sandbox, "resolver", "new.acme.com", "A")
        sandbox.control("POST", "/clock/advance", {"seconds": 61})
        later = ask(sandbox, "resolver", "www.acme.com", "A")
        sandbox.control("POST", "/clock/advance", {"seconds": 300})
        found = ask(sandbox, "resolver", "new.acme.com", "A")

        assert after == before + 1
        assert cached.answer[0][0].address == "203.0.113.99"
        assert negative.rcode() == dns.rcode.NXDOMAIN
        assert negative.authority[0].ttl <= 300
        assert later.answer[0][0].address == "203.0.113.1"
        assert found.answer[0][0].address == "203.0.113.2"


def test_a_fresh_question_goes_around_the_cache_and_flushing_empties_it() -> None:
    with acme_world() as (sandbox, acme):
        ask(sandbox, "resolver", "www.acme.com", "A")
        acme.records = [Record("www.acme.com", "A", 60, "203.0.113.1")]

        fresh = sandbox.do(lambda: sandbox.kernel.resolve("www.acme.com", "A", fresh=True))
        cached = sandbox.do(lambda: sandbox.kernel.resolve("www.acme.com", "A"))
        sandbox.control("POST", "/dns/flush", {"name": "www.acme.com"})
        flushed = sandbox.do(lambda: sandbox.kernel.resolve("www.acme.com", "A"))

        assert fresh.values("A") == ("203.0.113.1",)
        assert cached.values("A") == ("203.0.113.99",)
        assert flushed.values("A") == ("203.0.113.1",)


def test_one_server_lags_and_catches_up() -> None:
    with acme_world() as (sandbox, acme):
        sandbox.control("POST", "/dns/lag", {"server": "192.0.2.61", "zone": "acme.com", "seconds": 120})
        acme.records = [Record("www.acme.com", "A", 60, "203.0.113.1")]
        first = {
            s: ask(sandbox, s, "www.acme.com", "A").answer[0][0].address for s in ("192.0.2.60", "192.0.2.61")
        }
        sandbox.control("POST", "/clock/advance", {"seconds": 121})
        then = ask(sandbox, "192.0.2.61", "www.acme.com", "A").answer[0][0].address

        assert first == {"192.0.2.60": "203.0.113.1", "192.0.2.61": "203.0.113.99"}
        assert then == "203.0.113.1"


def test_a_zone_is_undelegated_delegated_elsewhere_and_removed() -> None:
    with acme_world(WORLD) as (sandbox, acme):

        def answer(name: str) -> str:
            return ask(sandbox, "resolver", name, "A").rcode().name

        acme.zone.delegation = ()
        undelegated = answer("www.acme.com")
        still = ask(sandbox, "192.0.2.60", "www.acme.com", "A").rcode().name
        sandbox.control("POST", "/dns/flush")
        old = sandbox.do(
            lambda: sandbox.kernel.add_zone(
                Zone("acme.com", [NAME_SERVERS[1]], lambda: [Record("www.acme.com", "A", 9, "203.0.113.8")])
            )
        )
        elsewhere = ask(sandbox, "resolver", "www.acme.com", "A").answer[0][0].address
        sandbox.do(lambda: sandbox.kernel.remove_zone(old))
        sandbox.control("POST", "/dns/flush")

        assert undelegated == "NXDOMAIN"
        assert still == "NOERROR"
        assert elsewhere == "203.0.113.8"
        assert answer("www.acme.com") == "NXDOMAIN"


def test_outages_strike_what_they_name(sandbox: Running) -> None:
    sandbox.control("POST", "/dns/outages", {"answer": "SERVFAIL", "name": "example.net", "type": "CAA"})
    sandbox.control("POST", "/dns/outages", {"answer": "REFUSED", "server": PLAIN})

    assert ask(sandbox, "resolver", "example.net", "CAA").rcode() == dns.rcode.SERVFAIL
    assert ask(sandbox, PLAIN, "click.example.net", "A").rcode() == dns.rcode.REFUSED
    assert ask(sandbox, SECOND, "click.example.net", "A").rcode() == dns.rcode.NOERROR
    assert ask(sandbox, "resolver", "click.example.net", "A").rcode() == dns.rcode.NOERROR
    with pytest.raises(ControlError, match="unknown answer 'MAYBE': write one of drop, SERVFAIL, REFUSED"):
        sandbox.control("POST", "/dns/outages", {"answer": "MAYBE"})


def test_questions_are_listed(sandbox: Running) -> None:
    ask(sandbox, PLAIN, "seen.example.net", "A")

    last = sandbox.control("GET", "/dns/queries")[-1]

    assert {key: last[key] for key in ("server", "name", "type", "rcode")} == {
        "server": PLAIN,
        "name": "seen.example.net",
        "type": "A",
        "rcode": "NXDOMAIN",
    }


def test_a_zone_of_the_world_may_have_servers_of_its_own() -> None:
    own = {"host": "ns1.example.net", "address": "192.0.2.40"}
    record = {"name": "a.example.net", "type": "A", "content": "203.0.113.3"}
    with acme_world({"dns": [{"zone": "example.net", "servers": [own], "records": [record]}]}) as (
        sandbox,
        _acme,
    ):
        referral = ask(sandbox, TLD, "a.example.net", "A")
        answer = ask(sandbox, "192.0.2.40", "a.example.net", "A")

    assert texts(referral.additional) == ["ns1.example.net. 86400 IN A 192.0.2.40"]
    assert texts(answer.answer) == ["a.example.net. 300 IN A 203.0.113.3"]


def test_a_zone_added_while_running_gets_its_servers() -> None:
    with acme_world() as (sandbox, _acme):
        server = NameServer("ns1.late.example", "192.0.2.77")
        zone = Zone("late.example", [server], lambda: [Record("late.example", "A", 60, "203.0.113.4")])
        sandbox.do(lambda: sandbox.kernel.add_zone(zone))

        assert texts(ask(sandbox, "192.0.2.77", "late.example", "A").answer) == [
            "late.example. 60 IN A 203.0.113.4"
        ]
