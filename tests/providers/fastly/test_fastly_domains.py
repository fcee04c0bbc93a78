"""Versionless domains: one write each, and the service is served with its first one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.fastly.names import CLASSIC, DOMAIN, DOMAINS, SERVICE, VERSIONLESS, mark
from reconciler.errors import Conflict
from reconciler.model import Action, Attrs, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Outcomes
from tests.providers.fastly.fastly_values import ALIAS, COMMENT, NAME, ORIGIN, OWNER, backend, classic
from tests.providers.fastly.service_desk import Desk, domains_of, versions_of

ID = "kKJb5bOFI47uHeBVluGfX1"
A, B = "a.example.com", "b.example.com"


def host(name: str, comment: str | None = None, service: str = ORIGIN, **outputs: str) -> Resource:
    """A versionless domain."""
    text = mark(OWNER, name) if comment is None else comment
    return Resource(
        ResourceId(ALIAS, DOMAIN, name),
        attrs(service=service, form=VERSIONLESS, comment=text),
        host=name,
        container=DOMAINS,
        after=frozenset({ResourceId(ALIAS, SERVICE, ORIGIN)}),
        outputs=attrs(**outputs),
    )


def come(*names: str) -> list[Change]:
    return [Change(host(n).id, Action.CREATE, None, host(n)) for n in names]


def read(name: str, comment: str | None = None, service: str = ORIGIN, service_id: str = ID) -> Resource:
    return host(name, comment, service, id=f"id-{name}", service_id=service_id)


def desk_with(*linked: str, active: bool = True) -> Desk:
    """A service of tdr's, served or a draft, with versionless hosts."""
    desk = Desk().service(ID, NAME, COMMENT, active=active, locked=active, backends=[backend()])
    for name in linked:
        desk.link(name, ID, mark(OWNER, name))
    return desk


def told(outcomes: Outcomes, name: str) -> Attrs:
    outcome = outcomes[host(name).id]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    return outcome.resource.attrs


def failure(outcomes: Outcomes, name: str) -> Exception:
    outcome = outcomes[host(name).id]
    assert isinstance(outcome, Failed)
    return outcome.error


def test_a_host_is_attached_by_one_write() -> None:
    desk = desk_with(A)
    assert told(domains_of(desk).apply(come(B)), B) == host(B).attrs
    assert desk.writes == ["POST /domain-management/v1/domains"]
    assert desk.domains[f"id-{B}"]["service_id"] == ID


def test_the_first_hosts_have_the_service_served_once() -> None:
    desk = desk_with(active=False)
    outcomes = domains_of(desk).apply(come(A, B))
    assert [told(outcomes, name)["form"] for name in (A, B)] == [VERSIONLESS, VERSIONLESS]
    assert desk.writes.count(f"PUT /{ID}/version/1/activate") == 1


def test_where_a_classic_domain_is_needed_a_name_that_nobody_visits_is_one() -> None:
    desk = desk_with(active=False)
    desk.needs = True
    outcomes = domains_of(desk).apply(come(B, A))
    assert [told(outcomes, name) for name in (A, B)] == [host(A).attrs, host(B).attrs]
    assert desk.hosts(ID) == [f"tdr-{ID.lower()}.{A}"]


def test_a_placeholder_that_cannot_be_set_is_told_with_fastlys_reason() -> None:
    desk = desk_with(active=False)
    desk.needs = True
    refusal = {"msg": "Bad request", "detail": "Exceeding max number of domains: 1"}
    desk.refused["POST", f"/service/{ID}/version/1/domain"] = [(400, refusal)]
    error = str(failure(domains_of(desk).apply(come(A)), A))
    assert "no domains" in error
    assert "Exceeding max number" in error


@pytest.mark.parametrize("needs", [True, False])
def test_a_host_that_is_served_elsewhere_comes_once_its_service_is_served(needs: bool) -> None:
    desk = desk_with(active=False)
    desk.needs = needs
    desk.link(A, "theirs", "")
    change = Change(host(A).id, Action.UPDATE, read(A, "", "web", "theirs"), host(A))
    assert told(domains_of(desk).apply([change]), A) == host(A).attrs
    assert desk.writes[-2:] == [
        f"PUT /{ID}/version/1/activate",
        f"PATCH /domain-management/v1/domains/id-{A}",
    ]


def test_a_host_that_is_served_elsewhere_stays_there_where_its_service_cannot_be_served() -> None:
    desk = desk_with(active=False)
    desk.link(A, "theirs", "")
    wrong = {"status": "error", "msg": "Syntax error in VCL"}
    desk.refused["GET", f"/service/{ID}/version/1/validate"] = [(200, wrong)] * 2
    change = Change(host(A).id, Action.UPDATE, read(A, "", "web", "theirs"), host(A))
    assert "Syntax error in VCL" in str(failure(domains_of(desk).apply([change]), A))
    assert desk.domains[f"id-{A}"]["service_id"] == "theirs"


def test_where_the_last_classic_domain_leaves_versionless_ones_are_served_on() -> None:
    desk = desk_with(B)
    desk.needs = True
    desk.services[ID]["versions"][0]["domains"] = [classic(A)]
    gone = Resource(host(A).id, attrs(service=ORIGIN, form=CLASSIC, comment=mark(OWNER, A)), host=A)
    batch = [Change(gone.id, Action.DELETE, _in_service(gone), None)]
    assert versions_of(desk).apply(batch) == {gone.id: Done(None)}
    assert desk.hosts(ID) == [f"tdr-{ID.lower()}.{B}"]


def _in_service(one: Resource) -> Resource:
    return replace(one, container=f"service/{ORIGIN}")


def test_what_an_earlier_attempt_attached_is_found() -> None:
    desk = desk_with(A)
    assert told(domains_of(desk).apply(come(A)), A) == host(A).attrs
    assert desk.writes == ["POST /domain-management/v1/domains"]


@pytest.mark.parametrize("whose", ["another customer's", "somebody's in the account"])
def test_a_host_that_is_taken_is_told_of_and_not_asked_for_again(whose: str) -> None:
    desk = desk_with()
    if whose == "another customer's":
        desk.taken.add(A)
    else:
        desk.link(A, None, "by hand")
    error = failure(domains_of(desk).apply(come(A)), A)
    assert isinstance(error, Conflict)
    assert ("already been taken" if desk.taken else "plan again") in str(error)
    assert len(desk.writes) == 1


def test_a_host_of_another_service_moves_at_once() -> None:
    desk = desk_with()
    desk.link(A, "theirs", "")
    change = Change(host(A).id, Action.UPDATE, read(A, "", "web", "theirs"), host(A))
    assert told(domains_of(desk).apply([change]), A) == host(A).attrs
    assert desk.domains[f"id-{A}"]["service_id"] == ID
    assert desk.writes == [f"PATCH /domain-management/v1/domains/id-{A}"]


def test_a_host_that_moved_since_the_plan_is_left_alone() -> None:
    desk = desk_with()
    desk.link(A, "third", "")
    change = Change(host(A).id, Action.UPDATE, read(A, "", "web", "theirs"), host(A))
    assert "service is now third" in str(failure(domains_of(desk).apply([change]), A))
    removal = Change(host(A).id, Action.DELETE, read(A, "", "web", "theirs"), None)
    assert "service is now third" in str(failure(domains_of(desk).apply([removal]), A))
    assert desk.writes == []


def test_a_host_goes_by_one_write_and_a_second_time_by_none() -> None:
    desk = desk_with(A)
    removal = [Change(host(A).id, Action.DELETE, read(A), None)]
    assert domains_of(desk).apply(removal) == {host(A).id: Done(None)}
    assert domains_of(desk).apply(removal) == {host(A).id: Done(None)}
    assert desk.writes == [f"DELETE /domain-management/v1/domains/id-{A}"]


def test_a_host_that_became_a_classic_one_since_it_was_read_goes_from_there() -> None:
    desk = desk_with(B)
    desk.services[ID]["versions"][0]["domains"] = [classic(A)]
    removal = [Change(host(A).id, Action.DELETE, read(A), None)]
    assert domains_of(desk).apply(removal) == {host(A).id: Done(None)}
    assert desk.hosts(ID) == []
    assert desk.active(ID) is not None


def test_a_service_that_cannot_be_served_fails_its_hosts() -> None:
    desk = desk_with(active=False)
    wrong = {"status": "error", "msg": "Syntax error in VCL"}
    desk.refused["GET", f"/service/{ID}/version/1/validate"] = [(200, wrong)] * 2
    assert "Syntax error in VCL" in str(failure(domains_of(desk).apply(come(A)), A))


def test_a_host_that_is_gone_is_attached_anew_and_one_that_lost_its_mark_is_marked() -> None:
    desk = desk_with(B)
    desk.domains[f"id-{B}"]["description"] = "by hand"
    changes = [
        Change(host(A).id, Action.UPDATE, read(A, ""), host(A)),
        Change(host(B).id, Action.UPDATE, read(B, "by hand"), host(B)),
    ]
    outcomes = domains_of(desk).apply(changes)
    assert [told(outcomes, name) for name in (A, B)] == [host(A).attrs, host(B).attrs]


def test_what_an_earlier_attempt_left_with_another_service_is_put_right() -> None:
    desk = desk_with()
    desk.link(A, None, mark(OWNER, A))
    assert told(domains_of(desk).apply(come(A)), A) == host(A).attrs
    assert desk.domains[f"id-{A}"]["service_id"] == ID


def test_a_host_that_must_be_detached_first_is() -> None:
    desk = desk_with(A)
    path = f"/domain-management/v1/domains/id-{A}"
    refusal = {"errors": [{"title": "Bad request", "detail": "the domain is linked to a service"}]}
    desk.refused["DELETE", path] = [(400, refusal)]
    removal = [Change(host(A).id, Action.DELETE, read(A), None)]
    assert domains_of(desk).apply(removal) == {host(A).id: Done(None)}
    assert [w.partition(" ")[0] for w in desk.writes] == ["DELETE", "PATCH", "DELETE"]


def test_a_host_that_a_certificate_of_the_users_names_is_left_without_tdrs_mark() -> None:
    desk = desk_with(A)
    path = f"/domain-management/v1/domains/id-{A}"
    detail = "This domain is linked to the following Fastly-managed TLS subscription(s): S1."
    refusal = {"errors": [{"title": "Invalid value for subscriptions", "detail": detail}]}
    desk.refused["DELETE", path] = [(400, refusal)] * 2
    removal = [Change(host(A).id, Action.DELETE, read(A), None)]
    assert domains_of(desk).apply(removal) == {host(A).id: Done(None)}
    assert desk.domains[f"id-{A}"] == {"id": f"id-{A}", "fqdn": A, "service_id": None, "description": ""}


def test_a_service_that_is_not_there_is_told_of() -> None:
    assert "not there any more" in str(failure(domains_of(Desk()).apply(come(A)), A))
