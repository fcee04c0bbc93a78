"""Real servers, as Debian packages them: where one is missing the test says so, or fails if it must not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

REQUIRED = "TDR_REQUIRE_SERVERS"


def program(name: str) -> str:
    """The path of a server; where it is missing the test is skipped, or fails with TDR_REQUIRE_SERVERS."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))
    if found is None and os.environ.get(REQUIRED):
        pytest.fail(f"{name} is not installed, and {REQUIRED} is set: apt-get install {name}")
    if found is None:
        pytest.skip(f"{name} is not installed here: apt-get install {name}")
    return found


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@contextmanager
def serving(argv: Sequence[str], ready: str, folder: Path, env: Mapping[str, str]) -> Iterator[list[str]]:
    """Run a server until the block ends; it serves once a line of its stderr has `ready` in it.

    Gives the lines that it wrote so far, which grow.
    """
    lines: list[str] = []
    with subprocess.Popen(argv, cwd=folder, env=dict(env), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if ready in line:
                break
        else:
            pytest.fail(f"{' '.join(argv)} ended:\n{''.join(lines)}")
        rest = threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True)
        rest.start()
        try:
            yield lines
        finally:
            process.terminate()
            process.wait(20)
            rest.join(20)
