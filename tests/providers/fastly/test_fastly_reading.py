"""How many calls a look at the account takes, and what is made of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from providers.fastly.options import wishes_from
from providers.fastly.reading import read_state
from providers.fastly.state import FastlyState
from reconciler.errors import AuthError, Unavailable
from reconciler.provider import Parts, Scope, one_by_one
from tests.providers.fastly.fastly_values import (
    ALIAS,
    CUSTOMER,
    HOST,
    OWNER,
    SERVICE_ID,
    classic,
    config,
    details,
    wanted,
)
from tests.providers.fastly.tls_desk import TlsDesk, apis

LISTS = [
    "GET /service",
    "GET /domain-management/v1/domains",
    "GET /tls/subscriptions",
    "GET /tls/configurations",
    "GET /tls/activations",
]


def read(desk: TlsDesk, hosts: tuple[str, ...] = (HOST,), **options: Any) -> FastlyState:
    """What is read for hosts of the cdn part."""
    services, tls = apis(desk)
    scope = Scope(Parts(cdn=tuple(wanted(host) for host in hosts)))
    wishes = wishes_from(options)
    return read_state(services, tls, scope, alias=ALIAS, owner=OWNER, wishes=wishes, together=one_by_one)


def versionless(
    host: str, service_id: str | None = SERVICE_ID, description: str | None = None
) -> dict[str, Any]:
    """A line of the list of versionless domains."""
    told = f"tdr {OWNER} {host}" if description is None else description
    return {"id": f"id-{host}", "fqdn": host, "service_id": service_id, "description": told, "verified": True}


def test_reads_are_the_sum_of_pages_whatever_the_number_of_hosts() -> None:
    hosts = tuple(f"c{n}.example.com" for n in range(300))
    desk = TlsDesk(services=[details()], domains=[versionless(host) for host in hosts])
    for host in hosts:
        desk.order(host)
    found = read(desk, hosts)
    assert len(found.resources()) == 601
    several = ["GET /domain-management/v1/domains", "GET /tls/subscriptions"]
    assert sorted(desk.calls) == sorted([*LISTS, *several, *several, f"GET /service/{SERVICE_ID}/details"])


def test_an_alias_without_hosts_that_never_had_one_takes_a_single_call() -> None:
    desk = TlsDesk(services=[details(name="website", comment="")])
    assert read(desk, ()).resources() == ()
    assert desk.calls == ["GET /service"]


def test_an_alias_without_hosts_that_once_had_one_is_looked_through() -> None:
    desk = TlsDesk(services=[details()], domains=[versionless(HOST)])
    desk.order(HOST)
    assert [r.mark for r in read(desk, ()).resources()] == [OWNER] * 3


def test_only_services_that_matter_are_looked_at() -> None:
    theirs = [details(id=f"other{n}", name=f"website{n}", comment="") for n in range(5)]
    desk = TlsDesk(services=[*theirs, details()], domains=[versionless(HOST, "other3", "")])
    read(desk)
    looked = [call for call in desk.calls if call.endswith("details")]
    assert looked == ["GET /service/other3/details", f"GET /service/{SERVICE_ID}/details"]


def test_an_account_without_versionless_domains_is_read_all_the_same() -> None:
    desk = TlsDesk(services=[details(config(domains=[classic()]))], domains=None)
    found = read(desk)
    assert found.domains is None
    assert "not enabled" in found.unread
    assert [d.form for d in [found.domain(HOST)] if d] == ["classic"]


def test_a_list_that_fails_for_another_reason_is_no_account_without_domains() -> None:
    desk = TlsDesk(instead={("GET", "/domain-management/v1/domains"): [(503, {"msg": "try later"})]})
    with pytest.raises(Unavailable):
        read(desk)


def test_a_validation_record_that_the_list_does_not_tell_is_asked_for() -> None:
    desk = TlsDesk(services=[details()], told=False).order(HOST)
    found = read(desk).order(HOST)
    assert found is not None
    assert found.challenge == (f"_acme-challenge.{HOST}", "f2sk1kgtx8aj614ckh.fastly-validations.com")
    assert desk.calls[-1] == "GET /tls/subscriptions/s1"


def test_uploaded_certificates_are_listed_only_where_the_alias_names_some() -> None:
    desk = TlsDesk()
    read(desk)
    assert "GET /tls/certificates" not in desk.calls
    read(desk, certificates=["u1"])
    assert "GET /tls/certificates" in desk.calls


def test_the_customer_is_told_by_a_service_or_by_the_token() -> None:
    assert read(TlsDesk(services=[details()])).customer == CUSTOMER
    desk = TlsDesk()
    assert read(desk).customer == CUSTOMER
    assert "GET /tokens/self" in desk.calls


def test_a_token_of_another_customer_is_refused() -> None:
    with pytest.raises(AuthError, match=f"of the customer {CUSTOMER}, the alias names 0therCustomer"):
        read(TlsDesk(), customer="0therCustomer")
