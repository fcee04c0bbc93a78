"""Edges that no provider of tdr manages: a CDN of any vendor, or somebody's own proxy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from providers.sandbox.contract import ControlError, Emulator, WorldError
from providers.sandbox.kernel import Kernel
from providers.sandbox.tree import PLAIN
from providers.sandbox.zone import Record, Zone

from .edge import VENDOR, Edge
from .world import changed, edge_settings


class External:
    """All edges of the world."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Serve each edge at its addresses, and its name in DNS. Raises `WorldError`."""
        self._edges: dict[str, Edge] = {}
        for settings in edge_settings(section):
            edge = Edge(kernel, settings)
            self._edges[settings.name] = edge
            for address in settings.addresses:
                kernel.edge(address, vendor=VENDOR, tls=edge.certificate_for, handle=edge.serve)
            kernel.add_zone(Zone(settings.name, PLAIN, edge_records(edge)))

    def env(self) -> Mapping[str, str]:
        """Nothing: no API, no credential."""
        return {}

    def dump(self) -> Any:
        """The edges as the world writes them."""
        return [asdict(edge.settings) for edge in self._edges.values()]

    def load(self, state: Any) -> None:
        """Take what `dump` gave; edges that the world no longer has are left out."""
        for settings in edge_settings([{k: _listed(v) for k, v in one.items()} for one in state]):
            if settings.name in self._edges:
                self._edges[settings.name].settings = settings

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change edges by name: `{"edge.proxy.example": {"hosts": […], "wrong": […]}}`."""
        for name, members in changes.items():
            if name not in self._edges:
                raise ControlError(
                    f"no edge is called {name}, but {', '.join(self._edges) or 'there is none'}"
                )
            try:
                self._edges[name].settings = changed(self._edges[name].settings, members, name)
            except WorldError as error:
                raise ControlError(str(error)) from error
        return self.dump()


def edge_records(edge: Edge) -> Any:
    """What the edge's name answers."""

    def content() -> Iterator[Record]:
        for address in edge.settings.addresses:
            yield Record(edge.settings.name, "AAAA" if ":" in address else "A", 60, address)

    return content


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class _Emulator:
    """How the sandbox starts it."""

    name = VENDOR

    def start(self, kernel: Kernel, section: Any) -> External:
        """Start the world's edges."""
        return External(kernel, section)


EMULATOR: Emulator = _Emulator()
