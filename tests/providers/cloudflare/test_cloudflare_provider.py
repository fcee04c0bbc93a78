"""The provider against the emulated vendor, every exchange judged by the vendor's own description."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from providers.cloudflare import CALLS_PER_ZONE
from reconciler.errors import AuthError, Conflict, UnexpectedResponse
from reconciler.model import Action, Change, Severity
from reconciler.provider import Done, Failed, Parts, Wanted
from tests.providers.cloudflare.cloudflare_stand import (
    HOST,
    OWNER,
    TOKEN,
    Stand,
    claim_record,
    cname,
    host_record,
    stand,
    told,
    wanted,
    world,
)

CONFIG, CACHE = "http_config_settings", "http_request_cache_settings"
THEIRS = {
    "phase": CONFIG,
    "expression": 'http.host eq "www.example.com"',
    "action": "set_config",
    "action_parameters": {"ssl": "flexible"},
    "description": "keep me",
}


@pytest.fixture
def at() -> Iterator[Stand]:
    """A Business zone with the guide's main case: a DNS-only record that answers today."""
    zone = {
        "name": "example.com",
        "plan": "business",
        "settings": {"ssl": "flexible"},
        "records": [cname(comment="set by hand"), cname("www.example.com", "web.example.net")],
    }
    with stand(world(zone)) as running:
        yield running


def converge(at: Stand, *hosts: str) -> dict[str, Any]:
    records = [record for host in hosts for record in (claim_record(host), host_record(host))]
    return at.apply(at.plan(wanted(*hosts), records))


def done(outcomes: dict[str, Any]) -> bool:
    return bool(outcomes) and all(isinstance(outcome, Done) for outcome in outcomes.values())


def test_the_main_case_in_one_go_and_then_nothing_is_left(at: Stand) -> None:
    assert done(converge(at, HOST))
    assert at.records() == [
        (f"_tdr.{HOST}", "TXT", '"v=tdr1 o=acme-mail"', 3600, False, f"tdr:v1 {OWNER} {HOST}"),
        (HOST, "CNAME", "spgo.io", 1, True, "set by hand"),
        ("www.example.com", "CNAME", "web.example.net", 300, False, None),
    ]
    [ssl] = at.rules(CONFIG)
    assert (ssl["ref"], ssl["expression"], ssl["action_parameters"]) == (
        f"tdr-ssl-{OWNER}",
        f'(http.host in {{"{HOST}"}})',
        {"ssl": "full"},
    )
    [cache] = at.rules(CACHE)
    assert cache["action_parameters"]["edge_ttl"] == {"mode": "override_origin", "default": 10}
    assert at.plan(wanted(HOST), [claim_record(), host_record()]) == []


SWITCHES = {
    "txt-quotes": "added",
    "rule-patch": "merges",
    "empty-ruleset": "omits_rules",
    "dns-errors": "chain",
    "stale-batch-id": "400",
    "identical-record": "81057",
}


@pytest.mark.parametrize("name", SWITCHES)
def test_it_converges_whatever_the_vendor_turns_out_to_do(at: Stand, name: str) -> None:
    at.switch(name, SWITCHES[name])
    if name == "empty-ruleset":
        at.undescribed = ["200: $.result: Unevaluated properties", "200: $.result: 'rules'"]
    assert done(converge(at, HOST))
    assert done(converge(at, HOST, "go.example.com"))
    assert at.plan(wanted(HOST, "go.example.com"), [claim_record(), host_record()]) == []
    live = at.read(wanted(HOST, "go.example.com"))
    gone = [Change(r.id, Action.DELETE, r, None) for r in live.resources]
    assert done(at.apply(gone))
    assert done(converge(at, HOST))


def test_the_zones_mode_stands_in_the_plan_and_with_the_resource(at: Stand) -> None:
    parts = wanted(HOST)
    composition = at.compose(parts)
    assert "SSL mode flexible" in told(composition.findings, Severity.WARNING)[0]
    assert composition.resources[0].outputs["zone_ssl"] == "flexible"
    converge(at, HOST)
    assert at.compose(parts).findings == ()
    assert at.zone()["settings"]["ssl"] == "flexible"


def test_a_hundred_unchanged_hosts_cost_the_fixed_number_of_calls(at: Stand) -> None:
    hosts = [f"h{number:03d}.example.com" for number in range(100)]
    assert done(converge(at, *hosts))
    for phase in ("http_request_late_transform", "http_request_transform"):
        uri = {"uri": {"path": {"value": "/"}}}
        rule = {"phase": phase, "expression": "false", "action": "rewrite", "action_parameters": uri}
        at.patch(add_rules=[rule])
    at.patch(
        add_rules=[
            {
                "phase": "http_request_origin",
                "expression": "false",
                "action": "route",
                "action_parameters": {"origin": {"port": 8443}},
            },
            {
                "phase": "http_request_dynamic_redirect",
                "expression": "false",
                "action": "redirect",
                "action_parameters": {"from_value": {"target_url": {"value": "https://x.example"}}},
            },
        ]
    )
    at.asked.clear()
    records = [record for host in hosts for record in (claim_record(host), host_record(host))]
    assert at.plan(wanted(*hosts), records) == []
    assert at.asked.total() == CALLS_PER_ZONE + 1
    assert {each["request_headers"] is not None for each in at.sandbox.control("GET", "/calls")} == {True}


def test_a_second_host_joins_the_rule_and_moves_nobody(at: Stand) -> None:
    converge(at, HOST)
    at.asked.clear()
    converge(at, "go.example.com")
    assert [rule["expression"] for rule in at.rules(CONFIG)] == [
        f'(http.host in {{"{HOST}" "go.example.com"}})'
    ]
    assert at.asked["edit rule"] == 2
    assert at.asked["create rule"] == 0


def test_the_users_rules_are_untouched(at: Stand) -> None:
    at.patch(add_rules=[THEIRS])
    [before] = at.rules(CONFIG)
    converge(at, HOST, "go.example.com")
    assert [rule["ref"] for rule in at.rules(CONFIG)] == [before["ref"], f"tdr-ssl-{OWNER}"]
    live = at.read(wanted(HOST, "go.example.com"))
    assert done(at.apply([Change(r.id, Action.DELETE, r, None) for r in live.resources]))
    assert at.rules(CONFIG) == [before]
    methods = {(call["method"], call["path"]) for call in at.sandbox.control("GET", "/calls")}
    assert not [path for method, path in methods if method == "PUT"]


def test_one_host_leaves_and_the_others_stay(at: Stand) -> None:
    converge(at, HOST, "go.example.com")
    live = at.read(wanted(HOST, "go.example.com"))
    leaving = [Change(r.id, Action.DELETE, r, None) for r in live.resources if r.host == HOST]
    assert done(at.apply(leaving))
    assert [rule["expression"] for rule in at.rules(CONFIG)] == ['(http.host in {"go.example.com"})']
    assert done(at.apply(leaving))


def test_drift_of_our_rule_is_seen_and_mended(at: Stand) -> None:
    converge(at, HOST)
    at.patch(remove_rules=[f"tdr-ssl-{OWNER}"])
    drifted = THEIRS | {
        "ref": f"tdr-ssl-{OWNER}",
        "expression": f'(http.host in {{"{HOST}"}})',
        "enabled": False,
    }
    at.patch(add_rules=[drifted])
    [change] = at.plan(wanted(HOST), [claim_record(), host_record()])
    assert change.before is not None
    assert change.before.attrs["ssl"] == "rule disabled"
    assert done(at.apply([change]))
    [rule] = at.rules(CONFIG)
    assert (rule["enabled"], rule["action_parameters"]) == (True, {"ssl": "full"})


def test_another_owners_hosts_bear_its_mark(at: Stand) -> None:
    other = THEIRS | {
        "ref": "tdr-ssl-other",
        "expression": f'(http.host in {{"{HOST}"}})',
        "action_parameters": {"ssl": "full"},
    }
    at.patch(add_rules=[other])
    assert [resource.mark for resource in at.read(wanted(HOST)).resources] == ["other"]


def test_a_rule_that_moved_since_the_plan_is_a_conflict(at: Stand) -> None:
    converge(at, HOST)
    live = at.read(wanted(HOST))
    ssl = next(r for r in live.resources if r.id.kind == "cloudflare_ssl_host")
    stale = Change(ssl.id, Action.UPDATE, ssl.with_attrs(ssl="strict"), ssl.with_attrs(ssl="off"))
    [outcome] = at.apply([stale]).values()
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Conflict)
    assert HOST in outcome.error.message


# -- records
def test_everything_may_be_repeated(at: Stand) -> None:
    changes = at.plan(wanted(HOST), [claim_record(), host_record()])
    assert done(at.apply(changes))
    at.asked.clear()
    assert done(at.apply(changes))
    assert not [asked for asked in at.asked if asked.startswith(("batch", "create", "edit", "delete"))]


def test_a_claim_and_its_record_are_one_transaction(at: Stand) -> None:
    converge(at, HOST)
    assert at.asked["batch DNS records"] == 1


def test_a_record_changed_since_the_plan_stops_its_host_and_no_other(at: Stand) -> None:
    records = [claim_record(), host_record(), claim_record("go.example.com"), host_record("go.example.com")]
    changes = [
        c for c in at.plan(wanted(HOST, "go.example.com"), records) if c.container == "zone/example.com"
    ]
    at.patch(remove_records=[HOST], add_records=[cname(content="moved.example.net")])
    outcomes = at.apply(changes)
    failed = {key for key, outcome in outcomes.items() if isinstance(outcome, Failed)}
    assert failed == {f"dns_record {HOST}/host", f"dns_record {HOST}/claim"}
    assert "moved.example.net (TTL 300)" in outcomes[f"dns_record {HOST}/host"].error.message
    assert [row[0] for row in at.records() if row[4]] == ["go.example.com"]


def test_addresses_are_replaced_by_the_edge_at_once(at: Stand) -> None:
    at.patch(
        remove_records=[HOST],
        add_records=[{"type": "A", "name": HOST, "content": f"203.0.113.{n}", "ttl": 300} for n in (5, 6)],
    )
    assert done(converge(at, HOST))
    assert [row[:3] for row in at.records() if row[0] == HOST] == [(HOST, "CNAME", "spgo.io")]
    assert at.asked["batch DNS records"] == 1


def test_a_long_claim_survives_the_vendor(at: Stand) -> None:
    text = "v=tdr1 o=acme-mail " + 'x"\\y' * 200
    assert done(at.apply(at.plan(wanted(HOST), [claim_record(text=text)])))
    assert at.plan(Parts(dns=wanted(HOST).dns), [claim_record(text=text)]) == []
    [found] = [rrset for rrset in at.read(wanted(HOST)).rrsets if rrset.type == "TXT"]
    assert found.values == (text,)


def test_more_records_than_one_transaction_takes_are_cut_by_host() -> None:
    hosts = [f"h{number:03d}.example.com" for number in range(101)]
    with stand(world({"name": "example.com", "plan": "free"})) as at:
        at.patch(plan="pro")
        live = at.read(wanted(*hosts))
        at.patch(plan="free")
        records = [record for host in hosts[:99] for record in (claim_record(host), host_record(host))]
        spelt = at.provider.spell(records, live)
        assert done(at.apply([Change(r.id, Action.CREATE, None, r) for r in spelt.resources]))
        assert at.asked["batch DNS records"] == 1


def test_a_write_that_did_not_stick_is_told(at: Stand) -> None:
    changes = [c for c in at.plan(wanted(HOST), [host_record()]) if c.container == "zone/example.com"]
    body = {"success": True, "errors": [], "messages": [], "result": {}}
    at.fault(kind="status", status=200, path="batch", body=body)
    [outcome] = at.apply(changes).values()
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, UnexpectedResponse)
    assert "did not stick" in outcome.error.message


def test_a_batch_whose_answer_was_lost_is_found_done(at: Stand) -> None:
    changes = at.plan(wanted(HOST), [claim_record(), host_record()])
    at.fault(kind="reset", path="batch", after=True)
    with pytest.raises(Exception, match="no answer from Cloudflare"):
        at.apply(changes)
    assert done(at.apply(changes))
    assert len([row for row in at.records() if row[0] == f"_tdr.{HOST}"]) == 1


# -- reading
def test_only_the_zones_of_the_scope_are_read() -> None:
    zones = [{"name": name} for name in ("example.com", "example.net", "example.org")]
    with stand(world(*zones)) as at:
        assert [zone.name for zone in at.read(wanted(HOST)).zones] == ["example.com"]
        everything = at.read(wanted(HOST), everything=True)
        assert [zone.name for zone in everything.zones] == ["example.com", "example.net", "example.org"]


def test_many_zones_are_read_page_by_page() -> None:
    zones = [{"name": f"z{number:03d}.example"} for number in range(101)]
    with stand(world(*zones)) as at:
        live = at.read(wanted("click.z100.example"))
        assert [zone.name for zone in live.zones] == ["z100.example"]
        assert at.asked["list zones"] == 3
        assert len(live.accounts) == 1


def test_the_longest_zone_wins() -> None:
    with stand(world({"name": "example.com"}, {"name": "mail.example.com"})) as at:
        live = at.read(wanted("click.mail.example.com", HOST))
        [deep] = [z for z in live.zones if z.name == "mail.example.com"]
        spelt = at.provider.spell([host_record("click.mail.example.com")], live)
        assert spelt.resources[0].container == deep.container


def test_an_account_that_the_alias_does_not_name_is_not_touched() -> None:
    with stand(account="someone else") as at:
        [finding] = at.compose(wanted(HOST)).findings
        assert "no Cloudflare zone" in finding.text


def test_a_token_for_dns_alone_fills_the_dns_part() -> None:
    given = world({"name": "example.com", "records": [cname()]}, scopes=["Zone Read", "DNS Write"])
    with stand(given) as at:
        parts = Parts(dns=(Wanted(HOST, "spgo.io", 3600),))
        assert done(at.apply(at.plan(parts, [claim_record()])))


def test_checks_that_the_token_may_not_make_are_warnings() -> None:
    scopes = [
        "Zone Read",
        "DNS Write",
        "Config Rules Write",
        "Cache Rules Write",
        "SSL and Certificates Read",
    ]
    with stand(world(scopes=scopes)) as at:
        texts = told(at.compose(wanted(HOST)).findings, Severity.WARNING)
        assert any("Page Rules Read" in text for text in texts)
        assert any("Zone Settings Read" in text for text in texts)


@pytest.mark.parametrize("path", ["/settings/", "/pagerules", "/ssl/universal"])
def test_a_token_that_is_not_taken_any_more_is_an_error_and_no_gap_in_the_checks(
    at: Stand, path: str
) -> None:
    body = {"success": False, "errors": [{"code": 1000, "message": "Invalid API Token"}], "messages": []}
    at.fault(kind="status", status=401, path=path, body={**body, "result": None})
    with pytest.raises(AuthError, match="Invalid API Token"):
        at.read(wanted(HOST))


@pytest.mark.parametrize("status", ["pending", "moved", "initializing"])
def test_a_zone_that_is_not_served_is_told_with_its_name_servers(status: str) -> None:
    zone = {
        "name": "example.com",
        "status": status,
        "delegated": False,
        "original_name_servers": ["ns1.old.example"],
    }
    with stand(world(zone)) as at:
        parts = wanted(HOST)
        live = at.read(parts)
        assert [(zone.active, zone.status) for zone in live.zones] == [(False, status)]
        found = [f for f in at.provider.compose(parts, live).findings if f.severity is Severity.ERROR]
        assert "ada.ns.cloudflare.com" in found[0].lift
        assert "ns1.old.example" in found[0].lift
        assert "run tdr apply again" in found[0].lift


def test_ready_follows_the_certificate_with_one_call_for_a_zone(at: Stand) -> None:
    converge(at, HOST, "go.example.com")
    ids = [resource.id for resource in at.read(wanted(HOST, "go.example.com")).resources]
    at.asked.clear()
    assert {status.ready for status in at.provider.ready(ids).values()} == {True}
    assert at.asked == {"list certificate packs": 1}
    at.patch(packs=[{"type": "universal", "status": "pending_validation"}])
    waiting = [status for status in at.provider.ready(ids).values() if not status.ready]
    assert [(status.text, status.hopeless) for status in waiting] == [
        ("universal certificate pack pending_validation", False)
    ] * 2


def test_no_secret_stands_in_what_is_read(at: Stand) -> None:
    assert TOKEN not in repr(at.read(wanted(HOST), everything=True))


def test_page_rules_are_read_from_the_vendor(at: Stand) -> None:
    target = {"target": "url", "constraint": {"operator": "matches", "value": "*example.com/*"}}
    action = {"id": "forwarding_url", "value": {"url": "https://x.example/$1", "status_code": 302}}
    at.patch(page_rules=[{"targets": [target], "actions": [action], "status": "active"}])
    [text] = told(at.compose(wanted(HOST)).findings, Severity.ERROR)
    assert "Page Rule *example.com/*" in text


def envelope(result: object, **about: object) -> dict[str, Any]:
    return {"success": True, "errors": [], "messages": [], "result": result, "result_info": about}


@pytest.mark.parametrize("about", [{"cursor": "0"}, {"cursors": {"after": "0"}}])
def test_rulesets_are_listed_to_the_last_page(at: Stand, about: dict[str, Any]) -> None:
    converge(at, HOST)
    at.fault(kind="status", status=200, path="/rulesets$", body=envelope([], **about))
    assert len(at.read(wanted(HOST)).resources) == 2


def test_a_vendor_that_ignores_the_page_number_ends_in_an_error(at: Stand) -> None:
    zone = {"id": "z", "name": "example.com"}
    at.fault(kind="status", status=200, path="/zones$", times=0, body=envelope([zone], total_pages=9))
    with pytest.raises(UnexpectedResponse, match="the same page came twice"):
        at.read(wanted(HOST))
    assert at.asked["list zones"] == 2


@pytest.mark.parametrize("body", [envelope("x"), envelope([1]), [], {"success": False, "errors": []}])
def test_an_answer_outside_the_documents_is_refused(at: Stand, body: object) -> None:
    at.fault(kind="status", status=200, path="/zones$", body=body)
    with pytest.raises(UnexpectedResponse):
        at.read(wanted(HOST))


def test_a_zone_that_went_away_is_a_conflict_that_names_it(at: Stand) -> None:
    [change] = [c for c in at.plan(wanted(HOST), [host_record()]) if c.container == "zone/example.com"]
    assert change.after is not None
    elsewhere = replace(change, after=replace(change.after, container="zone/example.net"))
    with pytest.raises(Conflict, match=r"zone example\.net is gone"):
        at.apply([elsewhere])
