"""The vendors' side on loopback: a small internet for dry runs and tests.

Importing this costs nothing; what it needs is loaded when a sandbox starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from providers.sandbox.contract import Emulator
    from providers.sandbox.running import Running

MISSING_EXTRA = "the sandbox needs its extra: type  pip install 'tdr-reconciler[sandbox]'"


def started(
    world: Mapping[str, Any], *, emulators: Iterable[Emulator] | None = None
) -> AbstractContextManager[Running]:
    """Run a sandbox of this world in a thread of this process, for the length of a with block.

    `emulators` are those found by entry point unless given. Raises `WorldError` when the world is wrong,
    `SandboxError` when the sandbox cannot start, ImportError with the line to type when the extra is missing.
    """
    try:
        from providers.sandbox.running import started as start  # noqa: PLC0415 - loaded only when used
    except ModuleNotFoundError as error:
        if error.name in ("aiohttp", "cryptography"):
            raise ImportError(MISSING_EXTRA) from error
        raise
    return start(world, emulators=emulators)
