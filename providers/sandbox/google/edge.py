"""The edge: addresses of load balancers."""

from __future__ import annotations

from collections.abc import Callable

from providers.sandbox.contract import Switch
from providers.sandbox.kernel import Kernel

from .state import Google

SWITCHES: tuple[Switch, ...] = ()


class Edge:
    """The addresses of all projects."""

    def __init__(self, kernel: Kernel, google: Callable[[], Google]) -> None:
        """Bind the addresses."""
        self._kernel, self._google = kernel, google

    def forget(self) -> None:
        """Forget what is cached."""
