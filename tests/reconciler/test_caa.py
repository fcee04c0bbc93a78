"""Who may issue a certificate, told from CAA answers as a resolver gives them (RFC 8659)."""

from __future__ import annotations

import pytest

from reconciler.answers import NXDOMAIN, Answer
from reconciler.caa import climbed, objection
from reconciler.provider import Issuance

HOST = "click.mail.example.com"
LE = Issuance(HOST, HOST, ("letsencrypt.org",))


def caa(name: str, *values: str, cnames: tuple[str, ...] = (), rcode: str = "NOERROR") -> Answer:
    """A resolver's answer to a question for CAA."""
    return Answer(name, "CAA", values, 300, rcode, cnames)


NONE = [caa(HOST, rcode=NXDOMAIN), caa("mail.example.com"), caa("example.com"), caa("com")]


@pytest.mark.parametrize(
    "records",
    [
        ('0 issue "letsencrypt.org"',),
        ('0 issue "letsencrypt.org; validationmethods=dns-01"',),
        ('0 issue "LetsEncrypt.org"', '0 issue "digicert.com"'),
        ('0 iodef "mailto:a@example.com"',),
        ('0 issuewild ";"',),
        ('0 unknown "x"',),
        ("no record",),
    ],
    ids=str,
)
def test_what_leaves_the_authority_its_way(records: tuple[str, ...]) -> None:
    assert objection([caa(HOST, *records)], LE) is None


@pytest.mark.parametrize(
    "records",
    [
        ('0 issue "digicert.com"',),
        ('0 issue ";"',),
        ('0 issue ""',),
        ('128 unknown "x"', '0 issue "letsencrypt.org"'),
    ],
    ids=str,
)
def test_what_forbids_it(records: tuple[str, ...]) -> None:
    found = objection([caa(HOST, *records)], LE)
    assert found is not None
    assert f"CAA records of {HOST} say `{records[0]}`" in found.text
    assert 'add `0 issue "letsencrypt.org"`' in found.lift


def test_the_first_name_upwards_that_has_records_decides() -> None:
    below = caa("mail.example.com", '0 issue "letsencrypt.org"')
    above = caa("example.com", '0 issue "digicert.com"')
    assert objection([caa(HOST), below, above], LE) is None
    assert objection([caa(HOST), above, below], LE) is not None
    assert objection(NONE, LE) is None


def test_an_alias_has_the_records_of_its_target() -> None:
    """An authority follows CNAME: what stands at the CDN's name is found before the zone's own."""
    through = caa(HOST, '0 issue "pki.goog"', cnames=("edge.cdn.example",))
    found = objection([through, caa("example.com", '0 issue "letsencrypt.org"')], LE)
    assert found is not None
    assert f"CAA records of edge.cdn.example (which {HOST} is an alias of)" in found.text


def test_a_server_that_fails_forbids() -> None:
    found = objection([caa(HOST), caa("mail.example.com", rcode="SERVFAIL")], LE)
    assert found is not None
    assert "mail.example.com cannot be looked up (it answered SERVFAIL)" in found.text


def test_any_of_several_authorities_suffices() -> None:
    either = Issuance(HOST, HOST, ("amazon.com", "amazontrust.com"))
    assert objection([caa(HOST, '0 issue "amazontrust.com"')], either) is None


def test_a_wildcard_goes_by_issuewild_where_there_is_one() -> None:
    wild = Issuance(HOST, "example.com", ("letsencrypt.org",), wildcard=True)
    ours, theirs = '0 issue "letsencrypt.org"', '0 issuewild "digicert.com"'
    assert objection([caa("example.com", ours)], wild) is None
    found = objection([caa("example.com", ours, theirs)], wild)
    assert found is not None
    assert 'add `0 issuewild "letsencrypt.org"`' in found.lift
    assert objection([caa("example.com", ours, theirs)], LE) is None


def test_a_name_that_is_not_there_yet_is_not_asked_for() -> None:
    """Resolvers would remember that it is not there (RFC 2308), nor anything below it (RFC 8020)."""
    between, above = "mail.example.com", ["example.com", "com"]
    assert list(climbed(HOST, "example.com", {"example.com"})) == above
    assert list(climbed(HOST, "example.com", {between})) == [between, *above]
    assert list(climbed(HOST, "example.com", {HOST, between})) == [HOST, between, *above]
    assert list(climbed(HOST)) == [HOST, between, *above]
