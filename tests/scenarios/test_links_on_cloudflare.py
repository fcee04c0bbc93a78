"""What a click sees on Cloudflare once tdr is done, counted at SparkPost's origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.town import (
    CLICK,
    NOTHING,
    PROVIDERS,
    Town,
    clicking,
    cname,
    live_click,
    sparkpost,
    world,
    zone,
)

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
SETTLED_S = 600  # SparkPost's own senders take up a change of a domain within minutes
TARGET = "https://shop.example.org/basket?id=7&lang=de"


def done(open_town: Open, plan: str = "business") -> Town:
    """A live http host, made https on a zone of this plan."""
    town = open_town(world(zone("example.com", cname(CLICK), plan=plan), sp=live_click()))
    file = town.file(MINE)
    ran = town.apply(file)
    assert f"{CLICK}: applied" in ran.out
    town.settled(file)
    town.sparkpost_now(clear_events=True)
    return town


def test_the_origin_sees_the_clicks_host_user_agent_and_client(open_town: Open) -> None:
    town = done(open_town)
    for scheme in ("http", "https"):
        answer = town.visit(
            f"{scheme}://{CLICK}/f/a/1",
            headers=(("User-Agent", f"Mailer/{scheme}"), ("X-Sandbox-Client", "192.0.2.77")),
        )
        assert answer.status == 302
        (event,) = town.events(user_agent=f"Mailer/{scheme}")
        assert (event["host"], event["tracking_host"]) == (CLICK, CLICK)
        assert event["client"] == "192.0.2.77"
        assert event["forwarded_host"] == ""
        assert event["account"] is not None


@pytest.mark.parametrize(("plan", "within", "after"), [("business", 1, 2), ("free", 2, 3)])
def test_a_repeat_click_counts_once_in_ten_seconds_where_the_plan_can(
    open_town: Open, plan: str, within: int, after: int
) -> None:
    town = done(open_town, plan)
    path = "/f/a/2/repeat"

    def click() -> int:
        assert town.visit(f"https://{CLICK}{path}").status == 302
        return len(town.events(path=path))

    assert click() == 1
    town.advance(5)
    assert click() == within
    town.advance(6)
    assert click() == after


def test_a_plan_that_cannot_cache_so_short_is_told_before_anything_is_written(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK), plan="free"), sp=live_click()))
    ran = town.ok("plan", town.file(MINE))
    assert "zone example.com is on the Free plan, which caches for 7200 s" in ran.err
    assert "links are not cached at all" in ran.err
    assert town.calls("POST") == []


def test_links_of_mail_sent_before_and_after_both_lead_on_without_a_detour(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    file = town.file(MINE)
    old = town.mail("mail.example.com", TARGET)["click"]
    town.apply(file)
    town.advance(SETTLED_S)
    new = town.mail("mail.example.com", TARGET)["click"]
    assert (old.partition(":")[0], new.partition(":")[0]) == ("http", "https")
    for link in (old, new):
        answer = town.visit(link)
        assert (answer.status, answer.header("location")) == (302, TARGET)
        assert "strict-transport-security" not in dict(answer.headers)


def test_an_old_link_leads_on_all_through_the_move(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    file = town.file(MINE)
    link = town.mail("mail.example.com", TARGET)["click"]
    with clicking(town, link) as answers:
        town.apply(file)
    assert len(answers) > 10
    assert set(answers) == {(302, TARGET)}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_target_in_the_query_is_followed(open_town: Open, scheme: str) -> None:
    town = done(open_town)
    first, second = "https://one.example.org/", "https://two.example.org/"
    for target in (first, second):  # of one path: the query is part of what a cache keeps apart
        answer = town.visit(f"{scheme}://{CLICK}/f/a/3?target={target}")
        assert (answer.status, answer.header("location")) == (302, target)
    assert len(town.events(path="/f/a/3")) == 2


def test_accounts_of_two_regions_in_one_file(open_town: Open) -> None:
    here = world(zone("example.com"), zone("example.org"))
    here["sparkpost"].append(sparkpost("eu", sending_domains=[{"domain": "post.example.org"}]))
    town = open_town(here)
    providers = {**PROVIDERS, "sp-eu": {"type": "sparkpost", "region": "eu"}}
    domains = {
        CLICK: {"sending_domains": ["mail.example.com"]},
        "track.example.org": {"sparkpost": "sp-eu", "sending_domains": ["post.example.org"]},
    }
    file = town.file(domains, providers=providers)
    town.apply(file)
    town.settled(file)
    for host, region in ((CLICK, "us"), ("track.example.org", "eu")):
        town.visit(f"https://{host}/f/a/4")
        (event,) = town.events(path="/f/a/4", host=host)
        assert (event["region"], event["tracking_host"]) == (region, host)
    assert town.tracking("track.example.org", "us") is None
    assert town.tracking(CLICK, "eu") is None


def test_a_sibling_is_built_beside_an_untouched_host(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))

    def seen() -> tuple[Any, ...]:
        answer = town.visit(f"http://{CLICK}/f/a/5")
        return (town.named(CLICK), town.tracking(), answer.status, answer.headers, answer.body)

    before = seen()
    file = town.file({"click2.example.com": {"sending_domains": ["mail.example.com"]}})
    ran = town.apply(file)
    assert "click2.example.com: applied" in ran.out
    assert seen() == before
    assert town.claim(CLICK) == ""
    assert town.visit("https://click2.example.com/f/a/b/c/d").status == 302
    town.advance(SETTLED_S)
    assert town.mail("mail.example.com", TARGET)["click"].startswith("https://click2.example.com/")
    town.settled(file)


def test_the_zones_own_ssl_mode_stays_and_is_shown(open_town: Open) -> None:
    here = world(zone("example.com", cname(CLICK), settings={"ssl": "flexible"}), sp=live_click())
    town = open_town(here)
    ran = town.apply(town.file(MINE))
    assert "zone example.com has SSL mode flexible" in ran.err
    assert list(town.calls("PATCH", "cloudflare", "/settings/")) == []
    assert town.calls("PUT", "cloudflare") == []  # never a phase's entry point, which holds the user's rules


def test_one_rule_serves_many_hosts_and_the_users_rules_stay(open_town: Open) -> None:
    theirs = {
        "expression": '(http.host eq "www.example.com")',
        "action": "set_config",
        "action_parameters": {"ssl": "strict"},
        "description": "ours",
    }
    rulesets = [{"phase": "http_config_settings", "rules": [theirs]}]
    town = open_town(world(zone("example.com", rulesets=rulesets)))
    hosts = [f"c{n}.example.com" for n in range(5)]
    file = town.file({host: {} for host in hosts})
    town.apply(file)
    zones = town.control("GET", "/vendors/cloudflare")["zones"]
    (example,) = zones.values()
    rules = {r["phase"]: r["rules"] for r in example["rulesets"].values()}
    config = [rule["body"] for rule in rules["http_config_settings"]]
    assert config[0]["description"] == "ours"
    assert len(config) == 2
    assert all(host in config[1]["expression"] for host in hosts)
    town.settled(file)


def test_no_changes_is_said_in_the_sentence_that_wrappers_match(open_town: Open) -> None:
    town = done(open_town)
    assert town.ok("plan", town.folder / "domains.yaml").out == f"{NOTHING}\n"
