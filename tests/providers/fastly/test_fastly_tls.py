"""Certificates at Fastly: ordered, changed, deleted, activated; safe to repeat."""

from __future__ import annotations

from typing import Any

import pytest

from providers.fastly.names import ACTIVATION, SUBSCRIPTION
from providers.fastly.tls import activation_resource, subscription_resource, subscription_status
from providers.fastly.tls_apply import Tls
from reconciler.errors import Conflict, InvalidRequest, NotReady, UnexpectedResponse
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.provider import Done, Failed, Status, one_by_one
from tests.providers.fastly.fastly_values import (
    ALIAS,
    CONFIGURATION,
    HOST,
    OWNER,
    activation,
    composed,
    one,
    order,
    state,
    upload,
    wanted,
)
from tests.providers.fastly.tls_desk import TlsDesk, apis

THE_ORDER = ResourceId(ALIAS, SUBSCRIPTION, HOST)
THE_UPLOAD = ResourceId(ALIAS, ACTIVATION, HOST)


def tls(desk: TlsDesk) -> Tls:
    """What is tested, with the desk for a vendor."""
    return Tls(apis(desk)[1], ALIAS, OWNER, one_by_one)


def ordered(host: str = HOST, **options: Any) -> Resource:
    """The subscription that is wanted for a host."""
    hosts = (wanted(host),)
    return one(composed(state(hosts), hosts, **options), SUBSCRIPTION)


def activated(certificate: str = "u1") -> Resource:
    """The activation that is wanted."""
    found = state(certificates=(upload(certificate),), named=(certificate,))
    return one(composed(found, certificates=[certificate]), ACTIVATION)


def create(wanted_: Resource) -> Change:
    return Change(wanted_.id, Action.CREATE, None, wanted_)


def update(before: Resource, wanted_: Resource) -> Change:
    return Change(wanted_.id, Action.UPDATE, before, wanted_)


def delete(before: Resource) -> Change:
    return Change(before.id, Action.DELETE, before, None)


def live(**more: Any) -> Resource:
    """The subscription that the plan saw."""
    return subscription_resource(ALIAS, HOST, order(id="s1", **more), OWNER)


def error_of(outcome: Done | Failed) -> Exception:
    assert isinstance(outcome, Failed)
    return outcome.error


# -- ordering
def test_an_order_tells_the_record_that_proves_it() -> None:
    desk = TlsDesk()
    outcome = tls(desk).apply([create(ordered(authority="globalsign"))])[THE_ORDER]
    [(call, body)] = desk.writes
    assert call == "POST /tls/subscriptions"
    assert body["data"]["attributes"] == {"certificate_authority": "globalsign"}
    relations = body["data"]["relationships"]
    assert relations["tls_domains"] == {"data": [{"type": "tls_domain", "id": HOST}]}
    assert relations["tls_configuration"] == {"data": {"type": "tls_configuration", "id": CONFIGURATION}}
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.outputs == {
        "id": "s1",
        "state": "pending",
        "challenge_name": f"_acme-challenge.{HOST}",
        "challenge_value": "f2sk1kgtx8aj614ckh.fastly-validations.com",
    }
    assert outcome.resource.mark == OWNER


def test_a_repeat_finds_the_order_of_the_first_attempt() -> None:
    desk = TlsDesk()
    for _ in range(2):
        outcome = tls(desk).apply([create(ordered())])[THE_ORDER]
        assert isinstance(outcome, Done)
    assert len(desk.writes) == 1


def test_of_two_runs_that_order_at_the_same_time_the_second_takes_its_order_back() -> None:
    desk = TlsDesk().order(HOST, state="pending")
    desk.instead["GET", "/tls/subscriptions"] = [(200, {"data": [], "links": {"next": None}})]
    outcome = tls(desk).apply([create(ordered())])[THE_ORDER]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.outputs["id"] == "s1"
    assert list(desk.orders) == ["s1"]


def test_all_orders_for_the_host_alone_go_with_it() -> None:
    desk = TlsDesk().order(HOST).order(HOST, state="pending").order("other.example.com")
    assert tls(desk).apply([delete(live())]) == {THE_ORDER: Done(None)}
    assert [one["host"] for one in desk.orders.values()] == ["other.example.com"]


def test_three_hundred_orders_are_a_write_each_and_two_looks() -> None:
    hosts = [f"c{n}.example.com" for n in range(300)]
    desk = TlsDesk()
    outcomes = tls(desk).apply([create(ordered(host)) for host in hosts])
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
    assert (len(desk.writes), desk.calls.count("GET /tls/subscriptions")) == (300, 1 + 3)


def test_a_lone_host_is_looked_at_by_itself_however_many_the_account_has() -> None:
    desk = TlsDesk()
    for number in range(300):
        desk.order(f"h{number}.example.com", state="issued")
    wanted_ = ordered()
    outcome = tls(desk).apply([create(wanted_)])[THE_ORDER]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert desk.calls == ["GET /tls/subscriptions", "POST /tls/subscriptions", "GET /tls/subscriptions"]
    desk.seen.clear()
    id_ = outcome.resource.outputs["id"]
    assert tls(desk).apply([delete(outcome.resource)]) == {THE_ORDER: Done(None)}
    assert desk.calls == ["GET /tls/subscriptions", f"DELETE /tls/subscriptions/{id_}"]


def test_an_order_that_is_refused_is_its_own_outcome() -> None:
    refused = (400, {"errors": [{"title": "Bad request", "detail": "trial accounts have 2 certificates"}]})
    desk = TlsDesk(instead={("POST", "/tls/subscriptions"): [refused]})
    other = ordered("other.example.com")
    outcomes = tls(desk).apply([create(ordered()), create(other)])
    error = error_of(outcomes[THE_ORDER])
    assert isinstance(error, InvalidRequest)
    assert "trial accounts have 2 certificates" in str(error)
    assert isinstance(outcomes[other.id], Done)


def test_a_record_that_is_not_told_yet_is_waited_for() -> None:
    desk = TlsDesk(told=False)
    assert isinstance(error_of(tls(desk).apply([create(ordered())])[THE_ORDER]), NotReady)
    desk.told = True
    assert isinstance(tls(desk).apply([create(ordered())])[THE_ORDER], Done)
    assert len(desk.writes) == 1


# -- changing
def test_another_authority_is_asked_in_place() -> None:
    desk = TlsDesk().order(HOST)
    outcome = tls(desk).apply([update(live(), ordered(authority="lets-encrypt"))])[THE_ORDER]
    [(call, body)] = desk.writes
    assert call == "PATCH /tls/subscriptions/s1"
    assert body["data"]["attributes"] == {"certificate_authority": "lets-encrypt"}
    assert "relationships" not in body["data"]
    assert desk.seen[1].url.params["force"] == "true"
    assert isinstance(outcome, Done)


def test_another_configuration_is_written_in_place() -> None:
    desk = TlsDesk().order(HOST, configuration="old")
    tls(desk).apply([update(live(configuration="old"), ordered())])
    assert desk.orders["s1"]["configuration"] == CONFIGURATION


def test_what_somebody_changed_meanwhile_is_a_conflict() -> None:
    desk = TlsDesk().order(HOST, certificate_authority="globalsign")
    change = update(live(), ordered(authority="lets-encrypt"))
    error = error_of(tls(desk).apply([change])[THE_ORDER])
    assert isinstance(error, Conflict)
    assert "authority is now globalsign" in str(error)
    assert desk.writes == []


def test_a_write_that_did_not_stick_is_told() -> None:
    desk = TlsDesk(ignores={"certificate_authority"}).order(HOST)
    error = error_of(tls(desk).apply([update(live(), ordered(authority="lets-encrypt"))])[THE_ORDER])
    assert isinstance(error, UnexpectedResponse)
    assert "authority" in str(error)


def test_a_failed_order_is_deleted_and_made_anew() -> None:
    desk = TlsDesk().order(HOST, state="failed")
    outcome = tls(desk).apply([update(live(state="failed"), ordered())])[THE_ORDER]
    assert [call for call, _ in desk.writes] == ["DELETE /tls/subscriptions/s1", "POST /tls/subscriptions"]
    assert isinstance(outcome, Done)


def test_an_adoption_that_changes_nothing_writes_nothing() -> None:
    desk = TlsDesk().order(HOST)
    assert isinstance(tls(desk).apply([update(live(), ordered())])[THE_ORDER], Done)
    assert desk.writes == []


# -- deleting
def test_a_deletion_goes_through_although_the_host_is_active_and_can_be_repeated() -> None:
    desk = TlsDesk().order(HOST)
    for _ in range(2):
        outcome = tls(desk).apply([delete(live())])[THE_ORDER]
        assert outcome == Done(None)
    deletions = [r for r in desk.seen if r.method == "DELETE"]
    assert {r.url.params["force"] for r in deletions} == {"true"}
    assert desk.orders == {}


# -- waiting
@pytest.mark.parametrize(
    ("given", "ready", "hopeless", "text"),
    [
        ("pending", False, False, "does not see the validation record yet"),
        ("processing", False, False, "being issued"),
        ("issued", True, False, "issued"),
        ("renewing", True, False, "is served and a new one"),
        ("failed", False, True, "asks for this certificate no more"),
        ("unheard-of", False, False, "unheard-of"),
    ],
)
def test_each_state_is_told_in_plain_words(given: str, *, ready: bool, hopeless: bool, text: str) -> None:
    desk = TlsDesk().order(HOST, state=given)
    found = tls(desk).ready([THE_ORDER, THE_UPLOAD])
    status = found[THE_ORDER]
    assert (status.ready, status.hopeless) == (ready, hopeless)
    assert text in status.text
    assert found[THE_UPLOAD].ready
    assert desk.calls == ["GET /tls/subscriptions"]


def test_what_fastly_has_against_a_certificate_is_told_while_it_is_waited_for() -> None:
    warnings = [{"type": "caa", "instructions": "allow certainly.com"}]
    assert "caa: allow certainly.com" in subscription_status(order(state="pending", warnings=warnings)).text
    assert subscription_status(order(warnings=warnings)) == Status(ready=True, text="issued")


def test_a_subscription_that_is_not_listed_is_not_ready() -> None:
    assert not tls(TlsDesk()).ready([THE_ORDER])[THE_ORDER].ready


# -- uploaded certificates
def test_an_uploaded_certificate_is_activated_once() -> None:
    desk = TlsDesk()
    for _ in range(2):
        outcome = tls(desk).apply([create(activated())])[THE_UPLOAD]
        assert isinstance(outcome, Done)
        assert outcome.resource is not None
        assert outcome.resource.attrs == {"certificate": "u1", "configuration": CONFIGURATION}
    assert [call for call, _ in desk.writes] == ["POST /tls/activations"]


def test_an_uploaded_certificate_takes_over_from_another_without_a_gap() -> None:
    desk = TlsDesk().activate(HOST, "c1")
    assert isinstance(tls(desk).apply([create(activated())])[THE_UPLOAD], Done)
    assert [call for call, _ in desk.writes] == ["PATCH /tls/activations/act1"]
    assert desk.activations["act1"]["tls_certificate"] == "u1"


def test_an_activation_ends_with_its_host_and_no_other_does() -> None:
    desk = TlsDesk().activate(HOST, "u1").activate("other.example.com", "u1")
    before = activation_resource(ALIAS, activation(certificate="u1"), OWNER)
    for _ in range(2):
        assert tls(desk).apply([delete(before)])[THE_UPLOAD] == Done(None)
    assert [call for call, _ in desk.writes] == ["DELETE /tls/activations/act1"]
