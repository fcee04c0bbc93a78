"""The claim: what is remembered between runs survives being written, read and rewritten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.claim import (
    EMPTY_CLAIM,
    NOW,
    Claim,
    Was,
    claims_in,
    hash8,
    is_claim,
    parse_claim,
    parse_was,
    stamp,
)

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-:@,", min_size=1, max_size=20)
keys = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8).filter(lambda key: key != "v")


@given(st.dictionaries(keys, words, max_size=8))
def test_what_is_written_is_read(fields: dict[str, str]) -> None:
    """A claim's text gives back its fields, unknown ones included, in their order."""
    claim = Claim((("v", "tdr1"), *fields.items()))
    assert parse_claim(claim.text()) == claim


@given(st.dictionaries(keys, words, min_size=1), words)
def test_a_rewrite_keeps_what_it_does_not_know(fields: dict[str, str], owner: str) -> None:
    """Changing the owner leaves every other field as it stands."""
    claim = Claim((("v", "tdr1"), *fields.items())).updated({"o": owner})
    assert claim.owner == owner
    assert {k: claim.get(k) for k in fields if k != "o"} == {k: v for k, v in fields.items() if k != "o"}


@pytest.mark.parametrize(
    ("text", "was"),
    [
        ("CNAME:spgo.io@3600", Was("CNAME", ("spgo.io",), 3600)),
        ("A+AAAA:192.0.2.1,2001:db8::1@60", Was("A+AAAA", ("192.0.2.1", "2001:db8::1"), 60)),
        ("PROXIED-CNAME:spgo.io@300", Was("PROXIED-CNAME", ("spgo.io",), 300)),
        ("CNAME:spgo.io", None),
        ("CNAME:@60", None),
        ("CNAME:spgo.io@soon", None),
        ("", None),
    ],
)
def test_the_way_back_is_read_or_unknown(text: str, was: Was | None) -> None:
    """A record is read just as it was written; anything else is no memory, and no error."""
    assert parse_was(text) == was
    if was is not None:
        assert str(was) == text


def test_a_stamp_is_the_time_rounded_up() -> None:
    """A wait that is counted from the stamp must not end early."""
    planned = Claim((*EMPTY_CLAIM.fields, ("was", "CNAME:spgo.io@60"), ("at", NOW))).text()
    written = stamp(planned, 1_767_603_600.25)
    assert written == "v=tdr1 was=CNAME:spgo.io@60 at=20260105T090001Z"
    assert parse_claim(written).at_s == 1_767_603_601.0


def test_a_planned_claim_has_no_time() -> None:
    """Until it is written, nothing can be waited for by it."""
    assert parse_claim(f"v=tdr1 at={NOW}").at_s is None


def test_the_size_of_a_claim_counts_what_it_is_stamped_with() -> None:
    """1,000 bytes are sure to be carried; the plan refuses more."""
    claim = Claim((("v", "tdr1"), ("keep", "x" * 1002), ("at", NOW)))
    assert claim.size == len(stamp(claim.text(), 1_750_000_000.0)) == 1034


@pytest.mark.parametrize(
    ("text", "ttl"),
    [("A:192.0.2.1@99999999999", None), ("A:192.0.2.1@9999999999", 2**31 - 1), ("A:192.0.2.1@²", None)],
)
def test_a_ttl_that_dns_does_not_know_is_none_or_the_longest(text: str, ttl: int | None) -> None:
    was = parse_was(text)
    assert (was.ttl if was else None) == ttl


def test_what_is_held_longest_counts() -> None:
    """A second move takes along until when caches hold what was there before the first."""
    text = "v=tdr1 was=CNAME:edge.test@60 at=20260105T090000Z until=20260105T100000Z"
    assert parse_claim(text).held_until_s == parse_claim(text).until_s
    longer = parse_claim(text.replace("@60", "@7200"))
    assert longer.held_until_s == (longer.at_s or 0.0) + 7200


def test_a_stamp_sets_until_and_drops_one_that_has_passed() -> None:
    now_s = parse_claim("v=tdr1 at=20260105T090000Z").at_s
    assert now_s is not None
    assert stamp("v=tdr1 at=* until=*7200", now_s) == "v=tdr1 at=20260105T090000Z until=20260105T110000Z"
    assert stamp("v=tdr1 until=*7200", now_s) == "v=tdr1 until=20260105T110000Z"
    assert stamp("v=tdr1 at=* until=20260105T080000Z", now_s) == "v=tdr1 at=20260105T090000Z"
    assert stamp("v=spf1 until=* at=*", now_s) == "v=spf1 until=* at=*"


def test_other_texts_at_the_name_are_no_claims() -> None:
    """A person's TXT beside ours is left out of the claims."""
    assert [c.owner for c in claims_in(["v=spf1 -all", "v=tdr1 o=acme", "v=tdr10 o=other"])] == ["acme"]
    assert is_claim("v=tdr1")


def test_account_ids_are_not_readable_in_public_dns() -> None:
    """Eight hex digits of a hash stand for an account."""
    assert hash8("0123456789abcdef") == "9f9f5111"


def test_a_stamp_says_until_when_a_zone_that_is_left_is_kept() -> None:
    now_s = 1_767_603_600.0
    assert stamp("v=tdr1 old=web.12345678 keep=*172800", now_s) == (
        "v=tdr1 old=web.12345678 keep=20260107T090000Z"
    )
    claim = parse_claim("v=tdr1 old=web.12345678,own.87654321 keep=20260107T090000Z")
    assert claim.old == ("web.12345678", "own.87654321")
    assert claim.keep_s == now_s + 172800
    assert stamp(claim.text(), now_s) == claim.text()
    assert (EMPTY_CLAIM.old, EMPTY_CLAIM.keep_s) == ((), None)
