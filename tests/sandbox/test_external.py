"""The edges of nobody in particular: right unless told to be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.external.world import WRONG
from providers.sandbox.fetch import Fetched, FetchError
from providers.sandbox.running import Running

CLICK, EDGE = "click.example.com", "edge.proxy.example"
WORLD: dict[str, Any] = {
    "sparkpost": [
        {
            "region": "us",
            "key": "k",
            "env": "SPARKPOST_API_KEY",
            "tracking_domains": [{"domain": CLICK, "verified": True}],
        }
    ],
    "external": [{"name": EDGE, "addresses": ["198.51.100.9", "2001:db8::9"], "hosts": [CLICK]}],
}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with started(WORLD) as found:
        yield found


@pytest.fixture
def sandbox(running: Running) -> Iterator[Running]:
    yield running
    told(running, wrong=[], hosts=[CLICK], origin="spgo.io")
    running.control("PATCH", "/vendors/sparkpost", {"clear_events": True})


def told(sandbox: Running, **members: Any) -> Any:
    return sandbox.control("PATCH", "/vendors/external", {EDGE: members})


def visit(sandbox: Running, url: str, connect_to: str = EDGE) -> Fetched:
    headers = (("User-Agent", "Mailer"), ("X-Sandbox-Client", "192.0.2.77"))
    return sandbox.run(sandbox.kernel.fetch(url, headers=headers, connect_to=connect_to))


def event(sandbox: Running) -> dict[str, Any]:
    (found,) = sandbox.control("GET", "/vendors/sparkpost")["events"]
    return dict(found)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("address", [EDGE, "198.51.100.9", "2001:db8::9"])
def test_a_click_is_forwarded_with_all_that_sparkpost_needs(
    sandbox: Running, scheme: str, address: str
) -> None:
    answer = visit(sandbox, f"{scheme}://{CLICK}/f/a/1?target=https://shop.example.org/", address)
    assert (answer.status, answer.header("location")) == (302, "https://shop.example.org/")
    seen = event(sandbox)
    assert (seen["host"], seen["tracking_host"], seen["user_agent"]) == (CLICK, CLICK, "Mailer")
    assert (seen["client"], seen["scheme"], seen["sni"]) == ("192.0.2.77", "https", "spgo.io")


def test_its_name_has_its_addresses(sandbox: Running) -> None:
    def found(kind: str) -> tuple[str, ...]:
        return sandbox.do(lambda: sandbox.kernel.resolve(EDGE, kind).values(kind))

    assert (found("A"), found("AAAA")) == (("198.51.100.9",), ("2001:db8::9",))


@pytest.mark.parametrize(
    ("wrong", "member", "seen"),
    [
        ("no-host", "host", "spgo.io"),
        ("no-user-agent", "user_agent", ""),
        ("no-client", "client", "198.51.100.9"),
        ("no-query", "query", ""),
    ],
)
def test_what_a_wrong_edge_keeps_from_sparkpost(sandbox: Running, wrong: str, member: str, seen: str) -> None:
    told(sandbox, wrong=[wrong])
    assert visit(sandbox, f"https://{CLICK}/f/a/1?target=https://shop.example.org/").status == 302
    assert event(sandbox)[member] == seen


@pytest.mark.parametrize(
    ("wrong", "scheme", "stage"),
    [
        ("no-certificate", "https", "tls"),
        ("own-certificate", "https", "tls"),
        ("expired", "https", "tls"),
        ("no-http", "http", "protocol"),
    ],
)
def test_a_wrong_edge_that_nobody_gets_an_answer_from(
    sandbox: Running, wrong: str, scheme: str, stage: str
) -> None:
    told(sandbox, wrong=[wrong])
    with pytest.raises(FetchError) as caught:
        visit(sandbox, f"{scheme}://{CLICK}/f/a/1")
    assert caught.value.stage == stage


def test_a_wrong_edge_that_redirects_or_knows_nothing(sandbox: Running) -> None:
    told(sandbox, wrong=["redirects"])
    answer = visit(sandbox, f"http://{CLICK}/f/a/1?b=c")
    assert (answer.status, answer.header("location")) == (301, f"https://{CLICK}/f/a/1?b=c")
    assert visit(sandbox, f"https://{CLICK}/f/a/1").status == 302
    told(sandbox, wrong=["not-found"])
    assert visit(sandbox, f"https://{CLICK}/f/a/1").status == 404


def test_a_host_that_is_not_its_own_is_refused(sandbox: Running) -> None:
    assert visit(sandbox, "http://other.example.com/f/a/1").status == 404
    with pytest.raises(FetchError, match="other"):
        visit(sandbox, "https://other.example.com/f/a/1")


def test_a_wildcard_certificate_serves_one_label(sandbox: Running) -> None:
    told(sandbox, hosts=["*.example.com"])
    assert visit(sandbox, f"https://{CLICK}/f/a/1").status == 302
    with pytest.raises(FetchError):
        visit(sandbox, f"https://deep.{CLICK}/f/a/1")


def test_an_origin_that_is_not_there_is_a_502(sandbox: Running) -> None:
    told(sandbox, origin="gone.example.net")
    assert visit(sandbox, f"https://{CLICK}/f/a/1").status == 502


def test_state_outlives_a_restart(sandbox: Running) -> None:
    told(sandbox, wrong=["redirects"], hosts=[CLICK, "go.example.com"])
    saved = sandbox.control("GET", "/vendors/external")
    with started(WORLD) as again:
        again.do(lambda: again.kernel.vendors["external"].load(saved))
        assert again.control("GET", "/vendors/external") == saved


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nobody": {}}, "no edge is called nobody"),
        ({EDGE: {"wrong": ["lazy"]}}, "redirects"),
        ({EDGE: {"addresses": []}}, "hosts, origin, wrong"),
    ],
)
def test_a_change_that_cannot_be_says_what_can(sandbox: Running, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlError, match=said):
        sandbox.control("PATCH", "/vendors/external", changes)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({}, "external: must be a list"),
        ([{"addresses": []}], "external[0]: write"),
        ([{"name": EDGE, "addresses": "198.51.100.9"}], "external[0].addresses: must be a list"),
        ([{"name": EDGE, "addresses": ["here"]}], "external[0].addresses: 'here'"),
        ([{"name": "..", "addresses": []}], "external[0].name"),
        ([{"name": EDGE, "addresses": [], "wrong": ["lazy"]}], f"none of {', '.join(WRONG)}"),
        ([{"name": EDGE, "addresses": [], "colour": "red"}], "external[0].colour: unknown key"),
    ],
)
def test_a_world_that_cannot_be_says_where_and_what_to_write(section: Any, said: str) -> None:
    with pytest.raises(WorldError) as caught, started({"external": section}):
        pass
    assert said in str(caught.value)
