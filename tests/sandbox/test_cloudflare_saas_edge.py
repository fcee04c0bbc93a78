"""Cloudflare for SaaS at the edge: certificates, origins, Host and TLS names, error pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from providers.sandbox.fetch import FetchError
from tests.sandbox.cloudflare_bench import Bench, bench, record
from tests.sandbox.cloudflare_saas_bench import DAY_S, HOST, SSL, ZONE, create, delegated, get, publish, saas

FULL = {"action": "set_config", "expression": "true", "action_parameters": {"ssl": "full"}}


def live(**more: Any) -> dict[str, Any]:
    """A world whose custom hostname is active, with the SSL mode that SparkPost needs."""
    hostname = {"hostname": HOST, **more}
    rulesets = [{"phase": "http_config_settings", "rules": [FULL]}]
    return saas(record(HOST, f"origin.{ZONE}"), custom_hostnames=[hostname], rulesets=rulesets)


@pytest.fixture
def cf() -> Iterator[Bench]:
    with bench(live()) as running:
        yield running


def broken(cf: Bench, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        cf.visit(url)
    return caught.value.stage


def page(cf: Bench, url: str) -> tuple[int, str]:
    got = cf.visit(url, verify=False)
    return got.status, got.body.decode()


def test_an_active_hostname_has_its_own_certificate_and_reaches_the_fallback_origin(cf: Bench) -> None:
    got = cf.visit(f"https://{HOST}/f/a?b=c", connect_to=HOST)
    assert (got.status, got.header("location")) == (302, "https://target.example/")
    assert got.certificate is not None
    names = x509.load_der_x509_certificate(got.certificate)
    alternatives = names.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.DNSName) == [HOST]
    (asked,) = cf.origin.asked
    assert (asked.host, asked.sni, asked.target) == (HOST, HOST, "/f/a?b=c")
    assert asked.header("cf-connecting-ip") == "192.0.2.201"


def test_a_custom_origin_has_its_own_tls_name_and_the_visitors_host() -> None:
    with bench(live(custom_origin_server=f"two.{ZONE}")) as cf:
        assert cf.visit(f"https://{HOST}/").status == 302
        (asked,) = cf.origin.asked
        assert (asked.host, asked.sni) == (HOST, f"two.{ZONE}")
        strict = {**FULL, "action_parameters": {"ssl": "strict"}}
        cf.patch(ZONE, add_rules=[{"phase": "http_config_settings", **strict}])
        assert page(cf, f"https://{HOST}/") == (526, "error code: 526")


def test_the_rules_of_the_saas_zone_hold_for_its_hostnames(cf: Bench) -> None:
    cf.patch(ZONE, settings={"always_use_https": "on"})
    got = cf.visit(f"http://{HOST}/x")
    assert (got.status, got.header("location")) == (301, f"https://{HOST}/x")
    cf.patch(ZONE, settings={"always_use_https": "off"})
    assert cf.visit(f"http://{HOST}/x").status == 302
    assert cf.origin.asked[-1].sni is None


def test_a_hostname_that_waits_is_answered_1016_and_has_no_certificate() -> None:
    with bench(live(status="pending", custom_origin_server=f"two.{ZONE}")) as cf:
        assert page(cf, f"http://{HOST}/") == (530, "error code: 1016")
        assert broken(cf, f"https://{HOST}/") == "tls"


def test_certified_before_it_is_proven_the_page_comes_over_https_too(cf: Bench) -> None:
    cf.patch(ZONE, custom_hostnames={HOST: {"status": "pending"}})
    assert page(cf, f"https://{HOST}/") == (530, "error code: 1016")


def test_an_origin_that_is_gone_is_1016(cf: Bench) -> None:
    cf.patch(ZONE, remove_records=[f"origin.{ZONE}"])
    assert page(cf, f"https://{HOST}/") == (530, "error code: 1016")


def test_without_a_custom_hostname_a_cname_into_a_zone_is_1014(cf: Bench) -> None:
    publish(cf, ("other.customer.com", "CNAME", f"origin.{ZONE}"))
    assert page(cf, "http://other.customer.com/") == (409, "error code: 1014")
    assert broken(cf, "https://other.customer.com/") == "tls"
    assert page(cf, "http://nobody.customer.com/") == (409, "error code: 1001")
    made = cf.ok("GET", "/zones/{zone}/custom_hostnames")[0]
    assert cf.call("DELETE", f"/zones/{{zone}}/custom_hostnames/{made['id']}").status_code == 200
    assert page(cf, f"http://{HOST}/") == (409, "error code: 1014")


def test_the_whole_way_without_a_moment_of_error_at_the_cut_over() -> None:
    with bench(saas(record(HOST), fallback_origin=None)) as cf:
        cf.ok("PUT", "/zones/{zone}/custom_hostnames/fallback_origin", {"origin": f"origin.{ZONE}"})
        made = create(cf)
        delegated(cf, made)
        cf.advance(130)
        get(cf, made)
        cf.advance(50)
        found = get(cf, made)
        assert (found["status"], found["ssl"]["status"]) == ("active", "active")
        assert cf.visit(f"https://{HOST}/").status == 302
        change = {"remove_records": [f"{HOST} CNAME"]}
        cf.sandbox.control("PATCH", "/dns/zones/customer.com", change)
        publish(cf, (HOST, "CNAME", f"origin.{ZONE}"))
        assert cf.visit(f"https://{HOST}/", connect_to=HOST, fresh=True).status == 302


def test_a_certificate_that_ran_out_is_served_on(cf: Bench) -> None:
    cf.patch(ZONE, custom_hostnames={HOST: {"ssl_status": "expired"}})
    got = cf.visit(f"https://{HOST}/", verify=False)
    assert got.certificate is not None
    assert x509.load_der_x509_certificate(got.certificate).not_valid_after_utc < datetime.now(UTC)
    assert broken(cf, f"https://{HOST}/") == "tls"


def test_a_custom_hostname_goes_before_the_hosts_own_zone() -> None:
    given = live()
    other = {"token": "other", "account": "other"}
    theirs = {"name": "customer.com", "records": [record(HOST, f"origin.{ZONE}", proxied=True)]}
    with bench({**given, "cloudflare": [*given["cloudflare"], {**other, "zones": [theirs]}]}) as cf:
        assert cf.visit(f"https://{HOST}/").status == 302
        cf.patch(ZONE, custom_hostnames={HOST: None})
        assert page(cf, f"https://{HOST}/") == (409, "error code: 1014")


def test_the_name_of_the_zone_itself_is_refused_by_the_edge() -> None:
    with bench(saas(record(HOST))) as cf:
        cf.patch(ZONE, add_records=[record(ZONE, proxied=True)])
        create(cf, ZONE)
        cf.advance(70)
        assert page(cf, f"http://{ZONE}/") == (403, "error code: 1000")
        cf.switch("cloudflare.hostname-is-zone", "refused")
        cf.patch(ZONE, custom_hostnames={ZONE: None})
        body = {"hostname": ZONE, "ssl": SSL}
        assert cf.refused("POST", "/zones/{zone}/custom_hostnames", body)[0] == 403


def test_renewed_certificates_are_served() -> None:
    with bench(live(expires_in_s=31 * DAY_S)) as cf:
        before = cf.visit(f"https://{HOST}/").certificate
        cf.advance(2 * DAY_S)
        cf.advance(DAY_S)
        assert cf.visit(f"https://{HOST}/").certificate != before
