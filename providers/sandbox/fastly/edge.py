"""The edge: serves what is active."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from providers.sandbox.contract import Switch
from providers.sandbox.kernel import Kernel

from .state import Fastly

SWITCHES: tuple[Switch, ...] = ()


@dataclass
class Edge:
    """The edge of Fastly, for all customers; `fastly` gives the state of the moment."""

    kernel: Kernel
    fastly: Callable[[], Fastly]

    def forget(self) -> None:
        """Drop what is cached: the state was replaced."""
