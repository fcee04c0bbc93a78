"""Fetching through the sandbox's own DNS and network map, really over loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urljoin, urlsplit

from providers.sandbox.ca import Authority
from providers.sandbox.http1 import (
    MAX_HEAD_BYTES,
    BadMessageError,
    Headers,
    header,
    read_body,
    read_head,
    request_bytes,
    split_status_line,
)
from providers.sandbox.resolver import Resolved

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchError(Exception):
    """A fetch that got no answer. `stage` is one of dns, connect, tls, timeout, protocol."""

    def __init__(self, stage: str, message: str) -> None:
        """Keep the stage beside the message."""
        super().__init__(message)
        self.stage = stage


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: the last one where redirects were followed."""

    url: str
    status: int
    headers: Headers
    body: bytes
    certificate: bytes | None  # the peer's, DER; None over http

    def header(self, name: str, default: str = "") -> str:
        """Give the first value of a header, by name in any case."""
        return header(self.headers, name, default)


class FetchOptions(TypedDict, total=False):
    """What a fetch may be told; each has a default."""

    method: str  # GET
    headers: Headers  # Host is the URL's unless one stands here
    body: bytes
    connect_to: str | None  # host name or address to connect to instead of the URL's
    sni: str | None  # name for the handshake, which `verify` checks; the URL's host by default
    verify: bool  # True: the chain and the name; False: anything
    follow: bool  # False; True follows up to 5 redirects
    timeout_s: float  # 10 real seconds for all
    source: str  # address that the other side sees; 192.0.2.201
    fresh: bool  # False; True goes around the resolver's cache


class Fetcher:
    """Resolves, connects through the network map, and speaks HTTP/1.1."""

    def __init__(
        self,
        resolve: Callable[[str, str, bool], Resolved],
        network: Mapping[str, str],
        ca: Authority,
        sources: dict[int, str],
    ) -> None:
        """Take the seams: `sources` tells edges whom a connection stands for."""
        self._resolve = resolve
        self._network = network
        self._sources = sources
        self._contexts = {verify: ca.client_context(verify=verify) for verify in (True, False)}

    async def fetch(self, url: str, options: FetchOptions) -> Fetched:
        """Fetch a URL. Raises `FetchError`."""
        try:
            async with asyncio.timeout(options.get("timeout_s", 10.0)):
                return await self._follow(url, options)
        except TimeoutError as error:
            raise FetchError("timeout", f"{url}: no answer in time") from error

    async def _follow(self, url: str, options: FetchOptions) -> Fetched:
        fetched = await self._once(url, options)
        for _ in range(_MOST_REDIRECTS if options.get("follow") else 0):
            if fetched.status not in _REDIRECTS or not fetched.header("location"):
                break
            fetched = await self._once(urljoin(fetched.url, fetched.header("location")), _onward(options))
        return fetched

    async def _once(self, url: str, options: FetchOptions) -> Fetched:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._address(options.get("connect_to") or host, fresh=options.get("fresh", False))
        context = self._contexts[options.get("verify", True)] if parts.scheme == "https" else None
        reader, writer = await self._connect(address, port, context, options.get("sni") or host)
        # Asked for now: a transport that the peer has closed knows nothing any more.
        own_port, tls = writer.get_extra_info("sockname")[1], writer.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls else None
        self._sources[own_port] = options.get("source", "192.0.2.201")
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            default_port = parts.port is None or parts.port in (80, 443)
            headers = _with_host(options.get("headers", ()), host if default_port else f"{host}:{port}")
            method = options.get("method", "GET")
            writer.write(request_bytes(method, target, headers, options.get("body", b"")))
            status, answered, body = await _answer(reader, method)
        except (BadMessageError, ConnectionError, ssl.SSLError) as error:
            raise FetchError("protocol", f"{url}: {error}") from error
        finally:
            self._sources.pop(own_port, None)
            writer.close()
        return Fetched(url, status, answered, body, certificate)

    def _address(self, host: str, *, fresh: bool) -> str:
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            resolved = self._resolve(host, "A", fresh)
        addresses = resolved.values("A") or self._resolve(host, "AAAA", fresh).values("AAAA")
        if not addresses:
            reason = "no address" if resolved.rcode == "NOERROR" else resolved.rcode
            raise FetchError("dns", f"{host} does not resolve: {reason}")
        return addresses[0]

    async def _connect(
        self, address: str, port: int, context: ssl.SSLContext | None, sni: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loopback = self._network.get(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
        if loopback is None:
            raise FetchError("connect", f"nothing listens at {address}:{port}")
        host, _, mapped = loopback.partition(":")
        name = sni if context else None
        try:
            return await asyncio.open_connection(
                host, int(mapped), ssl=context, server_hostname=name, limit=MAX_HEAD_BYTES
            )
        except ssl.SSLError as error:
            raise FetchError("tls", f"{sni} at {address}:{port}: {error.reason or error}") from error
        except OSError as error:
            stage = "tls" if context else "connect"
            raise FetchError(stage, f"{address}:{port}: {error}") from error


async def _answer(reader: asyncio.StreamReader, method: str) -> tuple[int, Headers, bytes]:
    status = 100
    headers: Headers = ()
    while status < 200:  # skip 100 Continue
        head = await read_head(reader)
        if head is None:
            raise BadMessageError("the connection closed without an answer")
        status, headers = split_status_line(head[0]), head[1]
    if method == "HEAD" or status in (204, 304):
        return status, headers, b""
    return status, headers, await read_body(reader, headers, to_end=True)


def _with_host(headers: Headers, host: str) -> Headers:
    hosted = () if header(headers, "host") else (("Host", host),)
    closed = () if header(headers, "connection") else (("Connection", "close"),)
    return (*hosted, *headers, *closed)


def _onward(options: FetchOptions) -> FetchOptions:
    """Give the options for a redirect's target: what was meant for the first host stays behind."""
    onward = options.copy()
    onward["connect_to"], onward["sni"] = None, None
    onward["headers"] = tuple(pair for pair in options.get("headers", ()) if pair[0].lower() != "host")
    return onward
