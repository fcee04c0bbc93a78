"""Tokens, permissions and the limit on calls."""

from collections.abc import Iterator

import pytest

from tests.sandbox.cloudflare_bench import TOKEN, Bench, bench, world

OTHER = "other-token"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """One account with two tokens' worth of zones, and a stranger."""
    given = world()
    given["cloudflare"].append({"token": OTHER, "account": "other", "zones": [{"name": "example.org"}]})
    with bench(given) as running:
        yield running


def answer(cf: Bench, authorization: str | None, path: str = "/zones") -> tuple[int, int]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    response = cf.http.build_request("GET", path)
    del response.headers["Authorization"]
    response.headers.update(headers)
    got = cf.http.send(response)
    return got.status_code, got.json()["errors"][0]["code"]


def test_a_good_token_is_active(cf: Bench) -> None:
    assert cf.ok("GET", "/user/tokens/verify")["status"] == "active"


def test_no_authorization_is_9106(cf: Bench) -> None:
    assert answer(cf, None) == (400, 9106)


@pytest.mark.parametrize("header", ["Bearer", "Basic abc", "Bearer two words"])
def test_a_malformed_authorization_is_6003(cf: Bench, header: str) -> None:
    assert answer(cf, header) == (400, 6003)


def test_an_unknown_token_is_9109(cf: Bench) -> None:
    assert answer(cf, "Bearer nobody") == (403, 9109)


def test_an_unknown_token_is_invalid_when_verified(cf: Bench) -> None:
    assert answer(cf, "Bearer nobody", "/user/tokens/verify") == (401, 1000)


def test_a_disabled_token_says_so_and_may_do_nothing(cf: Bench) -> None:
    cf.sandbox.control("PATCH", "/vendors/cloudflare", {"tokens": {TOKEN: {"status": "disabled"}}})
    assert cf.ok("GET", "/user/tokens/verify")["status"] == "disabled"
    assert cf.refused("GET", "/zones")[:2] == (403, 9109)


def test_a_token_sees_its_own_account_only(cf: Bench) -> None:
    assert [zone["name"] for zone in cf.ok("GET", "/zones")] == ["example.com"]


def test_a_zone_of_another_account_is_forbidden(cf: Bench) -> None:
    zones = cf.http.get("/zones", headers={"Authorization": f"Bearer {OTHER}"}).json()["result"]
    foreign = zones[0]["id"]
    assert cf.refused("GET", f"/zones/{foreign}")[:2] == (403, 9109)
    assert cf.refused("GET", f"/zones/{foreign}/dns_records")[:2] == (403, 10000)


def test_an_unknown_zone_cannot_be_routed_to(cf: Bench) -> None:
    status, code, message = cf.refused("GET", f"/zones/{'0' * 32}/dns_records")
    assert (status, code) == (404, 7003)
    assert message.startswith("Could not route to /client/v4/zones/")


def test_a_token_without_the_permission_is_10000(cf: Bench) -> None:
    scopes = ["Zone Read", "DNS Write", "Cache Rules Write"]
    cf.sandbox.control("PATCH", "/vendors/cloudflare", {"tokens": {TOKEN: {"scopes": scopes}}})
    cf.ok("GET", "/zones/{zone}/dns_records")
    assert cf.refused("GET", "/zones/{zone}/settings/ssl")[:2] == (403, 10000)
    config = "/zones/{zone}/rulesets/phases/http_config_settings/entrypoint"
    assert cf.refused("GET", config)[:2] == (403, 10000)
    cache = "/zones/{zone}/rulesets/phases/http_request_cache_settings/entrypoint"
    assert cf.refused("GET", cache)[:2] == (404, 10003)


def test_permissions_may_stand_in_the_world() -> None:
    given = world()
    given["cloudflare"][0]["scopes"] = ["Zone Read"]
    with bench(given) as cf:
        assert cf.refused("GET", "/zones/{zone}/dns_records")[:2] == (403, 10000)


def test_every_answer_tells_what_is_left_of_the_limit(cf: Bench) -> None:
    first, second = cf.call("GET", "/zones"), cf.call("GET", "/zones")
    assert first.headers["x-ratelimit-limit"] == "1200"
    assert int(first.headers["x-ratelimit-remaining"]) - int(second.headers["x-ratelimit-remaining"]) == 1


def test_too_many_calls_block_the_token_for_five_minutes(cf: Bench) -> None:
    cf.sandbox.control("PUT", "/limits/cloudflare", {"requests": 3, "per_s": 300})
    for _ in range(3):
        cf.ok("GET", "/zones")
    cf.advance(290)
    refused = cf.call("GET", "/zones")
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == 971
    assert 299 <= int(refused.headers["retry-after"]) <= 300
    cf.advance(20)  # a new window, but the block holds
    blocked = cf.call("GET", "/zones")
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "280")
    cf.advance(290)
    cf.ok("GET", "/zones")


def test_what_is_not_emulated_answers_501(cf: Bench) -> None:
    path = f"/zones/{cf.zone_id()}/email/routing"
    assert cf.call("GET", path).status_code == 501
    assert path in str(cf.sandbox.control("GET", "/unemulated"))
    cf.sandbox.control("DELETE", "/calls")


def test_a_body_that_is_no_json_is_refused(cf: Bench) -> None:
    response = cf.http.post(f"/zones/{cf.zone_id()}/dns_records", content="{nonsense")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, 6007)
