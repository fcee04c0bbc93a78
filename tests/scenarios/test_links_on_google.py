"""What a click sees on Google's load balancer while tdr works and once it is done, counted at the origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.google import (
    KEY,
    MINUTE_S,
    Console,
    file_keys,
    google_world,
    link,
    managed,
    rrset,
)
from tests.scenarios.town import CLICK, Town, clicking, live_click

Open = Callable[[Mapping[str, Any]], Town]
OPEN = "open.example.com"
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
SETTLED_S = 600  # SparkPost's own senders take up a change of a domain within minutes
TARGET = "https://shop.example.org/basket?id=7&lang=de"
LISTED = {"certificates": "load-balancer"}
LONG = ("-timeout", "4h")
EDGE, THEIRS = "198.51.100.9", "edge.proxy.example"


def done(open_town: Open, **options: Any) -> Town:
    """A live host, made https; what was counted before is forgotten."""
    town = open_town(google_world())
    file = town.file(MINE, **file_keys(**options))
    town.apply(*LONG, file)
    town.settled(file)
    town.sparkpost_now(clear_events=True)
    return town


def secure(town: Town) -> bool:
    """Whether SparkPost writes https links for the host."""
    held = town.tracking()
    assert held is not None
    return bool(held["secure"])


def counted(town: Town, path: str) -> int:
    """How often the origin was asked for a path."""
    return len(town.events(path=path))


# -- the usual way
def test_no_link_breaks_while_a_live_host_is_moved_and_new_ones_are_https(open_town: Open) -> None:
    town = open_town(google_world())
    file = town.file(MINE, **file_keys())
    told = town.ok("plan", file).out
    assert f"{CLICK} (move of class A" in told
    assert "gcp google_forwarding_rule, 2 more: by the hour" in told
    old = town.mail("mail.example.com", TARGET)["click"]
    with clicking(town, old) as answers:
        ran = town.apply(file)
    assert f"{CLICK}: applied" in ran.out
    assert set(answers) == {(302, TARGET)}
    town.settled(file)
    assert town.ok("check", file).code == 0
    town.advance(SETTLED_S)
    new = town.mail("mail.example.com", TARGET)["click"]
    assert new.startswith(f"https://{CLICK}/")
    for one in (old, new):
        answer = town.visit(one)
        assert (answer.status, answer.header("location")) == (302, TARGET)
    town.sparkpost_now(clear_events=True)
    sees_host_agent_and_client(town)
    repeats_are_counted(town)


def sees_host_agent_and_client(town: Town) -> None:
    """The origin is asked over TLS by its own name, for the host, as the visitor asked, on both ports."""
    for scheme in ("http", "https"):
        answer = town.visit(
            f"{scheme}://{CLICK}/f/a/1?target=home&other=1",
            headers=(("User-Agent", f"Mailer/{scheme}"), ("X-Sandbox-Client", "192.0.2.77")),
        )
        assert answer.status == 302
        (event,) = town.events(user_agent=f"Mailer/{scheme}")
        assert (event["host"], event["tracking_host"], event["client"]) == (CLICK, CLICK, "192.0.2.77")
        assert (event["scheme"], event["sni"], event["endpoint"]) == ("https", KEY, KEY)


def repeats_are_counted(town: Town) -> None:
    """Cloud CDN is off, as in the guide: each click comes through."""
    for number in (1, 2):
        assert town.visit(f"https://{CLICK}/f/a/2/repeat").status == 302
        assert counted(town, "/f/a/2/repeat") == number


def test_with_cache_ttl_a_repeat_is_answered_by_google_for_ten_seconds(open_town: Open) -> None:
    town = done(open_town, cache_ttl=10)
    for path in ("/f/a/2/repeat", "/q/pixel"):
        for wait_s, seen in ((0, 1), (5, 1), (6, 2)):
            town.advance(wait_s)
            assert town.visit(f"https://{CLICK}{path}").status in (200, 302)
            assert counted(town, path) == seen, path


def test_what_somebody_breaks_by_hand_is_put_right(open_town: Open) -> None:
    town = done(open_town)
    file, console = town.folder / "domains.yaml", Console(town)
    console.patch("backendServices", {"customRequestHeaders": ["Host: elsewhere.example"]})
    console.patch("backendServices", {"enableCDN": True})
    map_ = console.only("urlMaps")
    redirect = {name: map_[name] for name in ("name", "description", "fingerprint")}
    redirect["defaultUrlRedirect"] = {"httpsRedirect": True, "stripQuery": False}
    console.compute(f"urlMaps/{map_['name']}", "PUT", redirect)
    rule = next(one for one in console.all("forwardingRules") if one["portRange"] == "80-80")
    console.compute(f"forwardingRules/{rule['name']}", "DELETE")
    assert town.visit(f"https://{CLICK}/f/a/0").status == 301
    town.apply(file)
    town.settled(file)
    town.advance(MINUTE_S)  # until the edges have it
    sees_host_agent_and_client(town)


# -- the certificates of the guide
def test_the_guides_certificate_comes_after_dns_and_http_links_work_all_through(open_town: Open) -> None:
    town = open_town(google_world())
    file = town.file({CLICK: {}, OPEN: {}}, **file_keys(**LISTED))
    with clicking(town, f"http://{CLICK}/f/a/1") as answers:
        town.apply(*LONG, file)
    assert {status for status, _ in answers} == {302}
    assert secure(town)
    town.settled(file)
    assert town.ok("check", file).code == 0
    becomes_a_map_without_a_gap(town)


def becomes_a_map_without_a_gap(town: Town) -> None:
    """The way to a certificate map: complete and active before it is put on the proxy."""
    console = Console(town)
    before = console.only("addresses")["address"]
    file = town.file({CLICK: {}, OPEN: {}}, **file_keys())
    with clicking(town, f"https://{CLICK}/f/a/1") as one, clicking(town, f"https://{OPEN}/f/a/1") as other:
        town.apply(*LONG, file)
    assert {status for status, _ in (*one, *other)} == {302}
    town.settled(file)
    assert console.all("sslCertificates") == []
    assert not console.only("targetHttpsProxies").get("sslCertificates")
    assert console.only("targetHttpsProxies")["certificateMap"].endswith(
        console.certificates("certificateMaps", "certificateMaps")[0]["name"]
    )
    assert console.only("addresses")["address"] == before


def written(town: Town) -> list[str]:
    """What tdr has made at Google or changed."""
    asked = [f"{call['method']} {call['path']}" for call in town.calls(vendor="google")]
    return [one for one in asked if not one.startswith("GET ") and not one.endswith(("token", "Endpoints"))]


def served_elsewhere(**project: Any) -> dict[str, Any]:
    """A host that serves https today, at a proxy of somebody's."""
    zone = managed("example.com", rrset("CNAME", CLICK, f"{THEIRS}."))
    external = {"name": THEIRS, "addresses": [EDGE], "hosts": [CLICK], "origin": KEY}
    return {**google_world(zone, sp=live_click(secure=True), **project), "external": [external]}


def test_a_host_that_serves_https_gets_the_guides_certificate_only_with_a_gap_that_is_allowed(
    open_town: Open,
) -> None:
    town = open_town(served_elsewhere())
    link_today = f"https://{CLICK}/f/a/1"
    assert town.visit(link_today).status == 302
    file = town.file({CLICK: {}}, **file_keys(**LISTED))
    ran = town.tdr("plan", file)
    assert ran.code == 1
    assert "allow_gap" in ran.err
    assert written(town) == []
    file = town.file({CLICK: {"allow_gap": "2h"}}, **file_keys(**LISTED))
    assert f"{CLICK} (move of class C" in town.ok("plan", file).out
    with clicking(town, f"http://{CLICK}/f/a/1") as answers:
        town.apply(*LONG, file)
    assert {status for status, _ in answers} == {302}
    town.settled(file)
    assert secure(town)
    assert town.visit(link_today).status == 302


def test_a_host_that_serves_https_moves_without_a_gap_where_a_record_proves_it(open_town: Open) -> None:
    town = open_town(served_elsewhere())
    file = town.file({CLICK: {}}, **file_keys())
    with clicking(town, f"https://{CLICK}/f/a/1") as answers:
        town.apply(file)
    assert {status for status, _ in answers} == {302}
    town.settled(file)


# -- from one load balancer to another
BY_HAND: Mapping[str, Any] = {
    "networkEndpointGroups": [
        {
            "name": "old",
            "networkEndpointType": "INTERNET_FQDN_PORT",
            "defaultPort": 443,
            "endpoints": [{"fqdn": KEY, "port": 443}],
        }
    ],
    "backendServices": [
        {
            "name": "old",
            "protocol": "HTTPS",
            "loadBalancingScheme": "EXTERNAL_MANAGED",
            "backends": [{"group": link("networkEndpointGroups", "old")}],
        }
    ],
    "urlMaps": [{"name": "old", "defaultService": link("backendServices", "old")}],
    "sslCertificates": [{"name": "old", "type": "MANAGED", "managed": {"domains": [CLICK]}}],
    "targetHttpsProxies": [
        {"name": "old", "urlMap": link("urlMaps", "old"), "sslCertificates": [link("sslCertificates", "old")]}
    ],
    "targetHttpProxies": [{"name": "old", "urlMap": link("urlMaps", "old")}],
    "addresses": [{"name": "old"}],
    "forwardingRules": [
        {
            "name": f"old-{port}",
            "IPAddress": link("addresses", "old"),
            "IPProtocol": "TCP",
            "portRange": port,
            "target": link(proxies, "old"),
            "loadBalancingScheme": "EXTERNAL_MANAGED",
        }
        for port, proxies in (("443", "targetHttpsProxies"), ("80", "targetHttpProxies"))
    ],
}
"""The guide's load balancer, as somebody made it in the console."""


def test_a_host_moves_from_a_load_balancer_made_by_hand_and_that_one_stays(open_town: Open) -> None:
    zone = managed("example.com", rrset("A", CLICK, "198.51.100.80"))
    town = open_town(google_world(zone, sp=live_click(secure=True), compute=BY_HAND))
    console = Console(town)
    for _ in range(3):  # Google looks, issues, and serves it
        console.all("sslCertificates")
        town.advance(1800)
    assert town.visit(f"https://{CLICK}/f/a/1").status == 302
    file = town.file({CLICK: {}}, **file_keys())
    told = town.ok("plan", file)
    assert "the load balancer behind old-443 (198.51.100.80, proxy old), which tdr did not make" in (
        told.out + told.err
    )
    with clicking(town, f"https://{CLICK}/f/a/1") as answers:
        town.apply(file)
    assert {status for status, _ in answers} == {302}
    town.settled(file)
    assert town.dns(CLICK, "A") not in ((), ("198.51.100.80",))
    town.ok("destroy", "-auto-approve", file)
    assert {one["name"] for one in console.all("forwardingRules")} == {"old-443", "old-80"}
    assert [one["name"] for one in console.all("sslCertificates")] == ["old"]


OTHER = "acme-other"


def test_a_host_moves_from_one_projects_load_balancer_to_anothers_without_a_gap(open_town: Open) -> None:
    world = google_world()
    world["google"].append({"project": OTHER, "credentials": "TDR_OTHER_CREDENTIALS"})
    town = open_town(world)
    here = file_keys()
    providers = {**here["providers"], "other": {"type": "google", "project": OTHER}}
    file = town.file({CLICK: {}}, **{**here, "providers": providers})
    town.apply(file)
    town.settled(file)
    moved = town.file({CLICK: {"cdn": "other"}}, **{**here, "providers": providers})
    before = town.dns(CLICK, "A")
    with clicking(town, f"https://{CLICK}/f/a/1") as answers:
        town.apply(moved)
    assert {status for status, _ in answers} == {302}
    assert town.dns(CLICK, "A") not in ((), before)
    town.settled(moved)
    assert len(Console(town).all("forwardingRules")) == 2  # links may still lead there
    town.apply("-prune", *LONG, moved)
    for collection in ("forwardingRules", "targetHttpsProxies", "addresses", "networkEndpointGroups"):
        assert Console(town).all(collection) == []
    assert town.visit(f"https://{CLICK}/f/a/1").status == 302
