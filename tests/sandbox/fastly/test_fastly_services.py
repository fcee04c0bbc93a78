"""Services and versions: their life, their locks, and what is refused in Fastly's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.fastly.bench import BACKEND, CUSTOMER, HOST, Bench, bench, customer, live, world

OTHER = {"customer": "other", "token": "other-token"}


@pytest.fixture
def fastly() -> Iterator[Bench]:
    """An account with nothing in it."""
    with bench() as running:
        yield running


def filled(fastly: Bench, draft: str, host: str = HOST) -> None:
    fastly.post(f"{draft}/domain", name=host, comment="mine")
    fastly.post(f"{draft}/backend", **BACKEND)


def test_a_service_begins_with_an_unlocked_draft_and_goes_live_by_activation(fastly: Bench) -> None:
    draft = fastly.draft(comment="tdr acme spgo.io")
    filled(fastly, draft)
    assert fastly.get(f"{draft}/validate") == {"status": "ok", "msg": None}
    done = fastly.put(f"{draft}/activate")

    assert (done["active"], done["locked"], done["msg"]) == (True, True, None)
    (listed,) = fastly.get("/service")
    assert (listed["version"], listed["customer_id"]) == (1, CUSTOMER)
    details = fastly.get(f"/service/{listed['id']}/details", **{"filter[versions.active]": "true"})
    assert [domain["name"] for domain in details["active_version"]["domains"]] == [HOST]
    assert details["active_version"]["backends"][0]["ssl_check_cert"] is True
    assert [domain["name"] for domain in fastly.get(f"/service/{listed['id']}/domain")] == [HOST]


def test_a_locked_version_takes_no_writes_and_a_clone_of_it_does(fastly: Bench) -> None:
    draft = fastly.draft()
    filled(fastly, draft)
    fastly.put(f"{draft}/activate")
    service = draft.split("/")[2]

    words = f"Version '1' for service '{service}' is locked"
    for method, path in (("POST", "backend"), ("PUT", "settings"), ("DELETE", f"domain/{HOST}")):
        assert fastly.refused(method, f"{draft}/{path}", data=BACKEND)[:3] == (422, "Version locked", words)

    clone = fastly.put(f"{draft}/clone")
    assert (clone["number"], clone["locked"], clone["active"]) == (2, False, False)
    after = f"/service/{service}/version/2"
    fastly.delete(f"{after}/domain/{HOST}")
    assert fastly.get(f"/service/{service}/domain")[0]["name"] == HOST
    fastly.post(f"{after}/domain", name="other.example.com")
    fastly.put(f"{after}/activate")
    assert [version["active"] for version in fastly.get(f"/service/{service}/version")] == [False, True]
    fastly.put(f"{draft}/activate")  # an older version may come back
    assert [version["active"] for version in fastly.get(f"/service/{service}/version")] == [True, False]


def test_a_version_is_made_empty_labelled_and_locked_by_hand(fastly: Bench) -> None:
    service = fastly.draft().removesuffix("/version/1")
    assert fastly.post(f"{service}/version", comment="next") == {
        "comment": "next",
        "number": 2,
        "service_id": service.removeprefix("/service/"),
    }
    assert fastly.put(f"{service}/version/2", comment="tdr: +click")["comment"] == "tdr: +click"
    assert fastly.put(f"{service}/version/2/lock")["locked"] is True
    assert fastly.put(f"{service}/version/2", comment="later")["comment"] == "later"
    fastly.switch("comment-on-locked", "refused")
    assert fastly.refused("PUT", f"{service}/version/2", data={"comment": "x"})[0] == 422


def test_a_version_without_a_domain_is_activated_as_the_switch_says(fastly: Bench) -> None:
    draft = fastly.draft()
    words = "Version has no associated domains"
    assert fastly.get(f"{draft}/validate") == {"status": "error", "msg": words}
    assert fastly.refused("PUT", f"{draft}/activate") == (400, "Bad request", words)

    fastly.switch("activate-without-domain", "versionless-counts")
    assert fastly.get(f"{draft}/validate")["status"] == "error"
    body = {"fqdn": HOST, "service_id": draft.split("/")[2]}
    assert fastly.call("POST", "/domain-management/v1/domains", json=body).status_code == 201
    assert fastly.get(f"{draft}/validate")["status"] == "ok"

    second = fastly.draft(name="second")
    fastly.switch("activate-without-domain", "allowed")
    assert fastly.put(f"{second}/activate")["msg"].startswith("Warning: No default director found")


def test_a_service_is_deactivated_before_it_is_deleted(fastly: Bench) -> None:
    draft = fastly.draft()
    filled(fastly, draft)
    assert fastly.refused("PUT", f"{draft}/deactivate")[0] == 400
    fastly.put(f"{draft}/activate")
    service = draft.removesuffix("/version/1")
    words = "Cannot delete service with active version"
    assert fastly.refused("DELETE", service) == (400, "Bad request", words)
    assert fastly.put(f"{draft}/deactivate")["active"] is False
    assert fastly.delete(service) == {"status": "ok"}

    deleted = f"Service '{service.removeprefix('/service/')}' is deleted"
    assert fastly.refused("DELETE", service) == (400, "Bad request", deleted)
    assert fastly.refused("PUT", f"{draft}/activate") == (400, "Bad request", deleted)
    assert fastly.get("/service") == []
    assert fastly.get(service)["deleted_at"] is not None
    fastly.draft()  # its name is free again


def test_names_are_unique_and_are_found(fastly: Bench) -> None:
    draft = fastly.draft(name="links")
    assert fastly.refused("POST", "/service", data={"name": "links"})[:2] == (409, "Duplicate record")
    assert fastly.refused("POST", "/service", data={"comment": "x"})[:2] == (400, "Name can't be blank")
    service = draft.removesuffix("/version/1")
    fastly.put(service, name="renamed", comment="tdr acme spgo.io")
    found = fastly.get("/service/search", name="renamed")
    assert (found["comment"], "paused" in found) == ("tdr acme spgo.io", False)
    assert fastly.refused("GET", "/service/search", params={"name": "links"})[0] == 404


def test_services_are_listed_in_pages(fastly: Bench) -> None:
    for number in range(25):
        fastly.post("/service", name=f"s{number:02}")
        fastly.advance(1)
    first = fastly.call("GET", "/service")
    assert len(first.json()) == 20
    assert first.links["next"]["url"].endswith("/service?page=2&per_page=20")
    second = fastly.call("GET", "/service", params={"page": "2"})
    assert (len(second.json()), "next" in second.links) == (5, False)
    newest = fastly.get("/service", per_page="3", sort="created", direction="descend")
    assert [each["name"] for each in newest] == ["s24", "s23", "s22"]


@pytest.mark.parametrize(("setting", "rows"), [("served", 101), ("capped", 100)])
def test_a_page_of_more_than_a_hundred(setting: str, rows: int) -> None:
    services = [{"name": f"s{number}"} for number in range(101)]
    with bench(world(customer(services=services)), judged=False) as fastly:
        fastly.switch("page-over-100", setting)
        assert len(fastly.get("/service", per_page="200")) == rows


def test_details_filter_and_named_versions(fastly: Bench) -> None:
    draft = fastly.draft()
    filled(fastly, draft)
    fastly.put(f"{draft}/activate")
    fastly.put(f"{draft}/clone")
    details = f"{draft.removesuffix('/version/1')}/details"
    active = {"filter[versions.active]": "true"}
    numbers = lambda **query: [version["number"] for version in fastly.get(details, **query)["versions"]]  # noqa: E731
    assert numbers() == [1, 2]
    assert numbers(**active) == [1]
    fastly.switch("details-filter", "all")
    assert numbers(**active) == [1, 2]
    assert fastly.get(details)["version"]["number"] == 2
    assert fastly.get(details, version="1")["version"]["active"] is True


def test_what_changes_between_versions_is_shown_as_text(fastly: Bench) -> None:
    draft = fastly.draft()
    filled(fastly, draft)
    fastly.put(f"{draft}/clone")
    service = draft.removesuffix("/version/1")
    fastly.put(f"{service}/version/2/settings", **{"general.default_ttl": "10"})
    fastly.post(f"{service}/version/2/domain", name="next.example.com")

    told: dict[str, Any] = fastly.get(f"{service}/diff/from/1/to/2", format="text")
    lines = told["diff"].splitlines()
    assert (told["from"], told["to"], told["format"]) == ("1", "2", "text")
    changed = [line for line in lines if line[0] in "+-"]
    assert changed == [
        "+- name: next.example.com",
        "+  comment: ''",
        "-  general.default_ttl: 3600",
        "+  general.default_ttl: 10",
    ]
    assert "   ssl_ca_cert:" in lines


@pytest.mark.parametrize("words", ["already taken", "owned"])
def test_a_host_of_another_customer_is_refused(words: str) -> None:
    theirs = {**OTHER, "services": [{"name": "theirs", "active": live(HOST)}]}
    with bench(world(customer(), theirs)) as fastly:
        fastly.switch("taken-words", "owned" if words == "owned" else "already-taken")
        draft = fastly.draft()
        told = fastly.refused("POST", f"{draft}/domain", data={"name": HOST})
        assert told == (400, "Bad request", f"Domain '{HOST}' is {words} by another customer")


@pytest.mark.parametrize("when", ["at-write", "at-activation"])
def test_a_host_that_another_service_serves_is_refused(when: str) -> None:
    mine = {"name": "mine", "id": "S1", "active": live(HOST)}
    with bench(world(customer(services=[mine]))) as fastly:
        fastly.switch("taken-within-account", when)
        draft = fastly.draft()
        if when == "at-activation":
            fastly.post(f"{draft}/domain", name=HOST)
        path = f"{draft}/domain" if when == "at-write" else f"{draft}/activate"
        told = fastly.refused("POST" if when == "at-write" else "PUT", path, data={"name": HOST})
        assert told == (400, "Bad request", f"Domain '{HOST}' is already taken by another service: S1")


def test_an_account_has_so_many_domains() -> None:
    with bench(world(customer(limits={"domains": 1}))) as fastly:
        draft = fastly.draft()
        fastly.post(f"{draft}/domain", name=HOST)
        told = fastly.refused("POST", f"{draft}/domain", data={"name": "b.example.com"})
        assert told == (400, "Bad request", "Exceeding max number of domains: 1")


def test_state_outlives_a_restart() -> None:
    given = world(customer(services=[{"name": "mine", "id": "S1", "active": live(HOST)}]))
    with bench(given) as fastly:
        saved = fastly.sandbox.control("GET", "/vendors/fastly")
    with bench() as again:
        again.sandbox.do(lambda: again.sandbox.kernel.vendors["fastly"].load(saved))
        assert again.get("/service/S1/domain")[0]["name"] == HOST
        assert again.sandbox.control("GET", "/vendors/fastly") == saved
