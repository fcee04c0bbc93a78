"""The changes of a service's container: one version, never over somebody else's."""

from __future__ import annotations

from providers.fastly.names import CLASSIC, DOMAIN, SERVICE, mark, service_container
from providers.fastly.state import service_from, service_resource
from reconciler.errors import Conflict, InvalidRequest, RateLimited
from reconciler.model import Action, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Outcomes, Wanted
from tests.providers.fastly.fastly_values import (
    ALIAS,
    COMMENT,
    NAME,
    ORIGIN,
    OWNER,
    backend,
    classic,
    composed,
    settings,
    state,
)
from tests.providers.fastly.service_desk import Desk, versions_of

ID = "kKJb5bOFI47uHeBVluGfX1"
SERVICE_RESOURCE = ResourceId(ALIAS, SERVICE, ORIGIN)
A, B = "a.example.com", "b.example.com"


def desired() -> Resource:
    """The service as it is composed for a new host."""
    found = composed(state(), [Wanted(A, ORIGIN, 3600)])
    return next(r for r in found.resources if r.id == SERVICE_RESOURCE)


def live(desk: Desk) -> Resource:
    """The service as it is read."""
    return service_resource(ALIAS, ORIGIN, service_from(desk.details(ID, None)))


def host(name: str, comment: str | None = None, service: str = ORIGIN) -> Resource:
    """A classic domain."""
    text = mark(OWNER, name) if comment is None else comment
    return Resource(
        ResourceId(ALIAS, DOMAIN, name),
        attrs(service=service, form=CLASSIC, comment=text),
        host=name,
        container=service_container(ORIGIN),
    )


def come(*names: str) -> list[Change]:
    return [Change(host(n).id, Action.CREATE, None, host(n)) for n in names]


def go(*names: str) -> list[Change]:
    return [Change(host(n).id, Action.DELETE, host(n), None) for n in names]


def served(*hosts: str) -> Desk:
    """A service of tdr's that serves hosts."""
    rows = [classic(n) for n in hosts]
    return Desk().service(
        ID,
        NAME,
        COMMENT,
        active=True,
        locked=True,
        domains=rows,
        backends=[backend()],
        settings=settings(),
    )


def failure(outcomes: Outcomes, name: str) -> Exception:
    outcome = outcomes[host(name).id]
    assert isinstance(outcome, Failed)
    return outcome.error


# -- a new service
def test_a_new_service_is_a_configured_draft_until_it_has_a_host() -> None:
    desk = Desk()
    made = versions_of(desk).apply([Change(SERVICE_RESOURCE, Action.CREATE, None, desired())])
    outcome = made[SERVICE_RESOURCE]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.attrs == {**desired().attrs, "active": False}
    assert desk.sent("/backend") == [
        {
            "name": "sparkpost",
            "address": ORIGIN,
            "port": "443",
            "use_ssl": "1",
            "ssl_check_cert": "1",
            "ssl_cert_hostname": ORIGIN,
            "ssl_sni_hostname": ORIGIN,
            "min_tls_version": "1.2",
        }
    ]
    assert desk.sent("/settings") == [{"general.default_ttl": "10"}]
    assert desk.active("svc1") is None


def test_its_first_hosts_activate_it_once() -> None:
    desk = Desk()
    versions = versions_of(desk)
    versions.apply([Change(SERVICE_RESOURCE, Action.CREATE, None, desired())])
    outcomes = versions.apply(come(A, B))
    assert all(isinstance(one, Done) for one in outcomes.values())
    assert desk.hosts("svc1") == [A, B]
    assert [w for w in desk.writes if w.endswith(("/clone", "/activate"))] == ["PUT /svc1/version/1/activate"]


def test_a_service_that_an_earlier_attempt_made_is_gone_on_with() -> None:
    desk = Desk().service(ID, NAME, COMMENT)
    versions = versions_of(desk)
    versions.remember([])
    outcome = versions.apply([Change(SERVICE_RESOURCE, Action.CREATE, None, desired())])[SERVICE_RESOURCE]
    assert isinstance(outcome, Done)
    assert list(desk.services) == [ID]


# -- a service that is served
def test_three_hundred_hosts_are_one_version_and_one_activation() -> None:
    desk = served(A)
    names = [f"h{n}.example.com" for n in range(300)]
    outcomes = versions_of(desk).apply(come(*names))
    assert all(isinstance(one, Done) for one in outcomes.values())
    assert desk.hosts(ID) == [A, *names]
    rest = [w for w in desk.writes if not w.endswith("/domain")]
    assert rest == [f"PUT /{ID}/version/1/clone", f"PUT /{ID}/version/2", f"PUT /{ID}/version/2/activate"]
    label = desk.services[ID]["versions"][1]["comment"]
    assert label.startswith("tdr, from 1: +h0.example.com, ")
    assert label.endswith("more")
    assert len(label) <= 200


def test_what_is_so_already_costs_no_version() -> None:
    desk = served(A)
    outcomes = versions_of(desk).apply(come(A))
    assert isinstance(outcomes[host(A).id], Done)
    assert desk.writes == []


def test_settings_are_put_right_and_what_does_no_harm_stays() -> None:
    desk = served(A)
    version = desk.services[ID]["versions"][0]
    version["settings"] = settings(**{"general.default_ttl": 3600, "general.default_host": "spgo.io"})
    version["backends"] = [backend(ssl_check_cert=False), backend(name="other"), backend(name="mine")]
    version["backends"][2]["request_condition"] = "well-known"
    version["request_settings"] = [{"name": "tls", "force_ssl": "1", "xff": "append", "hash_keys": "a"}]
    version["headers"] = [
        {"name": "sts", "type": "response", "dst": "http.Strict-Transport-Security", "action": "set"},
        {"name": "host", "type": "request", "dst": "http.Host", "action": "set"},
        {"name": "nice", "type": "response", "dst": "http.X-Nice", "action": "set"},
    ]
    before = live(desk)
    change = Change(SERVICE_RESOURCE, Action.UPDATE, before, desired())
    outcome = versions_of(desk).apply([change])[SERVICE_RESOURCE]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.attrs == desired().attrs
    now = desk.active(ID)
    assert now is not None
    assert [one["name"] for one in now["headers"]] == ["nice"]
    assert [one["name"] for one in now["backends"]] == ["sparkpost", "mine"]
    assert now["request_settings"][0] | {"force_ssl": "0"} == now["request_settings"][0]
    assert desk.sent("/backend/sparkpost") == [{"ssl_check_cert": "1"}]
    assert "default_ttl 3600 -> 10" in now["comment"]


def test_a_lost_mark_is_written_without_a_version() -> None:
    desk = served(A)
    desk.services[ID]["comment"] = "mail"
    change = Change(SERVICE_RESOURCE, Action.UPDATE, live(desk), desired())
    assert isinstance(versions_of(desk).apply([change])[SERVICE_RESOURCE], Done)
    assert desk.writes == [f"PUT /{ID}"]
    assert desk.services[ID]["comment"] == COMMENT


def test_a_service_that_moved_since_the_plan_is_left_alone() -> None:
    desk = served(A)
    desk.services[ID]["versions"][0]["settings"] = settings(**{"general.default_ttl": 60})
    before = live(desk).with_attrs(default_ttl=3600)
    outcome = versions_of(desk).apply([Change(SERVICE_RESOURCE, Action.UPDATE, before, desired())])
    failed = outcome[SERVICE_RESOURCE]
    assert isinstance(failed, Failed)
    assert "default_ttl is now 60" in failed.error.message
    assert desk.writes == []


# -- somebody else
def test_a_draft_is_dropped_where_somebody_activates_meanwhile_and_made_anew() -> None:
    desk = served(A)
    desk.meanwhile[1] = lambda: desk.activate_another(ID, domains=[classic(A), classic("c.example.com", "")])
    outcomes = versions_of(desk).apply(come(B))
    assert isinstance(outcomes[host(B).id], Done)
    assert desk.hosts(ID) == [A, "c.example.com", B]
    comments = [v["comment"] for v in desk.services[ID]["versions"]]
    assert comments[1] == "tdr: dropped, version 3 was activated meanwhile"
    assert comments[3] == f"tdr, from 3: +{B}"


def test_after_three_drafts_somebody_else_is_told_of() -> None:
    desk = served(A)
    desk.meanwhile = dict.fromkeys((1, 2, 3), lambda: desk.activate_another(ID))
    error = failure(versions_of(desk).apply(come(B)), B)
    assert isinstance(error, Conflict)
    assert "3 times over" in error.message
    assert desk.hosts(ID) == [A]


def test_a_draft_that_an_earlier_attempt_left_is_gone_on_with() -> None:
    desk = served(A)
    versions = versions_of(desk)
    path = f"/service/{ID}/version/2/domain"
    desk.refused["POST", path] = [(429, {"msg": "Too many requests"})]
    refused = failure(versions.apply(come(B)), B)
    assert isinstance(refused, RateLimited)
    assert refused.retry_after_s == 1800.0
    assert isinstance(versions.apply(come(B))[host(B).id], Done)
    assert len(desk.services[ID]["versions"]) == 2
    assert desk.hosts(ID) == [A, B]


def test_a_draft_that_is_locked_is_cloned_and_served() -> None:
    desk = served(A)
    desk.services[ID]["versions"][0]["active"] = False
    before = live(desk)
    change = Change(SERVICE_RESOURCE, Action.UPDATE, before, desired())
    outcome = versions_of(desk).apply([change])[SERVICE_RESOURCE]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.attrs["active"] is True
    assert desk.writes == [f"PUT /{ID}/version/1/activate"]


def test_a_backend_that_lost_everything_is_made_whole() -> None:
    desk = served(A)
    version = desk.services[ID]["versions"][0]
    version["backends"] = [backend(request_condition="never", port=80)]
    version["cache_settings"] = [{"name": "long", "action": "cache", "ttl": "3600", "stale_ttl": "0"}]
    version["request_settings"] = [{"name": "host", "default_host": "spgo.io", "xff": "clear"}]
    change = Change(SERVICE_RESOURCE, Action.UPDATE, live(desk), desired())
    outcome = versions_of(desk).apply([change])[SERVICE_RESOURCE]
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.attrs == desired().attrs
    [form] = desk.sent("/backend/sparkpost")
    assert (form["request_condition"], form["port"]) == ("", "443")
    assert desk.sent("/request_settings/host") == [{"default_host": "", "xff": "append"}]


def test_a_service_that_is_gone_fails_what_comes_and_lets_go_what_leaves() -> None:
    desk = Desk()
    outcomes = versions_of(desk).apply([*come(A), *go(B)])
    assert "not there any more" in str(failure(outcomes, A))
    assert outcomes[host(B).id] == Done(None)


def test_a_name_that_another_owners_service_bears_is_told_of() -> None:
    desk = Desk().service("theirs", NAME, f"tdr other {ORIGIN}")
    outcomes = versions_of(desk).apply([Change(SERVICE_RESOURCE, Action.CREATE, None, desired())])
    outcome = outcomes[SERVICE_RESOURCE]
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Conflict)
    assert "Duplicate service" in outcome.error.message


def test_what_asks_for_no_write_makes_none() -> None:
    desk = served(A)
    kept = Change(host(A).id, Action.NOOP, host(A), host(A))
    assert versions_of(desk).apply([kept]) == {host(A).id: Done(host(A))}
    assert desk.calls == []


# -- hosts that are refused
def test_a_host_that_another_customer_has_fails_alone_and_is_not_asked_for_again() -> None:
    desk = served(A)
    desk.taken.add(B)
    outcomes = versions_of(desk).apply(come(B, "c.example.com"))
    error = failure(outcomes, B)
    assert isinstance(error, Conflict)
    assert "already taken by another" in error.message
    assert "support" in error.message
    assert isinstance(outcomes[host("c.example.com").id], Done)
    assert desk.hosts(ID) == [A, "c.example.com"]
    assert desk.calls.count(f"POST /service/{ID}/version/2/domain") == 2


def test_where_no_host_is_taken_nothing_is_activated() -> None:
    desk = served(A)
    desk.taken.add(B)
    assert isinstance(failure(versions_of(desk).apply(come(B)), B), Conflict)
    assert not any(w.endswith("/activate") for w in desk.writes)
    assert desk.services[ID]["versions"][1]["comment"] == "tdr: dropped, nothing of it was taken"


def test_a_host_that_another_owner_marked_is_left_to_it() -> None:
    desk = served(A)
    desk.services[ID]["versions"][0]["domains"].append(classic(B, f"tdr other {B}"))
    assert "other's" in str(failure(versions_of(desk).apply(come(B)), B))
    assert desk.writes == []


def test_a_version_that_fastly_finds_invalid_is_refused_whole() -> None:
    desk = served(A)
    wrong = {"status": "error", "msg": "Syntax error in VCL"}
    desk.refused["GET", f"/service/{ID}/version/2/validate"] = [(200, wrong)]
    outcomes = versions_of(desk).apply(come(B, "c.example.com"))
    for refused in (failure(outcomes, B), failure(outcomes, "c.example.com")):
        assert isinstance(refused, InvalidRequest)
        assert "Syntax error in VCL" in refused.message
        assert refused.resource == SERVICE_RESOURCE.address
    assert desk.hosts(ID) == [A]
    assert desk.calls.count(f"PUT /service/{ID}/version/1/clone") == 1


# -- leaving
def test_a_host_leaves_by_a_version_and_the_rest_is_served_on() -> None:
    desk = served(A, B)
    assert versions_of(desk).apply(go(B)) == {host(B).id: Done(None)}
    assert desk.hosts(ID) == [A]
    assert versions_of(desk).apply(go(B)) == {host(B).id: Done(None)}
    assert len(desk.services[ID]["versions"]) == 2


def test_with_the_last_host_the_service_is_served_no_more_and_can_go() -> None:
    desk = served(A)
    versions = versions_of(desk)
    assert versions.apply(go(A)) == {host(A).id: Done(None)}
    assert desk.active(ID) is None
    gone = Change(SERVICE_RESOURCE, Action.DELETE, live(desk), None)
    assert versions.apply([gone]) == {SERVICE_RESOURCE: Done(None)}
    assert desk.services == {}
    assert versions.apply([gone]) == {SERVICE_RESOURCE: Done(None)}


def test_a_service_that_still_serves_a_host_is_not_deleted() -> None:
    desk = served(A)
    gone = Change(SERVICE_RESOURCE, Action.DELETE, live(desk), None)
    failed = versions_of(desk).apply([gone])[SERVICE_RESOURCE]
    assert isinstance(failed, Failed)
    assert f"still serves {A}" in failed.error.message
    assert desk.writes == []


def test_a_host_of_the_users_own_service_moves_out_of_it_first() -> None:
    desk = served(A)
    theirs = [classic(B, ""), classic("c.example.com", "")]
    desk.service("theirs", "web", "ours since 2019", active=True, locked=True, domains=theirs)
    before = Resource(
        host(B).id,
        attrs(service="web", form=CLASSIC, comment=""),
        host=B,
        outputs=attrs(service_id="theirs"),
    )
    outcomes = versions_of(desk).apply([Change(before.id, Action.UPDATE, before, host(B))])
    assert isinstance(outcomes[before.id], Done)
    assert desk.hosts("theirs") == ["c.example.com"]
    assert desk.hosts(ID) == [A, B]


def test_the_users_own_service_is_not_left_without_a_host() -> None:
    desk = served(A)
    desk.service("theirs", "web", "", active=True, locked=True, domains=[classic(B, "")])
    before = Resource(
        host(B).id,
        attrs(service="web", form=CLASSIC, comment=""),
        host=B,
        outputs=attrs(service_id="theirs"),
    )
    outcomes = versions_of(desk).apply([Change(before.id, Action.UPDATE, before, host(B))])
    assert "only host of the service web" in str(failure(outcomes, B))
    assert desk.writes == []
