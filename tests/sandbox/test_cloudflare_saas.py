"""Cloudflare for SaaS: custom hostnames, their proof and certificates, the fallback origin, the quota."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from providers.sandbox.contract import WorldError
from tests.sandbox.cloudflare_bench import Bench, bench, record, world

ZONE = "brand-links.net"
HOST = "click.customer.com"
HOSTNAMES = "/zones/{zone}/custom_hostnames"
FALLBACK = f"{HOSTNAMES}/fallback_origin"
SSL = {"method": "txt", "type": "dv", "settings": {"min_tls_version": "1.2"}}
HOUR_S, DAY_S = 3600.0, 86400.0


def saas(*records: dict[str, Any], **zone: Any) -> dict[str, Any]:
    """A SaaS zone with its fallback origin, and a customer's zone on name servers of its own."""
    origins = [record(f"{name}.{ZONE}", proxied=True) for name in ("origin", "two")]
    ours = {"name": ZONE, "records": origins, "fallback_origin": f"origin.{ZONE}", **zone}
    theirs = {"zone": "customer.com", "delegated": True, "records": list(records)}
    return world(ours, dns=[theirs])


@pytest.fixture
def cf() -> Iterator[Bench]:
    with bench(saas()) as running:
        yield running


def create(cf: Bench, host: str = HOST, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = cf.ok("POST", HOSTNAMES, {"hostname": host, "ssl": SSL, **more})
    return made


def get(cf: Bench, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cf.ok("GET", f"{HOSTNAMES}/{made['id']}")
    return found


def statuses(found: dict[str, Any]) -> tuple[str, str]:
    return found["status"], found["ssl"]["status"]


def publish(cf: Bench, *rows: tuple[str, str, str]) -> None:
    """What the customer's person writes into the customer's DNS."""
    records = [{"name": name, "type": kind, "content": content, "ttl": 60} for name, kind, content in rows]
    cf.sandbox.control("PATCH", "/dns/zones/customer.com", {"add_records": records})


def delegated(cf: Bench, made: dict[str, Any]) -> None:
    """Publish what lets a hostname be active and certified before it is cut over."""
    cf.advance(6)
    found = get(cf, made)
    (row,) = found["ssl"]["dcv_delegation_records"]
    owner = found["ownership_verification"]
    publish(cf, (row["cname"], "CNAME", row["cname_target"]), (owner["name"], "TXT", owner["value"]))


def test_a_new_hostname_is_pending_and_its_records_come_a_little_later(cf: Bench) -> None:
    made = create(cf)
    assert statuses(made) == ("pending", "initializing")
    assert "validation_records" not in made["ssl"]
    assert made["ownership_verification"]["name"] == f"_cf-custom-hostname.{HOST}"
    cf.advance(6)
    found = get(cf, made)
    assert statuses(found) == ("pending", "pending_validation")
    assert [row["txt_name"] for row in found["ssl"]["validation_records"]] == [f"_acme-challenge.{HOST}"]
    uuid = cf.ok("GET", "/zones/{zone}/dcv_delegation/uuid")["uuid"]
    assert found["ssl"]["dcv_delegation_records"] == [
        {"cname": f"_acme-challenge.{HOST}", "cname_target": f"{HOST}.{uuid}.dcv.cloudflare.com"}
    ]


def test_by_delegation_and_ownership_record_it_is_active_before_the_host_points_there(cf: Bench) -> None:
    made = create(cf)
    delegated(cf, made)
    seen = []
    for _ in range(12):
        cf.advance(10)
        seen.append(statuses(get(cf, made)))
    assert ("active", "pending_issuance") in seen
    assert ("active", "pending_deployment") in seen
    assert seen[-1] == ("active", "active")
    found = get(cf, made)
    assert found["ssl"]["hosts"] == [HOST]
    assert found["ssl"]["issuer"] == "GoogleTrustServices"
    assert not {"ownership_verification", "verification_errors"} & set(found)


def test_the_txt_itself_validates_too_and_a_wrong_one_does_not(cf: Bench) -> None:
    made = create(cf)
    cf.advance(6)
    (row,) = get(cf, made)["ssl"]["validation_records"]
    publish(cf, (row["txt_name"], "TXT", "another"))
    cf.advance(HOUR_S)
    assert get(cf, made)["ssl"]["status"] == "pending_validation"
    publish(cf, (row["txt_name"], "TXT", row["txt_value"]))
    cf.advance(HOUR_S)
    assert get(cf, made)["ssl"]["status"] == "active"


def test_a_host_that_leads_to_the_zone_is_proven_by_that(cf: Bench) -> None:
    made = create(cf, ssl={"method": "http", "type": "dv"})
    publish(cf, (HOST, "CNAME", f"origin.{ZONE}"))
    cf.advance(130)
    get(cf, made)
    cf.advance(50)
    assert statuses(get(cf, made)) == ("active", "active")


def test_a_patch_with_the_same_method_and_type_looks_at_once(cf: Bench) -> None:
    made = create(cf)
    cf.advance(5 * HOUR_S)  # the next look of itself is an hour away
    assert get(cf, made)["verification_errors"] == ["custom hostname does not CNAME to this zone."]
    delegated(cf, made)
    assert statuses(get(cf, made)) == ("pending", "pending_validation")
    assert statuses(cf.ok("PATCH", f"{HOSTNAMES}/{made['id']}", {"ssl": SSL})) == (
        "active",
        "pending_issuance",
    )


def test_without_any_proof_it_times_out_is_moved_and_goes(cf: Bench) -> None:
    made = create(cf)
    cf.advance(8 * DAY_S)
    assert statuses(get(cf, made)) == ("moved", "pending_validation")
    cf.advance(6 * DAY_S)
    found = get(cf, made)
    assert found["ssl"]["status"] == "validation_timed_out"
    assert found["ssl"]["validation_errors"] == [{"message": "validation timed out"}]
    delegated(cf, made)
    again = cf.ok("PATCH", f"{HOSTNAMES}/{made['id']}", {"ssl": SSL})
    assert statuses(again)[0] == "active"
    assert again["ssl"]["id"] != found["ssl"]["id"]
    cf.advance(50)
    assert statuses(get(cf, made)) == ("active", "active")


def test_a_moved_hostname_is_deleted_after_seven_days(cf: Bench) -> None:
    made = create(cf)
    cf.advance(8 * DAY_S)
    assert get(cf, made)["status"] == "moved"
    cf.advance(8 * DAY_S)
    assert cf.refused("GET", f"{HOSTNAMES}/{made['id']}") == (404, 1436, "The custom hostname was not found.")


def test_it_renews_by_itself_as_long_as_the_delegation_stands(cf: Bench) -> None:
    made = create(cf)
    delegated(cf, made)
    cf.advance(300)
    first = get(cf, made)["ssl"]
    cf.advance(61 * DAY_S)
    second = get(cf, made)["ssl"]
    assert second["status"] == "active"
    assert second["expires_on"] > first["expires_on"]
    cf.sandbox.control(
        "PATCH", "/dns/zones/customer.com", {"remove_records": [f"_acme-challenge.{HOST} CNAME"]}
    )
    cf.advance(91 * DAY_S)
    assert get(cf, made)["ssl"]["status"] == "expired"


@pytest.mark.parametrize(
    ("caa", "authority"),
    [("pki.goog", "google"), ("letsencrypt.org", "lets_encrypt"), ("digicert.com", None)],
)
def test_caa_decides_which_authority_issues(cf: Bench, caa: str, authority: str | None) -> None:
    publish(cf, ("customer.com", "CAA", f'0 issue "{caa}"'))
    made = create(cf)
    delegated(cf, made)
    cf.advance(300)
    found = get(cf, made)["ssl"]
    if authority is None:
        assert found["status"] == "pending_validation"
        assert "do not allow letsencrypt.org" in found["validation_errors"][0]["message"]
    else:
        assert (found["status"], found["certificate_authority"]) == ("active", authority)


def test_the_fallback_origin_takes_a_moment_and_hostnames_wait_for_it() -> None:
    with bench(saas(fallback_origin=None)) as cf:
        assert cf.refused("GET", FALLBACK)[:2] == (404, 1551)
        made = create(cf)
        delegated(cf, made)
        cf.advance(70)
        assert get(cf, made)["verification_errors"] == ["Zone does not have a fallback origin set."]
        assert cf.ok("PUT", FALLBACK, {"origin": f"two.{ZONE}"})["status"] == "initializing"
        cf.advance(6)
        assert cf.ok("GET", FALLBACK)["status"] == "pending_deployment"
        cf.advance(30)
        assert cf.ok("GET", FALLBACK)["status"] == "active"
        cf.advance(70)
        assert get(cf, made)["status"] == "active"
        assert cf.ok("DELETE", FALLBACK)["status"] == "pending_deletion"
        cf.advance(30)
        assert cf.refused("GET", FALLBACK)[:2] == (404, 1551)
        cf.switch("cloudflare.no-fallback-origin", "null")
        assert cf.ok("GET", FALLBACK) is None


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


def test_a_held_zone_blocks_until_the_hold_ends_and_somebody_asks_again() -> None:
    given = saas()
    other = {"token": "other", "account": "other", "zones": [{"name": "customer.com", "hold": True}]}
    with bench({**given, "cloudflare": [*given["cloudflare"], other]}) as cf:
        cf.patch("customer.com", add_records=[record(HOST, f"origin.{ZONE}")])
        made = create(cf)
        cf.advance(70)
        found = get(cf, made)
        assert found["status"] == "blocked"
        assert "held zone" in found["verification_errors"][0]
        cf.patch("customer.com", hold=False)
        cf.advance(DAY_S)
        assert get(cf, made)["status"] == "blocked"
        assert cf.ok("PATCH", f"{HOSTNAMES}/{made['id']}", {"ssl": SSL})["status"] == "active"


def test_the_token_does_not_activate_a_host_that_another_zone_proxies() -> None:
    given = saas()
    other = {"token": "other", "account": "other", "zones": [{"name": "customer.com"}]}
    with bench({**given, "cloudflare": [*given["cloudflare"], other]}) as cf:
        made = create(cf)
        owner = made["ownership_verification"]
        text = {"type": "TXT", "name": owner["name"], "content": owner["value"], "ttl": 60}
        cf.patch("customer.com", add_records=[record(HOST, proxied=True), text])
        cf.advance(70)
        found = get(cf, made)
        assert found["status"] == "pending"
        assert "cannot be activated with an TXT" in found["verification_errors"][1]
        cf.switch("cloudflare.token-for-proxied-host", "accepted")
        cf.advance(70)
        assert get(cf, made)["status"] == "active"


def test_a_hostname_of_a_cloudflare_zone_that_leads_elsewhere_again_is_moved() -> None:
    given = saas()
    other = {"token": "other", "account": "other", "zones": [{"name": "customer.com"}]}
    with bench({**given, "cloudflare": [*given["cloudflare"], other]}) as cf:
        cf.patch("customer.com", add_records=[record(HOST, f"origin.{ZONE}", proxied=True)])
        made = create(cf)
        cf.advance(70)
        assert get(cf, made)["status"] == "active"
        cf.patch("customer.com", remove_records=[HOST], add_records=[])
        cf.patch("customer.com", add_records=[record(HOST)])
        cf.advance(HOUR_S)
        assert get(cf, made)["status"] == "moved"


def test_a_status_by_hand_stays_until_the_hostname_is_edited(cf: Bench) -> None:
    made = create(cf)
    delegated(cf, made)
    cf.patch(ZONE, custom_hostnames={HOST: {"status": "blocked", "ssl_status": "issuance_timed_out"}})
    cf.advance(HOUR_S)
    assert statuses(get(cf, made)) == ("blocked", "issuance_timed_out")
    again = cf.ok("PATCH", f"{HOSTNAMES}/{made['id']}", {"ssl": SSL})
    assert again["status"] == "active"
    cf.advance(60)
    assert statuses(get(cf, made)) == ("active", "active")


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
