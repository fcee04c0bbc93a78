"""What each exception of Google's clients means in tdr's tree; nothing secret is told.

Imports them: only for those who raised one.
"""

from __future__ import annotations

from typing import Any, Final

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from providers._http import Redaction
from providers.google.refusals import refusal
from reconciler.errors import (
    AuthError,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

_UNSENT: Final = (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)
_NOWHERE: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_UNREADABLE: Final = (requests.exceptions.ContentDecodingError, requests.exceptions.JSONDecodeError)
_clean: Final = Redaction()


def translate(error: Exception) -> ProviderError | None:
    """Tell what an exception means; None for what is a bug."""
    if isinstance(error, api.GoogleAPIError):
        return from_api(error)
    if isinstance(error, auth.GoogleAuthError):
        return _from_credentials(error)
    return _from_wire(error) if isinstance(error, requests.exceptions.RequestException) else None


def from_api(error: api.GoogleAPIError, project: str = "") -> ProviderError:
    """Tell what an error of the SDK's means; who knows the project has it named."""
    if not isinstance(error, api.GoogleAPICallError) or error.code is None:
        return Unavailable(f"no answer from Google: {_clean(str(error))}")
    answer: Any = error.response
    headers = {k.lower(): v for k, v in answer.headers.items()} if answer is not None else {}
    body = {"error": {"message": error.message, "errors": list(error.errors or ())}}
    return refusal(int(error.code), _json(answer) or body, headers=headers, project=project)


def _json(answer: Any) -> Any:
    try:
        return answer.json() if answer is not None else None
    except ValueError:
        return None


def _from_credentials(error: auth.GoogleAuthError) -> ProviderError:
    """What google-auth finds before a call is made. Its second argument cites answers: that is left out."""
    said = _clean(str(error.args[0] if error.args else type(error).__name__))
    if isinstance(error, auth.TransportError):
        return Unavailable(f"no answer from where Google gives tokens: {said}", sent=False)
    if isinstance(error, auth.RefreshError) and error.retryable:
        return RateLimited(f"Google gives no token now: {said}")
    if isinstance(error, auth.ReauthFailError):
        return AuthError(f"the sign-in to Google has ended: gcloud auth application-default login ({said})")
    if isinstance(error, auth.RefreshError):
        return AuthError(f"Google gives no token for these credentials: {said}")
    if isinstance(error, auth.DefaultCredentialsError):
        return AuthError(
            f"no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth "
            f"application-default login ({said})"
        )
    return AuthError(f"the Google credentials cannot be used: {said}")


def _from_wire(error: requests.exceptions.RequestException) -> ProviderError:
    said = _clean(str(error)) or type(error).__name__
    if isinstance(error, _NOWHERE):
        return InvalidRequest(f"no address of an API: {said}")
    if isinstance(error, _UNREADABLE):
        return UnexpectedResponse(f"unreadable answer from Google: {said}")
    if isinstance(error, requests.exceptions.Timeout):
        return Unavailable(
            f"Google did not answer in time ({type(error).__name__})", sent=not isinstance(error, _UNSENT)
        )
    return Unavailable(f"no answer from Google: {said}", sent=not isinstance(error, _UNSENT))
