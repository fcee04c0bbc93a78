"""What a plan says of a Cloudflare zone before anything is written, and how things go on afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.town import CLICK, Ran, Town, clicking, cname, live_click, sparkpost, world, zone

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"sending_domains": ["mail.example.com"]}}
PLAIN = [
    {"zone": "example.com", "records": [{"type": "CNAME", "name": CLICK, "ttl": 300, "content": "spgo.io"}]}
]
HSTS = {"strict_transport_security": {"enabled": True, "max_age": 31536000, "include_subdomains": True}}


def planned(town: Town, domains: Mapping[str, Any] | None = None) -> Ran:
    """Plan and see that nothing was written."""
    ran = town.tdr("plan", town.file(domains or MINE))
    writes = [c for c in town.calls() if c["method"] != "GET"]
    assert writes == []
    return ran


def with_zone(open_town: Open, *records: Mapping[str, Any], **more: Any) -> Town:
    """A live http host in a zone that has something."""
    return open_town(world(zone("example.com", *(records or (cname(CLICK),)), **more), sp=live_click()))


# -- certificates
def test_a_host_two_labels_below_the_zone_has_no_certificate(open_town: Open) -> None:
    ran = planned(open_town(world()), {"a.click.example.com": {}})
    assert ran.code == 1
    assert "Universal SSL of zone example.com covers one label below the zone" in ran.err
    assert "order an advanced certificate for it" in ran.err
    assert "use a-click.example.com" in ran.err


def test_an_advanced_certificate_covers_what_universal_does_not(open_town: Open) -> None:
    pack = {"type": "advanced", "hosts": ["*.click.example.com"], "status": "active"}
    town = open_town(world(zone("example.com", packs=[pack])))
    file = town.file({"a.click.example.com": {}})
    town.apply(file)
    assert town.visit("https://a.click.example.com/f/a/b/c/d").status == 302
    town.settled(file)


def test_universal_ssl_switched_off_is_told(open_town: Open) -> None:
    ran = planned(with_zone(open_town, universal_ssl=False))
    assert ran.code == 1
    assert "Universal SSL is off; turn Universal SSL on" in ran.err


# -- the zone
def test_no_zone_for_the_host_is_told_and_none_is_made(open_town: Open) -> None:
    ran = planned(open_town(world(zone("other.example"))))
    assert ran.code == 1
    assert f"no Cloudflare zone that the token reaches holds {CLICK}" in ran.err
    assert "tdr never creates a zone" in ran.err
    assert ran.err.count("Error: ") == 1  # one account plays both parts: told once


@pytest.mark.parametrize("status", ["pending", "moved"])
def test_a_zone_that_is_not_served_yet_names_its_servers_and_goes_on_when_it_is(
    open_town: Open, status: str
) -> None:
    here = world(zone("example.com", cname(CLICK), status=status, delegated=False), sp=live_click())
    town = open_town({**here, "dns": PLAIN})
    ran = planned(town)
    assert ran.code == 1
    assert f"zone example.com is not active (status {status})" in ran.err
    assert "set the name servers ada.ns.cloudflare.com, bob.ns.cloudflare.com at the registrar" in ran.err
    assert "delegated to ns1.nameservers.example, ns2.nameservers.example" in ran.err
    assert "SSL mode" not in ran.err
    assert (
        ran.err.count(f"zone example.com is not active (status {status})") == 1
    )  # said once, though two parts say it
    town.zone_now(status="active", delegated=True)
    file = town.folder / "domains.yaml"
    town.apply(file)
    town.settled(file)


def test_a_zone_that_is_active_but_delegated_elsewhere_is_warned_of(open_town: Open) -> None:
    here = world(zone("example.com", cname(CLICK), status="active", delegated=False), sp=live_click())
    ran = planned(open_town({**here, "dns": PLAIN}))
    assert ran.code == 0
    assert "zone example.com is delegated to ns1.nameservers.example" in ran.err
    assert "`web` has assigned ada.ns.cloudflare.com, bob.ns.cloudflare.com to it" in ran.err


def test_a_paused_zone_is_told(open_town: Open) -> None:
    ran = planned(with_zone(open_town, paused=True))
    assert ran.code == 1
    assert "zone example.com is paused: Cloudflare answers its DNS but does not proxy" in ran.err


def test_an_apex_is_no_tracking_domain(open_town: Open) -> None:
    ran = planned(open_town(world()), {"example.com": {}})
    assert ran.code == 1
    assert "example.com is the apex of its zone" in ran.err
    assert "domains.yaml:" in ran.err.splitlines()[3]  # with its place in the file


def test_records_that_do_not_fit_into_the_plan_are_counted(open_town: Open) -> None:
    texts = [{"type": "TXT", "name": f"t{n}.example.com", "content": "x", "ttl": 300} for n in range(199)]
    ran = planned(open_town(world(zone("example.com", *texts, plan="free"))), {CLICK: {}})
    assert ran.code == 1
    assert "zone example.com holds 199 of the 200 DNS records of its Free plan: 2 more do not fit" in ran.err


# -- the user's own rules
def rule(phase: str, action: str, expression: str = "true", **parameters: Any) -> dict[str, Any]:
    """One entry point with one rule of the user's."""
    body = {"expression": expression, "action": action, "action_parameters": parameters}
    return {"phase": phase, "rules": [{**body, "description": "theirs"}]}


HEADERS = {"User-Agent": {"operation": "set", "value": "x"}}
REDIRECT = {"target_url": {"value": "https://x.example.org/"}, "status_code": 302}
BREAKING = [
    (rule("http_request_dynamic_redirect", "redirect", from_value=REDIRECT), "redirects before SparkPost"),
    (rule("http_request_transform", "rewrite", uri={"path": {"value": "/x"}}), "rewrites the URL"),
    (rule("http_request_origin", "route", host_header="x.example.org"), "rewrites Host"),
]


@pytest.mark.parametrize(("rules", "told"), BREAKING, ids=[told for _, told in BREAKING])
def test_rules_that_break_links_are_named_and_refused(
    open_town: Open, rules: Mapping[str, Any], told: str
) -> None:
    ran = planned(with_zone(open_town, rulesets=[rules], plan="enterprise"))
    assert ran.code == 1
    assert '"theirs"' in ran.err
    assert told in ran.err
    assert "exclude the tracking hosts from that rule, or remove it" in ran.err


def test_a_rule_for_other_hosts_is_nothing_to_say(open_town: Open) -> None:
    rules = rule(
        "http_request_dynamic_redirect",
        "redirect",
        expression='(http.host eq "www.example.com")',
        from_value=REDIRECT,
    )
    ran = planned(with_zone(open_town, rulesets=[rules]))
    assert ran.code == 0
    assert "theirs" not in ran.err


def test_a_rewritten_user_agent_is_warned_of(open_town: Open) -> None:
    ran = planned(
        with_zone(open_town, rulesets=[rule("http_request_late_transform", "rewrite", headers=HEADERS)])
    )
    assert ran.code == 0
    assert "rewrites User-Agent" in ran.err


def test_forced_https_is_refused_before_dns_moves(open_town: Open) -> None:
    page = {
        "targets": [{"target": "url", "constraint": {"operator": "matches", "value": "*example.com/*"}}],
        "actions": [{"id": "always_use_https"}],
    }
    for more in ({"settings": {"always_use_https": "on"}}, {"page_rules": [page]}):
        ran = planned(with_zone(open_town, **more))
        assert ran.code == 1
        assert "http links" in ran.err


def test_hsts_of_the_parent_is_warned_of(open_town: Open) -> None:
    ran = planned(with_zone(open_town, settings={"security_header": HSTS}))
    assert ran.code == 0
    assert "zone example.com sends HSTS for its hosts and all hosts below it" in ran.err


# -- records that stand there
def test_addresses_at_the_host_are_adopted_and_replaced_by_the_proxied_cname(open_town: Open) -> None:
    stand = [
        {"type": "A", "name": CLICK, "content": "203.0.113.10", "ttl": 300, "proxied": False},
        {"type": "AAAA", "name": CLICK, "content": "2001:db8::1", "ttl": 300, "proxied": False},
        {"type": "MX", "name": CLICK, "content": "mx.example.org", "ttl": 300, "priority": 10},
    ]
    town = with_zone(open_town, *stand)
    file = town.file(MINE)
    ran = town.apply(file)
    assert '# (imported from "click.example.com/host")' in ran.out
    now = {r["type"]: (r["content"], r["proxied"]) for r in town.named(CLICK)}
    assert now == {"CNAME": ("spgo.io", True), "MX": ("mx.example.org", False)}
    assert "was=A+AAAA:" in town.claim()
    town.settled(file)


def test_what_a_wildcard_answers_goes_on_answering(open_town: Open) -> None:
    """A name below the host ends the wildcard for the host (RFC 4592): its answer becomes the host's own."""
    town = with_zone(open_town, cname("*.example.com"))
    link = f"http://{CLICK}/f/a/1"
    file = town.file(MINE)
    with clicking(town, link, fresh=True) as answers:
        town.apply(file)
    assert len(answers) > 10
    assert {status for status, _ in answers} == {302}
    assert "was=CNAME:spgo.io@300" in town.claim()
    assert [r["content"] for r in town.named("*.example.com")] == ["spgo.io"]
    town.settled(file)


def test_a_new_host_beside_a_wildcard_that_leads_elsewhere_is_taken_over(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname("*.example.com", "site.example.org")), sp=sparkpost()))
    file = town.file({CLICK: {}})
    town.apply(file)
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
    assert town.dns("other.example.com") == ("site.example.org",)
    town.settled(file)


def test_what_many_hosts_share_is_one_line(open_town: Open) -> None:
    ran = planned(
        open_town(world(zone("example.com", plan="free"))), {f"h{n}.example.com": {} for n in range(9)}
    )
    (line,) = [line for line in ran.err.splitlines() if "has SSL mode" in line]
    assert "h0.example.com, h1.example.com, h2.example.com and 6 more: zone example.com" in line
