"""What DNS says before anything is written: CAA, DNSSEC, another view of the zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.town import CLICK, Ran, Town, cname, live_click, world, zone

Open = Callable[[Mapping[str, Any]], Town]
DEEP = "click.shop.example.com"
"""A host in a zone of its own: what stands above it is not Cloudflare's, which adds records of its own."""


def above(*values: str) -> dict[str, Any]:
    """A world where the zone above the host's has these CAA records."""
    records = [{"type": "CAA", "name": "example.com", "ttl": 300, "content": value} for value in values]
    here = world(zone("shop.example.com", cname(DEEP)))
    return {**here, "dns": [{"zone": "example.com", "records": records}]}


def planned(town: Town, domains: Mapping[str, Any]) -> Ran:
    """Plan and see that nothing was written."""
    ran = town.tdr("plan", town.file(domains))
    asks = ("GET", "POST /api/v1/tracking-domains")  # eligibility is asked for by POST
    assert [c for c in town.calls() if not f"{c['method']} {c['path']}".startswith(asks)] == []
    return ran


# -- CAA
def test_a_zone_that_forbids_the_authority_is_refused_before_any_write(open_town: Open) -> None:
    ran = planned(open_town(above('0 issue "digicert.com"')), {DEEP: {"cdn": "sp"}})
    assert ran.code == 1
    assert 'the CAA records of example.com say `0 issue "digicert.com"`' in ran.err
    assert "they let none of letsencrypt.org issue its certificate" in ran.err
    assert 'add `0 issue "letsencrypt.org"` to them' in ran.err


def test_a_zone_that_allows_the_authority_is_not(open_town: Open) -> None:
    town = open_town(above('0 issue "digicert.com"', '0 issue "letsencrypt.org"'))
    assert planned(town, {DEEP: {"cdn": "sp"}}).code == 0


def test_a_certificate_that_is_there_needs_nobodys_leave(open_town: Open) -> None:
    """Universal SSL is active: an authority is asked again when it renews, and the vendor tells of that."""
    assert planned(open_town(above('0 issue ";"')), {DEEP: {}}).code == 0


def test_the_records_behind_an_alias_are_the_ones_that_an_authority_finds(open_town: Open) -> None:
    """While a name is an alias, the CAA records of its target come before those of the zone itself."""
    other = {"type": "CAA", "name": "edge.other.example", "ttl": 300, "content": '0 issue "digicert.com"'}
    here = world(zone("example.com", cname(CLICK, "edge.other.example")))
    town = open_town({**here, "dns": [{"zone": "other.example", "records": [other]}]})
    ran = planned(town, {f"t.{CLICK}": {"cdn": "sp"}})
    assert ran.code == 1
    assert f"the CAA records of edge.other.example (which {CLICK} is an alias of)" in ran.err


# -- DNSSEC
def test_a_zone_that_its_parent_calls_signed_and_is_not_is_refused(open_town: Open) -> None:
    ds = {"type": "DS", "name": "example.com", "ttl": 300, "content": f"12345 13 2 {'ab' * 32}"}
    here = world(zone("example.com", cname(CLICK)), sp=live_click())
    town = open_town({**here, "dns": [{"zone": "com", "records": [ds]}]})
    ran = planned(town, {CLICK: {}})
    assert ran.code == 1
    assert "zone example.com has a DS record at its parent, but no DNSKEY that fits is found" in ran.err
    assert "remove the DS record of example.com at the registrar" in ran.err


# -- another view
def test_resolvers_that_see_another_zone_are_told(open_town: Open) -> None:
    """The account holds a copy of a zone that is served elsewhere."""
    here = world(zone("example.com", cname(CLICK), delegated=False), sp=live_click())
    elsewhere = {"type": "CNAME", "name": CLICK, "ttl": 300, "content": "eu.spgo.io"}
    town = open_town({**here, "dns": [{"zone": "example.com", "records": [elsewhere]}]})
    ran = planned(town, {CLICK: {}})
    assert f"resolvers here answer eu.spgo.io for {CLICK}, and its zone holds spgo.io" in ran.err
