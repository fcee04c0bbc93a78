"""Cloudflare for SaaS: how custom hostnames become active, certified, renewed, moved and blocked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, record
from tests.sandbox.cloudflare_saas_bench import (
    DAY_S,
    FALLBACK,
    HOST,
    HOSTNAMES,
    HOUR_S,
    SSL,
    ZONE,
    create,
    delegated,
    get,
    publish,
    saas,
    statuses,
)


@pytest.fixture
def cf() -> Iterator[Bench]:
    with bench(saas()) as running:
        yield running


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
