"""A real PowerDNS holds the zone, SparkPost the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from providers.sandbox import started
from tests.scenarios.town import CLICK, NOTHING, Town
from tests.servers.powerdns import KEY, rrset, running

WANTED: Mapping[str, Any] = {
    "version": 1,
    "owner": "acme-mail",
    "providers": {
        "sp": {"type": "sparkpost", "region": "us"},
        "own": {"type": "powerdns", "endpoint": "https://dns.example.com:8081"},
    },
    "defaults": {"sparkpost": "sp", "cdn": "sp", "dns": "own"},
    "domains": {CLICK: {}},
}


def test_tdr_brings_a_host_on_a_real_powerdns_to_https_and_back(tmp_path: Path) -> None:
    """SparkPost verifies and issues by what the real server answers; a person's records stay."""
    by_hand = rrset("by-hand.example.com", "TXT", '"keep me"', off=('"and me"',))
    account = {"region": "us", "key": "sandbox-key-us", "env": "SPARKPOST_API_KEY"}
    domain = {"domain": CLICK, "secure": False, "verified": True}
    with running() as server:
        server.zone("example.com")
        server.put("example.com", by_hand, rrset(CLICK, "CNAME", "spgo.io."))
        began = server.sets("example.com")
        servers = [
            {"host": "ns1.example.net", "address": "192.0.2.60", "at": f"{server.dns[0]}:{server.dns[1]}"}
        ]
        world = {
            "clock": "2026-01-05T09:00:00Z",
            "sparkpost": [{**account, "tracking_domains": [domain]}],
            "dns": [{"zone": "example.com", "servers": servers}],
        }
        with started(world) as sandbox:
            town = Town(sandbox, tmp_path)
            env = {"TDR_POWERDNS_ENDPOINT": server.url, "PDNS_API_KEY": KEY}
            file = tmp_path / "domains.yaml"
            file.write_text(yaml.safe_dump(WANTED))
            applied = town.tdr("apply", "-auto-approve", "-timeout", "4h", file, **env)
            assert applied.code == 0, str(applied)
            assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
            assert NOTHING in town.tdr("plan", file, **env).out
            gone = town.tdr("destroy", "-auto-approve", "-timeout", "4h", file, **env)
            assert gone.code == 0, str(gone)
        left = server.sets("example.com")
    assert left[("by-hand.example.com", "TXT")] == began[("by-hand.example.com", "TXT")]
    assert not any(name.startswith("_tdr.") for name, _ in left)
