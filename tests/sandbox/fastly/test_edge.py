"""Fastly's edge: what is active is served, over TLS and without, and nothing else is."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeResponse
from tests.sandbox.fastly.tls_bench import HOST, Bench, bench, customer, world

URL = f"http://{HOST}/f/a/b?target=x"
BACKEND = {
    "name": "spgo.io",
    "address": "spgo.io",
    "port": 443,
    "use_ssl": True,
    "ssl_check_cert": True,
    "ssl_cert_hostname": "spgo.io",
    "ssl_sni_hostname": "spgo.io",
}


def service(**more: Any) -> dict[str, Any]:
    """A service after the guide, active."""
    active = {
        "domains": [{"name": HOST}],
        "backends": [BACKEND],
        "settings": {"general.default_ttl": 10},
        **more,
    }
    return {"id": "service", "name": "tracking", "active": active}


def serving(**more: Any) -> dict[str, Any]:
    """A world whose service is active, and which has a certificate for the host."""
    issued = {"domains": [HOST]}
    return world(customer(services=[service(**more)], subscriptions=[issued]))


@pytest.fixture
def fastly() -> Iterator[Bench]:
    with bench(serving()) as running:
        yield running


def test_a_host_is_served_over_http_and_https_and_the_origin_is_asked_by_its_own_name(fastly: Bench) -> None:
    headers = (("User-Agent", "Phone/1.0"), ("X-Sandbox-Client", "198.51.100.77"))
    for number, scheme in enumerate(("http", "https")):
        url = f"{scheme}://{HOST}/f/a/b?target={number}"
        found = fastly.visit(url, headers=headers)
        assert (found.status, found.header("server"), found.header("x-cache")) == (302, "msys-http", "MISS")
        asked = fastly.origin.asked[-1]
        assert (asked.scheme, asked.sni, asked.host) == ("https", "spgo.io", HOST)
        assert (asked.target, asked.header("user-agent")) == (f"/f/a/b?target={number}", "Phone/1.0")
        assert asked.header("x-forwarded-for") == asked.header("fastly-client-ip") == "198.51.100.77"


def test_what_no_active_service_has_is_an_unknown_domain(fastly: Bench) -> None:
    found = fastly.visit("http://other.example.com/")
    assert (found.status, b"Fastly error: unknown domain: other.example.com." in found.body) == (500, True)
    with pytest.raises(FetchError) as refused:
        fastly.visit("https://other.example.com/")
    assert refused.value.stage == "tls"
    assert fastly.origin.asked == []


def test_answers_are_kept_for_the_fallback_ttl(fastly: Bench) -> None:
    fastly.visit(URL)
    fastly.advance(5)
    found = fastly.visit(URL)
    assert (found.header("x-cache"), found.header("x-cache-hits"), found.header("age")) == ("HIT", "1", "5")
    fastly.visit(URL.replace("target=x", "target=y"))
    assert len(fastly.origin.asked) == 2
    fastly.advance(5.1)
    fastly.visit(URL)
    assert len(fastly.origin.asked) == 3


@pytest.mark.parametrize(
    ("status", "headers", "kept_s"),
    [
        (200, (("Surrogate-Control", "max-age=30"), ("Cache-Control", "max-age=5")), 30),
        (200, (("Cache-Control", "s-maxage=20, max-age=5"),), 20),
        (200, (("Cache-Control", "max-age=5"),), 5),
        (200, (("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),), 0),
        (200, (("Cache-Control", "private"),), 0),
        (200, (("Set-Cookie", "a=b"),), 0),
        (404, (), 10),
        (403, (), 0),
        (500, (), 0),
    ],
)
def test_the_origins_headers_and_the_status_say_how_long(status: int, headers: Any, kept_s: int) -> None:
    with bench(serving()) as fastly:
        fastly.origin.answer = EdgeResponse(status, headers)
        fastly.visit(URL)
        if kept_s:
            fastly.advance(kept_s - 0.9)
            assert fastly.visit(URL).header("x-cache") == "HIT"
        fastly.advance(1)
        assert fastly.visit(URL).header("x-cache") == "MISS"


def test_posts_are_never_kept(fastly: Bench) -> None:
    for _ in range(2):
        fastly.visit(URL, method="POST", body=b"x")
    assert [asked.method for asked in fastly.origin.asked] == ["POST", "POST"]


@pytest.mark.parametrize(("setting", "method"), [("get", "GET"), ("head", "HEAD")])
def test_how_the_origin_is_asked_for_a_head_is_a_switch(fastly: Bench, setting: str, method: str) -> None:
    fastly.switch("fastly.head-on-miss", setting)
    assert fastly.visit(URL, method="HEAD").status == 302
    assert fastly.origin.asked[-1].method == method


@pytest.mark.parametrize(("setting", "hits"), [("passed", "MISS"), ("kept", "HIT")])
def test_whether_no_store_is_obeyed_is_a_switch(fastly: Bench, setting: str, hits: str) -> None:
    fastly.switch("fastly.no-store", setting)
    fastly.origin.answer = EdgeResponse(200, (("Cache-Control", "no-store"),))
    fastly.visit(URL)
    assert fastly.visit(URL).header("x-cache") == hits


@pytest.mark.parametrize(
    ("more", "host"),
    [
        ({"backends": [{**BACKEND, "override_host": "spgo.io"}]}, "spgo.io"),
        ({"settings": {"general.default_host": "default.example"}}, "default.example"),
    ],
)
def test_an_override_host_is_what_the_origin_is_told(more: dict[str, Any], host: str) -> None:
    with bench(serving(**more)) as fastly:
        fastly.visit(URL)
        assert fastly.origin.asked[-1].host == host


def test_the_origins_certificate_is_checked_unless_that_is_turned_off(fastly: Bench) -> None:
    fastly.origin.names = ["other.example"]
    assert fastly.visit(URL).status == 503
    with bench(serving(backends=[{**BACKEND, "ssl_check_cert": False}])) as careless:
        careless.origin.names = ["other.example"]
        assert careless.visit(URL).status == 302


def test_a_certificate_name_that_the_origin_has_not_fails() -> None:
    with bench(serving(backends=[{**BACKEND, "ssl_cert_hostname": "elsewhere.example"}])) as fastly:
        found = fastly.visit(URL)
        assert (found.status, b"hostname doesn't match against certificate" in found.body) == (503, True)


def test_forced_tls_redirects_http() -> None:
    with bench(serving(request_settings=[{"name": "force", "force_ssl": "1"}])) as fastly:
        found = fastly.visit(URL)
        assert (found.status, found.header("location")) == (301, URL.replace("http:", "https:"))
        assert fastly.visit(URL.replace("http:", "https:")).status == 302


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        ("append", "1.2.3.4, 192.0.2.200"),
        ("leave", "1.2.3.4"),
        ("overwrite", "192.0.2.200"),
        ("clear", ""),
    ],
)
def test_request_settings_say_what_becomes_of_the_clients_address(action: str, seen: str) -> None:
    with bench(serving(request_settings=[{"name": "xff", "xff": action}])) as fastly:
        headers = (("X-Forwarded-For", "1.2.3.4"), ("X-Sandbox-Client", "192.0.2.200"))
        fastly.visit(URL, headers=headers)
        assert fastly.origin.asked[-1].header("x-forwarded-for") == seen


def test_headers_are_set_and_deleted_where_their_condition_holds() -> None:
    headers = [
        {"name": "hsts", "type": "response", "action": "set", "dst": "http.Strict-Transport-Security"}
        | {"src": '"max-age=300"'},
        {"name": "ua", "type": "request", "action": "delete", "dst": "http.User-Agent"}
        | {"request_condition": "only f"},
    ]
    conditions = [{"name": "only f", "type": "REQUEST", "statement": 'req.url ~ "^/f/"'}]
    with bench(serving(headers=headers, conditions=conditions)) as fastly:
        found = fastly.visit(URL, headers=(("User-Agent", "Phone"),))
        assert found.header("strict-transport-security") == "max-age=300"
        assert fastly.origin.asked[-1].header("user-agent") == ""
        fastly.visit(URL.replace("/f/", "/q/"), headers=(("User-Agent", "Phone"),))
        assert fastly.origin.asked[-1].header("user-agent") == "Phone"


@pytest.mark.parametrize(("action", "kept"), [("deliver", True), ("", False), ("pass", False)])
def test_a_cache_setting_is_the_last_word_only_if_it_delivers(action: str, *, kept: bool) -> None:
    rule = {"name": "ten seconds", "ttl": "30", "stale_ttl": "0", "action": action}
    with bench(serving(cache_settings=[rule])) as fastly:
        fastly.visit(URL)
        fastly.advance(20)
        assert (fastly.visit(URL).header("x-cache") == "HIT") is kept


def test_a_stale_answer_serves_while_the_origin_fails_if_the_service_says_so() -> None:
    settings = {"general.default_ttl": 10, "general.stale_if_error": True}
    with bench(serving(settings=settings)) as fastly:
        fastly.visit(URL)
        fastly.advance(60)
        fastly.origin.answer = EdgeResponse(503)
        assert fastly.visit(URL).status == 302


def test_a_connection_whose_certificate_is_for_another_host_is_misdirected(fastly: Bench) -> None:
    found = fastly.visit(f"https://{HOST}/", headers=(("Host", "other.example.com"),))
    assert found.status == 421


def test_versionless_domains_are_served_by_the_service_they_are_linked_to() -> None:
    linked = [{"fqdn": HOST, "service": "service", "description": ""}]
    given = customer(
        services=[service(domains=[{"name": "first.example.com"}])],
        domains=linked,
        subscriptions=[{"domains": [HOST]}],
    )
    with bench(world(given)) as fastly:
        assert fastly.visit(URL.replace("http:", "https:")).status == 302
