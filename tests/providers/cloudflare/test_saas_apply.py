"""Writing custom hostnames and the fallback origin, with the SDK's own client."""

from __future__ import annotations

from typing import Any

import pytest

from providers.cloudflare.names import CUSTOM_HOSTNAME, SAAS_ORIGIN, origin_name
from providers.cloudflare.saas_state import (
    fallback_resource,
    hostname_attrs,
    hostname_from,
    hostname_resource,
    origin_resource,
)
from reconciler.errors import AuthError, Conflict, InvalidRequest, NotReady, UnexpectedResponse
from reconciler.model import Action, Change, Resource
from reconciler.provider import Done, Failed
from tests.providers.cloudflare.saas_desk import ORIGIN, OWNER, ZONE, Desk, hostname

HOST = "click.example.com"
SSL = {"method": "txt", "type": "dv", "settings": {"min_tls_version": "1.2"}}


def planned(host: str = HOST, origin: str = "") -> Resource:
    return hostname_resource("brand", ZONE, hostname_attrs(host, origin, "txt", "dv", "1.2"), OWNER, ())


def live(native: dict[str, Any]) -> Resource:
    found = hostname_from(native)
    return hostname_resource("brand", ZONE, found.as_attrs(), OWNER, (), found.outputs())


def create(resource: Resource) -> Change:
    return Change(resource.id, Action.CREATE, None, resource)


def update(before: Resource, after: Resource) -> Change:
    return Change(after.id, Action.UPDATE, before, after)


def delete(resource: Resource) -> Change:
    return Change(resource.id, Action.DELETE, resource, None)


def apply(desk: Desk, *changes: Change) -> list[Any]:
    return list(desk.saas().apply(changes).values())


def error(outcome: object) -> Exception:
    assert isinstance(outcome, Failed)
    return outcome.error


def test_a_hostname_is_made_once_and_tells_what_proves_it() -> None:
    desk = Desk()
    for _ in range(2):
        [outcome] = apply(desk, create(planned()))
        assert isinstance(outcome, Done)
        assert outcome.resource is not None
        assert outcome.resource.outputs["dcv_target"] == f"{HOST}.x.dcv.cloudflare.com"
        assert outcome.resource.outputs["ownership_value"] == "token"
    assert desk.asked == [("POST", "", {"hostname": HOST, "ssl": SSL})]


def test_a_hundred_hostnames_are_looked_for_in_one_list() -> None:
    desk = Desk()
    outcomes = apply(desk, *(create(planned(f"h{number}.example.com")) for number in range(100)))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert desk.calls == {"list custom hostnames": 1, "create custom hostname": 100}


def test_records_that_are_not_told_yet_are_waited_for() -> None:
    desk = Desk()
    desk.made = {"ssl": {"method": "txt", "type": "dv", "status": "initializing", **SSL}}
    [outcome] = apply(desk, create(planned()))
    assert isinstance(error(outcome), NotReady)
    desk.hostnames[HOST] = hostname(HOST)
    assert isinstance(apply(desk, create(planned()))[0], Done)
    assert len(desk.asked) == 1


def test_a_hostname_that_appeared_otherwise_is_left_alone() -> None:
    desk = Desk()
    desk.hostnames[HOST] = hostname(HOST, custom_origin_server=f"app.{ZONE}")
    assert isinstance(error(apply(desk, create(planned()))[0]), Conflict)
    before = live(hostname(HOST))
    assert isinstance(error(apply(desk, update(before, planned(origin=ORIGIN)))[0]), Conflict)
    assert desk.asked == []


def test_a_lost_certificate_is_asked_for_with_the_same_method_and_what_else_is_set_stays() -> None:
    desk = Desk()
    ssl = {"status": "validation_timed_out", "settings": {"min_tls_version": "1.2", "http2": "off"}}
    desk.hostnames[HOST] = hostname(HOST, ssl=ssl)
    [outcome] = apply(desk, update(live(desk.hostnames[HOST]), planned()))
    assert isinstance(outcome, Done)
    [(method, _, body)] = desk.asked
    assert (method, body) == (
        "PATCH",
        {"ssl": {**SSL, "settings": {"min_tls_version": "1.2", "http2": "off"}}},
    )


def test_another_origin_orders_no_certificate() -> None:
    desk = Desk()
    desk.hostnames[HOST] = hostname(HOST)
    [outcome] = apply(desk, update(live(desk.hostnames[HOST]), planned(origin=ORIGIN)))
    assert isinstance(outcome, Done)
    assert desk.asked == [("PATCH", f"/id-{HOST}", {"custom_origin_server": ORIGIN})]


def test_a_long_name_takes_cloudflares_branding() -> None:
    desk, long = Desk(), f"{'a' * 60}.example.com"
    apply(desk, create(planned(long)))
    assert desk.asked[0][2]["ssl"]["cloudflare_branding"] is True


def test_a_hostname_goes_once_and_one_made_anew_stays() -> None:
    desk = Desk()
    desk.hostnames[HOST] = hostname(HOST)
    gone = delete(live(desk.hostnames[HOST]))
    assert apply(desk, gone) == [Done(None)]
    assert apply(desk, gone) == [Done(None)]
    desk.hostnames[HOST] = hostname(HOST, id="another")
    assert isinstance(error(apply(desk, gone)[0]), Conflict)
    desk.hostnames[HOST] = hostname(HOST, status="pending_deletion")
    assert apply(desk, gone) == [Done(None)]
    assert isinstance(error(apply(desk, create(planned()))[0]), NotReady)


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        ((403, 1414, "Access to setting a custom origin server has not been granted."), InvalidRequest),
        ((403, 10000, "Authentication error"), AuthError),
        ((409, 1406, "Duplicate custom hostname found."), Conflict),
    ],
)
def test_a_refusal_is_the_outcome_of_its_own_change(refusal: Any, kind: type[Exception]) -> None:
    desk = Desk()
    desk.refusal = refusal
    [outcome] = apply(desk, create(planned()))
    told = error(outcome)
    assert isinstance(told, kind)
    assert refusal[2] in str(told)


def test_the_fallback_origin_is_waited_for_set_once_and_never_in_anothers_place() -> None:
    desk = Desk()
    wanted = create(fallback_resource("brand", ZONE, ORIGIN, OWNER, ()))
    for _ in range(2):
        assert isinstance(error(apply(desk, wanted)[0]), NotReady)
    desk.fallback = {"origin": ORIGIN, "status": "active"}
    assert isinstance(apply(desk, wanted)[0], Done)
    assert [method for method, _, _ in desk.asked] == ["PUT"]
    desk.fallback = {"origin": f"www.{ZONE}", "status": "active"}
    assert isinstance(error(apply(desk, wanted)[0]), Conflict)


def test_the_fallback_origin_goes_when_nothing_goes_there_any_more() -> None:
    desk = Desk()
    desk.fallback = {"origin": ORIGIN, "status": "active"}
    desk.hostnames["their.example"] = hostname("their.example")
    gone = delete(fallback_resource("brand", ZONE, ORIGIN, OWNER, ()))
    assert "still use it" in str(error(apply(desk, gone)[0]))
    desk.hostnames.clear()
    assert "pending_deletion" in str(error(apply(desk, gone)[0]))
    assert [method for method, _, _ in desk.asked] == ["DELETE"]


def test_a_deletion_may_be_answered_with_more_than_the_id() -> None:
    desk = Desk()
    desk.deleted = {"a_new_member": 1}
    desk.hostnames[HOST] = hostname(HOST)
    assert apply(desk, delete(live(desk.hostnames[HOST]))) == [Done(None)]


def test_an_answer_that_is_no_fallback_origin_is_not_taken_for_none() -> None:
    desk = Desk()
    desk.fallback = {"unexpected": 1}
    wanted = create(fallback_resource("brand", ZONE, ORIGIN, OWNER, ()))
    assert isinstance(error(apply(desk, wanted)[0]), UnexpectedResponse)
    assert desk.asked == []


def test_an_origin_stays_while_a_hostname_names_it() -> None:
    desk = Desk()
    desk.hostnames[HOST] = hostname(HOST, custom_origin_server=ORIGIN)
    gone = delete(origin_resource("brand", "spgo.io", ZONE, ORIGIN, OWNER))
    assert isinstance(error(apply(desk, gone)[0]), NotReady)
    assert gone.id.kind == SAAS_ORIGIN != CUSTOM_HOSTNAME


def test_a_long_endpoint_still_makes_a_name() -> None:
    name = origin_name("a" * 32, "tenant-with-a-long-name.et.e.sparkpost.com", ZONE)
    assert len(name.partition(".")[0]) <= 63
    assert name != origin_name("a" * 32, "tenant-with-a-long-name.et.f.sparkpost.com", ZONE)
