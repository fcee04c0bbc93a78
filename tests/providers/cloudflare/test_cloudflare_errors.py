"""What each answer means: status first, code second, the vendor's words shown."""

from typing import Any

import httpx
import pytest

from providers.cloudflare import TYPE
from providers.cloudflare.errors import from_status
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    TdrError,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.provider import Setting
from tests.providers.cloudflare.cloudflare_stand import TOKEN, Stand, stand, wanted, world


def refusal(status: int, code: int = 1004, message: str = "no", **more: Any) -> ProviderError:
    body = {"success": False, "errors": [{"code": code, "message": message, **more}], "result": None}
    return from_status(httpx.Response(status, headers={"cf-ray": "8a-FRA", "retry-after": "17"}), body)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 1004, InvalidRequest),
        (400, 81045, InvalidRequest),
        (400, 81053, Conflict),
        (400, 81057, Conflict),
        (400, 81058, Conflict),
        (400, 81044, Conflict),
        (404, 81044, Conflict),
        (400, 6003, AuthError),
        (400, 9106, AuthError),
        (401, 1000, AuthError),
        (403, 9109, AuthError),
        (403, 10000, AuthError),
        (404, 7003, InvalidRequest),
        (409, 1, Conflict),
        (412, 1, Conflict),
        (422, 1, InvalidRequest),
        (429, 10000, RateLimited),
        (500, 1, Unavailable),
        (503, 1, Unavailable),
        (302, 1, UnexpectedResponse),
    ],
)
def test_each_status_has_its_place_in_the_tree(status: int, code: int, kind: type[ProviderError]) -> None:
    error = refusal(status, code)
    assert type(error) is kind
    assert (error.status, error.request_id) == (status, "8a-FRA")
    assert f"(code {code})" in error.message


def test_the_vendors_wait_is_kept() -> None:
    error = refusal(429)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 17


def test_the_causes_of_a_chain_count_and_are_shown() -> None:
    error = refusal(400, 1004, "DNS Validation Error", error_chain=[{"code": 81058, "message": "identical"}])
    assert isinstance(error, Conflict)
    assert error.message == "DNS Validation Error (code 1004); identical (code 81058)"


def test_a_rulesets_pointer_is_shown() -> None:
    error = refusal(400, 20121, "too short", source={"pointer": "/rules/0/action_parameters"})
    assert error.message == "too short at /rules/0/action_parameters (code 20121)"


def test_what_the_plan_does_not_have_is_not_the_tokens_fault() -> None:
    assert isinstance(refusal(403, 20120, "not entitled: use of sni override is not allowed"), InvalidRequest)


@pytest.mark.parametrize("body", [None, "<html>", {"errors": "x"}, {"errors": [1]}, []])
def test_an_answer_of_any_form_has_a_meaning(body: object) -> None:
    error = from_status(httpx.Response(502), body)
    assert isinstance(error, Unavailable)
    assert error.message == "HTTP status 502 without a reason"


# -- through the SDK
def failing(at: Stand) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        at.read(wanted("click.example.com"))
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 503}, Unavailable),
        ({"kind": "reset"}, Unavailable),
        ({"kind": "truncated"}, Unavailable),
        ({"kind": "malformed"}, UnexpectedResponse),
    ],
)
def test_a_broken_answer_is_one_clear_error(fault: dict[str, Any], kind: type[ProviderError]) -> None:
    with stand() as at:
        at.fault(path="/zones$", **fault)
        error = failing(at)
    assert isinstance(error, kind)
    assert getattr(error, "sent", True)
    assert TOKEN not in str(error)


def test_the_sdk_repeats_nothing_by_itself() -> None:
    with stand() as at:
        at.fault(kind="status", status=503, times=0)
        failing(at)
        assert len(at.sandbox.control("GET", "/calls")) == 1


def test_nobody_there_is_told_as_not_sent() -> None:
    environ = {"CLOUDFLARE_BASE_URL": "http://127.0.0.1:1/client/v4"}
    with stand() as at:
        setting = Setting("web", {}, {"API_TOKEN": TOKEN}, environ, "acme", at.call)
        at.provider = TYPE.open(setting)
        error = failing(at)
    assert isinstance(error, Unavailable)
    assert not error.sent


def test_a_wrong_token_is_an_auth_error() -> None:
    with stand() as at:
        setting = Setting("web", {}, {"API_TOKEN": "wrong"}, at.sandbox.env, "acme", at.call)
        at.provider = TYPE.open(setting)
        assert isinstance(failing(at), AuthError)


def test_a_missing_permission_is_named() -> None:
    with stand(world(scopes=["Zone Read", "DNS Write"])) as at:
        error = failing(at)
    assert isinstance(error, AuthError)
    assert "takes a token with SSL and Certificates Read" in error.message


def test_other_credentials_in_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_EMAIL", "someone@example.com")
    monkeypatch.setenv("CLOUDFLARE_API_KEY", "global-key")
    with stand() as at:
        at.read(wanted("click.example.com"))


def test_an_alias_without_a_token_says_what_to_set() -> None:
    with stand() as at, pytest.raises(AuthError, match="TDR_MY_WEB_API_TOKEN or CLOUDFLARE_API_TOKEN"):
        TYPE.open(Setting("my-web", {}, {}, {}, "acme", at.call))


def test_a_bug_is_not_translated() -> None:
    assert TYPE.translate(ZeroDivisionError()) is None
    assert not issubclass(ZeroDivisionError, TdrError)
