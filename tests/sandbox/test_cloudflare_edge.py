"""Cloudflare's edge: what it serves, with which certificate, and what reaches the origin."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from providers.sandbox.fetch import Fetched, FetchError
from tests.sandbox.cloudflare_bench import Bench, bench, record, world

HOST = "click.example.com"
RECORDS = "/zones/{zone}/dns_records"


def zone(**more: Any) -> dict[str, Any]:
    """A zone with a proxied host, whose own SSL mode is flexible."""
    records = [record(HOST, proxied=True), record("off.example.com"), record("a.b.example.com", proxied=True)]
    return {"name": "example.com", "records": records, "settings": {"ssl": "flexible"}, **more}


@pytest.fixture
def cf() -> Iterator[Bench]:
    """The zone above."""
    with bench(world(zone())) as running:
        yield running


def full(host: str = HOST, mode: str = "full") -> dict[str, Any]:
    expression = f'http.host in {{"{host}"}}'
    return {"action": "set_config", "expression": expression, "action_parameters": {"ssl": mode}}


def issuer(got: Fetched) -> str:
    assert got.certificate is not None
    names = x509.load_der_x509_certificate(got.certificate).issuer
    return str(names.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value)


def broken(cf: Bench, url: str, **options: Any) -> str:
    with pytest.raises(FetchError) as caught:
        cf.visit(url, **options)
    return caught.value.stage


def test_a_proxied_host_is_served_with_the_universal_certificate(cf: Bench) -> None:
    got = cf.visit(f"https://{HOST}/f/")
    assert (got.status, got.header("server"), issuer(got)) == (302, "cloudflare", "Google Trust Services")
    assert got.header("location") == "https://target.example/"


def test_a_host_two_labels_deep_has_no_certificate(cf: Bench) -> None:
    assert broken(cf, "https://a.b.example.com/") == "tls"
    assert cf.visit("http://a.b.example.com/").status == 302


def test_an_advanced_pack_covers_what_universal_does_not(cf: Bench) -> None:
    cf.patch(
        packs=[
            {"type": "advanced", "hosts": ["*.b.example.com"], "authority": "lets_encrypt", "issue_in_s": 60}
        ]
    )
    assert broken(cf, "https://a.b.example.com/") == "tls"
    cf.advance(61)
    assert issuer(cf.visit("https://a.b.example.com/")) == "Let's Encrypt"


def test_an_expired_certificate_is_served_and_refused_by_who_checks(cf: Bench) -> None:
    cf.patch(packs=[{"type": "universal", "status": "expired"}])
    assert broken(cf, f"https://{HOST}/") == "tls"
    assert cf.visit(f"https://{HOST}/", verify=False).status == 302


def test_a_certificate_expires_when_it_is_said_to(cf: Bench) -> None:
    cf.patch(packs=[{"type": "universal", "status": "active", "expires_in_s": 7 * 86400}])
    got = cf.visit(f"https://{HOST}/")
    assert got.certificate is not None
    expires = x509.load_der_x509_certificate(got.certificate).not_valid_after_utc
    assert abs((expires - datetime.now(UTC)).total_seconds() - 7 * 86400) < 60  # in real time


@pytest.mark.parametrize("change", [{"status": "pending"}, {"paused": True}, {"status": "moved"}])
def test_a_zone_that_is_not_active_is_not_served(cf: Bench, change: dict[str, Any]) -> None:
    cf.patch(**change)
    assert broken(cf, f"https://{HOST}/") == "tls"
    assert cf.visit(f"http://{HOST}/").body == b"error code: 1001"


@pytest.mark.parametrize("host", ["off.example.com", "none.example.com", "click.example.org"])
def test_a_host_without_a_proxied_record_is_error_1001(cf: Bench, host: str) -> None:
    got = cf.visit(f"http://{host}/")
    assert (got.status, got.body) == (409, b"error code: 1001")


def test_a_wildcard_serves_what_has_no_record_of_its_own(cf: Bench) -> None:
    cf.patch(add_records=[record("*.example.com", proxied=True)])
    assert cf.visit("https://any.example.com/").status == 302
    assert cf.visit("http://off.example.com/").status == 409  # its own record is DNS only


@pytest.mark.parametrize(
    ("mode", "scheme", "reached"),
    [
        ("off", "https", "http"),
        ("flexible", "https", "http"),
        ("full", "https", "https"),
        ("full", "http", "http"),
        ("flexible", "http", "http"),
        ("strict", "http", "http"),
    ],
)
def test_the_mode_says_how_the_origin_is_reached(cf: Bench, mode: str, scheme: str, reached: str) -> None:
    cf.ok("PATCH", "/zones/{zone}/settings/ssl", {"value": mode})
    assert cf.visit(f"{scheme}://{HOST}/").status == 302
    assert cf.origin.asked[-1].scheme == reached


def test_full_does_not_look_at_the_origins_name_and_strict_does(cf: Bench) -> None:
    cf.rule("http_config_settings", **full())
    assert cf.visit(f"https://{HOST}/").status == 302
    cf.rule("http_config_settings", **full(mode="strict"))
    got = cf.visit(f"https://{HOST}/")
    assert (got.status, got.body) == (526, b"error code: 526")
    cf.switch("cloudflare.strict-accepts-target", "yes")
    assert cf.visit(f"https://{HOST}/").status == 302


def test_origin_pull_asks_by_https_whatever_the_visitor_used(cf: Bench) -> None:
    cf.rule("http_config_settings", **full(mode="origin_pull"))
    assert cf.visit(f"http://{HOST}/").status == 526
    cf.switch("cloudflare.strict-accepts-target", "yes")
    cf.visit(f"http://{HOST}/")
    assert cf.origin.asked[-1].scheme == "https"


def test_the_last_matching_rule_wins_over_the_zone(cf: Bench) -> None:
    rules = [
        full(mode="strict"),
        full("other.example.com", "off"),
        full(),
        {**full(mode="strict"), "enabled": False},
    ]
    cf.ok("PUT", "/zones/{zone}/rulesets/phases/http_config_settings/entrypoint", {"rules": rules})
    cf.visit(f"https://{HOST}/")
    assert cf.origin.asked[-1].scheme == "https"


def test_host_and_sni_reach_the_origin_unchanged_with_the_visitors_address(cf: Bench) -> None:
    cf.rule("http_config_settings", **full())
    headers = (("User-Agent", "Mozilla/5.0"), ("X-Forwarded-For", "203.0.113.99"))
    cf.visit(f"https://{HOST}/f/a?b=%20c", headers=headers, source="192.0.2.77")
    asked = cf.origin.asked[-1]
    assert (asked.host, asked.sni, asked.target) == (HOST, HOST, "/f/a?b=%20c")
    assert asked.header("user-agent") == "Mozilla/5.0"
    assert asked.header("cf-connecting-ip") == "192.0.2.77"
    assert asked.header("x-forwarded-for") == "203.0.113.99, 192.0.2.77"
    assert asked.header("x-forwarded-proto") == "https"
    assert asked.client == "198.51.100.7"


def test_method_and_body_reach_the_origin(cf: Bench) -> None:
    cf.visit(f"http://{HOST}/f/", method="POST", body=b"data")
    assert (cf.origin.asked[-1].method, cf.origin.asked[-1].body) == ("POST", b"data")


def test_the_origins_server_header_may_pass(cf: Bench) -> None:
    cf.switch("cloudflare.server-header", "passed")
    assert cf.visit(f"http://{HOST}/").header("server") == "msys-http"


def test_always_use_https_redirects_and_asks_nobody(cf: Bench) -> None:
    cf.ok("PATCH", "/zones/{zone}/settings/always_use_https", {"value": "on"})
    got = cf.visit(f"http://{HOST}/f/a?b=c")
    assert (got.status, got.header("location")) == (301, f"https://{HOST}/f/a?b=c")
    assert cf.visit(f"https://{HOST}/f/a").status == 302
    assert len(cf.origin.asked) == 1


def test_hsts_is_sent_over_https_only(cf: Bench) -> None:
    value = {"strict_transport_security": {"enabled": True, "max_age": 600, "include_subdomains": True}}
    cf.ok("PATCH", "/zones/{zone}/settings/security_header", {"value": value})
    header = "strict-transport-security"
    assert cf.visit(f"https://{HOST}/").header(header) == "max-age=600; includeSubDomains"
    assert cf.visit(f"http://{HOST}/").header(header) == ""


def test_a_redirect_rule_answers_for_the_origin(cf: Bench) -> None:
    target = {"target_url": {"value": "https://www.example.com/"}, "status_code": 302}
    parameters = {"from_value": target}
    cf.rule(
        "http_request_dynamic_redirect", action="redirect", expression="true", action_parameters=parameters
    )
    assert cf.visit(f"https://{HOST}/").header("location") == "https://www.example.com/"
    assert cf.origin.asked == []


def test_a_page_rule_redirects_and_overrides_the_host() -> None:
    rules = [
        {"url": f"http://{HOST}/*", "actions": [{"id": "always_use_https"}]},
        {"url": "*.example.com/*", "actions": [{"id": "host_header_override", "value": "spgo.io"}]},
    ]
    with bench(world(zone(page_rules=rules))) as cf:
        assert cf.visit(f"http://{HOST}/f/").status == 301
        cf.visit(f"https://{HOST}/f/")
        assert cf.origin.asked[-1].host == "spgo.io"


def test_a_transform_rule_rewrites_headers_and_path(cf: Bench) -> None:
    headers = {"User-Agent": {"operation": "set", "value": "masked"}, "X-Gone": {"operation": "remove"}}
    cf.rule(
        "http_request_late_transform",
        action="rewrite",
        expression="true",
        action_parameters={"headers": headers},
    )
    uri = {"uri": {"path": {"value": "/rewritten"}}}
    cf.rule("http_request_transform", action="rewrite", expression="true", action_parameters=uri)
    out = {"headers": {"X-Out": {"operation": "set", "value": "yes"}}}
    cf.rule("http_response_headers_transform", action="rewrite", expression="true", action_parameters=out)
    got = cf.visit(f"http://{HOST}/f/?q=1", headers=(("User-Agent", "curl"), ("X-Gone", "x")))
    asked = cf.origin.asked[-1]
    assert (asked.header("user-agent"), asked.header("x-gone"), asked.target) == (
        "masked",
        "",
        "/rewritten?q=1",
    )
    assert got.header("x-out") == "yes"


def test_an_origin_rule_rewrites_the_host_on_enterprise() -> None:
    with bench(world(zone(plan="enterprise"))) as cf:
        parameters = {"host_header": "spgo.io", "sni": {"value": "sni.example.com"}}
        cf.rule("http_request_origin", action="route", expression="true", action_parameters=parameters)
        cf.rule("http_config_settings", **full())
        cf.visit(f"https://{HOST}/")
        assert (cf.origin.asked[-1].host, cf.origin.asked[-1].sni) == ("spgo.io", "sni.example.com")


@pytest.mark.parametrize(
    ("action", "said"), [("block", "error code: 1020"), ("managed_challenge", "Just a moment...")]
)
def test_a_firewall_rule_stops_a_visitor(cf: Bench, action: str, said: str) -> None:
    cf.rule("http_request_firewall_custom", action=action, expression='http.user_agent contains "bot"')
    got = cf.visit(f"https://{HOST}/", headers=(("User-Agent", "bot"),))
    assert (got.status, got.body.decode()) == (403, said)
    assert cf.visit(f"https://{HOST}/").status == 302


def target(cf: Bench, content: str, kind: str = "CNAME") -> Fetched:
    """What a visitor gets when the host points to a target."""
    cf.patch(
        add_records=[{"type": kind, "name": "t.example.com", "content": content, "ttl": 1, "proxied": True}]
    )
    return cf.visit("https://t.example.com/")


def test_a_target_that_does_not_resolve_is_error_1016(cf: Bench) -> None:
    got = target(cf, "nowhere.example.net")
    assert (got.status, got.body) == (530, b"error code: 1016")


def test_a_target_where_nobody_listens_is_error_521(cf: Bench) -> None:
    assert target(cf, "203.0.113.254", "A").status == 521


def test_a_proxied_host_of_another_account_is_error_1014() -> None:
    given = world(zone())
    other = {"name": "example.org", "records": [record("edge.example.org", proxied=True)]}
    given["cloudflare"].append({"token": "other", "account": "other", "zones": [other]})
    with bench(given) as cf:
        got = target(cf, "edge.example.org")
        assert (got.status, got.body) == (409, b"error code: 1014")


def test_sparkpost_may_be_on_cloudflare_itself(cf: Bench) -> None:
    cf.switch("cloudflare.sparkpost-on-cloudflare", "yes")
    assert cf.visit(f"https://{HOST}/").body == b"error code: 1014"


def test_a_head_request_has_no_body(cf: Bench) -> None:
    got = cf.visit(f"https://{HOST}/", method="HEAD")
    assert (got.status, got.body) == (302, b"")
    assert cf.origin.asked[-1].method == "HEAD"
