"""The dns part: records as octoDNS reads them back, and why a zone cannot take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from providers._records import ADDRESSES, place_of, spelt_values, types_of
from providers.octodns.zones import OctoState, ZoneState, container
from reconciler.dns import HOST, Record, nearest, record_id
from reconciler.model import Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Wanted

MAX_TTL_S: Final = 86400


def spell_records(alias: str, records: Sequence[Record], state: OctoState) -> Composition:
    """Give each record its zone and TTL, and say what forbids it."""
    resources: list[Resource] = []
    findings: dict[Finding, None] = {}
    for record in records:
        place = place_of(record)
        zone = state.zone_of(place)
        if zone is None:
            findings[_no_zone(record.host, place, state)] = None
            continue
        resources.append(_spelt(alias, record, zone, state))
        findings.update(dict.fromkeys(_findings(record, place, zone, state)))
    return Composition(resources=tuple(resources), findings=tuple(findings))


def homeless(hosts: Iterable[Wanted], state: OctoState) -> Iterator[Finding]:
    """Say of each host in no zone that the file names what to write: its records are never spelt.

    Of one that the account has not the engine speaks itself.
    """
    for wanted in hosts:
        if state.named and state.zone_of(wanted.host) is None:
            yield _no_zone(wanted.host, wanted.host, state)


def _spelt(alias: str, record: Record, zone: ZoneState, state: OctoState) -> Resource:
    ttl = min(max(record.ttl, state.min_ttl_s), max(MAX_TTL_S, state.min_ttl_s))
    return Resource(
        id=record_id(alias, record.host, record.role),
        attrs=attrs(name=record.name, type=record.type, values=spelt_values(record), ttl=ttl),
        host=record.host,
        container=container(zone.name),
    )


# -- findings
def _error(host: str, text: str, lift: str) -> Finding:
    return Finding(Severity.ERROR, host, text, lift, "dns")


def _no_zone(host: str, name: str, state: OctoState) -> Finding:
    home = nearest(name, state.usable)
    if home in state.missing:
        text = f"the account has no zone {home}, which `zones` names"
        return _error(host, text, "add the zone to that account (tdr never creates a zone)")
    known = f"those are {', '.join(sorted(state.usable)[:5])}" if state.usable else "there are none"
    text = f"{name} is in none of the zones that tdr may write to through {state.class_name} ({known})"
    lift = "add its zone to `zones` at the alias" if state.named else "add its zone to that account"
    return _error(host, text, f"{lift}, or name the alias that holds it with `dns:`")


def _findings(record: Record, place: str, zone: ZoneState, state: OctoState) -> Iterator[Finding]:
    if record.proxied:
        text = "octoDNS holds records and serves no web: a proxied record cannot be had through it"
        yield _error(record.host, text, "name the alias that holds the edge's own zone with `dns:`")
    lacking = sorted(types_of(record.type) - state.supports)
    if lacking:
        text = f"{state.class_name} holds no {' or '.join(lacking)} records ({record.role} of {record.host})"
        yield _error(record.host, text, "name the alias of another kind with `dns:`, such as rfc2136")
    if record.ttl < state.min_ttl_s:
        text = f"zone {zone.name} holds no TTL below {state.min_ttl_s} s: {record.ttl} s becomes that"
        lift = f"write ttl: {state.min_ttl_s} or more"
        yield Finding(Severity.WARNING, record.host, text, lift, "ttl" if record.role == HOST else "dns")
    yield from _texts(record)
    yield from _special(record, place, zone)
    yield from _in_the_way(record, place, zone)


def _texts(record: Record) -> Iterator[Finding]:
    """Refuse what classes spell differently; a text that stands there already goes back as it came."""
    if record.type != "TXT" or record.role == "claim":
        return
    for value in record.values:
        if isinstance(value, str) and (not value.isascii() or set(value) & set('"\\')):
            text = f"the text for {record.role} has quotation marks, backslashes or letters beyond ASCII"
            yield _error(
                record.host, f"{text}, which octoDNS's classes do not carry alike", "write it by hand"
            )


def _special(record: Record, place: str, zone: ZoneState) -> Iterator[Finding]:
    kinds = ADDRESSES | {"CNAME"} if record.role == HOST else types_of(record.type)
    for kind in sorted(kinds):
        found = zone.sets.get((place, kind))
        if found is not None and found.special:
            text = f"{kind} at {place} {found.special}: a plain record would end that, with no way back"
            yield _error(record.host, text, f"make {place} a plain record first, or choose another host")


def _in_the_way(record: Record, place: str, zone: ZoneState) -> Iterator[Finding]:
    """Tell of the type that stands for addresses, which only vendors know, not DNS."""
    if (place, "ALIAS") in zone.sets and types_of(record.type) <= ADDRESSES:
        text = f"ALIAS at {place} in zone {zone.name} cannot stand beside {record.type}"
        yield _error(record.host, text, f"remove ALIAS at {place}, which tdr does not manage")
