"""What starting tdr loads: a command that only reads a file should feel like it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SDKS = {"cloudflare", "boto3", "botocore", "google", "azure", "octodns"}
HEAVY = SDKS | {"jsonschema", "dns", "httpx", "aiohttp", "cryptography", "rich", "deepdiff", "yaml"}


def loaded_by(*argv: str, cwd: Path) -> set[str]:
    """The top-level modules that `tdr ARGV` imports; the command must succeed."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reconciler", *argv],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    names = re.findall(r"^import time:.*\| +([\w.]+)$", done.stderr, re.MULTILINE)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("argv", [("--help",), ("--version",)])
def test_help_looks_for_nothing_installed(argv: tuple[str, ...], tmp_path: Path) -> None:
    """Reading what is installed costs as much as all the rest of starting."""
    assert not {"email", "zipfile", "socket"} & loaded_by(*argv, cwd=tmp_path)


@pytest.mark.parametrize("argv", [("--help",), ("--version",), ("plan", "--help")])
def test_help_loads_nothing_heavy(argv: tuple[str, ...], tmp_path: Path) -> None:
    assert loaded_by(*argv, cwd=tmp_path) & HEAVY == set()


def test_validate_loads_no_sdk_and_no_client(tmp_path: Path) -> None:
    assert (
        loaded_by("validate", str(ROOT / "examples/quickstart"), cwd=tmp_path) & (SDKS | {"httpx", "aiohttp"})
        == set()
    )


def test_validating_an_aws_alias_loads_no_boto3(tmp_path: Path) -> None:
    """Its options are checked, and nothing is opened."""
    (tmp_path / "domains.yaml").write_text(
        "version: 1\nowner: acme-mail\n"
        "providers:\n  sp: {type: sparkpost}\n  web: {type: aws, profile: mail, alias_records: true}\n"
        "defaults: {sparkpost: sp, cdn: web, dns: web}\n"
        "domains: {click.example.com: {}}\n"
    )
    assert loaded_by("validate", cwd=tmp_path) & SDKS == set()
