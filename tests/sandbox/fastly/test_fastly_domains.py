"""Versionless domains: linked and unlinked at once, in pages, of one customer each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.fastly.bench import DOMAINS, HOST, Bench, bench, customer, live, world

TAKEN = (400, "Invalid value for fqdn", "fqdn has already been taken")


@pytest.fixture
def fastly() -> Iterator[Bench]:
    """An account with a service and nothing else."""
    with bench(world(customer(services=[{"name": "links", "id": "S1"}]))) as running:
        yield running


def make(fastly: Bench, fqdn: str = HOST, **more: Any) -> dict[str, Any]:
    answer = fastly.call("POST", DOMAINS, json={"fqdn": fqdn, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_domain_is_made_linked_described_and_deleted(fastly: Bench) -> None:
    made = make(fastly, description="tdr acme click.example.com")
    assert (made["service_id"], made["activated"], made["verified"]) == (None, False, False)
    linked = fastly.call("PATCH", f"{DOMAINS}/{made['id']}", json={"service_id": "S1"}).json()
    assert (linked["service_id"], linked["description"]) == ("S1", "tdr acme click.example.com")
    assert fastly.get(f"{DOMAINS}/{made['id']}") == linked
    unlinked = fastly.call("PATCH", f"{DOMAINS}/{made['id']}", json={"service_id": None}).json()
    assert unlinked["service_id"] is None
    assert fastly.call("DELETE", f"{DOMAINS}/{made['id']}").status_code == 204
    assert fastly.refused("GET", f"{DOMAINS}/{made['id']}")[0] == 404


def test_what_is_wrong_is_refused(fastly: Bench) -> None:
    made = make(fastly)
    assert fastly.refused("POST", DOMAINS, json={"fqdn": HOST.upper()}) == TAKEN
    assert fastly.refused("POST", DOMAINS, json={"fqdn": "no host"})[1] == "Invalid value for fqdn"
    at = f"{DOMAINS}/{made['id']}"
    assert fastly.refused("PATCH", at, json={"service_id": "S9"})[1] == "Invalid value for service_id"
    assert fastly.refused("PATCH", at, json={"fqdn": "x.example.com"})[1] == "Invalid value for fqdn"


def test_pages_follow_a_cursor_to_the_end(fastly: Bench) -> None:
    names = [f"h{number:03}.example.com" for number in range(45)]
    for name in names:
        make(fastly, name)
    seen, cursor, pages = list[str](), None, 0
    while cursor is not None or pages == 0:
        query = {"limit": "20", "sort": "fqdn", **({"cursor": cursor} if cursor else {})}
        page = fastly.get(DOMAINS, **query)
        seen += [row["fqdn"] for row in page["data"]]
        cursor, pages = page["meta"].get("next_cursor"), pages + 1
    assert (seen, pages, page["meta"]) == (names, 3, {"total": 45, "limit": 20})
    assert fastly.refused("GET", DOMAINS, params={"limit": "101"})[1] == "Invalid value for limit"


def test_filters_are_all_to_hold(fastly: Bench) -> None:
    make(fastly, "a.example.com", service_id="S1")
    make(fastly, "b.example.com")
    names = lambda **query: [row["fqdn"] for row in fastly.get(DOMAINS, **query)["data"]]  # noqa: E731
    assert names(fqdn="a.exam") == ["a.example.com"]
    assert names(fqdn="a.exam", fqdn_match="exact") == []
    assert names(service_id="S1") == ["a.example.com"]
    assert names(sort="-fqdn") == ["b.example.com", "a.example.com"]
    assert names(activated="true") == []


def test_a_host_of_another_customer_is_taken_and_numbers_are_limited() -> None:
    theirs = {"customer": "other", "token": "t2", "domains": [{"fqdn": HOST}]}
    with bench(world(customer(limits={"domains": 1}), theirs)) as fastly:
        assert fastly.refused("POST", DOMAINS, json={"fqdn": HOST}) == TAKEN
        make(fastly, "a.example.com")
        told = fastly.refused("POST", DOMAINS, json={"fqdn": "b.example.com"})
        assert told == (400, "Bad request", "Exceeding max number of domains: 1")


@pytest.mark.parametrize(("setting", "status"), [("forbidden-403", 403), ("not-found-404", 404)])
def test_an_account_without_them_is_refused(setting: str, status: int) -> None:
    with bench(world(customer(versionless=False))) as fastly:
        fastly.switch("no-versionless", setting)
        assert fastly.refused("GET", DOMAINS)[0] == status
        fastly.control(versionless=True)
        assert fastly.get(DOMAINS)["data"] == []


@pytest.mark.parametrize(("setting", "services"), [("linked", ["S1"]), ("unlinked", [None]), ("absent", [])])
def test_classic_domains_appear_as_the_switch_says(setting: str, services: list[Any]) -> None:
    classic = {"name": "links", "id": "S1", "active": live(HOST)}
    with bench(world(customer(services=[classic]))) as fastly:
        fastly.switch("classic-domains-listed", setting)
        rows = fastly.get(DOMAINS)["data"]
        assert [row["service_id"] for row in rows] == services
        if not rows:
            make(fastly)
            return
        assert fastly.refused("POST", DOMAINS, json={"fqdn": HOST}) == TAKEN
        assert fastly.refused("DELETE", f"{DOMAINS}/{rows[0]['id']}")[0] == 400
        # linking it makes it versionless: from then on it is deleted as one
        linked = fastly.call("PATCH", f"{DOMAINS}/{rows[0]['id']}", json={"service_id": "S1"})
        assert linked.json()["service_id"] == "S1"
        assert fastly.call("DELETE", f"{DOMAINS}/{rows[0]['id']}").status_code == 204


@pytest.mark.parametrize(("setting", "left"), [("unlinked", None), ("dangling", "S1")])
def test_a_deleted_service_leaves_its_domains(setting: str, left: str | None) -> None:
    domains = [{"fqdn": HOST, "id": "D1", "service": "S1"}]
    with bench(world(customer(services=[{"name": "links", "id": "S1"}], domains=domains))) as fastly:
        fastly.switch("deleted-service-domains", setting)
        fastly.delete("/service/S1")
        assert fastly.get(f"{DOMAINS}/D1")["service_id"] == left


def test_a_domain_stays_as_long_as_a_subscription_names_it() -> None:
    account = customer(
        services=[{"name": "links", "id": "S1"}],
        domains=[{"fqdn": HOST, "service": "S1"}],
        subscriptions=[{"domains": [HOST], "state": "pending"}],
    )
    with bench(world(account)) as fastly:
        (domain,) = fastly.get(DOMAINS)["data"]
        status, title, detail = fastly.refused("DELETE", f"{DOMAINS}/{domain['id']}")
        assert (status, title) == (400, "Invalid value for subscriptions")
        assert "Remove the subscription(s) before deleting this domain." in detail
        (subscription,) = fastly.get("/tls/subscriptions")["data"]
        assert fastly.call("DELETE", f"/tls/subscriptions/{subscription['id']}").status_code == 204
        assert fastly.call("DELETE", f"{DOMAINS}/{domain['id']}").status_code == 204
