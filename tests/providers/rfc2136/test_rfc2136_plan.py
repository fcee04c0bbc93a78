"""What DNS forbids is told by the plan before anything is written: the engine on a real BIND."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.candidates import named
from tests.conformance.stand import Stand, stand

CLOUDFLARE = {"token": "sandbox-token-of-acme", "env": "CLOUDFLARE_API_TOKEN", "account": "acme"}
RECORDS = (
    {"type": "NS", "name": "sub.example.com", "content": "ns.elsewhere.example", "ttl": 300},
    {"type": "MX", "name": "mail.example.com", "content": "5 foreign.example.com.", "ttl": 300},
)


def forbidding(world: dict[str, Any]) -> dict[str, Any]:
    """The candidate's world, with what stands in the way, and a CDN whose record is its edge."""
    world["rfc2136"][0]["zones"][0]["records"] += RECORDS
    zones = [{"name": "example.com", "plan": "business"}]
    return world | {"cloudflare": [CLOUDFLARE | {"zones": zones}]}


def planned(at: Stand, folder: Path, host: str, cdn: str = "sp") -> list[str]:
    """The errors of a plan for one host."""
    wanted = yaml.safe_load(at.candidate.file("domains").read_text())
    wanted["providers"]["web"] = {"type": "cloudflare"}
    wanted["domains"] = {host: {"cdn": cdn}}
    file = folder / "domains.yaml"
    file.write_text(yaml.safe_dump(wanted))
    ran = at.tdr("plan", file=file)
    assert ran.code == 1, ran.said
    return [line for line in ran.err.splitlines() if line.startswith("Error: ")]


@pytest.mark.parametrize(
    ("host", "cdn", "words"),
    [
        ("click.sub.example.com", "sp", "sub.example.com is delegated to ns.elsewhere.example"),
        (
            "mail.example.com",
            "sp",
            "mail.example.com has MX records in zone example.com, and a CNAME must stand alone",
        ),
        ("new.example.com", "web", "through a record in its own zone, but `dns: ns` is another account"),
        ("example.com", "sp", "is the apex of its zone"),
        ("click.elsewhere.test", "sp", "no zone of `ns` holds click.elsewhere.test"),
        ("click.example.net", "sp", "192.0.2.40:53 does not serve zone example.net to the key tdr-key"),
    ],
)
def test_what_dns_forbids_is_an_error_of_the_plan(tmp_path: Path, host: str, cdn: str, words: str) -> None:
    with stand(named("rfc2136"), forbidding) as at:
        told = planned(at, tmp_path, host, cdn)
        assert [line for line in told if words in line], told
        assert len(told) == 1, told
        assert at.writes == []
