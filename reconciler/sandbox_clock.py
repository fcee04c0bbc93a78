"""The sandbox's time: tdr takes part in it over the sandbox's control API.

One connection is held for as long as tdr takes part (`POST /clock/join`). When no thread of tdr works,
`POST /clock/wait` asks for the earliest deadline; the sandbox answers when all that take part wait, or
when the time has come by itself. Protocol: docs/sandbox.md.
"""

from __future__ import annotations

import contextlib
import json
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from reconciler.clock import URL_VARIABLE, Bell, ParkingClock
from reconciler.errors import NetworkError

if TYPE_CHECKING:
    import socket

ANSWER_TIMEOUT_S: Final = 10.0
LIFE_CHECK_S: Final = 10.0
PAUSE_S: Final = 0.01
_TROUBLE: Final = (OSError, HTTPException, ValueError, LookupError, TypeError)


class _StillWaitingError(Exception):
    """The sandbox has not yet seen that our wait before this one was given up."""


class SandboxClock(ParkingClock):
    """A clock that goes as the sandbox's goes, together with every other process that takes part.

    Raises NetworkError when nothing answers at `url`; later, whoever waits gets one when the sandbox
    goes away.
    """

    def __init__(self, url: str) -> None:
        self._seat = _Seat(url)
        super().__init__(self._seat.now, self._seat.advance, flows=True)

    def close(self) -> None:
        """Stop, and take no more part in the sandbox's time."""
        super().close()
        self._seat.close()


class _Seat:
    """One participant of the sandbox's clock."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host, self._port = _address(url)
        self._id, now, self._held = self._join()
        self._at = (now, time.monotonic())

    def now(self) -> float:
        """Give the sandbox's time, carried on at real speed since it was last told."""
        told, when = self._at
        return told + (time.monotonic() - when)

    def advance(self, until: float, bell: Bell) -> float:
        """Wait for this time in the sandbox; come back early when the bell rings."""
        connection = self._request("POST", "/clock/wait", {"id": self._id, "until": until})
        try:
            if not self._answered(connection.sock, bell):
                connection.close()  # the sandbox takes that as the end of the wait
                return self._set(self._told("GET", "/clock"))
            return self._set(self._answer(connection))
        except _StillWaitingError:
            bell.wait(PAUSE_S)
            return self.now()
        finally:
            connection.close()

    def close(self) -> None:
        """Leave: the sandbox sees the held connection end."""
        self._held.close()

    def _answered(self, answer: socket.socket, bell: Bell) -> bool:
        """Wait for the answer; False means that the bell rang first."""
        while True:
            rang, ready = bell.wait(LIFE_CHECK_S, answer, self._held.socket)
            if self._held.socket in ready and self._held.has_ended():
                raise self._gone("it ended the connection")
            if rang or answer in ready:
                return answer in ready
            self._told("GET", "/clock")  # nothing for long: is anybody there?

    def _set(self, now: float) -> float:
        self._at = (max(now, self.now()), time.monotonic())
        return self.now()

    def _join(self) -> tuple[int, float, _Held]:
        connection = self._request("POST", "/clock/join", {})
        sock = connection.sock
        try:
            response = connection.getresponse()
            told = _object(response.status, response.readline())
            return int(told["id"]), float(told["now"]), _Held(connection, response, sock)
        except _TROUBLE as error:
            connection.close()
            raise self._gone(_why(error)) from error

    def _told(self, method: str, path: str) -> float:
        connection = self._request(method, path, None)
        try:
            return self._answer(connection)
        finally:
            connection.close()

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> HTTPConnection:
        connection = HTTPConnection(self._host, self._port, timeout=ANSWER_TIMEOUT_S)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._gone(_why(error)) from error
        return connection

    def _answer(self, connection: HTTPConnection) -> float:
        try:
            response = connection.getresponse()
            if response.status == 409:
                raise _StillWaitingError
            return float(_object(response.status, response.read())["now"])
        except _TROUBLE as error:
            raise self._gone(_why(error)) from error

    def _gone(self, why: str) -> NetworkError:
        return NetworkError(
            f"the sandbox at {self._url} gives no time: {why}. "
            f"Start it again (tdr sandbox up), or unset {URL_VARIABLE} to work on real time."
        )


class _Held:
    """The connection that says: we take part."""

    def __init__(self, connection: HTTPConnection, response: Any, sock: socket.socket) -> None:
        self._connection = connection
        self._response = response
        self.socket = sock

    def has_ended(self) -> bool:
        """Read what came; nothing but the end of the connection means that it ended."""
        try:
            return not self._response.readline()
        except (OSError, HTTPException):
            return True

    def close(self) -> None:
        """End the connection."""
        self._response.close()
        self._connection.close()
        self.socket.close()


def _object(status: int, text: bytes) -> dict[str, Any]:
    """Read one JSON answer; ValueError says what it was instead."""
    if status != 200:
        raise ValueError(f"it answered {status} {text[:200].decode(errors='replace').strip()}")
    told = json.loads(text)
    if not isinstance(told, dict):
        raise TypeError(f"it answered {text[:200]!r}")
    return told


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _address(url: str) -> tuple[str, int]:
    with contextlib.suppress(ValueError):  # the port is no number: the same complaint
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname and parts.port:
            return parts.hostname, parts.port
    raise NetworkError(f"{URL_VARIABLE} is {url!r}; it has to be the sandbox's address, http://HOST:PORT")
