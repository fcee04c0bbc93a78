"""Record sets both ways: values in, values out."""

from __future__ import annotations

import pytest

from providers._records import RecordSet, spelt_value
from providers.powerdns.convert import (
    Comment,
    NativeSet,
    answered,
    content_of,
    emptied,
    replaced,
    set_from,
    value_from,
)


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


def test_a_write_keeps_what_is_switched_off_and_the_spelling_of_what_stays() -> None:
    found = NativeSet("t.example", "TXT", 60, ('"a" "b"', '"old"'), ('"off"', '"new"'))
    body = replaced(RecordSet("t.example", "TXT", 300, ("ab", "new")), found)
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


def test_what_is_switched_off_is_not_judged_and_neither_are_other_names() -> None:
    sets = [
        NativeSet("a.example", "A", 60, ("192.0.2.1",), ("192.0.2.2",)),
        NativeSet("a.example", "TXT", 60, (), ('"off"',)),
        NativeSet("b.example", "A", 60, ("192.0.2.3",)),
    ]
    assert answered(sets, {"a.example"}) == {
        ("a.example", "A"): RecordSet("a.example", "A", 60, ("192.0.2.1",))
    }
