"""A provider that somebody else wrote, in a package of its own: nothing of tdr is edited for it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOTHING = "No changes. Your infrastructure matches the configuration."
Ran = subprocess.CompletedProcess[str]

DOMAINS = """\
version: 1
owner: acme-mail
providers:
  sp: {type: sparkpost, region: us}
  hb: {type: harbor, quay: south}
defaults: {sparkpost: sp, cdn: hb, dns: hb}
domains:
  click.example.com: {sending_domains: [mail.example.com]}
  go.example.com: {}
"""

WORLD = {
    "sparkpost": [
        {
            "region": "us",
            "key": "key-us",
            "env": "SPARKPOST_API_KEY",
            "sending_domains": [{"domain": "mail.example.com"}],
            "tracking_domains": [{"domain": "click.example.com", "secure": False, "verified": True}],
        }
    ],
    "harbor": {
        "key": "key-harbor",
        "zones": [
            {
                "name": "example.com",
                "rrsets": [{"name": "click.example.com", "type": "CNAME", "ttl": 300, "values": ["spgo.io"]}],
            }
        ],
    },
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package: built and installed far from this checkout."""
    away = tmp_path_factory.mktemp("elsewhere")
    copytree(Path(__file__).with_name("tdr-harbor"), away / "source", ignore=ignore_patterns("__pycache__"))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    place = ["--no-build-isolation", "--target", str(away / "installed"), str(away / "source")]
    done = subprocess.run([*pip, *place], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return away / "installed"


@pytest.fixture
def tdr(package: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Run the words after `tdr` with that package installed, among the two files of this test."""
    (tmp_path / "domains.yaml").write_text(DOMAINS)
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(WORLD))
    program = str(Path(sys.executable).with_name("tdr"))
    env = {"PATH": os.pathsep.join([str(Path(program).parent), os.defpath]), "PYTHONPATH": str(package)}

    def run(*argv: str, code: int = 0) -> Ran:
        done = subprocess.run(
            [program, *argv], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, f"tdr {argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def test_its_type_is_known_by_its_own_options(tdr: Callable[..., Ran], tmp_path: Path) -> None:
    assert '"harbor"' in tdr("schema").stdout
    tdr("validate")
    (tmp_path / "domains.yaml").write_text(DOMAINS.replace("quay", "key"))
    assert "domains.yaml:5:" in tdr("validate", code=1).stderr


def test_it_is_composed_planned_applied_and_then_done(tdr: Callable[..., Ran]) -> None:
    job = "tdr plan && tdr apply -auto-approve -input=false && tdr check && tdr plan -detailed-exitcode"
    shown = tdr("sandbox", "run", "-world", "world.yaml", "--", "/bin/sh", "-c", job).stdout
    assert 'harbor_berth.hb["click.example.com"] will be created' in shown
    assert "Apply complete!" in shown
    assert "Harbor Trust" in shown
    assert NOTHING in shown
