"""Questions to a recursive resolver over HTTPS (RFC 8484): for networks whose port 53 leads nowhere.

What goes wrong is raised as OSError or ValueError, in words for people. Import this module only where such a
resolver is set: it loads an HTTP client.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
import weakref
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import dns.exception
import dns.message
import httpx

from reconciler.net_http import USER_AGENT, trusting
from reconciler.net_settings import CA_FILE, Address, HttpsResolver, NetSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEDIA: Final = "application/dns-message"
MAX_ANSWER_BYTES: Final = 65535
_UNREACHED: Final = (httpx.ConnectError, httpx.ConnectTimeout)


class HttpsQuestions:
    """Asks one resolver, over one connection for all questions. Safe for threads.

    `look_up` gives the addresses of its name; an address in its URL is taken as it is.
    """

    def __init__(
        self, resolver: HttpsResolver, settings: NetSettings, look_up: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._resolver, self._settings, self._look_up = resolver, settings, look_up
        self._found: tuple[str, ...] = ()
        limit = httpx.Timeout(settings.timeouts.resolver_s)
        self._client = httpx.Client(http2=True, verify=trusting(settings), timeout=limit, trust_env=False)
        weakref.finalize(self, self._client.close)
        self._headers = {
            "Host": urlsplit(resolver.url).netloc,
            "Content-Type": MEDIA,
            "Accept": MEDIA,
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
        }

    def ask(self, question: dns.message.QueryMessage) -> dns.message.Message:
        """Ask at the first address that takes a connection. Raises OSError, ValueError."""
        error: httpx.TransportError | None = None
        for address in self._addresses():
            try:
                return self._answered(question, address)
            except _UNREACHED as unreached:
                error = unreached
            except httpx.TransportError as broken:
                raise OSError(_why(broken)) from broken
        raise OSError(_why(error) if error else "its name has no address") from error

    def _addresses(self) -> tuple[str, ...]:
        if not self._found:
            host = self._resolver.host
            self._found = (host,) if _is_address(host) else self._look_up(host)
        return self._found

    def _answered(self, question: dns.message.QueryMessage, address: str) -> dns.message.Message:
        to = self._settings.route(Address(address, self._resolver.port))
        url = httpx.URL(self._resolver.url).copy_with(host=to.ip, port=to.port)
        ends_s = time.monotonic() + self._settings.timeouts.resolver_s
        with self._client.stream(
            "POST",
            url,
            content=question.to_wire(),
            headers=self._headers,
            extensions={"sni_hostname": self._resolver.host},
        ) as response:
            _refuse_unusable(response)
            wire = b"".join(_bounded(response.iter_raw(), ends_s))
        return _message(question, wire)


def _refuse_unusable(response: httpx.Response) -> None:
    if response.status_code != httpx.codes.OK:
        raise ValueError(f"it answered HTTP {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA:
        raise ValueError("its answer is no DNS message: there is no such resolver at this URL")


def _bounded(chunks: Iterator[bytes], ends_s: float) -> Iterator[bytes]:
    """Pass an answer on, as far as one can be: a byte now and then does not keep a question alive."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise ValueError("its answer is longer than a DNS message can be")
        if time.monotonic() > ends_s:
            raise TimeoutError
        yield chunk


def _message(question: dns.message.QueryMessage, wire: bytes) -> dns.message.Message:
    try:
        answer = dns.message.from_wire(wire)
    except dns.exception.DNSException as error:
        raise ValueError("its answer is a broken DNS message") from error
    if not question.is_response(answer):
        raise ValueError("it answered another question")
    return answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _why(error: httpx.TransportError) -> str:
    """Say in plain words why there is no answer."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}; {CA_FILE} may name its authority"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
