"""SparkPost's endpoints: what is sent, and what each of its answers means."""

from typing import Any

import httpx
import pytest

from providers.sparkpost.api import words
from providers.sparkpost.provider import SparkPost
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import ResourceId
from reconciler.provider import Parts, Scope, Setting, Wanted
from tests.providers.sparkpost.desk import KEY, Desk, Noted, errors, provider

HOST = "click.example.com"
ID = ResourceId("sp", "tracking_domain", HOST)


def wanted(host: str = HOST, **more: Any) -> Wanted:
    return Wanted(host, "spgo.io", 3600, **more)


def scope(*all_wanted: Wanted, everything: bool = False) -> Scope:
    managed = tuple(w for w in all_wanted if w.managed)
    return Scope(Parts(sparkpost=all_wanted, cdn=managed), everything=everything)


OLD = {"message": "resource conflict", "description": "The tracking domain already exists.", "code": "1602"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (errors("resource not found"), "resource not found"),
        (
            errors({"message": "domain must be valid", "param": "domain", "value": "bad"}),
            "domain must be valid (domain: 'bad')",
        ),
        (errors(OLD), "resource conflict: The tracking domain already exists. [code 1602]"),
        (errors("one", "two"), "one; two"),
        (errors("a", "b", "c", "d"), "a; b; c"),
        ({"errors": ["plain"]}, "plain"),
        ({"errors": {"message": "alone"}}, "alone"),
        (errors({"code": 1900}), "no message [code 1900]"),
        ({"errors": []}, ""),
        ({"results": {}}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_both_forms_of_errors_are_read(body: Any, expected: str) -> None:
    assert words(body) == expected


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, errors("bad"), InvalidRequest),
        (400, errors({"message": "busy", "code": "1502"}), Unavailable),
        (400, errors({"message": "busy", "code": 1502}), Unavailable),
        (401, errors("Unauthorized."), AuthError),
        (403, errors("Forbidden."), AuthError),
        (404, errors("resource not found"), InvalidRequest),
        (404, "<html>not SparkPost</html>", InvalidRequest),
        (409, errors("in use"), Conflict),
        (422, errors("unverified"), InvalidRequest),
        (429, errors("Too many requests"), RateLimited),
        (500, "oops", Unavailable),
        (503, errors({"message": "overload", "code": "1900"}), Unavailable),
        (302, "", UnexpectedResponse),
        (200, "<html>a login page</html>", UnexpectedResponse),
        (200, "", UnexpectedResponse),
        (200, {"result": []}, UnexpectedResponse),
        (200, {"results": {"domain": HOST}}, UnexpectedResponse),
        (200, {"results": [{}]}, UnexpectedResponse),
        (200, {"results": ["click.example.com"]}, UnexpectedResponse),
    ],
)
def test_each_answer_to_a_list_ends_in_one_clear_error(
    status: int, body: Any, meaning: type[ProviderError]
) -> None:
    desk = Desk().answer("GET", "/tracking-domains", status, body)
    with pytest.raises(meaning) as caught:
        provider(desk).read(scope())
    assert type(caught.value) is meaning
    assert caught.value.operation == "GET /tracking-domains"
    assert KEY not in str(caught.value)


def test_a_refused_key_is_told_which_service_it_must_be_of() -> None:
    desk = Desk().answer("GET", "/tracking-domains", 401, errors("Unauthorized."))
    with pytest.raises(AuthError, match="none of region eu"):
        provider(desk, region="eu").read(scope())


@pytest.mark.parametrize(
    ("path", "asked", "grant"),
    [
        ("/tracking-domains", scope(), "tracking_domains/view"),
        ("/sending-domains", scope(wanted(sending_domains=())), "sending_domains/view"),
    ],
)
def test_a_missing_right_is_named(path: str, asked: Scope, grant: str) -> None:
    desk = Desk().answer("GET", path, 403, errors("Forbidden."))
    with pytest.raises(AuthError, match=f"grant {grant}"):
        provider(desk).read(asked)


def test_a_lost_connection_is_no_answer() -> None:
    def cut(_request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    with pytest.raises(Unavailable) as caught:
        provider(cut).read(scope())
    assert caught.value.sent


# -- reading
@pytest.mark.parametrize(
    ("asked", "calls"),
    [
        (scope(), ["GET /tracking-domains"]),
        (scope(wanted(), wanted("go.example.net", default=True)), ["GET /tracking-domains"]),
        (
            scope(wanted(sending_domains=("mail.example.com",))),
            ["GET /tracking-domains", "GET /sending-domains"],
        ),
        (scope(wanted(sending_domains=())), ["GET /tracking-domains", "GET /sending-domains"]),
        (scope(wanted(absent=True)), ["GET /tracking-domains", "GET /sending-domains"]),
        (scope(everything=True), ["GET /tracking-domains", "GET /sending-domains"]),
    ],
)
def test_reading_costs_two_lists_at_most(asked: Scope, calls: list[str]) -> None:
    desk = Desk()
    for number in range(100):
        desk.track(f"click{number}.example.com").send(f"mail{number}.example.com")
    live = provider(desk).read(asked)
    assert desk.calls == calls
    assert all("x-msys-subaccount" not in request.headers for request in desk.seen)
    assert len(live.resources) == 300
    assert live.accounts == {"sparkpost/us/sp"}


def test_every_domain_and_link_is_read_with_its_host() -> None:
    desk = Desk().track(HOST, secure=True, default=True, subaccount_id=7, status={"verified": True})
    desk.send("mail.example.com", tracking_domain=HOST, subaccount_id=7).send("other.example.com")
    live = provider(desk).read(scope(wanted(absent=True)))
    assert {(r.id.kind, r.id.key, r.host): dict(r.attrs) for r in live.resources} == {
        ("tracking_domain", HOST, HOST): {"domain": HOST, "subaccount": 7, "verified": True},
        ("tracking_domain_secure", HOST, HOST): {"secure": True},
        ("tracking_domain_default", HOST, HOST): {"default": True},
        ("tracking_domain_link", "mail.example.com", HOST): {"tracking_domain": HOST, "subaccount": 7},
    }


def test_eligibility_is_asked_only_for_managed_hosts_without_a_certificate() -> None:
    desk = Desk().track(HOST, subaccount_id=7).track("go.example.net", status={"tls_status": "valid"})
    desk.track("plain.example.net")
    live = provider(desk).read(
        scope(
            wanted(managed=True),
            wanted("go.example.net", managed=True),
            wanted("new.example.net", managed=True),
        )
    )
    assert desk.writes == [(f"POST /tracking-domains/{HOST}/certificate/check", "7", None)]
    assert {r.id.key for r in live.resources if r.id.kind == "managed_certificate"} == {"go.example.net"}


POLICY = "Domain is not eligible for managed certificates due to Let's Encrypt policies"


@pytest.mark.parametrize(
    ("status", "body", "severity"),
    [
        (200, {"results": {"domain": HOST, "supportsManagedCertificate": True}}, None),
        (200, {"results": {"domain": HOST, "supportsManagedCertificate": False}}, "error"),
        (200, {"results": {"domain": HOST}}, None),
        (200, "", None),
        (403, errors(POLICY), "error"),
        (403, errors("Forbidden."), "warning"),
        (404, errors("resource not found"), None),
        (400, errors("Certificate eligibility check failed"), "warning"),
        (503, errors("Certificate eligibility check timed out"), "warning"),
    ],
)
def test_eligibility_in_sparkposts_words(status: int, body: Any, severity: str | None) -> None:
    desk = Desk().track(HOST).answer("POST", f"/tracking-domains/{HOST}/certificate/check", status, body)
    asked = scope(wanted(managed=True))
    sp = provider(desk)
    found = sp.compose(asked.parts, sp.read(asked)).findings
    assert [f.severity.value for f in found] == ([severity] if severity else [])
    for finding in found:
        assert words(body) in finding.text


# -- verifying


@pytest.mark.parametrize(
    ("status", "body", "ready", "hopeless", "text"),
    [
        (
            200,
            {"results": {"verified": True, "cname_status": "", "compliance_status": "valid"}},
            True,
            False,
            "",
        ),
        (200, {"results": {"verified": True, "cname_status": "invalid"}}, True, False, ""),
        (200, {"results": {"verified": False, "cname_status": "valid"}}, False, False, "valid"),
        (200, {"results": {"verified": False, "cname_status": ""}}, False, False, "empty"),
        (
            200,
            {"results": {"verified": True, "compliance_status": "blocked"}},
            False,
            True,
            "blocks this tracking domain",
        ),
        (
            400,
            errors(
                f"HTTP request to https://{HOST}:443 failed.  Please verify that your redirect is functioning"
            ),
            False,
            False,
            "HTTP request to",
        ),
        (
            400,
            errors({"message": "request to remote endpoint failed", "description": "invalid DNS"}),
            False,
            False,
            "D",
        ),
        (404, errors("domain has not been verified"), False, False, "has not been verified"),
        (409, errors("invalid state"), False, False, "invalid state"),
        (422, errors("CNAME is wrong"), False, False, "CNAME"),
    ],
)
def test_verify_is_decided_by_verified_alone(
    status: int, body: Any, text: str, *, ready: bool, hopeless: bool
) -> None:
    desk = Desk().track(HOST).answer("POST", f"/tracking-domains/{HOST}/verify", status, body)
    said = provider(desk).verify(ID)
    assert (said.ready, said.hopeless) == (ready, hopeless)
    assert text in said.text


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, errors("domain must be valid"), InvalidRequest),
        (400, errors({"message": "verify later", "code": "1502"}), Unavailable),
        (401, errors("invalid key"), AuthError),
        (403, errors("Forbidden."), AuthError),
        (404, errors("resource not found"), InvalidRequest),
        (429, errors("Too many requests"), RateLimited),
        (500, errors("invalid"), Unavailable),
        (200, "", UnexpectedResponse),
    ],
)
def test_verify_that_was_not_made_is_an_error(status: int, body: Any, meaning: type[ProviderError]) -> None:
    desk = Desk().track(HOST).answer("POST", f"/tracking-domains/{HOST}/verify", status, body)
    with pytest.raises(meaning):
        provider(desk).verify(ID)


def test_verify_finds_the_subaccount_once() -> None:
    desk = Desk().track(HOST, subaccount_id=7)
    sp = provider(desk)
    assert sp.verify(ID).ready
    assert sp.verify(ID).ready
    assert desk.calls == [
        f"GET /tracking-domains/{HOST}",
        f"POST /tracking-domains/{HOST}/verify",
        f"POST /tracking-domains/{HOST}/verify",
    ]
    assert [header for _, header, _ in desk.writes] == ["7", "7"]


def test_verify_of_what_is_not_there_says_so() -> None:
    assert not provider(Desk()).verify(ID).ready


# -- waiting
def certificate(**status: Any) -> dict[str, Any]:
    code = status.pop("error_code", None)
    return {"status": status} | ({"tls_certificate": {"error_code": code}} if code else {})


@pytest.mark.parametrize(
    ("found", "ready", "hopeless", "text"),
    [
        (certificate(), False, False, "nothing"),
        (certificate(tls_status="unknown"), False, False, "unknown"),
        (certificate(tls_status="pending"), False, False, "pending"),
        (certificate(tls_status="valid"), True, False, "valid"),
        (certificate(tls_status="expired"), False, False, "expired"),
        (certificate(tls_status="unavailable"), False, True, "policy"),
        (certificate(tls_status="failed", error_code="acme:dns"), False, False, "acme:dns"),
        (certificate(tls_status="failed", error_code="acme:unauthorized"), False, True, "port 80"),
        (certificate(tls_status="failed", error_code="acme:new"), False, False, "acme:new"),
    ],
)
def test_a_certificate_is_ready_when_sparkpost_serves_it(
    found: dict[str, Any], text: str, *, ready: bool, hopeless: bool
) -> None:
    desk = Desk().track(HOST, **found)
    id_ = ResourceId("sp", "managed_certificate", HOST)
    [said] = provider(desk).ready([id_]).values()
    assert (said.ready, said.hopeless) == (ready, hopeless)
    assert text in said.text


def test_one_list_answers_for_all_that_wait() -> None:
    desk = Desk().track(HOST, secure=True).track("go.example.net", default=True, status={"verified": True})
    desk.send("mail.example.com", tracking_domain=HOST).send("other.example.com")
    ids = [
        *(
            ResourceId("sp", kind, host)
            for host in (HOST, "go.example.net", "gone.example.net")
            for kind in ("tracking_domain", "tracking_domain_secure", "tracking_domain_default")
        ),
    ]
    sp = provider(desk)
    said = {f"{id_.kind} {id_.key}": status.ready for id_, status in sp.ready(ids).items()}
    assert desk.calls == ["GET /tracking-domains"]
    assert [key for key, ready in said.items() if ready] == [
        f"tracking_domain_secure {HOST}",
        "tracking_domain go.example.net",
        "tracking_domain_default go.example.net",
    ]
    links = [ResourceId("sp", "tracking_domain_link", d) for d in ("mail.example.com", "other.example.com")]
    assert [status.ready for status in sp.ready(links).values()] == [True, False]


# -- what the engine is told
def test_only_an_order_for_a_certificate_may_not_be_repeated_blindly() -> None:
    notes = Noted()
    desk = Desk().track(HOST).send("mail.example.com")
    sp = provider(desk, notes)
    sp.read(scope(wanted(managed=True, sending_domains=())))
    sp.verify(ID)
    api = sp._api
    api.create("new.example.com", None)
    api.update(HOST, None, secure=True)
    api.link("mail.example.com", None, HOST)
    api.enable_certificate(HOST, None)
    api.delete(HOST, None)
    assert {unit for unit, *_ in notes.notes} == {"sparkpost"}
    assert [
        (operation, resource) for _, operation, repeatable, resource in notes.notes if not repeatable
    ] == [("POST /tracking-domains/{domain}/certificate/enable", HOST)]


def test_a_name_is_one_segment_of_the_path() -> None:
    desk = Desk()
    provider(desk).verify(ResourceId("sp", "tracking_domain", "a/../b?c.example.com"))
    assert desk.seen[0].url.raw_path == b"/api/v1/tracking-domains/a%2F..%2Fb%3Fc.example.com"


@pytest.mark.parametrize("key", ["", "two words", "clé"])
def test_what_can_be_no_key_is_refused_before_anything_is_sent(key: str) -> None:
    with pytest.raises(AuthError, match="the SparkPost API key"):
        SparkPost(Setting("sp", {}, {"API_KEY": key}, {}, "acme", Noted()))


def test_the_key_goes_bare_into_its_header() -> None:
    desk = Desk()
    sp = provider(desk)
    sp.read(scope())
    sp.close()
    assert desk.seen[0].headers["authorization"] == KEY
