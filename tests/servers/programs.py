"""Processes of web servers: found, started, waited for until they say that they serve, stopped."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.process import binary


def program(name: str) -> str:
    """Find a server whose package bears its name; see `binary`."""
    return binary(name, name)


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
