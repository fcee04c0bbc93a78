"""Route 53 as a user meets it: what is asked, and what is said where it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.aws import FILE, aws_world, r53
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
