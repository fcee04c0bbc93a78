"""Zone settings, page rules, universal TLS and certificate packs."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench, world

SETTINGS = "/zones/{zone}/settings"
UNIVERSAL = "/zones/{zone}/ssl/universal/settings"
PACKS = "/zones/{zone}/ssl/certificate_packs"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A free zone as it comes."""
    with bench() as running:
        yield running


def test_a_setting_nobody_changed_has_its_default(cf: Bench) -> None:
    assert cf.ok("GET", f"{SETTINGS}/always_use_https") == {
        "id": "always_use_https",
        "value": "off",
        "editable": True,
        "modified_on": None,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ssl", "full"),
        ("ssl", "strict"),
        ("always_use_https", "on"),
        ("automatic_https_rewrites", "off"),
        ("min_tls_version", "1.2"),
        ("browser_cache_ttl", 0),
    ],
)
def test_a_setting_is_changed_and_kept(cf: Bench, name: str, value: Any) -> None:
    changed = cf.ok("PATCH", f"{SETTINGS}/{name}", {"value": value})
    assert changed["value"] == value
    assert changed["modified_on"].startswith("2026-01-05T09:00:0")
    assert cf.ok("GET", f"{SETTINGS}/{name}") == changed


def test_hsts_keeps_what_was_not_named(cf: Bench) -> None:
    given = {"strict_transport_security": {"enabled": True, "max_age": 86400}}
    value = cf.ok("PATCH", f"{SETTINGS}/security_header", {"value": given})["value"]
    assert value["strict_transport_security"] == {
        "enabled": True,
        "max_age": 86400,
        "include_subdomains": False,
        "preload": False,
        "nosniff": False,
    }


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("ssl", {"value": "best"}, 1007),
        ("ssl", {}, 1007),
        ("browser_cache_ttl", {"value": "long"}, 1007),
        ("security_header", {"value": {"sts": 1}}, 1007),
        ("nonsense", {"value": "on"}, 1006),
    ],
)
def test_a_setting_refuses_what_it_does_not_know(
    cf: Bench, name: str, body: dict[str, Any], code: int
) -> None:
    assert cf.refused("PATCH", f"{SETTINGS}/{name}", body)[:2] == (400, code)


def test_page_rules_are_listed_the_highest_priority_first() -> None:
    rules = [
        {"url": "a.example.com/*", "actions": [{"id": "ssl", "value": "off"}]},
        {"url": "*.example.com/*", "actions": [{"id": "always_use_https"}], "status": "disabled"},
    ]
    with bench(world({"name": "example.com", "page_rules": rules})) as cf:
        listed = cf.ok("GET", "/zones/{zone}/pagerules")
        assert [rule["priority"] for rule in listed] == [2, 1]
        assert listed[0]["targets"][0]["constraint"]["value"] == "a.example.com/*"
        assert len(cf.ok("GET", "/zones/{zone}/pagerules", status="active")) == 1


def test_the_universal_pack_covers_the_apex_and_one_label(cf: Bench) -> None:
    (pack,) = cf.ok("GET", PACKS, status="all")
    assert (pack["type"], pack["status"], pack["hosts"]) == (
        "universal",
        "active",
        ["example.com", "*.example.com"],
    )
    assert cf.ok("GET", f"{PACKS}/{pack['id']}") == pack
    assert cf.ok("GET", "/zones/{zone}/ssl/verification")[0]["certificate_status"] == "active"


def test_an_unknown_pack_is_not_found(cf: Bench) -> None:
    assert cf.refused("GET", f"{PACKS}/{'0' * 32}")[0] == 404


def test_universal_tls_switched_off_takes_its_pack_and_on_again_issues_one(cf: Bench) -> None:
    assert cf.ok("PATCH", UNIVERSAL, {"enabled": False}) == {"enabled": False}
    assert cf.ok("GET", PACKS, status="all") == []
    cf.ok("PATCH", UNIVERSAL, {"enabled": True})
    assert cf.ok("GET", PACKS, status="all")[0]["status"] == "initializing"
    cf.advance(301)
    assert cf.ok("GET", PACKS)[0]["status"] == "active"
    assert cf.ok("GET", UNIVERSAL) == {"enabled": True}


def test_a_zone_that_was_never_active_has_no_certificate() -> None:
    with bench(world({"name": "example.com", "status": "pending"})) as cf:
        assert cf.ok("GET", PACKS) == []
        assert cf.ok("GET", PACKS, status="all")[0]["status"] == "initializing"


def test_packs_of_the_world_and_from_outside_are_listed() -> None:
    pack = {"type": "advanced", "hosts": ["*.mail.example.com"], "status": "pending_validation"}
    with bench(world({"name": "example.com", "packs": [pack], "universal_ssl": False})) as cf:
        (listed,) = cf.ok("GET", PACKS, status="all")
        assert listed["validation_records"][0]["txt_name"] == "_acme-challenge.mail.example.com"
        cf.patch(packs=[{"id": listed["id"], "status": "active"}])
        assert cf.ok("GET", PACKS)[0]["hosts"] == ["*.mail.example.com"]
        cf.patch(packs=[{"type": "total_tls", "hosts": ["a.b.example.com"], "issue_in_s": 60}])
        assert [p["status"] for p in cf.ok("GET", PACKS, status="all")] == ["active", "initializing"]
        cf.advance(61)
        assert len(cf.ok("GET", PACKS)) == 2
