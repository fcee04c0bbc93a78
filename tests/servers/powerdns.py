"""A real PowerDNS on free loopback ports, started by whoever runs the tests; no service of the machine's.

Where it is not installed the test skips and says why; with TDR_REQUIRE_SERVERS=1 that is a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

KEY = "a-key-of-the-tests"
SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
PATIENCE_S = 20.0
ATTEMPTS = 3

CONF = """\
launch=gsqlite3
gsqlite3-database={folder}/pdns.sqlite3
local-address=127.0.0.1
local-port={dns}
socket-dir={folder}
api=yes
api-key={key}
webserver=yes
webserver-address=127.0.0.1
webserver-port={web}
webserver-allow-from=127.0.0.1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
security-poll-suffix=
loglevel=4
"""


@dataclass(frozen=True, slots=True)
class PdnsServer:
    """A server that runs: its webserver's address, where it answers DNS, and hands to play the person."""

    url: str
    dns: tuple[str, int]
    http: httpx.Client

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Call the API below the server's own path; the answer must have this status."""
        answer = self.http.request(method, f"/api/v1/servers/localhost{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.text else None

    def zone(self, name: str, **given: Any) -> None:
        """Make a zone."""
        made = {"name": f"{name}.", "kind": "Native", "nameservers": ["ns1.example.net."], **given}
        self.ask("POST", "/zones", made, 201)

    def put(self, zone: str, *rrsets: Mapping[str, Any]) -> None:
        """Write sets as a person would."""
        self.ask("PATCH", f"/zones/{zone}.", {"rrsets": list(rrsets)}, 204)

    def sets(self, zone: str) -> dict[tuple[str, str], dict[str, Any]]:
        """What is in a zone, in the form of the API, by name without the final dot and type."""
        rrsets = self.ask("GET", f"/zones/{zone}.")["rrsets"]
        return {(rrset["name"].rstrip("."), rrset["type"]): rrset for rrset in rrsets}


def rrset(name: str, kind: str, *contents: str, off: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """The body that replaces a set; `off`: records that are switched off."""
    records = [{"content": content, "disabled": False} for content in contents]
    records += [{"content": content, "disabled": True} for content in off]
    made = {"name": f"{name}.", "type": kind, "ttl": 300, "changetype": "REPLACE", "records": records}
    return {**made, **more}


def needed() -> str:
    """The server's program; skips, or fails where servers are required, with what to install."""
    program = shutil.which("pdns_server", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is not None and SCHEMA.exists():
        return program
    reason = "no PowerDNS here: apt-get install pdns-server pdns-backend-sqlite3"
    if os.environ.get("TDR_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running() -> Iterator[PdnsServer]:
    """Run a server without zones for the length of a with block."""
    program = needed()
    for attempt in range(1, ATTEMPTS + 1):
        with TemporaryDirectory(prefix="pdns-") as folder:
            ports = free_ports()
            process = start(program, Path(folder), *ports)
            try:
                if not _answers(process, ports[0]):
                    # Somebody else took a port between our asking and its binding.
                    assert attempt < ATTEMPTS, (Path(folder) / "log").read_text()
                    continue
                url = f"http://127.0.0.1:{ports[0]}"
                with httpx.Client(
                    base_url=url,
                    headers={"X-API-Key": KEY, "Accept": "application/json"},
                    trust_env=False,
                    timeout=PATIENCE_S,
                ) as http:
                    yield PdnsServer(url, ("127.0.0.1", ports[1]), http)
                return
            finally:
                process.terminate()
                process.wait()


def start(program: str, folder: Path, web: int, dns: int) -> subprocess.Popen[bytes]:
    """Start one with an empty database."""
    with closing(sqlite3.connect(folder / "pdns.sqlite3")) as database:
        database.executescript(SCHEMA.read_text())
    (folder / "pdns.conf").write_text(CONF.format(folder=folder, web=web, dns=dns, key=KEY))
    flags = ("--guardian=no", "--daemon=no", "--write-pid=no", "--disable-syslog")
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([program, f"--config-dir={folder}", *flags], stdout=log, stderr=log)


def free_ports() -> tuple[int, int]:
    """A free TCP port, and one that is free for TCP and UDP."""
    with socket.socket() as web, socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        web.bind(("127.0.0.1", 0))
        tcp.bind(("127.0.0.1", 0))
        dns = int(tcp.getsockname()[1])
        udp.bind(("127.0.0.1", dns))
        return int(web.getsockname()[1]), dns


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the webserver takes connections; False where the server ended instead."""
    deadline, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.01)
        else:
            return True
    return False
