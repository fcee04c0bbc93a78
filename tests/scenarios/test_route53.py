"""Route 53 as a user meets it: what is asked, and what is said where it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.aws import FILE, aws_world, r53, record
from tests.scenarios.town import CLICK, PROVIDERS, Town, live_click, world

Open = Callable[[Mapping[str, Any]], Town]
ELSEWHERE = {"name": "example.org"}


def denied(*actions: str) -> dict[str, Any]:
    """A policy that allows everything but these."""
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"Statement": [allow, {"Effect": "Deny", "Action": list(actions), "Resource": "*"}]}


def errors(told: str) -> list[str]:
    """The lines that are errors."""
    return [line for line in told.splitlines() if line.startswith("Error: ")]


def test_a_host_that_no_zone_holds_is_told_once(open_town: Open) -> None:
    town = open_town(aws_world(ELSEWHERE, sp=live_click()))
    (error,) = errors(town.tdr("plan", town.file({CLICK: {}}, **FILE)).err)
    assert f"no hosted zone of the AWS account holds {CLICK}" in error


def test_credentials_that_may_not_look_for_zones_are_told_once_and_no_zone_is_missed(open_town: Open) -> None:
    town = open_town(aws_world(r53(), sp=live_click(), policy=denied("route53:ListResourceRecordSets")))
    ran = town.tdr("plan", town.file({CLICK: {}}, **FILE))
    (error,) = errors(ran.err)
    assert "`aws` may not look for hosted zones: " in error
    assert "holds" not in ran.out + ran.err


def test_a_profile_of_the_environment_that_is_not_there_is_told_beside_keys(open_town: Open) -> None:
    town = open_town(aws_world(r53(), sp=live_click()))
    ran = town.tdr("plan", town.file({CLICK: {}}, **FILE), AWS_PROFILE="gone")
    (error,) = errors(ran.err)
    assert error.startswith("Error: aws (aws): The config profile (gone) could not be found: ")


def test_the_cdn_part_is_read_once_where_a_host_has_its_zone_elsewhere(open_town: Open) -> None:
    """Whether the host was in a zone of the AWS account before is asked of Route 53 alone."""
    town = open_town({**world(), **aws_world(ELSEWHERE)})
    file = town.file(
        {CLICK: {"dns": "web"}}, providers={**PROVIDERS, "aws": {"type": "aws"}}, defaults=FILE["defaults"]
    )
    town.ok("plan", file)
    assert [len(town.calls("GET", "aws", path)) for path in ("/distribution", "/hostedzone")] == [1, 1]


def test_what_forbids_a_host_is_told_once(open_town: Open) -> None:
    """A host that is delegated away has no CNAME problem; beside texts an alias record is the way out."""
    child = [record("NS", CLICK, "ns1.other.example.", "ns2.other.example.")]
    text = record("TXT", "go.example.com", '"kept"')
    town = open_town(aws_world(r53("example.com", *child, text), sp=live_click()))
    away, beside = errors(town.tdr("plan", town.file({CLICK: {}, "go.example.com": {}}, **FILE)).err)
    assert f"{CLICK} is delegated to ns1.other.example, ns2.other.example" in away
    assert "go.example.com has TXT records" in beside
    assert ", or have an alias record there" in beside


def test_a_host_of_another_owner_is_told_once(open_town: Open) -> None:
    claim = record("TXT", f"_tdr.{CLICK}", '"v=tdr1 o=other"')
    aliases = {"aliases": [CLICK], "tags": {"tdr:owner": "other", "tdr:host": CLICK}}
    edge = {"id": "E1", "domain_name": "d111111abcdef8.cloudfront.net", **aliases}
    host = record("CNAME", CLICK, "d111111abcdef8.cloudfront.net")
    town = open_town(aws_world(r53("example.com", host, claim), distributions=[edge]))
    told = errors(town.tdr("plan", town.file({CLICK: {}}, **FILE)).err)
    (adopting,) = [line for line in told if "tdr adopt" in line]
    assert f"{CLICK} is claimed by owner `other`" in adopting
