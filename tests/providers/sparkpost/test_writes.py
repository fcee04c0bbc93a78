"""Each change: what is sent, what is read back, and what a repeat finds."""

from typing import Any

import httpx
import pytest

from providers.sparkpost import convert
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    NotReady,
    ProviderError,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import Action, Change, Resource, attrs
from reconciler.provider import Done, Failed
from tests.providers.sparkpost.desk import KEY, Desk, errors, provider

HOST, OTHER, MAIL = "click.example.com", "go.example.net", "mail.example.com"
PATH = f"/tracking-domains/{HOST}"


def domain(subaccount: int | None = None, *, verified: bool = True) -> Resource:
    return convert.tracking_domain("sp", HOST, subaccount=subaccount, verified=verified)


def secure(*, on: bool = True, managed: bool = False) -> Resource:
    return convert.secure("sp", HOST, secure=on, managed=managed)


def default(*, on: bool = True) -> Resource:
    return convert.default("sp", HOST, default=on)


def link(host: str = HOST, subaccount: int | None = None) -> Resource:
    return convert.link("sp", MAIL, host, subaccount=subaccount)


def certificate() -> Resource:
    return convert.managed_certificate("sp", HOST, enabled=True)


def create(resource: Resource) -> Change:
    return Change(resource.id, Action.CREATE, None, resource)


def update(before: Resource, after: Resource) -> Change:
    return Change(after.id, Action.UPDATE, before, after)


def delete(resource: Resource) -> Change:
    return Change(resource.id, Action.DELETE, resource, None)


def applied(desk: Desk, change: Change) -> Resource | None:
    [(id_, outcome)] = provider(desk).apply([change]).items()
    assert id_ == change.id
    assert isinstance(outcome, Done), outcome
    return outcome.resource


def refused(desk: Desk, change: Change) -> ProviderError:
    [outcome] = provider(desk).apply([change]).values()
    assert isinstance(outcome, Failed), outcome
    assert outcome.error.provider == "sp (sparkpost)" or outcome.error.operation
    assert KEY not in str(outcome.error)
    return outcome.error


# -- the domain
@pytest.mark.parametrize(("subaccount", "header"), [(None, None), (7, "7")])
def test_a_domain_is_looked_for_made_and_read_back(subaccount: int | None, header: str | None) -> None:
    desk = Desk()
    made = applied(desk, create(domain(subaccount)))
    assert made is not None
    assert dict(made.attrs) == {"domain": HOST, "subaccount": subaccount, "verified": False}
    assert made.outputs["compliance_status"] == "valid"
    assert desk.calls == [f"GET {PATH}", "POST /tracking-domains", f"GET {PATH}"]
    assert desk.writes == [("POST /tracking-domains", header, {"domain": HOST})]


def test_a_domain_that_is_there_is_not_made_again() -> None:
    desk = Desk().track(HOST, status={"verified": True})
    made = applied(desk, create(domain()))
    assert made is not None
    assert made.attrs["verified"] is True
    assert desk.writes == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, errors("The tracking domain already exists")),
        (409, errors({"message": "resource conflict", "code": "1602"})),
        (400, errors({"message": "tracking domain exists", "code": "6100"})),
        (400, errors({"message": "busy name", "code": 6100})),
        (422, errors("the domain already exists")),
    ],
)
def test_exists_in_any_spelling_is_looked_at_again(status: int, body: Any) -> None:
    """The name may have come between looking and making; and the answer to an earlier attempt may be lost."""

    class Late(Desk):
        def _route(self, request: httpx.Request, path: str) -> tuple[int, Any]:
            if request.method != "POST":
                return super()._route(request, path)
            self.track(HOST)
            return status, body

    desk = Late()
    assert applied(desk, create(domain())) is not None
    assert desk.calls == [f"GET {PATH}", "POST /tracking-domains", f"GET {PATH}"]


def test_a_name_that_exists_elsewhere_is_a_conflict_in_sparkposts_words() -> None:
    desk = Desk().answer("POST", "/tracking-domains", 409, errors("The tracking domain already exists"))
    error = refused(desk, create(domain()))
    assert type(error) is Conflict
    assert "already exists" in error.message
    assert "another one" in error.message


def test_a_domain_of_another_subaccount_is_a_conflict() -> None:
    error = refused(Desk().track(HOST, subaccount_id=9), create(domain(7)))
    assert type(error) is Conflict
    assert "subaccount 9" in error.message


def test_a_domain_that_is_blocked_from_the_start_stops_its_host() -> None:
    desk = Desk().track(HOST, status={"compliance_status": "blocked"})
    assert type(refused(desk, create(domain()))) is InvalidRequest


def test_a_creation_that_leaves_nothing_is_not_believed() -> None:
    desk = Desk().answer("POST", "/tracking-domains", 200, {"results": {"domain": HOST}})
    assert type(refused(desk, create(domain()))) is UnexpectedResponse


def test_verified_is_nobodys_to_write() -> None:
    desk = Desk().track(HOST)
    made = applied(desk, update(domain(verified=False), domain()))
    assert made is not None
    assert made.attrs["verified"] is False
    assert desk.writes == []


def test_a_domain_that_vanished_is_not_made_behind_the_plan() -> None:
    desk = Desk()
    assert type(refused(desk, update(domain(verified=False), domain()))) is Conflict
    assert desk.writes == []


@pytest.mark.parametrize(
    ("status", "body", "meaning", "said"),
    [
        (
            400,
            errors({"message": "domain is on a DNS blacklist", "param": "domain"}),
            InvalidRequest,
            "blacklist",
        ),
        (
            422,
            errors({"message": "domain must be valid", "value": "x", "param": "domain"}),
            InvalidRequest,
            "valid",
        ),
        (403, errors("Tracking domain limit reached for this account"), InvalidRequest, "limit reached"),
        (403, errors("Forbidden."), AuthError, "grant tracking_domains/manage"),
        (503, errors("busy"), Unavailable, "busy"),
    ],
)
def test_a_refused_creation_is_told_in_sparkposts_words(
    status: int, body: Any, meaning: type[ProviderError], said: str
) -> None:
    error = refused(Desk().answer("POST", "/tracking-domains", status, body), create(domain()))
    assert type(error) is meaning
    assert said in error.message
    assert (error.operation, error.resource, error.status) == ("POST /tracking-domains", HOST, status)


@pytest.mark.parametrize(("subaccount", "header"), [(None, None), (7, "7")])
def test_a_domain_is_deleted_where_it_is(subaccount: int | None, header: str | None) -> None:
    desk = Desk().track(HOST, **({"subaccount_id": subaccount} if subaccount else {}))
    assert applied(desk, delete(domain(subaccount))) is None
    assert desk.writes == [(f"DELETE {PATH}", header, None)]
    assert desk.tracking == {}


def test_a_domain_that_is_gone_is_deleted() -> None:
    assert applied(Desk(), delete(domain())) is None


def test_a_deletion_in_the_wrong_subaccount_is_noticed() -> None:
    desk = Desk().track(HOST, subaccount_id=7)
    assert type(refused(desk, delete(domain()))) is UnexpectedResponse


def test_a_domain_in_use_says_so() -> None:
    desk = Desk().track(HOST).answer("DELETE", PATH, 409, errors("The tracking domain is in use"))
    error = refused(desk, delete(domain()))
    assert type(error) is Conflict
    assert "in use" in error.message


def test_a_404_of_some_other_server_is_no_deletion() -> None:
    desk = Desk().track(HOST).answer("DELETE", PATH, 404, "<html>nginx</html>")
    assert type(refused(desk, delete(domain()))) is InvalidRequest


# -- secure
@pytest.mark.parametrize("on", [True, False])
def test_secure_is_written_alone_and_read_back(*, on: bool) -> None:
    desk = Desk().track(HOST, subaccount_id=7, secure=not on)
    made = applied(desk, update(secure(on=not on), secure(on=on)))
    assert made is not None
    assert dict(made.attrs) == {"secure": on}
    assert desk.calls == [f"GET {PATH}", f"PUT {PATH}", f"GET {PATH}"]
    assert desk.writes == [(f"PUT {PATH}", "7", {"secure": on})]


def test_what_is_secure_already_is_not_written() -> None:
    desk = Desk().track(HOST, secure=True)
    assert applied(desk, create(secure())) == secure()
    assert desk.writes == []


@pytest.mark.parametrize(("change", "field"), [(create(secure()), "secure"), (create(default()), "default")])
def test_a_field_that_sparkpost_ignores_is_noticed(change: Change, field: str) -> None:
    """SparkPost answers 200 to fields that it does not know."""
    desk = Desk(ignores={field}).track(HOST, status={"verified": True})
    error = refused(desk, change)
    assert type(error) is UnexpectedResponse
    assert field in error.message
    assert error.resource == HOST


def test_secure_of_what_is_gone_is_a_conflict() -> None:
    assert type(refused(Desk(), update(secure(on=False), secure()))) is Conflict


def test_secure_goes_with_its_domain_without_a_call() -> None:
    desk = Desk().track(HOST, secure=True)
    assert applied(desk, delete(secure())) is None
    assert desk.calls == []


def test_sparkpost_itself_makes_a_managed_host_secure() -> None:
    desk = Desk().track(HOST, status={"tls_status": "pending"})
    error = refused(desk, create(secure(managed=True)))
    assert type(error) is NotReady
    assert "pending" in error.message
    assert desk.writes == []
    desk.tracking[HOST] |= {"secure": True, "uses_managed_certificate": True}
    made = applied(desk, create(secure(managed=True)))
    assert made is not None
    assert dict(made.attrs) == {"secure": True}


# -- default
def test_default_is_written_alone_and_read_back() -> None:
    desk = Desk().track(HOST, subaccount_id=7).track(OTHER, default=True, subaccount_id=7)
    assert applied(desk, update(default(on=False), default())) == default()
    assert desk.writes == [(f"PUT {PATH}", "7", {"default": True})]
    assert desk.tracking[OTHER]["default"] is False


def test_a_default_that_another_domain_took_is_given_up_already() -> None:
    desk = Desk().track(HOST).track(OTHER, default=True)
    assert applied(desk, update(default(), default(on=False))) == default(on=False)
    assert desk.writes == []


@pytest.mark.parametrize(("live", "writes"), [(True, 1), (False, 0)])
def test_deleting_the_default_unsets_it(*, live: bool, writes: int) -> None:
    desk = Desk().track(HOST, default=live)
    assert applied(desk, delete(default())) is None
    assert desk.writes == [(f"PUT {PATH}", None, {"default": False})] * writes


def test_deleting_what_was_no_default_calls_nothing() -> None:
    desk = Desk().track(HOST)
    assert applied(desk, delete(default(on=False))) is None
    assert desk.calls == []


def test_a_default_goes_with_its_domain() -> None:
    assert applied(Desk(), delete(default())) is None
    assert type(refused(Desk(), create(default()))) is Conflict


def test_an_unverified_domain_is_refused_as_default_in_sparkposts_words() -> None:
    desk = Desk().track(HOST).answer("PUT", PATH, 422, errors("Tracking domain unverified."))
    error = refused(desk, create(default()))
    assert type(error) is InvalidRequest
    assert "unverified" in error.message


# -- links
@pytest.mark.parametrize(("subaccount", "header"), [(None, None), (7, "7")])
def test_a_link_writes_one_field_and_reads_it_back(subaccount: int | None, header: str | None) -> None:
    desk = Desk().send(MAIL, shared_with_subaccounts=False)
    desk.sending[MAIL] |= {"subaccount_id": subaccount} if subaccount else {}
    assert applied(desk, create(link(subaccount=subaccount))) == link(subaccount=subaccount)
    assert desk.calls == [f"{method} /sending-domains/{MAIL}" for method in ("GET", "PUT", "GET")]
    assert desk.writes == [(f"PUT /sending-domains/{MAIL}", header, {"tracking_domain": HOST})]


def test_a_link_moves_in_one_write() -> None:
    desk = Desk().send(MAIL, tracking_domain=OTHER)
    assert applied(desk, update(link(OTHER), link())) == link()
    assert desk.writes == [(f"PUT /sending-domains/{MAIL}", None, {"tracking_domain": HOST})]


def test_a_link_is_cleared_with_an_empty_name() -> None:
    desk = Desk().send(MAIL, tracking_domain=HOST)
    assert applied(desk, delete(link())) is None
    assert desk.writes == [(f"PUT /sending-domains/{MAIL}", None, {"tracking_domain": ""})]
    assert "tracking_domain" not in desk.sending[MAIL]


@pytest.mark.parametrize("change", [create(link()), update(link(OTHER), link())])
def test_a_link_that_is_made_is_not_made_again(change: Change) -> None:
    desk = Desk().send(MAIL, tracking_domain=HOST)
    assert applied(desk, change) == link()
    assert desk.writes == []


def test_a_link_that_is_gone_is_deleted() -> None:
    assert applied(Desk(), delete(link())) is None
    assert applied(Desk().send(MAIL), delete(link())) is None


@pytest.mark.parametrize("change", [create(link()), update(link(OTHER), link()), delete(link())])
def test_a_link_that_someone_moved_meanwhile_is_left_alone(change: Change) -> None:
    desk = Desk().send(MAIL, tracking_domain="third.example.org")
    error = refused(desk, change)
    assert type(error) is Conflict
    assert "third.example.org" in error.message
    assert desk.writes == []


def test_a_sending_domain_that_vanished_is_a_conflict() -> None:
    error = refused(Desk(), create(link()))
    assert type(error) is Conflict
    assert "two weeks" in error.message


@pytest.mark.parametrize("change", [create(link()), delete(link())])
def test_a_link_that_sparkpost_ignores_is_noticed(change: Change) -> None:
    desk = Desk(ignores={"tracking_domain"}).send(MAIL)
    desk.sending[MAIL] |= {"tracking_domain": HOST} if change.action is Action.DELETE else {}
    assert type(refused(desk, change)) is UnexpectedResponse


def test_an_unregistered_tracking_domain_is_told_in_sparkposts_words() -> None:
    item = {"message": "invalid params", "description": "not a registered tracking domain", "code": "1200"}
    desk = Desk().send(MAIL).answer("PUT", f"/sending-domains/{MAIL}", 400, errors(item))
    error = refused(desk, create(link()))
    assert type(error) is InvalidRequest
    assert "not a registered tracking domain [code 1200]" in error.message


# -- managed HTTPS
def test_a_certificate_is_ordered_once() -> None:
    desk = Desk().track(HOST, subaccount_id=7, status={"verified": True})
    for _ in range(2):
        assert applied(desk, create(certificate())) == certificate()
    assert desk.writes == [(f"POST {PATH}/certificate/enable", "7", None)]


def test_a_certificate_that_is_ordered_already_is_no_trouble() -> None:
    desk = Desk().track(HOST).answer("POST", f"{PATH}/certificate/enable", 409, errors("already enabled"))
    assert applied(desk, create(certificate())) == certificate()


@pytest.mark.parametrize(
    ("status", "said", "meaning"),
    [
        (400, "Domain must be verified before enabling managed certificates", NotReady),
        (400, "Domain must point to a V2 endpoint before enabling managed certificates", NotReady),
        (
            403,
            "Managed certificates cannot be issued for this domain due to Let's Encrypt policies",
            InvalidRequest,
        ),
        (403, "Forbidden.", AuthError),
        (404, "resource not found", InvalidRequest),
        (503, "Certificate eligibility check timed out", Unavailable),
    ],
)
def test_a_refused_certificate_is_told_in_sparkposts_words(
    status: int, said: str, meaning: type[ProviderError]
) -> None:
    desk = Desk().track(HOST).answer("POST", f"{PATH}/certificate/enable", status, errors(said))
    error = refused(desk, create(certificate()))
    assert type(error) is meaning
    assert said in error.message


@pytest.mark.parametrize(
    "results",
    [{"unexpected": [1, None]}, [{"unexpected": 1}], "initiated", None],
    ids=lambda r: type(r).__name__,
)
def test_an_answer_that_confirms_no_order_is_told_and_not_waited_for(results: object) -> None:
    desk = Desk().track(HOST).answer("POST", f"{PATH}/certificate/enable", 200, {"results": results})
    error = refused(desk, create(certificate()))
    assert type(error) is UnexpectedResponse
    assert error.status == 200


def test_an_order_that_comes_too_early_names_the_call() -> None:
    desk = Desk().track(HOST).answer("POST", f"{PATH}/certificate/enable", 400, errors("must be verified"))
    outcome = provider(desk).apply([create(certificate())])[certificate().id]
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, NotReady)
    told = f"sp (sparkpost) POST /tracking-domains/{{domain}}/certificate/enable {HOST}: "
    assert str(outcome.error).startswith(told)


def test_a_host_that_the_policy_refuses_is_no_order() -> None:
    desk = Desk().track(HOST, status={"tls_status": "unavailable"})
    desk.answer("POST", f"{PATH}/certificate/enable", 200, {"results": {"message": "initiated"}})
    assert type(refused(desk, create(certificate()))) is InvalidRequest


def test_a_certificate_goes_with_its_domain_without_a_call() -> None:
    desk = Desk().track(HOST)
    assert applied(desk, delete(certificate())) is None
    assert desk.calls == []


# -- batches
def test_one_change_that_fails_takes_none_with_it() -> None:
    desk = Desk().track(HOST)
    outcomes = provider(desk).apply([create(secure()), create(link()), create(default())])
    assert [type(outcome) for outcome in outcomes.values()] == [Done, Failed, Done]


@pytest.mark.parametrize("action", [Action.NOOP, Action.FORGET])
def test_what_changes_nothing_calls_nothing(action: Action) -> None:
    desk = Desk().track(HOST)
    assert applied(desk, Change(domain().id, action, domain(), domain(), adopts=True)) == domain()
    assert desk.calls == []


def test_attributes_are_compared_as_they_are() -> None:
    assert secure().attrs == attrs(secure=True)
