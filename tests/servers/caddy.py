"""Caddy on loopback, unprivileged, importing a text under test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.programs import program, serving


def written(folder: Path, sites: str, ports: tuple[int, int]) -> tuple[list[str], dict[str, str]]:
    """Write the configuration; give the command's arguments and its environment."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sites.caddy").write_text(sites)
    http, https = ports
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n}}\nimport {folder}/sites.caddy\n"
    )
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], {"PATH": os.defpath, **home}


def complaints(folder: Path, sites: str, ports: tuple[int, int]) -> str:
    """What `caddy validate` has against a text; empty where it is accepted."""
    arguments, env = written(folder, sites, ports)
    argv = [program("caddy"), "validate", *arguments]
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@contextmanager
def caddy(folder: Path, sites: str, ports: tuple[int, int]) -> Iterator[list[str]]:
    """Run it; gives its log."""
    arguments, env = written(folder, sites, ports)
    argv = [program("caddy"), "run", *arguments]
    with serving(argv, "serving initial configuration", folder, env) as log:
        yield log
