"""SparkPost's side: subaccounts, defaults, links, managed HTTPS, and accounts that a host may not leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.town import CLICK, PROVIDERS, Town, clicking, cname, live_click, sparkpost, world, zone

Open = Callable[[Mapping[str, Any]], Town]
GO = "go.example.com"
TWO_REGIONS = {**PROVIDERS, "sp-eu": {"type": "sparkpost", "region": "eu"}}
TARGET = "https://shop.example.org/"
SETTLED_S = 600


def account(open_town: Open, **more: Any) -> Town:
    """A SparkPost account that has these beside an empty zone."""
    return open_town(world(zone("example.com"), sp=sparkpost(**more)))


def sending(*names: str, subaccount: int = 0) -> list[dict[str, Any]]:
    """Sending domains of the world."""
    return [{"domain": name, "subaccount_id": subaccount} for name in names]


def refused(town: Town, domains: Mapping[str, Any], **more: Any) -> str:
    """Plan what must be refused with nothing written, and give what is said."""
    before = town.control("GET", "/vendors/sparkpost")["accounts"]
    ran = town.tdr("apply", "-auto-approve", town.file(domains, **more))
    assert ran.code == 1, str(ran)
    assert town.control("GET", "/vendors/sparkpost")["accounts"] == before
    return ran.err


# -- scopes
def test_a_subaccounts_domain_its_default_and_its_links(open_town: Open) -> None:
    mixed = [*sending("mail.example.com", subaccount=7), *sending("other.example.com")]
    town = account(open_town, subaccounts=[7], sending_domains=mixed)
    file = town.file(
        {
            CLICK: {"subaccount": 7, "default": True, "sending_domains": ["mail.example.com"]},
            GO: {"default": True, "sending_domains": ["other.example.com"]},
        }
    )
    town.apply(file)
    town.settled(file)
    for host, subaccount in ((CLICK, 7), (GO, 0)):
        held = town.tracking(host)
        assert held is not None
        assert (held["subaccount_id"], held["default"], held["secure"]) == (subaccount, True, True)
    town.advance(SETTLED_S)
    assert town.mail("mail.example.com", TARGET)["click"].startswith(f"https://{CLICK}/")
    assert town.mail("other.example.com", TARGET)["click"].startswith(f"https://{GO}/")


def test_a_link_over_subaccounts_is_refused(open_town: Open) -> None:
    town = account(open_town, subaccounts=[7], sending_domains=sending("mail.example.com"))
    told = refused(town, {CLICK: {"subaccount": 7, "sending_domains": ["mail.example.com"]}})
    assert "belongs to the primary account and click.example.com to subaccount 7" in told


def test_a_change_of_subaccount_is_refused_with_the_way(open_town: Open) -> None:
    town = account(open_town, subaccounts=[7])
    town.apply(town.file({CLICK: {"subaccount": 7}}))
    told = refused(town, {CLICK: {}})
    assert "click.example.com belongs to subaccount 7" in told
    assert "build a sibling host" in told


# -- defaults and links
def test_the_plan_tells_which_default_is_unset_silently(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    file = town.file({GO: {"default": True}})
    ran = town.ok("plan", file)
    assert f"SparkPost unsets {CLICK}" in ran.out
    assert f"SparkPost unsets {CLICK}" in ran.err
    town.apply(file)
    now = {host: town.tracking(host) for host in (CLICK, GO)}
    assert {host: held and held["default"] for host, held in now.items()} == {CLICK: False, GO: True}
    town.settled(file)


def test_a_default_is_handed_over_with_a_default_at_every_moment(open_town: Open) -> None:
    town = account(open_town)
    town.apply(town.file({CLICK: {"default": True}, GO: {}}))
    town.forget_calls()
    file = town.file({CLICK: {"default": False}, GO: {"default": True}})
    town.apply(file)
    town.settled(file)
    puts = [c["path"].rpartition("/")[2] for c in town.calls("PUT", "sparkpost")]
    assert puts[0] == GO  # the new one first: the old is unset by that


def test_two_defaults_in_one_account_never_reach_the_apis(open_town: Open) -> None:
    town = account(open_town)
    ran = town.tdr("plan", town.file({CLICK: {"default": True}, GO: {"default": True}}))
    assert ran.code == 1
    assert "would have two default tracking domains" in ran.err
    assert town.calls() == []


def test_links_move_are_removed_and_left_alone_as_the_file_says(open_town: Open) -> None:
    names = ["m1.example.com", "m2.example.com", "m3.example.com"]
    linked = [*sending(*names[:2]), {"domain": names[2], "tracking_domain": CLICK}]
    town = account(open_town, sending_domains=linked, tracking_domains=[{"domain": CLICK, "verified": True}])

    def links() -> dict[str, str | None]:
        (held,) = town.control("GET", "/vendors/sparkpost")["accounts"]
        return {s["domain"]: s["tracking_domain"] for s in held["sending_domains"]}

    town.apply(town.file({CLICK: {}, GO: {"sending_domains": names[:2]}}))
    assert links() == {names[0]: GO, names[1]: GO, names[2]: CLICK}  # no `sending_domains`: as they are
    file = town.file({CLICK: {"sending_domains": [names[0]]}, GO: {"sending_domains": [names[1], names[2]]}})
    ran = town.apply(file)
    assert f'~ tracking_domain = "{GO}" -> "{CLICK}"' in ran.out
    assert links() == {names[0]: CLICK, names[1]: GO, names[2]: GO}
    town.settled(file)
    file = town.file({CLICK: {"sending_domains": []}, GO: {}})
    town.apply(file)
    assert links() == {names[0]: None, names[1]: GO, names[2]: GO}
    town.settled(file)


def test_a_sending_domain_that_is_not_there_is_named_with_the_nearest(open_town: Open) -> None:
    told = refused(account(open_town), {CLICK: {"sending_domains": ["mial.example.com"]}})
    assert "no sending domain mial.example.com" in told
    assert "did you mean mail.example.com?" in told


def test_a_blocked_tracking_domain_is_explained(open_town: Open) -> None:
    blocked = [{"domain": CLICK, "verified": True, "compliance_status": "blocked"}]
    told = refused(account(open_town, tracking_domains=blocked), {CLICK: {}})
    assert "SparkPost blocks this tracking domain (compliance_status blocked)" in told
    assert "another account uses it" in told


def test_without_a_sparkpost_account_all_but_the_account_is_done(open_town: Open) -> None:
    town = account(open_town)
    file = town.file({CLICK: {"sparkpost": "none", "origin": "spgo.io"}})
    town.apply(file)
    town.settled(file)
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
    assert [c for c in town.calls(vendor="sparkpost") if c["method"] != "GET"] == []
    assert "sp=" not in town.claim()
    town.ok("destroy", "-auto-approve", file)
    assert town.records() == []


# -- accounts
def both_regions(open_town: Open) -> Town:
    """A live host in the US, and an account in the EU."""
    here = world(zone("example.com", cname(CLICK)), sp=live_click())
    here["sparkpost"].append(sparkpost("eu"))
    return open_town(here)


@pytest.mark.parametrize(
    "flags",
    [
        ("-target", f'dns_record.web["{CLICK}/claim"]'),
        ("-exclude", f'dns_record.web["{CLICK}/host"]'),
    ],
    ids=["claim-only", "all-but-the-move"],
)
def test_a_move_that_the_flags_left_out_is_not_called_proven(open_town: Open, flags: tuple[str, ...]) -> None:
    elsewhere = {**live_click(), "key": "other-key", "env": "OTHER_KEY"}
    town = open_town(world(zone("example.com", cname(CLICK)), sparkpost=[sparkpost(), elsewhere]))
    file = town.file({CLICK: {"sparkpost": "none", "origin": "spgo.io"}})
    part = town.ok("apply", "-auto-approve", *flags, file)
    assert "(all is proven)" not in part.out
    assert "ph=unproven" in town.claim()
    town.ok("apply", "-auto-approve", *flags, file)
    town.apply(file)
    assert "ph=" not in town.claim()
    town.settled(file)


@pytest.mark.parametrize("applied", [True, False], ids=["ours", "never applied"])
@pytest.mark.parametrize(
    "new", [{"sparkpost": "sp-eu"}, {"sparkpost": "none", "origin": "spgo.io"}], ids=["eu", "none"]
)
def test_a_live_host_leaves_its_account_for_no_other(
    open_town: Open, new: Mapping[str, Any], applied: bool
) -> None:
    town = both_regions(open_town)
    if applied:
        town.apply(town.file({CLICK: {}}, providers=TWO_REGIONS))
    told = refused(town, {CLICK: new}, providers=TWO_REGIONS)
    assert "links in mail already sent belong to the old account and would break" in told
    assert "build a sibling (such as click2) in the new account" in told


def test_one_account_under_two_aliases_is_one_account(open_town: Open) -> None:
    """Also a subaccount's own key beside the primary's: what the second shows is no leftover."""
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    town.sandbox.env["TDR_SP_B_API_KEY"] = town.sandbox.env["SPARKPOST_API_KEY"]
    town.sandbox.env["TDR_WEB_B_API_TOKEN"] = town.sandbox.env["CLOUDFLARE_API_TOKEN"]
    twins = {"sp-b": {"type": "sparkpost", "region": "us"}, "web-b": {"type": "cloudflare"}}
    file = town.file({CLICK: {"sending_domains": ["mail.example.com"]}}, providers={**PROVIDERS, **twins})
    ran = town.apply(file)
    assert " 0 to destroy." in ran.out
    held = town.tracking()
    assert held is not None
    assert held["secure"] is True
    town.settled(file)


# -- managed HTTPS
def test_managed_https_all_the_way_with_links_leading_on(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    old = town.mail("mail.example.com", TARGET)["click"]
    file = town.file({CLICK: {"cdn": "sp", "sending_domains": ["mail.example.com"]}})
    with clicking(town, old) as answers:
        town.apply(file)
    assert set(answers) == {(302, TARGET)}
    (record,) = town.named(CLICK)
    assert (record["content"], record["proxied"], record["ttl"]) == ("v2.spgo.io", False, 3600)
    held = town.tracking()
    assert held is not None
    assert held["uses_managed_certificate"] is True
    town.advance(SETTLED_S)
    new = town.mail("mail.example.com", TARGET)["click"]
    assert new.startswith("https://")
    for link in (old, new):
        assert town.visit(link).header("location") == TARGET
    town.settled(file)


def test_a_host_that_cannot_have_a_managed_certificate_is_refused_by_the_plan(open_town: Open) -> None:
    town = open_town(
        world(zone("example.com", cname(CLICK)), sp=live_click() | {"managed": {"unavailable": [CLICK]}})
    )
    told = refused(town, {CLICK: {"cdn": "sp"}})
    assert f"SparkPost cannot hold a certificate for {CLICK}" in told
    assert "name a CDN with `cdn:`" in told
    assert town.named(CLICK)[0]["content"] == "spgo.io"


def test_a_managed_certificate_that_fails_is_explained_and_links_stay_http(open_town: Open) -> None:
    town = open_town(
        world(zone("example.com", cname(CLICK)), sp=live_click() | {"managed": {"rejected": [CLICK]}})
    )
    ran = town.tdr("apply", "-auto-approve", town.file({CLICK: {"cdn": "sp"}}))
    assert ran.code == 1
    assert "tls_status failed" in ran.out
    assert "Let's Encrypt refuses this name (acme:rejected_identifier)" in ran.out
    held = town.tracking()
    assert held is not None
    assert held["secure"] is False
    assert town.visit(f"http://{CLICK}/f/a/b/c/d", fresh=True).status == 302


def test_an_https_host_goes_to_managed_https_only_with_a_gap_allowed(open_town: Open) -> None:
    here = world(zone("example.com", cname(CLICK, ttl=1, proxied=True)), sp=live_click(secure=True))
    town = open_town(here)
    told = refused(town, {CLICK: {"cdn": "sp"}})
    assert "this move has class C" in told
    assert "write `allow_gap: 30m`" in told
    file = town.file({CLICK: {"cdn": "sp", "allow_gap": "30m"}})
    town.apply(file)
    town.settled(file)
    assert town.visit(f"https://{CLICK}/f/a/b/c/d", fresh=True).status == 302


def test_managed_https_is_not_left_for_a_cdn(open_town: Open) -> None:
    town = account(open_town)
    town.apply(town.file({CLICK: {"cdn": "sp"}}))
    told = refused(town, {CLICK: {"cdn": "web", "allow_gap": "30m"}})
    assert "documents no way to give it up" in told
