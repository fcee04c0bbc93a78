"""What a click sees on CloudFront once tdr is done, counted at SparkPost's origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.aws import FILE, aws_world, r53, record, with_options
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
