"""The dns part: records as they are read back, and why a zone cannot take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from providers._records import place_of, spelt_values
from providers.rfc2136.convert import spelt_value
from providers.rfc2136.names import zone_container
from providers.rfc2136.zones import Rfc2136State, ZoneState
from reconciler.dns import Record, record_id
from reconciler.model import Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Wanted

_SERVED = "check zones:, server: and, where the server has views, which of them the key is sent to"


def spell_records(alias: str, records: Sequence[Record], state: Rfc2136State) -> Composition:
    """Give each record its zone and spelling, and say what forbids it."""
    resources: list[Resource] = []
    findings: list[Finding] = []
    for record in records:
        place = place_of(record)
        zone = state.zone_of(place)
        if zone is None:
            findings.append(_no_zone(record.host, place, state))
            continue
        resources.append(_spelt(alias, record, zone))
        findings.extend(_record_findings(record, zone))
    unique = {(finding.host, finding): finding for finding in findings}
    return Composition(resources=tuple(resources), findings=tuple(unique.values()))


def zone_findings(hosts: Iterable[Wanted], state: Rfc2136State) -> Iterator[Finding]:
    """Tell why the zones of hosts are not served, and of zones of which only a part is seen."""
    for wanted in hosts:
        zone_of_host = state.zone_of(wanted.host)
        if zone_of_host is not None and zone_of_host.trouble:
            yield _error(wanted.host, zone_of_host.trouble, _SERVED)
    for zone in state.served:
        if zone.declined:
            text = (
                f"zone {zone.name} is not transferred ({zone.declined}): only the names of the file's hosts "
                "are looked at, so that what else tdr may have left in it is not seen"
            )
            lift = "allow the key to transfer it (BIND: allow-transfer, Knot: acl), or write transfer: query"
            yield Finding(Severity.WARNING, None, text, lift, "dns")


def _error(host: str, text: str, lift: str) -> Finding:
    return Finding(Severity.ERROR, host, text, lift, "dns")


def _no_zone(host: str, name: str, state: Rfc2136State) -> Finding:
    text = f"none of the alias's zones ({', '.join(state.named)}) holds {name}"
    return _error(host, text, "name its zone under zones: of the alias; then run tdr again")


def _spelt(alias: str, record: Record, zone: ZoneState) -> Resource:
    values = spelt_values(record, spelt_value)
    return Resource(
        id=record_id(alias, record.host, record.role),
        attrs=attrs(name=record.name, type=record.type, values=values, ttl=record.ttl),
        host=record.host,
        container=zone_container(zone.name),
    )


def _record_findings(record: Record, zone: ZoneState) -> Iterator[Finding]:
    if zone.trouble:
        yield _error(record.host, zone.trouble, _SERVED)
