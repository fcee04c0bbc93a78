"""Knot DNS (`knotd`) on a free loopback port, without privileges; as a primary, or as another's secondary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.flags
import dns.message
import dns.opcode
import dns.query

from tests.servers.process import LOOPBACK, STARTS, NotStartedError, binary, free_port, running
from tests.servers.zones import KEY_NAME, READER_NAME, READER_SECRET, SECRET, RealServer, written

CATCH_UP_TRIES = 20_000
_CONF = """\
server:
    rundir: "."
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "./db"
log:
  - target: stderr
    any: warning
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
  - id: {reader}
    algorithm: hmac-sha256
    secret: {reader_secret}
acl:
  - id: all
    key: {key}
    action: [{actions}]
  - id: read
    key: {reader}
    action: [transfer]
template:
  - id: default
    storage: "."
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: changes
    acl: [all, read]
zone:
"""
_SECONDARY = """\
server:
    rundir: "."
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "./db"
log:
  - target: stderr
    any: warning
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: primary
    address: {primary}
    key: {key}
acl:
  - id: told
    action: notify
zone:
  - domain: {zone}
    storage: "."
    master: primary
    acl: told
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
"""
_ZONE = """\
  - domain: {zone}
    file: {zone}.zone
"""


@contextmanager
def knot(
    zones: Mapping[str, str], *, transfers: bool = True, port: int | None = None, address: str = LOOPBACK
) -> Iterator[RealServer]:
    """Serve zones, by name with the lines of their files; `transfers`: whether keys may have them whole."""
    knotd = binary("knotd", "knot")
    with TemporaryDirectory(prefix="tdr-knot-") as made:
        folder = Path(made)
        (folder / "db").mkdir()
        for attempt in range(STARTS):
            at = port or free_port()
            conf = _CONF.format(
                key=KEY_NAME,
                secret=SECRET,
                reader=READER_NAME,
                reader_secret=READER_SECRET,
                port=at,
                address=address,
                actions="update, transfer" if transfers else "update",
            )
            (folder / "knot.conf").write_text(conf + "".join(_ZONE.format(zone=zone) for zone in zones))
            written(folder, zones)
            try:
                with running((knotd, "-c", "knot.conf"), folder, at, next(iter(zones)), address):
                    yield RealServer("knot", at, folder, address)
                    return
            except NotStartedError:
                if attempt == STARTS - 1:
                    raise


@contextmanager
def knot_secondary(primary: RealServer, zone: str, *, address: str = LOOPBACK) -> Iterator[RealServer]:
    """Serve a copy of a primary's zone, transferred at the start; it lags until `catch_up` tells it."""
    knotd = binary("knotd", "knot")
    with TemporaryDirectory(prefix="tdr-knot-") as made:
        folder = Path(made)
        (folder / "db").mkdir()
        for attempt in range(STARTS):
            at = free_port()
            conf = _SECONDARY.format(
                key=KEY_NAME,
                secret=SECRET,
                port=at,
                address=address,
                zone=zone,
                primary=f"{primary.address}@{primary.port}",
            )
            (folder / "knot.conf").write_text(conf)
            try:
                with running((knotd, "-c", "knot.conf"), folder, at, zone, address):
                    yield RealServer("knot", at, folder, address)
                    return
            except NotStartedError:
                if attempt == STARTS - 1:
                    raise


def catch_up(secondary: RealServer, primary: RealServer, zone: str) -> None:
    """Tell a secondary that its zone has changed (RFC 1996), and ask until it has the primary's."""
    told = dns.message.make_query(zone, "SOA", flags=dns.flags.AA)
    told.set_opcode(dns.opcode.NOTIFY)
    dns.query.tcp(told, secondary.address, 5.0, secondary.port)
    wanted = primary.serial(zone)
    for _ in range(CATCH_UP_TRIES):
        if secondary.serial(zone) == wanted:
            return
    raise AssertionError(f"the secondary stays at serial {secondary.serial(zone)}, not {wanted}")
