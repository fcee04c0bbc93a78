"""What each answer and each exception of boto3 means in tdr's tree: code first, HTTP status second.

Imports botocore: only for those who raised one of its exceptions, or open an alias.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from providers.aws.iam import actions_of
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

# Each service has its own word for it; PriorRequestNotComplete did nothing either, and passes.
_THROTTLED: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "PriorRequestNotComplete",
    }
)
_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorizedException"}
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_SKEWED: Final = frozenset({"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"})
_CREDENTIAL: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DOWN: Final = frozenset({"ServiceUnavailable", "InternalFailure", "InternalError", "RequestTimeout"})
_NEVER_SENT: Final = (
    aws.ConnectTimeoutError,
    aws.EndpointConnectionError,
    aws.ProxyConnectionError,
    aws.SSLError,
)
_REFUSED: Final = re.compile(
    r"User: (\S+) is not authorized to perform: ([\w:*-]+)(?: on resource: (\S+))?", re.ASCII
)
_CODE: Final = re.compile(r"\(([A-Za-z][\w.]*)\)$")

_Kinds: TypeAlias = "tuple[type[aws.BotoCoreError], ...]"
_BEFORE: Final[tuple[tuple[_Kinds, str], ...]] = (
    (
        (aws.ProfileNotFound,),
        "{}: write another `profile:`, or add it to the AWS configuration files",
    ),
    (
        (aws.NoCredentialsError,),
        "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write `profile:`",
    ),
    ((aws.PartialCredentialsError,), "the AWS credentials are not whole: {}"),
    ((aws.NoRegionError,), "no AWS region: set AWS_REGION, or `region` in the profile"),
    (
        (
            aws.LoginError,
            aws.NoAuthTokenError,
            aws.SSOError,
            aws.TokenRetrievalError,
            aws.UnauthorizedSSOTokenError,
        ),
        "the sign-in to AWS has ended: run aws sso login, or aws login ({})",
    ),
    (
        (aws.CredentialRetrievalError, aws.MetadataRetrievalError),
        "the AWS credentials cannot be fetched: {}",
    ),
    (
        (
            aws.ConfigNotFound,
            aws.ConfigParseError,
            aws.InfiniteLoopConfigError,
            aws.InvalidConfigError,
            aws.UnknownCredentialError,
        ),
        "the AWS configuration files are off: {}",
    ),
)
"""What boto3 finds before it asks, the narrowest first, and what to do about it."""


class Unreadable(ResponseParserError):
    """An answer that is none of AWS's, and the id of its request."""

    def __init__(self, reason: str, request_id: str) -> None:
        super().__init__(reason)
        self.request_id = request_id


def translate(error: Exception) -> ProviderError | None:
    """Tell what an exception means; None for what is a bug."""
    if isinstance(error, aws.ClientError):
        return _from_answer(error)
    if isinstance(error, ResponseParserError):
        # botocore adds the body, and advice to repeat, after the reason.
        reason = str(error).partition(", invalid XML received")[0]
        made = UnexpectedResponse(f"unreadable answer from AWS: {_first_line(reason)}")
        made.request_id = error.request_id if isinstance(error, Unreadable) else ""
        return made
    if isinstance(error, (aws.ConnectionError, aws.HTTPClientError)):
        return Unavailable(f"no answer from AWS: {error}", sent=not isinstance(error, _NEVER_SENT))
    return _from_settings(error) if isinstance(error, aws.BotoCoreError) else None


def code_of(error: ProviderError) -> str:
    """Give AWS's code of a refusal, such as `InvalidChangeBatch`; empty where AWS gave none."""
    found = _CODE.search(error.message)
    return found[1] if found else ""


def request_id_of(headers: Mapping[str, str]) -> str:
    """Give AWS's id of a request, as all its services tell it."""
    return str(headers.get("x-amzn-requestid") or "")


# -- what AWS answers
def _from_answer(error: aws.ClientError) -> ProviderError:
    told: Mapping[str, Any] = error.response.get("Error", {})
    answer: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    # A query service gives its codes with the service before them: `AWS.SimpleQueueService.…`
    code = str(told.get("Code") or "").rpartition(".")[2]
    status = _number(answer.get("HTTPStatusCode"))
    made = _judged(code, status or 0, _words(error, told), error.operation_name, _after(answer))
    made.operation = error.operation_name
    made.request_id = str(answer.get("RequestId") or request_id_of(answer.get("HTTPHeaders") or {}))
    made.status = status
    return made


def _judged(code: str, status: int, text: str, operation: str, after_s: float | None) -> ProviderError:
    said = f"{text} ({code})" if code else text
    if code in _THROTTLED or status == 429:
        return RateLimited(said, retry_after_s=after_s)
    if refused := _refused(code, text, operation):
        return AuthError(f"{refused} ({code})")
    if status >= 500 or code in _DOWN:
        return Unavailable(said, retry_after_s=after_s)
    return _kind(status)(said)


def _kind(status: int) -> type[ProviderError]:
    if status in {401, 403}:
        return AuthError
    if status in {409, 412}:
        return Conflict
    return InvalidRequest if 400 <= status < 500 else UnexpectedResponse


def _refused(code: str, text: str, operation: str) -> str:
    """Say what is wrong with the credentials or their rights; empty where it is not that."""
    if code in _DENIED:
        return _denied(text, operation)
    if code in _EXPIRED:
        return "the AWS credentials have expired: sign in again, or renew them"
    if code in _SKEWED or (code in _CREDENTIAL and "Signature expired" in text):
        return "AWS finds this machine's clock wrong: set it"
    return f"AWS does not take the credentials: {text}" if code in _CREDENTIAL else ""


def _denied(text: str, operation: str) -> str:
    """Say in one sentence whose policy lacks what."""
    if (found := _REFUSED.search(text)) is not None:
        principal, action, resource = found.groups()
        place = f" on {resource}" if resource else ""
        if "explicit deny" in text:
            return f"{principal} may not {action}{place}: lift the explicit deny"
        trust = ", and in the role's trust policy" if action == "sts:AssumeRole" else ""
        return f"{principal} may not {action}{place}: allow it in its IAM policy{trust}"
    needed = " and ".join(actions_of(operation))
    return f"{text}; allow {needed} in the IAM policy" if needed else text


def _words(error: aws.ClientError, told: Mapping[str, Any]) -> str:
    """Give the reason: Route 53 tells that of a batch in a list of messages of its own."""
    several = error.response.get("messages")
    rows = [str(row) for row in several] if isinstance(several, list) else []
    return "; ".join(rows) or _first_line(
        str(told.get("Message") or told.get("message") or "no reason was given")
    )


def _first_line(text: str) -> str:
    """Leave out what may hold secrets: the string that AWS would have signed names the session's token (docs:
    IAM, "Troubleshoot Signature Version 4"), and botocore cites all of an answer that it cannot read."""
    return text.strip().partition("\n")[0]


def _after(answer: Mapping[str, Any]) -> float | None:
    try:
        return max(0.0, float(answer["HTTPHeaders"]["retry-after"]))
    except (KeyError, TypeError, ValueError):
        return None


def _number(status: object) -> int | None:
    return status if isinstance(status, int) else None


# -- what boto3 finds before it asks
def _from_settings(error: aws.BotoCoreError) -> ProviderError | None:
    words = next((words for types, words in _BEFORE if isinstance(error, types)), "")
    return AuthError(words.format(error)) if words else None
