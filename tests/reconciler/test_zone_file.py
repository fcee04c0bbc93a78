"""Records as zone files write them: what another reader of zone files finds in them."""

from __future__ import annotations

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zonefile
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Ref, Resource, ResourceId, Value, attrs
from reconciler.zone_file import contents, quoted, record_lines

ID = ResourceId("board", "dns_record", "click.example.com/host")
KNOWN_LATER = Ref(ResourceId("web", "edge_host", "click.example.com"), "name")
#: Surrogates alone cannot be sent.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)


def record(type_: str, *values: Value, name: Value = "click.example.com") -> Resource:
    return Resource(ID, attrs(name=name, type=type_, values=values, ttl=300))


def strings(content: str) -> tuple[bytes, ...]:
    """The strings of a TXT record as dnspython reads them."""
    read = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, content)
    assert isinstance(read, TXT)
    return read.strings


@given(texts)
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    read = strings(quoted(text))
    assert b"".join(read) == text.encode()
    assert all(len(string) <= 255 for string in read)


@given(texts)
def test_any_text_stays_on_one_line_of_ascii(text: str) -> None:
    assert all(" " <= character <= "~" for character in quoted(text))


@given(st.lists(texts, min_size=1, max_size=3, unique=True))
def test_lines_are_a_zone_file(values: list[str]) -> None:
    lines = "\n".join(record_lines(record("TXT", *values)))
    (read,) = dns.zonefile.read_rrsets(lines, rdclass=None, default_ttl=None)
    assert read.name.to_text() == "click.example.com."
    assert read.ttl == 300
    assert {b"".join(each.strings) for each in read} == {value.encode() for value in values}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ('say "hello"', '"say \\"hello\\""'),
        ("a\\b", '"a\\\\b"'),
        ("a;b", '"a;b"'),  # within quotes it begins no comment
        ("größe", '"gr\\195\\182\\195\\159e"'),
        ("line\nbreak", '"line\\010break"'),
        ("x" * 255, f'"{"x" * 255}"'),
        ("x" * 256, f'"{"x" * 255}" "x"'),
        ("é" * 128, '"' + "\\195\\169" * 127 + '\\195" "\\169"'),
    ],
    ids=["empty", "quotes", "backslash", "semicolon", "not ASCII", "line break", "255", "256", "256 bytes"],
)
def test_how_a_text_is_quoted(text: str, expected: str) -> None:
    assert quoted(text) == expected


def test_addresses_of_both_families_are_lines_of_their_own_type() -> None:
    both = record("A+AAAA", "203.0.113.7", "2001:db8::7")
    assert record_lines(both) == (
        "click.example.com. 300 IN A 203.0.113.7",
        "click.example.com. 300 IN AAAA 2001:db8::7",
    )


def test_a_target_is_an_absolute_name() -> None:
    assert record_lines(record("CNAME", "v2.spgo.io")) == ("click.example.com. 300 IN CNAME v2.spgo.io.",)


def test_what_is_not_known_yet_is_said_to_be() -> None:
    assert contents(record("CNAME", KNOWN_LATER)) == (("CNAME", "(known after apply)"),)
    assert record_lines(record("TXT", "x", name=KNOWN_LATER)) == ('(known after apply) 300 IN TXT "x"',)


def test_a_record_without_values_has_no_lines() -> None:
    assert record_lines(record("TXT")) == ()
