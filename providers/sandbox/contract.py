"""What an emulated vendor and the kernel of the sandbox promise each other.

A vendor joins by one line under the entry-point group ``tdr.sandbox``; nothing here knows a vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from aiohttp import web

    from providers.sandbox.kernel import Kernel

ENTRY_POINT_GROUP = "tdr.sandbox"


class SandboxError(Exception):
    """The user can act on it; shown as one line, never as a traceback."""


class WorldError(SandboxError):
    """The world is wrong: at `path` (``cloudflare[0].zones[1].plan``); the message says what to write."""

    def __init__(self, path: str, message: str) -> None:
        """Join place and message into the text that is shown."""
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class ControlError(SandboxError):
    """The control API cannot do this; answered as JSON ``{"error": message}`` with this status."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the HTTP status beside the message."""
        super().__init__(message)
        self.status = status


class NotEmulated(Exception):
    """A handler of an API raises it for what the sandbox does not emulate: answered 501, and remembered."""


class Vendor(Protocol):
    """One emulated vendor, running. All methods are called on the sandbox's one event loop."""

    def env(self) -> Mapping[str, str]:
        """Give the variables to export: API endpoints, and the credentials that the world names."""

    def dump(self) -> Any:
        """Give the whole state as JSON values: for ``GET /state`` and the disk of ``tdr sandbox up``."""

    def load(self, state: Any) -> None:
        """Take the state that `dump` gave (called once, right after the start, before any request)."""

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Set state from outside (``PATCH /vendors/NAME``): expire a certificate, change a plan, move a zone.

        Returns JSON values. Raises `ControlError` with what is wrong and what is allowed.
        """


class Emulator(Protocol):
    """How to start one vendor: what the entry point names."""

    @property
    def name(self) -> str:
        """The section of the world file, and the vendor's name in calls, faults, latencies and limits."""

    def start(self, kernel: Kernel, section: Any) -> Vendor:
        """Register listeners, edges, zones and switches with the kernel and return the running vendor.

        `section` is the world's section of this name, or None when the world has none (DNS and origins are
        there all the same). Ports are bound at once, so URLs are known; serving begins after all started.
        Raises `WorldError` with a path that begins with the section's name.
        """


@dataclass(frozen=True, slots=True)
class Switch:
    """A fact that nobody has verified and that changes what tdr does, with all settings it might have."""

    name: str  # "sparkpost.delete-default-domain"
    settings: tuple[str, ...]  # two or more
    default: str
    source: str  # where the guess comes from
    about: str = ""

    def __post_init__(self) -> None:
        """Refuse a switch that cannot be switched or whose default is none of its settings."""
        if len(self.settings) < 2 or self.default not in self.settings:
            raise ValueError(f"switch {self.name}: needs two settings or more, the default among them")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in each window of sandbox seconds."""

    requests: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Where one unit stands after counting this request."""

    limit: RateLimit
    remaining: int  # never negative
    reset_s: float  # sandbox seconds until the window ends


@dataclass(frozen=True, slots=True)
class Limiting:
    """How a vendor limits an API: the kernel counts, the vendor says whom and in which words.

    `default` None means no limit unless the control API sets one. `unit` gives what is counted together (an
    account). `refuse` makes the vendor's own 429. `announce` may put headers on every other answer.
    """

    default: RateLimit | None
    unit: Callable[[web.Request], str]
    refuse: Callable[[web.Request, Usage], web.Response]
    announce: Callable[[web.StreamResponse, Usage], None] | None = None
