"""Who may issue for a name by CAA: one judgement for all authorities of the sandbox (RFC 8659)."""

from __future__ import annotations

from collections.abc import Mapping

import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CAA
import pytest

from providers.sandbox.caa import permits
from providers.sandbox.resolver import Look, Resolved
from providers.sandbox.zone import RRset, to_name

CAA = dns.rdatatype.CAA


def looks(found: Mapping[str, tuple[str, ...]], rcode: str = "NOERROR") -> Look:
    """Give a look at DNS with these CAA records only."""

    def look(name: str, _: str) -> Resolved:
        rdatas = tuple(dns.rdata.from_text(dns.rdataclass.IN, CAA, text) for text in found.get(name, ()))
        return Resolved(rcode, (RRset(to_name(name), CAA, 60, rdatas),) if rdatas else ())

    return look


@pytest.mark.parametrize(
    ("name", "records", "allowed"),
    [
        ("a.b.example", {}, True),
        ("a.b.example", {"b.example": ('0 issue "ca.example; account=1"',)}, True),
        ("a.b.example", {"b.example": ('0 ISSUE "other.example"',)}, False),
        ("a.b.example", {"b.example": ('0 issue ";"',)}, False),
        ("a.b.example", {"b.example": ('0 iodef "mailto:a@b.example"',)}, True),
        ("a.b.example", {"b.example": ('0 issue ";"',), "a.b.example": ('0 issue "ca.example"',)}, True),
        ("a.b.example", {"b.example": ('0 issuewild ";"',)}, True),
        ("*.b.example", {"b.example": ('0 issuewild ";"', '0 issue "ca.example"')}, False),
        ("*.b.example", {"b.example": ('0 issue "ca.example"',)}, True),
        ("a.b.example", {"b.example": ('128 issue "ca.example"',)}, True),
        ("a.b.example", {"b.example": ('128 future "x"', '0 issue "ca.example"')}, False),
        ("a.b.example", {"b.example": ('0 future "x"', '0 issue "ca.example"')}, True),
    ],
)
def test_the_nearest_record_set_decides(
    name: str, records: dict[str, tuple[str, ...]], allowed: bool
) -> None:
    assert permits(looks(records), name, "ca.example") is allowed


def test_one_of_several_names_of_an_authority_is_enough() -> None:
    assert permits(looks({"example": ('0 issue "b.example"',)}), "x.example", {"a.example", "b.example"})


def test_an_answer_that_cannot_be_had_is_none() -> None:
    assert permits(looks({}, "SERVFAIL"), "a.b.example", "ca.example") is None
