"""What a click sees on CloudFront once tdr is done, counted at SparkPost's origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.aws import ACCOUNT, FILE, aws_world, r53, record, with_options
from tests.scenarios.town import CLICK, Town, clicking, live_click

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
SETTLED_S = 600  # SparkPost's own senders take up a change of a domain within minutes
TARGET = "https://shop.example.org/basket?id=7&lang=de"


def opened(open_town: Open) -> Town:
    """A live http host whose zone is at Route 53."""
    return open_town(aws_world(r53(), sp=live_click()))


def done(open_town: Open, **options: Any) -> Town:
    """That host, made https; what was counted before is forgotten."""
    town = opened(open_town)
    file = town.file(MINE, **with_options(**options))
    town.apply(file)
    town.settled(file)
    town.sparkpost_now(clear_events=True)
    return town


def test_no_link_breaks_while_a_live_host_is_moved_and_new_ones_are_https(open_town: Open) -> None:
    town = opened(open_town)
    file = town.file(MINE, **FILE)
    assert f"{CLICK} (move of class A" in town.ok("plan", file).out
    link = town.mail("mail.example.com", TARGET)["click"]
    with clicking(town, link) as answers:
        ran = town.apply(file)
    assert f"{CLICK}: applied" in ran.out
    assert set(answers) == {(302, TARGET)}
    town.settled(file)
    assert town.ok("check", file).code == 0
    town.advance(SETTLED_S)
    new = town.mail("mail.example.com", TARGET)["click"]
    assert new.startswith(f"https://{CLICK}/")
    for one in (link, new):
        answer = town.visit(one)
        assert (answer.status, answer.header("location")) == (302, TARGET)


def test_the_origin_sees_the_clicks_host_user_agent_client_and_target(open_town: Open) -> None:
    town = done(open_town)
    for scheme in ("http", "https"):
        answer = town.visit(
            f"{scheme}://{CLICK}/f/a/1?target=home&other=1",
            headers=(("User-Agent", f"Mailer/{scheme}"), ("X-Sandbox-Client", "192.0.2.77")),
        )
        assert answer.status == 302
        (event,) = town.events(user_agent=f"Mailer/{scheme}")
        assert (event["forwarded_host"], event["tracking_host"]) == (CLICK, CLICK)
        assert event["client"] == "192.0.2.77"
        town.advance(11)  # past the cache: both schemes are one object


def test_a_repeat_click_is_answered_by_the_edge_for_ten_seconds(open_town: Open) -> None:
    town = done(open_town)
    url = f"https://{CLICK}/f/a/2/repeat"
    for wait_s, counted in ((0, 1), (5, 1), (6, 2)):
        town.advance(wait_s)
        assert town.visit(url).status == 302
        assert len(town.events(path="/f/a/2/repeat")) == counted


def test_the_guides_values_of_2021_can_be_had(open_town: Open) -> None:
    """Neither the host nor the query string is told; whether SparkPost then verifies, nobody documents."""
    switches = {"sparkpost.verify-accepts": "reached"}
    town = open_town({**aws_world(r53(), sp=live_click()), "switches": switches})
    options = {"forwarded_host": False, "forward_target": False}
    file = town.file(MINE, **with_options(**options))
    town.apply(file)
    town.settled(file)
    town.sparkpost_now(clear_events=True)
    assert town.visit(f"https://{CLICK}/f/a/3?target=home").status == 302
    (event,) = town.events()
    assert (event["forwarded_host"], event["path"]) == ("", "/f/a/3")


def test_without_the_forwarded_host_sparkpost_may_never_verify_and_links_stay_http(open_town: Open) -> None:
    town = opened(open_town)
    file = town.file(MINE, **with_options(forwarded_host=False))
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert "SparkPost verifies the tracking domain" in ran.out + ran.err
    held = town.tracking()
    assert held is not None
    assert held["secure"] is False
    assert town.visit(f"http://{CLICK}/f/a/4").status == 302


def test_a_zone_with_an_alias_record_moves_and_comes_back(open_town: Open) -> None:
    town = opened(open_town)
    file = town.file(MINE, **with_options(alias_records=True))
    town.apply(file)
    town.settled(file)
    assert town.dns(CLICK, "CNAME") == ()
    assert town.visit(f"https://{CLICK}/f/a/4").status == 302
    town.apply("-destroy", file)
    assert town.dns(CLICK, "A") == ()


def test_a_new_host_beside_others_records(open_town: Open) -> None:
    kept = record("TXT", CLICK, '"v=spf1 -all"')
    town = open_town(aws_world(r53("example.com", kept)))
    file = town.file({CLICK: {}}, **with_options(alias_records=True))
    town.apply(file)
    town.settled(file)
    assert town.dns(CLICK, "TXT") == ("v=spf1 -all",)


# -- certificates that are there already
WILDCARD = {"id": "w1", "domain": "*.example.com"}
EXACT = {"id": "c1", "domain": CLICK}


def arn(name: str) -> str:
    """The ARN of a certificate of the world."""
    return f"arn:aws:acm:us-east-1:{ACCOUNT['account']}:certificate/{name}"


@pytest.mark.parametrize(
    ("there", "options", "names"),
    [
        ([WILDCARD], {}, ("*.example.com",)),
        ([EXACT, WILDCARD], {"certificates": [arn("w1")]}, ("*.example.com",)),
    ],
    ids=["a-wildcard-that-covers-it", "the-one-that-the-file-names"],
)
def test_a_certificate_of_the_account_is_used_and_outlives_the_host(
    open_town: Open, there: list[dict[str, str]], options: dict[str, Any], names: tuple[str, ...]
) -> None:
    town = open_town(aws_world(r53(), sp=live_click(), certificates=there))
    file = town.file(MINE, **with_options(**options))
    town.apply(file)
    town.settled(file)
    assert f"SAN: {', '.join(names)}" in town.ok("check", file).out
    town.ok("destroy", "-auto-approve", file)
    (account,) = town.control("GET", "/vendors/aws")["accounts"].values()
    assert {one["arn"] for one in account["acm"]["certificates"]} == {arn(one["id"]) for one in there}


def test_a_zone_that_forbids_amazon_is_refused_before_any_write(open_town: Open) -> None:
    caa = record("CAA", "example.com", '0 issue "letsencrypt.org"')
    town = open_town(aws_world(r53("example.com", record("CNAME", CLICK, "spgo.io"), caa), sp=live_click()))
    ran = town.tdr("plan", town.file(MINE, **FILE))
    assert ran.code == 1
    assert 'the CAA records of example.com say `0 issue "letsencrypt.org"`' in ran.err
    assert "they let none of amazon.com, " in ran.err
    assert town.calls(path="/2020-05-31/", method="POST") == []


def test_a_host_that_another_account_serves_is_refused_with_the_way_out(open_town: Open) -> None:
    theirs = "d222222abcdef8.cloudfront.net"
    world = aws_world(r53("example.com", record("CNAME", CLICK, theirs)), sp=live_click())
    other = {**ACCOUNT, "account": "444455556666", "access_key": "AKIASANDBOX0000THEM", "profile": "them"}
    world["aws"].append({**other, "distributions": [{"domain_name": theirs, "aliases": [CLICK]}]})
    town = open_town(world)
    ran = town.tdr("plan", town.file(MINE, **FILE))
    assert ran.code == 1
    assert f"its record points at {theirs}, which is no distribution of this account" in ran.err
    assert "name the alias of that account as `cdn:`" in ran.err


def test_what_the_user_adds_to_a_distribution_survives_a_change_by_tdr(open_town: Open) -> None:
    town = opened(open_town)
    town.apply(town.file(MINE, **FILE))
    log = {"Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "click/"}
    mine = {
        "config": {"Comment": "ours, too", "Logging": log},
        "web_acl": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/mine/1",
        "tags": {"cost-centre": "mail"},
        "plan": {"tier": "BUSINESS"},
    }
    patch = {"cloudfront": {"distributions": {CLICK: mine}}}
    town.control("PATCH", "/vendors/aws", {"accounts": {ACCOUNT["account"]: patch}})
    file = town.file(MINE, **with_options(ipv6=False))
    assert "0 added, 2 changed, 0 destroyed." in town.apply(file).out  # the other is the claim
    town.settled(file)
    held = distribution(town)
    assert held["config"]["IsIPV6Enabled"] is False
    assert (held["config"]["Comment"], held["config"]["Logging"]) == ("ours, too", log)
    assert held["config"]["WebACLId"] == mine["web_acl"]
    assert held["tags"] == {"cost-centre": "mail", "tdr:owner": "acme-mail", "tdr:host": CLICK}
    assert held["plan"]["tier"] == "BUSINESS"


def distribution(town: Town) -> dict[str, Any]:
    """The only distribution, as the sandbox holds it."""
    (account,) = town.control("GET", "/vendors/aws")["accounts"].values()
    (held,) = account["cloudfront"]["distributions"]
    return dict(held)
