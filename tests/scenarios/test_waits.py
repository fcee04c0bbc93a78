"""Waits that outlast a run, gates that are not met, moves that are taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.town import CLICK, NOTHING, Town, cname, live_click, sparkpost, world, zone

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"sending_domains": ["mail.example.com"]}}
MINUTE_S = 60
PENDING = {"type": "universal", "hosts": ["example.com", "*.example.com"], "status": "pending_validation"}


def host_ttl(open_town: Open, ttl: int) -> Town:
    """A live http host whose record may be cached for so long."""
    return open_town(world(zone("example.com", cname(CLICK, ttl=ttl)), sp=live_click()))


def secure(town: Town, host: str = CLICK) -> bool:
    """Whether SparkPost writes https links."""
    held = town.tracking(host)
    return held is not None and bool(held["secure"])


def test_a_wait_that_outlasts_the_run_is_left_for_a_later_one(open_town: Open) -> None:
    town = host_ttl(open_town, 3600)
    file = town.file(MINE)
    first = town.ok("apply", "-auto-approve", "-timeout", "10m", file)
    assert f"{CLICK}: waiting: " in first.out
    assert "next: run `tdr apply -resume` later" in first.out
    assert not secure(town)

    between = town.tdr("plan", "-detailed-exitcode", file)
    assert between.code == 2
    assert "Plan: 1 to add, 2 to change, 0 to destroy." in between.out
    assert "wait up to 1h" in between.out
    town.advance(1800)
    later = town.tdr("plan", file)
    assert later.out == between.out  # a plan is the same text at any time; what is left of the wait is not
    assert "the old answer may be cached for 1h (usually 30m" in later.err

    early = town.ok("apply", "-resume", "-auto-approve", "-timeout", "10m", file)
    assert f"{CLICK}: waiting: " in early.out
    assert not secure(town)

    town.advance(1800)
    late = town.ok("apply", "-resume", "-auto-approve", "-timeout", "10m", file)
    assert f"{CLICK}: applied" in late.out
    assert secure(town)
    town.settled(file)


def test_runs_of_a_minute_come_to_an_end_once_the_wait_is_over(open_town: Open) -> None:
    town = host_ttl(open_town, 3600)
    file = town.file(MINE)
    short = ("-auto-approve", "-timeout", "1m", file)
    town.ok("apply", *short)
    town.advance(3600)
    late = town.ok("apply", "-resume", *short)
    assert f"{CLICK}: applied" in late.out
    assert secure(town)


def test_runs_come_to_an_end_where_the_claim_lost_the_time_of_the_move(open_town: Open) -> None:
    town = host_ttl(open_town, 7200)
    file = town.file(MINE)
    town.ok("apply", "-auto-approve", "-timeout", "10m", file)
    told = " ".join(word for word in town.claim().strip('"').split() if not word.startswith("at="))
    edited = {"type": "TXT", "name": f"_tdr.{CLICK}", "content": told, "ttl": 60}
    town.zone_now(remove_records=[f"_tdr.{CLICK}"], add_records=[edited])

    again = town.ok("apply", "-resume", "-auto-approve", "-timeout", "10m", file)
    assert f"{CLICK}: waiting: " in again.out
    town.advance(7200)
    late = town.ok("apply", "-resume", "-auto-approve", "-timeout", "10m", file)
    assert f"{CLICK}: applied" in late.out
    town.settled(file)


def test_a_wait_within_the_run_is_sat_out(open_town: Open) -> None:
    town = host_ttl(open_town, 600)
    before = town.control("GET", "/clock")["now"]
    town.apply(town.file(MINE))
    assert 600 <= town.control("GET", "/clock")["now"] - before < 660
    assert secure(town)


def test_resume_leaves_alone_what_was_never_begun_and_what_the_file_changed(open_town: Open) -> None:
    town = host_ttl(open_town, 3600)
    town.ok("apply", "-auto-approve", "-timeout", "10m", town.file(MINE))
    town.advance(3600)
    changed = town.file({CLICK: {"sending_domains": []}, "new.example.com": {}})
    ran = town.ok("apply", "-resume", "-auto-approve", changed)
    assert ran.out.startswith(NOTHING)
    assert not secure(town)
    assert town.named("new.example.com") == []


def test_links_stay_http_until_no_cache_can_hold_the_old_answer(open_town: Open) -> None:
    """Also where the move was taken back once: the time counts from the last move, not from the first."""
    town = host_ttl(open_town, 1800)
    file = town.file(MINE)
    town.fault(kind="status", status=503, on="edge", vendor="cloudflare", times=0)
    assert town.tdr("apply", "-auto-approve", file).code == 1
    town.control("DELETE", "/faults")
    again = town.control("GET", "/clock")["now"]
    town.apply(file)
    assert secure(town)
    assert town.control("GET", "/clock")["now"] - again >= 1800


def test_a_certificate_that_does_not_come_in_time_is_waiting_and_goes_on_later(open_town: Open) -> None:
    town = open_town(
        world(zone("example.com", cname(CLICK), packs=[PENDING], universal_ssl=False), sp=live_click())
    )
    file = town.file(MINE)
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert f"{CLICK}: waiting: " in ran.out
    assert "universal certificate pack pending_validation" in ran.out
    assert town.named(CLICK)[0]["proxied"] is False  # DNS has not moved
    town.zone_now(packs=[{"type": "universal", "status": "active"}])
    assert f"{CLICK}: applied" in town.ok("apply", "-auto-approve", "-resume", file).out
    town.settled(file)


def test_an_edge_that_fails_after_the_move_puts_dns_back_and_says_so(open_town: Open) -> None:
    town = host_ttl(open_town, 300)
    file = town.file(MINE)
    before = town.named(CLICK)[0]
    town.fault(kind="status", status=503, on="edge", vendor="cloudflare", times=0)
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert f"{CLICK}: failed: " in ran.out
    assert "503" in ran.out
    assert "DNS was put back to what it was" in ran.out
    after = town.named(CLICK)[0]
    assert [after[k] for k in ("type", "content", "ttl", "proxied")] == [
        before[k] for k in ("type", "content", "ttl", "proxied")
    ]
    assert not secure(town)
    assert town.visit(f"http://{CLICK}/f/a/b/c/d", fresh=True).status == 302
    town.control("DELETE", "/faults")
    town.apply(file)
    town.settled(file)


def test_dns_never_goes_back_to_an_http_end_once_mail_carries_https_links(open_town: Open) -> None:
    """Nor in the run after the one that turned links to http: mail sent before holds on to its own."""
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click(secure=True)))
    file = town.file({CLICK: {"allow_gap": "5m"}})
    edge = {"kind": "status", "status": 503, "on": "edge", "times": 0}
    for address in ("198.51.100.7:443", "198.51.100.8:443"):
        town.fault(**edge, listener=address)
    first = town.tdr("apply", "-auto-approve", file)
    assert "links are http again (`secure: false`) until https is proven" in first.out
    assert not secure(town)

    second = town.tdr("apply", "-auto-approve", "-resume", file)
    assert second.code == 1
    assert "DNS stays" in second.out
    assert town.named(CLICK)[0]["proxied"] is True

    town.control("DELETE", "/faults")
    town.apply(file)
    assert secure(town)
    assert "ph=" not in town.claim()
    town.settled(file)


def test_a_new_host_whose_edge_fails_stays_as_it_is_and_goes_on_later(open_town: Open) -> None:
    """Nothing stood there before: there is nothing to go back to, and no mail that could break."""
    town = open_town(world(zone("example.com"), sp=sparkpost()))
    file = town.file({CLICK: {}})
    town.fault(kind="status", status=503, on="edge", vendor="cloudflare", times=0)
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert f"{CLICK}: waiting: " in ran.out
    assert not secure(town)
    town.control("DELETE", "/faults")
    assert f"{CLICK}: applied" in town.ok("apply", "-auto-approve", "-resume", file).out
    town.settled(file)


def test_a_check_of_sparkposts_that_fails_is_repeated_until_it_holds(open_town: Open) -> None:
    town = host_ttl(open_town, 60)
    hint = "Please verify that your redirect is functioning and that your SSL certificate is valid."
    body = {"errors": [{"message": f"HTTP request to http://{CLICK}:80 failed.  {hint}"}]}
    fault = {"kind": "status", "status": 400, "vendor": "sparkpost", "path": "/verify$", "body": body}
    town.fault(**fault, times=5)
    ran = town.apply(town.file(MINE))
    assert f"{CLICK}: applied" in ran.out
    assert f"HTTP request to http://{CLICK}:80 failed" in ran.err


def test_one_domain_that_fails_stops_no_other_and_each_is_told(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK))))
    hosts = ["a.example.com", "b.example.com"]
    file = town.file({**{host: {} for host in hosts}, "one.two.example.com": {}, "c.example.net": {}})
    town.fault(
        kind="status",
        status=400,
        vendor="sparkpost",
        method="POST",
        path="/tracking-domains$",
        times=0,
        nth=2,
        body={"errors": [{"message": "the domain is on a DNS blacklist"}]},
    )
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    lines = ran.out.splitlines()
    ended = {line.partition(": ")[0]: line.partition(": ")[2] for line in lines if ".example." in line[:20]}
    assert sorted(ended[host].partition(":")[0] for host in hosts) == ["applied", "failed"]
    failed = next(host for host in hosts if ended[host].startswith("failed"))
    assert "on a DNS blacklist" in ended[failed]
    assert ended["one.two.example.com"].startswith("skipped: ")
    assert ended["c.example.net"].startswith("skipped: no ")
    assert sum(line.startswith("  next: ") for line in lines) == 3
    assert "Apply incomplete." in ran.out
    town.control("DELETE", "/faults")
    again = town.tdr("apply", "-auto-approve", "-target", failed, file)
    assert f"{failed}: applied" in again.out
