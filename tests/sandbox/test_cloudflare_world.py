"""The world's section, changes from outside, and the state on disk."""

import json
from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.cloudflare import EMULATOR
from providers.sandbox.cloudflare.switches import UNKNOWNS
from providers.sandbox.contract import ControlError, WorldError
from tests.sandbox.cloudflare_bench import Bench, Origin, bench, record, world

HOST = "click.example.com"


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"token": "x"}, "cloudflare"),
        ([{"zones": []}], "cloudflare[0].token"),
        ([{"token": "x", "colour": "blue"}], "cloudflare[0].colour"),
        ([{"token": "x", "zones": [{}]}], "cloudflare[0].zones[0].name"),
        ([{"token": "x", "zones": [{"name": "a.example", "plan": "gold"}]}], "cloudflare[0].zones[0].plan"),
        (
            [{"token": "x", "zones": [{"name": "a.example", "status": "new"}]}],
            "cloudflare[0].zones[0].status",
        ),
        (
            [{"token": "x", "zones": [{"name": "a.example", "settings": {"ssl": "best"}}]}],
            "cloudflare[0].zones[0].settings.ssl",
        ),
        (
            [
                {
                    "token": "x",
                    "zones": [{"name": "a.example", "records": [record("b.a.example") | {"ttl": 3}]}],
                }
            ],
            "cloudflare[0].zones[0].records[0]",
        ),
        (
            [{"token": "x", "zones": [{"name": "a.example", "packs": [{"status": "fine"}]}]}],
            "cloudflare[0].zones[0].packs[0].status",
        ),
    ],
)
def test_a_mistake_in_the_world_is_named_with_its_place(section: Any, path: str) -> None:
    with pytest.raises(WorldError) as caught, started({"cloudflare": section}, emulators=[EMULATOR]):
        pass
    assert caught.value.path == path


def test_the_environment_names_the_api_and_the_worlds_tokens() -> None:
    given = world()
    given["cloudflare"].append({"token": "second", "env": "TDR_WEB2_API_TOKEN", "account": "second"})
    with bench(given) as cf:
        env = cf.sandbox.env
        assert env["CLOUDFLARE_BASE_URL"].endswith("/client/v4")
        assert (env["CLOUDFLARE_API_TOKEN"], env["TDR_WEB2_API_TOKEN"]) == ("sandbox-token", "second")


def test_a_world_without_cloudflare_has_its_edge_all_the_same() -> None:
    with bench({"clock": "2026-01-05T09:00:00Z"}) as cf:
        assert cf.visit(f"http://{HOST}/").status == 409
        assert cf.call("GET", "/zones").status_code == 403


def test_every_unknown_is_a_switch_with_a_source() -> None:
    with bench() as cf:
        known = set(cf.sandbox.control("GET", "/switches"))
    assert {u.name for u in UNKNOWNS} <= known
    assert all(len(u.settings) >= 2 and u.source and u.question for u in UNKNOWNS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zone": {}}, "unknown change"),
        ({"zones": {"example.org": {}}}, "there is no zone example.org"),
        ({"zones": {"example.com": {"colour": "blue"}}}, "unknown change"),
        ({"zones": {"example.com": {"plan": "gold"}}}, "write one of free"),
        ({"zones": {"example.com": {"settings": {"ssl": "best"}}}}, "Invalid value"),
        ({"zones": {"example.com": {"add_records": [record(HOST) | {"ttl": 3}]}}}, "Invalid TTL"),
        ({"zones": {"example.com": {"remove_records": [HOST]}}}, "there is no record"),
        ({"zones": {"example.com": {"remove_rules": ["x"]}}}, "there is no rule"),
        ({"tokens": {"nobody": {}}}, "no such token"),
        ({"tokens": {"sandbox-token": {"status": "lost"}}}, "write active"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(changes: dict[str, Any], words: str) -> None:
    with bench() as cf, pytest.raises(ControlError, match=words):
        cf.sandbox.control("PATCH", "/vendors/cloudflare", changes)


def test_a_person_adds_and_removes_records() -> None:
    with bench() as cf:
        (record_id,) = cf.patch(add_records=[record(HOST)])["zones"]["example.com"]["add_records"]
        assert cf.ok("GET", f"/zones/{{zone}}/dns_records/{record_id}")["content"] == "spgo.io"
        cf.patch(remove_records=[f"{HOST} CNAME"])
        assert cf.ok("GET", "/zones/{zone}/dns_records") == []


def test_the_state_survives_a_restart() -> None:
    rules = [{"action": "set_config", "expression": "true", "action_parameters": {"ssl": "full"}, "ref": "r"}]
    zone = {
        "name": "example.com",
        "plan": "pro",
        "records": [record(HOST, proxied=True, tags=["a:b"])],
        "rulesets": [{"phase": "http_config_settings", "rules": rules}],
        "page_rules": [{"url": "x.example.com/*", "actions": [{"id": "ssl", "value": "off"}]}],
    }
    with bench(world(zone)) as cf:
        cf.patch(settings={"always_use_https": "on"})
        before = shown(cf)
        dumped = json.loads(json.dumps(cf.sandbox.do(cf.sandbox.kernel.vendors["cloudflare"].dump)))
    assert "sandbox-token" not in json.dumps(dumped)
    origin = Origin()
    with started({"clock": "2026-02-01T09:00:00Z"}, emulators=[origin, EMULATOR]) as sandbox:
        vendor = sandbox.kernel.vendors["cloudflare"]
        sandbox.do(lambda: vendor.load(dumped))
        after = Bench(sandbox, origin)
        with after.http:
            assert shown(after) == before
            assert after.dns(HOST, "A") == ("198.51.100.7", "198.51.100.8")
            assert after.visit(f"https://{HOST}/").status == 302


def shown(cf: Bench) -> list[Any]:
    """Everything the API shows of the zone."""
    zone = "/zones/{zone}"
    paths = [zone, f"{zone}/dns_records", f"{zone}/pagerules", f"{zone}/settings/always_use_https"]
    paths += [f"{zone}/rulesets/phases/http_config_settings/entrypoint", f"{zone}/ssl/certificate_packs"]
    return [cf.ok("GET", path) for path in paths]
