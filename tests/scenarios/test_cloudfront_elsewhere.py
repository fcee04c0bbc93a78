"""Hosts whose alias or whose record is at another distribution: told at plan, with a way out.

docs: CloudFront Developer Guide, "Move an alternate domain name to a different distribution".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.aws import ACCOUNT, FILE, aws_world, r53, record
from tests.scenarios.town import CLICK, Town, live_click

Open = Callable[[Mapping[str, Any]], Town]
THEIRS = "d111111abcdef8.cloudfront.net"
WWW = "www.example.com"
ORIGIN = {
    "Id": "origin",
    "DomainName": "spgo.io",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"},
}
WILDCARD = {"id": "c1", "domain": "*.example.com", "status": "ISSUED"}


def shared_edge(open_town: Open) -> Town:
    """A host that shares a distribution of the account with a website."""
    distribution = {
        "id": "E1",
        "domain_name": THEIRS,
        "aliases": [CLICK, WWW],
        "config": {"Origins": {"Items": [ORIGIN]}},
    }
    zone = r53("example.com", record("CNAME", CLICK, THEIRS))
    world = aws_world(zone, sp=live_click(), certificates=[WILDCARD], distributions=[distribution])
    return open_town(world)


def account_now(town: Town, **changes: Any) -> None:
    """Change the AWS account behind tdr's back, and let CloudFront deploy that."""
    town.control("PATCH", "/vendors/aws", {"accounts": {ACCOUNT["account"]: changes}})
    town.advance(600)


def aliases_now(town: Town, *aliases: str) -> None:
    """Change whom the website's distribution serves."""
    account_now(town, cloudfront={"distributions": {"E1": {"aliases": list(aliases)}}})


def test_a_host_beside_others_gets_its_own_distribution_once_alias_and_record_are_off(
    open_town: Open,
) -> None:
    town = shared_edge(open_town)
    file = town.file({CLICK: {}}, **FILE)
    ran = town.tdr("plan", file)
    assert ran.code == 1
    assert f"remove the alias {CLICK} from E1 and point its record at spgo.io" in ran.err
    aliases_now(town, WWW)  # the record still points there, for which CloudFront refuses the alias
    ran = town.tdr("plan", file)
    assert ran.code == 1
    assert f"points at {THEIRS}, a distribution of this account that does not have" in ran.err
    zone = {"remove_records": [f"{CLICK} CNAME"], "add_records": [record("CNAME", CLICK, "spgo.io")]}
    account_now(town, route53={"zones": {"example.com": zone}})
    town.apply(file)
    town.settled(file)


def test_the_distribution_is_taken_over_once_the_others_are_off(open_town: Open) -> None:
    town = shared_edge(open_town)
    file = town.file({CLICK: {}}, **FILE)
    aliases_now(town, CLICK)
    town.apply("-timeout", "3h", file)
    town.settled(file)
    assert town.dns(CLICK) == (THEIRS,)
