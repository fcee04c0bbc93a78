"""Record sets that vendors share: texts, spelling, and what a change may do to what stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers._records import (
    Judged,
    Key,
    RecordSet,
    caa_parts,
    content_from,
    did_not_stick,
    judge,
    plain,
    rivals,
    sets_of,
    spelt_value,
    spelt_values,
    text_from,
    types_of,
)
from reconciler.dns import CLAIM, HOST, Record, record_id
from reconciler.model import Action, Attrs, Change, Resource, attrs
from reconciler.provider import Done, Failed

OCTETS = st.binary(max_size=600).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=1200)
NAME = "click.example.com"
BECAUSE = "its host changed"


def resource(record: Attrs, role: str = HOST) -> Resource:
    return Resource(id=record_id("dns", NAME, role), attrs=record, host=NAME, container="zone/example.com")


def record(kind: str, *values: str, name: str = NAME, ttl: int = 300, role: str = HOST) -> Resource:
    return resource(attrs(name=name, type=kind, values=values, ttl=ttl), role)


def change(before: Resource | None, after: Resource | None) -> Change:
    one = after or before
    assert one is not None
    action = Action.UPDATE if before and after else Action.CREATE if after else Action.DELETE
    return Change(id=one.id, action=action, before=before, after=after)


def live(*sets: RecordSet) -> dict[Key, RecordSet]:
    return {one.key: one for one in sets}


def standing(kind: str, *values: str, name: str = NAME, ttl: int = 300, special: str = "") -> RecordSet:
    return RecordSet(name, kind, ttl, values, special)


def refused(judged: Judged) -> list[str]:
    return [o.error.message for o in judged.outcomes.values() if isinstance(o, Failed)]


# -- texts
@given(OCTETS | TEXTS)
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


@given(TEXTS)
def test_no_string_of_a_txt_record_is_longer_than_dns_allows(text: str) -> None:
    content = content_from(text)
    assert content.isascii()
    unescaped = content.replace("\\\\", "x").replace('\\"', "x")
    for string in unescaped.split('" "'):
        octets = len(string.strip('"')) - 3 * string.count("\\")
        assert octets <= 255


@given(st.text(st.characters(codec="ascii", exclude_characters='"\\', min_codepoint=32), min_size=1))
def test_content_without_quotation_marks_is_the_text_itself(text: str) -> None:
    assert text_from(text) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('"v=tdr1 o=acme"', "v=tdr1 o=acme"),
        ('"one" "two"', "onetwo"),
        ('"one""two"', "onetwo"),
        ('"a \\"b\\" \\\\ \\195\\188"', 'a "b" \\ ü'),
        ("v=tdr1 o=acme", "v=tdr1 o=acme"),
        ('say "hello"', 'say "hello"'),
        ('"half', '"half'),
        ("", ""),
    ],
)
def test_txt_content_is_read_with_or_without_quotation_marks(content: str, text: str) -> None:
    assert text_from(content) == text


# -- names and values
@pytest.mark.parametrize(
    ("kind", "value", "spelt"),
    [
        ("CNAME", "SPGO.io.", "spgo.io"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("A+AAAA", "192.0.2.1", "192.0.2.1"),
        ("CAA", "0 issue pki.goog", '0 issue "pki.goog"'),
        ("TXT", "As Is.", "As Is."),
    ],
)
def test_a_value_has_one_spelling(kind: str, value: str, spelt: str) -> None:
    assert spelt_value(kind, value) == spelt == spelt_value(kind, spelt)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="not-an-address"):
        spelt_value("A", "not-an-address")


def test_a_caa_value_has_three_parts() -> None:
    assert caa_parts('128 issue "pki.goog"') == {"flags": 128, "tag": "issue", "value": "pki.goog"}
    assert caa_parts("issue") is None


def test_names_are_compared_without_case_and_final_dot() -> None:
    assert plain("Click.Example.com.") == NAME
    assert types_of("A+AAAA") == {"A", "AAAA"}
    assert types_of("TXT") == {"TXT"}


def test_values_are_in_the_order_in_which_a_set_is_read() -> None:
    wanted = Record(NAME, HOST, NAME, "CNAME", ("B.example.", "a.example", "b.example"), 300)
    assert spelt_values(wanted) == ("a.example", "b.example")
    assert spelt_values(wanted, lambda _kind, value: value) == ("B.example.", "a.example", "b.example")


def test_both_address_types_are_told_apart_by_their_values() -> None:
    named = attrs(name="h.example", type="A+AAAA", values=("192.0.2.1", "2001:db8::1"), ttl=60)
    assert sets_of(resource(named)) == {
        ("h.example", "A"): RecordSet("h.example", "A", 60, ("192.0.2.1",)),
        ("h.example", "AAAA"): RecordSet("h.example", "AAAA", 60, ("2001:db8::1",)),
    }
    assert sets_of(None) == {}


def test_what_is_no_record_is_a_bug() -> None:
    with pytest.raises(TypeError, match="not a record"):
        sets_of(resource(attrs(name=NAME, type="A", values="192.0.2.1", ttl=60)))


# -- judging
def test_a_change_whose_record_is_as_planned_is_written() -> None:
    one = change(record("CNAME", "old.example"), record("CNAME", "new.example"))
    judged = judge([one], live(standing("CNAME", "old.example")), BECAUSE)
    assert (judged.to_write, judged.outcomes) == ([one], {})


def test_a_change_that_somebody_made_already_is_done() -> None:
    one = change(record("CNAME", "old.example"), record("CNAME", "new.example"))
    judged = judge([one], live(standing("CNAME", "new.example")), BECAUSE)
    assert (judged.to_write, judged.outcomes) == ([], {one.id: Done(one.after)})
    gone = change(record("CNAME", "old.example"), None)
    assert judge([gone], {}, BECAUSE).outcomes == {gone.id: Done(None)}


@pytest.mark.parametrize(
    ("found", "now"),
    [
        (standing("CNAME", "theirs.example"), "CNAME theirs.example (TTL 300)"),
        (standing("CNAME", "old.example", ttl=60), "CNAME old.example (TTL 60)"),
        (standing("CNAME", "old.example", special="is proxied"), "CNAME old.example (TTL 300)"),
        (standing("TXT", "other", name="www.example.com"), "gone"),
    ],
)
def test_a_record_that_is_not_as_planned_is_left_alone(found: RecordSet, now: str) -> None:
    one = change(record("CNAME", "old.example"), record("CNAME", "new.example"))
    judged = judge([one], live(found), BECAUSE)
    assert judged.to_write == []
    assert refused(judged) == [f"{NAME} changed since it was planned: it is now {now}"]


def test_sets_of_both_address_types_are_one_record_with_the_longer_ttl() -> None:
    one = change(record("A+AAAA", "192.0.2.1", "2001:db8::1", ttl=300), record("CNAME", "new.example"))
    sets = (standing("A", "192.0.2.1", ttl=60), standing("AAAA", "2001:db8::1", ttl=300))
    assert judge([one], live(*sets), BECAUSE).to_write == [one]


def test_a_new_record_stands_beside_no_other_but_texts_that_it_keeps() -> None:
    texts = live(standing("TXT", "theirs"))
    keeping = change(None, record("TXT", "ours", "theirs"))
    assert judge([keeping], texts, BECAUSE).to_write == [keeping]
    assert len(refused(judge([change(None, record("TXT", "ours"))], texts, BECAUSE))) == 1
    assert len(refused(judge([change(None, record("CNAME", "new.example"))], texts, BECAUSE))) == 1


def test_a_cname_excludes_what_does_not_leave_with_it_and_no_signature() -> None:
    sets = (standing("A", "192.0.2.1"), standing("RRSIG", "x"), standing("CNAME", "old.example"))
    at_name = {NAME: sets}
    assert rivals([(NAME, "CNAME")], at_name) == [sets[0]]
    assert rivals([(NAME, "CNAME")], at_name, leaving=[sets[0].key]) == []
    assert rivals([(NAME, "TXT")], at_name) == [sets[2]]


def test_an_alias_of_a_vendor_excludes_addresses_and_a_cname() -> None:
    sets = (standing("ALIAS", "edge.example"), standing("TXT", "x"))
    at_name = {NAME: sets}
    assert rivals([(NAME, "A")], at_name) == rivals([(NAME, "CNAME")], at_name)[:1] == [sets[0]]
    assert rivals([(NAME, "MX")], at_name) == []
    assert rivals([(NAME, "ALIAS")], {NAME: (standing("AAAA", "2001:db8::1"),)}) != []


def test_a_set_that_is_more_than_its_values_is_not_grown() -> None:
    found = RecordSet(NAME, "TXT", 300, ("theirs",), special="weighted")
    keeping = change(None, record("TXT", "ours", "theirs"))
    assert len(refused(judge([keeping], {found.key: found}, BECAUSE))) == 1


def test_one_refusal_holds_its_host_back_altogether() -> None:
    host = change(record("CNAME", "old.example"), record("CNAME", "new.example"))
    claim = change(None, record("TXT", "v=tdr1", name=f"_tdr.{NAME}", role=CLAIM))
    judged = judge([host, claim], live(standing("CNAME", "theirs.example")), BECAUSE)
    assert judged.to_write == []
    held = judged.outcomes[claim.id]
    assert isinstance(held, Failed)
    assert held.error.message.startswith(f"not written, because {BECAUSE}: {NAME} changed since")


def test_a_write_that_did_not_stick_says_what_stands_there() -> None:
    one = change(None, record("CNAME", "new.example"))
    texts = [
        did_not_stick(one, {}).error.message,
        did_not_stick(one, live(standing("CNAME", "old.example")), "; do this").error.message,
    ]
    assert texts == [
        f"the write did not stick: {NAME} is now nothing",
        f"the write did not stick: {NAME} is now CNAME old.example (TTL 300); do this",
    ]
