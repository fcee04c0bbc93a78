"""The provider on a real PowerDNS: what it reads, what it writes, and what a person keeps."""

from __future__ import annotations

from collections.abc import Iterator

import dns.message
import dns.query
import dns.rcode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.dns import Record, claim_name
from reconciler.errors import AuthError, Conflict, InvalidRequest, ProviderError
from reconciler.model import Action, Change
from reconciler.provider import Done, Failed
from tests.providers.powerdns.powerdns_bench import (
    ALIAS,
    HOST_NAME,
    ZONE,
    Bench,
    claim_record,
    host_record,
    planned,
    told,
)
from tests.servers.powerdns import PdnsServer, rrset, running

CLAIM_NAME = claim_name(HOST_NAME)


@pytest.fixture(scope="module")
def started() -> Iterator[PdnsServer]:
    with running() as server:
        yield server


@pytest.fixture
def server(started: PdnsServer) -> PdnsServer:
    """The server with nothing in it but an empty example.com."""
    for zone in started.ask("GET", "/zones"):
        started.ask("DELETE", f"/zones/{zone['id']}", None, 204)
    started.zone(ZONE)
    return started


def done(bench: Bench, *changes: Change) -> None:
    outcomes = bench.apply(*changes)
    assert all(isinstance(outcomes[change.id], Done) for change in changes), outcomes


def failure(bench: Bench, change: Change) -> ProviderError:
    outcome = bench.apply(change)[change.id]
    assert isinstance(outcome, Failed)
    return outcome.error


# -- reading
def test_a_zone_is_read_in_the_engines_spelling(server: PdnsServer) -> None:
    server.put(
        ZONE,
        rrset("Click.example.com", "CNAME", "SPGO.io."),
        rrset("six.example.com", "AAAA", "2001:db8::1", "::ffff:c000:201"),
        rrset("mail.example.com", "MX", "10 MX.example.net."),
        rrset("text.example.com", "TXT", '"one " "two"'),
        rrset("caa.example.com", "CAA", '0 issue "letsencrypt.org"'),
        rrset("other.example.com", "ALIAS", "spgo.io."),
    )
    live = Bench(server.url).read()
    assert {(r.name, r.type): r.values for r in live.rrsets if r.type != "SOA"} == {
        ("example.com", "NS"): ("ns1.example.net",),
        ("click.example.com", "CNAME"): ("spgo.io",),
        ("six.example.com", "AAAA"): ("2001:db8::1", "::ffff:c000:201"),
        ("mail.example.com", "MX"): ("10 mx.example.net",),
        ("text.example.com", "TXT"): ("one two",),
        ("caa.example.com", "CAA"): ('0 issue "letsencrypt.org"',),
        ("other.example.com", "ALIAS"): ("spgo.io",),
    }
    (zone,) = live.zones
    assert (zone.container, zone.name_servers, zone.atomic) == (
        "zone/example.com",
        ("ns1.example.net",),
        True,
    )


def test_only_the_zones_of_the_hosts_are_read_and_the_longest_holds(server: PdnsServer) -> None:
    server.zone("deep.example.com")
    server.zone("example.org")
    bench = Bench(server.url)
    assert [zone.name for zone in bench.read("click.deep.example.com").zones] == ["deep.example.com"]
    assert bench.asked == {"GET /zones": 1, "GET /zones/{zone}": 1}
    assert len(bench.read(everything=True).zones) == 3


def test_records_that_are_switched_off_are_not_there_for_the_engine(server: PdnsServer) -> None:
    server.put(
        ZONE,
        rrset("some.example.com", "A", "192.0.2.1", off=("192.0.2.2",)),
        rrset("none.example.com", "A", off=("192.0.2.3",)),
    )
    read = {rrset.name: rrset.values for rrset in Bench(server.url).read().rrsets if rrset.type == "A"}
    assert read == {"some.example.com": ("192.0.2.1",)}


# -- writing
def test_a_host_and_its_claim_are_created_changed_and_removed_in_one_message_each(server: PdnsServer) -> None:
    bench = Bench(server.url)
    host, claim = host_record(), claim_record()
    done(bench, bench.change(host), bench.change(claim))
    assert server.sets(ZONE)[HOST_NAME, "CNAME"]["records"] == [{"content": "spgo.io.", "disabled": False}]
    assert server.sets(ZONE)[CLAIM_NAME, "TXT"]["records"][0]["content"] == '"v=tdr1 o=acme-mail"'
    asked = dns.message.make_query(HOST_NAME, "CNAME")
    answer = dns.query.udp(asked, server.dns[0], port=server.dns[1], timeout=5)
    assert answer.rcode() == dns.rcode.NOERROR
    assert "spgo.io." in answer.answer[0].to_text()

    slow = host_record(HOST_NAME, "v2.spgo.io", ttl=3600)
    done(bench, bench.change(slow))
    assert server.sets(ZONE)[HOST_NAME, "CNAME"]["ttl"] == 3600
    done(bench, bench.removal(slow), bench.removal(claim))
    assert {kind for _, kind in server.sets(ZONE)} == {"SOA", "NS"}
    assert bench.asked["PATCH /zones/{zone}"] == 3


def test_what_is_so_already_is_not_written(server: PdnsServer) -> None:
    bench = Bench(server.url)
    change = bench.change(host_record())
    done(bench, change)
    done(bench, change)
    assert bench.asked["PATCH /zones/{zone}"] == 1


@pytest.mark.parametrize("types", [("A",), ("AAAA",), ("A", "AAAA")])
def test_addresses_become_a_cname_and_back_in_one_message(server: PdnsServer, types: tuple[str, ...]) -> None:
    values = {"A": "192.0.2.1", "AAAA": "2001:db8::1"}
    server.put(ZONE, *(rrset(HOST_NAME, kind, values[kind]) for kind in types))
    bench = Bench(server.url)
    done(bench, bench.change(host_record(), *types))
    assert [kind for name, kind in server.sets(ZONE) if name == HOST_NAME] == ["CNAME"]
    back = Record(HOST_NAME, "host", HOST_NAME, "+".join(types), tuple(values[k] for k in types), 300)
    done(bench, bench.change(back, "CNAME"))
    assert {kind for name, kind in server.sets(ZONE) if name == HOST_NAME} == set(types)
    assert bench.asked["PATCH /zones/{zone}"] == 2


def test_a_cname_beside_an_address_is_refused_in_powerdns_words(server: PdnsServer) -> None:
    """Added between our look and the write: PowerDNS itself refuses, and nothing of the message is done."""
    bench = Bench(server.url)
    changes = bench.change(host_record()), bench.change(claim_record())
    bench.before["PATCH /zones/{zone}"] = lambda: server.put(ZONE, rrset(HOST_NAME, "MX", "10 mx.example."))
    with pytest.raises(
        InvalidRequest, match=r"click.example.com. IN CNAME: Conflicts with pre-existing RRset"
    ):
        bench.apply(*changes)
    assert (CLAIM_NAME, "TXT") not in server.sets(ZONE)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("click.example.org", "spgo.io.", "Name is out of zone"),
        ("click.example.com", "not an address", "Parsing record content"),
    ],
)
def test_what_powerdns_refuses_is_told_in_its_words(
    server: PdnsServer, name: str, content: str, words: str
) -> None:
    kind = "A" if "not" in content else "CNAME"
    with pytest.raises(InvalidRequest, match=words) as refused:
        Bench(server.url).apply(planned(name, kind, (), (content,)))
    assert refused.value.status == 422


# -- beside a person
def test_what_a_person_adds_in_the_middle_of_an_apply_is_still_there(server: PdnsServer) -> None:
    bench = Bench(server.url)
    change = bench.change(host_record())
    bench.before["PATCH /zones/{zone}"] = lambda: server.put(
        ZONE, rrset("by-hand.example.com", "A", "192.0.2.9"), rrset(CLAIM_NAME, "TXT", '"by hand"')
    )
    done(bench, change)
    assert {("by-hand.example.com", "A"), (CLAIM_NAME, "TXT")} <= server.sets(ZONE).keys()


@pytest.mark.parametrize(
    "by_hand",
    [
        rrset(HOST_NAME, "CNAME", "by-hand.example.net."),
        rrset(HOST_NAME, "CNAME", "old.example.net.", ttl=77),
        rrset(HOST_NAME, "CNAME"),
    ],
    ids=["another value", "another TTL", "gone"],
)
def test_what_a_person_changed_since_the_plan_is_named_and_left_alone(
    server: PdnsServer, by_hand: dict[str, object]
) -> None:
    server.put(ZONE, rrset(HOST_NAME, "CNAME", "old.example.net."))
    bench = Bench(server.url)
    changes = bench.change(host_record()), bench.change(claim_record())
    server.put(ZONE, by_hand)
    before = server.sets(ZONE)
    outcomes = bench.apply(*changes)
    error = failure(bench, changes[0])
    assert isinstance(error, Conflict)
    assert "click.example.com changed since it was planned: it is now" in error.message
    assert str(error).startswith(f"{ALIAS} (powerdns) dns_record.{ALIAS}")
    assert isinstance(outcomes[changes[1].id], Failed), "a claim never goes without its record"
    assert server.sets(ZONE) == before


def test_a_write_that_somebody_went_over_is_told(server: PdnsServer) -> None:
    bench = Bench(server.url)
    change = bench.change(host_record())

    def later() -> None:
        bench.before["GET /zones/{zone}"] = lambda: server.put(
            ZONE, rrset(HOST_NAME, "CNAME", "by-hand.example.net.")
        )

    bench.before["PATCH /zones/{zone}"] = later
    error = failure(bench, change)
    assert "did not stick: click.example.com is now CNAME by-hand.example.net (TTL 300)" in error.message


def test_other_texts_at_a_claims_name_stay_as_they_are_spelt(server: PdnsServer) -> None:
    server.put(ZONE, rrset(CLAIM_NAME, "TXT", '"a person" "\'s"', '"v=tdr1 o=acme-mail"'))
    bench = Bench(server.url)
    done(bench, bench.change(claim_record(HOST_NAME, "a person's", "v=tdr1 o=acme-mail w=1")))
    contents = {record["content"] for record in server.sets(ZONE)[CLAIM_NAME, "TXT"]["records"]}
    assert contents == {'"a person" "\'s"', '"v=tdr1 o=acme-mail w=1"'}


def test_comments_stay_where_a_record_is_changed_and_go_along_where_its_type_is(server: PdnsServer) -> None:
    comment = {"content": "ask Ada first", "account": "ada", "modified_at": 1700000000}
    server.put(ZONE, rrset(HOST_NAME, "A", "192.0.2.1", comments=[comment]))
    bench = Bench(server.url)
    done(bench, bench.change(host_record(), "A"))
    assert server.sets(ZONE)[HOST_NAME, "CNAME"]["comments"] == [comment]
    done(bench, bench.change(host_record(HOST_NAME, "v2.spgo.io")))
    assert server.sets(ZONE)[HOST_NAME, "CNAME"]["comments"] == [comment]


def test_records_that_are_switched_off_stay_so_through_everything(server: PdnsServer) -> None:
    off = {"content": "192.0.2.2", "disabled": True}
    server.put(ZONE, rrset(HOST_NAME, "A", "192.0.2.1", off=("192.0.2.2",)))
    bench = Bench(server.url)
    address = Record(HOST_NAME, "host", HOST_NAME, "A", ("192.0.2.3",), 300)
    for change in (lambda: bench.change(address), lambda: bench.change(host_record(), "A")):
        done(bench, change())
        assert off in server.sets(ZONE)[HOST_NAME, "A"]["records"]
    done(bench, bench.change(address, "CNAME"))
    records = server.sets(ZONE)[HOST_NAME, "A"]["records"]
    assert sorted(record["content"] for record in records) == ["192.0.2.2", "192.0.2.3"]
    assert off in records
    done(bench, bench.removal(address))
    assert server.sets(ZONE)[HOST_NAME, "A"]["records"] == [off]


def test_a_record_that_is_switched_off_is_switched_on_where_it_is_wanted(server: PdnsServer) -> None:
    server.put(ZONE, rrset(HOST_NAME, "CNAME", off=("spgo.io.",)))
    bench = Bench(server.url)
    assert told(bench.spell(host_record()).findings) == []
    done(bench, bench.change(host_record()))
    assert server.sets(ZONE)[HOST_NAME, "CNAME"]["records"] == [{"content": "spgo.io.", "disabled": False}]


def test_a_cname_that_is_switched_off_is_found_before_powerdns_refuses_the_second(server: PdnsServer) -> None:
    server.put(ZONE, rrset(HOST_NAME, "CNAME", off=("old.example.net.",)))
    bench = Bench(server.url)
    assert told(bench.spell(host_record()).findings) == [
        "a CNAME that is switched off stands at click.example.com, and PowerDNS keeps one CNAME at a name"
    ]
    with pytest.raises(InvalidRequest, match="more than one record"):
        bench.apply(bench.change(host_record()))


# -- zones that cannot be written
def test_a_secondary_zone_is_refused_though_powerdns_takes_the_write(server: PdnsServer) -> None:
    server.zone("second.example", kind="Slave", masters=["192.0.2.9"], nameservers=[])
    server.put("second.example", rrset("lost.second.example", "A", "192.0.2.1"))  # 204, and lost
    bench = Bench(server.url)
    host = "click.second.example"
    (zone,) = (zone for zone in bench.read(host).zones if zone.name == "second.example")
    assert zone.read_only.startswith("it is of kind Slave there, fetched from 192.0.2.9,")
    error = failure(bench, bench.change(host_record(host)))
    assert isinstance(error, InvalidRequest)
    assert bench.asked["PATCH /zones/{zone}"] == 0


@pytest.mark.parametrize(
    ("kind", "content"), [("ALIAS", "spgo.io."), ("LUA", "A \"ifportup(443, {'192.0.2.1'})\"")]
)
def test_what_powerdns_makes_up_at_the_host_is_found(server: PdnsServer, kind: str, content: str) -> None:
    server.put(ZONE, rrset(HOST_NAME, kind, content))
    address = Record(HOST_NAME, "host", HOST_NAME, "A", ("192.0.2.3",), 300)
    assert told(Bench(server.url).spell(address).findings) == [
        f"{kind} at click.example.com in zone example.com cannot stand beside A"
    ]


def test_a_primary_whose_serial_stands_still_is_warned_of(server: PdnsServer) -> None:
    server.zone("first.example", kind="Master")
    server.ask("PUT", "/zones/first.example.", {"soa_edit_api": ""}, 204)
    (finding,) = Bench(server.url).spell(host_record("click.first.example")).findings
    assert finding.severity.value == "warning"
    assert "SOA-EDIT-API" in finding.text


# -- access
def test_a_wrong_key_is_told_without_it(server: PdnsServer) -> None:
    with pytest.raises(AuthError) as refused:
        Bench(server.url, key="not-the-key").read()
    assert "Unauthorized" in str(refused.value)
    assert "TDR_PDNS_API_KEY" in str(refused.value)
    assert "not-the-key" not in str(refused.value)


def test_a_wrong_server_is_told_with_what_to_look_at(server: PdnsServer) -> None:
    with pytest.raises(InvalidRequest, match="are endpoint and server right"):
        Bench(server.url, options={"server": "other"}).read()


# -- texts
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@settings(max_examples=40)
@given(text=TEXTS)
def test_every_text_comes_back_as_it_was_written(started: PdnsServer, text: str) -> None:
    if all(zone["name"] != "text.example." for zone in started.ask("GET", "/zones")):
        started.zone("text.example")
    bench = Bench(started.url)
    record = claim_record("click.text.example", text)
    bench.apply(bench.change(record))
    live = bench.live(record)
    assert live is not None
    assert live.attrs["values"] == (text,)
    answer = dns.query.tcp(
        dns.message.make_query(str(record.name), "TXT"), started.dns[0], port=started.dns[1], timeout=5
    )
    (answered,) = answer.answer[0]
    assert b"".join(answered.strings).decode() == text


@pytest.mark.parametrize(
    "text",
    ['say "yes"', "back\\slash", "é ☃ 🎯", "x" * 256, "é" * 500, "tab\tand\nline", '\\"', "\\195\\169"],
)
def test_texts_that_are_hard_to_spell_are_answered_as_they_are(server: PdnsServer, text: str) -> None:
    bench = Bench(server.url)
    done(bench, bench.change(claim_record(HOST_NAME, text)))
    answer = dns.query.tcp(
        dns.message.make_query(CLAIM_NAME, "TXT"), server.dns[0], port=server.dns[1], timeout=5
    )
    (answered,) = answer.answer[0]
    assert b"".join(answered.strings).decode() == text
    live = bench.live(claim_record())
    assert live is not None
    assert live.attrs["values"] == (text,)


# -- size
def test_a_thousand_records_are_one_read_and_one_message(server: PdnsServer) -> None:
    bench = Bench(server.url)
    hosts = [f"host{n}.example.com" for n in range(500)]
    records = [r for host in hosts for r in (host_record(host), claim_record(host))]
    composed = bench.spell(*records)
    assert told(composed.findings) == []
    changes = [Change(after.id, Action.CREATE, None, after) for after in composed.resources]
    bench.asked.clear()
    done(bench, *changes)
    # One look before, one message, one look after.
    assert bench.asked == {"GET /zones/{zone}": 2, "PATCH /zones/{zone}": 1}
    bench.asked.clear()
    assert len(bench.read(*hosts).rrsets) == 1002
    assert bench.asked == {"GET /zones": 1, "GET /zones/{zone}": 1}
