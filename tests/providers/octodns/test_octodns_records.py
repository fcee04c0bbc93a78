"""Reading, spelling, writing through a class of octoDNS: ours alone, never done where it did not stick."""

from __future__ import annotations

import pytest

from reconciler.dns import Record
from reconciler.errors import Conflict, InvalidRequest, Unavailable
from reconciler.model import Severity
from reconciler.provider import Done, Parts, Wanted
from tests.providers.octodns.octodns_bench import (
    HOST_NAME,
    ZONE,
    Bench,
    CarelessProvider,
    DeafProvider,
    ListingProvider,
    MeddlingProvider,
    MemoryProvider,
    PickyProvider,
    StumblingProvider,
    Vendor,
    claim_record,
    failures,
    host_record,
    planned,
    told,
)

CLAIM_NAME = f"_tdr.{HOST_NAME}"
ELSEWHERE = "docs.example.com"


# -- reading
def test_a_zone_is_read_in_the_engine_s_spelling(vendor: Vendor) -> None:
    vendor.put(HOST_NAME, "CNAME", "SpGo.io.", ttl=600)
    vendor.put(CLAIM_NAME, "TXT", "a\\; b", "x" * 600)
    vendor.put(ZONE, "CAA", {"flags": 0, "tag": "issue", "value": "letsencrypt.org"})
    vendor.put(ZONE, "MX", {"preference": 10, "exchange": "mx.example.net."})
    live = Bench(MemoryProvider).read()
    assert {(r.name, r.type): r.values for r in live.rrsets} == {
        (ZONE, "NS"): ("ns1.vendor.example", "ns2.vendor.example"),
        (ZONE, "CAA"): ('0 issue "letsencrypt.org"',),
        (ZONE, "MX"): ("10 mx.example.net.",),
        (HOST_NAME, "CNAME"): ("spgo.io",),
        (CLAIM_NAME, "TXT"): ("a; b", "x" * 600),
        ("www.example.com", "A"): ("203.0.113.80",),
    }
    (zone,) = live.zones
    assert (zone.container, zone.atomic, zone.min_ttl) == ("zone/example.com", False, 60)
    assert zone.name_servers == ("ns1.vendor.example", "ns2.vendor.example")
    assert {r.ttl for r in live.rrsets if r.name == HOST_NAME} == {600}


def test_only_zones_that_concern_the_scope_are_read(vendor: Vendor) -> None:
    vendor.zones |= {"example.net": {}, "example.org": {}}
    bench = Bench(MemoryProvider, {"zones": [ZONE, "example.net", "example.org"]})
    assert [zone.name for zone in bench.read().zones] == [ZONE]
    assert bench.asked == {"populate": 1}
    assert len(bench.read(everything=True).zones) == 3


def test_a_class_that_lists_its_zones_needs_none_named(vendor: Vendor) -> None:
    bench = Bench(ListingProvider, {"zones": None})
    assert [zone.name for zone in bench.read().zones] == [ZONE]
    assert bench.asked == {"list_zones": 1, "populate": 1}


def test_one_that_cannot_says_what_to_write(vendor: Vendor) -> None:
    with pytest.raises(InvalidRequest, match=r"MemoryProvider cannot list zones: write zones: \[NAME, …\]"):
        Bench(MemoryProvider, {"zones": None}).read()


# -- spelling
def test_records_are_spelt_as_they_are_read_back(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider)
    both = host_record("2001:DB8::1", "203.0.113.7", type_="A+AAAA")
    claim = claim_record("v=tdr1 o=acme-mail; " + "k" * 400)
    outcomes = bench.apply(bench.change(both), bench.change(claim))
    assert failures(outcomes) == []
    assert vendor.at(HOST_NAME) == {"A": ["203.0.113.7"], "AAAA": ["2001:db8::1"]} or vendor.at(
        HOST_NAME
    ) == {
        "A": "203.0.113.7",
        "AAAA": "2001:db8::1",
    }
    for record, types in ((both, ("A", "AAAA")), (claim, ("TXT",))):
        live, (spelt,) = bench.live(record, *types), bench.spell(record).resources
        assert live is not None
        assert (live.attrs, live.container) == (spelt.attrs, spelt.container)


def test_a_name_in_no_zone_of_ours_is_refused(vendor: Vendor) -> None:
    composed = Bench(MemoryProvider).spell(host_record(host="click.example.net"))
    assert composed.resources == ()
    (text,) = told(composed.findings)
    assert "click.example.net is in none of the zones that tdr may write to" in text
    assert "(those are example.com)" in text


def test_a_host_in_no_zone_is_told_what_to_write_though_none_of_its_records_is_spelt(vendor: Vendor) -> None:
    parts = Parts(dns=(Wanted("click.example.net", "spgo.io", 300), Wanted(HOST_NAME, "spgo.io", 300)))
    for bench, said in ((Bench(MemoryProvider), 1), (Bench(ListingProvider, {"zones": None}), 0)):
        live = bench.read("click.example.net", HOST_NAME)
        findings = bench.provider.compose(parts, live).findings
        assert [(f.host, f.lift[:30]) for f in findings] == [
            ("click.example.net", "add its zone to `zones` at the")
        ] * said


def test_a_zone_that_the_account_has_not_is_never_made(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider, {"zones": [ZONE, "example.net"]})
    composed = bench.spell(host_record(host="click.example.net"))
    assert told(composed.findings) == ["the account has no zone example.net, which `zones` names"]
    change = planned(host_record(host="click.example.net"), container="zone/example.net")
    with pytest.raises(Conflict, match=r"zone example\.net is gone"):
        bench.apply(change)
    assert set(vendor.zones) == {ZONE}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (host_record(type_="SRV"), "holds no SRV records"),
        (Record(HOST_NAME, "host", HOST_NAME, "CNAME", ("spgo.io",), 300, proxied=True), "a proxied record"),
        (Record(HOST_NAME, "validation", HOST_NAME, "TXT", ('say "yes"',), 300), "quotation marks"),
        (host_record("203.0.113.7", host="other.example.com", type_="A"), "ALIAS at other.example.com"),
        (host_record(host="east.example.com"), "answers by rules"),
        (host_record(host="edge.example.com"), "is proxied"),
    ],
)
def test_what_octodns_cannot_hold_is_an_error_of_the_plan(vendor: Vendor, record: Record, said: str) -> None:
    vendor.put("other.example.com", "ALIAS", "a.example.")
    vendor.put("edge.example.com", "CNAME", "a.example.", octodns={"vendor": {"proxied": True}})
    vendor.put("east.example.com", "A", "203.0.113.1", geo={"NA-US": ["203.0.113.2"]})
    (text,) = told(Bench(MemoryProvider).spell(record).findings)
    assert said in text


def test_a_ttl_below_the_vendor_s_becomes_its_floor_with_a_warning(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider, {"min_ttl": 600})
    composed = bench.spell(host_record(ttl=300))
    assert composed.resources[0].attrs["ttl"] == 600
    assert told(composed.findings, Severity.WARNING) == [
        "zone example.com holds no TTL below 600 s: 300 s becomes that"
    ]
    assert bench.read().zones[0].min_ttl == 600


# -- writing
def test_exactly_what_was_asked_is_written(vendor: Vendor) -> None:
    vendor.put(HOST_NAME, "A", "203.0.113.5", "203.0.113.6")
    bench = Bench(MemoryProvider)
    outcomes = bench.apply(bench.change(host_record(), "A"), bench.change(claim_record()))
    assert all(isinstance(one, Done) for one in outcomes.values())
    assert vendor.at(HOST_NAME) == {"CNAME": "spgo.io."}
    assert [said for said in vendor.said if said[0].isupper()] == [
        "Delete click A",
        "Create _tdr.click TXT",
        "Create click CNAME",
    ]
    assert bench.asked == {"populate": 2, "plan": 1, "apply": 1}


def test_a_repeat_writes_nothing(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider)
    change = bench.change(host_record())
    bench.apply(change)
    assert failures(bench.apply(change)) == []
    assert bench.asked == {"populate": 1}


def test_a_text_of_others_beside_the_claim_stays_as_it_is_spelt(vendor: Vendor) -> None:
    vendor.put(CLAIM_NAME, "TXT", 'odd "words" \\\\ and; more')
    bench = Bench(MemoryProvider)
    live = bench.live(claim_record())
    assert live is not None
    kept = live.attrs["values"]
    assert isinstance(kept, tuple)
    claim = claim_record(*map(str, kept), "v=tdr1 o=acme-mail")
    assert failures(bench.apply(bench.change(claim))) == []
    assert 'odd "words" \\\\ and; more' in vendor.at(CLAIM_NAME)["TXT"]


def test_a_removal_takes_ours_alone(vendor: Vendor) -> None:
    vendor.put(HOST_NAME, "CNAME", "spgo.io.")
    bench = Bench(MemoryProvider)
    assert failures(bench.apply(bench.removal(host_record()))) == []
    assert vendor.at(HOST_NAME) == {}
    assert vendor.at("www.example.com") == {"A": ["203.0.113.80"]}


# -- somebody else
def test_a_record_that_a_person_adds_between_plan_and_apply_is_still_there(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider)
    change = bench.change(host_record())
    vendor.hooks["apply"] = [lambda: vendor.put(ELSEWHERE, "A", "203.0.113.9")]
    assert failures(bench.apply(change)) == []
    assert vendor.at(ELSEWHERE) == {"A": ["203.0.113.9"]}
    assert vendor.at(HOST_NAME) == {"CNAME": "spgo.io."}


def test_a_record_that_a_person_adds_before_octodns_looks_again_stops_the_write(vendor: Vendor) -> None:
    """octoDNS by itself would plan to delete it."""
    bench = Bench(MemoryProvider)
    change = bench.change(host_record())
    vendor.hooks["populate"] = [lambda: None, lambda: vendor.put(ELSEWHERE, "A", "203.0.113.9")]
    with pytest.raises(Conflict, match=r"somebody else changed A docs\.example\.com at this moment"):
        bench.apply(change)
    assert vendor.at(ELSEWHERE) == {"A": ["203.0.113.9"]}
    assert "apply" not in vendor.said
    assert failures(bench.apply(change)) == []


@pytest.mark.parametrize("values", [("203.0.113.81",), ()])
def test_nor_is_a_person_s_change_or_removal_undone(vendor: Vendor, values: tuple[str, ...]) -> None:
    bench = Bench(MemoryProvider)
    change = bench.change(host_record())

    def meddle() -> None:
        del vendor.zones[ZONE]["www", "A"]
        if values:
            vendor.put("www.example.com", "A", *values)

    vendor.hooks["populate"] = [lambda: None, meddle]
    with pytest.raises(Conflict, match=r"A www\.example\.com"):
        bench.apply(change)
    assert vendor.at("www.example.com") == ({"A": ["203.0.113.81"]} if values else {})


def test_what_moved_since_the_plan_is_named_and_the_host_left_alone(vendor: Vendor) -> None:
    vendor.put(HOST_NAME, "CNAME", "old.example.net.")
    bench = Bench(MemoryProvider)
    changes = bench.change(host_record()), bench.change(claim_record())
    vendor.put(HOST_NAME, "CNAME", "new.example.net.")
    host, claim = failures(bench.apply(*changes))
    assert "click.example.com changed since it was planned: it is now CNAME new.example.net (TTL 300)" in host
    assert "not written, because another record of the host was not" in claim
    assert vendor.at(CLAIM_NAME) == {}


def test_a_rival_that_comes_with_the_write_is_told_of(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider)
    change = bench.change(host_record())
    vendor.hooks["apply"] = [lambda: vendor.put(HOST_NAME, "A", "203.0.113.9")]
    (text,) = failures(bench.apply(change))
    assert "did not stick: click.example.com is now A 203.0.113.9 (TTL 300), CNAME spgo.io (TTL 300)" in text


def test_a_class_that_takes_away_what_is_not_ours_is_told_of(vendor: Vendor) -> None:
    bench = Bench(CarelessProvider)
    (text,) = failures(bench.apply(bench.change(host_record())))
    assert "NS example.com, A www.example.com stood in the zone before the write and is gone" in text
    assert "tdr should not be used with it" in text


# -- classes of all kinds
def test_never_done_where_it_did_not_stick(vendor: Vendor) -> None:
    bench = Bench(DeafProvider)
    (text,) = failures(bench.apply(bench.change(host_record())))
    assert "ns (octodns)" in text
    assert "the write did not stick: click.example.com is now nothing" in text


def test_a_ttl_that_the_vendor_raised_is_told_with_what_to_write(vendor: Vendor) -> None:
    vendor.floor_s = 600
    bench = Bench(MemoryProvider)
    (text,) = failures(bench.apply(bench.change(host_record())))
    assert "did not stick: click.example.com is now CNAME spgo.io (TTL 600); write min_ttl: 600" in text


def test_what_the_class_leaves_out_of_its_plan_leaves_its_host_alone(vendor: Vendor) -> None:
    bench = Bench(PickyProvider)
    other = host_record(host="go.example.com")
    outcomes = bench.apply(
        bench.change(host_record(ttl=60)), bench.change(claim_record()), bench.change(other)
    )
    texts = failures(outcomes)
    assert "PickyProvider plans no change of CNAME click.example.com with TTL 60" in texts[0]
    assert len(texts) == 2
    assert vendor.at(CLAIM_NAME) == {}
    assert vendor.at("go.example.com") == {"CNAME": "spgo.io."}


def test_what_the_class_adds_to_its_plan_is_left_out(vendor: Vendor) -> None:
    bench = Bench(MeddlingProvider)
    assert failures(bench.apply(bench.change(host_record()))) == []
    assert "Update www A" not in vendor.said


def test_a_write_that_stumbled_is_never_repeated_blindly(vendor: Vendor) -> None:
    """A part of it may have been done: the engine repeats the whole apply, which looks first."""
    bench = Bench(StumblingProvider)
    changes = bench.change(host_record()), bench.change(claim_record())
    with pytest.raises(Unavailable) as caught:
        bench.apply(*changes)
    assert caught.value.sent
    assert vendor.at(CLAIM_NAME) != {}
    assert failures(Bench(MemoryProvider).apply(*changes)) == []
    assert vendor.said.count("Create _tdr.click TXT") == 0


def test_a_zone_that_holds_nothing_is_there_where_it_is_listed(vendor: Vendor) -> None:
    vendor.zones[ZONE].clear()
    vendor.shy = True
    bench = Bench(ListingProvider)
    assert failures(bench.apply(bench.change(host_record()))) == []
    vendor.zones[ZONE].clear()
    assert Bench(MemoryProvider).read().zones == ()


def test_two_hundred_hosts_are_one_plan(vendor: Vendor) -> None:
    bench = Bench(MemoryProvider)
    records = [host_record(host=f"h{n}.example.com") for n in range(200)]
    spelt = bench.spell(*records).resources
    changes = [planned(record) for record in records]
    assert failures(bench.apply(*changes)) == []
    assert len(spelt) == 200
    assert bench.asked == {"populate": 2, "plan": 1, "apply": 1}
