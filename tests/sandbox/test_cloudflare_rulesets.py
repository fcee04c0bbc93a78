"""Rulesets: entry points, single rules, order, limits, dry runs."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.cloudflare_bench import Bench, bench

RULESETS = "/zones/{zone}/rulesets"
CONFIG, CACHE = "http_config_settings", "http_request_cache_settings"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A free zone without rulesets."""
    with bench() as running:
        yield running


def entry(phase: str = CONFIG) -> str:
    return f"{RULESETS}/phases/{phase}/entrypoint"


def config(host: str = "click.example.com", **more: Any) -> dict[str, Any]:
    parameters = {"ssl": "full"}
    return {
        "action": "set_config",
        "expression": f'(http.host in {{"{host}"}})',
        "action_parameters": parameters,
        "description": "a rule",
        "enabled": True,
        **more,
    }


def caching(ttl: int) -> dict[str, Any]:
    return {
        "action": "set_cache_settings",
        "expression": 'http.host eq "click.example.com"',
        "action_parameters": {
            "cache": True,
            "edge_ttl": {"mode": "override_origin", "default": ttl},
            "browser_ttl": {"mode": "bypass_by_default"},
        },
    }


def made(cf: Bench, *rules: dict[str, Any]) -> dict[str, Any]:
    body = {"kind": "zone", "phase": CONFIG, "name": "ours", "rules": list(rules)}
    ruleset: dict[str, Any] = cf.ok("POST", RULESETS, body)
    return ruleset


def refs(ruleset: dict[str, Any]) -> list[str]:
    return [rule["ref"] for rule in ruleset["rules"]]


def test_a_phase_without_rules_has_no_entry_point(cf: Bench) -> None:
    assert cf.refused("GET", entry()) == (
        404,
        10003,
        f"could not find entrypoint ruleset in the {CONFIG} phase",
    )


def test_an_entry_point_is_created_once(cf: Bench) -> None:
    ruleset = made(cf, config(ref="one"))
    assert (ruleset["kind"], ruleset["phase"], ruleset["version"]) == ("zone", CONFIG, "1")
    assert cf.ok("GET", entry()) == ruleset == cf.ok("GET", f"{RULESETS}/{ruleset['id']}")
    body = {"kind": "zone", "phase": CONFIG, "name": "again", "rules": []}
    status, code, message = cf.refused("POST", RULESETS, body)
    assert (status, code) == (400, 20217)
    assert message.endswith(f"exceeded maximum number of zone rulesets for phase {CONFIG}")


def test_the_list_shows_rulesets_without_rules(cf: Bench) -> None:
    ruleset = made(cf, config())
    (listed,) = cf.ok("GET", RULESETS)
    assert listed == {k: v for k, v in ruleset.items() if k != "rules"}


def test_a_put_of_the_entry_point_replaces_every_rule(cf: Bench) -> None:
    cf.ok("PUT", entry(), {"rules": [config(ref="theirs")]})
    ruleset = cf.ok("PUT", entry(), {"rules": [config(ref="ours")]})
    assert (refs(ruleset), ruleset["version"]) == (["ours"], "2")


def test_a_put_keeps_the_id_of_a_rule_with_the_same_ref(cf: Bench) -> None:
    before = cf.ok("PUT", entry(), {"rules": [config(ref="one")]})["rules"][0]
    same, changed = (
        cf.ok("PUT", entry(), {"rules": [rule]})["rules"][0]
        for rule in (config(ref="one"), config("other.example.com", ref="one"))
    )
    assert same == before
    assert (changed["id"], changed["version"]) == (before["id"], "2")


def test_a_rule_without_ref_has_its_id_for_one(cf: Bench) -> None:
    rule = made(cf, config())["rules"][0]
    assert rule["ref"] == rule["id"]


def test_members_that_an_entry_point_does_not_take_are_refused(cf: Bench) -> None:
    status, _, message = cf.refused("PUT", entry(), {"rules": [], "kind": "zone"})
    assert (status, message) == (400, 'invalid JSON: unknown field "kind"')


def test_a_rule_is_added_at_the_end_and_the_version_goes_up(cf: Bench) -> None:
    ruleset = made(cf, config(ref="one"))
    cf.advance(5)
    after = cf.ok("POST", f"{RULESETS}/{ruleset['id']}/rules", config(ref="two"))
    assert (refs(after), after["version"]) == (["one", "two"], "2")
    assert after["last_updated"] > ruleset["last_updated"]
    assert after["rules"][0] == ruleset["rules"][0]


def test_a_ref_stands_once_in_a_ruleset(cf: Bench) -> None:
    ruleset = made(cf, config(ref="one"))
    answer = cf.call("POST", f"{RULESETS}/{ruleset['id']}/rules", config(ref="one"))
    assert answer.status_code == 400
    assert "another rule of the ruleset has the same ref" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("position", "order"),
    [
        ({"before": ""}, "xabc"),
        ({"after": ""}, "abcx"),
        ({"index": 1}, "xabc"),
        ({"index": 3}, "abxc"),
        ({"index": 4}, "abcx"),
        ({"before": "b"}, "axbc"),
        ({"after": "b"}, "abxc"),
    ],
)
def test_a_position_says_where_a_rule_goes(cf: Bench, position: dict[str, Any], order: str) -> None:
    ruleset = made(cf, *(config(ref=ref) for ref in "abc"))
    ids = {rule["ref"]: rule["id"] for rule in ruleset["rules"]}
    where = {way: ids.get(value, value) if way != "index" else value for way, value in position.items()}
    body = config(ref="x", position=where)
    assert "".join(refs(cf.ok("POST", f"{RULESETS}/{ruleset['id']}/rules", body))) == order


@pytest.mark.parametrize(
    "position", [{"index": 0}, {"index": 9}, {"before": "0" * 32}, {"before": "", "after": ""}]
)
def test_a_position_that_is_none_is_refused(cf: Bench, position: dict[str, Any]) -> None:
    ruleset = made(cf, config())
    body = config(ref="x", position=position)
    assert cf.call("POST", f"{RULESETS}/{ruleset['id']}/rules", body).status_code == 400


def test_a_patch_with_a_position_alone_moves_the_rule(cf: Bench) -> None:
    ruleset = made(cf, *(config(ref=ref) for ref in "abc"))
    path = f"{RULESETS}/{ruleset['id']}/rules/{ruleset['rules'][2]['id']}"
    moved = cf.ok("PATCH", path, {"position": {"before": ""}})
    assert refs(moved) == ["c", "a", "b"]
    assert moved["rules"][0] == ruleset["rules"][2]


def test_a_patch_replaces_the_rule_and_keeps_id_and_ref(cf: Bench) -> None:
    ruleset = made(cf, config(ref="one"))
    rule = ruleset["rules"][0]
    path = f"{RULESETS}/{ruleset['id']}/rules/{rule['id']}"
    new = config("new.example.com")
    del new["description"]
    after = cf.ok("PATCH", path, new)["rules"][0]
    assert (after["id"], after["ref"], after["version"]) == (rule["id"], "one", "2")
    assert after["description"] == ""
    assert "new.example.com" in after["expression"]


def test_a_patch_without_the_whole_rule_is_refused_or_merged(cf: Bench) -> None:
    ruleset = made(cf, config(ref="one"))
    path = f"{RULESETS}/{ruleset['id']}/rules/{ruleset['rules'][0]['id']}"
    change = {"action": "set_config", "action_parameters": {"ssl": "strict"}}
    assert cf.refused("PATCH", path, change)[:2] == (400, 20125)
    cf.switch("cloudflare.rule-patch", "merges")
    after = cf.ok("PATCH", path, change)["rules"][0]
    assert (after["action_parameters"], after["description"]) == ({"ssl": "strict"}, "a rule")


def test_a_rule_is_deleted_and_then_is_not_found(cf: Bench) -> None:
    ruleset = made(cf, config(ref="one"), config(ref="two"))
    path = f"{RULESETS}/{ruleset['id']}/rules/{ruleset['rules'][0]['id']}"
    assert refs(cf.ok("DELETE", path)) == ["two"]
    assert cf.refused("DELETE", path)[0] == 404


def test_a_ruleset_is_deleted_without_a_body(cf: Bench) -> None:
    path = f"{RULESETS}/{made(cf)['id']}"
    answer = cf.call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert cf.refused("GET", path)[0] == 404


def test_an_empty_ruleset_may_have_no_rules_member() -> None:
    with bench() as cf:
        made(cf)
        assert cf.ok("GET", entry())["rules"] == []
        cf.switch("cloudflare.empty-ruleset", "omits_rules")
        assert "rules" not in cf.ok("GET", entry())
        cf.sandbox.control("DELETE", "/calls")  # the description has the member always


@pytest.mark.parametrize("times", [1, 3])
def test_a_dry_run_checks_and_changes_nothing(cf: Bench, times: int) -> None:
    ruleset = made(cf, config(ref="one"))
    path = f"{RULESETS}/{ruleset['id']}"
    for _ in range(times):
        assert cf.ok("POST", f"{path}/rules", config(ref="two"), dry_run="true") is None
        assert cf.ok("PUT", entry(), {"rules": []}, dry_run="true") is None
        assert cf.ok("DELETE", f"{path}/rules/{ruleset['rules'][0]['id']}", dry_run="true") is None
    assert cf.refused("POST", f"{path}/rules", config(ref="one"), dry_run="true")[0] == 400
    assert cf.ok("GET", entry()) == ruleset


@pytest.mark.parametrize(("plan", "most"), [("free", 10), ("pro", 25), ("business", 50), ("enterprise", 300)])
def test_the_plan_says_how_many_rules_a_phase_holds(cf: Bench, plan: str, most: int) -> None:
    cf.patch(plan=plan)
    cf.ok("PUT", entry(), {"rules": [config(ref=f"r{n}") for n in range(most)]})
    status, code, message = cf.refused(
        "PUT", entry(), {"rules": [config(ref=f"r{n}") for n in range(most + 1)]}
    )
    assert (status, code) == (400, 50001)
    assert message.endswith(f"{CONFIG}: {most + 1} out of {most}")


@pytest.mark.parametrize(
    ("plan", "least"), [("free", 7200), ("pro", 3600), ("business", 1), ("enterprise", 1)]
)
def test_the_plan_says_how_short_an_edge_ttl_may_be(cf: Bench, plan: str, least: int) -> None:
    cf.patch(plan=plan)
    cf.ok("PUT", entry(CACHE), {"rules": [caching(least)]})
    answer = cf.call("PUT", entry(CACHE), {"rules": [caching(least - 1)]})
    assert answer.status_code == 400
    pointer = "/rules/0/action_parameters/edge_ttl/default"
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}


def test_a_short_edge_ttl_may_be_stored_as_sent(cf: Bench) -> None:
    cf.switch("cloudflare.edge-ttl-below-minimum", "raised")
    ruleset = cf.ok("PUT", entry(CACHE), {"rules": [caching(10)]})
    assert ruleset["rules"][0]["action_parameters"]["edge_ttl"]["default"] == 10


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (caching(7200), 20016),  # an action of another phase
        (config(action_parameters={}), 20119),
        (config(action_parameters={"ssl": "best"}), 20217),
        (config(action_parameters={"nonsense": True}), 20003),
        (config(action_parameters={"bic": "on"}), 20217),
        (config(expression=""), 20125),
        (config(expression="http.host eq"), 20127),
        (config(expression='ip.geoip.country eq "DE"'), 20127),
        (config(expression=f'http.host in {{"{"x" * 4096}"}}'), 20126),
        (config(colour="blue"), 20003),
        ({"expression": "true"}, 20018),
    ],
)
def test_a_rule_that_is_not_valid_is_refused(cf: Bench, rule: dict[str, Any], code: int) -> None:
    assert cf.refused("PUT", entry(), {"rules": [rule]})[:2] == (400, code)


def test_a_phase_that_does_not_exist_is_refused(cf: Bench) -> None:
    assert cf.refused("GET", entry("http_nonsense"))[0] == 400


def test_overriding_the_origins_host_is_for_enterprise(cf: Bench) -> None:
    rule = {"action": "route", "expression": "true", "action_parameters": {"host_header": "spgo.io"}}
    assert cf.refused("PUT", entry("http_request_origin"), {"rules": [rule]})[0] == 403
    cf.patch(plan="enterprise")
    cf.ok("PUT", entry("http_request_origin"), {"rules": [rule]})


def test_an_expression_of_120_hosts_fits(cf: Bench) -> None:
    hosts = " ".join(f'"click-{n:03}.mail.example.com"' for n in range(120))
    cf.ok("PUT", entry(), {"rules": [config(expression=f"(http.host in {{{hosts}}})")]})


def test_a_rule_added_by_a_person_is_there(cf: Bench) -> None:
    made(cf, config(ref="ours"))
    cf.patch(add_rules=[{"phase": CONFIG, **config(ref="theirs"), "position": {"before": ""}}])
    assert refs(cf.ok("GET", entry())) == ["theirs", "ours"]
    cf.patch(remove_rules=["theirs"])
    assert refs(cf.ok("GET", entry())) == ["ours"]
