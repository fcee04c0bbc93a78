"""The kernel of the sandbox: clock, API listeners, DNS, certificates, edges; it knows no vendor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, Unpack

import dns.rcode
import dns.rdatatype
from aiohttp import web

from providers.sandbox.ca import Authority
from providers.sandbox.calls import CallLog
from providers.sandbox.clock import Clock
from providers.sandbox.contract import Emulator, Limiting, RateLimit, SandboxError, Switch, Vendor
from providers.sandbox.edge import Certificates, EdgeHandler, EdgePort
from providers.sandbox.faults import Faults
from providers.sandbox.fetch import Fetched, Fetcher, FetchOptions
from providers.sandbox.limits import Windows
from providers.sandbox.listener import ApiListener, Naming
from providers.sandbox.lookup import Reply
from providers.sandbox.resolver import Resolved, Resolver
from providers.sandbox.switches import Switches
from providers.sandbox.tree import Tree
from providers.sandbox.wire import Answerer, DnsServer
from providers.sandbox.world import PlainZone, check_sections, plain_zones, start_of
from providers.sandbox.zone import Name, NameServer, RdataType, Zone, to_name

#: Of the kernel's folder: the files that variables name.
EXPORTED = "exported"


class _Server(Protocol):
    def close(self) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Kernel:
    """What an emulator is given. All of it runs on one event loop in one thread: no locks.

    A kernel is made (ports are bound), then started, then stopped, once each. `folder` keeps the authority's
    root certificate and key, and files that vendors export.
    """

    def __init__(self, world: Mapping[str, Any], emulators: Iterable[Emulator], folder: Path) -> None:
        """Bind everything that the world needs. Raises `WorldError`."""
        chosen = list(emulators)
        check_sections(world, [emulator.name for emulator in chosen])
        self.world = world
        self.clock = Clock(start_of(world))
        self.ca = Authority(folder)
        self._folder = folder
        self.tree = Tree(self.now)
        self.resolver = Resolver(self.tree, self.now)
        self.calls = CallLog()
        self.faults = Faults()
        self.windows = Windows()
        self.latencies_ms: dict[str, float] = {}
        self.limits: dict[str, RateLimit | None] = {}
        self.net_map: dict[str, str] = {}  # "198.51.100.7:443" -> "127.0.0.1:40123"
        self.vendors: dict[str, Vendor] = {}
        self.plain: dict[str, PlainZone] = {}
        self.last_touch = time.monotonic()  # real time of the last call
        self._sources: dict[int, str] = {}
        self._servers: list[_Server] = []
        self._serving = False
        self._late: list[asyncio.Future[None]] = []
        self._dns_ports: dict[str, DnsServer] = {}
        self._resolver_port = self._dns(self._recurse, recursive=True)
        self._fetcher = Fetcher(
            lambda name, kind, fresh: self.resolve(name, kind, fresh=fresh),
            self.net_map,
            self.ca,
            self._sources,
        )
        self.switches = Switches(world.get("switches") or {})
        with ExitStack() as on_failure:
            on_failure.callback(self._close)
            self._build(chosen)
            on_failure.pop_all()

    def _build(self, emulators: list[Emulator]) -> None:
        for plain in plain_zones(self.world.get("dns")):
            self.add_zone(plain.zone)
            self.plain[plain.zone.name] = plain
        self._serve_dns()
        for emulator in emulators:
            self.vendors[emulator.name] = emulator.start(self, self.world.get(emulator.name))
        self.switches.check()

    def now(self) -> float:
        """Give sandbox time, unix seconds."""
        return self.clock.now()

    def api(
        self,
        vendor: str,
        listener: str,
        routes: Iterable[web.RouteDef],
        *,
        prefix: str = "",
        limiting: Limiting | None = None,
        operation: Naming | None = None,
    ) -> str:
        """Bind an API base on a free loopback port and return its URL, `prefix` included.

        Paths of `routes` come after `prefix`. What no route matches answers 501 and is remembered. Where
        paths do not tell what is asked, `operation` names it, for faults and for the list of calls.
        """
        server = ApiListener(vendor, listener, tuple(routes), prefix, limiting, self, operation)
        self._servers.append(server)
        return server.url

    def edge(
        self,
        address: str,
        *,
        vendor: str,
        tls: Certificates,
        handle: EdgeHandler,
        ports: tuple[int, ...] = (443, 80),
    ) -> None:
        """Serve a documentation address; `tls` None refuses the handshake with unrecognized_name."""
        for port in ports:
            server = EdgePort(vendor, address, port, tls, handle, self, self._sources)
            self.net_map[server.name] = server.loopback
            self._servers.append(server)

    def add_zone(self, zone: Zone) -> Zone:
        """Serve a zone on its servers, and delegate it from its parent. Also at any later time."""
        self.tree.add(zone)
        self._serve_dns()
        return zone

    def remove_zone(self, zone: Zone) -> None:
        """Serve it no more."""
        self.tree.remove(zone)

    def register_switch(self, switch: Switch) -> None:
        """Make a switch known; the world's setting, if any, is taken. Raises `WorldError`."""
        self.switches.register(switch)

    def switch(self, name: str) -> str:
        """Give a switch's present setting."""
        return self.switches.get(name)

    def resolve(self, name: str, rtype: str, *, fresh: bool = False) -> Resolved:
        """Ask the recursive resolver; `fresh` goes around its cache (as a certificate authority does)."""
        return self.resolver.resolve(to_name(name), dns.rdatatype.from_text(rtype), fresh=fresh)

    async def fetch(self, url: str, **options: Unpack[FetchOptions]) -> Fetched:
        """Fetch through the sandbox's DNS and network, really over loopback TCP and TLS.

        `FetchOptions` tells what may be asked. Raises `FetchError`.
        """
        return await self._fetcher.fetch(url, options)

    @property
    def unemulated(self) -> list[str]:
        """What was asked for and is not emulated: ``vendor METHOD /path``."""
        return [f"{call.vendor} {call.method} {call.path}" for call in self.calls if not call.emulated]

    @property
    def resolver_address(self) -> str:
        """Loopback ``IP:PORT`` of the recursive resolver."""
        return f"127.0.0.1:{self._resolver_port.port}"

    def env(self) -> dict[str, str]:
        """Give all variables to export but the control API's URL."""
        merged: dict[str, str] = {}
        for name, vendor in self.vendors.items():
            for key, value in vendor.env().items():
                if merged.get(key, value) != value:
                    raise SandboxError(f"{name}: two credentials are to be exported as {key}")
                merged[key] = value
        merged["TDR_NET_MAP"] = ",".join(f"{left}={right}" for left, right in self.net_map.items())
        merged["TDR_RESOLVERS"] = self.resolver_address
        merged["TDR_CA_FILE"] = str(self.ca.file.absolute())
        return merged

    def exported(self, name: str, text: str) -> Path:
        """Write a file that a variable is to name, for the user alone, and give its absolute path."""
        folder = (self._folder / EXPORTED).absolute()
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        return file

    def touch(self) -> None:
        """Take note that somebody called, and that state may have changed."""
        self.last_touch = time.monotonic()
        self.tree.refresh()

    async def start(self) -> None:
        """Serve all ports."""
        self._serving = True
        for server in tuple(self._servers):
            await server.start()

    async def stop(self) -> None:
        """Close all ports."""
        for server in self._servers:
            await server.stop()
        self._close()

    def _close(self) -> None:
        for server in self._servers:
            server.close()

    def dump(self) -> dict[str, Any]:
        """Give the state that outlives a restart."""
        return {
            "clock": self.now(),
            "switches": self.switches.settings(),
            "vendors": {name: vendor.dump() for name, vendor in self.vendors.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up the state of an earlier run, before the start."""
        self.clock.set(state["clock"])
        for name, setting in state["switches"].items():
            self.switches.set(name, setting)
        for name, vendor in self.vendors.items():
            if name in state["vendors"]:
                vendor.load(state["vendors"][name])

    def _dns(self, answer: Answerer, *, recursive: bool = False) -> DnsServer:
        server = DnsServer(answer, recursive=recursive)
        self._servers.append(server)
        return server

    def _serve_dns(self) -> None:
        """Give every name server that the tree knows a port of its own, unless it runs elsewhere."""
        for server in sorted(self.tree.servers(), key=lambda server: server.address):
            if server.at:
                self.net_map[f"{server.address}:53"] = server.at
            elif server.address not in self._dns_ports:
                port = self._dns(self._answerer(server))
                self._dns_ports[server.address] = port
                self.net_map[f"{server.address}:53"] = f"127.0.0.1:{port.port}"
                if self._serving:  # a zone on new servers, added while we run
                    self._late.append(asyncio.ensure_future(port.start()))

    def _answerer(self, server: NameServer) -> Answerer:
        def answer(name: Name, rtype: RdataType) -> Reply | None:
            self.last_touch = time.monotonic()
            return self.tree.answer(server.address, name, rtype)

        return answer

    def _recurse(self, name: Name, rtype: RdataType) -> Reply | None:
        self.last_touch = time.monotonic()
        resolved = self.resolver.resolve(name, rtype)
        if resolved.rcode == "drop":
            return None
        return Reply(
            dns.rcode.from_text(resolved.rcode), answer=resolved.rrsets, authority=resolved.authority
        )
