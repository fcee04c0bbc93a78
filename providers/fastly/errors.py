"""What each answer of Fastly's means in tdr's tree, and what its refusals say. Pure.

docs: Fastly API, "Rate limiting" (Fastly-RateLimit-Remaining, Fastly-RateLimit-Reset in epoch seconds);
the service API refuses with `{msg, detail}`, the TLS and the domain API with `{errors: [{title, detail}]}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from providers._http import Answer, Client
from reconciler.errors import ProviderError, RateLimited

RESET: Final = "fastly-ratelimit-reset"
_TAKEN: Final = re.compile(r"\btaken\b|\bowned by\b|duplicate|already (exists|in use)", re.IGNORECASE)
_GONE: Final = re.compile(r"is deleted|not found|couldn't find", re.IGNORECASE)
_RIGHTS: Final[Mapping[int, str]] = {
    401: "the API token is unknown or has expired: make a new one",
    403: "the API token needs the scope `global` and a user who may change services and TLS",
}


def words(body: Any) -> str:
    """Return what Fastly says, in either form of its errors; empty where it says nothing."""
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    if isinstance(errors, list):
        return "; ".join(_sentence(item, "title") for item in errors[:3] if item)
    return _sentence(body, "msg")


def _sentence(item: object, head: str) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    said = (item.get(key) for key in (head, "detail"))
    return ": ".join(str(text) for text in said if text)


def error_of(client: Client, answer: Answer) -> ProviderError:
    """Return what an answer that is no success means."""
    made = client.refusal(answer, words(answer.body), rights=_RIGHTS.get(answer.status, ""))
    if isinstance(made, RateLimited) and made.retry_after_s is None:
        made.retry_after_s = reset_after_s(answer.headers)
    return made


def reset_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the hour's writes are given anew, by the answer's own clock; None unsaid."""
    try:
        reset_s = float(headers[RESET])
        return max(0.0, reset_s - parsedate_to_datetime(headers["date"]).timestamp())
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def says_taken(error: ProviderError) -> bool:
    """Tell whether something was refused because its name is taken, here or by another customer."""
    return error.status in (400, 409, 422) and bool(_TAKEN.search(error.message))


def is_held(error: ProviderError) -> bool:
    """Tell whether a domain stays because a TLS subscription names it; tdr's own is gone by then.

    Recorded: fastly/terraform-provider-fastly issue 1141.
    """
    return error.status in (400, 409, 422) and "subscription" in error.message.lower()


def has_no_versionless(error: ProviderError) -> bool:
    """Tell whether an account without versionless domains may refuse so to list them: no source tells how."""
    return error.status in (403, 404, 410)


def says_gone(answer: Answer) -> bool:
    """Tell whether Fastly itself, and not some other server at a wrong address, knows of no such thing.

    A deleted service answers 400 to what is asked of it.
    """
    known = answer.status in (404, 410) or (answer.status == 400 and isinstance(answer.body, Mapping))
    said = words(answer.body)
    return known and bool(said) and (answer.status != 400 or bool(_GONE.search(said)))
