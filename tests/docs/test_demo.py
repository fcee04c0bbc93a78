"""`make demo`, but for the install: in a folder of its own, twice, as a newcomer runs it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTHING = "No changes. Your infrastructure matches the configuration."
DOMAINS = ("click.example.com", "go.example.net", "track.example.org")


def run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    words = ["/bin/sh", "-c", command]
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the demo needs of a checkout; its sandbox is stopped in the end."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / ".venv").symlink_to(Path(sys.prefix))
    yield folder
    run(folder, ".venv/bin/tdr sandbox down")


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the second of two runs shows: the world is fresh each time."""
    for _ in range(2):
        done = run(folder, "sh examples/quickstart/demo.sh")
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_plans_applies_proves_and_has_nothing_left_to_do(shown: str) -> None:
    told = [
        "$ tdr plan",
        "Plan: ",
        "$ tdr apply",
        "Apply complete!",
        "$ tdr check",
        "all proven",
        "$ tdr plan",
        NOTHING,
    ]
    assert re.search(".*".join(map(re.escape, told)), shown, re.DOTALL), shown
    assert "make demo-down" in shown


@pytest.mark.parametrize("host", DOMAINS)
def test_each_domain_is_proven_with_all_that_the_guide_asks_for(shown: str, host: str) -> None:
    (proof,) = re.findall(rf"^{re.escape(host)}: proven\n((?:  .*\n)+)", shown, re.MULTILINE)
    handshake = proof.splitlines()[0]
    assert all(word in handshake for word in ("subject:", "SAN:", "issuer:", "valid ", "verify ok")), (
        handshake
    )
    for scheme in ("https", "http"):
        assert f"GET {scheme}://{host}/f/ -> 200 empty" in proof
        assert f"GET {scheme}://{host}/f/a/b/c/d -> 302" in proof


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine; the demo does without")
def test_each_curl_line_works_while_the_sandbox_is_up(shown: str, folder: Path) -> None:
    lines = re.findall(r"^ +(curl -v .*)$", shown, re.MULTILINE)
    assert len(lines) == 4 * len(DOMAINS)
    for line in lines:
        done = run(folder, line)
        assert done.returncode == 0, done.stderr
        assert re.search(r"^< HTTP/1\.1 (200|302)", done.stderr, re.MULTILINE), done.stderr
