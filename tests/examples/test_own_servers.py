"""The demos with real servers, but for the install: the whole job, with the files that a user copies."""

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.process import binary

ROOT = Path(__file__).parents[2]
NOTHING = "No changes. Your infrastructure matches the configuration."
HOSTS = ("click.example.com", "go.example.com")
SERVERS = {
    "bind": ("named", "bind9", "named-checkzone -jDq example.com example.com.zone"),
    "powerdns": ("pdns_server", "pdns-server pdns-backend-sqlite3", "pdnsutil list-zone example.com"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a demo wrote, and the folder in which it made its own."""

    server: str
    out: str
    made: Path

    def of(self, command: str) -> list[str]:
        """What each run of a command showed."""
        return re.findall(rf"^\$ {re.escape(command)}\n(.*?)(?=^\$ |\Z)", self.out, re.MULTILINE | re.DOTALL)

    def zones(self) -> list[set[str]]:
        """The zone each time it was shown, `NAME TTL IN TYPE VALUE`, without the SOA, whose serial moves."""
        return [
            {re.sub(r"\.(?= )", "", " ".join(line.split()), count=1).rstrip(".") for line in records(text)}
            for text in self.of(SERVERS[self.server][2])
        ]


def records(text: str) -> list[str]:
    """The lines of a zone that are records."""
    return [line for line in text.splitlines() if line and "SOA" not in line and line[0] != "$"]


def demonstrated(server: str, checkout: Path, made: Path) -> Shown:
    """Run the demo of a checkout."""
    (checkout / ".venv").symlink_to(Path(sys.prefix))
    env = {"PATH": os.defpath, "HOME": str(checkout), "LC_ALL": "C.UTF-8", "TMPDIR": str(made)}
    words = ["/bin/sh", f"examples/{server}/demo.sh"]
    done = subprocess.run(words, cwd=checkout, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Shown(server, done.stdout, made)


@pytest.fixture(scope="module", params=SERVERS)
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A demo as it is, run once."""
    binary(*SERVERS[request.param][:2])
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "examples", checkout / "examples")
    return demonstrated(request.param, checkout, tmp_path_factory.mktemp("made"))


def test_the_job_is_planned_applied_proven_and_then_done(shown: Shown) -> None:
    before, after = shown.of("tdr plan")
    assert "Plan: 4 to import, 8 to add, 2 to change, 0 to destroy." in before
    assert "Apply complete!" in shown.of("tdr apply -auto-approve")[0]
    (proof,) = shown.of("tdr check")
    assert "2 domains checked: all proven." in proof
    assert all(f"GET https://{host}/f/a/b/c/d -> 302" in proof for host in HOSTS)
    assert after.startswith(NOTHING)


def test_the_server_holds_records_and_claims_and_after_destroy_nothing_of_ours(shown: Shown) -> None:
    began, applied, left = shown.zones()
    ours = {f"{host} 3600 IN CNAME v2.spgo.io" for host in HOSTS}
    claims = {line for line in applied if line.startswith(tuple(f"_tdr.{host} 60 IN TXT" for host in HOSTS))}
    taken = {"click.example.com 300 IN CNAME spgo.io"}
    assert len(claims) == len(HOSTS)
    assert taken < began
    assert applied == (began - taken) | ours | claims
    assert "Destroy complete!" in shown.of("tdr destroy -auto-approve")[0]
    assert left == began - taken


def test_nothing_runs_on_and_no_file_stays(shown: Shown) -> None:
    (port,) = re.findall(
        r"^\$ (?:named .* -p |export TDR_POWERDNS_ENDPOINT=\S+:)(\d+)", shown.out, re.MULTILINE
    )
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", int(port))) != 0
    assert list(shown.made.iterdir()) == []


def test_binds_key_may_be_allowed_only_what_the_readme_names(tmp_path: Path) -> None:
    binary(*SERVERS["bind"][:2])
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    conf = tmp_path / "examples/bind/named.conf.local"
    readme = (ROOT / "examples/bind/README.md").read_text()
    (less,) = re.findall(r"^ *update-policy \{\n(?:.*grant.*\n)+ *\};$", readme, re.MULTILINE)
    text, replaced = re.subn(r"update-policy \{.*\};", less, conf.read_text())
    assert replaced == 1
    conf.write_text(text)
    (tmp_path / "made").mkdir()
    assert demonstrated("bind", tmp_path, tmp_path / "made").of("tdr plan")[1].startswith(NOTHING)
