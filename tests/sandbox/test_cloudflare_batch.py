"""The batch of DNS record changes: one transaction."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, record, world

RECORDS = "/zones/{zone}/dns_records"
BATCH = f"{RECORDS}/batch"
OLD, NEW = "old.example.com", "new.example.com"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A free zone with one record."""
    with bench(world({"name": "example.com", "records": [record(OLD)]})) as running:
        yield running


def rows(cf: Bench) -> dict[str, dict[str, Any]]:
    return {r["name"]: r for r in cf.ok("GET", RECORDS)}


def test_the_parts_run_in_the_order_deletes_patches_puts_posts(cf: Bench) -> None:
    old = rows(cf)[OLD]
    kept = cf.ok("POST", RECORDS, record("kept.example.com"))
    put = cf.ok("POST", RECORDS, record("put.example.com"))
    answer = cf.ok(
        "POST",
        BATCH,
        {
            "posts": [
                {**record("put.example.com"), "type": "A", "content": "192.0.2.1"},
                record(OLD, "x.example.net"),
            ],
            "puts": [{**record("moved.example.com"), "id": put["id"]}],
            "patches": [{"id": kept["id"], "name": kept["name"], "type": "CNAME", "ttl": 60}],
            "deletes": [{"id": old["id"]}],
        },
    )
    assert [r["name"] for r in answer["deletes"]] == [OLD]
    assert [r["ttl"] for r in answer["patches"]] == [60]
    assert [r["name"] for r in answer["puts"]] == ["moved.example.com"]
    assert len(answer["posts"]) == 2
    assert sorted(rows(cf)) == ["kept.example.com", "moved.example.com", OLD, "put.example.com"]


def test_parts_that_were_not_asked_for_are_null(cf: Bench) -> None:
    answer = cf.ok("POST", BATCH, {"posts": [record(NEW)]})
    assert (answer["deletes"], answer["patches"], answer["puts"]) == (None, None, None)


def test_a_cname_takes_the_place_of_an_address_in_one_step(cf: Bench) -> None:
    address = cf.ok("POST", RECORDS, {"type": "A", "name": NEW, "content": "192.0.2.1", "ttl": 60})
    cf.ok("POST", BATCH, {"deletes": [{"id": address["id"]}], "posts": [record(NEW)]})
    assert rows(cf)[NEW]["type"] == "CNAME"


def test_nothing_happens_where_one_operation_is_refused(cf: Bench) -> None:
    before = rows(cf)
    body = {"deletes": [{"id": before[OLD]["id"]}], "posts": [record(NEW), record(NEW)]}
    assert cf.refused("POST", BATCH, body)[:2] == (400, 81053)
    assert rows(cf) == before


@pytest.mark.parametrize("part", ["deletes", "patches", "puts"])
@pytest.mark.parametrize("status", [404, 400])
def test_a_record_that_is_gone_fails_the_whole_batch(cf: Bench, part: str, status: int) -> None:
    cf.switch("cloudflare.stale-batch-id", str(status))
    gone = {"id": "0" * 32} if part == "deletes" else {**record(OLD), "id": "0" * 32}
    assert cf.refused("POST", BATCH, {part: [gone], "posts": [record(NEW)]})[:2] == (status, 81044)
    assert NEW not in rows(cf)


def test_a_free_zone_takes_two_hundred_operations(cf: Bench) -> None:
    posts = [record(f"h{n}.example.com") for n in range(201)]
    assert cf.call("POST", BATCH, {"posts": posts}).status_code == 400
    cf.patch(plan="pro")
    cf.ok("POST", BATCH, {"posts": posts})
    assert len(rows(cf)) == 100  # the first page


def test_the_quota_counts_what_the_batch_leaves(cf: Bench) -> None:
    cf.ok("POST", BATCH, {"posts": [record(f"h{n}.example.com") for n in range(199)]})
    assert cf.refused("POST", BATCH, {"posts": [record(NEW)]})[:2] == (400, 81045)
    cf.ok("POST", BATCH, {"deletes": [{"id": rows(cf)["h0.example.com"]["id"]}], "posts": [record(NEW)]})


@pytest.mark.parametrize("body", [{}, {"posts": []}, {"posts": record(NEW)}, {"adds": [record(NEW)]}])
def test_a_batch_of_nothing_or_of_something_else_is_refused(cf: Bench, body: dict[str, Any]) -> None:
    assert cf.refused("POST", BATCH, body)[:2] == (400, 9207)
