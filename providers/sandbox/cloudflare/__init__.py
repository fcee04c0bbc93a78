"""Cloudflare, emulated: the API under /client/v4, the name servers of its zones, and its edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.sandbox.contract import Emulator, Switch
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer
from providers.sandbox.zone import Record as Answered
from providers.sandbox.zone import Zone as NamedZone

from . import control, names, saas_settling, world
from .api import Api
from .edge import Edge
from .saas_state import DCV_ZONE
from .state import Zone, as_data, from_data
from .switches import UNKNOWNS


class Cloudflare:
    """The vendor, running."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Read the world's section, bind the API, the edge and the zones."""
        self._kernel = kernel
        for unknown in UNKNOWNS:
            kernel.register_switch(
                Switch(unknown.name, unknown.settings, unknown.settings[0], unknown.source, unknown.question)
            )
        self._state, self._exported = world.read(section or [], kernel.now(), activates=self._activates())
        self._zones: dict[str, NamedZone] = {}
        # How the world delegates zones of the same names on other servers.
        self._elsewhere: dict[NamedZone, tuple[NameServer, ...] | list[NameServer] | None] = {}
        self._api = Api(kernel, lambda: self._state)
        self._edge = Edge(kernel, lambda: self._state)
        kernel.add_zone(self._delegated())
        self._publish()

    def env(self) -> Mapping[str, str]:
        """Give the API's base, under the SDK's own variable, and the world's tokens."""
        return {"CLOUDFLARE_BASE_URL": self._api.url, **self._exported}

    def dump(self) -> Any:
        """Give the whole state; tokens are known by digest only."""
        return as_data(self._state)

    def load(self, state: Any) -> None:
        """Take the state that `dump` gave."""
        self._state = from_data(state)
        self._edge.cache.clear()
        self._publish()

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change the state behind the API's back: see `control`."""
        out = control.patch(self._state, changes, self._kernel.now(), activates=self._activates())
        self._publish()
        return out

    def _activates(self) -> bool:
        return self._kernel.switch("cloudflare.activation") == "soon"

    def _publish(self) -> None:
        """Serve the zones of the state on Cloudflare's name servers, each delegated or not."""
        for zone_id in self._zones.keys() - self._state.zones.keys():
            self._kernel.remove_zone(self._zones.pop(zone_id))
        for zone in self._state.zones.values():
            if zone.id not in self._zones:
                self._zones[zone.id] = self._kernel.add_zone(self._named(zone))
            self._delegate(zone)

    def _delegate(self, zone: Zone) -> None:
        """Let the parent point here or not; servers elsewhere that hold the same zone lose or get it."""
        here = self._zones[zone.id]
        here.delegation = names.NAME_SERVERS if zone.delegated else ()
        ours = set(self._zones.values())
        for other in self._kernel.tree.zones:
            if other.name == here.name and other not in ours:
                before = self._elsewhere.setdefault(other, other.delegation)
                other.delegation = names.NAME_SERVERS if zone.delegated else before

    def _named(self, zone: Zone) -> NamedZone:
        zone_id = zone.id

        def content() -> Iterator[Answered]:
            return names.answers(self._state.zones[zone_id], self._kernel.now(), self._addresses)

        def revision() -> object:
            now, present = self._kernel.now(), self._state.zones[zone_id]
            moving = any(names.flattened(present, record) for record in present.records.values())
            return (present.changes, names.proxies(present, now), now if moving else None)

        return NamedZone(zone.name, names.NAME_SERVERS, content, revision=revision)

    def _delegated(self) -> NamedZone:
        """The zone where Cloudflare places the tokens of custom hostnames whose validation is delegated."""

        def content() -> Iterator[Answered]:
            for zone in self._state.zones.values():
                yield from saas_settling.placed(zone)

        def revision() -> object:
            return tuple((zone.id, zone.changes) for zone in self._state.zones.values())

        return NamedZone(DCV_ZONE, names.NAME_SERVERS, content, revision=revision)

    def _addresses(self, host: str, kind: str) -> tuple[str, ...]:
        return self._kernel.resolve(host, kind).values(kind)


class _Emulator:
    """How the sandbox starts it."""

    name = "cloudflare"

    def start(self, kernel: Kernel, section: Any) -> Cloudflare:
        """Start with the world's section."""
        return Cloudflare(kernel, section)


EMULATOR: Emulator = _Emulator()
