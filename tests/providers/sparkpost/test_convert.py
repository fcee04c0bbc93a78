"""SparkPost's JSON as values and resources: what is left out is tolerated, nothing is lost on the way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.sparkpost import convert
from providers.sparkpost.convert import (
    Certificate,
    SendingDomain,
    TrackingDomain,
    link_of,
    resources_of,
    sending_domain_from,
    tracking_domain_from,
)
from reconciler.errors import UnexpectedResponse

HOSTS = st.from_regex(r"[a-z0-9]{1,8}\.[a-z]{2,6}\.example", fullmatch=True)
SUBACCOUNTS = st.one_of(st.none(), st.integers(1, 2**31 - 1))
TIMES = st.sampled_from(["", "2026-01-05T09:00:00.000Z", "2026-04-05T09:00:00.000Z"])
ERROR_CODES = st.sampled_from(["", "acme:dns", "acme:unauthorized", "service:internal"])
TLS = st.sampled_from(["", "unknown", "unavailable", "pending", "failed", "expired", "valid"])

CERTIFICATES = st.builds(Certificate, issued_at=TIMES, expires_at=TIMES, error_code=ERROR_CODES)
DOMAINS = st.builds(
    TrackingDomain,
    domain=HOSTS,
    subaccount=SUBACCOUNTS,
    secure=st.booleans(),
    default=st.booleans(),
    verified=st.booleans(),
    port=st.sampled_from([80, 443]),
    cname_status=st.sampled_from(["", "unverified", "pending", "invalid", "valid"]),
    compliance_status=st.sampled_from(["pending", "valid", "blocked"]),
    tls_status=TLS,
    uses_managed=st.booleans(),
    certificate=st.one_of(st.none(), CERTIFICATES),
)
SENDING = st.builds(
    SendingDomain, domain=HOSTS, subaccount=SUBACCOUNTS, tracking_domain=st.one_of(st.none(), HOSTS)
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = (
    *("domain", "port", "secure", "default", "subaccount_id", "uses_managed_certificate"),
    *("status", "tls_certificate", "tracking_domain", "unheard_of"),
)


def native(found: TrackingDomain) -> dict[str, Any]:
    """The object as the API's documentation shows it; what is not set is not shown."""
    status = {
        "verified": found.verified,
        "cname_status": found.cname_status,
        "compliance_status": found.compliance_status,
    }
    shown: dict[str, Any] = {
        "domain": found.domain.upper(),
        "port": found.port,
        "secure": found.secure,
        "default": found.default,
        "uses_managed_certificate": found.uses_managed,
        "status": status | ({"tls_status": found.tls_status} if found.tls_status else {}),
    }
    if found.subaccount is not None:
        shown["subaccount_id"] = found.subaccount
    if found.certificate is not None:
        code = {"error_code": found.certificate.error_code or None}
        times = {"issued_at": found.certificate.issued_at, "expires_at": found.certificate.expires_at}
        shown["tls_certificate"] = code | {key: value for key, value in times.items() if value}
    return shown


@given(DOMAINS)
def test_a_tracking_domain_survives_the_round_trip(found: TrackingDomain) -> None:
    assert tracking_domain_from(native(found)) == found


@given(SENDING)
def test_a_sending_domain_survives_the_round_trip(found: SendingDomain) -> None:
    shown: dict[str, Any] = {"domain": found.domain, "subaccount_id": found.subaccount or 0}
    shown |= {"tracking_domain": found.tracking_domain.upper()} if found.tracking_domain else {}
    assert sending_domain_from(shown) == found
    alone = {key: value for key, value in shown.items() if key != "domain"}
    assert sending_domain_from(alone, found.domain) == found


@given(DOMAINS)
def test_the_resources_of_a_domain_say_what_it_is(found: TrackingDomain) -> None:
    by_kind = {r.id.kind: r for r in resources_of("sp", found)}
    assert by_kind["tracking_domain"].attrs == {
        "domain": found.domain,
        "subaccount": found.subaccount,
        "verified": found.verified,
    }
    assert by_kind["tracking_domain_secure"].attrs == {"secure": found.secure}
    assert by_kind["tracking_domain_default"].attrs == {"default": found.default}
    assert ("managed_certificate" in by_kind) is (found.managed or found.uses_managed)
    assert {r.host for r in by_kind.values()} == {r.id.key for r in by_kind.values()} == {found.domain}


@given(DOMAINS)
def test_everything_rests_on_the_tracking_domain(found: TrackingDomain) -> None:
    """So that a takedown removes the domain last."""
    resources = {r.id: r for r in resources_of("sp", found)}
    [domain] = [id_ for id_ in resources if id_.kind == "tracking_domain"]
    assert resources[domain].after == frozenset()
    for id_, resource in resources.items():
        assert id_ == domain or domain in resource.after
        assert resource.after <= resources.keys()


@given(SENDING)
def test_a_link_serves_the_host_that_it_points_to(found: SendingDomain) -> None:
    link = link_of("sp", found)
    if found.tracking_domain is None:
        assert link is None
    else:
        assert link is not None
        assert (link.id.key, link.host) == (found.domain, found.tracking_domain)
        assert link.attrs == {"tracking_domain": found.tracking_domain, "subaccount": found.subaccount}


@given(st.one_of(JSON, st.dictionaries(st.sampled_from(FIELDS), JSON)))
def test_no_answer_whatever_breaks_the_reading(answer: Any) -> None:
    for read in (tracking_domain_from, sending_domain_from):
        try:
            found = read(answer)
        except UnexpectedResponse:
            continue
        assert found.domain
        assert found.domain == found.domain.lower()


@pytest.mark.parametrize("value", [None, 0, -1, "7", True, False, 7.0])
def test_what_is_no_subaccount_is_the_primary_account(value: object) -> None:
    assert convert.subaccount(value) is None


MANAGED = [
    # tls_status, uses_managed_certificate, tls_certificate, managed, issued
    ("", False, None, False, False),
    ("unknown", False, None, False, False),
    ("pending", False, None, True, False),
    ("valid", False, None, True, True),
    ("valid", True, Certificate("then", "later"), True, True),
    ("pending", True, None, True, False),
    ("failed", False, Certificate(error_code="acme:dns"), False, False),
    ("failed", True, Certificate(error_code="acme:dns"), False, False),
    ("expired", True, Certificate("then", "later"), False, False),
    ("unavailable", False, None, False, False),
    # SparkPost's samples leave `tls_status` out: then the rest decides.
    ("", True, None, True, True),
    ("", False, Certificate(), True, False),
    ("", False, Certificate("then", "later"), True, True),
    ("", False, Certificate(error_code="acme:dns"), False, False),
]


@pytest.mark.parametrize(("tls", "uses", "certificate", "managed", "issued"), MANAGED)
def test_whose_certificate_it_is(
    tls: str, certificate: Certificate | None, *, uses: bool, managed: bool, issued: bool
) -> None:
    found = TrackingDomain("click.example.com", tls_status=tls, uses_managed=uses, certificate=certificate)
    assert (found.managed, found.issued) == (managed, issued)


def test_outputs_hold_only_what_sparkpost_says() -> None:
    bare = convert.outputs_of(TrackingDomain("click.example.com"))
    assert bare == {
        "verified": False,
        "cname_status": "",
        "compliance_status": "",
        "uses_managed_certificate": False,
    }
    full = convert.outputs_of(
        TrackingDomain(
            "click.example.com",
            port=443,
            tls_status="failed",
            certificate=Certificate("then", "later", "acme:dns"),
        )
    )
    assert (full["port"], full["tls_status"], full["error_code"], full["expires_at"]) == (
        443,
        "failed",
        "acme:dns",
        "later",
    )
