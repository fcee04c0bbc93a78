"""A server's end of a connection, plain or TLS.

asyncio's own TLS drops the connection without sending the alert that says why a handshake failed; a client
should see ``unrecognized_name`` here as it does from a real edge.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from providers.sandbox.ca import Certificate
from providers.sandbox.http1 import MAX_HEAD_BYTES

_CHUNK_BYTES = 64 * 1024


class Channel:
    """A plain connection: what came in `reader`, what goes out by `send`."""

    sni: str | None = None

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection as asyncio gives it."""
        self.reader = reader
        self.writer = writer

    @property
    def peer_port(self) -> int:
        """The client's port."""
        return int(self.writer.get_extra_info("peername")[1])

    async def open(self) -> None:
        """Get ready to exchange bytes."""

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def close(self) -> None:
        """Close in good order."""
        self.writer.close()


class TlsChannel(Channel):
    """A TLS connection; `choose` gives the certificate for the name asked for, or None to refuse it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        choose: Callable[[str | None], Certificate | None],
    ) -> None:
        """Nothing is exchanged before `open`."""
        super().__init__(asyncio.StreamReader(limit=MAX_HEAD_BYTES), writer)
        self._raw = reader
        self._choose = choose
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sni_callback = self._named
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._pump: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Shake hands; a refusal is sent as an alert. Raises `ssl.SSLError`, ConnectionError."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._receive()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                break
        await self._flush()
        self._pump = asyncio.ensure_future(self._decrypt())

    async def send(self, data: bytes) -> None:
        """Encrypt and send bytes."""
        self._tls.write(data)
        await self._flush()

    async def close(self) -> None:
        """Say goodbye (close_notify) and close."""
        if self._pump:
            self._pump.cancel()
            try:
                self._tls.unwrap()
            except ssl.SSLError:  # it wants the client's goodbye, which nobody waits for
                self.writer.write(self._outgoing.read())
        self.writer.close()

    def _named(self, tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        self.sni = name
        certificate = self._choose(name.lower() if name else None)
        if certificate is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        tls.context = certificate.context
        return None

    async def _receive(self) -> None:
        data = await self._raw.read(_CHUNK_BYTES)
        if not data:
            raise ConnectionResetError("the client left")
        self._incoming.write(data)

    async def _flush(self) -> None:
        self.writer.write(self._outgoing.read())
        await self.writer.drain()

    async def _decrypt(self) -> None:
        """Feed `reader` with what arrives, until the client ends or breaks off."""
        try:
            while True:
                self._feed()
                await self._flush()
                await self._receive()
        except (ssl.SSLError, ConnectionError):
            self.reader.feed_eof()

    def _feed(self) -> None:
        while True:
            try:
                data = self._tls.read(_CHUNK_BYTES)
            except ssl.SSLWantReadError:
                return
            if not data:
                raise ConnectionResetError("the client said goodbye")
            self.reader.feed_data(data)
