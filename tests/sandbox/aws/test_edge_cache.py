"""What CloudFront's edge keeps, for how long, and under which key."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from providers.sandbox.aws.edge_answer import kept_for
from providers.sandbox.fetch import Fetched
from providers.sandbox.http1 import EdgeResponse
from tests.sandbox.aws.edge_bench import (
    DISTRIBUTION,
    HOST,
    EdgeBench,
    behavior,
    cache_policy,
    edge_bench,
    edge_world,
    named,
)

NOW = 1_767_603_600.0
URL = f"https://{HOST}/f/a/b"
MISS, HIT, ERROR = "Miss from cloudfront", "Hit from cloudfront", "Error from cloudfront"


@pytest.fixture
def edge() -> Iterator[EdgeBench]:
    with edge_bench() as running:
        yield running


def said(got: Fetched) -> str:
    return got.header("x-cache")


def kept_s(status: int, control: str = "", expires: str = "", **policy: Any) -> float:
    """How many seconds an answer is kept."""
    told = (("Cache-Control", control), ("Expires", expires))
    headers = tuple((name, value) for name, value in told if value)
    return kept_for(cache_policy(**policy), {}, EdgeResponse(status, headers), NOW)


def test_a_repeat_click_within_ten_seconds_is_answered_by_the_edge_and_one_after_by_the_origin(
    edge: EdgeBench,
) -> None:
    assert said(edge.visit(URL)) == MISS
    edge.advance(4)
    again = edge.visit(URL)
    assert (again.status, said(again)) == (302, HIT)
    assert again.header("age") in ("4", "5")
    assert again.header("location") == "https://target.example/"
    assert len(edge.origin.asked) == 1
    edge.advance(6)
    assert said(edge.visit(URL)) == MISS
    assert len(edge.origin.asked) == 2


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("", 10),
        ("max-age=5", 5),
        ("max-age=3600", 10),
        ("max-age=0", 1),
        ("s-maxage=3, max-age=9", 3),
        ("no-store", 1),
        ("no-cache, max-age=0", 1),
        ("private", 1),
    ],
)
@pytest.mark.parametrize("status", [200, 302])
def test_what_the_origin_says_holds_between_the_least_and_the_most(
    status: int, control: str, seconds: int
) -> None:
    assert kept_s(status, control) == seconds


@pytest.mark.parametrize(("control", "seconds"), [("no-store", 0), ("max-age=20", 20), ("", 30)])
def test_with_no_least_the_origin_may_forbid(control: str, seconds: int) -> None:
    assert kept_s(200, control, MinTTL=0, DefaultTTL=30, MaxTTL=60) == seconds


def test_expires_holds_where_cache_control_says_nothing() -> None:
    at = format_datetime(datetime.fromtimestamp(NOW + 7, UTC), usegmt=True)
    assert kept_s(200, expires=at) == 7
    assert kept_s(200, "max-age=4", at) == 4
    assert kept_s(200, expires="never") == 1


@pytest.mark.parametrize(
    ("status", "control", "seconds"),
    [
        (404, "", 10),
        (404, "no-store", 0),
        (500, "no-store", 10),
        (502, "", 10),
        (403, "", 0),
        (403, "max-age=5", 10),
        (418, "max-age=5", 0),
    ],
)
def test_errors_are_kept_by_their_kind(status: int, control: str, seconds: int) -> None:
    assert kept_s(status, control) == seconds


def test_the_query_is_no_part_of_the_key_unless_the_policy_has_it(edge: EdgeBench) -> None:
    edge.visit(f"{URL}?target=1")
    assert said(edge.visit(f"{URL}?target=2")) == HIT
    policy = cache_policy(queries=named("QueryStrings", "whitelist", "target"))
    with edge_bench(edge_world(cache=policy)) as other:
        other.visit(f"{URL}?target=1&x=1")
        assert said(other.visit(f"{URL}?target=2&x=1")) == MISS
        assert said(other.visit(f"{URL}?x=2&target=1")) == HIT


@pytest.mark.parametrize(
    ("part", "one", "another"),
    [
        ({"headers": named("Headers", "whitelist", "User-Agent")}, ("User-Agent", "A"), ("User-Agent", "B")),
        ({"cookies": named("Cookies", "all")}, ("Cookie", "a=1"), ("Cookie", "a=2")),
    ],
)
def test_headers_and_cookies_are_in_the_key_where_the_policy_has_them(
    part: dict[str, Any], one: tuple[str, str], another: tuple[str, str]
) -> None:
    for policy, expected in ((cache_policy(), HIT), (cache_policy(**part), MISS)):
        with edge_bench(edge_world(cache=policy)) as edge:
            edge.visit(URL, headers=(one,))
            assert said(edge.visit(URL, headers=(another,))) == expected


def test_both_schemes_and_all_names_of_a_distribution_share_an_answer(edge: EdgeBench) -> None:
    edge.visit(URL)
    assert said(edge.visit(URL.replace("https", "http"))) == HIT
    assert said(edge.visit(URL.replace(HOST, edge.domain_name))) == HIT


def test_a_head_is_answered_from_what_a_get_left_but_not_the_other_way(edge: EdgeBench) -> None:
    edge.visit(URL)
    head = edge.visit(URL, method="HEAD")
    assert (said(head), head.body) == (HIT, b"")
    edge.visit(f"{URL}/2", method="HEAD")
    assert said(edge.visit(f"{URL}/2")) == MISS


def test_cookies_come_back_only_where_they_go_out() -> None:
    answer = EdgeResponse(200, (("Set-Cookie", "a=b"),), b"x")
    for policy, cookie in ((cache_policy(), ""), (cache_policy(cookies=named("Cookies", "all")), "a=b")):
        with edge_bench(edge_world(cache=policy)) as edge:
            edge.origin.answer = answer
            assert edge.visit(URL).header("set-cookie") == cookie


def test_errors_are_kept_as_long_as_the_distribution_says() -> None:
    items = [{"ErrorCode": 404, "ErrorCachingMinTTL": 60}]
    with edge_bench(edge_world(CustomErrorResponses={"Quantity": 1, "Items": items})) as edge:
        edge.origin.answer = EdgeResponse(404)
        assert said(edge.visit(URL)) == ERROR
        edge.advance(50)
        edge.visit(URL)
        assert len(edge.origin.asked) == 1
        edge.advance(11)
        edge.visit(URL)
        assert len(edge.origin.asked) == 2


def test_an_origin_that_cannot_be_had_is_not_asked_again_for_ten_seconds(edge: EdgeBench) -> None:
    edge.origin.names = ["other.example"]  # its certificate is for another name
    assert edge.visit(URL).status == 502
    edge.origin.names = ["spgo.io"]
    again = edge.visit(URL)
    assert (again.status, said(again)) == (502, ERROR)
    edge.advance(10)
    assert edge.visit(URL).status == 302


def test_what_has_expired_is_served_while_the_origin_fails(edge: EdgeBench) -> None:
    edge.visit(URL)
    edge.advance(20)
    edge.origin.answer = EdgeResponse(500)
    assert edge.visit(URL).status == 302
    assert edge.visit(f"{URL}/other").status == 500


def test_an_invalidation_takes_paths_from_the_edge() -> None:
    with edge_bench(edge_world(cache=cache_policy(DefaultTTL=86400, MaxTTL=86400))) as edge:
        edge.visit(URL)
        batch = {"Paths": {"Quantity": 1, "Items": ["/f/*"]}, "CallerReference": "now"}
        edge.of("cloudfront").create_invalidation(DistributionId=DISTRIBUTION, InvalidationBatch=batch)
        edge.advance(600)
        assert said(edge.visit(URL)) == MISS
        assert said(edge.visit(URL)) == HIT


def test_text_is_compressed_for_who_takes_it_and_where_the_behavior_says() -> None:
    body = b"word " * 1000
    answer = EdgeResponse(200, (("Content-Type", "text/plain"), ("ETag", '"1"')), body)
    takes = (("Accept-Encoding", "gzip"),)
    with edge_bench() as edge:
        edge.origin.answer = answer
        got = edge.visit(URL, headers=takes)
        assert (got.header("content-encoding"), gzip.decompress(got.body)) == ("gzip", body)
        assert got.header("etag") == 'W/"1"'
        assert edge.visit(URL).body == body
        edge.origin.answer = EdgeResponse(200, (("Content-Type", "text/plain"),), b"short")
        assert edge.visit(f"{URL}/short", headers=takes).header("content-encoding") == ""
    with edge_bench(edge_world(DefaultCacheBehavior=behavior(Compress=False))) as edge:
        edge.origin.answer = answer
        assert edge.visit(URL, headers=takes).body == body
