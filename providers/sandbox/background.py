"""A sandbox in a process of its own, its state in a folder.

The process holds a lock on ``DIR/lock`` as long as it lives: a dead one is never taken for a running one.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from providers.sandbox.command import export_lines, past_proxies
from providers.sandbox.contract import ControlError, SandboxError, WorldError
from providers.sandbox.control import Control
from providers.sandbox.emulators import find_emulators
from providers.sandbox.kernel import EXPORTED, Kernel
from providers.sandbox.running import call_control, serve
from providers.sandbox.world import read_world

_FILES = ("lock", "pid", "url", "env", "state.json", "log", "ca.pem", "ca.key")
_STOP_TIMEOUT_S = 15.0
_TICK_S = 0.5
_LOCK_TRIES = 25


class Background:
    """The sandbox of one state folder, seen from outside."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet."""
        self.folder = folder.absolute()

    def is_running(self) -> bool:
        """Say whether a process holds the folder."""
        if not (self.folder / "lock").exists():
            return False
        with (self.folder / "lock").open("a") as lock:
            return not _locked(lock)

    def start(self, world: Path, *, idle_s: int, fresh: bool) -> str:
        """Start a process and wait until it serves; give a note for the user. Raises `SandboxError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if fresh:
            (self.folder / "state.json").unlink(missing_ok=True)
        read_end, write_end = os.pipe()
        arguments = [str(self.folder), str(world), str(idle_s), str(write_end)]
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-P", "-m", "providers.sandbox.background", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(write_end,),
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": path},
            )
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            report = json.loads(pipe.read() or "null")
        process.returncode = 0  # it is on its own now, not ours to wait for
        if report is None:
            raise SandboxError(f"the sandbox did not start; {self.folder / 'log'} tells why")
        if "error" in report:
            raise SandboxError(report["error"])
        return str(report["note"])

    def stop(self) -> bool:
        """Stop the process and wait for its end; False when none runs."""
        if not self.is_running():
            return False
        with suppress(OSError):  # it may be on its way out
            self.control("POST", "/stop")
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        while self.is_running():
            if time.monotonic() > deadline:
                os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)
            time.sleep(0.02)
        return True

    def forget(self) -> None:
        """Delete the state on disk."""
        for name in _FILES:
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / EXPORTED, ignore_errors=True)
        with suppress(OSError):  # somebody else's file lies there, or there is no folder
            self.folder.rmdir()

    def env_text(self) -> str:
        """Give the lines for a shell to evaluate. Raises `SandboxError`."""
        with self._in_between():
            return (self.folder / "env").read_text()

    def describe(self) -> str:
        """Say what runs. Raises `SandboxError`."""
        with self._in_between():
            return self._description()

    @contextmanager
    def _in_between(self) -> Iterator[None]:
        """Say what it means when a process is there, and what it serves is not."""
        try:
            yield
        except OSError as error:
            raise SandboxError(f"the sandbox in {self.folder} is starting or stopping: try again") from error

    def _description(self) -> str:
        clock = self.control("GET", "/clock")
        unemulated = self.control("GET", "/unemulated")
        now = dt.datetime.fromtimestamp(clock["now"], dt.UTC)
        lines = [
            f"running in {self.folder}",
            f"control API  {(self.folder / 'url').read_text()}",
            f"time         {now:%Y-%m-%dT%H:%M:%SZ}, {clock['participants']} taking part",
            f"calls        {len(self.control('GET', '/calls'))}, {len(unemulated)} not emulated",
        ]
        return "\n".join(lines) + "\n"

    def control(self, method: str, path: str) -> Any:
        """Call the control API."""
        return call_control((self.folder / "url").read_text(), method, path)


def main(argv: list[str]) -> None:
    """Be the process in the background: FOLDER WORLD IDLE_S FD, where FD takes the report on the start."""
    folder, world, idle_s = Path(argv[0]), Path(argv[1]), int(argv[2])
    with os.fdopen(int(argv[3]), "w") as report:
        try:
            with _lock(folder):
                asyncio.run(_serve(folder, world, idle_s, report))
        except WorldError as error:
            place = "" if str(error).startswith(str(world)) else f"{world}: "
            json.dump({"error": f"{place}{error}"}, report)
        except SandboxError as error:
            json.dump({"error": str(error)}, report)


async def _serve(folder: Path, file: Path, idle_s: int, report: IO[str]) -> None:
    world = read_world(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    kernel = Kernel(world, find_emulators(), folder)
    note = _load(kernel, folder / "state.json", digest)
    keeper: list[asyncio.Task[None]] = []

    def ready(control: Control, stop: asyncio.Event) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        environment = {**past_proxies(os.environ), **kernel.env(), "TDR_SANDBOX_URL": control.url}
        _write(folder / "pid", str(os.getpid()))
        _write(folder / "url", control.url)
        _write(folder / "env", export_lines(environment))
        json.dump({"note": note}, report)
        report.close()
        keeper.append(asyncio.ensure_future(_keep(kernel, folder / "state.json", digest, idle_s, stop)))

    await serve(kernel, ready)
    for task in keeper:
        task.cancel()
    _save(kernel, folder / "state.json", digest)
    for name in ("pid", "url", "env"):
        (folder / name).unlink(missing_ok=True)


async def _keep(kernel: Kernel, file: Path, digest: str, idle_s: int, stop: asyncio.Event) -> None:
    """Save the state after calls, and stop when nobody calls any more."""
    saved = kernel.last_touch
    while True:
        await asyncio.sleep(_TICK_S)
        if kernel.last_touch > saved:
            saved = time.monotonic()
            _save(kernel, file, digest)
        busy = kernel.clock.status()["participants"] > 0
        if not busy and time.monotonic() - kernel.last_touch > idle_s:
            stop.set()


def _load(kernel: Kernel, file: Path, digest: str) -> str:
    """Take up the state of an earlier run of the same world; give a note for the user."""
    if not file.exists():
        return ""
    try:
        saved = json.loads(file.read_text())
        if saved["world"] != digest:
            return "the world has changed: its sandbox begins anew\n"
        kernel.load(saved["state"])
    except (ValueError, LookupError, TypeError, AttributeError, ControlError) as error:
        reason = f"{file} is not of this version ({error!r})"
        raise SandboxError(f"{reason}: begin anew with  tdr sandbox up -fresh") from error
    return "going on with the state of the last time (-fresh begins anew)\n"


def _save(kernel: Kernel, file: Path, digest: str) -> None:
    _write(file, json.dumps({"world": digest, "state": kernel.dump()}))


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all; its content may be secret."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a") as lock:
        # Whoever asks whether one runs holds the lock for an instant: try more than once.
        for _ in range(_LOCK_TRIES):
            if _locked(lock):
                break
            time.sleep(0.02)
        else:
            raise SandboxError(f"a sandbox runs in {folder} already")
        yield


def _locked(lock: IO[str]) -> bool:
    """Try to take the lock until the file is closed; False when a process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
