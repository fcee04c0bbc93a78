"""The way to Fastly: units, pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from providers._http import Answer
from providers.fastly import TYPE
from providers.fastly.errors import reset_after_s, says_gone
from providers.fastly.names import READ, WRITE, key_in, mark_of, marked
from providers.fastly.options import Wishes, wishes_from
from providers.fastly.provider import FastlyProvider
from providers.fastly.service_outcomes import version_text
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.provider import Setting
from tests.providers.fastly.fastly_values import config, service
from tests.providers.fastly.service_desk import DATE, TOKEN, api_of
from tests.providers.sparkpost.desk import Noted

SERVICE_WORDS = {"msg": "Bad request", "detail": "Name can't be blank"}
TLS_WORDS = {"errors": [{"title": "Invalid value", "detail": "fqdn has already been taken"}]}


def answering(status: int, body: Any, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    """A vendor that says always the same."""
    if isinstance(body, str):
        return lambda _request: httpx.Response(status, text=body, headers=headers)
    return lambda _request: httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, SERVICE_WORDS, InvalidRequest, "Bad request: Name can't be blank (HTTP 400)"),
        (400, TLS_WORDS, InvalidRequest, "Invalid value: fqdn has already been taken (HTTP 400)"),
        (422, {"errors": ["too long"]}, InvalidRequest, "too long (HTTP 422)"),
        (409, {"msg": "Duplicate record"}, Conflict, "Duplicate record (HTTP 409)"),
        (401, {"msg": "Provided credentials are missing or invalid"}, AuthError, "make a new one"),
        (403, {"msg": "You are not authorized"}, AuthError, "needs the scope `global`"),
        (503, "<html>busy</html>", Unavailable, "busy"),
        (302, "", UnexpectedResponse, "no explanation"),
    ],
)
def test_each_refusal_means_one_thing(status: int, body: Any, kind: type[ProviderError], said: str) -> None:
    with pytest.raises(kind) as found:
        api_of(answering(status, body)).create("n", "c", "r")
    assert said in found.value.message
    assert (found.value.operation, found.value.resource) == ("POST /service", "r")
    assert found.value.status == status


def test_no_error_holds_the_token() -> None:
    with pytest.raises(InvalidRequest) as found:
        api_of(answering(400, {"msg": f"unknown key {TOKEN}"})).create("n", "c", "r")
    assert TOKEN not in str(found.value)


def test_a_limit_tells_when_the_hour_is_over_by_fastlys_own_clock() -> None:
    headers = {"Fastly-RateLimit-Reset": "1767605400", "Date": DATE}
    with pytest.raises(RateLimited) as found:
        api_of(answering(429, {"msg": "You have exceeded the rate limit"}, **headers)).create("n", "c", "r")
    assert found.value.retry_after_s == 1800.0


@pytest.mark.parametrize(
    "headers", [{}, {"fastly-ratelimit-reset": "soon", "date": DATE}, {"fastly-ratelimit-reset": "1"}]
)
def test_a_limit_that_does_not_say_when_leaves_it_open(headers: dict[str, str]) -> None:
    assert reset_after_s(headers) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"msg": "Record not found", "detail": "Couldn't find Service"}),
        (400, {"msg": "Bad request", "detail": "Service 'x' is deleted"}),
    ],
)
def test_what_is_gone_is_none(status: int, body: Any) -> None:
    assert api_of(answering(status, body)).details("x") is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"msg": "Bad request", "detail": "Name can't be blank"}), (404, "not a page of Fastly's")],
)
def test_what_is_wrong_is_not_taken_for_gone(status: int, body: Any) -> None:
    with pytest.raises(InvalidRequest):
        api_of(answering(status, body)).details("x")


def test_an_answer_that_is_not_fastlys_is_told_of() -> None:
    with pytest.raises(UnexpectedResponse, match="is the endpoint right"):
        api_of(answering(200, "<html>welcome</html>")).details("x")
    with pytest.raises(UnexpectedResponse, match="no list"):
        api_of(answering(200, {"data": "none"})).services()


def test_services_are_read_by_the_hundred_and_reads_are_no_writes() -> None:
    noted = Noted()

    def paged(request: httpx.Request) -> httpx.Response:
        assert request.url.params["per_page"] == "100"
        first = (int(request.url.params["page"]) - 1) * 100
        return httpx.Response(200, json=[{"id": str(n)} for n in range(first, min(first + 100, 250))])

    assert len(api_of(paged, noted).services()) == 250
    assert [note[:2] for note in noted.notes] == [(READ, "GET /service")] * 3


def test_domains_are_read_by_the_cursor() -> None:
    def paged(request: httpx.Request) -> httpx.Response:
        at = request.url.params.get("cursor", "")
        meta = {"limit": 100, "next_cursor": {"": "n1", "n1": "n2"}.get(at)}
        return httpx.Response(200, json={"data": [{"fqdn": f"{at or 'n0'}.example.com"}], "meta": meta})

    found = [row["fqdn"] for row in api_of(paged).domains()]
    assert found == ["n0.example.com", "n1.example.com", "n2.example.com"]


def test_a_write_that_may_have_made_something_is_not_repeated_blindly() -> None:
    noted = Noted()
    api = api_of(answering(200, {"number": 2}), noted)
    api.clone("s", 1, "r")
    api.label("s", 1, "text", "r")
    assert noted.notes == [
        (WRITE, "PUT /service/{service}/version/{version}/clone", False, "r"),
        (WRITE, "PUT /service/{service}/version/{version}", True, "r"),
    ]


def test_marks_name_owner_and_subject() -> None:
    assert marked("tdr acme-mail spgo.io") == ("acme-mail", "spgo.io")
    assert marked("Managed by Terraform") is None
    assert mark_of("tdr acme-mail a.example.com", "b.example.com") is None
    assert (key_in("service/spgo.io"), key_in("domains"), key_in(None)) == ("spgo.io", None, None)


def test_options_mean_fastlys_and_the_guides_values_where_they_are_silent() -> None:
    assert wishes_from({}) == Wishes(domains="auto", authority=None, cache_ttl_s=10)
    written = {"certificates": ["abcdefghij"], "cache_ttl": 0, "authority": "globalsign"}
    assert wishes_from(written) == Wishes(authority="globalsign", certificates=("abcdefghij",), cache_ttl_s=0)


def test_the_type_names_fastlys_rate_and_its_own_names() -> None:
    [rate] = [limit for limit in TYPE.limits if limit.unit == WRITE]
    assert (rate.burst, rate.window_s, rate.reads) == (1000, 3600, False)
    [raised] = [limit for limit in TYPE.limits_with({"writes_per_hour": 10000}) if limit.unit == WRITE]
    assert raised.burst == 10000
    assert TYPE.limits_with({}) == TYPE.limits
    assert TYPE.parts == {"cdn"}
    assert "fastly.net" in TYPE.own_names


def test_an_alias_is_opened_with_its_token_and_closed() -> None:
    setting = Setting("edge", {}, {"API_TOKEN": f" {TOKEN} "}, {}, "acme-mail", Noted())
    provider = FastlyProvider(setting)
    provider.close()
    provider.close()
    with pytest.raises(AuthError, match="the Fastly API token is empty"):
        FastlyProvider(Setting("edge", {}, {}, {}, "acme-mail", Noted()))


def test_a_plan_tells_what_a_write_means_for_the_versions() -> None:
    assert version_text(None) == "version 1 of a new service"
    assert version_text(service()) == "version 1 stays, and gives way to a changed copy once that is valid"
    draft = service(config(3, active=False))
    assert version_text(draft) == "version 3, which is not served, or a copy of it"


def test_only_fastlys_own_words_say_that_something_is_gone() -> None:
    assert not says_gone(Answer(404, {}, "nginx", None))
    assert says_gone(Answer(404, {}, "", {"errors": [{"title": "Not found"}]}))


def test_a_clone_or_an_activation_that_answers_no_version_is_told_as_such() -> None:
    api = api_of(lambda _: httpx.Response(200, json={"unexpected": {"result": [1]}}))
    for call in (api.clone, api.activate):
        with pytest.raises(UnexpectedResponse, match="no `number`"):
            call("S1", 7, "fastly_service")
