"""What Cloudflare's name servers answer."""

from collections.abc import Iterator

import dns.message
import dns.query
import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, record, world

HOST = "click.example.com"
RECORDS = "/zones/{zone}/dns_records"
EDGES = ("198.51.100.7", "198.51.100.8")


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A zone with some of everything."""
    records = [
        record(HOST),
        record("on.example.com", proxied=True),
        record("*.wild.example.com", proxied=True),
        record("auto.example.com") | {"ttl": 1},
        {"type": "TXT", "name": "t.example.com", "content": 'it\'s plain; \\ and "quoted"', "ttl": 60},
        {"type": "TXT", "name": "q.example.com", "content": '"two " "strings"', "ttl": 60},
        {"type": "TXT", "name": "l.example.com", "content": f'"{"x" * 400}"', "ttl": 60},
        {"type": "MX", "name": "example.com", "content": "mx.example.net", "priority": 10, "ttl": 60},
        {"type": "CNAME", "name": "example.com", "content": "spgo.io", "ttl": 60},
    ]
    with bench(world({"name": "example.com", "records": records})) as running:
        yield running


def ttls(cf: Bench, name: str, kind: str) -> set[int]:
    kernel = cf.sandbox.kernel
    return {r.ttl for r in cf.sandbox.do(lambda: kernel.resolve(name, kind, fresh=True)).records}


def test_a_record_that_is_dns_only_is_answered_as_stored(cf: Bench) -> None:
    assert cf.dns(HOST, "CNAME") == ("spgo.io",)
    assert ttls(cf, HOST, "CNAME") == {300}


def test_an_automatic_ttl_is_300(cf: Bench) -> None:
    assert ttls(cf, "auto.example.com", "CNAME") == {300}


@pytest.mark.parametrize("name", ["on.example.com", "any.wild.example.com"])
def test_a_proxied_name_is_the_edge_with_a_ttl_of_300(cf: Bench, name: str) -> None:
    assert cf.dns(name, "A") == EDGES
    assert cf.dns(name, "CNAME") == ()
    assert ttls(cf, name, "A") == {300}


def test_a_change_is_answered_at_once(cf: Bench) -> None:
    row = cf.ok("GET", RECORDS, name=HOST)[0]
    body = {"name": HOST, "type": "CNAME", "ttl": 1, "proxied": True}
    cf.ok("PATCH", f"{RECORDS}/{row['id']}", body)
    assert cf.dns(HOST, "A") == EDGES


def test_a_cname_at_the_apex_is_flattened(cf: Bench) -> None:
    assert cf.dns("example.com", "A") == ("203.0.113.10",)
    assert cf.dns("example.com", "CNAME") == ()
    assert "mx.example.net" in str(cf.dns("example.com", "MX"))


def test_txt_is_answered_as_text_and_as_strings(cf: Bench) -> None:
    assert cf.dns("t.example.com", "TXT") == ('it\'s plain; \\ and "quoted"',)
    assert cf.dns("q.example.com", "TXT") == ("two strings",)
    assert cf.dns("l.example.com", "TXT") == ("x" * 400,)


def test_an_unknown_name_is_unknown(cf: Bench) -> None:
    kernel = cf.sandbox.kernel
    assert cf.sandbox.do(lambda: kernel.resolve("no.example.com", "A", fresh=True)).rcode == "NXDOMAIN"


def test_a_paused_zone_answers_with_the_origin(cf: Bench) -> None:
    cf.patch(paused=True)
    assert cf.dns("on.example.com", "CNAME") == ("spgo.io",)


def test_caa_records_get_cloudflares_own_beside_them(cf: Bench) -> None:
    data = {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
    cf.ok("POST", RECORDS, {"type": "CAA", "name": "example.com", "ttl": 60, "data": data})
    shown = " ".join(cf.dns("example.com", "CAA"))
    assert "letsencrypt.org" in shown
    assert "pki.goog" in shown
    assert len(cf.ok("GET", RECORDS, type="CAA")) == 1


def test_a_zone_nobody_delegated_is_not_found_from_the_root(cf: Bench) -> None:
    cf.patch(delegated=False)
    kernel = cf.sandbox.kernel
    assert cf.sandbox.do(lambda: kernel.resolve(HOST, "A", fresh=True)).rcode == "NXDOMAIN"
    cf.patch(delegated=True)
    assert cf.dns(HOST, "CNAME") == ("spgo.io",)


def test_cloudflares_servers_answer_for_a_zone_that_lives_elsewhere() -> None:
    zone = {"name": "example.com", "status": "pending", "records": [record(HOST, "new.example.net")]}
    elsewhere = {"zone": "example.com", "records": [record(HOST, "old.example.net")]}
    with bench(world(zone, dns=[elsewhere])) as cf:
        assert cf.dns(HOST, "CNAME") == ("old.example.net",)
        assert not any("cloudflare" in server for server in cf.dns("example.com", "NS"))
        host, _, port = cf.sandbox.net_map["192.0.2.10:53"].partition(":")
        question = dns.message.make_query(HOST, "CNAME", flags=0)
        answer = dns.query.udp(question, host, port=int(port), timeout=5)
        assert "new.example.net." in answer.answer[0].to_text()
        cf.patch(delegated=True)
        assert cf.dns(HOST, "CNAME") == ("new.example.net",)


def test_a_pending_zone_does_not_proxy() -> None:
    zone = {"name": "example.com", "status": "pending", "records": [record(HOST, proxied=True)]}
    with bench(world(zone)) as cf:
        cf.patch(delegated=True)
        assert cf.dns(HOST, "CNAME") == ("spgo.io",)
        cf.advance(61)
        assert cf.dns(HOST, "A") == EDGES
