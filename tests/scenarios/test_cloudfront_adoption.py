"""A host at CloudFront that another owner of tdr takes over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.scenarios.aws import ACCOUNT, FILE, aws_world, r53
from tests.scenarios.town import CLICK, Town, live_click

Open = Callable[[Mapping[str, Any]], Town]


def certificates(town: Town) -> list[tuple[str, str]]:
    """The certificates that the account holds, with whose they are."""
    held = town.control("GET", "/vendors/aws")["accounts"][ACCOUNT["account"]]["acm"]["certificates"]
    return [(one["arn"], one["tags"]["tdr:owner"]) for one in held]


def test_the_certificate_goes_over_with_the_distribution_and_nothing_is_left(open_town: Open) -> None:
    town = open_town(aws_world(r53(), sp=live_click()))
    theirs = town.file({CLICK: {}}, "theirs.yaml", **FILE)
    town.apply(theirs)
    ((arn, _),) = certificates(town)
    ours = town.file({CLICK: {}}, "ours.yaml", **FILE, owner="new-owner")
    town.ok("adopt", "-auto-approve", "-from", "acme-mail", CLICK, ours)
    ran = town.apply("-timeout", "3h", ours)
    assert "(taken over from acme-mail)" in ran.out
    town.settled(ours)
    assert certificates(town) == [(arn, "new-owner")]
    town.apply("-prune", town.file({}, "theirs.yaml", **FILE))
    town.settled(ours)
    town.ok("destroy", "-auto-approve", ours)
    held = town.control("GET", "/vendors/aws")["accounts"][ACCOUNT["account"]]
    assert (held["acm"]["certificates"], held["cloudfront"]["distributions"]) == ([], [])
    assert [p for p in held["cloudfront"]["policies"] if p["config"]["Name"].startswith("tdr")] == []
