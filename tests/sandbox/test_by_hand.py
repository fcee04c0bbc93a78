"""What a person does to a zone of the sandbox, out of lines that name it."""

from __future__ import annotations

from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.by_hand import edit, edits
from providers.sandbox.contract import SandboxError

ZONE = "example.com"
HELD = [
    {"name": "click.example.com", "type": "CNAME", "ttl": 300, "content": "spgo.io"},
    {"name": "other.example.com", "type": "A", "ttl": 300, "content": "203.0.113.9"},
    {"name": "click.example.com", "type": "TXT", "ttl": 300, "content": '"words"'},
]


def added(*lines: str) -> list[tuple[Any, ...]]:
    return [tuple(record.values()) for record in edits(lines, HELD, ZONE)["add_records"]]


def removed(*lines: str) -> Any:
    return edits(lines, HELD, ZONE)["remove_records"]


def test_lines_that_are_no_records_say_nothing() -> None:
    text = ["", "Plan: 2 to add", "  at once  click.example.com  CNAME  300  v2.spgo.io.", "; when asked:"]
    assert edits(text, HELD, ZONE) == {"remove_records": [], "add_records": []}


def test_a_line_replaces_what_stands_at_its_name() -> None:
    line = "  click.example.com. 3600 IN CNAME v2.spgo.io."
    assert added(line) == [("click.example.com", "CNAME", 3600, "v2.spgo.io.")]
    assert removed(line) == ["click.example.com CNAME"]


def test_a_cname_and_addresses_take_each_others_place() -> None:
    assert removed("click.example.com. 300 IN A 203.0.113.7") == ["click.example.com CNAME"]
    assert removed("other.example.com. 300 IN CNAME v2.spgo.io.") == ["other.example.com A"]


def test_what_is_to_be_removed_is_not_set() -> None:
    line = "  ; remove click.example.com. 300 IN CNAME spgo.io."
    assert added(line) == []
    assert removed(line) == ["click.example.com CNAME"]


def test_several_values_of_a_name_are_all_set() -> None:
    lines = [
        "click.example.com. 60 IN A 203.0.113.7",
        "click.example.com. 60 IN A 203.0.113.8",
        "click.example.com. 60 IN AAAA 2001:db8::7",
    ]
    assert [content for *_, content in added(*lines)] == ["203.0.113.7", "203.0.113.8", "2001:db8::7"]


def test_of_two_cnames_at_a_name_the_later_stands() -> None:
    lines = ["go.example.com. 600 IN CNAME old.example.net.", "GO.example.com. 300 IN CNAME v2.spgo.io."]
    assert [content for *_, content in added(*lines)] == ["v2.spgo.io."]


def test_a_text_keeps_its_quotes_and_blanks() -> None:
    ((*_, content),) = added('_tdr.go.example.com. 60 IN TXT "v=tdr1  o=acme" "\\"more\\""')
    assert content == '"v=tdr1  o=acme" "\\"more\\""'


def test_other_zones_lines_are_anothers() -> None:
    assert added("click.example.net. 300 IN A 203.0.113.7", "notexample.com. 300 IN A 203.0.113.7") == []
    assert added("example.com. 300 IN A 203.0.113.7") == [("example.com", "A", 300, "203.0.113.7")]


def test_the_sandboxes_zone_is_edited_and_another_is_refused() -> None:
    with started({"dns": [{"zone": ZONE, "records": HELD}]}) as sandbox:
        assert edit(sandbox.url, ZONE, ["click.example.com. 60 IN CNAME v2.spgo.io."]) == 1
        (zone,) = (each for each in sandbox.control("GET", "/state")["dns"] if each["zone"] == ZONE)
        held = {(record["name"], record["type"]): record["content"] for record in zone["records"]}
        assert held["click.example.com", "CNAME"] == "v2.spgo.io."
        assert held["other.example.com", "A"] == "203.0.113.9"
        assert held["click.example.com", "TXT"] == '"words"'
        with pytest.raises(SandboxError, match=r"no zone example\.net"):
            edit(sandbox.url, "example.net", [])
