"""Cloudflare for SaaS once tdr is done: what stands, what a click sees, and what a plan says before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudflare
import pytest

from tests.scenarios.aws import aws_world, r53, record
from tests.scenarios.town import CLICK, Town, clicking, cname, live_click, sparkpost, town, world, zone

Open = Callable[[Mapping[str, Any]], Town]
SAAS, DEEP, EU = "acme-links.net", "go.mail.example.com", "track.example.org"
US_ORIGIN, EU_ORIGIN = f"tdr-acme-mail-spgo-io.{SAAS}", f"tdr-acme-mail-eu-spgo-io.{SAAS}"
EDGE = {"type": "cloudflare", "mode": "saas", "saas_zone": SAAS}
ALIASES: Mapping[str, Mapping[str, Any]] = {
    "sp": {"type": "sparkpost", "region": "us"},
    "sp-eu": {"type": "sparkpost", "region": "eu"},
    "edge": EDGE,
    "web": {"type": "cloudflare"},
    "aws": {"type": "aws"},
}
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
BOTH = {**MINE, DEEP: {}, EU: {"sparkpost": "sp-eu"}}
TARGET = "https://shop.example.org/basket?id=7&lang=de"
DAY_S = 86400


def file_of(here: Town, domains: Mapping[str, Any], cdn: str = "edge", dns: str = "aws", **edge: Any) -> Path:
    """A file with the aliases that it needs; `edge` are options of the alias that serves custom hostnames."""
    named = {"sp", cdn, dns, *(d["sparkpost"] for d in domains.values() if "sparkpost" in d)}
    providers = {alias: dict(given) for alias, given in ALIASES.items() if alias in named}
    if "edge" in named:
        providers["edge"] |= edge
    return here.file(domains, providers=providers, defaults={"sparkpost": "sp", "cdn": cdn, "dns": dns})


def elsewhere(**saas: Any) -> dict[str, Any]:
    """A world whose host has its DNS at Route 53, with an account that has one zone at Cloudflare."""
    here = aws_world(r53(), r53("example.org", record("TXT", "example.org", '"x"')), sp=live_click())
    here["cloudflare"] = world(zone(SAAS, **saas))["cloudflare"]
    return here


# -- what stands
@dataclass(frozen=True, slots=True)
class Made:
    """What both vendors hold once tdr is done, as Cloudflare's own SDK and DNS tell it."""

    here: Town
    hostnames: Mapping[str, Mapping[str, Any]]
    origins: Mapping[str, Mapping[str, Any]]
    fallback: Mapping[str, Any]
    rules: Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Three hosts of two endpoints, one of them live over http until now; then only looked at."""
    whole = {**elsewhere(), "switches": {"cloudflare.ownership-when-active": "listed"}}
    whole["sparkpost"].append(sparkpost("eu", sending_domains=[{"domain": "post.example.org"}]))
    with town(whole, tmp_path_factory.mktemp("saas")) as here:
        file = file_of(here, BOTH)
        here.apply(file)
        here.settled(file)
        here.sparkpost_now(clear_events=True)
        yield read_back(here)


def read_back(here: Town) -> Made:
    """Read all that was made."""
    env = here.sandbox.env
    with cloudflare.Cloudflare(
        api_token=env["CLOUDFLARE_API_TOKEN"], base_url=env["CLOUDFLARE_BASE_URL"], max_retries=0
    ) as sdk:
        (saas,) = list(sdk.zones.list())
        sets = [one for one in sdk.rulesets.list(zone_id=saas.id) if one.kind == "zone"]
        read = [sdk.rulesets.get(one.id, zone_id=saas.id) for one in sets]
        return Made(
            here,
            {one.hostname: one.to_dict() for one in sdk.custom_hostnames.list(zone_id=saas.id)},
            {one.name: one.to_dict() for one in sdk.dns.records.list(zone_id=saas.id)},
            plain(sdk.custom_hostnames.fallback_origin.get(zone_id=saas.id)),
            {str(one.phase): [rule.to_dict() for rule in one.rules] for one in read},
        )


def plain(answer: Any) -> dict[str, Any]:
    """The SDK gives a model, as its type is a union with None."""
    return dict(answer.to_dict())


def test_there_is_a_custom_hostname_for_each_host_with_its_own_certificate(made: Made) -> None:
    assert made.hostnames.keys() == {CLICK, DEEP, EU}
    for one in made.hostnames.values():
        assert (one["status"], one["ssl"]["status"]) == ("active", "active")
        assert (one["ssl"]["method"], one["ssl"]["type"]) == ("txt", "dv")
        assert one["ssl"]["settings"] == {"min_tls_version": "1.2"}
        assert not one["ssl"]["wildcard"]
        assert not one.get("custom_metadata")  # an add-on of Enterprise


def test_each_endpoint_has_one_proxied_record_in_the_saas_zone(made: Made) -> None:
    seen = {name: (one["type"], one["content"]) for name, one in made.origins.items()}
    assert seen == {US_ORIGIN: ("CNAME", "spgo.io"), EU_ORIGIN: ("CNAME", "eu.spgo.io")}
    for one in made.origins.values():
        assert (one["proxied"], one["ttl"]) == (True, 1)
        assert one["comment"] == f"tdr:v1 acme-mail origin {one['content']}"


def test_the_endpoint_of_most_hosts_is_the_fallback_origin_and_the_others_name_their_own(made: Made) -> None:
    assert (made.fallback["origin"], made.fallback["status"]) == (US_ORIGIN, "active")
    named = {host: one.get("custom_origin_server") for host, one in made.hostnames.items()}
    assert named == {CLICK: None, DEEP: None, EU: EU_ORIGIN}
    assert not any(one.get("custom_origin_sni") for one in made.hostnames.values())


def test_one_rule_of_the_saas_zone_gives_all_hosts_ssl_full(made: Made) -> None:
    (rule,) = made.rules["http_config_settings"]
    assert (rule["action"], rule["action_parameters"]) == ("set_config", {"ssl": "full"})
    assert rule["expression"] == f'(http.host in {{"{CLICK}" "{DEEP}" "{EU}"}})'
    assert rule["ref"] == "tdr-ssl-acme-mail"


def test_one_rule_of_the_saas_zone_holds_all_links_for_ten_seconds(made: Made) -> None:
    (rule,) = made.rules["http_request_cache_settings"]
    assert rule["action"] == "set_cache_settings"
    parameters = rule["action_parameters"]
    assert (parameters["cache"], parameters["edge_ttl"]) == (
        True,
        {"mode": "override_origin", "default": 10},
    )
    assert parameters["browser_ttl"] == {"mode": "bypass_by_default"}
    assert rule["expression"] == f'(http.host in {{"{CLICK}" "{DEEP}" "{EU}"}})'


def at_route_53(made: Made, name: str) -> list[tuple[str, int, list[str]]]:
    """The record sets of a name, `(type, TTL, values)`."""
    (account,) = made.here.control("GET", "/vendors/aws")["accounts"].values()
    return [
        (one["Type"], one["TTL"], [value["Value"].rstrip(".") for value in one["ResourceRecords"]])
        for held in account["route53"]["zones"]
        for one in held["sets"]
        if one["Name"] == f"{name}."
    ]


@pytest.mark.parametrize(("host", "origin"), [(CLICK, US_ORIGIN), (DEEP, US_ORIGIN), (EU, EU_ORIGIN)])
def test_three_records_stand_where_the_hosts_dns_is(made: Made, host: str, origin: str) -> None:
    ((type_, ttl, values),) = at_route_53(made, host)
    assert (type_, ttl, values) == ("CNAME", 3600, [origin])
    ((type_, ttl, values),) = at_route_53(made, f"_acme-challenge.{host}")
    (delegated,) = made.hostnames[host]["ssl"]["dcv_delegation_records"]
    assert delegated["cname"] == f"_acme-challenge.{host}"
    assert (type_, ttl, values) == ("CNAME", 3600, [delegated["cname_target"]])
    ((type_, ttl, values),) = at_route_53(made, f"_cf-custom-hostname.{host}")
    proof = made.hostnames[host]["ownership_verification"]
    assert (proof["type"], proof["name"]) == ("txt", f"_cf-custom-hostname.{host}")
    assert (type_, ttl, values) == ("TXT", 3600, [f'"{proof["value"]}"'])


# -- what a click sees
@pytest.mark.parametrize(("host", "endpoint"), [(CLICK, "spgo.io"), (DEEP, "spgo.io"), (EU, "eu.spgo.io")])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_origin_sees_the_clicks_host_user_agent_and_client(
    made: Made, host: str, endpoint: str, scheme: str
) -> None:
    agent = f"Mailer/{scheme} {host}"
    answer = made.here.visit(
        f"{scheme}://{host}/f/a/1", headers=(("User-Agent", agent), ("X-Sandbox-Client", "192.0.2.77"))
    )
    assert answer.status == 302
    assert "strict-transport-security" not in dict(answer.headers)
    (event,) = made.here.events(user_agent=agent)
    assert (event["host"], event["tracking_host"], event["endpoint"]) == (host, host, endpoint)
    assert (event["client"], event["forwarded_host"], event["scheme"]) == ("192.0.2.77", "", scheme)
    assert event["account"] is not None


@pytest.mark.parametrize("host", [CLICK, EU])
def test_a_target_in_the_query_is_followed(made: Made, host: str) -> None:
    for target in ("https://one.example.org/", "https://two.example.org/"):
        answer = made.here.visit(f"https://{host}/f/a/3?target={target}")
        assert (answer.status, answer.header("location")) == (302, target)
    assert len(made.here.events(path="/f/a/3", host=host)) == 2


def repeats(here: Town, host: str) -> list[int]:
    """How often the origin saw a link clicked at once, 5 s and 11 s later."""
    path, seen = f"/f/a/2/{host}", []
    for wait_s in (0, 5, 6):
        here.advance(wait_s)
        assert here.visit(f"https://{host}{path}").status == 302
        seen.append(len(here.events(path=path)))
    return seen


@pytest.mark.parametrize("host", [CLICK, EU])
def test_a_repeat_click_counts_once_in_ten_seconds_on_a_plan_that_can(made: Made, host: str) -> None:
    assert repeats(made.here, host) == [1, 1, 2]


def test_a_free_plan_holds_no_link_and_says_so_before(open_town: Open) -> None:
    here = open_town(elsewhere(plan="free"))
    ran = here.apply(file_of(here, MINE))
    assert f"zone {SAAS} is on the Free plan, which caches for 7200 s" in ran.err
    assert repeats(here, CLICK) == [1, 2, 3]
    (saas,) = here.control("GET", "/vendors/cloudflare")["zones"].values()
    assert [rules["phase"] for rules in saas["rulesets"].values()] == ["http_config_settings"]


# -- how it comes about
def test_hostname_and_certificate_are_there_before_dns_moves(made: Made) -> None:
    (saas,) = made.here.control("GET", "/vendors/cloudflare")["zones"].values()
    for one in saas["saas"]["hostnames"].values():
        host = one["hostname"]
        there = max(one["proven"], one["issued"]["since"])
        writes = made.here.calls("POST", "aws", "/rrset")
        (moved, *_) = (call["at"] for call in writes if f"<Name>{host}" in call["request_body"])
        assert there < moved


def test_no_link_breaks_while_a_live_host_is_moved_and_new_ones_are_https(open_town: Open) -> None:
    here = open_town(elsewhere())
    file = file_of(here, MINE)
    assert f"{CLICK} (move of class A" in here.ok("plan", file).out
    old = here.mail("mail.example.com", TARGET)["click"]
    with clicking(here, old) as answers:
        here.apply(file)
    assert len(answers) > 10
    assert set(answers) == {(302, TARGET)}
    here.advance(600)
    new = here.mail("mail.example.com", TARGET)["click"]
    assert (old.partition(":")[0], new.partition(":")[0]) == ("http", "https")
    assert here.visit(new).header("location") == TARGET


@pytest.mark.parametrize("way", [("aws", "edge"), ("edge", "aws")], ids=["from CloudFront", "to CloudFront"])
def test_an_https_host_moves_between_cloudfront_and_a_custom_hostname(
    open_town: Open, way: tuple[str, str]
) -> None:
    here = open_town(elsewhere())
    began, ends = way
    here.apply(file_of(here, MINE, began))
    here.advance(600)
    link = here.mail("mail.example.com", TARGET)["click"]
    assert link.startswith("https://")
    # The alias that it leaves stays in the file, else nobody could clear away there.
    file = both_edges(here, ends)
    assert f"{CLICK} (move of class A" in here.ok("plan", file).out
    with clicking(here, link) as answers:
        here.tdr("apply", "-auto-approve", file)
        here.advance(3600)  # the old record's TTL
        here.apply(file)
    assert len(answers) > 10
    assert set(answers) == {(302, TARGET)}
    here.settled(file)
    (saas,) = here.control("GET", "/vendors/cloudflare")["zones"].values()
    (account,) = here.control("GET", "/vendors/aws")["accounts"].values()
    held = (len(saas["saas"]["hostnames"]), len(account["cloudfront"]["distributions"]))
    assert held == ((1, 0) if ends == "edge" else (0, 1))


def both_edges(here: Town, cdn: str) -> Path:
    """A file that has both CDNs, and the host at this one."""
    providers = {alias: ALIASES[alias] for alias in ("sp", "edge", "aws")}
    return here.file(MINE, providers=providers, defaults={"sparkpost": "sp", "cdn": cdn, "dns": "aws"})


# -- renewal
def test_the_certificate_is_renewed_while_the_delegation_stands_and_tdr_has_nothing_to_do(
    open_town: Open,
) -> None:
    here = open_town(elsewhere())
    file = file_of(here, MINE)
    here.apply(file)

    def issued() -> dict[str, Any]:
        (saas,) = here.control("GET", "/vendors/cloudflare")["zones"].values()
        (one,) = saas["saas"]["hostnames"].values()
        found: dict[str, Any] = one["issued"]
        return found

    first = issued()
    here.advance(80 * DAY_S)
    here.settled(file)
    second = issued()
    assert (first["number"], second["number"]) == (1, 2)
    assert first["since"] < second["since"] < first["expires"] < second["expires"]
    here.advance(15 * DAY_S)  # the first one is over by now
    assert here.visit(f"https://{CLICK}/f/a/b/c/d").status == 302


def test_a_delegation_that_was_removed_is_put_back_before_renewal_needs_it(open_town: Open) -> None:
    here = open_town(world(zone("example.com"), zone(SAAS)))
    file = file_of(here, {CLICK: {}}, dns="web")
    here.apply(file)
    (was,) = here.named(f"_acme-challenge.{CLICK}")
    here.zone_now(remove_records=[was["name"]])
    assert here.named(f"_acme-challenge.{CLICK}") == []
    ran = here.apply(file)
    assert f'dns_record.web["{CLICK}/validation"]: Creation complete' in ran.err
    here.settled(file)


# -- between a zone of the account that proxies the host, and a custom hostname of another one
def proxied_at_home(open_town: Open, token: str) -> tuple[Town, str]:
    """An https host in a zone of the account, and a link of its mail."""
    switches = {"cloudflare.token-for-proxied-host": token}
    here = open_town(world(zone("example.com", cname(CLICK)), zone(SAAS), sp=live_click(), switches=switches))
    here.apply(at(here, "web"))
    here.advance(600)
    link = here.mail("mail.example.com", TARGET)["click"]
    assert link.startswith("https://")
    return here, link


def at(here: Town, cdn: str, **more: Any) -> Path:
    """A file with the host in its own zone, served there or as a custom hostname."""
    providers = {alias: ALIASES[alias] for alias in ("sp", "edge", "web")}
    domains = {CLICK: {**MINE[CLICK], **more}}
    return here.file(domains, providers=providers, defaults={"sparkpost": "sp", "cdn": cdn, "dns": "web"})


def test_an_https_host_becomes_a_custom_hostname_without_a_gap_and_goes_back_with_leave(
    open_town: Open,
) -> None:
    here, link = proxied_at_home(open_town, "accepted")
    with clicking(here, link) as answers:
        here.apply(at(here, "edge"))
    assert set(answers) == {(302, TARGET)}
    here.settled(at(here, "edge"))
    ((type_, content, proxied),) = ((r["type"], r["content"], r["proxied"]) for r in here.named(CLICK))
    assert (type_, content, proxied) == ("CNAME", US_ORIGIN, False)
    back = here.tdr("plan", at(here, "web"))
    assert back.code == 1
    assert "this move has class B" in back.err
    assert "write `allow_gap: 5m`" in back.err


def test_where_cloudflare_does_not_prove_a_host_that_it_proxies_the_way_on_is_told(open_town: Open) -> None:
    here, link = proxied_at_home(open_town, "refused")
    file = at(here, "edge")
    with clicking(here, link) as answers:
        stopped = here.tdr("apply", "-auto-approve", file)
        assert stopped.code == 1
        assert "another zone of Cloudflare proxies the host now" in stopped.err
        assert "still waiting [2m0s elapsed]" not in stopped.err  # it would never be ready
        planned = here.ok("plan", file)
        assert f"let its record in that zone, proxied as it is, be a CNAME to {US_ORIGIN}" in planned.err
        by_hand(here, CLICK, US_ORIGIN)
        here.apply(file)
    assert set(answers) == {(302, TARGET)}
    here.settled(file)


def by_hand(here: Town, name: str, content: str) -> None:
    """Edit a record's content as its owner would in the dashboard."""
    env = here.sandbox.env
    with cloudflare.Cloudflare(
        api_token=env["CLOUDFLARE_API_TOKEN"], base_url=env["CLOUDFLARE_BASE_URL"], max_retries=0
    ) as sdk:
        home = next(z for z in sdk.zones.list() if name.endswith(f".{z.name}"))
        (row,) = sdk.dns.records.list(zone_id=home.id, name={"exact": name})
        sdk.dns.records.edit(row.id, zone_id=home.id, type="CNAME", name=name, ttl=1, content=content)


# -- which mode fits, told before anything is written
LONG = f"{'a' * 60}.nowhere.example"
INSTEAD = f"name as cdn an alias with `mode: saas, saas_zone: {SAAS}`"
SAYS = {
    "a.b.example.com": (
        "web",
        "web",
        "Error",
        "covers one label below the zone, and this host stands 2",
        INSTEAD,
    ),
    "go.pending.example": (
        "web",
        "web",
        "Error",
        "zone pending.example is not active (status pending)",
        INSTEAD,
    ),
    "go.partial.example": ("web", "aws", "Error", "tdr serves no hosts from such a zone", INSTEAD),
    "go.nowhere.example": ("web", "aws", "Error", "no Cloudflare zone that the token reaches holds", INSTEAD),
    "go.example.com": (
        "edge",
        "web",
        "Warning",
        "`mode: zone` serves the host there",
        "without `mode: saas`",
    ),
    "as.partial.example": (
        "edge",
        "aws",
        "Warning",
        "no longer by that zone's",
        "leave it out of that zone's",
    ),
    f"go.{SAAS}": ("edge", "web", "Error", "it lies in the saas zone", "without `mode: saas` as cdn"),
    "held.nowhere.example": (
        "edge",
        "aws",
        "Error",
        "Cloudflare blocks it for good",
        "release its zone hold",
    ),
    LONG: ("edge", "aws", "Warning", "longer than the 64 characters", "sni.cloudflaressl.com"),
}


def everywhere(**saas: Any) -> dict[str, Any]:
    """A world with a zone of each sort at Cloudflare, and two zones at Route 53."""
    here = aws_world(r53("partial.example", AT_53[0]), r53("nowhere.example", AT_53[1]), sp=sparkpost())
    pending = zone("pending.example", status="pending", delegated=False)
    partial = zone("partial.example", type="partial", delegated=False)
    here["cloudflare"] = world(zone("example.com"), pending, partial, zone(SAAS, **saas))["cloudflare"]
    return here


AT_53 = [record("TXT", f"{name}.example", '"x"') for name in ("partial", "nowhere")]


def planned(here: Town, hosts: Mapping[str, tuple[str, str]], **edge: Any) -> list[str]:
    """What a plan says of each host; nothing is written."""
    providers: dict[str, Any] = {alias: dict(ALIASES[alias]) for alias in ("sp", "edge", "web", "aws")}
    providers["edge"] |= edge
    domains = {host: {"cdn": cdn, "dns": dns} for host, (cdn, dns) in hosts.items()}
    ran = here.tdr("plan", here.file(domains, providers=providers, defaults={"sparkpost": "sp"}))
    assert [c for c in here.calls(vendor="cloudflare") if c["method"] != "GET"] == []
    return [line for line in ran.err.splitlines() if line.startswith(("Error: ", "Warning: "))]


def test_a_plan_says_of_each_host_which_mode_fits_and_what_else_stands_in_the_way(open_town: Open) -> None:
    here = open_town(everywhere(custom_hostnames=[{"hostname": "held.nowhere.example", "status": "blocked"}]))
    said = planned(here, {host: (cdn, dns) for host, (cdn, dns, *_) in SAYS.items()})
    for host, (_, _, severity, text, lift) in SAYS.items():
        found = [line for line in said if host in line and text in line]
        assert found, f"{host}: {text}\n" + "\n".join(said)
        assert found[0].startswith(
            f"{severity}: {here.folder / 'domains.yaml'}:"
        )  # with its place in the file
        assert lift in found[0]


GO = {"go.nowhere.example": ("edge", "aws")}


@pytest.mark.parametrize(
    ("changes", "text", "lift"),
    [
        (
            {"status": "pending", "delegated": False},
            f"zone {SAAS} is not active (status pending)",
            "at the registrar, then run tdr apply again; or write saas_zone: example.com",
        ),
        ({"paused": True}, f"zone {SAAS} is paused", "unpause it"),
    ],
    ids=["pending", "paused"],
)
def test_a_saas_zone_that_does_not_serve_is_told(
    open_town: Open, changes: Mapping[str, Any], text: str, lift: str
) -> None:
    here = open_town(everywhere(**changes))
    (error,) = (line for line in planned(here, GO) if line.startswith("Error"))
    assert text in error
    assert lift in error


def test_a_saas_zone_that_is_not_there_is_told_with_those_that_are(open_town: Open) -> None:
    here = open_town(everywhere())
    (error,) = planned(here, GO, saas_zone="brand-links.example")
    assert "saas_zone brand-links.example is not among the zones that the token reaches" in error
    assert f"write one of the account's: {SAAS}, example.com; or" in error
