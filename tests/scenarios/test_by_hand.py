"""Zones that people edit: what is asked of them, what is waited for, what is left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.town import CLICK, DEFAULTS, PROVIDERS, Town, live_click, world

Open = Callable[[Mapping[str, Any]], Town]
HAND = {**PROVIDERS, "hand": {"type": "manual", "zones": ["example.com"]}}
HAND.pop("web")
BY_HAND = {"providers": HAND, "defaults": {**DEFAULTS, "cdn": "sp", "dns": "hand"}}
STANDING = {"type": "CNAME", "name": CLICK, "ttl": 300, "content": "spgo.io"}


def edited(open_town: Open, *records: Mapping[str, Any]) -> Town:
    """A live http host in a zone that people edit."""
    here = world(sp=live_click())
    here.pop("cloudflare")
    return open_town({**here, "dns": [{"zone": "example.com", "records": list(records or (STANDING,))}]})


def lines(text: str) -> list[str]:
    """The lines of a zone file that a plan lists."""
    listed = text.partition("The same as lines of a zone file:\n\n")[2]
    return [line.strip() for line in listed.splitlines() if line.startswith("  ")]


def person(town: Town, listed: list[str]) -> None:
    """Set what the lines say."""
    added = []
    for line in listed:
        name, ttl, _, type_, content = line.split(None, 4)
        added.append({"name": name.rstrip("."), "ttl": int(ttl), "type": type_, "content": content})
    held = {f"{r['name']} {r['type']}" for r in zone(town)}
    gone = sorted({f"{r['name']} {r['type']}" for r in added} & held)
    town.control("PATCH", "/dns/zones/example.com", {"add_records": added, "remove_records": gone})


def zone(town: Town) -> list[dict[str, Any]]:
    """The zone's records, its SOA and NS apart."""
    held = next(z for z in town.control("GET", "/state")["dns"] if z["zone"] == "example.com")
    return [r for r in held["records"] if r["type"] not in ("SOA", "NS")]


def test_the_exact_records_are_listed_and_waited_for(open_town: Open) -> None:
    town = edited(open_town)
    file = town.file({CLICK: {}}, **BY_HAND)
    listed = lines(town.ok("plan", file).out)
    assert [line.split()[0] for line in listed] == [f"_tdr.{CLICK}.", f"{CLICK}."]
    assert listed[1] == f"{CLICK}. 3600 IN CNAME v2.spgo.io."

    early = town.tdr("apply", "-auto-approve", "-timeout", "10m", file)
    assert early.code == 1
    assert f"{CLICK}: waiting: " in early.out
    assert f"set {listed[0]}; ns1.nameservers.example (192.0.2.20): nothing" in early.out
    assert [(r["name"], r["type"], r["content"].rstrip(".")) for r in zone(town)] == [
        (CLICK, "CNAME", "spgo.io")
    ]

    person(town, listed)
    late = town.ok("apply", "-resume", "-auto-approve", "-timeout", "2h", file)
    assert f"{CLICK}: applied" in late.out
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
    town.settled(file)


def test_the_claim_is_written_once_and_holds_nothing_that_changes(open_town: Open) -> None:
    town = edited(open_town)
    file = town.file({CLICK: {}}, **BY_HAND)
    person(town, lines(town.ok("plan", file).out))
    town.ok("apply", "-auto-approve", "-timeout", "2h", file)
    other = town.file({CLICK: {"sending_domains": ["mail.example.com"], "ttl": 600}}, **BY_HAND)
    planned = town.ok("plan", other)
    assert "dns_record" not in planned.out
    assert "tracking_domain_link" in planned.out
    (claim,) = (r["content"] for r in zone(town) if r["type"] == "TXT")
    assert not {"w=", "at=", "ph="} & {word[:3] for word in claim.strip('"').split()}


def test_half_of_the_name_servers_are_not_enough(open_town: Open) -> None:
    town = edited(open_town)
    file = town.file({CLICK: {}}, **BY_HAND)
    listed = lines(town.ok("plan", file).out)
    town.control("POST", "/dns/lag", {"server": "192.0.2.21", "zone": "example.com", "seconds": 3600})
    town.advance(1800)
    person(town, listed)
    ran = town.tdr("apply", "-auto-approve", "-timeout", "10m", file)
    assert ran.code == 1
    assert "(192.0.2.21) has serial " in ran.out


def test_a_network_without_port_53_cannot_read_what_people_edit(open_town: Open) -> None:
    """A resolver's TTL runs down, and it would remember for hours that what is listed is not there."""
    town = edited(open_town)
    ran = town.tdr("plan", town.file({CLICK: {}}, **BY_HAND), TDR_DNS="recursive")
    assert ran.code == 1
    assert (
        "zone example.com is edited by hand and read from its own name servers, which TDR_DNS says" in ran.err
    )
    asked = [q for q in town.control("GET", "/dns/queries") if q["server"] == "resolver"]
    assert [q for q in asked if q["rcode"] == "NXDOMAIN"] == []


def test_a_wildcards_answer_is_pinned_before_a_name_below_silences_it(open_town: Open) -> None:
    town = edited(open_town, {"type": "CNAME", "name": "*.example.com", "ttl": 300, "content": "spgo.io"})
    planned = town.ok("plan", town.file({CLICK: {}}, **BY_HAND))
    assert lines(planned.out)[0] == f"{CLICK}. 300 IN CNAME spgo.io."


def test_what_only_a_wildcard_answers_is_no_record(open_town: Open) -> None:
    town = edited(open_town, {"type": "CNAME", "name": "*.example.com", "ttl": 300, "content": "spgo.io"})
    planned = town.ok("plan", town.file({CLICK: {}}, **BY_HAND))
    assert f'dns_record.hand["{CLICK}/host"] will be created' in planned.out


def test_another_type_at_the_name_is_to_be_removed_first(open_town: Open) -> None:
    town = edited(open_town, {"type": "A", "name": CLICK, "ttl": 300, "content": "203.0.113.9"})
    listed = lines(town.ok("plan", town.file({CLICK: {}}, **BY_HAND)).out)
    assert f"; remove {CLICK}. 300 IN A 203.0.113.9" in listed


def test_what_tdr_does_first_is_not_asked_for_at_once(open_town: Open) -> None:
    town = edited(open_town)
    file = town.file({CLICK: {}}, **BY_HAND)
    person(town, lines(town.ok("plan", file).out))
    town.ok("apply", "-auto-approve", "-timeout", "2h", file)
    going = town.ok("plan", "-destroy", file).out
    assert f"remove when apply asks for it  {CLICK}" in going
