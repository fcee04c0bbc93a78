"""The kernel of the sandbox: clock, API listeners, DNS, certificates, edges; it knows no vendor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from aiohttp import web

from providers.sandbox.ca import Authority, Certificate
from providers.sandbox.contract import Limiting, RateLimit, Switch
from providers.sandbox.fetch import Fetched
from providers.sandbox.http1 import EdgeRequest, EdgeResponse, Headers
from providers.sandbox.resolver import Resolved
from providers.sandbox.zone import Zone


class Kernel:
    """What an emulator is given. All of it runs on one event loop in one thread: no locks."""

    ca: Authority

    def now(self) -> float:
        """Give sandbox time, unix seconds."""
        raise NotImplementedError

    def api(
        self,
        vendor: str,
        listener: str,
        routes: Iterable[web.RouteDef],
        *,
        prefix: str = "",
        limiting: Limiting | None = None,
    ) -> str:
        """Bind an API base on a free loopback port and return its URL, `prefix` included.

        Paths of `routes` come after `prefix`. What no route matches answers 501 and is remembered.
        """
        raise NotImplementedError

    def edge(
        self,
        address: str,
        *,
        vendor: str,
        tls: Callable[[str | None], Certificate | None],
        handle: Callable[[EdgeRequest], Awaitable[EdgeResponse]],
        ports: tuple[int, ...] = (443, 80),
    ) -> None:
        """Serve a documentation address; `tls` None refuses the handshake with unrecognized_name."""
        raise NotImplementedError

    def add_zone(self, zone: Zone) -> Zone:
        """Serve a zone on its servers, and delegate it from its parent."""
        raise NotImplementedError

    def remove_zone(self, zone: Zone) -> None:
        """Serve it no more."""
        raise NotImplementedError

    def register_switch(self, switch: Switch) -> None:
        """Make a switch known; the world's setting, if any, is taken."""
        raise NotImplementedError

    def switch(self, name: str) -> str:
        """Give a switch's present setting."""
        raise NotImplementedError

    def resolve(self, name: str, rtype: str, *, fresh: bool = False) -> Resolved:
        """Ask the recursive resolver; `fresh` goes around its cache (as a certificate authority does)."""
        raise NotImplementedError

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers = (),
        body: bytes = b"",
        connect_to: str | None = None,
        sni: str | None = None,
        verify: bool = True,
        follow: bool = False,
        timeout_s: float = 10.0,
        source: str = "192.0.2.201",
        fresh: bool = False,
    ) -> Fetched:
        """Fetch through the sandbox's DNS and network, really over loopback TCP and TLS.

        `connect_to` is a host name or address to connect to instead of the URL's; Host is the URL's unless
        `headers` has one; `sni` is the URL's host unless given, and is the name that `verify` checks.
        Raises `FetchError`.
        """
        raise NotImplementedError
