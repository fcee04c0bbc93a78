"""Whether resolvers are still sent to a zone that a host leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.claim import Claim, parse_claim
from reconciler.dns import Delegation, RRset, Zone
from reconciler.former import UNKNOWN_NS_TTL_S, Former, handed_over, inherited, is_over
from reconciler.records import ZoneView, zone_views

ADA, BOB, OWN = "ada.ns.example", "bob.ns.example", "ns1.own.example"
NEW = Zone("example.com", "zone/new", name_servers=(ADA, BOB))
OLD = Zone("example.com", "zone/old", name_servers=(OWN,))


def told(zone: Zone, *servers: str) -> Zone:
    """The zone as its parent tells of it."""
    return replace(zone, parent=Delegation(servers, 3600))


@pytest.mark.parametrize(
    ("servers", "handed"),
    [
        ((OWN,), False),
        ((ADA, BOB), True),
        (("ADA.ns.example.",), True),
        ((ADA, OWN), False),
        ((ADA, "secondary.example"), True),
        (("somebody.else.example",), False),
        ((), False),
    ],
)
def test_the_parent_names_the_new_servers_and_none_of_the_old(servers: tuple[str, ...], handed: bool) -> None:
    assert handed_over(told(NEW, *servers), told(OLD, *servers)) is handed


def test_what_was_not_looked_up_is_not_known() -> None:
    assert handed_over(NEW, OLD) is None
    assert handed_over(told(replace(NEW, name_servers=()), ADA), told(OLD, ADA)) is None


def test_servers_that_hold_both_zones_do_not_tell_them_apart_but_their_vendor_does() -> None:
    alike = replace(OLD, name_servers=NEW.name_servers)
    assert handed_over(told(NEW, ADA), told(alike, ADA)) is None
    assert handed_over(told(NEW, ADA), told(replace(alike, active=False), ADA)) is True
    assert handed_over(told(replace(NEW, active=False), ADA), told(alike, ADA)) is False


def test_an_old_zone_that_names_the_new_servers_beforehand_is_told_by_what_is_its_own() -> None:
    ready = replace(OLD, name_servers=(ADA, BOB, OWN))
    assert handed_over(told(NEW, OWN), told(ready, OWN)) is False
    assert handed_over(told(NEW, ADA, BOB), told(ready, ADA, BOB)) is True
    part = replace(OLD, name_servers=(ADA,))
    assert handed_over(told(NEW, ADA, OWN), told(part, ADA, OWN)) is False
    assert handed_over(told(NEW, ADA, BOB), told(part, ADA, BOB)) is True


def test_a_zone_that_was_cut_out_of_the_old_one_leaves_that_where_it_is() -> None:
    cut = replace(NEW, name="click.example.com")
    assert handed_over(told(cut, ADA, BOB), told(OLD, OWN)) is True
    assert handed_over(told(cut, OWN), told(OLD, OWN)) is False


def test_a_zone_that_goes_back_into_the_one_above_is_left_once_its_own_delegation_is_gone() -> None:
    cut = replace(OLD, name="click.example.com")
    assert handed_over(told(NEW, ADA, BOB), told(cut, OWN)) is False
    assert handed_over(told(NEW, ADA, BOB), told(cut)) is True


def view(zone: Zone, *sets: RRset) -> ZoneView:
    return zone_views([zone], sets)[zone.name]


def former(claim: str, *, handed: bool | None = True) -> Former:
    return Former("own", view(OLD), "own.12345678", parse_claim(claim), handed, UNKNOWN_NS_TTL_S)


def test_a_new_claim_takes_over_what_the_old_one_knows_of_the_host_and_not_of_its_zones() -> None:
    found = former("v=tdr1 o=acme was=CNAME:spgo.io@3600 zz=1 old=x.1 keep=20260107T090000Z ph=unproven")
    assert inherited([found]) == parse_claim("v=tdr1 o=acme was=CNAME:spgo.io@3600 zz=1")
    assert inherited([]) is None


@pytest.mark.parametrize(
    ("claim", "handed", "over"),
    [
        ("v=tdr1 keep=20260107T090000Z", True, True),
        ("v=tdr1 keep=20260107T090001Z", True, False),
        ("v=tdr1 keep=20260107T090000Z", False, False),
        ("v=tdr1 keep=20260107T090000Z", None, False),
        ("v=tdr1", True, False),
        (None, True, False),
    ],
)
def test_a_zone_is_left_when_its_time_has_passed_and_the_parent_still_says_so(
    claim: str | None, handed: bool | None, over: bool
) -> None:
    own: Claim | None = parse_claim(claim) if claim else None
    assert is_over(own, [former("v=tdr1 o=acme", handed=handed)], 1_767_776_400.0) is over
    assert is_over(own, [], 1_767_776_400.0) is False
