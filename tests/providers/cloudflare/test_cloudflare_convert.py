"""Records in Cloudflare's spelling and in the engine's."""

from typing import Any

import pytest

from providers.cloudflare.convert import (
    Entry,
    entries_of,
    entry_from,
    native_from,
    rrsets_from,
    spelt_value,
)
from reconciler.model import attrs


def native(kind: str, content: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "a1",
        "name": "Click.example.com",
        "type": kind,
        "content": content,
        "ttl": 300,
        "proxied": False,
        **more,
    }


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (native("CNAME", "SPGO.io"), "spgo.io"),
        (native("A", "203.0.113.1"), "203.0.113.1"),
        (native("TXT", '"hello"'), "hello"),
        (native("MX", "mail.example.com", priority=10), "10 mail.example.com"),
        (native("CAA", '0 issue "pki.goog"'), '0 issue "pki.goog"'),
    ],
)
def test_a_value_is_read_in_the_engines_spelling(record: dict[str, Any], value: str) -> None:
    assert entry_from(record).value == value
    assert entry_from(record).name == "click.example.com"


def test_records_of_one_name_and_type_are_one_set() -> None:
    entries = [
        Entry("a.example.com", "TXT", "two", 120, proxied=False, id="2", comment="theirs"),
        Entry("a.example.com", "TXT", "one", 300, proxied=False, id="1"),
        Entry("a.example.com", "A", "203.0.113.1", 1, proxied=True, id="3"),
    ]
    address, text = rrsets_from("example.com", entries)
    assert (address.type, address.values, address.ttl, dict(address.attrs)) == (
        "A",
        ("203.0.113.1",),
        1,
        {"proxied": True},
    )
    assert dict(address.outputs) == {"ids": ("3",), "comments": (), "effective_ttl_s": 300}
    assert (text.values, text.ttl, dict(text.attrs)) == (("one", "two"), 120, {})
    assert dict(text.outputs) == {"ids": ("1", "2"), "comments": ("theirs",), "effective_ttl_s": 120}


def test_addresses_of_both_families_are_told_apart_by_their_values() -> None:
    record = attrs(
        name="a.example.com", type="A+AAAA", values=("2001:db8::1", "203.0.113.1"), ttl=60, proxied=False
    )
    assert [(e.type, e.value) for e in entries_of(record)] == [("A", "203.0.113.1"), ("AAAA", "2001:db8::1")]


@pytest.mark.parametrize(
    ("kind", "given_value", "value"),
    [("CNAME", "SPGO.io.", "spgo.io"), ("AAAA", "2001:DB8:0::1", "2001:db8::1"), ("TXT", "As Is.", "As Is.")],
)
def test_a_value_is_spelt_as_it_will_be_reported(kind: str, given_value: str, value: str) -> None:
    assert spelt_value(kind, given_value) == value


def test_a_caa_record_is_written_by_its_parts() -> None:
    entry = Entry("example.com", "CAA", '0 issue "letsencrypt.org"', 3600, proxied=False)
    data = {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
    assert native_from(entry) == {"name": "example.com", "type": "CAA", "ttl": 3600, "data": data}


def test_only_a_record_that_can_be_proxied_says_whether_it_is() -> None:
    entry = Entry("a.example.com", "TXT", "x", 60, proxied=False)
    assert native_from(entry, "ours") == {
        "name": "a.example.com",
        "type": "TXT",
        "ttl": 60,
        "content": '"x"',
        "comment": "ours",
    }
    assert native_from(Entry("a.example.com", "CNAME", "spgo.io", 1, proxied=True))["proxied"] is True


def test_automatic_is_a_time_that_can_be_waited_for() -> None:
    assert entry_from(native("CNAME", "spgo.io", ttl=1)).ttl == 300
    assert entry_from(native("CNAME", "spgo.io", ttl=1, proxied=True)).ttl == 1
