"""What stands in the way of a record: a CNAME beside others, an apex, a delegation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.dns import Record, RRset, Zone
from reconciler.hostview import HostView
from reconciler.name_rules import findings
from reconciler.records import zone_views

HOST, ZONE = "click.example.com", "example.com"


def rrset(name: str, type_: str, *values: str) -> RRset:
    """A live record set."""
    return RRset(ZONE, name, type_, 300, values)


def needed(name: str, type_: str, host: str = HOST) -> Record:
    """A record that host needs at a name."""
    return Record(host, "host" if name == host else "validation", name, type_, ("x.example",), 60)


def told(record: Record, *standing: RRset, zone: Zone | None = None) -> list[str]:
    """What is said of a record beside what stands in its zone."""
    views = zone_views([zone or Zone(ZONE, f"zone/{ZONE}")], standing)
    host = HostView(record.host, None, "ns", views[ZONE])
    return [finding.text for finding in findings([record], {record.host: host}, {"ns": views}, {})]


@pytest.mark.parametrize(
    ("standing", "record", "words"),
    [
        (rrset(HOST, "MX", "5 mx.example"), needed(HOST, "CNAME"), "has MX records"),
        (rrset(HOST, "LUA", "A 1"), needed(HOST, "CNAME"), "has LUA records"),
        (rrset(f"_a.{HOST}", "CNAME", "y"), needed(f"_a.{HOST}", "TXT"), "has CNAME records"),
        (rrset(f"_a.{HOST}", "A", "192.0.2.1"), needed(f"_a.{HOST}", "CNAME"), "has A records"),
        (rrset(ZONE, "SOA", "x"), needed(ZONE, "CNAME"), "is the apex of zone"),
        (
            rrset(f"_a.{HOST}", "NS", "ns.x"),
            needed(f"b._a.{HOST}", "TXT"),
            "is delegated to ns.x at _a.click",
        ),
    ],
)
def test_what_stands_in_the_way_is_named(standing: RRset, record: Record, words: str) -> None:
    (text,) = told(record, standing)
    assert words in text


@pytest.mark.parametrize(
    ("standing", "record"),
    [
        (rrset(HOST, "A", "192.0.2.1"), needed(HOST, "CNAME")),
        (rrset(HOST, "CNAME", "y"), needed(HOST, "A+AAAA")),
        (rrset(HOST, "RRSIG", "x"), needed(HOST, "CNAME")),
        (rrset(HOST, "MX", "5 mx.example"), needed(HOST, "A")),
        (rrset(f"_a.{HOST}", "TXT", "other"), needed(f"_a.{HOST}", "TXT")),
        (rrset(HOST, "NS", "ns.x"), needed(f"_tdr.{HOST}", "TXT")),
    ],
    ids=str,
)
def test_what_a_record_takes_the_place_of_or_may_stand_beside_forbids_nothing(
    standing: RRset, record: Record
) -> None:
    assert told(record, standing) == []


def test_a_vendor_that_answers_for_the_alias_itself_may_mix() -> None:
    flattening = replace(Zone(ZONE, f"zone/{ZONE}"), cname_beside=True)
    assert told(needed(HOST, "CNAME"), rrset(HOST, "MX", "5 mx.example"), zone=flattening) == []


ALIASES = Zone(ZONE, f"zone/{ZONE}", aliases=True)


@pytest.mark.parametrize(
    ("standing", "record"),
    [
        (rrset(HOST, "TXT", "x"), needed(HOST, "ALIAS")),
        (rrset(HOST, "MX", "5 mx.example"), needed(HOST, "ALIAS")),
        (rrset(HOST, "CNAME", "y"), needed(HOST, "ALIAS")),
        (rrset(HOST, "ALIAS", "y"), needed(HOST, "CNAME")),
        (rrset(HOST, "ALIAS", "y"), needed(HOST, "A")),
        (rrset(ZONE, "SOA", "x"), needed(ZONE, "ALIAS")),
    ],
)
def test_an_alias_stands_beside_texts_and_at_the_apex_and_takes_a_hosts_place(
    standing: RRset, record: Record
) -> None:
    assert told(record, standing, zone=ALIASES) == []


@pytest.mark.parametrize(
    ("standing", "record", "words"),
    [
        (rrset(f"_a.{HOST}", "A", "192.0.2.1"), needed(f"_a.{HOST}", "ALIAS"), "an ALIAS stands for all"),
        (rrset(f"_a.{HOST}", "ALIAS", "y"), needed(f"_a.{HOST}", "A"), "an ALIAS stands for all"),
        (rrset(f"_a.{HOST}", "ALIAS", "y"), needed(f"_a.{HOST}", "CNAME"), "a CNAME must stand alone"),
        (rrset(f"_a.{HOST}", "CNAME", "y"), needed(f"_a.{HOST}", "ALIAS"), "a CNAME must stand alone"),
    ],
)
def test_an_alias_excludes_the_addresses_and_the_cname_of_its_name(
    standing: RRset, record: Record, words: str
) -> None:
    (text,) = told(record, standing, zone=ALIASES)
    assert words in text
