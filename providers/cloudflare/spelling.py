"""The dns part: records as Cloudflare reports them, and why a zone cannot take them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers._records import place_of, spelt_values, types_of
from providers.cloudflare.convert import PROXIABLE, spelt_value
from providers.cloudflare.findings import error, no_zone, warning, zone_findings
from providers.cloudflare.names import zone_container
from providers.cloudflare.plans import AUTO_TTL, AUTO_TTL_S, MAX_TTL_S, Plan
from providers.cloudflare.zones import CloudflareState, ZoneState
from reconciler.dns import Record, RRset, record_id
from reconciler.model import Finding, Resource, attrs
from reconciler.provider import Composition


def spell_records(
    alias: str, records: Sequence[Record], state: CloudflareState, rrsets: Sequence[RRset]
) -> Composition:
    """Give each record its zone, TTL and `proxied`, and say what forbids it."""
    resources: list[Resource] = []
    findings: list[Finding] = []
    new: dict[str, list[Record]] = {}
    present = {(rrset.name, _slot(rrset.type)) for rrset in rrsets}
    for record in records:
        zone = state.zone_of(place_of(record))
        if zone is None:
            findings.append(no_zone(record.host, place_of(record), state, "dns"))
            continue
        resources.append(_spelt(alias, record, zone))
        findings.extend(_record_findings(record, zone))
        if (record.name, _slot(record.type)) not in present:
            new.setdefault(zone.name, []).append(record)
    for name, added in new.items():
        findings.extend(_quota_findings(state.zones[name], added))
    return Composition(resources=tuple(resources), findings=_once(findings))


def _slot(kind: str) -> str:
    """Name what a type stands in the way of: an address becomes a CNAME without another record."""
    return "host" if PROXIABLE.issuperset(types_of(kind)) else kind


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Drop what is said twice of one host; findings are equal across hosts."""
    return tuple({(finding.host, finding): finding for finding in findings}.values())


def _spelt(alias: str, record: Record, zone: ZoneState) -> Resource:
    proxied = bool(record.proxied)
    named = {
        "name": record.name,
        "type": record.type,
        "values": spelt_values(record, spelt_value),
        "ttl": AUTO_TTL if proxied else _ttl(record.ttl, zone.plan),
    }
    if PROXIABLE.issuperset(types_of(record.type)):
        named["proxied"] = proxied
    return Resource(
        id=record_id(alias, record.host, record.role),
        attrs=attrs(**named),
        host=record.host,
        container=zone_container(zone.name),
    )


def _ttl(ttl_s: int, plan: Plan) -> int:
    """Give the TTL that the vendor will hold; 1, from a record that was proxied, is its "automatic"."""
    return AUTO_TTL_S if ttl_s == AUTO_TTL else min(max(ttl_s, plan.ttl_s), MAX_TTL_S)


def _record_findings(record: Record, zone: ZoneState) -> Iterator[Finding]:
    yield from zone_findings(record.host, zone, "dns")
    if not record.proxied and AUTO_TTL < record.ttl < zone.plan.ttl_s:
        text = f"zone {zone.name} holds no TTL below {zone.plan.ttl_s} s: {record.ttl} s becomes that"
        yield warning(record.host, text, f"write ttl: {zone.plan.ttl_s} or more", "ttl")
    if record.proxied and not PROXIABLE.issuperset(types_of(record.type)):
        yield error(
            record.host, f"a {record.type} record cannot be proxied", "use a CNAME or addresses", "dns"
        )


def _quota_findings(zone: ZoneState, added: Sequence[Record]) -> Iterator[Finding]:
    """Count what the plan allows; the records that no longer fit are refused, in their order."""
    room, taken = zone.quota - zone.records, 0
    for record in added:
        taken += len(record.values)
        if taken > room:
            text = (
                f"zone {zone.name} holds {zone.records} of the {zone.quota} DNS records of its "
                f"{zone.plan.name} plan: {sum(len(r.values) for r in added)} more do not fit"
            )
            yield error(record.host, text, "remove records that are not needed, or take a larger plan", "dns")
