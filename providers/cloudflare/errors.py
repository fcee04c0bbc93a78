"""What each answer and each exception of the SDK means in tdr's tree: status first, code second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import cloudflare
import httpx

from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

# A record that is there already, one that excludes it, one that is gone: what the call rested on moved.
_MOVED_CODES = frozenset({81044, 81053, 81054, 81056, 81057, 81058})
_CREDENTIAL_CODES = frozenset({6003, 6111, 9106, 9109, 10000, 10001})
# docs: "Status codes - Custom hostnames": no quota, quota exceeded, metadata and custom origins not granted.
_PLAN_CODES = frozenset({1404, 1405, 1413, 1414})
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def translate(error: Exception) -> ProviderError | None:
    """Tell what an exception means; None for what is a bug."""
    if isinstance(error, cloudflare.APIStatusError):
        return from_status(error.response, error.body)
    if isinstance(error, cloudflare.APIConnectionError):
        return _from_connection(error)
    if isinstance(error, cloudflare.CloudflareError):
        return UnexpectedResponse(str(error))
    return None


def _from_connection(error: cloudflare.APIConnectionError) -> ProviderError | None:
    cause = error.__cause__
    if isinstance(cause, httpx.TransportError):
        text = str(cause) or type(cause).__name__
        return Unavailable(f"no answer from Cloudflare: {text}", sent=not isinstance(cause, _NEVER_SENT))
    if isinstance(cause, httpx.HTTPError):
        return UnexpectedResponse(f"unreadable answer from Cloudflare: {cause}")
    return None


def from_status(response: httpx.Response, body: object) -> ProviderError:
    """Tell what a refusal means; `body` is the decoded JSON, or text where it is none."""
    status = response.status_code
    codes, text = _told(body)
    message = text or f"HTTP status {status} without a reason"
    request_id = response.headers.get("cf-ray", "")
    after = _seconds(response.headers.get("retry-after"))
    if status == 429:
        return RateLimited(message, retry_after_s=after, request_id=request_id, status=status)
    if status >= 500 or status == 408:
        return Unavailable(message, retry_after_s=after, request_id=request_id, status=status)
    return _kind(status, codes, text)(message, request_id=request_id, status=status)


def _kind(status: int, codes: frozenset[int], text: str) -> type[ProviderError]:
    if status == 403 and ("not entitled" in text or codes & _PLAN_CODES):
        return InvalidRequest  # the plan's limit, not the token's
    if status in {401, 403} or (status == 400 and codes & _CREDENTIAL_CODES):
        return AuthError
    if status in {409, 412} or codes & _MOVED_CODES:
        return Conflict
    return InvalidRequest if 400 <= status < 500 else UnexpectedResponse


def _told(body: object) -> tuple[frozenset[int], str]:
    """Give the codes of an error envelope and its words; a page of HTML is not repeated."""
    if not isinstance(body, Mapping):
        return frozenset(), ""
    problems = list(_problems(body.get("errors") or ()))
    codes = frozenset(int(p["code"]) for p in problems if str(p.get("code", "")).isdigit())
    return codes, "; ".join(_words(p) for p in problems)


def _problems(errors: object) -> Iterator[Mapping[str, Any]]:
    """Yield each error and below it the causes of its chain."""
    for each in errors if isinstance(errors, list) else ():
        if isinstance(each, Mapping):
            yield each
            yield from _problems(each.get("error_chain"))


def _words(problem: Mapping[str, Any]) -> str:
    source = problem.get("source")
    pointer = source.get("pointer") if isinstance(source, Mapping) else None
    place = f" at {pointer}" if pointer else ""
    return f"{problem.get('message') or 'no message'}{place} (code {problem.get('code')})"


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
