"""octoDNS, somebody else's Cloudflare client, syncs a zone of the sandbox, in an environment of its own.

The environment is made once, in pytest's cache; where the packages cannot be installed the test is skipped.
"""

from __future__ import annotations

import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from tests.sandbox.cloudflare_bench import Bench, bench, record, world

PACKAGES = ("octodns", "octodns-cloudflare")
CONFIG = {
    "providers": {
        "config": {
            "class": "octodns.provider.yaml.YamlProvider",
            "directory": "zones",
            "default_ttl": 300,
            "enforce_order": False,
        },
        "cloudflare": {
            "class": "octodns_cloudflare.CloudflareProvider",
            "token": "env/CLOUDFLARE_API_TOKEN",
            "api_url": "env/CLOUDFLARE_BASE_URL",
            "retry_period": 1,
        },
    },
    "zones": {"example.com.": {"sources": ["config"], "targets": ["cloudflare"]}},
}
RECORDS = {
    "": {"type": "A", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]},
    "click": {"type": "CNAME", "ttl": 300, "value": "spgo.io."},
    "go": {"type": "CNAME", "octodns": {"cloudflare": {"proxied": True}}, "ttl": 300, "value": "spgo.io."},
    "mail": [
        {"type": "MX", "ttl": 300, "values": [{"preference": 10, "exchange": "mx.example.net."}]},
        {"type": "TXT", "ttl": 300, "value": "v=spf1 include:_spf.example.net -all"},
    ],
    "caa": {"type": "CAA", "ttl": 300, "value": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}},
}
Sync = Callable[..., str]


@pytest.fixture(scope="module")
def octodns(request: pytest.FixtureRequest) -> Path:
    """The path of octodns-sync, installed into an environment of its own."""
    cache = request.config.cache
    assert cache is not None
    folder = Path(cache.mkdir(f"octodns-{sys.version_info.major}.{sys.version_info.minor}"))
    command = folder / "bin" / "octodns-sync"
    if command.exists():
        return command
    venv.create(folder, clear=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--quiet", "--no-compile"]
    done = subprocess.run(
        [*pip, "--retries", "1", "--timeout", "15", *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode or not command.exists():
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        pytest.skip(f"{' and '.join(PACKAGES)} cannot be installed here: {reason}")
    return command


def syncing(command: Path, folder: Path, env: Mapping[str, str]) -> Sync:
    """A function that writes the zone's file, runs octodns-sync and gives what it said."""
    (folder / "zones").mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))

    def sync(records: Mapping[str, object], *options: str) -> str:
        (folder / "zones" / "example.com.yaml").write_text(yaml.safe_dump(dict(records)))
        asked = [str(command), "--config-file", "config.yaml", *options]
        done = subprocess.run(asked, cwd=folder, env=dict(env), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return sync


def rows(cf: Bench) -> set[tuple[str, str, str, bool]]:
    listed = cf.ok("GET", "/zones/{zone}/dns_records")
    return {(r["name"].partition("example.com")[0], r["type"], r["content"], r["proxied"]) for r in listed}


@pytest.mark.timeout(300)
def test_octodns_syncs_a_zone_and_then_has_nothing_to_do(
    octodns: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    there = [record("click.example.com", "old.example.net"), record("gone.example.com")]
    with bench(world({"name": "example.com", "records": there})) as cf:
        sync = syncing(octodns, tmp_path, cf.sandbox.env)
        began = time.monotonic()
        sync(RECORDS, "--doit", "--force")
        record_property("octodns_sync_s", round(time.monotonic() - began, 2))
        assert rows(cf) == {
            ("", "A", "192.0.2.1", False),
            ("", "A", "192.0.2.2", False),
            ("click.", "CNAME", "spgo.io", False),
            ("go.", "CNAME", "spgo.io", True),
            ("mail.", "MX", "mx.example.net", False),
            ("mail.", "TXT", '"v=spf1 include:_spf.example.net -all"', False),
            ("caa.", "CAA", '0 issue "letsencrypt.org"', False),
        }
        assert cf.dns("go.example.com", "A") == ("198.51.100.7", "198.51.100.8")
        assert "No changes were planned" in sync(RECORDS)
        fewer = {name: wanted for name, wanted in RECORDS.items() if name != "caa"}
        sync(fewer, "--doit", "--force")
        assert ("caa.", "CAA", '0 issue "letsencrypt.org"', False) not in rows(cf)
