"""The dns part: records as Cloud DNS reports them, and why a zone cannot take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from providers._records import ADDRESSES, place_of, spelt_values, type_of, types_of
from providers.google.cloud_dns_zones import CloudDnsState, ZoneState, container
from reconciler.dns import ALIAS, Record, ancestors, record_id
from reconciler.model import Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Wanted

_HOSTED = frozenset({*ADDRESSES, ALIAS, "CNAME"})
"""What decides where a host is: of these, one alone stands at a name, addresses apart."""


def spell_records(alias: str, records: Sequence[Record], state: CloudDnsState) -> Composition:
    """Give each record its zone, and say what forbids it."""
    resources: list[Resource] = []
    findings: dict[Finding, None] = {}
    new: dict[str, list[Record]] = {}
    routed = {name: zone.routed for name, zone in state.zones.items()}
    keys = {name: zone.keys for name, zone in state.zones.items()}
    for record in records:
        place = place_of(record)
        zone = state.zone_of(place)
        if zone is None:
            findings[_no_zone(record.host, place, state)] = None
            continue
        resources.append(_spelt(alias, record, zone))
        if record.proxied:
            findings[_proxied(record.host)] = None
        for stood in routed[zone.name].get(place, ()):
            if _stands_in_the_way(record.type, stood.found.type):
                findings[_routed(record.host, place, zone, stood.found.special, stood.found.type)] = None
        if not _takes_a_place(record, place, keys[zone.name]):
            new.setdefault(zone.name, []).append(record)
    for name, added in new.items():
        findings.update(dict.fromkeys(_too_many(state.zones[name], added, state.quota.sets_per_zone)))
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


def _proxied(host: str) -> Finding:
    text = "Cloud DNS holds records and serves no web: a proxied record cannot be had there"
    return _error(host, text, "name the alias that holds the edge's own zone with `dns:`")


def _stands_in_the_way(wanted: str, found: str) -> bool:
    if "CNAME" in (wanted, found):
        return True
    kinds = types_of(wanted)
    return found in kinds or (found in _HOSTED and not kinds.isdisjoint(_HOSTED))


def _routed(host: str, place: str, zone: ZoneState, special: str, kind: str) -> Finding:
    text = (
        f"a {special} record ({kind}) stands at {place} in zone {zone.name}, and tdr never overwrites a "
        "routing policy"
    )
    return _error(host, text, f"replace it by a record without a policy at {place}, or remove it")


def _takes_a_place(record: Record, place: str, keys: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a set of the zone becomes this record, or gives way to it."""
    kinds = types_of(record.type)
    stands = kinds | _HOSTED if kinds & _HOSTED else kinds
    return any((place, kind) in keys for kind in stands)


def _sets(record: Record) -> int:
    return len({type_of(record.type, value) for value in record.values if isinstance(value, str)}) or 1


def _too_many(zone: ZoneState, added: Sequence[Record], quota: int) -> Iterator[Finding]:
    """Count what the project allows; what no longer fits is refused, in its order."""
    standing, more, taken = len(zone.sets), sum(map(_sets, added)), 0
    for record in added:
        taken += _sets(record)
        if standing + taken > quota:
            text = (
                f"zone {zone.name} holds {standing} of the {quota} record sets that the project allows a "
                f"zone: {more} more do not fit"
            )
            yield _error(record.host, text, "remove records that are not needed, or have the quota raised")


def unclear_zones(hosts: Iterable[Wanted], state: CloudDnsState) -> Iterator[Finding]:
    """Tell of hosts that no zone holds, or whose zone is in doubt: their records are never spelt."""
    for wanted in hosts:
        if state.zone_of(wanted.host) is None:
            yield _no_zone(wanted.host, wanted.host, state)


def _no_zone(host: str, name: str, state: CloudDnsState) -> Finding:
    none = _error(
        host,
        f"no public zone of project {state.project} holds {name}",
        "name the alias that holds it with `dns:` (tdr never creates a zone)",
    )
    return next(_doubts(host, name, state), none)


def _doubts(host: str, name: str, state: CloudDnsState) -> Iterator[Finding]:
    for zone in ancestors(name):
        if (pinned := state.astray.get(zone)) is not None:
            text = f"`zones` pins {zone} to {pinned}, and no public zone of project {state.project} is that"
            yield _error(host, text, f"write the managed zone's name of {zone}, or remove the line")
        elif (names := state.ambiguous.get(zone)) is not None:
            text = f"{len(names)} public zones of project {state.project} serve {zone} ({', '.join(names)})"
            lift = f"write zones: {{{zone}: {names[0]}}} at the alias, with the one that is delegated to"
            yield _error(host, text, lift)
        elif found := state.private.get(zone):
            told = ", ".join(f"{one.managed} {one.private}" for one in found)
            text = f"zone {zone} of project {state.project} is seen by nobody outside its networks: {told}"
            lift = f"name the alias that holds the public zone {zone} with `dns:`, or create one"
            yield _error(host, text, lift)
