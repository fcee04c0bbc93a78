"""Zones that the sandbox delegates to a real name server on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.contract import WorldError
from providers.sandbox.outside import place_of
from tests.servers.powerdns import PdnsServer, free_ports, rrset, running

ADDRESS = "192.0.2.60"


def world(at: str, **more: Any) -> dict[str, Any]:
    """A world whose example.com is answered by a server there."""
    server = {"host": "ns1.example.net", "address": ADDRESS, "at": at}
    return {"clock": "2026-01-05T09:00:00Z", "dns": [{"zone": "example.com", "servers": [server], **more}]}


def at(server: PdnsServer) -> str:
    return f"{server.dns[0]}:{server.dns[1]}"


def test_the_resolver_asks_it_and_the_map_leads_to_it() -> None:
    with running() as server:
        server.zone("example.com")
        server.put(
            "example.com",
            rrset("click.example.com", "CNAME", "spgo.io."),
            rrset("long.example.com", "TXT", *(f'"{n} {"x" * 200}"' for n in range(20))),
        )
        with started(world(at(server))) as sandbox:
            assert sandbox.net_map[f"{ADDRESS}:53"] == at(server)
            resolve = sandbox.kernel.resolve
            found = sandbox.do(lambda: resolve("click.example.com", "A"))
            assert (found.values("CNAME"), found.values("A")) == (("spgo.io",), ("203.0.113.10",))
            assert len(sandbox.do(lambda: resolve("long.example.com", "TXT")).values("TXT")) == 20
            assert sandbox.do(lambda: resolve("none.example.com", "A")).rcode == "NXDOMAIN"


def test_a_server_that_is_not_there_is_silent() -> None:
    _, port = free_ports()
    with started(world(f"127.0.0.1:{port}")) as sandbox:
        resolved = sandbox.do(lambda: sandbox.kernel.resolve("click.example.com", "A"))
        assert resolved.rcode == "SERVFAIL"


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (world("192.0.2.1:53"), r"dns\[0\].servers\[0\].at: 192.0.2.1 is not on loopback"),
        (world("127.0.0.1:dns"), r"dns\[0\].servers\[0\].at: 'dns' is no port"),
        (
            world("127.0.0.1:5302", records=[{"type": "A", "name": "a.example.com", "content": "192.0.2.1"}]),
            r"dns\[0\].records: a server that runs elsewhere has its own",
        ),
    ],
)
def test_what_cannot_be_meant_is_named(changed: Mapping[str, Any], place: str) -> None:
    with pytest.raises(WorldError, match=place), started(changed):
        pass


def test_a_place_is_an_address_of_loopback_and_a_port() -> None:
    assert place_of("127.0.0.2:5302") == ("127.0.0.2", 5302)
