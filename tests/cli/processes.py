"""tdr as a process of its own: terminals, signals, pipes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.town import Town

TDR = str(Path(sys.executable).with_name("tdr"))
PATIENCE_S = 60


def environment(town: Town, **more: str) -> dict[str, str]:
    """A plain user's environment with what the sandbox exports."""
    return {"PATH": os.defpath, "HOME": str(town.folder), "LANG": "C.UTF-8", **town.sandbox.env, **more}


def run(town: Town, *words: str | Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run tdr to its end, nothing on its stdin."""
    return subprocess.run(
        [TDR, *map(str, words)],
        cwd=town.folder,
        env=environment(town, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def start(town: Town, *words: str | Path) -> subprocess.Popen[str]:
    """Start tdr with pipes."""
    return subprocess.Popen(
        [TDR, *map(str, words)],
        cwd=town.folder,
        env=environment(town),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def on_terminal(
    town: Town, *words: str | Path, answer: str, meanwhile: Callable[[], object] = bool, **env: str
) -> tuple[int, str]:
    """Run tdr on a terminal; once it asks, give the answer. Gives exit code and all that was on screen.

    `meanwhile` is called while the question stands.
    """
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [TDR, *map(str, words)],
        cwd=town.folder,
        env={**environment(town, TERM="xterm", COLUMNS="200"), **env},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = _read(screen, until=lambda text: "Enter a value:" in text)
    if "Enter a value:" in shown:
        meanwhile()
        os.write(screen, f"{answer}\n".encode())
        shown += _read(screen, until=lambda _text: False)
    os.close(screen)
    return process.wait(PATIENCE_S), shown


def _read(screen: int, until: Callable[[str], bool]) -> str:
    """Read what comes until a text is there, or the other side has ended."""
    data = b""
    while not until(data.decode(errors="replace")):
        try:
            more = os.read(screen, 65536)
        except OSError:  # Linux: the other side closed its terminal
            break
        if not more:
            break
        data += more
    return data.decode(errors="replace")
