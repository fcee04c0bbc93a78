"""Tokens, scopes, the limit on writes, the world's section and what may be set from outside."""

from __future__ import annotations

from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.fastly import EMULATOR
from tests.sandbox.fastly.bench import (
    CUSTOMER,
    DOMAINS,
    HOST,
    TOKEN,
    Bench,
    bench,
    customer,
    live,
    world,
)

NOBODY = (401, "Provided credentials are missing or invalid", "")
HOUR_S = 3600


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize("path", ["/service", DOMAINS, "/tokens/self"])
def test_a_token_is_asked_for(token: str, path: str) -> None:
    with bench(token=token) as fastly:
        assert fastly.refused("GET", path) == NOBODY


def test_a_token_tells_whose_it_is_and_no_other_customer_is_seen() -> None:
    theirs = {"customer": "other", "token": "t2", "services": [{"name": "theirs", "id": "S9"}]}
    with bench(world(customer(scope="global:read"), theirs)) as fastly:
        own = fastly.get("/tokens/self")
        assert (own["customer_id"], own["scope"]) == (CUSTOMER, "global:read")
        assert fastly.get("/service") == []
        told = (404, "Record not found", "Cannot find service 'S9'")
        assert fastly.refused("GET", "/service/S9/details") == told


def test_a_token_that_reads_may_not_write() -> None:
    with bench(world(customer(scope="global:read"))) as fastly:
        words = "You are not authorized to perform this action"
        assert fastly.refused("POST", "/service", data={"name": "links"}) == (403, words, "")
        assert fastly.refused("POST", DOMAINS, json={"fqdn": HOST})[::2] == (403, words)
        fastly.control(scope="global")
        fastly.draft()


def left(fastly: Bench, method: str, path: str, **more: Any) -> str | None:
    return fastly.call(method, path, **more).headers.get("Fastly-RateLimit-Remaining")


def test_writes_are_counted_by_the_hour_of_the_clock_and_reads_are_not() -> None:
    with bench(world(customer(limits={"writes_per_hour": 2}))) as fastly:
        fastly.advance(600)
        assert left(fastly, "POST", "/service", data={"name": "a"}) == "1"
        assert left(fastly, "GET", "/service") is None
        assert left(fastly, "POST", DOMAINS, json={"fqdn": HOST}) is None  # counted, and not told
        over = fastly.call("POST", "/service", data={"name": "b"})
        now = fastly.sandbox.control("GET", "/clock")["now"]
        assert (over.status_code, over.headers["Fastly-RateLimit-Remaining"]) == (429, "0")
        reset = int(over.headers["Fastly-RateLimit-Reset"])
        assert (reset % HOUR_S, 0 < reset - now <= HOUR_S - 600) == (0, True)
        assert len(fastly.get("/service")) == 1
        fastly.advance(reset - now)
        assert left(fastly, "POST", "/service", data={"name": "b"}) == "1"


def test_the_domain_api_tells_the_limit_where_the_switch_says_so() -> None:
    with bench() as fastly:
        fastly.switch("rate-limit-headers", "every-write")
        assert left(fastly, "POST", DOMAINS, json={"fqdn": HOST}) == "999"


def test_a_limit_set_from_outside_goes_before_the_customers() -> None:
    with bench() as fastly:
        fastly.sandbox.control("PUT", "/limits/fastly", {"requests": 1, "per_s": 60})
        fastly.draft()
        assert fastly.refused("POST", "/service", data={"name": "b"})[0] == 429


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"token": ""}, "fastly[0].token"),
        ({"scope": "all"}, "fastly[0].scope"),
        ({"limits": {"writes": 3}}, "fastly[0].limits.writes"),
        ({"limits": {"domains": -1}}, "fastly[0].limits.domains"),
        ({"versionless": "yes"}, "fastly[0].versionless"),
        ({"what": 1}, "fastly[0].what"),
        ({"services": [{"comment": "x"}]}, "fastly[0].services[0].name"),
        ({"services": [{"name": "a", "active": {"domain": []}}]}, "fastly[0].services[0].active.domain"),
        (
            {"services": [{"name": "a", "draft": {"backends": [{"name": "x", "hostnam": "y"}]}}]},
            "fastly[0].services[0].draft.backends[0].hostnam",
        ),
        ({"services": [{"name": "a", "draft": {"headers": [{"name": "x"}]}}]}, "draft.headers[0]"),
        ({"services": [{"name": "a"}, {"name": "a"}]}, "fastly[0].services[1].id"),
        ({"domains": [{"fqdn": HOST, "service": "S9"}]}, "fastly[0].domains[0].service"),
    ],
)
def test_a_mistake_in_the_world_is_told_with_its_place(entry: dict[str, Any], place: str) -> None:
    given = world(customer(**entry))
    with pytest.raises(WorldError) as caught, started(given, emulators=[EMULATOR]):
        raise AssertionError("the sandbox started")
    assert place in caught.value.path


def test_two_customers_have_tokens_of_their_own() -> None:
    theirs = {"customer": "other", "token": "t2", "env": "OTHER_TOKEN"}
    with bench(world(customer(), theirs)) as fastly:
        env = fastly.sandbox.env
        assert (env["FASTLY_API_TOKEN"], env["OTHER_TOKEN"]) == (TOKEN, "t2")
    with pytest.raises(WorldError), started(world(customer(), {**theirs, "token": TOKEN})):
        raise AssertionError("the sandbox started")


def test_the_worlds_versions_are_there_with_their_content() -> None:
    settings = {"general.default_ttl": 10}
    service = {"name": "links", "id": "S1", "active": live(HOST, settings=settings), "draft": live()}
    with bench(world(customer(services=[service]))) as fastly:
        first, second = fastly.get("/service/S1/version")
        assert (first["active"], first["locked"], second["locked"]) == (True, True, False)
        active = fastly.get("/service/S1/details")["active_version"]
        assert active["settings"]["general.default_ttl"] == 10
        assert active["backends"][0]["ssl_sni_hostname"] == "spgo.io"


def test_a_change_from_outside_names_what_is_wrong() -> None:
    with bench() as fastly:
        with pytest.raises(ControlError, match="there is no customer nobody"):
            fastly.sandbox.control("PATCH", "/vendors/fastly", {"customers": {"nobody": {}}})
        with pytest.raises(ControlError, match="limits"):
            fastly.control(limits={"writes": 1})
