"""Managed zones as the world writes them, and what people do in the console (`PATCH /vendors/google`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from providers.sandbox.contract import ControlError, NotEmulated, WorldError
from providers.sandbox.world_form import entries, known
from providers.sandbox.zone import quoted

from . import clouddns_values as values
from .clouddns_change import Rules, judged
from .clouddns_names import is_name
from .clouddns_zone import SERVER_SETS, Zone

BESIDE = (
    *("labels", "dnssecConfig", "forwardingConfig", "peeringConfig", "privateVisibilityConfig"),
    *("cloudLoggingConfig", "reverseLookupConfig", "serviceDirectoryConfig"),
)
ZONE_KEYS = ("name", "dnsName", "id", "visibility", "delegated", "description", "records", *BESIDE)
RECORD_KEYS = ("name", "type", "ttl", "rrdatas", "routingPolicy")
CHANGE_KEYS = ("add_records", "remove_records", "delegated", "description")
#: What a project may have by itself. docs: Cloud DNS, "Quotas and limits".
QUOTAS: Mapping[str, int] = {
    "managedZones": 10_000,
    "rrsetsPerManagedZone": 10_000,
    "rrsetAdditionsPerChange": 1_000,
    "rrsetDeletionsPerChange": 1_000,
    "totalRrdataSizePerChange": 100_000,
    "resourceRecordsPerRrset": 100,
    "dnsKeysPerManagedZone": 4,
}
_BY_HAND = dict.fromkeys(QUOTAS, 10**9)


def zone_id(*parts: str) -> str:
    """Give a zone's id: a number that is a function of `parts`."""
    return str(int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:8]) >> 1)


def read(entry: Any, at: str, project: str, now: float, taken: Iterable[Zone]) -> Zone:
    """Give a zone of the world; `taken` are the zones of all projects. Raises WorldError."""
    given = known(entry, ZONE_KEYS, at)
    name, dns_name = str(given.get("name", "")), str(given.get("dnsName", "")).lower().rstrip(".") + "."
    if not is_name(f"{name}.") or "." in name:
        raise WorldError(f"{at}.name", "write the zone's name in the project, such as example-com")
    if not is_name(dns_name) or dns_name.count(".") < 2:
        raise WorldError(f"{at}.dnsName", "write the zone's DNS name, such as example.com.")
    private = given.get("visibility", "public") == "private"
    public = [zone for zone in taken if zone.dns_name == dns_name and not zone.private]
    alone = not any(zone.delegated for zone in public)
    zone = Zone(
        name,
        dns_name,
        str(given.get("id") or zone_id(project, name)),
        now,
        str(given.get("description", "")),
        private=private,
        delegated=bool(given.get("delegated", alone)) and not private,
        servers=len(public) % len(SERVER_SETS),
        beside={key: given[key] for key in BESIDE if key in given},
    )
    zone.begin()
    _write(zone, given.get("records"), f"{at}.records")
    return zone


def _write(zone: Zone, listed: Any, at: str) -> None:
    """Write sets as a person would, in place of those that stand. Raises WorldError."""
    records = [_record(zone, entry, where) for where, entry in entries(listed, at)]
    if not records:
        return
    keys = dict.fromkeys((record["name"].lower(), record["type"]) for record in records)
    there = [zone.sets[key] for key in keys if key in zone.sets]
    outcome = judged(zone, records, there, _BY_HAND, Rules())
    if outcome.problems:
        raise WorldError(at, outcome.problems[0].message)
    zone.edit(outcome.sets)


def _record(zone: Zone, entry: Any, at: str) -> dict[str, Any]:
    """Give a record of the world as the API takes it. Raises WorldError."""
    given = dict(known(entry, RECORD_KEYS, at))
    if lacking := [key for key in ("name", "type") if key not in given]:
        raise WorldError(at, f"has no {lacking[0]}; write {{name: …, type: CNAME, rrdatas: [spgo.io.]}}")
    given["name"] = str(given["name"]).rstrip(".") + "."
    given.setdefault("ttl", 300)
    if "rrdatas" in given:
        text = given["type"] in ("TXT", "SPF")
        listed = [str(value) for value in given["rrdatas"]]
        given["rrdatas"] = [quoted(v) if text and not v.startswith('"') else v for v in listed]
    try:
        _, problems = values.read(given, "record", zone.dns_name)
    except NotEmulated as error:
        raise WorldError(at, f"the sandbox does not emulate {error}") from error
    if problems:
        raise WorldError(at, problems[0].message)
    return given


def patch(zones: Iterable[Zone], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change zones by name, DNS name or id: what people do in the console, answered at once.

    {"example-com": {"add_records": [{…}], "remove_records": ["click.example.com. CNAME"],
     "delegated": false, "description": "…"}}
    Raises `ControlError`.
    """
    there = list(zones)
    try:
        for name, wanted in changes.items():
            _edit(_named(there, str(name)), known(wanted, CHANGE_KEYS, f"zones.{name}"))
    except WorldError as error:
        raise ControlError(str(error)) from error
    return {}


def _named(zones: Iterable[Zone], name: str) -> Zone:
    there = list(zones)
    for zone in there:
        if name in (zone.name, zone.id) or name.rstrip(".") + "." == zone.dns_name:
            return zone
    have = ", ".join(sorted(zone.name for zone in there)) or "none"
    raise ControlError(f"there is no zone {name}: there are {have}", 404)


def _edit(zone: Zone, wanted: Mapping[str, Any]) -> None:
    zone.delegated = bool(wanted.get("delegated", zone.delegated))
    zone.description = str(wanted.get("description", zone.description))
    for at, gone in entries(wanted.get("remove_records"), "remove_records"):
        name, _, kind = str(gone).partition(" ")
        key = (name.rstrip(".") + ".", kind)
        if key not in zone.sets:
            raise WorldError(at, f"there is no {gone}")
        zone.edit({other: one for other, one in zone.sets.items() if other != key})
    _write(zone, wanted.get("add_records"), "add_records")
