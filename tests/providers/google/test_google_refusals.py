"""What Google's refusals mean, in the forms that its APIs give them."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from providers.google.errors import from_api, translate
from providers.google.refusals import is_taken, operation_error, reason_of, refusal
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    NotReady,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)


def body(reason: str, message: str = "said", **more: Any) -> dict[str, Any]:
    return {"error": {"code": 0, "message": message, "errors": [{"reason": reason}], **more}}


@pytest.mark.parametrize(
    ("status", "reason", "message", "means"),
    [
        (403, "rateLimitExceeded", "Quota exceeded", RateLimited),
        (403, "quotaExceeded", "Quota exceeded for 'Read requests per minute'", RateLimited),
        (403, "quotaExceeded", "Quota 'FORWARDING_RULES' exceeded. Limit: 15.0 globally.", InvalidRequest),
        (429, "RATE_LIMIT_EXCEEDED", "Quota exceeded", RateLimited),
        (429, "", "too many", RateLimited),
        (429, "RESOURCE_EXHAUSTED", "The limit of certificates is reached", InvalidRequest),
        (403, "forbidden", "Required 'compute.urlMaps.list' permission for 'projects/p'", AuthError),
        (401, "authError", "Invalid Credentials", AuthError),
        (404, "notFound", "not found", InvalidRequest),
        (409, "alreadyExists", "exists", Conflict),
        (412, "conditionNotMet", "fingerprint", Conflict),
        (400, "resourceNotReady", "is not ready", NotReady),
        (400, "resourceInUseByAnotherResource", "used by x", Conflict),
        (400, "invalid", "Invalid value", InvalidRequest),
        (503, "backendError", "down", Unavailable),
        (302, "", "elsewhere", UnexpectedResponse),
    ],
)
def test_the_reason_tells_before_the_status(
    status: int, reason: str, message: str, means: type[ProviderError]
) -> None:
    made = refusal(status, body(reason, message))
    assert type(made) is means
    assert made.status == status
    assert message in made.message


def test_a_rate_is_given_anew_with_the_next_minute() -> None:
    headers = {"date": "Mon, 05 Jan 2026 09:00:45 GMT"}
    made = refusal(403, body("rateLimitExceeded"), headers=headers)
    assert isinstance(made, RateLimited)
    assert made.retry_after_s == 15.0
    told = refusal(403, body("rateLimitExceeded"), headers={**headers, "retry-after": "3"})
    assert isinstance(told, RateLimited)
    assert told.retry_after_s == 3.0
    unsaid = refusal(403, body("rateLimitExceeded"))
    assert isinstance(unsaid, RateLimited)
    assert unsaid.retry_after_s == 60.0


def test_a_service_that_is_away_is_left_alone_for_as_long_as_it_says() -> None:
    made = refusal(503, None, headers={"retry-after": "3"})
    assert isinstance(made, Unavailable)
    assert made.retry_after_s == 3.0
    unsaid = refusal(503, None)
    assert isinstance(unsaid, Unavailable)
    assert unsaid.retry_after_s is None


@pytest.mark.parametrize("reason", ["alreadyExists", "ALREADY_EXISTS"])
def test_what_is_there_already_is_known_in_both_spellings(reason: str) -> None:
    assert is_taken(refusal(409, body(reason)))
    assert not is_taken(refusal(409, body("resourceInUseByAnotherResource")))


def test_an_api_that_is_off_is_named_with_the_line_to_type() -> None:
    row = {"reason": "SERVICE_DISABLED", "metadata": {"service": "dns.googleapis.com"}}
    made = refusal(403, body("accessNotConfigured", details=[row]), project="acme-mail")
    assert isinstance(made, AuthError)
    assert made.message == (
        "dns.googleapis.com is not enabled in project acme-mail: "
        "gcloud services enable dns.googleapis.com --project acme-mail"
    )


def test_the_permission_that_is_missing_is_named() -> None:
    row = {"reason": "IAM_PERMISSION_DENIED", "metadata": {"permission": "dns.changes.create"}}
    by_details = refusal(403, body("forbidden", details=[row]))
    assert by_details.message.endswith("; grant a role with dns.changes.create")
    by_words = refusal(403, body("forbidden", "Required 'compute.urlMaps.list' permission for 'projects/p'"))
    assert by_words.message.endswith("; grant a role with compute.urlMaps.list")
    assert reason_of(by_words) == "forbidden"


def test_an_answer_that_is_none_of_google_s_is_told_by_its_status() -> None:
    assert refusal(502, None).message == "no explanation (HTTP 502)"
    assert refusal(403, {"error": "denied"}).message == "no explanation (HTTP 403)"


def test_an_operation_tells_its_own_error() -> None:
    assert operation_error({"status": "DONE"}) is None
    row = {"code": "QUOTA_EXCEEDED", "message": "Quota 'URL_MAPS' exceeded."}
    failed = {"name": "operation-1-a", "error": {"errors": [row]}, "httpErrorStatusCode": 403}
    made = operation_error(failed)
    assert isinstance(made, InvalidRequest)
    assert made.operation == "operation-1-a"
    assert "raise the project's quota" in made.message


def test_the_sdk_s_errors_are_read_by_their_answer() -> None:
    answer = requests.Response()
    answer.status_code = 403
    answer.headers["Date"] = "Mon, 05 Jan 2026 09:00:30 GMT"
    answer._content = b'{"error": {"message": "m", "errors": [{"reason": "rateLimitExceeded"}]}}'
    made = translate(api.Forbidden("m", response=answer))
    assert isinstance(made, RateLimited)
    assert made.retry_after_s == 30.0
    assert isinstance(from_api(api.NotFound("gone")), InvalidRequest)
    assert isinstance(translate(api.RetryError("late", cause=None)), Unavailable)


@pytest.mark.parametrize(
    ("error", "means", "sent"),
    [
        (requests.exceptions.ConnectTimeout(), Unavailable, False),
        (requests.exceptions.ReadTimeout(), Unavailable, True),
        (requests.exceptions.ConnectionError("reset"), Unavailable, True),
        (requests.exceptions.InvalidURL("x"), InvalidRequest, None),
        (requests.exceptions.ContentDecodingError("x"), UnexpectedResponse, None),
        (auth.TransportError("x"), Unavailable, False),
        (auth.RefreshError("x", retryable=True), RateLimited, None),
        (auth.RefreshError("invalid_grant", {"id": "ya29.secret"}), AuthError, None),
        (auth.ReauthFailError("x"), AuthError, None),
        (auth.DefaultCredentialsError("x"), AuthError, None),
        (auth.MutualTLSChannelError("x"), AuthError, None),
    ],
)
def test_what_goes_wrong_on_the_way(error: Exception, means: type[ProviderError], sent: bool | None) -> None:
    made = translate(error)
    assert type(made) is means
    assert "ya29" not in made.message
    if sent is not None:
        assert isinstance(made, Unavailable)
        assert made.sent is sent


def test_another_exception_is_a_bug() -> None:
    assert translate(KeyError("x")) is None
