"""nginx on loopback, unprivileged, with a text under test in its http context."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.programs import program, serving

PARTS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def written(folder: Path, http: str, around: str = "") -> list[str]:
    """Write the configuration and give the command; `around` is what else stands in the http context."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sites.conf").write_text(http)
    temporary = "\n".join(f"  {part}_temp_path {folder}/{part};" for part in PARTS)
    # Workers of a master that is root would be nobody, who cannot look into a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}\ndaemon off;\npid {folder}/nginx.pid;\nerror_log stderr notice;\nworker_processes 1;\n"
        f"events {{ worker_connections 128; }}\n"
        f"http {{\n  access_log off;\n{temporary}\n{around}\n  include {folder}/sites.conf;\n}}\n"
    )
    return [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def complaints(folder: Path, http: str) -> str:
    """What `nginx -t` has against a text; empty where it is accepted without a warning."""
    done = subprocess.run([*written(folder, http), "-t"], capture_output=True, text=True, check=False)
    fine = ("syntax is ok", "test is successful")
    return "".join(
        line for line in done.stderr.splitlines(keepends=True) if not any(word in line for word in fine)
    )


@contextmanager
def nginx(folder: Path, http: str, around: str = "") -> Iterator[list[str]]:
    """Run it; gives its error log."""
    with serving(written(folder, http, around), "start worker process ", folder, {"PATH": os.defpath}) as log:
        yield log
