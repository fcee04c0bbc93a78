"""octoDNS, somebody else's client of Cloud DNS, syncs a zone of the sandbox by its own Google provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from google.cloud import dns

from tests.contract.google_judge import google_findings
from tests.sandbox.google.bench import PROJECT, Bench, bench, credentials, project, world

pytest.importorskip("octodns", reason="octodns is not installed")
pytest.importorskip("octodns_googlecloud", reason="octodns-googlecloud is not installed")

from octodns.record import Record
from octodns.zone import Zone
from octodns_googlecloud import GoogleCloudProvider

KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
STANDING = [
    {"name": "click.example.com.", "type": "CNAME", "ttl": 300, "rrdatas": ["old.example.net."]},
    {"name": "gone.example.com.", "type": "A", "ttl": 300, "rrdatas": ["192.0.2.7", "192.0.2.8"]},
]
WANTED: Mapping[str, list[dict[str, Any]]] = {
    "": [
        {"type": "A", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]},
        {"type": "CAA", "ttl": 300, "value": {"flags": 0, "tag": "issue", "value": "pki.goog"}},
    ],
    "click": [{"type": "CNAME", "ttl": 60, "value": "spgo.io."}],
    "mail": [
        {"type": "MX", "ttl": 300, "values": [{"preference": 10, "exchange": "mx.example.net."}]},
        {"type": "TXT", "ttl": 300, "value": "v=spf1 include:_spf.example.net -all"},
    ],
    "*": [{"type": "CNAME", "ttl": 300, "value": "spgo.io."}],
}


class Led(GoogleCloudProvider):  # type: ignore[misc] - octodns-googlecloud has no types
    """octoDNS's provider, led to the sandbox; where it would wait for a change, sandbox time passes."""

    def __init__(self, google: Bench) -> None:
        """Read the key file as it does, and ask the sandbox."""
        super().__init__("google", project=PROJECT, credentials_file=google.sandbox.env[KEY_FILE])
        self._google = google
        self.gcloud_client = dns.Client(
            project=PROJECT,
            credentials=credentials(google.sandbox.env),
            client_options={"api_endpoint": google.url("DNS").removesuffix("/dns/v1")},
        )

    @property
    def CHANGE_LOOP_WAIT(self) -> float:  # noqa: N802 - its name
        """Let a second of the sandbox pass in place of the wait."""
        self._google.advance(1)
        return 0.0


@pytest.fixture
def google() -> Iterator[Bench]:
    there = {"name": "example-com", "dnsName": "example.com.", "records": STANDING}
    with bench(world(project(zones=[there]))) as running:
        yield running
        assert google_findings(running.sandbox.kernel.calls) == []


def desired(wanted: Mapping[str, list[dict[str, Any]]]) -> Zone:
    zone = Zone("example.com.", [])
    for name, records in wanted.items():
        for record in records:
            zone.add_record(Record.new(zone, name, record))
    return zone


def synced(google: Bench, wanted: Mapping[str, list[dict[str, Any]]]) -> int:
    """Plan and apply; say how many records changed."""
    provider = Led(google)
    plan = provider.plan(desired(wanted))
    return provider.apply(plan) if plan else 0


def rows(google: Bench) -> set[tuple[str, str, int, str]]:
    url = f"{google.url('DNS')}/projects/{PROJECT}/managedZones/example-com/rrsets"
    listed = google.call("GET", url).json()["rrsets"]
    apex = ("NS", "SOA")
    return {
        (one["name"].partition("example.com.")[0], one["type"], one["ttl"], value)
        for one in listed
        if one["type"] not in apex
        for value in one["rrdatas"]
    }


def test_octodns_syncs_a_zone_and_then_has_nothing_to_do(google: Bench) -> None:
    assert synced(google, WANTED) == 7
    assert rows(google) == {
        ("", "A", 300, "192.0.2.1"),
        ("", "A", 300, "192.0.2.2"),
        ("", "CAA", 300, "0 issue pki.goog"),  # as it was sent
        ("click.", "CNAME", 60, "spgo.io."),
        ("mail.", "MX", 300, "10 mx.example.net."),
        ("mail.", "TXT", 300, '"v=spf1 include:_spf.example.net -all"'),
        ("*.", "CNAME", 300, "spgo.io."),
    }
    assert google.sandbox.kernel.resolve("any.example.com", "CNAME", fresh=True).values("CNAME") == (
        "spgo.io",
    )
    assert synced(google, WANTED) == 0


def test_octodns_takes_away_what_is_wanted_no_more(google: Bench) -> None:
    synced(google, WANTED)
    fewer = {name: records for name, records in WANTED.items() if name != "mail"}
    assert synced(google, fewer) == 2
    assert {row[0] for row in rows(google)} == {"", "click.", "*."}
