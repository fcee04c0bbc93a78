"""What a refusal of Google's means in tdr's tree: its reason first, the HTTP status second. Pure.

docs: Google Cloud APIs, "Errors" (`error.errors[].reason`, and ErrorInfo in `error.details`); Compute Engine,
"Rate quotas" (403 rateLimitExceeded, given anew with the next minute).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from providers._http import Redaction
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

NOT_FOUND: Final = "notFound"
_EXISTS: Final = "alreadyexists"
IN_USE: Final = "resourceInUseByAnotherResource"
_MINUTE_S: Final = 60.0
_RATES: Final = frozenset({"ratelimitexceeded", "userratelimitexceeded"})
_QUOTAS: Final = frozenset({"quotaexceeded", "resourceexhausted"})
_DISABLED: Final = frozenset({"servicedisabled", "accessnotconfigured"})
_BUSY: Final = frozenset({"resourcenotready", "resourceoperationrateexceeded"})
_IN_USE: Final = frozenset({"resourceinusebyanotherresource", "resourceinuse"})
_REASON: Final = re.compile(r"\((\w+)\)(?:;|$)")
_SERVICE: Final = re.compile(r"\b([a-z]+\.googleapis\.com)\b")
_PERMISSION: Final = re.compile(r"'([a-z]+(?:\.\w+){2,})'", re.ASCII)
_clean: Final = Redaction()


def reason_of(error: ProviderError) -> str:
    """Give Google's reason of a refusal, such as `alreadyExists`; empty where it gave none."""
    found = _REASON.search(error.message)
    return found[1] if found else ""


def is_gone(error: ProviderError) -> bool:
    """Tell whether Google knows of no such thing."""
    return error.status == 404


def is_taken(error: ProviderError) -> bool:
    """Tell whether something of that name is there already."""
    return _spelt(reason_of(error)) == _EXISTS


def is_in_use(error: ProviderError) -> bool:
    """Tell whether something stays because something else uses it."""
    return _spelt(reason_of(error)) in _IN_USE


def refusal(
    status: int, body: Any, *, headers: Mapping[str, str] | None = None, project: str = ""
) -> ProviderError:
    """Return what an answer that is no success means.

    body  the answer's JSON value, None where it is none; headers with names in lower case
    """
    told = body.get("error") if isinstance(body, Mapping) else None
    told = told if isinstance(told, Mapping) else {}
    reasons = tuple(_reasons(told))
    words = _clean("; ".join(filter(None, (told.get("message"), *_fields(told))))) or "no explanation"
    made = _judged(status, reasons, words, told, project)
    made.status = status
    made.request_id = _clean((headers or {}).get("x-goog-request-id", ""))
    if isinstance(made, RateLimited):
        made.retry_after_s = _next_minute_s(headers or {})
    elif isinstance(made, Unavailable):
        made.retry_after_s = _told_s(headers or {})
    return made


def operation_error(native: Mapping[str, Any], project: str = "") -> ProviderError | None:
    """Return what a finished operation failed with; None where it did what it was to.

    docs: Operation, `error.errors[]` with `code`, and `httpErrorStatusCode`.
    """
    told = native.get("error")
    status = native.get("httpErrorStatusCode")
    if not told and not status:
        return None
    rows = [row for row in (told or {}).get("errors") or () if isinstance(row, Mapping)]
    words = "; ".join(str(row.get("message") or row.get("code")) for row in rows[:3])
    words = words or str(native.get("httpErrorMessage") or "")
    body = {"message": words, "errors": [{"reason": row.get("code")} for row in rows]}
    made = refusal(int(status or 400), {"error": body}, project=project)
    made.operation = str(native.get("name") or "")
    return made


# -- what it means
def _judged(
    status: int, reasons: tuple[str, ...], words: str, told: Mapping[str, Any], project: str
) -> ProviderError:
    said = f"{words} ({reasons[0]})" if reasons else f"{words} (HTTP {status})"
    spelt = {_spelt(reason) for reason in reasons}
    if spelt & _DISABLED:
        return AuthError(_disabled(words, told, project))
    if spelt & _RATES or (status == 429 and not spelt & _QUOTAS) or (spelt & _QUOTAS and _is_rate(words)):
        return RateLimited(said)
    if spelt & _QUOTAS or status == 429:
        return InvalidRequest(f"{said}; raise the project's quota, or remove what is not needed")
    if spelt & _BUSY:
        return NotReady(said)
    return _by_status(status, spelt, said, told)


def _by_status(status: int, spelt: set[str], said: str, told: Mapping[str, Any]) -> ProviderError:
    if status == 401:
        return AuthError(f"Google does not take the credentials: {said}")
    if status == 403:
        return AuthError(_denied(said, told))
    if status >= 500 or status == 408:
        return Unavailable(said)
    if status in (409, 412) or spelt & _IN_USE:
        return Conflict(said)
    return (InvalidRequest if 400 <= status < 500 else UnexpectedResponse)(said)


def _spelt(reason: str) -> str:
    """Give a reason as both ways of writing it have it: `RATE_LIMIT_EXCEEDED`, `rateLimitExceeded`."""
    return reason.replace("_", "").lower()


def _is_rate(words: str) -> bool:
    return "per minute" in words.lower()


def _disabled(words: str, told: Mapping[str, Any], project: str) -> str:
    """Say which API is to be enabled, and how."""
    named = _metadata(told).get("service") or next(iter(_SERVICE.findall(words)), "")
    where = f" in project {project}" if project else ""
    if not named:
        return f"an API is not enabled{where}: {words}"
    place = f" --project {project}" if project else ""
    return f"{named} is not enabled{where}: gcloud services enable {named}{place}"


def _denied(said: str, told: Mapping[str, Any]) -> str:
    """Say which permission is missing, where Google names it."""
    found = _PERMISSION.search(str(told.get("message") or ""))
    named = _metadata(told).get("permission") or (found[1] if found else "")
    return f"{said}; grant a role with {named}" if named else said


def _reasons(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reasons, the most telling first: the status (`PERMISSION_DENIED`) says the least."""
    for row in (*_rows(told, "details"), *_rows(told, "errors")):
        reason = row.get("reason")
        if isinstance(reason, str) and re.fullmatch(r"\w+", reason, re.ASCII):
            yield reason
    if isinstance(told.get("status"), str):
        yield str(told["status"])


def _rows(told: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    rows = told.get(name)
    yield from (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()


def _fields(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with which member: the message itself may say no more than `Validation failed`.

    docs: google.rpc.BadRequest, `fieldViolations`.
    """
    for row in _rows(told, "details"):
        for wrong in _rows(row, "fieldViolations"):
            yield f"{wrong.get('field')}: {wrong.get('description')}"


def _metadata(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what ErrorInfo tells besides its reason."""
    found: dict[str, str] = {}
    for row in _rows(told, "details"):
        more = row.get("metadata")
        found |= {str(k): str(v) for k, v in more.items()} if isinstance(more, Mapping) else {}
    return found


def _next_minute_s(headers: Mapping[str, str]) -> float:
    """Return the seconds until the next minute begins, by the answer's own clock."""
    told_s = _told_s(headers)
    if told_s is not None:
        return told_s
    pass_s = _second(headers.get("date", ""))
    return _MINUTE_S if pass_s is None else _MINUTE_S - pass_s


def _told_s(headers: Mapping[str, str]) -> float | None:
    """Return how long the answer asks to wait, None where it does not."""
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _second(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() % _MINUTE_S
    except (TypeError, ValueError, OverflowError):
        return None
