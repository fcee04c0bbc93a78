"""The bridge through a class that others publish, `octodns-powerdns`, to a real PowerDNS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dns.message
import dns.query
import pytest

from providers.octodns import bridge
from reconciler.errors import AuthError, Conflict, Unavailable
from reconciler.provider import Done
from tests.providers.octodns.octodns_bench import (
    HOST_NAME,
    ZONE,
    Bench,
    claim_record,
    failures,
    host_record,
    told,
)
from tests.servers.powerdns import KEY, PdnsServer, free_ports, rrset, running

CLASS = "octodns_powerdns.PowerDnsProvider"
CLAIM_NAME = f"_tdr.{HOST_NAME}"
ELSEWHERE = "docs.example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[PdnsServer]:
    """One server for all tests here; each makes the zone anew."""
    with running() as started:
        yield started


@pytest.fixture
def pdns(server: PdnsServer) -> Iterator[PdnsServer]:
    """A zone with a record that is nobody's but the user's."""
    server.zone(ZONE)
    server.put(ZONE, rrset("www.example.com", "A", "203.0.113.80"))
    yield server
    server.ask("DELETE", f"/zones/{ZONE}.", status=204)


def bench(pdns: PdnsServer, key: str = KEY, **options: Any) -> Bench:
    config = {"host": "127.0.0.1", "port": "env/PDNS_PORT", "api_key": "env/PDNS_KEY"}
    environ = {"PDNS_PORT": pdns.url.rpartition(":")[2], "PDNS_KEY": key}
    return Bench(CLASS, {"config": config, **options}, environ)


def held(pdns: PdnsServer) -> dict[tuple[str, str], tuple[str, ...]]:
    """What is in the zone, by name and type."""
    return {key: tuple(r["content"] for r in one["records"]) for key, one in pdns.sets(ZONE).items()}


def test_a_run_writes_exactly_ours_and_the_server_answers_it(pdns: PdnsServer) -> None:
    pdns.put(ZONE, rrset(HOST_NAME, "A", "203.0.113.5"))
    before = held(pdns)
    found = bench(pdns)
    outcomes = found.apply(found.change(host_record(), "A"), found.change(claim_record()))
    assert failures(outcomes) == []
    assert all(isinstance(one, Done) for one in outcomes.values())
    assert found.asked == {"populate": 2, "plan": 1, "apply": 1}
    after = held(pdns)
    assert after.pop((HOST_NAME, "CNAME")) == ("spgo.io.",)
    assert after.pop((CLAIM_NAME, "TXT")) == ('"v=tdr1 o=acme-mail"',)
    del before[HOST_NAME, "A"], before[ZONE, "SOA"], after[ZONE, "SOA"]
    assert after == before
    answer = dns.query.udp(dns.message.make_query(HOST_NAME, "CNAME"), pdns.dns[0], 5.0, pdns.dns[1])
    assert str(answer.answer[0][0]) == "spgo.io."


def test_what_was_written_is_read_back_and_nothing_is_left_to_do(pdns: PdnsServer) -> None:
    found = bench(pdns)
    records = (host_record("203.0.113.7", "2001:db8::1", type_="A+AAAA"), claim_record("a=1; b=2", "c"))
    assert failures(found.apply(*(found.change(record) for record in records))) == []
    for record, types in zip(records, (("A", "AAAA"), ("TXT",)), strict=True):
        live, (spelt,) = found.live(record, *types), found.spell(record).resources
        assert live is not None
        assert live.attrs == spelt.attrs
    assert failures(found.apply(found.removal(records[1]))) == []
    assert (CLAIM_NAME, "TXT") not in held(pdns)


def test_a_claim_of_full_length_is_answered_whole(pdns: PdnsServer) -> None:
    found, text = bench(pdns), "v=tdr1 o=acme-mail " + "w" * 900
    assert failures(found.apply(found.change(claim_record(text)))) == []
    answer = dns.query.tcp(dns.message.make_query(CLAIM_NAME, "TXT"), pdns.dns[0], 5.0, pdns.dns[1])
    assert b"".join(answer.answer[0][0].strings).decode() == text


def test_a_record_that_a_person_adds_between_plan_and_apply_is_still_there(pdns: PdnsServer) -> None:
    found = bench(pdns)
    change = found.change(host_record())
    found.before[bridge.WRITE] = lambda: pdns.put(ZONE, rrset(ELSEWHERE, "A", "203.0.113.9"))
    assert failures(found.apply(change)) == []
    assert held(pdns)[ELSEWHERE, "A"] == ("203.0.113.9",)


def test_a_record_that_a_person_adds_before_octodns_plans_stops_the_write(pdns: PdnsServer) -> None:
    found = bench(pdns)
    change = found.change(host_record())
    found.before[bridge.PLAN] = lambda: pdns.put(ZONE, rrset(ELSEWHERE, "A", "203.0.113.9"))
    with pytest.raises(Conflict, match=r"somebody else changed A docs\.example\.com"):
        found.apply(change)
    assert held(pdns)[ELSEWHERE, "A"] == ("203.0.113.9",)
    assert (HOST_NAME, "CNAME") not in held(pdns)
    assert failures(found.apply(change)) == []


def test_zones_are_listed_by_the_class_and_one_that_is_not_there_is_never_made(
    pdns: PdnsServer,
) -> None:
    assert [zone.name for zone in bench(pdns, zones=None).read().zones] == [ZONE]
    found = bench(pdns, zones=["example.net"])
    composed = found.spell(host_record(host="click.example.net"))
    assert told(composed.findings) == ["the account has no zone example.net, which `zones` names"]
    assert [zone["name"] for zone in pdns.ask("GET", "/zones")] == [f"{ZONE}."]


def test_a_wrong_key_is_an_error_of_the_credential_and_is_not_shown(pdns: PdnsServer) -> None:
    with pytest.raises(AuthError) as caught:
        bench(pdns, key="wrong-key-of-mine").read()
    assert "wrong-key-of-mine" not in str(caught.value)


def test_a_server_that_is_away_is_told_as_such(pdns: PdnsServer) -> None:
    away = replace(pdns, url=f"http://127.0.0.1:{free_ports()[0]}")
    with pytest.raises(Unavailable) as caught:
        bench(away).read()
    assert not caught.value.sent
