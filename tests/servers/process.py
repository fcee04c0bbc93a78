"""A name server's process: a free port, started, waited for until it answers, stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

REQUIRED = "TDR_REQUIRE_SERVERS"
LOOPBACK = "127.0.0.1"
STARTS = 5
READY_TRIES, READY_PAUSE_S = 400, 0.01
#: Debian puts daemons where an ordinary user's PATH does not look.
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


class NotStartedError(RuntimeError):
    """The server ended by itself; its own words say why."""


def binary(name: str, package: str) -> str:
    """Find a server's program; skip the test where it is not installed, or fail it where that is required."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        reason = f"{name} is not installed (Debian: apt-get install {package})"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{reason}, and {REQUIRED} is set")
        pytest.skip(reason)
    return found


def free_port() -> int:
    """Give a port that nobody has, for UDP and TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((LOOPBACK, 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


@contextmanager
def running(
    argv: Sequence[str], folder: Path, port: int, zone: str, address: str = LOOPBACK
) -> Iterator[None]:
    """Run a server until the block ends. Raises NotStartedError."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until_ready(process, log, port, zone, address)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], log: Path, port: int, zone: str, address: str) -> None:
    """Ask over TCP, which is refused at once as long as nobody listens, until the zone is answered for."""
    question = dns.message.make_query(zone, "SOA", flags=0)
    for _ in range(READY_TRIES):
        try:
            if dns.query.tcp(question, address, 2.0, port).answer:
                return
        except (OSError, EOFError, dns.exception.DNSException):
            pass
        try:
            process.wait(READY_PAUSE_S)
        except subprocess.TimeoutExpired:
            continue
        break
    raise NotStartedError(log.read_text(errors="replace")[-2000:])
