"""Record sets both ways: values in, values out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.powerdns.convert import (
    Comment,
    NativeSet,
    WantedSet,
    content_from,
    content_of,
    emptied,
    replaced,
    set_from,
    sets_of,
    spelt_value,
    text_from,
    value_from,
)
from reconciler.model import attrs

OCTETS = st.binary(max_size=600).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@given(OCTETS)
def test_a_text_is_read_as_it_was_written_whatever_its_octets(text: str) -> None:
    assert text_from(content_from(text)) == text


@given(OCTETS)
def test_a_text_is_written_in_printable_strings_that_fit(text: str) -> None:
    content = content_from(text)
    assert content.isascii()
    assert content.isprintable()
    strings = content[1:-1].split('" "')
    assert all(
        len(text_from(f'"{s}"').encode("utf-8", "surrogateescape")) <= 255 for s in strings if '"' not in s
    )


def test_a_long_text_is_cut_where_a_string_is_full() -> None:
    assert content_from("x" * 256) == f'"{"x" * 255}" "x"'
    assert content_from("é" * 128) == '"' + r"\195\169" * 127 + r'\195" "\169"'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('"one" "two"', "onetwo"),
        ('"é"', "é"),
        (r'"\195\169"', "é"),
        (r'"a \"b\" \\c\x"', r'a "b" \cx'),
        ("", ""),
        ('""', ""),
        ("left as it stands", "left as it stands"),
        ('"half', '"half'),
    ],
)
def test_texts_of_other_programs_are_read(content: str, text: str) -> None:
    assert text_from(content) == text


@pytest.mark.parametrize(
    ("kind", "content", "value"),
    [
        ("CNAME", "SPGO.io.", "spgo.io"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1", "::ffff:c000:201"),
        ("MX", "10 Mail.example.", "10 mail.example"),
        ("CAA", '0 issue "letsencrypt.org"', '0 issue "letsencrypt.org"'),
        ("LUA", "A \"ifportup(443, {'192.0.2.1'})\"", "A \"ifportup(443, {'192.0.2.1'})\""),
    ],
)
def test_content_is_read_in_the_engines_spelling(kind: str, content: str, value: str) -> None:
    assert value_from(kind, content) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [("CNAME", "SPGO.io."), ("A", "192.0.2.1"), ("AAAA", "2001:db8:0::1"), ("CAA", "0 issue pki.goog")],
)
def test_what_is_spelt_is_read_back_the_same(kind: str, value: str) -> None:
    spelt = spelt_value(kind, value)
    assert value_from(kind, content_of(kind, spelt)) == spelt


def test_a_set_is_read_with_what_is_switched_off_apart() -> None:
    native = {
        "name": "Click.example.com.",
        "type": "A",
        "ttl": 60,
        "records": [{"content": "192.0.2.1", "disabled": False}, {"content": "192.0.2.2", "disabled": True}],
        "comments": [{"content": "hello", "account": "ada", "modified_at": 5}],
    }
    found = set_from(native)
    assert found == NativeSet(
        "click.example.com", "A", 60, ("192.0.2.1",), ("192.0.2.2",), (Comment("hello", "ada", 5),)
    )
    assert found.values == ("192.0.2.1",)


def test_both_address_types_are_told_apart_by_their_values() -> None:
    named = attrs(name="h.example", type="A+AAAA", values=("192.0.2.1", "2001:db8::1"), ttl=60)
    assert sets_of(named) == {
        ("h.example", "A"): WantedSet("h.example", "A", 60, ("192.0.2.1",)),
        ("h.example", "AAAA"): WantedSet("h.example", "AAAA", 60, ("2001:db8::1",)),
    }
    assert sets_of(None) == {}


def test_a_write_keeps_what_is_switched_off_and_the_spelling_of_what_stays() -> None:
    found = NativeSet("t.example", "TXT", 60, ('"a" "b"', '"old"'), ('"off"', '"new"'))
    body = replaced(WantedSet("t.example", "TXT", 300, ("ab", "new")), found)
    assert body["records"] == [
        {"content": '"a" "b"', "disabled": False},
        {"content": '"new"', "disabled": False},
        {"content": '"off"', "disabled": True},
    ]
    assert "comments" not in body, "without the member PowerDNS keeps them"


def test_a_set_with_something_switched_off_is_emptied_and_not_deleted() -> None:
    assert emptied(NativeSet("a.example", "A", 60, ("192.0.2.1",)))["changetype"] == "DELETE"
    left = emptied(NativeSet("a.example", "A", 60, ("192.0.2.1",), ("192.0.2.2",)))
    assert left["changetype"] == "REPLACE"
    assert left["records"] == [{"content": "192.0.2.2", "disabled": True}]
