"""The one HTTP client of every provider that speaks REST without an SDK.

It sends one request and gives one answer: no retry, no waiting, no redirect followed. What a vendor's
status means is said here once (`Client.refusal`); the words come from the vendor's own module. Secrets
are cut out of every text before it can reach an error.
"""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    NetworkError,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

USER_AGENT: Final = "tdr-reconciler"
CONNECTIONS: Final = 32
"""The most connections that one client keeps: httpx slows down beyond that many at a time."""

TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
EXCERPT_CHARS: Final = 400
REDACTED: Final = "[secret]"
REQUEST_ID_HEADERS: Final = ("x-request-id", "request-id", "x-amzn-requestid", "x-ms-request-id")

_MEANING: Final[Mapping[int, type[ProviderError]]] = {
    **dict.fromkeys((401, 403), AuthError),
    **dict.fromkeys((400, 402, 404, 410, 413, 415, 422), InvalidRequest),
    **dict.fromkeys((409, 412), Conflict),
    **dict.fromkeys((408, 425), Unavailable),
}

# Nothing of the request can have reached the vendor.
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (names in lower case), the text and, where it is JSON, its value."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """The vendor's id of the request, empty where it gives none."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), "")

    @property
    def retry_after_s(self) -> float | None:
        """What `Retry-After` asks for, in seconds; a date counts from the answer's own `Date`."""
        asked = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d{1,9}", asked):
            return float(asked)
        then, now = _moment(asked), _moment(self.headers.get("date", ""))
        return None if then is None or now is None else max(0.0, then - now)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Redaction:
    """Cuts secrets, control characters and excess length out of a text that people will read."""

    secrets: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        forms = {form for secret in self.secrets for form in (secret, quote(secret, safe="")) if form}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, REDACTED)
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= EXCERPT_CHARS else f"{line[: EXCERPT_CHARS - 1]}…"


def credential(value: str, name: str) -> str:
    """Return a credential fit for a header. Raises AuthError, without the value, for what cannot be one."""
    stripped = value.strip()
    if not stripped:
        raise AuthError(f"{name} is empty")
    if not (stripped.isascii() and stripped.isprintable()) or " " in stripped:
        raise AuthError(
            f"{name} holds characters that no credential has; set it again, without quotes or breaks"
        )
    return stripped


class Client:
    """A vendor's REST API at one base URL. Thread-safe.

    headers    sent with every request
    secrets    what may stand in no text
    ca_file    PEM of a further authority to trust, or None
    transport  replaces the network, for tests

    Raises NetworkError where the file of authorities cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        secrets: Iterable[str] = (),
        ca_file: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.clean = Redaction(tuple(secrets))
        self._http = httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **headers},
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            verify=_trust(self.base_url, ca_file),
            follow_redirects=False,
            # A proxy of the environment is for the vendors, never for an address of this machine.
            trust_env=not _is_loopback(self.base_url),
            transport=transport,
        )
        # Connections end with their owner, so that no socket is left to the interpreter.
        self._finalizer = weakref.finalize(self, self._http.close)

    def close(self) -> None:
        """End all connections; a second time does nothing."""
        self._finalizer()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to one request, whatever its status.

        `body` is sent as JSON, `form` in its place as the fields of a form; with None of both, no body is.

        Raises Unavailable where there is no answer, InvalidRequest where the address is none.
        """
        try:
            got = self._http.request(
                method, f"{self.base_url}{path}", json=body, data=form, headers=headers, params=params
            )
            return Answer(got.status_code, _lowered(got.headers), got.text, _json(got.text))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise InvalidRequest(
                f"{self.base_url} is no address of an API: {self.clean(str(error))}"
            ) from error
        except httpx.RequestError as error:
            raise Unavailable(self._failure(error), sent=not isinstance(error, _UNSENT)) from error

    def _failure(self, error: httpx.RequestError) -> str:
        host = self.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        if isinstance(error, httpx.TimeoutException):
            return f"{host} did not answer in time ({type(error).__name__})"
        return f"no answer from {host}: {self.clean(str(error)) or type(error).__name__}"

    def refusal(self, answer: Answer, words: str = "", *, rights: str = "") -> ProviderError:
        """Return what an answer that is no success means, in our tree.

        words   what the vendor says, from its own error format; the raw text where empty
        rights  for 401 and 403: what the credential needs
        """
        said = self.clean(words or answer.text) or "no explanation"
        text = f"{said} (HTTP {answer.status})"
        context: dict[str, Any] = {"request_id": self.clean(answer.request_id), "status": answer.status}
        if answer.status == 429:
            return RateLimited(text, retry_after_s=answer.retry_after_s, **context)
        if answer.status >= 500:
            return Unavailable(text, retry_after_s=answer.retry_after_s, **context)
        if answer.status in _MEANING:
            advice = f"; {rights}" if rights and answer.status in (401, 403) else ""
            return _MEANING[answer.status](f"{text}{advice}", **context)
        return self.unexpected(answer, said)

    def unexpected(self, answer: Answer, what: str) -> UnexpectedResponse:
        """Return the error for an answer that the vendor's documentation does not know."""
        return UnexpectedResponse(
            f"{self.clean(what)} (HTTP {answer.status} from {self.base_url})",
            request_id=self.clean(answer.request_id),
            status=answer.status,
        )


def _lowered(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _json(text: str) -> Any:
    """Return the JSON value of text, None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trust(url: str, ca_file: str | None) -> ssl.SSLContext | bool:
    """Return whom to trust; over plain http nobody is asked, and loading authorities would only take time."""
    if url.startswith("http://"):
        return False
    if not ca_file:
        return True
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise NetworkError(
            f"TDR_CA_FILE: {ca_file} holds no certificates that can be read ({error})"
        ) from error
    return context
