"""What Google says of certificates, in plain words: every state and reason of its descriptions."""

from __future__ import annotations

import pytest

from providers.google import certificates as words
from providers.google.natives import Attempt, Certificate, Classic, Entry
from tests.providers.google.google_values import HOST


@pytest.mark.parametrize("state", ["ACTIVE", "PROVISIONING", "FAILED"])
def test_every_state_of_a_certificate_is_told_in_words(state: str) -> None:
    told = words.certificate_status(Certificate("x", managed=True, state=state))
    assert told.text == words.STATES[state]
    assert (told.ready, told.hopeless) == (state == "ACTIVE", state == "FAILED")


@pytest.mark.parametrize("reason", ["CONFIG", "CAA", "RATE_LIMITED"])
def test_every_reason_is_told_with_googles_details_and_waited_for(reason: str) -> None:
    attempt = Attempt(HOST, "FAILED", reason, "DNS says NXDOMAIN", ("CNAME_MISMATCH",))
    one = Certificate("x", managed=True, state="PROVISIONING", attempts=(attempt,))
    told = words.certificate_status(one)
    assert words.REASONS[reason] in told.text
    assert "DNS says NXDOMAIN" in told.text
    assert words.ISSUES["CNAME_MISMATCH"] in told.text
    assert not told.hopeless


@pytest.mark.parametrize("issue", ["AUTHORIZATION_ISSUE", "RATE_LIMITED"])
def test_every_issue_of_provisioning_is_told(issue: str) -> None:
    one = Certificate("x", managed=True, state="PROVISIONING", issue=issue)
    assert words.PROVISIONING_ISSUES[issue] in words.certificate_status(one).text


@pytest.mark.parametrize("status", sorted(words.CLASSIC_STATES))
def test_every_status_of_the_load_balancers_certificates_is_told(status: str) -> None:
    told = words.classic_status(Classic("x", managed=True, status=status), on_proxy=True)
    assert told.text == words.CLASSIC_STATES[status]
    assert told.ready is (status in ("ACTIVE", "RENEWAL_FAILED"))
    assert told.hopeless is (status == "PROVISIONING_FAILED_PERMANENTLY")


@pytest.mark.parametrize("word", sorted(w for w in words.DOMAIN_STATES if w.startswith("FAILED")))
def test_every_status_of_a_domain_is_told_and_is_no_end(word: str) -> None:
    one = Classic("x", managed=True, status="PROVISIONING", told=((HOST, word),))
    told = words.classic_status(one, on_proxy=True)
    assert words.DOMAIN_STATES[word] in told.text
    assert (told.ready, told.hopeless) == (False, False)


def test_a_certificate_that_is_not_on_the_proxy_serves_nobody() -> None:
    assert not words.classic_status(Classic("x", managed=True, status="ACTIVE"), on_proxy=False).ready
    assert words.classic_status(Classic("x"), on_proxy=True).ready


def test_an_entry_is_ready_once_all_frontends_serve_it() -> None:
    assert words.entry_status(Entry("m", "e", HOST, state="ACTIVE")).ready
    assert "frontends" in words.entry_status(Entry("m", "e", HOST, state="PENDING")).text


def test_what_is_not_listed_is_not_ready() -> None:
    assert not words.certificate_status(None).ready
    assert not words.classic_status(None, on_proxy=False).ready
    assert not words.entry_status(None).ready


def test_a_word_that_google_adds_one_day_is_told_as_it_is() -> None:
    assert words.certificate_status(Certificate("x", managed=True, state="PAUSED")).text == "PAUSED"
