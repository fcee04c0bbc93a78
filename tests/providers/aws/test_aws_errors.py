"""What AWS's refusals and boto3's own troubles mean, and what a person is told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from providers.aws import TYPE
from providers.aws.errors import code_of
from providers.aws.iam import ACTIONS
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

ARN = "arn:aws:iam::111122223333:user/mail"


def refusal(
    code: str, status: int, message: str = "no", operation: str = "ListHostedZones", **answer: Any
) -> ProviderError:
    """What a refusal means."""
    met = {"RequestId": "r-1", "HTTPStatusCode": status, **answer}
    told: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": met}
    return meaning(ClientError(told, operation))


def meaning(error: Exception) -> ProviderError:
    """What an exception means to tdr, which knows it."""
    found = TYPE.translate(error)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("Throttling", 400, RateLimited),  # Route 53, CloudFront
        ("ThrottlingException", 400, RateLimited),  # ACM
        ("ThrottledException", 400, RateLimited),  # tagging
        ("PriorRequestNotComplete", 400, RateLimited),
        ("Whatever", 429, RateLimited),
        ("ServiceUnavailable", 503, Unavailable),
        ("InternalError", 500, Unavailable),
        ("Whatever", 502, Unavailable),
        ("AccessDenied", 403, AuthError),
        ("AccessDeniedException", 400, AuthError),  # ACM says it so
        ("InvalidClientTokenId", 403, AuthError),
        ("SignatureDoesNotMatch", 403, AuthError),
        ("UnrecognizedClientException", 400, AuthError),
        ("ExpiredToken", 403, AuthError),
        ("ExpiredTokenException", 400, AuthError),
        ("RequestExpired", 400, AuthError),
        ("Whatever", 401, AuthError),
        ("CNAMEAlreadyExists", 409, Conflict),
        ("PreconditionFailed", 412, Conflict),
        ("InvalidChangeBatch", 400, InvalidRequest),
        ("NoSuchHostedZone", 404, InvalidRequest),
        ("Odd", 302, UnexpectedResponse),
    ],
)
def test_a_refusal_has_one_meaning(code: str, status: int, kind: type[ProviderError]) -> None:
    error = refusal(code, status)
    assert type(error) is kind
    assert (error.request_id, error.status, error.operation) == ("r-1", status, "ListHostedZones")
    assert code_of(error) == code


def test_the_code_of_what_is_no_refusal_is_empty() -> None:
    assert code_of(Unavailable("no answer (perhaps never)")) == ""


def test_how_long_to_wait_is_passed_on() -> None:
    error = refusal("Throttling", 400, HTTPHeaders={"retry-after": "7"})
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 7


def test_a_missing_right_names_the_principal_and_the_action() -> None:
    said = f"User: {ARN} is not authorized to perform: acm:RequestCertificate because no policy allows it"
    error = refusal("AccessDeniedException", 400, said, "RequestCertificate")
    assert str(error) == (
        f"RequestCertificate: {ARN} may not acm:RequestCertificate: allow it in its IAM policy "
        "(AccessDeniedException) (request id r-1)"
    )


def test_an_explicit_deny_is_told_as_one() -> None:
    said = f"User: {ARN} is not authorized to perform: route53:GetChange with an explicit deny in a policy"
    assert "lift the explicit deny" in refusal("AccessDenied", 403, said).message


def test_a_role_is_refused_by_two_policies() -> None:
    said = f"User: {ARN} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/tdr"
    assert refusal("AccessDenied", 403, said, "AssumeRole").message == (
        f"{ARN} may not sts:AssumeRole on arn:aws:iam::1:role/tdr: allow it in its IAM policy, and in the "
        "role's trust policy (AccessDenied)"
    )


def test_where_aws_names_no_action_the_table_does() -> None:
    assert refusal("AccessDenied", 403, "Access denied", "GetResources").message == (
        "Access denied; allow tag:GetResources in the IAM policy (AccessDenied)"
    )
    assert "cloudfront:CreateDistribution and cloudfront:TagResource" in (
        refusal("AccessDenied", 403, "Access denied", "CreateDistributionWithTags").message
    )


def test_a_refusal_that_no_right_lifts_keeps_its_words() -> None:
    said = "Your account must be verified before you can add new CloudFront resources"
    assert said in refusal("AccessDenied", 403, said, "CreateDistributionWithTags").message


def test_a_sessions_token_is_never_told() -> None:
    said = (
        "The signature does not match.\n\nThe Canonical String should have been\n'x-amz-security-token:T0KEN'"
    )
    assert refusal("SignatureDoesNotMatch", 403, said).message == (
        "AWS does not take the credentials: The signature does not match. (SignatureDoesNotMatch)"
    )
    unreadable = ResponseParserError("invalid XML received:\nb'<SessionToken>T0KEN'")
    assert meaning(unreadable).message == "unreadable answer from AWS: invalid XML received:"


def test_several_reasons_are_all_told() -> None:
    told: Any = {"Error": {"Code": "InvalidChangeBatch"}, "messages": ["one", "two"]}
    assert meaning(ClientError(told, "ChangeResourceRecordSets")).message == "one; two (InvalidChangeBatch)"


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (aws.EndpointConnectionError(endpoint_url="https://x"), False),
        (aws.ConnectTimeoutError(endpoint_url="https://x"), False),
        (aws.SSLError(endpoint_url="https://x", error="bad"), False),
        (aws.ReadTimeoutError(endpoint_url="https://x"), True),
        (aws.ConnectionClosedError(endpoint_url="https://x"), True),
        (aws.HTTPClientError(error="odd"), True),
    ],
)
def test_only_what_was_never_sent_did_nothing(error: Exception, sent: bool) -> None:
    found = meaning(error)
    assert isinstance(found, Unavailable)
    assert found.sent is sent


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aws.NoCredentialsError(), "no AWS credentials: set AWS_ACCESS_KEY_ID"),
        (aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "are not whole"),
        (aws.NoRegionError(), "no AWS region: set AWS_REGION"),
        (aws.ProfileNotFound(profile="mail"), "(mail) could not be found: write another `profile:`"),
        (aws.UnauthorizedSSOTokenError(), "run aws sso login"),
        (aws.TokenRetrievalError(provider="sso", error_msg="Token has expired"), "run aws sso login"),
        (aws.CredentialRetrievalError(provider="process", error_msg="x"), "cannot be fetched"),
        (aws.ConfigParseError(path="config"), "configuration files are off"),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(error: Exception, said: str) -> None:
    found = meaning(error)
    assert isinstance(found, AuthError)
    assert said in found.message


def test_what_is_no_vendors_fault_is_a_bug() -> None:
    assert TYPE.translate(KeyError("x")) is None
    assert TYPE.translate(aws.ParamValidationError(report="x")) is None


def test_every_action_names_its_service() -> None:
    assert {action for actions in ACTIONS.values() for action in actions if action.count(":") != 1} == set()
