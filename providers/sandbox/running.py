"""A sandbox in this process, on a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit

from providers.sandbox.contract import ControlError, Emulator
from providers.sandbox.control import Control
from providers.sandbox.emulators import find_emulators
from providers.sandbox.kernel import Kernel

T = TypeVar("T")


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
    chosen = find_emulators() if emulators is None else tuple(emulators)
    with TemporaryDirectory(prefix="tdr-sandbox-") as folder, ThreadPoolExecutor(1, "sandbox") as thread:
        ready: Future[_Begun] = Future()
        served = thread.submit(asyncio.run, _serve(world, chosen, Path(folder), ready))
        either: tuple[Future[Any], ...] = (ready, served)
        wait(either, return_when=FIRST_COMPLETED)
        if not ready.done():
            served.result()  # raises what went wrong
        begun = ready.result()
        try:
            yield begun.running
        finally:
            begun.halt()
            served.result()


@dataclass(frozen=True, slots=True)
class _Begun:
    running: Running
    halt: Callable[[], object]


async def _serve(
    world: Mapping[str, Any], emulators: tuple[Emulator, ...], folder: Path, begun: Future[_Begun]
) -> None:
    loop = asyncio.get_running_loop()
    kernel = Kernel(world, emulators, folder)

    def ready(control: Control, stop: asyncio.Event) -> None:
        halt = partial(loop.call_soon_threadsafe, stop.set)
        begun.set_result(_Begun(Running(kernel, control, loop), halt))

    await serve(kernel, ready)


def call_control(url: str, method: str, path: str, body: Any = None, timeout_s: float = 60.0) -> Any:
    """Call the control API at `url` and give the JSON values it answers. Raises `ControlError`, OSError."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status >= 400:
        is_ours = response.getheader("Content-Type", "").startswith("application/json")
        raise ControlError(json.loads(text)["error"] if is_ours else text, response.status)
    return json.loads(text)
