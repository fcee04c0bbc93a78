"""A zone moves from a PowerDNS to Cloudflare while people click its links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.scenarios.town import CLICK, NOTHING, Ran, Town, cname, live_click, world, zone

Open = Callable[[Mapping[str, Any]], Town]
KEY = "sandbox-pdns-key-of-acme"
PROVIDERS = {
    "sp": {"type": "sparkpost", "region": "us"},
    "own": {"type": "powerdns", "endpoint": "https://dns.example.com:8081"},
    "web": {"type": "cloudflare"},
}
NS_TTL_S = 86400
"""What the sandbox's parents give."""
BY_HAND = {"type": "A", "name": "www.example.com", "content": "203.0.113.80", "ttl": 300}


def both_zones() -> dict[str, Any]:
    """A host on a PowerDNS to which the zone is delegated, and an empty copy of the zone at Cloudflare."""
    old = {"name": "example.com", "kind": "Native", "records": [cname(CLICK), BY_HAND]}
    for record in old["records"]:  # type: ignore[attr-defined]
        record.pop("proxied", None)
    servers = [{"key": KEY, "env": "PDNS_API_KEY", "zones": [old]}]
    new = zone("example.com", status="pending", delegated=False)
    return {**world(new, sp=live_click()), "powerdns": servers}


def file(town: Town, dns: str, state: str = "present") -> Path:
    """The file with the host's zone at one of the two."""
    return town.file({CLICK: {"dns": dns, "cdn": "sp", "state": state}}, providers=PROVIDERS)


def at_powerdns(town: Town) -> dict[str, list[str]]:
    """What the PowerDNS holds of the host, by name."""
    (server,) = town.control("GET", "/vendors/powerdns")
    zones = server["zones"].values() if isinstance(server["zones"], dict) else server["zones"]
    held = next(iter(zones))["sets"]
    return {key: [r["content"] for r in one["records"]] for key, one in held.items() if CLICK in key}


def planned(town: Town, where: Path) -> Ran:
    """A plan that has nothing to do but waits for something."""
    ran = town.ok("plan", "-detailed-exitcode", where)
    assert ran.out == f"{NOTHING}\n", str(ran)
    return ran


def test_a_zone_moves_and_nothing_breaks(open_town: Open) -> None:
    town = open_town(both_zones())
    town.apply("-timeout", "4h", file(town, "own"))
    before = at_powerdns(town)
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302

    moved = file(town, "web")
    first = town.apply(moved)
    assert "Apply complete!" in first.out
    assert at_powerdns(town) == before
    assert "old=powerdns." in town.claim()
    assert [r["content"] for r in town.named(CLICK, "CNAME")] == [before[f"{CLICK}. CNAME"][0].rstrip(".")]

    waits = planned(town, moved).err
    assert "2 records in zone example.com of `own` stay until example.com is delegated to `web`" in waits
    assert "set the name servers ada.ns.cloudflare.com, bob.ns.cloudflare.com at the registrar" in waits

    town.zone_now(delegated=True, status="active")
    town.apply(moved)
    assert "keep=" in town.claim()
    assert at_powerdns(town) == before
    assert "stay until the old delegation has left caches (24h)" in planned(town, moved).err
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302

    town.advance(NS_TTL_S + 60)
    last = town.apply(moved)
    assert "Apply complete! Resources: 0 added, 1 changed, 2 destroyed." in last.out, str(last)
    assert at_powerdns(town) == {}
    assert "keep=" not in town.claim()
    assert "old=" not in town.claim()
    town.forget_calls()
    town.settled(moved)
    assert town.calls(vendor="powerdns") == []
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302


def test_a_host_that_goes_in_the_middle_of_it_leaves_both_zones(open_town: Open) -> None:
    town = open_town(both_zones())
    town.apply("-timeout", "4h", file(town, "own"))
    town.apply(file(town, "web"))
    town.apply("-max-deletes", "1", file(town, "web", "absent"))
    assert at_powerdns(town) == {}
    assert town.named(CLICK) == []
    assert town.claim() == ""


def test_a_signed_zone_that_moves_is_told_of_its_ds_record(open_town: Open) -> None:
    here = both_zones()
    key = {"type": "DNSKEY", "name": "example.com", "ttl": 300, "content": f"257 3 13 {'ab' * 43}aa"}
    here["powerdns"][0]["zones"][0]["records"].append(key)
    ds = {"type": "DS", "name": "example.com", "ttl": 300, "content": f"12345 13 2 {'ab' * 32}"}
    town = open_town({**here, "dns": [{"zone": "com", "records": [ds]}]})
    town.apply("-timeout", "4h", file(town, "own"))
    told = "remove the DS record of example.com at the registrar a day before its name servers change"
    assert told in town.ok("plan", file(town, "web")).err
    town.apply(file(town, "web"))
    assert told in planned(town, file(town, "web")).err
    town.zone_now(delegated=True, status="active")
    assert told not in town.ok("plan", file(town, "web")).err


def test_a_zone_leaves_cloudflare_which_calls_it_moved(open_town: Open) -> None:
    servers = [{"key": KEY, "env": "PDNS_API_KEY", "zones": [{"name": "example.com", "kind": "Native"}]}]
    town = open_town({**world(zone("example.com", cname(CLICK)), sp=live_click()), "powerdns": servers})
    town.apply("-timeout", "4h", file(town, "web"))
    before = town.records()
    moved = file(town, "own")
    town.apply(moved)
    assert town.records() == before
    assert "stay until example.com is delegated to `own`" in planned(town, moved).err
    town.zone_now(delegated=False, status="moved")
    town.apply(moved)
    town.advance(NS_TTL_S + 60)
    town.apply(moved)
    assert town.named(CLICK) == []
    assert town.claim() == ""
    town.settled(moved)
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
