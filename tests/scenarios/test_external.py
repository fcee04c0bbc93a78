"""A CDN that tdr has no provider for, or the user's own proxy: DNS, gates and proof as for all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.town import (
    CLICK,
    DEFAULTS,
    NOTHING,
    PROVIDERS,
    Town,
    clicking,
    cname,
    live_click,
    world,
    zone,
)

Open = Callable[[Mapping[str, Any]], Town]
EDGE, OTHER = "edge.proxy.example", "edge.other.example"
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
TARGET = "https://shop.example.org/basket?id=7&lang=de"


def edge(name: str = EDGE, *addresses: str, **more: Any) -> dict[str, Any]:
    """An edge of the world that has a certificate for the host."""
    return {"name": name, "addresses": list(addresses) or ["198.51.100.9"], "hosts": [CLICK], **more}


def opened(open_town: Open, *edges: Mapping[str, Any]) -> Town:
    """A live http host, its zone at Cloudflare, and edges that could stand in front of it."""
    found = list(edges) or [edge()]
    return open_town(world(zone("example.com", cname(CLICK)), sp=live_click(), external=found))


def file(town: Town, target: Any = EDGE, **more: Any) -> Any:
    """A file whose `cdn:` is a target; `more` are other options of the alias, or keys of the file."""
    front = {"type": "external", "target": target}
    return town.file(
        MINE, providers={**PROVIDERS, "front": front}, defaults={**DEFAULTS, "cdn": "front"}, **more
    )


def test_a_live_host_is_planned_moved_proven_settled_and_taken_down(open_town: Open) -> None:
    town = opened(open_town)
    written = file(town)
    planned = town.ok("plan", written)
    assert f"{CLICK} (move of class A" in planned.out
    assert "wait until the new edge serves this host" in planned.out
    link = town.mail("mail.example.com", TARGET)["click"]
    with clicking(town, link) as answers:
        ran = town.apply(written)
    assert f"{CLICK}: applied" in ran.out
    assert set(answers) == {(302, TARGET)}
    town.settled(written)
    assert town.dns(CLICK) == (EDGE,)
    assert town.ok("check", written).code == 0
    town.advance(600)
    new = town.mail("mail.example.com", TARGET)["click"]
    assert new.startswith(f"https://{CLICK}/")
    for one in (link, new):
        assert (town.visit(one).status, town.visit(one).header("location")) == (302, TARGET)
    town.apply("-destroy", written)
    assert town.claim() == ""
    assert [r for r in town.named(CLICK) if r["content"] == EDGE] == []


def test_the_origin_sees_the_clicks_host_user_agent_and_client(open_town: Open) -> None:
    town = opened(open_town)
    town.apply(file(town))
    for scheme in ("http", "https"):
        headers = (("User-Agent", f"Mailer/{scheme}"), ("X-Sandbox-Client", "192.0.2.77"))
        assert town.visit(f"{scheme}://{CLICK}/f/a/1", headers=headers).status == 302
        (event,) = town.events(user_agent=f"Mailer/{scheme}")
        assert (event["host"], event["tracking_host"], event["client"]) == (CLICK, CLICK, "192.0.2.77")


def test_addresses_become_a_and_aaaa_records(open_town: Open) -> None:
    addresses = ["198.51.100.9", "2001:db8::9"]
    town = opened(open_town, edge(EDGE, *addresses))
    written = file(town, addresses[::-1])
    town.apply(written)
    town.settled(written)
    assert (town.dns(CLICK, "A"), town.dns(CLICK, "AAAA")) == ((addresses[0],), (addresses[1],))


def test_an_edge_with_ipv6_alone_is_proven_there(open_town: Open) -> None:
    town = opened(open_town, edge(EDGE, "2001:db8::9"))
    written = file(town, ["2001:db8::9"])
    town.apply(written)
    town.settled(written)
    assert (town.dns(CLICK, "A"), town.dns(CLICK, "AAAA")) == ((), ("2001:db8::9",))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("redirects", f"http://{CLICK}"),
        ("own-certificate", f"https://{CLICK}"),
    ],
)
def test_dns_does_not_move_to_an_edge_that_is_wrong(open_town: Open, wrong: str, said: str) -> None:
    town = opened(open_town, edge(wrong=[wrong]))
    written = file(town)
    ran = town.tdr("apply", "-auto-approve", written)
    assert ran.code == 1
    assert "edge serves" in ran.out + ran.err
    assert said in ran.out + ran.err
    assert town.dns(CLICK) == ("spgo.io",)
    assert town.visit(f"http://{CLICK}/f/a/1").status == 302
    town.control("PATCH", "/vendors/external", {EDGE: {"wrong": []}})
    town.apply(written)
    town.settled(written)


def test_an_edge_that_hides_the_host_is_never_verified_and_links_stay_http(open_town: Open) -> None:
    town = opened(open_town, edge(wrong=["no-host"]))
    ran = town.tdr("apply", "-auto-approve", "-timeout", "20m", file(town))
    assert ran.code == 1
    assert town.mail("mail.example.com", TARGET)["click"].startswith("http://")


def test_another_target_is_a_move_like_any_other(open_town: Open) -> None:
    town = opened(open_town, edge(), edge(OTHER, "198.51.100.19"))
    town.apply(file(town))
    moved = file(town, OTHER)
    link = f"https://{CLICK}/f/a/1"
    with clicking(town, link) as answers:
        town.apply(moved)
    assert {status for status, _ in answers} == {302}
    town.settled(moved)
    assert town.dns(CLICK) == (OTHER,)


def test_the_alias_may_go_with_the_move_to_a_cdn_that_tdr_manages(open_town: Open) -> None:
    town = opened(open_town)
    town.apply(file(town))
    back = town.file({CLICK: {**MINE[CLICK], "allow_gap": "30m"}})
    town.apply(back)
    town.settled(back)


def test_what_would_lead_nowhere_is_refused_before_anything_is_written(open_town: Open) -> None:
    town = opened(open_town)
    ran = town.tdr("plan", file(town, CLICK))
    assert ran.code == 1
    assert f"{CLICK} is the target and the tracking host itself" in ran.err
    assert town.calls("POST") == []


def test_nothing_is_said_where_there_is_nothing_to_do(open_town: Open) -> None:
    town = opened(open_town)
    written = file(town)
    town.apply(written)
    town.forget_calls()
    ran = town.ok("plan", written)
    assert (ran.out, town.calls("POST")) == (f"{NOTHING}\n", [])
