"""One GET to an edge, by address, with the tracking host as SNI and Host; what goes wrong is a value.

The standard library alone: a probe has to connect where it is told, show any certificate, follow
nothing and end in time, whatever the other side does.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from dataclasses import replace
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from reconciler.errors import NetworkError
from reconciler.net_settings import CA_FILE, Address, NetSettings
from reconciler.probe import Probe, ServedCertificate

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BODY_BYTES: Final = 64 * 1024
SHOWN_BODY_BYTES: Final = 4096
SHOWN_HEADER_CHARS: Final = 300
USER_AGENT: Final = "tdr (tracking domain check)"
PORTS: Final = {"https": 443, "http": 80}
_NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which the ssl module does not name
_SHORT: Final = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
}


class HttpProbe:
    """Probes edges as the settings say. Safe for threads."""

    def __init__(self, settings: NetSettings) -> None:
        self._settings = settings

    def probe(self, asked: Probe, addresses: Iterable[str]) -> Probe:
        """GET what `asked` names from the first of these addresses that takes a connection."""
        result = replace(asked, stage="dns", error="it does not resolve")
        for address in addresses:
            result = self._at(replace(asked, address=address, port=asked.port or PORTS[asked.scheme]))
            if result.stage != "connect":
                break
        return result

    @cached_property
    def _trusting(self) -> ssl.SSLContext:
        context = trusting(self._settings)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _at(self, asked: Probe) -> Probe:
        try:
            if asked.scheme == "http":
                return self._get(self._connect(asked), asked)
            try:
                sock = self._handshake(asked, self._trusting)
            except ssl.SSLCertVerificationError as error:
                return self._look_anyway(asked, error.verify_message)
            shown = _certificate(cast("dict[str, Any]", sock.getpeercert()))
            return self._get(sock, replace(asked, tls=sock.version() or "", certificate=shown, verified=True))
        except _StageError as error:
            return replace(asked, stage=error.stage, error=str(error))

    def _look_anyway(self, asked: Probe, verify_error: str) -> Probe:
        """Probe without verifying, so that the report can say what is served instead."""
        sock = self._handshake(asked, _unverifying())
        shown = self._decoded(asked, sock.getpeercert(binary_form=True) or b"")
        tls = sock.version() or ""
        return self._get(sock, replace(asked, tls=tls, certificate=shown, verify_error=verify_error))

    def _decoded(self, asked: Probe, der: bytes) -> ServedCertificate | None:
        """Read an unsound certificate: Python decodes only what it verified, so it is its own anchor here."""
        try:
            with self._handshake(asked, _anchored(der)) as sock:
                return _certificate(cast("dict[str, Any]", sock.getpeercert()))
        except (_StageError, ssl.SSLError):
            return None

    def _connect(self, asked: Probe) -> socket.socket:
        try:
            ip, port = self._settings.route(Address(asked.address, asked.port))
            return socket.create_connection((ip, port), self._settings.timeouts.connect_s)
        except OSError as error:
            raise _StageError("connect", _why(error)) from error

    def _handshake(self, asked: Probe, context: ssl.SSLContext) -> ssl.SSLSocket:
        sock = self._connect(asked)
        try:
            return context.wrap_socket(sock, server_hostname=asked.host)
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, ValueError) as error:  # ValueError: a host that no certificate can name
            raise _StageError("tls", _why(error)) from error
        finally:
            sock.close()  # wrapped or not, this object is done with

    def _get(self, sock: socket.socket, asked: Probe) -> Probe:
        """Send the request and read a bounded answer; closes the socket."""
        head = f"GET {asked.path} HTTP/1.1\r\nHost: {asked.host}\r\nUser-Agent: {USER_AGENT}\r\n"
        with sock:
            try:
                sock.settimeout(self._settings.timeouts.answer_s)
                sock.sendall(f"{head}Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii"))
                timed = _Timed(sock, time.monotonic() + self._settings.timeouts.answer_s)
                with HTTPResponse(cast("socket.socket", timed), method="GET") as response:
                    response.begin()
                    return _told(asked, response, response.read(MAX_BODY_BYTES))
            except (OSError, HTTPException, ValueError) as error:
                return replace(asked, stage="http", error=_why(error))


def trusting(settings: NetSettings) -> ssl.SSLContext:
    """Trust the system's authorities and the one of the environment.

    Raises NetworkError when that one's file cannot be read.
    """
    context = ssl.create_default_context(cafile=_bundled_authorities())
    if settings.ca_file:
        try:
            context.load_verify_locations(settings.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise NetworkError(f"{CA_FILE}: {settings.ca_file}: {_why(error)}") from error
    return context


class _StageError(Exception):
    """A probe ends here; `stage` says how far it came."""

    def __init__(self, stage: str, why: str) -> None:
        super().__init__(why)
        self.stage = stage


class _Timed(io.RawIOBase):
    """A socket's bytes until one deadline for all: a byte now and then does not keep a probe alive."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)

    def makefile(self, *_: object) -> io.BufferedReader:
        """Give what HTTPResponse asks a socket for."""
        return io.BufferedReader(self)


def _told(asked: Probe, response: HTTPResponse, body: bytes) -> Probe:
    if response.length and len(body) < MAX_BODY_BYTES:
        raise HTTPException(f"the answer ends {response.length} bytes too soon")

    def header(name: str) -> str:
        return _printable(response.getheader(name) or "")[:SHOWN_HEADER_CHARS]

    return replace(
        asked,
        status=response.status,
        server=header("server"),
        location=header("location"),
        content_type=header("content-type"),
        robots=header("x-robots-tag"),
        body=body[:SHOWN_BODY_BYTES].decode("utf-8", "replace"),
        body_bytes=len(body),
    )


def _certificate(shown: dict[str, Any]) -> ServedCertificate:
    """Read the dictionary that the ssl module makes of a certificate."""
    subject, issuer = _pairs(shown.get("subject", ())), _pairs(shown.get("issuer", ()))
    return ServedCertificate(
        subject=_spelt(subject),
        common_name=dict(subject).get("CN", ""),
        issuer=_spelt(issuer),
        issuer_organization=dict(issuer).get("O", ""),
        issuer_name=dict(issuer).get("CN", ""),
        names=tuple(_printable(name) for kind, name in shown.get("subjectAltName", ()) if kind == "DNS"),
        not_before=float(ssl.cert_time_to_seconds(shown["notBefore"])),
        not_after=float(ssl.cert_time_to_seconds(shown["notAfter"])),
    )


def _pairs(name: Iterable[Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [(_SHORT.get(key, key), _printable(value)) for part in name for key, value in part]


def _spelt(pairs: list[tuple[str, str]]) -> str:
    return "; ".join(f"{key}={value}" for key, value in pairs)


def _printable(text: str) -> str:
    """Replace what a terminal might obey: this text is the other side's."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _unverifying() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _anchored(der: bytes) -> ssl.SSLContext:
    """Trust exactly this certificate, whatever its name and dates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=der)
    context.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    return context


def _bundled_authorities() -> str | None:
    """Give the bundle of certifi where the system has no authorities at all; None where it has."""
    system = ssl.get_default_verify_paths()
    if system.cafile or (system.capath and any(Path(system.capath).iterdir())):
        return None
    return str(import_module("certifi").where())


def _why(error: Exception) -> str:
    """Say in plain words what went wrong."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _printable(str(error)) or type(error).__name__
