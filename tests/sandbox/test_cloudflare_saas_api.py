"""Cloudflare for SaaS: what its API refuses, limits, lists and shows; what the world's file may say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from providers.sandbox.contract import WorldError
from tests.sandbox.cloudflare_bench import Bench, bench, record, world
from tests.sandbox.cloudflare_saas_bench import (
    FALLBACK,
    HOST,
    HOSTNAMES,
    SSL,
    ZONE,
    create,
    delegated,
    get,
    saas,
)


@pytest.fixture
def cf() -> Iterator[Bench]:
    with bench(saas()) as running:
        yield running


def test_origins_are_proxied_records_of_the_zone(cf: Bench) -> None:
    cf.patch(ZONE, add_records=[record(f"grey.{ZONE}")])
    assert cf.refused("PUT", FALLBACK, {"origin": f"grey.{ZONE}"})[:2] == (400, 1421)
    for origin, code in ((f"grey.{ZONE}", 1421), (f"*.{ZONE}", 1420), ("203.0.113.1", 1415)):
        body = {"hostname": HOST, "ssl": SSL, "custom_origin_server": origin}
        assert cf.refused("POST", HOSTNAMES, body)[:2] == (400, code)
    assert create(cf, custom_origin_server=f"two.{ZONE}")["custom_origin_server"] == f"two.{ZONE}"
    cf.switch("cloudflare.custom-origin-server", "enterprise")
    body = {"hostname": "b.customer.com", "custom_origin_server": f"two.{ZONE}"}
    assert cf.refused("POST", HOSTNAMES, body)[:2] == (403, 1414)


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"hostname": "a_b/c.customer.com"}, 1407),
    ({"hostname": "192.0.2.1"}, 1407),
    ({"hostname": "bücher.customer.com"}, 1408),
    ({"hostname": "customer"}, 1410),
    ({"hostname": "*.customer.com"}, 1448),
    ({"nonsense": 1}, 1400),
    ({"ssl": {"method": "txt"}}, 1440),
    ({"ssl": {**SSL, "method": "dns"}}, 1432),
    ({"ssl": {**SSL, "type": "ev"}}, 1433),
    ({"ssl": {**SSL, "bundle_method": "x"}}, 1449),
    ({"ssl": {**SSL, "settings": {"min_tls_version": "1.4"}}}, 1425),
    ({"ssl": {**SSL, "settings": {"http2": "yes"}}}, 1422),
    ({"ssl": {**SSL, "certificate_authority": "google"}}, 1434),
    ({"hostname": f"{'a' * 60}.customer.com"}, 1469),
    ({"custom_metadata": {"k": "v"}}, 1413),
]


def test_what_the_api_refuses(cf: Bench) -> None:
    for body, code in REFUSED:
        assert cf.refused("POST", HOSTNAMES, {"hostname": HOST, "ssl": SSL, **body})[1] == code, body
    create(cf)
    assert cf.refused("POST", HOSTNAMES, {"hostname": HOST, "ssl": SSL})[:2] == (409, 1406)
    assert cf.refused("PATCH", f"{HOSTNAMES}/nobody", {"ssl": SSL})[:2] == (404, 1436)


def test_fifteen_certificates_a_minute_then_none_for_thirty_seconds(cf: Bench) -> None:
    for n in range(15):
        create(cf, f"h{n}.customer.com")
    body = {"hostname": HOST, "ssl": SSL}
    refused = cf.call("POST", HOSTNAMES, body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    cf.advance(20)
    cf.switch("cloudflare.certificate-limit", "bare")
    refused = cf.call("POST", HOSTNAMES, body)
    assert (refused.status_code, "retry-after" in refused.headers) == (429, False)
    cf.advance(10)
    create(cf)


def test_the_quota_is_soft_at_first_and_hard_at_last() -> None:
    with bench(saas(custom_hostname_quota={"allocated": 1, "hard_cap": 2})) as cf:
        quota = f"{HOSTNAMES}/quota"
        assert cf.ok("GET", quota) == {"allocated": 1, "used": 0, "exceeded": False, "hard_cap": 2}
        create(cf)
        body = {"hostname": "b.customer.com", "ssl": SSL}
        assert len(cf.call("POST", HOSTNAMES, body).json()["messages"]) == 1
        assert cf.refused("POST", HOSTNAMES, {**body, "hostname": "c.customer.com"})[:2] == (403, 1405)
        assert cf.ok("GET", quota)["exceeded"] is True
        cf.patch(ZONE, custom_hostname_quota={"hard_cap": 0})
        assert cf.refused("POST", HOSTNAMES, {**body, "hostname": "c.customer.com"})[:2] == (403, 1404)


def test_lists_are_filtered_ordered_and_paged() -> None:
    hostnames = [{"hostname": f"h{n:02}.customer.com"} for n in range(60)]
    pending = {"hostname": "wait.customer.com", "status": "pending", "custom_origin_server": f"two.{ZONE}"}
    with bench(saas(custom_hostnames=[*hostnames, pending])) as cf:
        pages = [cf.ok("GET", HOSTNAMES, page=n, per_page=50) for n in (1, 2, 3)]
        assert [len(rows) for rows in pages] == [50, 11, 0]
        assert cf.refused("GET", HOSTNAMES, per_page=51)[0] == 400
        asked: list[tuple[dict[str, Any], int]] = [
            ({"hostname.exact": "h01.customer.com"}, 1),
            ({"hostname.contain": "h0"}, 10),
            ({"hostname.startsWith": "wait"}, 1),
            ({"hostname_status": "pending"}, 1),
            ({"ssl_status": "active"}, 50),
            ({"custom_origin_server": f"two.{ZONE}"}, 1),
            ({"id": pages[0][0]["id"]}, 1),
            ({"wildcard": "true"}, 0),
            ({"ssl": 0}, 0),
        ]
        for query, count in asked:
            assert len(cf.ok("GET", HOSTNAMES, per_page=50, **query)) == count, query
        first = cf.ok("GET", HOSTNAMES, order="ssl_status", direction="desc")[0]
        assert first["hostname"] == "wait.customer.com"
        both = {"id": first["id"], "hostname.contain": "h0"}
        assert cf.refused("GET", HOSTNAMES, **both)[:2] == (400, 1438)


def test_switches_change_what_answers_show(cf: Bench) -> None:
    cf.switch("cloudflare.validation-records", "at-once")
    cf.switch("cloudflare.dcv-delegation-records", "left-out")
    made = create(cf)
    assert "validation_records" in made["ssl"]
    assert "dcv_delegation_records" not in made["ssl"]
    cf.switch("cloudflare.dcv-delegation-records", "pending")
    cf.switch("cloudflare.ownership-when-active", "listed")
    delegated(cf, made)
    cf.advance(300)
    found = get(cf, made)
    assert "ownership_verification" in found
    assert "dcv_delegation_records" not in found["ssl"]
    cf.switch("cloudflare.ssl-settings-patch", "reset")
    path = f"{HOSTNAMES}/{made['id']}"
    assert cf.ok("PATCH", path, {"ssl": {"method": "txt", "type": "dv"}})["ssl"]["settings"] == {}


def test_a_kept_state_is_the_same_state(cf: Bench) -> None:
    made = create(cf)
    delegated(cf, made)
    cf.advance(300)
    before = get(cf, made)
    vendor = cf.sandbox.kernel.vendors["cloudflare"]
    cf.sandbox.do(lambda: vendor.load(vendor.dump()))
    assert get(cf, made) == before
    assert cf.ok("GET", FALLBACK)["status"] == "active"


def test_an_edited_hostname_may_be_deployed_anew(cf: Bench) -> None:
    cf.patch(ZONE, add_custom_hostnames=[{"hostname": HOST}])
    cf.switch("cloudflare.edit-redeploys", "for-ten-seconds")
    (made,) = cf.ok("GET", HOSTNAMES)
    body = {"custom_origin_server": f"two.{ZONE}"}
    assert cf.ok("PATCH", f"{HOSTNAMES}/{made['id']}", body)["status"] == "active_redeploying"
    cf.advance(11)
    assert get(cf, made)["status"] == "active"


def test_success_is_answered_as_the_documents_have_it_too(cf: Bench) -> None:
    cf.switch("cloudflare.custom-hostname-codes", "201-202")
    made = cf.call("POST", HOSTNAMES, {"hostname": HOST, "ssl": SSL})
    path = f"{HOSTNAMES}/{made.json()['result']['id']}"
    assert (made.status_code, cf.call("PATCH", path, {"ssl": SSL}).status_code) == (201, 202)


def test_a_deletion_may_come_in_the_usual_envelope(cf: Bench) -> None:
    made = create(cf)
    cf.switch("cloudflare.custom-hostname-delete", "envelope")
    assert cf.ok("DELETE", f"{HOSTNAMES}/{made['id']}") == {"id": made["id"]}
    cf.sandbox.control("DELETE", "/calls")  # the SDK's type has no envelope: this is not to be judged


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        ({"fallback_origin": "nowhere.brand-links.net"}, "fallback_origin.origin"),
        ({"custom_hostnames": [{"hostname": HOST, "status": "fine"}]}, "custom_hostnames[0].status"),
        ({"custom_hostnames": [{"hostname": HOST}, {"hostname": HOST}]}, "custom_hostnames[1].hostname"),
        ({"custom_hostnames": [{"name": HOST}]}, "custom_hostnames[0].name"),
        ({"custom_hostname_quota": {"most": 1}}, "custom_hostname_quota.most"),
    ],
)
def test_a_mistake_of_the_world_is_named_with_its_place(zone: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldError, match=re.escape(place)), bench(saas(**zone)):
        pass


def test_a_partial_zone_is_listed_as_such() -> None:
    with bench(world({"name": "customer.com", "plan": "business", "type": "partial"})) as cf:
        (zone,) = cf.ok("GET", "/zones")
        assert (zone["type"], zone["cname_suffix"]) == ("partial", "cdn.cloudflare.net")
