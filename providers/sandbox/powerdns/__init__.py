"""PowerDNS Authoritative Server, emulated: the zones of its HTTP API, and the servers that answer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.sandbox.contract import Emulator
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer
from providers.sandbox.zone import Record as Answered
from providers.sandbox.zone import Zone as NamedZone

from . import world
from .api import Api
from .state import Server, Zone, plain

SERVERS = (
    NameServer("ns1.powerdns.example", "192.0.2.50"),
    NameServer("ns2.powerdns.example", "192.0.2.51"),
)
#: Made up when a question comes, and only where a setting says so: not answered here.
MADE_UP = frozenset({"ALIAS", "LUA", "SOA"})


class PowerDns:
    """The vendor, running: each server of the world is known by its API key."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Read the world's section, bind the API and the zones."""
        self._kernel = kernel
        hosts = [server.host for server in SERVERS]
        self._servers, self._exported = world.read(section or [], hosts)
        self._zones: dict[tuple[str, str], NamedZone] = {}
        self._api = Api(kernel, lambda: self._servers)
        self._publish()

    def env(self) -> Mapping[str, str]:
        """Give where the webserver listens, and the world's keys."""
        return {"TDR_POWERDNS_ENDPOINT": self._api.url, **self._exported}

    def dump(self) -> Any:
        """Give the whole state; keys are known by digest only."""
        return [server.as_data() for server in self._servers]

    def load(self, state: Any) -> None:
        """Take the state that `dump` gave."""
        self._servers = [Server.from_data(server) for server in state]
        self._publish()

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change zones behind the API's back: see `world.patch`."""
        out = world.patch(self._servers, changes, self._kernel.now())
        self._publish()
        return out

    def _publish(self) -> None:
        """Answer for the zones of all servers, each delegated or not."""
        there = {(s.key, z.name): z for s in self._servers for z in s.zones.values()}
        for at in self._zones.keys() - there.keys():
            self._kernel.remove_zone(self._zones.pop(at))
        for at, zone in there.items():
            if at not in self._zones:
                self._zones[at] = self._kernel.add_zone(self._named(*at))
            self._zones[at].delegation = None if zone.delegated else ()

    def _named(self, key: str, name: str) -> NamedZone:
        def present() -> Zone:
            return next(server for server in self._servers if server.key == key).zones[name]

        return NamedZone(name, SERVERS, lambda: _answers(present()), revision=lambda: present().changes)


def _answers(zone: Zone) -> Iterator[Answered]:
    for rrset in zone.sets.values():
        for record in rrset["records"]:
            if not record["disabled"] and rrset["type"] not in MADE_UP:
                yield Answered(plain(rrset["name"]), rrset["type"], rrset["ttl"], record["content"])


class _Emulator:
    """How the sandbox starts it."""

    name = "powerdns"

    def start(self, kernel: Kernel, section: Any) -> PowerDns:
        """Start with the world's section."""
        return PowerDns(kernel, section)


EMULATOR: Emulator = _Emulator()
