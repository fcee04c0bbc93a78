"""A sandbox in this process, on a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from providers.sandbox.contract import ControlError, Emulator, SandboxError
from providers.sandbox.control import Control
from providers.sandbox.emulators import find_emulators
from providers.sandbox.kernel import Kernel

T = TypeVar("T")
_START_TIMEOUT_S = 30.0


async def serve(kernel: Kernel, ready: Callable[[Control, asyncio.Event], None]) -> None:
    """Serve a kernel until the event that `ready` is given is set."""
    stop = asyncio.Event()
    control = Control(kernel, stop.set)
    try:
        await kernel.start()
        await control.start()
        ready(control, stop)
        await stop.wait()
    finally:
        await control.stop()
        await kernel.stop()


class Running:
    """A sandbox that runs. Its methods may be called from any thread but the sandbox's own."""

    def __init__(self, kernel: Kernel, control: Control, loop: asyncio.AbstractEventLoop) -> None:
        """Made by `started`."""
        self.kernel = kernel
        self.url = control.url
        self.env: dict[str, str] = {**kernel.env(), "TDR_SANDBOX_URL": control.url}
        self.net_map: dict[str, str] = kernel.net_map
        self._loop = loop

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API and give the JSON values it answers. Raises `ControlError`."""
        return call_control(self.url, method, path, body)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the sandbox's loop and give its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def do(self, function: Callable[[], T]) -> T:
        """Call a function in the sandbox's thread and give its result."""

        async def call() -> T:
            return function()

        return self.run(call())


@contextmanager
def started(world: Mapping[str, Any], *, emulators: Iterable[Emulator] | None = None) -> Iterator[Running]:
    """Run a sandbox for the length of a with block. Raises `WorldError` and `SandboxError`."""
    chosen = find_emulators() if emulators is None else list(emulators)
    with tempfile.TemporaryDirectory(prefix="tdr-sandbox-") as folder:
        thread = _Thread(world, chosen, Path(folder))
        thread.start()
        try:
            yield thread.wait_until_ready()
        finally:
            thread.finish()


class _Thread(threading.Thread):
    def __init__(self, world: Mapping[str, Any], emulators: list[Emulator], folder: Path) -> None:
        super().__init__(name="sandbox", daemon=True)
        self._make = partial(Kernel, world, emulators, folder)
        self._ready = threading.Event()
        self._running: Running | None = None
        self._failure: BaseException | None = None
        self._halt: Callable[[], object] | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for us
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        kernel = self._make()

        def ready(control: Control, stop: asyncio.Event) -> None:
            self._running = Running(kernel, control, loop)
            self._halt = partial(loop.call_soon_threadsafe, stop.set)
            self._ready.set()

        await serve(kernel, ready)

    def wait_until_ready(self) -> Running:
        if not self._ready.wait(_START_TIMEOUT_S):
            raise SandboxError("the sandbox did not start in time")
        if self._failure:
            raise self._failure
        if self._running is None:
            raise SandboxError("the sandbox ended while it started")
        return self._running

    def finish(self) -> None:
        if self._halt and self.is_alive():
            self._halt()
        self.join()
        if self._failure and self._running:
            raise self._failure


def call_control(url: str, method: str, path: str, body: Any = None, timeout_s: float = 60.0) -> Any:
    """Call the control API at `url` and give the JSON values it answers. Raises `ControlError`, OSError."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read() or b"null")
    finally:
        connection.close()
    if response.status >= 400:
        raise ControlError(str(answer["error"] if isinstance(answer, dict) else answer), response.status)
    return answer
