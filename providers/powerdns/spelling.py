"""The dns part: records as PowerDNS reports them, and why a zone cannot take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from providers._records import ADDRESSES, place_of, spelt_value, spelt_values, types_of
from providers.powerdns.zones import PowerDnsState, ZoneState, container
from reconciler.dns import Record, is_within, record_id
from reconciler.model import Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Wanted


def spell_records(alias: str, records: Sequence[Record], state: PowerDnsState) -> Composition:
    """Give each record its zone, and say what forbids it."""
    resources: list[Resource] = []
    findings: dict[Finding, None] = {}
    for record in records:
        place = place_of(record)
        zone = state.zone_of(place)
        if zone is None:
            findings[_no_zone(record.host, place, state)] = None
            continue
        resources.append(_spelt(alias, record, zone))
        findings.update(dict.fromkeys(_findings(record, place, zone)))
    return Composition(resources=tuple(resources), findings=tuple(findings))


def _spelt(alias: str, record: Record, zone: ZoneState) -> Resource:
    named = {"name": record.name, "type": record.type, "values": spelt_values(record), "ttl": record.ttl}
    return Resource(
        id=record_id(alias, record.host, record.role),
        attrs=attrs(**named),
        host=record.host,
        container=container(zone.name),
    )


# -- findings
def _error(host: str, text: str, lift: str) -> Finding:
    return Finding(Severity.ERROR, host, text, lift, "dns")


def unclear_zones(hosts: Iterable[Wanted], state: PowerDnsState) -> Iterator[Finding]:
    """Tell of hosts whose zone stands several times: their records are never spelt."""
    for wanted in hosts:
        if state.zone_of(wanted.host) is None:
            yield from _several(wanted.host, wanted.host, state)


def _several(host: str, name: str, state: PowerDnsState) -> Iterator[Finding]:
    for zone, ids in sorted(state.ambiguous.items()):
        if is_within(name, zone):
            text = f"zone {zone} stands several times on the PowerDNS server ({', '.join(ids)})"
            yield _error(host, text, f"write zones: {{{zone}: ID}} at the alias, or remove one of them")


def _no_zone(host: str, name: str, state: PowerDnsState) -> Finding:
    text = f"no zone of the PowerDNS server holds {name}"
    none = _error(host, text, "name the alias that holds it with `dns:` (tdr never creates a zone)")
    return next(_several(host, name, state), none)


def _findings(record: Record, place: str, zone: ZoneState) -> Iterator[Finding]:
    if record.proxied:
        text = "PowerDNS holds records and serves no web: a proxied record cannot be had there"
        yield _error(record.host, text, "name the alias that holds the edge's own zone with `dns:`")
    yield from _in_the_way(record, place, zone)
    if zone.keeps_serial:
        text = (
            f"zone {zone.name} has an empty SOA-EDIT-API: a write leaves its serial as it is, and "
            "secondaries do not fetch it"
        )
        lift = f"pdnsutil set-meta {zone.name} SOA-EDIT-API DEFAULT"
        yield Finding(Severity.WARNING, record.host, text, lift, "dns")


def _in_the_way(record: Record, place: str, zone: ZoneState) -> Iterator[Finding]:
    """Tell what only PowerDNS has: types that make answers up, and records that are switched off."""
    made_up = sorted(zone.types_at(place) & {"ALIAS", "LUA"})
    if made_up and types_of(record.type) <= ADDRESSES:
        kinds = ", ".join(made_up)
        text = f"{kinds} at {place} in zone {zone.name} cannot stand beside {record.type}"
        yield _error(record.host, text, f"remove {kinds} at {place}, which tdr does not manage")
    found = zone.sets.get((place, record.type))
    if record.type == "CNAME" and found is not None and _is_in_the_way(found.disabled, record):
        text = f"a CNAME that is switched off stands at {place}, and PowerDNS keeps one CNAME at a name"
        yield _error(record.host, text, f"remove the record that is disabled at {place}")


def _is_in_the_way(disabled: Sequence[str], record: Record) -> bool:
    wanted = {spelt_value("CNAME", v) for v in record.values if isinstance(v, str)}
    return any(spelt_value("CNAME", content) not in wanted for content in disabled)
