"""Route 53's spelling of names, texts, aliases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers._records import RecordSet
from providers.aws.route53_convert import (
    alias_spelt,
    is_cloudfront,
    name_from,
    natives_of,
    stood_from,
    text_from,
    text_to,
)
from reconciler.dns import ALIAS
from tests.providers.aws.route53_memory import EDGE, NAME, alias, native

LABEL = st.from_regex(r"\A[a-z0-9_]([a-z0-9-]{0,10}[a-z0-9])?\Z")
DOMAIN = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@st.composite
def sets(draw: st.DrawFn) -> RecordSet:
    """Any record set that tdr writes."""
    name, ttl = draw(DOMAIN), draw(st.integers(0, 86400))
    kind = draw(st.sampled_from(["A", "AAAA", "CNAME", "TXT", "CAA", ALIAS]))
    if kind == ALIAS:
        zone = draw(st.sampled_from(["", "Z35SXDOTRQ7X7K/"]))
        return RecordSet(name, kind, 60, (f"{zone}{draw(DOMAIN)}",))
    one = {
        "A": st.ip_addresses(v=4).map(str),
        "AAAA": st.ip_addresses(v=6).map(str),
        "CNAME": DOMAIN,
        "TXT": st.text(max_size=600),
        "CAA": DOMAIN.map(lambda name: f'0 issue "{name}"'),
    }[kind]
    most = 1 if kind == "CNAME" else 4
    values = draw(st.lists(one, min_size=1, max_size=most, unique=True))
    return RecordSet(name, kind, ttl, tuple(sorted(values)))


@given(sets())
def test_what_is_written_is_read_as_it_was(wanted: RecordSet) -> None:
    assert [stood.found for stood in stood_from(natives_of(wanted))] == [wanted]


@given(st.text(max_size=700))
def test_no_string_of_a_text_is_longer_than_255_octets_or_holds_what_must_be_escaped(text: str) -> None:
    written = text_to(text)
    assert written.isascii()
    assert written.isprintable()
    assert text_from(written) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'"ex\344mple"', "ex\udce4mple"),  # octal, where a master file has decimal
        (r'"a\"b" "c"', 'a"bc'),
        (r'"caf\303\251"', "café"),
        ("v=spf1 -all", "v=spf1 -all"),
    ],
)
def test_texts_are_read_with_octal_escapes(written: str, read: str) -> None:
    assert text_from(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\052.example.com.", "*.example.com"),
        ("Click.Example.com.", "click.example.com"),
        (r"a\056b.example.com.", r"a\056b.example.com"),  # a dot that divides nothing
        (r"it\047s.example.com.", "it's.example.com"),
        (r"\344.example.com.", r"\344.example.com"),
    ],
)
def test_names_are_read_without_escapes_where_that_says_the_same(written: str, read: str) -> None:
    assert name_from(written) == read


def test_two_aliases_to_one_name_are_one_set() -> None:
    (stood,) = stood_from([alias(NAME, "A"), alias(NAME, "AAAA")])
    assert stood.found == RecordSet(NAME, ALIAS, 60, (EDGE,))
    assert stood.natives == (alias(NAME, "A"), alias(NAME, "AAAA"))


def test_an_alias_without_ipv6_is_one_too() -> None:
    (stood,) = stood_from([alias(NAME, "A")])
    assert stood.found == RecordSet(NAME, ALIAS, 60, (EDGE,))
    assert stood.natives == (alias(NAME, "A"),)


def test_an_alias_beyond_cloudfront_names_the_zone_of_its_target() -> None:
    rows = [alias(NAME, kind, "lb.us-east-1.elb.amazonaws.com", "Z35SXDOTRQ7X7K") for kind in ("A", "AAAA")]
    (stood,) = stood_from(rows)
    assert stood.found.values == ("Z35SXDOTRQ7X7K/lb.us-east-1.elb.amazonaws.com",)
    assert natives_of(stood.found) == tuple(rows)


@pytest.mark.parametrize(
    ("rows", "special"),
    [
        ([alias(NAME, "AAAA")], "one-sided alias"),
        ([alias(NAME, "A"), alias(NAME, "AAAA", "other.cloudfront.net")], "one-sided alias"),
        ([alias(NAME, "A"), native(NAME, "AAAA", "2001:db8::1")], "one-sided alias"),
        ([alias(NAME, "A", EvaluateTargetHealth=True)], "health-checked alias"),
        ([{**alias(NAME, "A"), "SetIdentifier": "eu", "Weight": 1}], "weighted"),
        ([native(NAME, "A", "192.0.2.1", SetIdentifier="eu", Weight=1)], "weighted"),
        ([native(NAME, "A", "192.0.2.1", SetIdentifier="eu", Region="eu-west-1")], "latency"),
        ([native(NAME, "A", "192.0.2.1", SetIdentifier="eu", GeoLocation={})], "geolocation"),
        ([native(NAME, "A", "192.0.2.1", SetIdentifier="eu", Failover="PRIMARY")], "failover"),
        ([native(NAME, "A", "192.0.2.1", SetIdentifier="eu", MultiValueAnswer=True)], "multivalue"),
        ([native(NAME, "A", "192.0.2.1", HealthCheckId="h")], "health-checked"),
        ([native(NAME, "A", "192.0.2.1", TrafficPolicyInstanceId="t")], "traffic policy"),
        ([alias(NAME, "TXT", "other.example.com", "Z0EXAMPLE")], "alias"),
    ],
)
def test_what_is_more_than_its_values_is_special(rows: list[dict[str, object]], special: str) -> None:
    assert special in [stood.found.special for stood in stood_from(rows)]


def test_all_parts_of_a_weighted_set_are_one_with_all_values() -> None:
    rows = [
        native(NAME, "A", address, SetIdentifier=name, Weight=1)
        for name, address in (("eu", "192.0.2.1"), ("us", "192.0.2.2"))
    ]
    (stood,) = stood_from(rows)
    assert stood.found == RecordSet(NAME, "A", 300, ("192.0.2.1", "192.0.2.2"), "weighted")
    assert stood.natives == tuple(rows)


def test_targets_are_spelt_once() -> None:
    assert alias_spelt(ALIAS, "D111.CloudFront.net.") == "d111.cloudfront.net"
    assert alias_spelt(ALIAS, "Z2FDTNDATAQYW2/d111.cloudfront.net") == "d111.cloudfront.net"
    assert alias_spelt(ALIAS, "z35sx/LB.example.com.") == "Z35SX/lb.example.com"
    assert is_cloudfront("D111.cloudfront.net.")
    assert not is_cloudfront("cloudfront.net.example.com")
