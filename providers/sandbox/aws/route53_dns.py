"""The name servers of hosted zones."""

from __future__ import annotations

from providers.sandbox.kernel import Kernel

from .account import Accounts


class Served:
    """The zones that are answered for."""

    def __init__(self, kernel: Kernel, accounts: Accounts) -> None:
        """Begin with none."""
        self._kernel, self._accounts = kernel, accounts

    def publish(self) -> None:
        """Answer for the zones of now."""
