"""What an exception of some octoDNS class means in tdr's tree.

Every class has exceptions and a client of its own, and octoDNS has no tree for them: the HTTP status decides
where one is to be found along the chain of causes, else the words in the exceptions' names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

HIDDEN: Final = "(sensitive value)"
_REQUEST_IDS: Final = ("X-Request-Id", "Cf-Ray", "X-Amzn-RequestId", "X-Ms-Request-Id")
_SHORTEST: Final = 4
_LONGEST: Final = 400
_CHAIN: Final = 8
_PASSWORD: Final = re.compile(r"://[^/@\s]*@")

#: By what stands in the names of the exceptions, the first that fits.
_NAMED: Final = (
    (re.compile(r"RateLimit|Throttl|TooManyRequests|SlowDown"), RateLimited),
    (re.compile(r"Unauthori[sz]ed|Authenti|Authori[sz]ation|Forbidden|AccessDenied|Credential"), AuthError),
    (re.compile(r"Timeout|TimedOut|ConnectionError|ConnectError|5xx|ServerError|Unavailable"), Unavailable),
    (re.compile(r"NotFound|BadRequest|Validation|SupportsException|Unprocessable"), InvalidRequest),
)
_REFUSED: Final = re.compile(r"\b(unauthori[sz]ed|invalid (api )?(key|token)|forbidden)\b", re.IGNORECASE)
_NEVER_SENT: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolution|ConnectionRefused|gaierror"
)


def hiding(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what takes these values, and passwords in URLs, out of a text; numbers such as ports stay."""
    known = {form for one in secrets for form in (one, one.strip(), quote(one, safe=""))}
    # The longest first, so that a value which contains another is hidden whole.
    hidden = sorted((k for k in known if _is_telling(k)), key=lambda k: (-len(k), k))

    def clean(text: str) -> str:
        for one in hidden:
            text = text.replace(one, HIDDEN)
        return _PASSWORD.sub("://", text)

    return clean


def _is_telling(value: str) -> bool:
    return len(value) >= _SHORTEST and not (value.isdigit() and len(value) < 2 * _SHORTEST)


def translate(error: Exception, clean: Callable[[str], str]) -> ProviderError:
    """Tell what an exception means; the text is one line without secrets."""
    chain = tuple(_chain(error))
    meaning = _meaning(error, chain, clean)
    meaning.request_id = clean(next((found for one in chain if (found := _request_id(one))), ""))
    return meaning


def _meaning(error: Exception, chain: Sequence[BaseException], clean: Callable[[str], str]) -> ProviderError:
    text = clean(_told(error, chain))[:_LONGEST]
    status = next((found for one in chain if (found := _status(one)) is not None), None)
    if status is not None and status >= 400:
        return _from_status(status, text, chain)
    names = " ".join(cls.__name__ for one in chain for cls in type(one).__mro__)
    for pattern, kind in _NAMED:
        if pattern.search(names):
            return _unavailable(text, chain) if kind is Unavailable else kind(text)
    if any(isinstance(one, OSError) for one in chain):
        return _unavailable(text, chain)
    return AuthError(text) if _REFUSED.search(text) else UnexpectedResponse(text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(_CHAIN):
        if at is None:
            return
        yield at
        at = at.__cause__ or at.__context__


def _from_status(status: int, text: str, chain: Iterable[BaseException]) -> ProviderError:
    after = next((s for one in chain if (s := _retry_after(one)) is not None), None)
    if status == 429 or _throttled(chain):
        return RateLimited(text, retry_after_s=after, status=status)
    if status >= 500 or status == 408:
        return Unavailable(text, retry_after_s=after, status=status)
    if status in {401, 403}:
        return AuthError(text, status=status)
    return (Conflict if status in {409, 412} else InvalidRequest)(text, status=status)


def _unavailable(text: str, chain: Iterable[BaseException]) -> Unavailable:
    words = " ".join(f"{type(one).__name__} {one}" for one in chain)
    return Unavailable(text, sent=not _NEVER_SENT.search(words))


def _answer(error: BaseException) -> Any:
    return getattr(error, "response", None)


def _status(error: BaseException) -> int | None:
    """Find the status where requests, httpx, botocore, Azure's and Google's clients keep it."""
    answer = _answer(error)
    if isinstance(answer, Mapping):
        found: Any = (answer.get("ResponseMetadata") or {}).get("HTTPStatusCode")
        return found if isinstance(found, int) else None
    for holder, name in (
        (answer, "status_code"),
        (answer, "status"),
        (error, "status_code"),
        (error, "code"),
    ):
        found = getattr(holder, name, None)
        if isinstance(found, int) and 300 <= found < 600:
            return int(found)
    return None


def _throttled(chain: Iterable[BaseException]) -> bool:
    """Tell whether AWS throttles, which it says with status 400."""
    answers = (answer for one in chain if isinstance(answer := _answer(one), Mapping))
    return any("Throttl" in str((answer.get("Error") or {}).get("Code")) for answer in answers)


def _retry_after(error: BaseException) -> float | None:
    headers = getattr(_answer(error), "headers", None)
    value = headers.get("Retry-After") if isinstance(headers, Mapping) else None
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


def _request_id(error: BaseException) -> str:
    headers = getattr(_answer(error), "headers", None)
    found = (headers.get(name) for name in _REQUEST_IDS) if isinstance(headers, Mapping) else ()
    return next((str(value) for value in found if value), "")


def _told(error: BaseException, chain: Iterable[BaseException]) -> str:
    """Put the exception and the vendor's own words into one line."""
    said = " ".join(str(error).split())
    words = next((text for one in chain if (text := _words(_answer(one)))), "")
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return text if not words or words in text else f"{text}: {words}"


def _words(answer: Any) -> str:
    """Return what an error's JSON body says of it, empty where it says nothing that is known."""
    try:
        body = answer.json()
    except (AttributeError, OSError, RuntimeError, TypeError, ValueError):
        return ""
    found = [body.get(key) for key in ("error", "message", "detail")] if isinstance(body, Mapping) else []
    return next((" ".join(text.split()) for text in found if isinstance(text, str) and text), "")
