"""Hosted zones as the world writes them, and what people do in the console (`PATCH /vendors/aws`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import entries, known, tags
from providers.sandbox.zone import quoted

from . import route53_batch as batch
from .call import Refusal
from .route53_names import plain, spelt, within
from .route53_state import DELEGATION_SETS, State, Zone
from .service import derived_id

ZONE_KEYS = ("name", "id", "private", "delegated", "comment", "records", "protected", "tags")
RECORD_KEYS = ("name", "type", "ttl", "values", "value", "alias", "identifier", "weight", "region")
CHANGE_KEYS = ("add_records", "remove_records", "protect", "unprotect", "delegated", "comment")


def read(state: State, entry: Any, at: str, number: str, taken: Iterable[Zone]) -> Zone:
    """Add a zone of the world to the state; `taken` are the zones of all accounts. Raises WorldError."""
    given = known(entry, ZONE_KEYS, at)
    name = spelt(str(given.get("name", "")))
    if name.count(".") < 2:
        raise WorldError(f"{at}.name", "write the zone's name, such as example.com")
    others = [zone for zone in taken if zone.name == name]
    zone_id = str(given.get("id") or f"Z{derived_id(number, name, str(len(others)), length=20)}")
    if zone_id in {zone.id for zone in taken}:
        raise WorldError(f"{at}.id", f"another zone has the id {zone_id}")
    private = bool(given.get("private", False))
    public = [zone for zone in others if not zone.private]
    alone = not any(zone.delegated for zone in public)
    zone = Zone(
        zone_id,
        name,
        private=private,
        delegated=bool(given.get("delegated", alone)) and not private,
        comment=str(given.get("comment", "")),
        servers=len(public) % len(DELEGATION_SETS),
        tags=tags(given.get("tags"), f"{at}.tags"),
    )
    zone.begin()
    state.zones[zone.id] = zone
    for where, record in entries(given.get("records"), f"{at}.records"):
        _add(zone, record, where)
    for where, what in entries(given.get("protected"), f"{at}.protected"):
        _protect(zone, what, where)
    return zone


def _add(zone: Zone, entry: Any, at: str) -> None:
    """Add a set as a person would; a text without quotes is plain text. Raises WorldError."""
    given = known(entry, RECORD_KEYS, at)
    if lacking := [key for key in ("name", "type") if key not in given]:
        raise WorldError(at, f"has no {lacking[0]}; write {{name: …, type: CNAME, values: [spgo.io]}}")
    record_set: dict[str, Any] = {"Name": str(given["name"]), "Type": str(given["type"]).upper()}
    if "alias" in given:
        alias = known(given["alias"], ("zone", "name"), f"{at}.alias")
        target = {"HostedZoneId": str(alias.get("zone", zone.id)), "DNSName": str(alias.get("name", ""))}
        record_set["AliasTarget"] = {**target, "EvaluateTargetHealth": False}
    else:
        listed = given.get("values") or [given.get("value", "")]
        text = record_set["Type"] in ("TXT", "SPF")
        values = [quoted(str(v)) if text and not str(v).startswith('"') else str(v) for v in listed]
        record_set |= {"TTL": given.get("ttl", 300), "ResourceRecords": [{"Value": v} for v in values]}
    if "identifier" in given:
        policy = {"Region": str(given["region"])} if "region" in given else {"Weight": given.get("weight", 1)}
        record_set |= {"SetIdentifier": str(given["identifier"]), **policy}
    try:
        change = {"Action": "UPSERT", "ResourceRecordSet": record_set}
        zone.edit(batch.changed(zone, [change], lambda _host: True))
    except Refusal as refusal:
        raise WorldError(at, refusal.message.strip("[]")) from refusal


def _protect(zone: Zone, what: Any, at: str) -> None:
    name, _, kind = str(what).partition(" ")
    if not kind or not within(spelt(name), zone.name):
        raise WorldError(at, f"{what!r} is no name and type of the zone; write {plain(zone.name)} MX")
    zone.protected[f"{spelt(name)} {kind}"] = "protected by hand"


def patch(state: State, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change zones by name or id: what people do in the console, answered at once. Raises ControlError.

    {"zones": {"example.com": {"add_records": [{…}], "remove_records": ["click.example.com CNAME"],
     "protect": ["example.com MX"], "unprotect": […], "delegated": false, "comment": "…"}}}
    """
    try:
        for name, wanted in (known(changes, ("zones",), "route53").get("zones") or {}).items():
            _edit(_named(state, str(name)), known(wanted, CHANGE_KEYS, f"zones.{name}"))
    except WorldError as error:
        raise ControlError(str(error)) from error
    return {}


def _named(state: State, name: str) -> Zone:
    found = [zone for zone in state.zones.values() if zone.id == name or plain(zone.name) == plain(name)]
    if not found:
        have = ", ".join(sorted(plain(zone.name) for zone in state.zones.values())) or "none"
        raise ControlError(f"there is no zone {name}: there are {have}", 404)
    return found[0]


def _edit(zone: Zone, wanted: Mapping[str, Any]) -> None:
    zone.delegated = bool(wanted.get("delegated", zone.delegated))
    zone.comment = str(wanted.get("comment", zone.comment))
    for at, gone in entries(wanted.get("remove_records"), "remove_records"):
        name, _, kind = str(gone).partition(" ")
        keys = [key for key in zone.sets if key[:2] == (spelt(name), kind)]
        if not keys:
            raise WorldError(at, f"there is no {gone}")
        zone.edit({key: record_set for key, record_set in zone.sets.items() if key not in keys})
    for at, what in entries(wanted.get("unprotect"), "unprotect"):
        name, _, kind = str(what).partition(" ")
        if zone.protected.pop(f"{spelt(name)} {kind}", None) is None:
            raise WorldError(at, f"{what} is not protected")
    for at, record in entries(wanted.get("add_records"), "add_records"):
        _add(zone, record, at)
    for at, what in entries(wanted.get("protect"), "protect"):
        _protect(zone, what, at)
