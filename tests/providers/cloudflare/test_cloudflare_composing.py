"""What a tracking host needs of a zone, and what stands in its way: tables, no vendor."""

from dataclasses import replace
from typing import Any

import pytest

from providers.cloudflare.certificates import certificate_status
from providers.cloudflare.composing import Wishes, compose_edges
from providers.cloudflare.names import (
    CACHE_PHASE,
    CONFIG_PHASE,
    HEADER_PHASE,
    ORIGIN_PHASE,
    REDIRECT_PHASE,
    REWRITE_PHASE,
)
from providers.cloudflare.spelling import spell_records
from providers.cloudflare.zones import (
    CloudflareState,
    Pack,
    PageRule,
    Rule,
    Ruleset,
    ZoneState,
    chosen,
)
from reconciler.dns import HostTarget, Record, RRset
from reconciler.model import Ref, ResourceId, Severity, attrs
from reconciler.provider import Composition, Status, Wanted
from tests.providers.cloudflare.cloudflare_stand import HOST, claim_record, host_record, told

WISHES = Wishes("web", "acme", "full", 10)
UNIVERSAL = Pack("p1", "universal", ("example.com", "*.example.com"), "active")
ZONE = ZoneState(
    id="z1",
    name="example.com",
    account="account-1",
    account_name="acme",
    plan_id="business",
    status="active",
    type="full",
    paused=False,
    created_on="2026-01-01T00:00:00Z",
    name_servers=("ada.ns.cloudflare.com", "bob.ns.cloudflare.com"),
    settings=attrs(ssl="full", always_use_https="off"),
    universal=True,
    packs=(UNIVERSAL,),
    records=10,
    checked=True,
)


def state(*zones: ZoneState, **ambiguous: tuple[str, ...]) -> CloudflareState:
    return CloudflareState({zone.name: zone for zone in zones}, ambiguous)


def composed(zone: ZoneState, *hosts: str, wishes: Wishes = WISHES) -> Composition:
    parts = [Wanted(host, "spgo.io", 3600) for host in hosts or (HOST,)]
    return compose_edges(parts, state(zone), wishes)


def phase_rule(phase: str, expression: str = "true", ref: str = "x", **parameters: Any) -> dict[str, Ruleset]:
    rule = Rule("r1", ref, "theirs", expression, "do", attrs(**parameters), enabled=True)
    return {phase: Ruleset("s1", phase, (rule,))}


def errors(composition: Composition) -> list[str]:
    return told(composition.findings, Severity.ERROR)


def warnings(composition: Composition) -> list[str]:
    return told(composition.findings, Severity.WARNING)


def test_a_host_needs_a_proxied_record_its_ssl_mode_and_its_cache_time() -> None:
    made = composed(ZONE)
    assert made.targets == {HOST: HostTarget("CNAME", ("spgo.io",), proxied=True)}
    assert made.targets[HOST].move_class == "B"
    assert made.accounts == {HOST: "account-1"}
    assert [(r.id.kind, dict(r.attrs), r.container) for r in made.resources] == [
        (
            "cloudflare_ssl_host",
            {"host": HOST, "ssl": "full"},
            "ruleset/example.com/http_config_settings",
        ),
        (
            "cloudflare_cache_host",
            {"host": HOST, "ttl": 10},
            "ruleset/example.com/http_request_cache_settings",
        ),
    ]
    assert made.findings == ()


def test_an_absent_host_needs_nothing() -> None:
    assert compose_edges([Wanted(HOST, "spgo.io", 3600, absent=True)], state(ZONE), WISHES) == Composition(
        targets={}, accounts={}
    )


def test_the_order_of_the_file_does_not_matter() -> None:
    hosts = ("b.example.com", "a.example.com", "c.example.com")
    assert composed(ZONE, *hosts) == composed(ZONE, *reversed(hosts))


@pytest.mark.parametrize(("plan", "least"), [("free", 7200), ("pro", 3600)])
def test_a_plan_that_cannot_hold_ten_seconds_caches_nothing_and_says_so(plan: str, least: int) -> None:
    made = composed(replace(ZONE, plan_id=plan))
    assert [r.id.kind for r in made.resources] == ["cloudflare_ssl_host"]
    [text] = warnings(made)
    assert f"{least} s at least" in text
    assert "not cached at all" in text


def test_never_caching_is_possible_on_every_plan() -> None:
    made = composed(replace(ZONE, plan_id="free"), wishes=replace(WISHES, cache_ttl=0))
    assert [dict(r.attrs) for r in made.resources][1] == {"host": HOST, "ttl": 0}
    assert made.findings == ()


def test_the_zones_own_mode_is_shown_until_the_host_has_a_rule() -> None:
    zone = replace(ZONE, settings=attrs(ssl="flexible"))
    [text] = warnings(composed(zone))
    assert "SSL mode flexible" in text
    rules = phase_rule(CONFIG_PHASE, f'(http.host in {{"{HOST}"}})', "tdr-ssl-acme", ssl="full")
    assert composed(replace(zone, rulesets=rules)).findings == ()


@pytest.mark.parametrize(
    ("changed", "said", "lift"),
    [
        ({"status": "pending"}, "status pending", "ada.ns.cloudflare.com, bob.ns.cloudflare.com"),
        ({"status": "moved"}, "status moved", "ada.ns.cloudflare.com"),
        ({"status": "initializing", "name_servers": ()}, "status initializing", "wait"),
        ({"paused": True}, "is paused", "unpause"),
        ({"type": "partial"}, "type partial", "full zone"),
        (
            {"status": "pending", "former_name_servers": ("ns1.old.example",)},
            "status pending",
            "ns1.old.example",
        ),
    ],
)
def test_a_zone_that_does_not_serve_is_an_error_with_what_to_do(
    changed: dict[str, Any], said: str, lift: str
) -> None:
    [finding] = composed(replace(ZONE, **changed)).findings
    assert finding.severity is Severity.ERROR
    assert finding.host == HOST
    assert said in finding.text
    assert lift in finding.lift


def test_a_missing_zone_is_an_error_and_never_made() -> None:
    made = compose_edges([Wanted(HOST, "spgo.io", 3600)], state(), WISHES)
    assert (made.resources, dict(made.targets)) == ((), {})
    [finding] = made.findings
    assert "no Cloudflare zone" in finding.text
    assert "tdr never creates a zone" in finding.lift


def test_a_zone_name_in_two_accounts_is_refused_until_pinned() -> None:
    zones = [replace(ZONE, id="z1"), replace(ZONE, id="z2", account="account-2", account_name="beta")]
    usable, ambiguous = chosen(zones, None, {})
    assert (usable, ambiguous) == ({}, {"example.com": ("z1", "z2")})
    [finding] = compose_edges(
        [Wanted(HOST, "spgo.io", 3600)], CloudflareState(usable, ambiguous), WISHES
    ).findings
    assert "several accounts" in finding.text
    assert chosen(zones, None, {"example.com": "z2"})[0]["example.com"].id == "z2"
    assert chosen(zones, "beta", {})[0]["example.com"].id == "z2"
    assert chosen(zones, "account-1", {})[0]["example.com"].id == "z1"
    assert chosen([zones[0], replace(zones[1], status="pending")], None, {})[0]["example.com"].id == "z1"


# -- certificates
def test_two_labels_below_the_zone_have_no_certificate() -> None:
    [finding] = composed(ZONE, "click.mail.example.com").findings
    assert finding.severity is Severity.ERROR
    assert "2 labels below" in finding.text
    assert "click-mail.example.com" in finding.lift
    assert "Advanced Certificate Manager" in finding.lift


@pytest.mark.parametrize("status", ["active", "initializing", "pending_validation"])
@pytest.mark.parametrize("name", ["click.mail.example.com", "*.mail.example.com"])
def test_an_advanced_certificate_covers_what_universal_does_not(status: str, name: str) -> None:
    pack = Pack("p2", "advanced", ("example.com", name), status)
    assert composed(replace(ZONE, packs=(UNIVERSAL, pack)), "click.mail.example.com").findings == ()


def test_universal_tls_switched_off_is_an_error() -> None:
    [text] = errors(composed(replace(ZONE, universal=False, packs=())))
    assert "Universal SSL is off" in text


@pytest.mark.parametrize(
    ("host", "packs", "status"),
    [
        (HOST, (UNIVERSAL,), Status(ready=True, text="universal certificate pack active")),
        (
            HOST,
            (replace(UNIVERSAL, status="pending_validation", errors=("CAA forbids",)),),
            Status(ready=False, text="universal certificate pack pending_validation: CAA forbids"),
        ),
        (HOST, (), Status(ready=False, text="no certificate pack covers it yet")),
        (
            HOST,
            (replace(UNIVERSAL, status="expired"),),
            Status(ready=False, text="no certificate pack covers it yet"),
        ),
        (
            "a.b.example.com",
            (UNIVERSAL,),
            Status(
                ready=False, text="no certificate pack covers it and Universal SSL does not", hopeless=True
            ),
        ),
        ("example.com", (UNIVERSAL,), Status(ready=True, text="universal certificate pack active")),
    ],
)
def test_ready_means_an_active_pack_that_covers(host: str, packs: tuple[Pack, ...], status: Status) -> None:
    assert certificate_status(host, "example.com", packs) == status


# -- other people's rules
BREAKING: list[tuple[str, dict[str, Any], str]] = [
    (HEADER_PHASE, {"headers": {"Host": {"operation": "set", "value": "x"}}}, "rewrites Host"),
    (REWRITE_PHASE, {"uri": {"path": {"value": "/"}}}, "rewrites the URL"),
    (ORIGIN_PHASE, {"host_header": "x.example.com"}, "rewrites Host"),
    (ORIGIN_PHASE, {"origin": {"host": "x.example.com"}}, "another origin"),
    (REDIRECT_PHASE, {"from_value": {"target_url": {"value": "https://x"}}}, "redirects"),
]


@pytest.mark.parametrize(("phase", "parameters", "said"), BREAKING)
def test_a_rule_that_breaks_links_is_an_error_that_names_it(
    phase: str, parameters: dict[str, Any], said: str
) -> None:
    made = composed(replace(ZONE, rulesets=phase_rule(phase, **parameters)))
    [text] = errors(made)
    assert said in text
    assert '"theirs" (r1)' in text


@pytest.mark.parametrize(("phase", "parameters", "said"), BREAKING)
def test_a_rule_that_may_match_is_a_warning_and_one_for_others_is_nothing(
    phase: str, parameters: dict[str, Any], said: str
) -> None:
    [text] = warnings(composed(replace(ZONE, rulesets=phase_rule(phase, "ssl", **parameters))))
    assert "may match" in text
    elsewhere = phase_rule(phase, 'http.host eq "www.example.com"', **parameters)
    assert composed(replace(ZONE, rulesets=elsewhere)).findings == ()


def test_a_rule_that_is_switched_off_is_nothing() -> None:
    [ruleset] = phase_rule(REDIRECT_PHASE).values()
    off = Ruleset("s1", REDIRECT_PHASE, tuple(replace(rule, enabled=False) for rule in ruleset.rules))
    assert composed(replace(ZONE, rulesets={REDIRECT_PHASE: off})).findings == ()


def test_user_agent_rewritten_is_a_warning() -> None:
    rules = phase_rule(HEADER_PHASE, headers={"User-Agent": {"operation": "remove"}})
    [text] = warnings(composed(replace(ZONE, rulesets=rules)))
    assert "rewrites User-Agent" in text


@pytest.mark.parametrize(
    ("action", "severity"),
    [
        ({"host_header_override": "x.example.com"}, Severity.ERROR),
        ({"forwarding_url": {"url": "https://x"}}, Severity.ERROR),
        ({"resolve_override": "x.example.com"}, Severity.ERROR),
        ({"always_use_https": True}, Severity.ERROR),
    ],
)
def test_page_rules_on_the_host_are_named(action: dict[str, Any], severity: Severity) -> None:
    rule = PageRule("pr1", "matches", "*example.com/*", attrs(**action), enabled=True)
    [finding] = composed(replace(ZONE, page_rules=(rule,))).findings
    assert finding.severity is severity
    assert "Page Rule *example.com/* (pr1)" in finding.text
    off = replace(rule, enabled=False)
    other = replace(rule, pattern="www.example.com/*")
    assert composed(replace(ZONE, page_rules=(off, other))).findings == ()


def test_forced_https_is_refused_and_hsts_of_the_parent_told() -> None:
    """Forced https would fail the proof after DNS moved; HSTS only asks for an order."""
    policy = {"strict_transport_security": {"enabled": True, "include_subdomains": True}}
    settings = attrs(ssl="full", always_use_https="on", security_header=policy)
    found = composed(replace(ZONE, settings=settings))
    [refused] = [finding.text for finding in found.findings if finding.severity is Severity.ERROR]
    assert "Always Use HTTPS" in refused
    [second] = warnings(found)
    assert "HSTS for its hosts and all hosts below it" in second


def test_a_rule_after_ours_overrules_it() -> None:
    ours = Rule(
        "1", "tdr-ssl-acme", "", f'(http.host in {{"{HOST}"}})', "set_config", attrs(ssl="full"), enabled=True
    )
    theirs = Rule("2", "2", "flex", "true", "set_config", attrs(ssl="flexible"), enabled=True)
    after = {CONFIG_PHASE: Ruleset("s", CONFIG_PHASE, (ours, theirs))}
    before = {CONFIG_PHASE: Ruleset("s", CONFIG_PHASE, (theirs, ours))}
    [text] = errors(composed(replace(ZONE, rulesets=after)))
    assert "overrules" in text
    assert composed(replace(ZONE, rulesets=before)).findings == ()


def test_a_rule_that_caches_links_is_told_where_ours_cannot_shorten_it() -> None:
    rules = phase_rule(CACHE_PHASE, cache=True)
    texts = warnings(composed(replace(ZONE, plan_id="free", rulesets=rules)))
    assert any("caches links" in text for text in texts)
    assert composed(replace(ZONE, rulesets=rules)).findings == ()


def test_our_rule_edited_by_hand_is_told() -> None:
    rules = phase_rule(CONFIG_PHASE, 'http.host contains "click"', "tdr-ssl-acme", ssl="full")
    [text] = warnings(composed(replace(ZONE, rulesets=rules)))
    assert "its expression was edited" in text


def test_a_plan_without_room_for_a_rule_is_an_error_for_the_new_hosts_only() -> None:
    theirs = [Rule(str(n), str(n), "", 'http.host eq "w"', "a", attrs(), enabled=True) for n in range(9)]
    ours = Rule(
        "x", "tdr-ssl-acme", "", f'(http.host in {{"{HOST}"}})', "set_config", attrs(ssl="full"), enabled=True
    )
    full = {CONFIG_PHASE: Ruleset("s", CONFIG_PHASE, (*theirs, theirs[0]))}
    free = replace(ZONE, plan_id="free")
    wishes = replace(WISHES, cache_ttl=0)
    [text] = errors(composed(replace(free, rulesets=full), wishes=wishes))
    assert "10 of the 10 Configuration Rules" in text
    housed = {CONFIG_PHASE: Ruleset("s", CONFIG_PHASE, (*theirs, ours))}
    zone = replace(free, rulesets=housed)
    assert errors(composed(zone, HOST, "other.example.com", wishes=wishes)) == []


def test_what_the_token_may_not_read_is_told() -> None:
    [text] = warnings(composed(replace(ZONE, unreadable=("Page Rules Read",))))
    assert "Page Rules Read" in text


# -- records
def spelt(*records: Record, zone: ZoneState = ZONE, rrsets: tuple[RRset, ...] = ()) -> Composition:
    return spell_records("web", records, state(zone), rrsets)


def test_a_proxied_record_has_automatic_ttl_and_a_plain_one_its_own() -> None:
    made = spelt(host_record(), claim_record(), host_record("go.example.com", proxied=None))
    assert [dict(r.attrs) for r in made.resources] == [
        {"name": HOST, "type": "CNAME", "values": ("spgo.io",), "ttl": 1, "proxied": True},
        {"name": f"_tdr.{HOST}", "type": "TXT", "values": ("v=tdr1 o=acme-mail",), "ttl": 3600},
        {"name": "go.example.com", "type": "CNAME", "values": ("spgo.io",), "ttl": 3600, "proxied": False},
    ]
    assert {r.container for r in made.resources} == {"zone/example.com"}
    assert made.findings == ()


@pytest.mark.parametrize(("plan", "ttl"), [("free", 60), ("enterprise", 30)])
def test_a_ttl_below_the_plans_least_is_raised_and_told(plan: str, ttl: int) -> None:
    made = spelt(replace(claim_record(), ttl=5), zone=replace(ZONE, plan_id=plan))
    assert made.resources[0].attrs["ttl"] == ttl
    assert f"no TTL below {ttl} s" in made.findings[0].text


def test_a_name_that_is_not_known_yet_lies_in_its_hosts_zone() -> None:
    ref = Ref(ResourceId("aws", "certificate", HOST), "name")
    record = Record(HOST, "validation", ref, "CNAME", (ref,), 300)
    [resource] = spelt(record).resources
    assert (resource.attrs["name"], resource.attrs["values"], resource.container) == (
        ref,
        (ref,),
        "zone/example.com",
    )


def test_a_record_in_no_zone_and_in_a_pending_one_are_errors() -> None:
    [nowhere] = spelt(claim_record("go.example.net")).findings
    assert "_tdr.go.example.net" in nowhere.text
    [pending] = spelt(claim_record(), zone=replace(ZONE, status="pending")).findings
    assert (pending.severity, pending.key) == (Severity.ERROR, "dns")


def test_an_error_is_told_for_every_host_that_it_concerns() -> None:
    zone = replace(ZONE, status="pending")
    found = spelt(host_record("a.example.com"), host_record("b.example.com"), zone=zone).findings
    assert [finding.host for finding in found] == ["a.example.com", "b.example.com"]


@pytest.mark.parametrize(("created", "quota"), [("2023-01-01", 1000), ("2024-10-01", 200)])
def test_the_quota_of_the_zones_plan_is_counted(created: str, quota: int) -> None:
    zone = replace(ZONE, plan_id="free", created_on=created, records=quota - 1)
    found = spelt(host_record("a.example.com"), host_record("b.example.com"), zone=zone).findings
    assert [(f.severity, f.host) for f in found] == [(Severity.ERROR, "b.example.com")]
    assert f"{quota - 1} of the {quota}" in found[0].text


def test_a_record_that_is_there_already_takes_no_quota() -> None:
    zone = replace(ZONE, plan_id="free", records=200)
    there = RRset("example.com", HOST, "A", 300, ("203.0.113.1",))
    assert spelt(host_record(), zone=zone, rrsets=(there,)).findings == ()


def test_a_text_cannot_be_proxied() -> None:
    made = spelt(replace(claim_record(), proxied=True))
    assert "cannot be proxied" in told(made.findings, Severity.ERROR)[0]
