"""Names and zones: longest suffix by whole labels, wildcards as RFC 4592 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.dns import (
    HostTarget,
    Record,
    Zone,
    ancestors,
    enclosing,
    existing,
    is_within,
    nearest,
    wildcard_for,
    zone_for,
)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("click.example.com", "example.com"),
        ("click.mail.example.com", "mail.example.com"),
        ("example.com", "example.com"),
        ("clickexample.com", None),
        ("example.org", None),
    ],
)
def test_the_zone_is_the_longest_suffix_by_whole_labels(name: str, zone: str | None) -> None:
    """A delegated child wins over its parent; a name that merely ends alike is in neither."""
    found = zone_for(name, [Zone("example.com", "a"), Zone("mail.example.com", "b")])
    assert (found.name if found else None) == zone


@pytest.mark.parametrize(
    ("name", "wildcard"),
    [
        ("click.example.com", "*.example.com"),
        ("a.b.example.com", "*.example.com"),
        ("www.example.com", None),
        ("mail.example.com", None),
        ("x.mail.example.com", None),
        ("deep.lists.example.com", "*.lists.example.com"),
        ("click.example.net", None),
    ],
)
def test_a_wildcard_answers_only_below_its_closest_encloser(name: str, wildcard: str | None) -> None:
    """A name that exists, if only because something stands below it, hides the wildcard."""
    names = ["example.com", "*.example.com", "www.example.com", "_dmarc.mail.example.com"]
    assert wildcard_for(name, existing([*names, "*.lists.example.com"])) == wildcard


def test_ancestors_end_at_the_top() -> None:
    """Every name above counts as existing, up to the top-level domain."""
    assert list(ancestors("a.example.com")) == ["a.example.com", "example.com", "com"]
    assert existing(["a.example.com"]) == {"a.example.com", "example.com", "com"}


def test_within_is_by_labels() -> None:
    """`clickexample.com` is not within `example.com`."""
    assert is_within("click.example.com", "example.com")
    assert not is_within("clickexample.com", "example.com")


@pytest.mark.parametrize(
    ("target", "class_"),
    [
        (HostTarget("CNAME", ("d1.cloudfront.example",), before_dns=True), "A"),
        (HostTarget("CNAME", ("spgo.io",), proxied=True), "B"),
        (HostTarget("CNAME", ("v2.spgo.io",), after_dns=True), "C"),
    ],
)
def test_the_class_of_a_move_follows_from_when_the_edge_can_be_proven(
    target: HostTarget, class_: str
) -> None:
    """Before DNS moves, as it moves, or only after."""
    assert target.move_class == class_


def test_a_records_key_is_logical() -> None:
    """It is known before anything exists, and is never the vendor's name of the record."""
    assert Record("click.example.com", "validation", "_x.example.com", "CNAME", ("y",), 60).key == (
        "click.example.com/validation"
    )


names = st.lists(st.sampled_from("ab"), min_size=1, max_size=5).map(".".join)


@given(names, st.sets(names), st.sets(names))
def test_what_encloses_a_name_is_known_by_its_longest_suffix_unless_that_is_hidden(
    name: str, known: set[str], hidden: set[str]
) -> None:
    suffixes = {one for one in known | hidden if name == one or name.endswith(f".{one}")}
    longest = max(suffixes, key=len, default=None)
    expected = None if longest in hidden else longest
    assert enclosing(name, {one: one for one in known}, hidden) == expected
    assert nearest(name, known) == enclosing(name, {one: one for one in known})
