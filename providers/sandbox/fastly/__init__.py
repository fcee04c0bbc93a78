"""Fastly, emulated: the API with services, domains and TLS, its zones, and its edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import Emulator
from providers.sandbox.kernel import Kernel

from . import control, edge, switches, tls, world
from .api import Api
from .state import Fastly


class Running:
    """The vendor, running: all customers of the world behind one API and one edge."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Read the world's section, bind the API and the edge."""
        self._kernel = kernel
        for switch in (*switches.SWITCHES, *tls.SWITCHES, *edge.SWITCHES):
            kernel.register_switch(switch)
        self._fastly, self._exported = world.read(section or [], kernel.now())
        self._api = Api(kernel, lambda: self._fastly)
        self._edge = edge.Edge(kernel, lambda: self._fastly)

    def env(self) -> Mapping[str, str]:
        """Give the API's base, under the SDK's own variable, and the world's tokens."""
        return {"FASTLY_API_URL": self._api.url, **self._exported}

    def dump(self) -> Any:
        """Give the whole state; tokens are known by digest only."""
        return self._fastly.as_data()

    def load(self, state: Any) -> None:
        """Take the state that `dump` gave."""
        self._fastly = Fastly.from_data(state)
        self._edge.forget()

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change the state behind the API's back: see `control`."""
        return control.patch(self._fastly, changes, self._kernel.now())


class _Emulator:
    """How the sandbox starts it."""

    name = "fastly"

    def start(self, kernel: Kernel, section: Any) -> Running:
        """Start with the world's section."""
        return Running(kernel, section)


EMULATOR: Emulator = _Emulator()
