"""The edge's cache: what is kept, how long, and what the origin is asked."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, record, world

HOST = "click.example.com"
URL = f"https://{HOST}/f/a/b"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A business zone, which may cache for a second."""
    with bench(
        world({"name": "example.com", "plan": "business", "records": [record(HOST, proxied=True)]})
    ) as running:
        yield running


def rule(cf: Bench, **parameters: Any) -> None:
    expression = f'http.host eq "{HOST}"'
    parameters = {"cache": True, **parameters}
    phase = "http_request_cache_settings"
    cf.rule(phase, action="set_cache_settings", expression=expression, action_parameters=parameters)


def override(seconds: int) -> dict[str, Any]:
    return {"mode": "override_origin", "default": seconds}


def status(cf: Bench, url: str = URL, **options: Any) -> str:
    return cf.visit(url, **options).header("cf-cache-status")


def test_a_url_without_extension_is_not_cached(cf: Bench) -> None:
    assert [status(cf), status(cf)] == ["DYNAMIC", "DYNAMIC"]
    assert len(cf.origin.asked) == 2


def test_a_repeat_within_the_ttl_does_not_reach_the_origin_and_one_after_it_does(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    assert [status(cf), status(cf)] == ["MISS", "HIT"]
    cf.advance(9)
    assert status(cf) == "HIT"
    assert len(cf.origin.asked) == 1
    cf.advance(2)
    assert status(cf) == "EXPIRED"
    assert len(cf.origin.asked) == 2


def test_the_key_is_the_whole_url(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    urls = [URL, f"{URL}?x=1", f"http://{HOST}/f/a/b", f"https://{HOST}/f/other"]
    assert [status(cf, url) for url in urls] == ["MISS"] * 4


def test_a_cached_redirect_has_its_location_and_no_cookie(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    cf.visit(URL)
    got = cf.visit(URL)
    assert (got.status, got.header("location"), got.header("set-cookie")) == (
        302,
        "https://target.example/",
        "",
    )
    assert got.header("age") in {"0", "1"}


def test_head_becomes_get_at_the_origin_on_a_miss(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    got = cf.visit(URL, method="HEAD")
    assert (got.status, got.body, cf.origin.asked[-1].method) == (302, b"", "GET")
    assert status(cf) == "HIT"


def test_post_is_never_cached(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    assert [status(cf, method="POST"), status(cf, method="POST")] == ["DYNAMIC", "DYNAMIC"]


def test_a_rule_may_bypass(cf: Bench) -> None:
    rule(cf, cache=False)
    assert status(cf) == "BYPASS"


def test_an_answer_with_a_cookie_is_kept_only_where_the_ttl_is_overridden(cf: Bench) -> None:
    rule(cf)
    assert [status(cf), status(cf)] == ["BYPASS", "BYPASS"]


def test_without_cache_control_bypass_by_default_keeps_nothing(cf: Bench) -> None:
    rule(cf, edge_ttl={"mode": "bypass_by_default"})
    assert [status(cf), status(cf)] == ["BYPASS", "BYPASS"]


def test_another_host_is_not_cached(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    cf.patch(add_records=[record("click2.example.com", proxied=True)])
    assert status(cf, "https://click2.example.com/f/a/b") == "DYNAMIC"


@pytest.mark.parametrize(
    ("browser", "control"),
    [
        (None, "max-age=14400"),
        ({"mode": "bypass_by_default"}, "no-store"),
        ({"mode": "override_origin", "default": 5}, "max-age=5"),
        ({"mode": "respect_origin"}, ""),
    ],
)
def test_what_a_browser_may_keep_is_the_rules_or_the_zones(
    cf: Bench, browser: dict[str, Any] | None, control: str
) -> None:
    rule(cf, edge_ttl=override(10), **({"browser_ttl": browser} if browser else {}))
    assert cf.visit(URL).header("cache-control") == control


def test_a_short_ttl_is_raised_to_the_plans_where_the_api_took_it() -> None:
    with bench(world({"name": "example.com", "records": [record(HOST, proxied=True)]})) as cf:
        cf.switch("cloudflare.edge-ttl-below-minimum", "raised")
        rule(cf, edge_ttl=override(10))
        cf.visit(URL)
        cf.advance(7100)
        assert status(cf) == "HIT"
        cf.advance(200)
        assert status(cf) == "EXPIRED"


def test_an_error_of_the_edge_is_not_cached(cf: Bench) -> None:
    rule(cf, edge_ttl=override(10))
    cf.switch("cloudflare.sparkpost-on-cloudflare", "yes")
    assert cf.visit(URL).status == 409
    cf.switch("cloudflare.sparkpost-on-cloudflare", "no")
    assert cf.visit(URL).status == 302
