"""Values in, values out: spelling, judging, the update that is made. No server."""

from __future__ import annotations

import base64

import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rfc2136 import TYPE
from providers.rfc2136.convert import name_from, rdata_from, spelt_value, value_from
from providers.rfc2136.errors import from_exception, from_rcode
from providers.rfc2136.server import Server, addresses, key_from, problems, server_from
from providers.rfc2136.spelling import spell_records
from providers.rfc2136.updates import judge, outcome, update_for
from providers.rfc2136.zones import RecordSet, Rfc2136State, ZoneState, state_from
from reconciler.dns import Record, record_id
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import Action, Change, Resource, attrs
from reconciler.net_settings import settings_from
from reconciler.provider import Done, Failed

ZONE = "example.test"
HOST = "click.example.test"
TEXTS = st.lists(st.binary(max_size=700), min_size=1, max_size=4)


def zone(*rows: str, serial: int = 1) -> ZoneState:
    """A zone in which these records stand: `NAME TTL TYPE VALUE`."""
    sets: dict[tuple[str, str], RecordSet] = {(ZONE, "SOA"): soa(serial)}
    for row in rows:
        name, ttl, kind, value = row.split(maxsplit=3)
        found = sets.get((name, kind))
        standing = found.rdatas if found else ()
        sets[name, kind] = RecordSet(int(ttl), (*standing, rdata_from(kind, value)))
    return state_from(ZONE, sets)


def soa(serial: int) -> RecordSet:
    return RecordSet(900, (rdata_from("SOA", f"ns1.{ZONE}. host.{ZONE}. {serial} 3600 600 86400 300"),))


def resource(kind: str, *values: str, ttl: int = 300, name: str = HOST, role: str = "host") -> Resource:
    named = attrs(name=name, type=kind, values=values, ttl=ttl)
    return Resource(record_id("ns", HOST, role), named, HOST, f"zone/{ZONE}")


def changed(before: Resource | None, after: Resource | None) -> Change:
    found = after or before
    assert found is not None
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE
    return Change(found.id, action, before, after)


def sections(change: Change, state: ZoneState) -> tuple[list[str], list[str]]:
    """Prerequisites and updates, as text: `NAME CLASS TYPE`, with TTL and value where there are any."""
    message = update_for([change], state)
    return [line for s in message.prerequisite for line in lines(s)], [
        x for s in message.update for x in lines(s)
    ]


def lines(rrset: dns.rrset.RRset) -> list[str]:
    told = dns.rdataclass.to_text(rrset.deleting or rrset.rdclass)
    start = f"{rrset.name} {told} {dns.rdatatype.to_text(rrset.rdtype)}"
    return [f"{start} {rrset.ttl} {rdata}" for rdata in rrset] or [start]


def verdict(change: Change, state: ZoneState) -> Done | Failed | None:
    """How a change is judged; None: to be written."""
    return judge([change], state).outcomes.get(change.id)


# -- spelling
@given(TEXTS)
def test_any_text_comes_back_as_it_was(texts: list[bytes]) -> None:
    for octets in texts:
        text = octets.decode("utf-8", "surrogateescape")
        rdata = rdata_from("TXT", text)
        wire = rdata.to_wire()
        assert wire is not None
        assert all(len(string) <= 255 for string in rdata.strings)  # type: ignore[attr-defined]
        assert value_from(rdata) == text


@pytest.mark.parametrize(
    ("rtype", "written", "read"),
    [
        ("CNAME", "SPGO.io.", "spgo.io"),
        ("CNAME", "spgo.io", "spgo.io"),
        ("A", "192.0.2.1", "192.0.2.1"),
        ("A+AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
        ("CAA", "0  issue ca.example", '0 issue "ca.example"'),
        ("TXT", "As It Is.", "As It Is."),
    ],
)
def test_a_value_is_spelt_as_it_is_read_back(rtype: str, written: str, read: str) -> None:
    assert spelt_value(rtype, written) == read
    assert spelt_value(rtype, read) == read
    assert value_from(rdata_from(rtype, written)) == read


def spelled(state: ZoneState, record: Record) -> tuple[Resource | None, list[str]]:
    composition = spell_records("ns", [record], Rfc2136State({state.name: state}, (state.name,)))
    return next(iter(composition.resources), None), [finding.text for finding in composition.findings]


def test_a_record_is_spelt_with_its_zone_as_container_and_its_ttl_as_it_is() -> None:
    made, told = spelled(zone(), Record(HOST, "host", HOST, "A+AAAA", ("2001:DB8::1", "192.0.2.1"), 1))
    assert made == resource("A+AAAA", "192.0.2.1", "2001:db8::1", ttl=1)
    assert made is not None
    assert (made.container, told) == (f"zone/{ZONE}", [])


def needed(name: str, kind: str, value: str, host: str = HOST) -> Record:
    """A record that host needs at a name."""
    return Record(host, "host" if name == host else "validation", name, kind, (value,), 60)


def test_a_name_outside_the_aliass_zones_is_refused() -> None:
    _, told = spelled(zone(), needed("h.other.test", "CNAME", "x", "h.other.test"))
    assert len(told) == 1
    assert "none of the alias's zones" in told[0]


def test_what_a_host_record_takes_the_place_of_forbids_nothing() -> None:
    for standing in ("A 192.0.2.1", "AAAA 2001:db8::1", "CNAME y."):
        assert (
            spelled(zone(f"{HOST} 300 {standing}"), Record(HOST, "host", HOST, "CNAME", ("x",), 60))[1] == []
        )


def test_a_host_below_a_delegation_is_the_engines_to_refuse() -> None:
    record = Record(f"a.{HOST}", "host", f"a.{HOST}", "CNAME", ("x.example",), 60)
    assert spelled(zone(f"{HOST} 300 NS ns.x."), record)[1] == []


# -- the update
def test_a_new_record_rests_on_a_free_name() -> None:
    pre, updates = sections(changed(None, resource("CNAME", "spgo.io")), zone())
    assert pre == [f"{HOST}. NONE ANY"]
    assert updates == [f"{HOST}. IN CNAME 300 spgo.io."]


def test_a_new_text_beside_another_type_rests_on_no_text_and_no_cname() -> None:
    text = resource("TXT", "v=tdr1", name=f"_tdr.{HOST}", role="claim")
    pre, _ = sections(changed(None, text), zone(f"_tdr.{HOST} 300 A 192.0.2.1"))
    assert pre == [f"_tdr.{HOST}. NONE TXT", f"_tdr.{HOST}. NONE CNAME"]


def test_a_move_rests_on_the_address_that_was_seen_and_on_nothing_else_at_the_name() -> None:
    change = changed(resource("A", "192.0.2.1"), resource("CNAME", "spgo.io"))
    pre, updates = sections(change, zone(f"{HOST} 300 A 192.0.2.1"))
    assert pre[0] == f"{HOST}. IN A 0 192.0.2.1"
    assert {line.split()[-1] for line in pre[1:]} == {
        *("AAAA", "CNAME", "TXT", "CAA", "MX", "NS", "SRV", "HTTPS", "SVCB")
    }
    assert updates == [f"{HOST}. ANY A", f"{HOST}. IN CNAME 300 spgo.io."]


def test_a_change_of_ttl_alone_writes_the_set_anew() -> None:
    change = changed(resource("CNAME", "spgo.io"), resource("CNAME", "spgo.io", ttl=60))
    pre, updates = sections(change, zone(f"{HOST} 300 CNAME spgo.io."))
    assert pre == [f"{HOST}. IN CNAME 0 spgo.io."]
    assert updates == [f"{HOST}. ANY CNAME", f"{HOST}. IN CNAME 60 spgo.io."]


def test_texts_of_others_stay_split_as_they_are() -> None:
    theirs = rdata_from("TXT", "x" * 300)
    claim = {"name": f"_tdr.{HOST}", "role": "claim"}
    state = state_from(ZONE, {(f"_tdr.{HOST}", "TXT"): RecordSet(300, (theirs,))})
    change = changed(resource("TXT", "x" * 300, **claim), resource("TXT", "v=tdr1", "x" * 300, **claim))  # type: ignore[arg-type]
    message = update_for([change], state)
    assert theirs in [rdata for rrset in message.update for rdata in rrset]


def test_removals_come_before_additions() -> None:
    gone = changed(resource("CNAME", "old.example", name=f"_v.{HOST}", role="validation@a"), None)
    made = changed(None, resource("TXT", "t", name=f"_v.{HOST}", role="validation"))
    message = update_for([made, gone], zone(f"_v.{HOST} 300 CNAME old.example."))
    assert [rrset.rdtype.name for rrset in message.update] == ["CNAME", "TXT"]


# -- judging
def test_what_is_there_already_is_done() -> None:
    wanted = resource("CNAME", "spgo.io")
    assert verdict(changed(None, wanted), zone(f"{HOST} 300 CNAME spgo.io.")) == Done(wanted)
    assert verdict(changed(wanted, None), zone()) == Done(None)


@pytest.mark.parametrize(
    "standing", ["CNAME other.", "A 192.0.2.9", "TXT t", "MX 5 mx."], ids=["value", "address", "text", "mail"]
)
def test_what_was_not_seen_is_a_conflict_that_says_what_is_there(standing: str) -> None:
    judged = verdict(changed(None, resource("CNAME", "spgo.io")), zone(f"{HOST} 300 {standing}"))
    assert isinstance(judged, Failed)
    assert isinstance(judged.error, Conflict)
    assert f"{HOST} changed since it was planned: it is now {standing.split(maxsplit=1)[0]}" in str(
        judged.error
    )


def test_what_is_gone_is_a_conflict() -> None:
    judged = verdict(changed(resource("CNAME", "a.example"), resource("CNAME", "b.example")), zone())
    assert isinstance(judged, Failed)
    assert "it is now gone" in str(judged.error)


def test_a_host_is_left_alone_altogether_where_one_of_its_records_moved() -> None:
    host, claim = resource("CNAME", "spgo.io"), resource("TXT", "v", name=f"_tdr.{HOST}", role="claim")
    judged = judge([changed(None, host), changed(None, claim)], zone(f"{HOST} 300 A 192.0.2.9"))
    assert judged.to_write == []
    assert "another record of the host" in str(judged.outcomes[claim.id].error)  # type: ignore[union-attr]


def test_below_a_delegation_nothing_is_written() -> None:
    judged = verdict(changed(None, resource("CNAME", "spgo.io")), zone(f"{HOST} 300 NS ns.elsewhere."))
    assert isinstance(judged, Failed)
    assert isinstance(judged.error, InvalidRequest)


# -- after a write
def test_a_noerror_that_changed_nothing_is_no_success() -> None:
    """The server answers so to a CNAME beside an address; only the look after it tells."""
    change = changed(None, resource("CNAME", "spgo.io"))
    seen = outcome(change, zone(serial=7), zone(f"{HOST} 300 A 192.0.2.9", serial=7))
    assert isinstance(seen, Failed)
    assert isinstance(seen.error, UnexpectedResponse)
    assert f"NOERROR and changed nothing (the serial of {ZONE} is still 7): {HOST} is A 192.0.2.9" in str(
        seen.error
    )


def test_a_write_that_does_not_stay_is_no_success() -> None:
    seen = outcome(changed(None, resource("CNAME", "spgo.io")), zone(serial=7), zone(serial=9))
    assert "did not stick: click.example.test is now nothing" in str(seen.error)  # type: ignore[union-attr]


# -- zones
def test_negative_answers_are_kept_for_the_lesser_of_ttl_and_minimum() -> None:
    assert (zone().serial, zone().negative_ttl_s) == (1, 300)


def test_only_the_highest_delegation_counts() -> None:
    state = zone(
        "sub.example.test 300 NS ns.a.",
        "low.sub.example.test 300 NS ns.b.",
        "x.sub.example.test 300 A 192.0.2.1",
    )
    assert dict(state.cuts) == {"sub.example.test": ("ns.a",)}
    assert state.cut_above("deep.low.sub.example.test") == "sub.example.test"
    assert {name for name, _ in state.sets} == {"sub.example.test"}


# -- the server and its key
@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("ns1.example.com", Server("ns1.example.com")),
        ("NS1.example.com.:5353", Server("ns1.example.com", 5353)),
        ("192.0.2.1", Server("192.0.2.1")),
        ("192.0.2.1:5353", Server("192.0.2.1", 5353)),
        ("2001:db8::1", Server("2001:db8::1")),
        ("[2001:DB8::1]", Server("2001:db8::1")),
        ("[2001:db8::1]:5353", Server("2001:db8::1", 5353)),
    ],
)
def test_a_server_is_a_name_or_an_address_with_or_without_a_port(text: str, server: Server) -> None:
    assert server_from(text) == server


@pytest.mark.parametrize("text", ["", "ns1:99999", "ns1:dns", "two words", "a:b:c", "[::1", "."])
def test_what_is_no_server_is_said_with_what_to_write(text: str) -> None:
    found = list(problems({"server": text, "zones": ["example.com"], "key_name": "tdr"}))
    assert [key for key, _, _ in found] == ["server"]


def test_zones_and_keys_are_names() -> None:
    options = {
        "server": "ns1",
        "zones": ["Example.com", "example.org.", "ok.example"],
        "key_name": "two words",
    }
    assert [key for key, _, _ in TYPE.check(options)] == ["zones", "zones", "key_name"]


def test_an_address_is_redirected_by_the_net_map() -> None:
    net = settings_from({"TDR_NET_MAP": "192.0.2.40:53=127.0.0.1:4711"})
    assert [str(a) for a in addresses(Server("192.0.2.40"), net)] == ["127.0.0.1:4711"]
    assert [str(a) for a in addresses(Server("192.0.2.41"), net)] == ["192.0.2.41:53"]


@pytest.mark.parametrize("secret", ["", "not base64!", "c2VjcmV0"[:-1]])
def test_a_secret_that_is_no_base64_is_told_without_it(secret: str) -> None:
    with pytest.raises(AuthError, match="TDR_MY_NS_TSIG_SECRET or RFC2136_TSIG_SECRET is not base64") as told:
        key_from("tdr", secret, "hmac-sha256", "my-ns")
    assert not secret or secret not in str(told.value)


def test_a_key_is_made_of_name_secret_and_algorithm() -> None:
    key = key_from("Tdr.Example.com", base64.b64encode(b"x" * 32).decode(), "hmac-sha512", "ns")
    assert (key.name, key.secret, str(key.algorithm)) == (
        name_from("Tdr.Example.com"),
        b"x" * 32,
        "hmac-sha512.",
    )


# -- errors
@pytest.mark.parametrize(
    ("error", "meaning", "words"),
    [
        (dns.tsig.PeerBadTime(), AuthError, "clocks differ"),
        (dns.tsig.BadTime(), AuthError, "clocks differ"),
        (dns.tsig.PeerBadSignature(), AuthError, "check the secret"),
        (dns.tsig.PeerBadKey(), AuthError, "key_name"),
        (TimeoutError(), Unavailable, "no answer in time"),
        (EOFError(), Unavailable, "closed the connection"),
        (ConnectionResetError(104, "Connection reset by peer"), Unavailable, "reset by peer"),
        (dns.exception.FormError(), UnexpectedResponse, "unreadable"),
    ],
)
def test_each_failure_has_one_meaning(error: Exception, meaning: type[ProviderError], words: str) -> None:
    told = from_exception(error, "ns1:53", "tdr")
    assert type(told) is meaning
    assert words in str(told)
    assert "ns1:53" in str(told)


def test_a_bug_is_no_failure_of_the_server() -> None:
    assert from_exception(KeyError("x"), "ns1:53", "tdr") is None


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        *((word, Conflict) for word in ("YXDOMAIN", "YXRRSET", "NXDOMAIN", "NXRRSET")),
        *((word, AuthError) for word in ("REFUSED", "NOTAUTH")),
        *((word, InvalidRequest) for word in ("NOTZONE", "NOTIMP", "FORMERR")),
        ("SERVFAIL", Unavailable),
        ("BADVERS", UnexpectedResponse),
    ],
)
def test_each_rcode_has_one_meaning(word: str, meaning: type[ProviderError]) -> None:
    told = from_rcode(dns.rcode.from_text(word), "ns1:53", ZONE, "tdr")
    assert type(told) is meaning
    assert word in str(told)
