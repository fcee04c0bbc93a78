"""What a click sees on Fastly while tdr works and once it is done, counted at SparkPost's origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.fastly import CUSTOMER, by_hand, change, fastly_world, file_keys, read, service
from tests.scenarios.town import CLICK, Town, clicking, cname, zone

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
SETTLED_S = 600  # SparkPost's own senders take up a change of a domain within minutes
TARGET = "https://shop.example.org/basket?id=7&lang=de"
DAY_S = 86_400


def done(open_town: Open, **options: Any) -> Town:
    """A live host, made https; what was counted before is forgotten."""
    town = open_town(fastly_world())
    file = town.file(MINE, **file_keys(**options))
    town.apply(file)
    town.settled(file)
    town.sparkpost_now(clear_events=True)
    return town


@pytest.mark.parametrize("form", ["versionless", "classic"])
def test_no_link_breaks_while_a_live_host_is_moved_and_new_ones_are_https(open_town: Open, form: str) -> None:
    town = open_town(fastly_world())
    file = town.file(MINE, **file_keys(domains=form))
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


def test_the_origin_sees_the_clicks_host_user_agent_and_client_over_tls_by_its_own_name(
    open_town: Open,
) -> None:
    town = done(open_town)
    for scheme in ("http", "https"):
        answer = town.visit(
            f"{scheme}://{CLICK}/f/a/1?target=home&other=1",
            headers=(("User-Agent", f"Mailer/{scheme}"), ("X-Sandbox-Client", "192.0.2.77")),
        )
        assert answer.status == 302
        (event,) = town.events(user_agent=f"Mailer/{scheme}")
        assert (event["host"], event["tracking_host"], event["client"]) == (CLICK, CLICK, "192.0.2.77")
        assert (event["scheme"], event["sni"], event["endpoint"]) == ("https", "spgo.io", "spgo.io")
        town.advance(11)  # past the cache: both schemes are one object


def test_a_repeat_click_is_answered_by_the_edge_for_ten_seconds(open_town: Open) -> None:
    town = done(open_town)
    url = f"https://{CLICK}/f/a/2/repeat"
    for wait_s, counted in ((0, 1), (5, 1), (6, 2)):
        town.advance(wait_s)
        assert town.visit(url).status == 302
        assert len(town.events(path="/f/a/2/repeat")) == counted
    town.visit(f"{url}?target=other")
    assert len(town.events(path="/f/a/2/repeat")) == 3  # another link


def test_an_open_that_sparkpost_forbids_to_keep_is_counted_each_time(open_town: Open) -> None:
    """The fallback TTL is for answers that do not say how long they hold: a pixel does, a click does not."""
    town = done(open_town)
    for counted in (1, 2, 3):
        assert town.visit(f"https://{CLICK}/q/pixel").header("cache-control") == "no-cache, max-age=0"
        assert len(town.events(path="/q/pixel")) == counted


def test_the_certificate_renews_by_itself_while_its_record_stands(open_town: Open) -> None:
    town = done(open_town)
    file = town.folder / "domains.yaml"
    first = town.visit(f"https://{CLICK}/f/a/3").certificate
    town.advance(100 * DAY_S)
    later = town.visit(f"https://{CLICK}/f/a/3")
    assert (later.status, later.certificate == first) == (302, False)
    town.settled(file)
    assert town.ok("check", file).code == 0


def test_a_change_is_a_new_version_that_plan_and_show_tell_and_the_old_one_stays(open_town: Open) -> None:
    town = done(open_town, domains="classic")
    before = service(town)["active_version"]["number"]
    file = town.file(MINE, **file_keys(domains="classic", cache_ttl=60))
    saved = town.folder / "tonight.tdrplan"
    told = f"edge service/spgo.io: version {before} stays, and gives way to a changed copy once that is valid"
    assert told in town.ok("plan", "-out", saved, file).out
    shown = town.ok("show", saved).out
    assert told in shown
    assert "~ default_ttl = 10 -> 60" in shown
    with clicking(town, f"http://{CLICK}/f/a/4") as answers:
        town.apply(saved)
    assert {status for status, _ in answers} == {302}
    found = service(town)
    assert found["active_version"]["number"] == before + 1
    assert found["active_version"]["comment"] == f"tdr, from {before}: default_ttl 10 -> 60"
    diff = read(town, f"/service/{found['id']}/diff/from/{before}/to/{before + 1}", format="text")["diff"]
    changed = [line for line in diff.splitlines() if line.startswith(("+", "-")) and "comment" not in line]
    assert changed == ["-  general.default_ttl: 10", "+  general.default_ttl: 60"]


def test_what_the_user_adds_stays_and_what_breaks_links_is_put_right(open_town: Open) -> None:
    town = done(open_town)
    file = town.folder / "domains.yaml"
    by_hand(town, "healthcheck", {"name": "mine", "host": CLICK, "path": "/f/a"})
    town.settled(file)
    by_hand(town, "request_settings", {"name": "secure", "force_ssl": "1"})
    assert town.visit(f"http://{CLICK}/f/a/5").status == 301
    ran = town.apply(file)
    assert '- "secure"' in ran.out
    assert town.visit(f"http://{CLICK}/f/a/5").status == 302
    served = service(town)["active_version"]
    assert [one["name"] for one in served["healthchecks"]] == ["mine"]
    assert [bool(int(one["force_ssl"] or 0)) for one in served["request_settings"]] == [False]
    town.settled(file)


def test_fewer_writes_an_hour_are_forecast_and_waited_for(open_town: Open) -> None:
    town = open_town(fastly_world(limits={"writes_per_hour": 4}))
    file = town.file(MINE, **file_keys(writes_per_hour=4, domains="classic"))
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert "docs: Fastly API, Rate limiting" in ran.out
    assert "next: run `tdr apply -resume` later: it goes on from here" in ran.out
    assert [call["status"] for call in town.calls(vendor="fastly") if call["status"] == 429] == []
    town.apply("-resume", "-timeout", "24h", file)
    town.settled(file)


def test_another_customers_token_is_refused_before_any_write(open_town: Open) -> None:
    town = open_town(fastly_world())
    ran = town.tdr("plan", town.file(MINE, **file_keys(customer="5bNcKkz5jR0nXyv2other")))
    assert ran.code == 1
    assert CUSTOMER in ran.err
    assert [call["method"] for call in town.calls(vendor="fastly") if call["method"] != "GET"] == []


def test_a_token_that_may_only_read_plans_and_is_refused_by_the_first_write(open_town: Open) -> None:
    town = open_town(fastly_world(scope="global:read"))
    file = town.file(MINE, **file_keys())
    town.ok("plan", file)
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert town.visit(f"http://{CLICK}/f/a/6").status == 302
    change(town, scope="global")
    town.apply(file)
    town.settled(file)


def test_a_zone_that_forbids_the_authority_is_refused_before_any_write(open_town: Open) -> None:
    world = fastly_world()
    data = {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
    caa = {"type": "CAA", "name": "example.com", "data": data, "ttl": 300}
    world["cloudflare"][0]["zones"] = [zone("example.com", cname(CLICK), caa)]
    town = open_town(world)
    ran = town.tdr("plan", town.file(MINE, **file_keys()))
    assert ran.code == 1
    assert 'the CAA records of example.com say `0 issue "letsencrypt.org"`' in ran.err
    assert [call["method"] for call in town.calls(vendor="fastly") if call["method"] != "GET"] == []
    file = town.file(MINE, **file_keys(authority="lets-encrypt"))
    town.apply(file)
    town.settled(file)


def test_a_host_that_another_customer_has_is_told_once_and_stays_where_it_is(open_town: Open) -> None:
    world = fastly_world()
    theirs = {"name": "theirs", "active": {"domains": [{"name": CLICK}], "backends": [BACKEND]}}
    world["fastly"].append({"customer": "5bNcKkz5jR0nXyv2other", "token": "other", "services": [theirs]})
    town = open_town(world)
    ran = town.tdr("apply", "-auto-approve", town.file(MINE, **file_keys()))
    assert ran.code == 1
    assert "another customer" in ran.out + ran.err
    assert town.visit(f"http://{CLICK}/f/a/7").status == 302
    asked = [call for call in town.calls(vendor="fastly", method="POST") if "domain" in call["path"]]
    assert len(asked) == 1


BACKEND = {"name": "sparkpost", "address": "spgo.io", "port": 443, "use_ssl": True}


def test_an_upload_and_a_service_of_the_users_outlive_the_hosts(open_town: Open) -> None:
    upload = {"id": "uploadedwildcard", "name": "ours", "names": ["*.example.com"]}
    mine = {"name": "shop", "active": {"domains": [{"name": "shop.example.com"}], "backends": [BACKEND]}}
    town = open_town(fastly_world(certificates=[upload], services=[mine]))
    file = town.file(MINE, **file_keys(certificates=["uploadedwildcard"]))
    town.apply(file)
    town.settled(file)
    town.ok("destroy", "-auto-approve", file)
    assert [one["name"] for one in read(town, "/service")] == ["shop"]
    assert [one["id"] for one in read(town, "/tls/certificates")["data"]] == ["uploadedwildcard"]
    assert read(town, "/tls/activations")["data"] == []
    names = {one["fqdn"] for one in read(town, "/domain-management/v1/domains")["data"]}
    assert CLICK not in names
