"""Zones: listing, reading, pausing, activation."""

from collections.abc import Iterator

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, world


@pytest.fixture
def cf() -> Iterator[Bench]:
    """Many zones of several plans, one of them pending."""
    zones = [{"name": f"z{n:02}.example", "plan": "free"} for n in range(60)]
    zones += [{"name": "example.com", "plan": "enterprise"}]
    zones += [{"name": "example.net", "status": "pending"}]
    with bench(world(*zones)) as running:
        yield running


def test_a_page_holds_twenty_zones_unless_asked(cf: Bench) -> None:
    info = cf.call("GET", "/zones").json()["result_info"]
    assert info == {"page": 1, "per_page": 20, "count": 20, "total_count": 62, "total_pages": 4}


def test_pages_follow_each_other_and_end_empty(cf: Bench) -> None:
    names = [z["name"] for page in (1, 2, 3) for z in cf.ok("GET", "/zones", page=page, per_page=50)]
    assert len(set(names)) == len(names) == 62


def test_a_page_of_more_than_fifty_is_refused(cf: Bench) -> None:
    assert cf.call("GET", "/zones", per_page=51).status_code == 400
    cf.switch("cloudflare.zones-page-limit", "accepted")
    assert len(cf.ok("GET", "/zones", per_page=100)) == 62


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "example.com"}, ["example.com"]),
        ({"name": "contains:ample.n"}, ["example.net"]),
        ({"name": "ends_with:.net"}, ["example.net"]),
        ({"status": "pending"}, ["example.net"]),
        ({"name": "example.com", "status": "pending"}, []),
        ({"name": "example.com", "status": "pending", "match": "any"}, ["example.com", "example.net"]),
        ({"account.name": "nobody"}, []),
        (
            {"name": "starts_with:z0", "direction": "desc", "per_page": "5"},
            [f"z{n:02}.example" for n in (9, 8, 7, 6, 5)],
        ),
    ],
)
def test_filters_choose_zones(cf: Bench, query: dict[str, str], names: list[str]) -> None:
    assert [zone["name"] for zone in cf.ok("GET", "/zones", **query)] == names


def test_a_zone_tells_plan_servers_and_account(cf: Bench) -> None:
    zone = cf.ok("GET", "/zones", name="example.com")[0]
    assert zone["plan"]["legacy_id"] == "enterprise"
    assert zone["name_servers"] == ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]
    assert zone["account"]["name"] == "acme"
    assert (zone["status"], zone["type"], zone["paused"]) == ("active", "full", False)
    assert cf.ok("GET", f"/zones/{zone['id']}") == zone


def test_a_zone_can_be_paused(cf: Bench) -> None:
    assert cf.ok("PATCH", "/zones/{zone}", {"paused": True})["paused"] is True


def test_a_pending_zone_that_nobody_delegated_stays_pending(cf: Bench) -> None:
    zone = cf.ok("GET", "/zones", name="example.net")[0]
    cf.ok("PUT", f"/zones/{zone['id']}/activation_check")
    cf.advance(86400)
    assert cf.ok("GET", f"/zones/{zone['id']}")["status"] == "pending"


def test_a_delegated_zone_turns_active_by_itself_and_then_gets_its_certificate(cf: Bench) -> None:
    zone = cf.ok("GET", "/zones", name="example.net")[0]["id"]
    packs = f"/zones/{zone}/ssl/certificate_packs"
    cf.patch("example.net", delegated=True)
    assert cf.ok("GET", f"/zones/{zone}")["status"] == "pending"
    cf.advance(61)
    assert cf.ok("GET", f"/zones/{zone}")["status"] == "active"
    assert cf.ok("GET", packs, status="all")[0]["status"] == "initializing"
    assert cf.ok("GET", packs) == []
    cf.advance(301)
    assert cf.ok("GET", packs)[0]["status"] == "active"


def test_a_check_activates_at_once_where_only_checks_do(cf: Bench) -> None:
    cf.switch("cloudflare.activation", "on_check_only")
    zone = cf.ok("GET", "/zones", name="example.net")[0]["id"]
    cf.patch("example.net", delegated=True)
    cf.advance(86400)
    assert cf.ok("GET", f"/zones/{zone}")["status"] == "pending"
    assert cf.ok("PUT", f"/zones/{zone}/activation_check") == {"id": zone}
    assert cf.ok("GET", f"/zones/{zone}")["status"] == "active"
