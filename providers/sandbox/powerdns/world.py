"""The world's `powerdns` section, and what may be changed behind the API's back (`PATCH /vendors/powerdns`).

{"zones": {"example.com": {"add_records": [{...}], "remove_records": ["click.example.com CNAME"],
 "kind": "Slave", "masters": ["192.0.2.9"]}}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import entries, known
from providers.sandbox.zone import quoted

from .api import digest
from .state import ENDS_IN_NAME, KINDS, Refusal, Server, Zone, plain

SERVER_KEYS = ("key", "env", "server", "zones")
ZONE_KEYS = ("name", "kind", "masters", "delegated", "soa_edit_api", "records")
RECORD_KEYS = ("type", "name", "content", "ttl", "disabled", "comment")
CHANGE_KEYS = ("add_records", "remove_records", "kind", "masters", "delegated")


def read(section: Any, hosts: Sequence[str]) -> tuple[list[Server], dict[str, str]]:
    """Give the servers that a section describes, and the keys to export. Raises WorldError."""
    servers, exported = list[Server](), dict[str, str]()
    for at, entry in entries(section, "powerdns"):
        given = known(entry, SERVER_KEYS, at)
        key = given.get("key")
        if not isinstance(key, str) or not key:
            raise WorldError(f"{at}.key", "write the API key of the server")
        zones = [_zone(zone, where, hosts) for where, zone in entries(given.get("zones"), f"{at}.zones")]
        servers.append(Server(digest(key), str(given.get("server", "localhost")), {z.name: z for z in zones}))
        if "env" in given:
            exported[str(given["env"])] = key
    return servers, exported


def _zone(entry: Any, at: str, hosts: Sequence[str]) -> Zone:
    given = known(entry, ZONE_KEYS, at)
    name = plain(str(given.get("name", "")))
    if "." not in name:
        raise WorldError(f"{at}.name", "write the zone's name, such as example.com")
    zone = Zone(
        name,
        kind=_kind(given.get("kind", "Native"), f"{at}.kind"),
        masters=list(given.get("masters") or []),
        delegated=bool(given.get("delegated", True)),
        soa_edit_api=str(given.get("soa_edit_api", "DEFAULT")),
    )
    soa = f"{hosts[0]}. hostmaster.{name}. 1 10800 3600 604800 3600"
    add(zone, {"type": "SOA", "name": name, "content": soa, "ttl": 3600}, f"{at}.name")
    for host in hosts:
        add(zone, {"type": "NS", "name": name, "content": host, "ttl": 3600}, f"{at}.name")
    for where, record in entries(given.get("records"), f"{at}.records"):
        add(zone, record, where)
    zone.changes = 1
    return zone


def _kind(given: Any, at: str) -> str:
    if given not in KINDS:
        raise WorldError(at, f"unknown value {given!r}; write one of {', '.join(KINDS)}")
    return str(given)


def add(zone: Zone, entry: Any, at: str, now: float = 0.0) -> None:
    """Add one record as a person would; a text without quotes is plain text. Raises WorldError."""
    given = known(entry, RECORD_KEYS, at)
    if lacking := [key for key in ("type", "name", "content") if key not in given]:
        raise WorldError(at, f"has no {lacking[0]}; write {{type: CNAME, name: …, content: spgo.io}}")
    kind, name = str(given["type"]).upper(), f"{plain(str(given['name']))}."
    content = str(given["content"])
    if kind in ENDS_IN_NAME:
        content = f"{content.rstrip('.')}."
    elif kind == "TXT" and not content.startswith('"'):
        content = quoted(content)
    old = zone.sets.get(f"{name} {kind}", {"records": [], "comments": []})
    record = {"content": content, "disabled": bool(given.get("disabled", False))}
    comment = [{"content": str(given["comment"]), "account": ""}] if given.get("comment") else []
    rrset = {"name": name, "type": kind, "ttl": given.get("ttl", 300), "changetype": "REPLACE"}
    written = {**rrset, "records": [*old["records"], record], "comments": [*old["comments"], *comment]}
    try:
        zone.write([written], now)
    except Refusal as refusal:
        raise WorldError(at, str(refusal)) from refusal


def patch(servers: Sequence[Server], changes: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Change the state. Raises ControlError."""
    try:
        for name, wanted in (known(changes, ("zones",), "powerdns").get("zones") or {}).items():
            _change(_named(servers, name), known(wanted, CHANGE_KEYS, f"zones.{name}"), now)
    except WorldError as error:
        raise ControlError(str(error)) from error
    return {}


def _named(servers: Sequence[Server], name: str) -> Zone:
    found = next((server.zones[name] for server in servers if name in server.zones), None)
    if found is None:
        have = ", ".join(sorted(name for server in servers for name in server.zones)) or "none"
        raise ControlError(f"there is no zone {name}: there are {have}", 404)
    return found


def _change(zone: Zone, wanted: Mapping[str, Any], now: float) -> None:
    if "kind" in wanted:
        zone.kind = _kind(wanted["kind"], "kind")
    zone.masters = list(wanted.get("masters", zone.masters))
    zone.delegated = bool(wanted.get("delegated", zone.delegated))
    for at, record in entries(wanted.get("add_records"), "add_records"):
        add(zone, record, at, now)
    for at, gone in entries(wanted.get("remove_records"), "remove_records"):
        name, _, kind = str(gone).partition(" ")
        if zone.sets.pop(f"{plain(name)}. {kind}", None) is None:
            raise WorldError(at, f"there is no {gone}")
    zone.changes += 1
