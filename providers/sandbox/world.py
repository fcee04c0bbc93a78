"""The world file: read, checked in what the kernel itself knows, and the plain DNS zones made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.outside import place_of
from providers.sandbox.tree import PLAIN
from providers.sandbox.zone import NameServer, Record, Zone, to_name, to_rdata

OWN_SECTIONS = ("clock", "dns", "switches")


def read_world(path: Path) -> dict[str, Any]:
    """Read a world file. Raises `WorldError` naming the file and what is wrong."""
    try:
        world = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorldError(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WorldError(str(path), f"is not UTF-8 text: {error}") from error
    except yaml.YAMLError as error:
        raise WorldError(str(path), f"is not YAML: {' '.join(str(error).split())}") from error
    if world is None:
        return {}
    if not isinstance(world, dict):
        raise WorldError(str(path), "must be a mapping of sections, such as dns: or switches:")
    return world


def check_sections(world: Mapping[str, Any], vendors: list[str]) -> None:
    """Refuse sections that nobody reads. Raises `WorldError`."""
    known = sorted([*OWN_SECTIONS, *vendors])
    for section in world:
        if section not in known:
            raise WorldError(str(section), f"unknown section; write one of {', '.join(known)}")
    if not isinstance(world.get("switches") or {}, dict):
        raise WorldError("switches", "must be a mapping of switch names to settings")


def start_of(world: Mapping[str, Any]) -> float | None:
    """Give the world's start of time in unix seconds; None is the real now. Raises `WorldError`."""
    value = world.get("clock")
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        when = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    except ValueError as error:
        raise WorldError("clock", f"{value!r} is no time; write it as 2026-01-05T09:00:00Z") from error
    return (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class PlainZone:
    """A zone that no vendor's API holds: people edit it."""

    zone: Zone
    records: list[Record]

    def edit(self, change: Mapping[str, Any]) -> None:
        """Take records out (`NAME TYPE`), then put others in, all or none. Raises `ControlError`."""
        if unknown := set(change) - {"add_records", "remove_records"}:
            raise ControlError(f"unknown key {min(unknown)!r}; write add_records or remove_records")
        gone = {str(one) for one in change.get("remove_records") or ()}
        there = {f"{record.name} {record.type}" for record in self.records}
        if missing := sorted(gone - there):
            raise ControlError(f"zone {self.zone.name} has no {missing[0]}")
        try:
            entries = list(_at(change.get("add_records"), "add_records"))
            added = [_record(entry, at, self.zone.name) for at, entry in entries]
        except WorldError as error:
            raise ControlError(str(error)) from error
        self.records[:] = [r for r in self.records if f"{r.name} {r.type}" not in gone] + added


def plain_zones(section: Any) -> Iterator[PlainZone]:
    """Make the zones of the world's ``dns:`` section. Raises `WorldError`."""
    for path, entry in _at(section, "dns"):
        yield _plain_zone(entry, path)


def _plain_zone(entry: Mapping[str, Any], path: str) -> PlainZone:
    for key in entry:
        if key not in ("zone", "records", "delegated", "servers"):
            raise WorldError(f"{path}.{key}", "unknown key; write zone, records, delegated or servers")
    name = _host(entry.get("zone"), f"{path}.zone")
    entries = _at(entry.get("records"), f"{path}.records")
    records = [_record(record, at, name) for at, record in entries]
    servers = tuple(_server(server, at) for at, server in _at(entry.get("servers"), f"{path}.servers"))
    if records and any(server.at for server in servers):
        raise WorldError(f"{path}.records", "a server that runs elsewhere has its own: write them there")
    delegated = entry.get("delegated", True)
    zone = Zone(name, servers or PLAIN, lambda: tuple(records), delegation=None if delegated else ())
    return PlainZone(zone, records)


def _record(entry: Mapping[str, Any], path: str, zone: str) -> Record:
    for key in ("name", "type", "content"):
        if key not in entry:
            example = f"{{type: CNAME, name: click.{zone}, content: spgo.io}}"
            raise WorldError(path, f"has no {key}; write {example}")
    for key in entry:
        if key not in ("name", "type", "content", "ttl"):
            raise WorldError(f"{path}.{key}", "unknown key; write name, type, ttl or content")
    name = _host(entry["name"], f"{path}.name")
    if not to_name(name).is_subdomain(to_name(zone)):
        raise WorldError(f"{path}.name", f"{name} is not in the zone {zone}; write the whole name")
    ttl = entry.get("ttl", 300)
    if not isinstance(ttl, int) or not 0 <= ttl <= 2**31 - 1:
        raise WorldError(f"{path}.ttl", f"{ttl!r} is no TTL; write whole seconds")
    record = Record(name, str(entry["type"]).upper(), ttl, str(entry["content"]))
    try:
        to_rdata(record.type, record.content)
    except ValueError as error:
        raise WorldError(f"{path}.content", str(error)) from error
    return record


def _server(server: Mapping[str, Any], path: str) -> NameServer:
    if set(server) - {"at"} != {"host", "address"}:
        raise WorldError(path, "write {host: ns1.example.org, address: 192.0.2.40}")
    at = str(server.get("at", ""))
    try:
        if at:
            place_of(at)
    except ValueError as error:
        raise WorldError(f"{path}.at", f"{error}; write it as 127.0.0.1:5302") from error
    return NameServer(_host(server["host"], f"{path}.host"), str(server["address"]), at)


def _host(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip("."):
        raise WorldError(path, f"{value!r} is no host name")
    try:
        to_name(value)
    except ValueError as error:
        raise WorldError(path, str(error)) from error
    return value.lower().rstrip(".")


def _at(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each mapping of a list with its path."""
    if not isinstance(value, list | None):
        raise WorldError(path, "must be a list")
    for number, entry in enumerate(value or []):
        if not isinstance(entry, dict):
            raise WorldError(f"{path}[{number}]", "must be a mapping")
        yield f"{path}[{number}]", entry
