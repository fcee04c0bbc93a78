"""What an answer means, and what an alias says: httpx's own seam plays the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from providers.powerdns import TYPE
from providers.powerdns.options import base_url, check, identity
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.provider import Parts, Scope, Setting, Wanted
from tests.providers.powerdns.powerdns_bench import Bench, host_record, planned, told

URL = "https://dns.example.com:8081"
PLAIN = "http://127.0.0.1:8081"  # for which no authorities are loaded
LISTED = {"id": "example.com.", "name": "example.com.", "kind": "Native", "masters": []}
WHOLE = {**LISTED, "rrsets": [], "soa_edit_api": "DEFAULT"}
Handler = Callable[[httpx.Request], httpx.Response]


def server(
    *, listed: Any = (LISTED,), whole: Any = WHOLE, write: httpx.Response | None = None
) -> tuple[Bench, list[httpx.Request]]:
    """A provider on a server that gives these answers, and what it was asked."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "PATCH":
            return write or httpx.Response(204)
        body = listed if request.url.path.endswith("/zones") else whole
        return body if isinstance(body, httpx.Response) else httpx.Response(200, json=body)

    return Bench(PLAIN, transport=httpx.MockTransport(handle)), seen


def test_the_key_goes_in_its_header_and_the_list_asks_for_no_keys() -> None:
    bench, seen = server()
    bench.read()
    assert [str(request.url) for request in seen] == [
        f"{PLAIN}/api/v1/servers/localhost/zones?dnssec=false",
        f"{PLAIN}/api/v1/servers/localhost/zones/example.com.",
    ]
    assert {request.headers["x-api-key"] for request in seen} == {"a-key-of-the-tests"}


def test_nothing_is_asked_where_no_host_is_concerned() -> None:
    bench, seen = server()
    live = bench.provider.read(Scope(Parts()))
    assert (live.zones, live.rrsets, seen) == ((), (), [])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, InvalidRequest),
        (401, AuthError),
        (403, AuthError),
        (404, InvalidRequest),
        (409, Conflict),
        (422, InvalidRequest),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_each_status_is_one_error_in_powerdns_words(status: int, error: type[ProviderError]) -> None:
    bench, _ = server(listed=httpx.Response(status, json={"error": "words of the server"}))
    with pytest.raises(error, match="words of the server") as raised:
        bench.read()
    assert type(raised.value) is error
    assert raised.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        httpx.Response(200, text="<html>Sign in</html>"),
        httpx.Response(200, json={"zones": []}),
        httpx.Response(200, json=["example.com."]),
        httpx.Response(200, json=[{"name": "example.com."}]),
        httpx.Response(302, headers={"location": "https://elsewhere.example"}),
    ],
)
def test_a_list_that_is_none_is_unexpected(body: httpx.Response) -> None:
    bench, _ = server(listed=body)
    with pytest.raises(UnexpectedResponse):
        bench.read()


@pytest.mark.parametrize(
    "rrsets",
    [
        None,
        "none",
        [{"name": "a.example.com.", "type": "A", "ttl": "soon", "records": []}],
        [{"name": "a.example.com.", "type": "A", "ttl": 60, "records": [{"disabled": False}]}],
        [{"unexpected": [1]}],
        [7],
    ],
)
def test_a_zone_that_is_none_is_unexpected(rrsets: Any) -> None:
    bench, _ = server(whole={**WHOLE, "rrsets": rrsets})
    with pytest.raises(UnexpectedResponse):
        bench.read()


@pytest.mark.parametrize("status", [200, 201])
def test_a_write_is_done_only_where_it_is_answered_as_documented(status: int) -> None:
    bench, _ = server(write=httpx.Response(status, text="<html>Sign in</html>"))
    with pytest.raises(UnexpectedResponse, match="not the documented one"):
        bench.apply(planned("click.example.com", "CNAME", (), ("spgo.io",)))


@pytest.mark.parametrize(("error", "sent"), [(httpx.ReadTimeout, True), (httpx.ConnectError, False)])
def test_no_answer_says_whether_the_write_may_have_taken_effect(
    error: type[httpx.RequestError], sent: bool
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            raise error("no answer", request=request)
        return httpx.Response(200, json=[LISTED] if request.url.path.endswith("/zones") else WHOLE)

    bench = Bench(PLAIN, transport=httpx.MockTransport(handle))
    with pytest.raises(Unavailable) as raised:
        bench.apply(planned("click.example.com", "CNAME", (), ("spgo.io",)))
    assert raised.value.sent is sent


def test_a_write_is_never_repeated_and_a_read_may_be() -> None:
    asked: dict[str, bool] = {}

    def call(unit: str, operation: str, fn: Any, *, repeatable: bool, resource: str = "") -> Any:
        asked[operation] = repeatable
        return fn()

    bench, _ = server()
    bench.provider._api._calls = call
    bench.apply(planned("click.example.com", "CNAME", (), ("spgo.io",)))
    assert asked == {"GET /zones": True, "GET /zones/{zone}": True, "PATCH /zones/{zone}": False}


def test_a_zone_that_went_away_is_a_conflict() -> None:
    bench, _ = server(listed=[])
    with pytest.raises(Conflict, match=r"zone example.com is gone"):
        bench.apply(planned("click.example.com", "CNAME", (), ("spgo.io",)))


# -- which zone
VIEW = {**LISTED, "id": "example.com..internal", "name": "example.com..internal"}


def test_a_zone_that_only_a_view_shows_is_left_out_unless_it_is_pinned() -> None:
    bench, seen = server(listed=[VIEW, LISTED])
    bench.read()
    assert seen[-1].url.path.endswith("/zones/example.com.")

    pinned = Bench(
        PLAIN,
        transport=httpx.MockTransport(lambda r: seen.append(r) or httpx.Response(200, json=[VIEW, LISTED])),
        options={"zones": {"example.com": "example.com..internal"}},
    )
    with pytest.raises(UnexpectedResponse):
        pinned.read()
    assert seen[-1].url.path.endswith("/zones/example.com..internal")


def test_a_zone_that_stands_twice_is_named_with_what_to_write() -> None:
    bench, _ = server(listed=[LISTED, LISTED])
    (finding,) = bench.spell(host_record()).findings
    parts = Parts(dns=(Wanted("click.example.com", "spgo.io", 300), Wanted("a.example.net", "spgo.io", 300)))
    assert bench.provider.compose(parts, bench.read()).findings == (finding,), (
        "where no record is spelt at all"
    )
    assert "stands several times" in finding.text
    assert "zones: {example.com: ID}" in finding.lift


def test_a_host_without_a_zone_is_told() -> None:
    bench, _ = server()
    assert told(bench.spell(host_record("click.example.net")).findings) == [
        "no zone of the PowerDNS server holds click.example.net"
    ]


def test_a_proxied_record_is_refused() -> None:
    bench, _ = server()
    proxied = host_record()
    composed = bench.spell(type(proxied)(**{**_fields(proxied), "proxied": True}))
    assert any("proxied" in text for text in told(composed.findings))


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


# -- the alias
def setting(**options: Any) -> Setting:
    return Setting("my-dns", options, {}, {}, "acme-mail", lambda *a, **k: None)


def test_the_environment_replaces_the_address_and_the_path_of_the_api_may_be_given_or_not() -> None:
    for given in (URL, f"{URL}/", f"{URL}/api/v1"):
        assert base_url("pdns", {"endpoint": given}, {}) == f"{URL}/api/v1/servers/localhost"
    environ = {"TDR_POWERDNS_ENDPOINT": "http://127.0.0.1:5"}
    assert (
        base_url("pdns", {"endpoint": URL, "server": "s1"}, environ) == "http://127.0.0.1:5/api/v1/servers/s1"
    )


def test_without_an_address_or_a_key_it_says_what_to_write() -> None:
    with pytest.raises(InvalidRequest, match=r"endpoint: https://HOST:8081 at `my-dns`"):
        TYPE.open(setting())
    with pytest.raises(AuthError, match="TDR_MY_DNS_API_KEY or PDNS_API_KEY"):
        TYPE.open(setting(endpoint=URL))


def test_two_aliases_of_one_server_are_one_account() -> None:
    base = base_url("a", {"endpoint": URL}, {})
    assert identity({}, base) == identity({}, base_url("b", {"endpoint": f"{URL}/api/v1"}, {}))
    assert identity({"server": "other"}, base) != identity({}, base)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"endpoint": URL}, []),
        ({"endpoint": "http://127.0.0.1:8081"}, []),
        ({"endpoint": "http://10.0.0.5:8081"}, []),
        ({"endpoint": "http://8.8.8.8:8081"}, ["endpoint"]),
        ({"endpoint": "http://dns.example.com:8081"}, ["endpoint"]),
        ({"zones": {"example.com": "example.com."}}, []),
        ({"zones": {"Example.com.": "example.com."}}, ["zones"]),
    ],
)
def test_options_that_cannot_be_meant_are_found(options: dict[str, Any], keys: list[str]) -> None:
    assert [key for key, _, _ in check(options)] == keys
