"""DNS records, one by one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, record, world

RECORDS = "/zones/{zone}/dns_records"
HOST = "click.example.com"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A free zone that holds nothing."""
    with bench() as running:
        yield running


def add(cf: Bench, body: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = cf.ok("POST", RECORDS, body)
    return made


def test_a_new_record_is_answered_whole(cf: Bench) -> None:
    made = add(cf, record(HOST, comment="ours"))
    times = {made.pop(name) for name in ("created_on", "modified_on", "comment_modified_on")}
    assert len(times) == 1
    assert len(made.pop("id")) == 32
    assert made == {
        "name": HOST,
        "type": "CNAME",
        "content": "spgo.io",
        "proxiable": True,
        "proxied": False,
        "ttl": 300,
        "settings": {},
        "meta": {},
        "comment": "ours",
        "tags": [],
    }


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Click.Example.COM", HOST),
        ("click", HOST),
        ("click.example.com.", HOST),
        ("@", "example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
    ],
)
def test_names_are_stored_lower_case_in_punycode_and_whole(cf: Bench, given: str, stored: str) -> None:
    assert add(cf, record(given))["name"] == stored


def test_a_cname_target_loses_its_final_dot(cf: Bench) -> None:
    assert add(cf, record(HOST, "SPGO.io."))["content"] == "spgo.io"


def test_a_proxied_record_reports_an_automatic_ttl(cf: Bench) -> None:
    assert add(cf, record(HOST, proxied=True, ttl=3600) | {"ttl": 3600})["ttl"] == 1


@pytest.mark.parametrize("ttl", [1, 60, 86400])
def test_a_ttl_within_the_range_is_taken(cf: Bench, ttl: int) -> None:
    assert add(cf, {**record(HOST), "ttl": ttl})["ttl"] == ttl


@pytest.mark.parametrize("ttl", [0, 2, 59, 86401, 60.5])
def test_a_ttl_outside_the_range_is_9021(cf: Bench, ttl: float) -> None:
    assert cf.refused("POST", RECORDS, {**record(HOST), "ttl": ttl})[:2] == (400, 9021)


def test_an_enterprise_zone_takes_thirty_seconds(cf: Bench) -> None:
    cf.patch(plan="enterprise")
    assert add(cf, {**record(HOST), "ttl": 30})["ttl"] == 30


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "TXT", "name": HOST, "content": "x", "ttl": 1, "proxied": True}, 9004),
        ({"type": "A", "name": HOST, "content": "127.0.0.1", "ttl": 1, "proxied": True}, 9004),
        ({"type": "A", "name": HOST, "content": "nonsense", "ttl": 1}, 9005),
        ({"type": "AAAA", "name": HOST, "content": "192.0.2.1", "ttl": 1}, 9006),
        (record(HOST, "https://spgo.io/"), 9007),
        (record(HOST, "192.0.2.1"), 9007),
        (record("not a name"), 9000),
        (record(HOST) | {"type": "NONSENSE"}, 9001),
        (record(HOST) | {"proxied": "yes"}, 9003),
        (record(HOST) | {"colour": "blue"}, 9207),
        ({"type": "MX", "name": HOST, "content": "mx.example.net", "ttl": 1}, 9101),
        ({"type": "CAA", "name": HOST, "ttl": 1, "data": {"flags": 0}}, 9101),
        ({"type": "TXT", "name": HOST, "ttl": 1, "content": '"no end'}, 9101),
        (
            {"type": "HTTPS", "name": HOST, "ttl": 1, "data": {"priority": 1, "target": ".", "value": "="}},
            9101,
        ),
    ],
)
def test_a_wrong_value_is_refused_with_the_vendors_code(cf: Bench, body: dict[str, Any], code: int) -> None:
    assert cf.refused("POST", RECORDS, body)[:2] == (400, code)


def test_refusals_may_come_in_the_older_form(cf: Bench) -> None:
    cf.switch("cloudflare.dns-errors", "chain")
    answer = cf.call("POST", RECORDS, {**record(HOST), "ttl": 5}).json()
    assert answer["errors"][0]["code"] == 1004
    assert answer["errors"][0]["error_chain"][0]["code"] == 9021


def test_a_comment_is_limited_by_the_plan(cf: Bench) -> None:
    status, code, message = cf.refused("POST", RECORDS, record(HOST, comment="x" * 101))
    assert (status, code) == (400, 9313)
    assert message == "DNS record comment exceeds the maximum length of 100 characters."
    cf.patch(plan="pro")
    assert len(add(cf, record(HOST, comment="x" * 500))["comment"]) == 500


def test_tags_are_for_paid_plans(cf: Bench) -> None:
    status, code, message = cf.refused("POST", RECORDS, record(HOST, tags=["team:mail"]))
    assert (status, code, message) == (400, 9300, "DNS record has 1 tags, exceeding the quota of 0.")
    cf.patch(plan="pro")
    assert add(cf, record(HOST, tags=["team:mail"]))["tags"] == ["team:mail"]


def address(content: str = "192.0.2.1", kind: str = "A", name: str = HOST) -> dict[str, Any]:
    return {"type": kind, "name": name, "content": content, "ttl": 300}


@pytest.mark.parametrize(
    ("there", "new", "code"),
    [
        (address(), record(HOST), 81053),
        (record(HOST), record(HOST, "other.example.net"), 81053),
        (record(HOST), record(HOST), 81053),
        (record(HOST), address(), 81054),
        (record(HOST), address("2001:db8::1", "AAAA"), 81054),
        (address("ns.example.net", "NS"), record(HOST), 81056),
        (address(), address("ns.example.net", "NS"), 81053),
        (address(), address(), 81058),
        (address("text", "TXT"), address("text", "TXT"), 81058),
    ],
)
def test_records_that_cannot_stand_together_are_refused(
    cf: Bench, there: dict[str, Any], new: dict[str, Any], code: int
) -> None:
    add(cf, there)
    assert cf.refused("POST", RECORDS, new)[:2] == (400, code)


@pytest.mark.parametrize(
    ("there", "new"),
    [
        (address(), address("192.0.2.2")),
        (address(), address("2001:db8::1", "AAAA")),
        (record(HOST), address("text", "TXT")),
        (address("text", "TXT"), address("more", "TXT")),
    ],
)
def test_records_that_can_stand_together_are_taken(
    cf: Bench, there: dict[str, Any], new: dict[str, Any]
) -> None:
    add(cf, there)
    add(cf, new)
    assert len(cf.ok("GET", RECORDS)) == 2


def test_an_identical_record_may_have_the_older_code(cf: Bench) -> None:
    cf.switch("cloudflare.identical-record", "81057")
    add(cf, address())
    assert cf.refused("POST", RECORDS, address())[:2] == (400, 81057)


def test_txt_is_stored_as_sent_or_with_quotation_marks(cf: Bench) -> None:
    assert add(cf, address("plain", "TXT"))["content"] == "plain"
    cf.switch("cloudflare.txt-quotes", "added")
    assert add(cf, address("plain two", "TXT"))["content"] == '"plain two"'
    assert add(cf, address('"quoted"', "TXT"))["content"] == '"quoted"'


def test_patch_changes_what_it_names_and_keeps_the_rest(cf: Bench) -> None:
    made = add(cf, record(HOST, comment="a person's"))
    cf.advance(10)
    change = {"name": HOST, "type": "CNAME", "ttl": 1, "proxied": True}
    patched = cf.ok("PATCH", f"{RECORDS}/{made['id']}", change)
    assert (patched["proxied"], patched["content"], patched["comment"]) == (True, "spgo.io", "a person's")
    assert (patched["id"], patched["created_on"]) == (made["id"], made["created_on"])
    assert patched["modified_on"] > made["modified_on"]


def test_put_replaces_all(cf: Bench) -> None:
    made = add(cf, record(HOST, comment="gone soon"))
    put = cf.ok("PUT", f"{RECORDS}/{made['id']}", record(HOST, "eu.spgo.io"))
    assert (put["id"], put["content"], put["comment"]) == (made["id"], "eu.spgo.io", None)


def test_delete_answers_the_id_and_a_second_one_is_81044(cf: Bench) -> None:
    path = f"{RECORDS}/{add(cf, record(HOST))['id']}"
    assert cf.ok("DELETE", path) == {"id": path.rsplit("/", 1)[1]}
    for method in ("GET", "DELETE"):
        assert cf.refused(method, path) == (404, 81044, "Record does not exist.")
    assert cf.refused("PATCH", path, record(HOST))[:2] == (404, 81044)


def test_the_quota_of_the_plan_is_counted(cf: Bench) -> None:
    posts = [address(f"192.0.2.{n % 250 + 1}", name=f"h{n}.example.com") for n in range(200)]
    cf.ok("POST", f"{RECORDS}/batch", {"posts": posts})
    assert cf.refused("POST", RECORDS, record(HOST)) == (400, 81045, "Record quota exceeded.")
    cf.patch(plan="pro")
    add(cf, record(HOST))


@pytest.fixture
def full() -> Iterator[Bench]:
    """A zone with a few records to choose from."""
    records = [
        record("a.example.com", comment="tdr: ours", proxied=True),
        record("b.example.com", "eu.spgo.io", comment="Theirs", tags=["team:mail"]),
        address("text a", "TXT", "a.example.com"),
        address("192.0.2.7", name="c.example.com"),
    ]
    with bench(world({"name": "example.com", "plan": "pro", "records": records})) as running:
        yield running


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["c A", "a CNAME", "b CNAME", "a TXT"]),
        ({"type": "CNAME"}, ["a CNAME", "b CNAME"]),
        ({"name": "a.example.com"}, ["a CNAME", "a TXT"]),
        ({"name.exact": "A.example.com", "type": "TXT"}, ["a TXT"]),
        ({"name.startswith": "b"}, ["b CNAME"]),
        ({"name.contains": "EXAMPLE", "proxied": "true"}, ["a CNAME"]),
        ({"content.exact": "eu.spgo.io"}, ["b CNAME"]),
        ({"content.endswith": "spgo.io"}, ["a CNAME", "b CNAME"]),
        ({"comment.startswith": "tdr:"}, ["a CNAME"]),
        ({"comment.exact": "theirs"}, ["b CNAME"]),
        ({"comment.present": "true"}, ["a CNAME", "b CNAME"]),
        ({"comment.absent": "true"}, ["c A", "a TXT"]),
        ({"tag.exact": "team:mail"}, ["b CNAME"]),
        ({"tag.present": "team"}, ["b CNAME"]),
        ({"search": "192.0.2.7"}, ["c A"]),
        ({"type": "TXT", "name.exact": "c.example.com", "match": "any"}, ["c A", "a TXT"]),
        ({"order": "name", "direction": "desc"}, ["c A", "b CNAME", "a CNAME", "a TXT"]),
    ],
)
def test_lists_are_filtered_and_ordered(full: Bench, query: dict[str, str], found: list[str]) -> None:
    rows = [f"{r['name'].partition('.')[0]} {r['type']}" for r in full.ok("GET", RECORDS, **query)]
    assert rows == found


def test_lists_are_paged_up_to_five_million(full: Bench) -> None:
    answer = full.call("GET", RECORDS, per_page=3, page=2).json()
    assert answer["result_info"] == {"page": 2, "per_page": 3, "count": 1, "total_count": 4, "total_pages": 2}
    assert full.call("GET", RECORDS).json()["result_info"]["per_page"] == 100
    assert len(full.ok("GET", RECORDS, per_page=5_000_000)) == 4
    assert full.call("GET", RECORDS, per_page=5_000_001).status_code == 400


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"type": "CAA", "data": {"flags": 0, "tag": "issue", "value": "pki.goog"}}, '0 issue "pki.goog"'),
        (
            {"type": "SRV", "data": {"priority": 1, "weight": 2, "port": 3, "target": "t.example.net"}},
            "2 3 t.example.net",
        ),
        ({"type": "MX", "content": "mx.example.net", "priority": 10}, "mx.example.net"),
        ({"type": "HTTPS", "data": {"priority": 1, "target": ".", "value": "alpn=h2"}}, "1 . alpn=h2"),
    ],
)
def test_structured_records_show_their_content(cf: Bench, body: dict[str, Any], content: str) -> None:
    assert add(cf, {"name": "s.example.com", "ttl": 300, **body})["content"] == content
