"""The dns part: records as Route 53 reports them, and why a zone cannot take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from providers._records import ADDRESSES, place_of, spelt_values, types_of
from providers.aws.names import DISTRIBUTION
from providers.aws.route53_convert import ALIAS_TTL_S, is_cloudfront, spelling_of
from providers.aws.route53_zones import Route53State, ZoneState, container
from reconciler.dns import ALIAS, HOST, Record, ancestors, record_id
from reconciler.model import Finding, Ref, Resource, Severity, Value, attrs
from reconciler.provider import Composition, Wanted

_HOSTED = frozenset({*ADDRESSES, ALIAS, "CNAME"})
"""What decides where a host is: of these, one alone stands at a name, addresses apart."""


def spell_records(
    alias: str, records: Sequence[Record], state: Route53State, *, as_alias: bool
) -> Composition:
    """Give each record its zone, and say what forbids it.

    as_alias  whether a host record that points to a distribution is an alias instead of a CNAME
    """
    resources: list[Resource] = []
    findings: dict[Finding, None] = {}
    special = {name: zone.special for name, zone in state.zones.items()}
    for record in records:
        place = place_of(record)
        zone = state.zone_of(place)
        if zone is None:
            findings[_no_zone(record.host, place, state)] = None
            continue
        kind = ALIAS if as_alias and points_to_cloudfront(record) else record.type
        resources.append(_spelt(alias, record, kind, zone))
        if record.proxied:
            findings[_proxied(record.host)] = None
        for stood in special[zone.name].get(place, ()):
            if _stands_in_the_way(kind, stood.found.type):
                findings[_special(record.host, place, zone, stood.found.special, stood.found.type)] = None
    return Composition(resources=tuple(resources), findings=tuple(findings))


def points_to_cloudfront(record: Record) -> bool:
    """Tell whether a record sends a host to a distribution: an alias says the same to resolvers."""
    return (
        record.key.endswith(f"/{HOST}")
        and record.type == "CNAME"
        and len(record.values) == 1
        and all(_is_distribution(value) for value in record.values)
    )


def _is_distribution(value: Value) -> bool:
    if isinstance(value, Ref):
        return value.target.kind == DISTRIBUTION
    return isinstance(value, str) and is_cloudfront(value)


def _spelt(alias: str, record: Record, kind: str, zone: ZoneState) -> Resource:
    values = spelt_values(record, spelling_of(kind))
    ttl = ALIAS_TTL_S if kind == ALIAS else record.ttl
    return Resource(
        id=record_id(alias, record.host, record.role),
        attrs=attrs(name=record.name, type=kind, values=values, ttl=ttl),
        host=record.host,
        container=container(zone.name),
    )


# -- findings
def _error(host: str, text: str, lift: str) -> Finding:
    return Finding(Severity.ERROR, host, text, lift, "dns")


def _proxied(host: str) -> Finding:
    text = "Route 53 holds records and serves no web: a proxied record cannot be had there"
    return _error(host, text, "name the alias that holds the edge's own zone with `dns:`")


def _stands_in_the_way(wanted: str, found: str) -> bool:
    if "CNAME" in (wanted, found):
        return True
    kinds = types_of(wanted)
    return found in kinds or (found in _HOSTED and not kinds.isdisjoint(_HOSTED))


def _special(host: str, place: str, zone: ZoneState, special: str, kind: str) -> Finding:
    article = "an" if special[0] in "aI" else "a"
    text = f"{article} {special} record ({kind}) stands at {place} in zone {zone.name}"
    text = f"{text}, and tdr never overwrites one"
    if special.endswith("alias"):
        return _error(
            host, text, f"remove it, or make it an alias A with its AAAA, without health, at {place}"
        )
    return _error(host, text, f"replace it by a simple record at {place}, or remove it")


def unclear_zones(hosts: Iterable[Wanted], state: Route53State) -> Iterator[Finding]:
    """Tell of hosts that no zone holds, or whose zone is in doubt: their records are never spelt."""
    for wanted in hosts:
        if state.zone_of(wanted.host) is None:
            yield _no_zone(wanted.host, wanted.host, state)


def _doubts(host: str, name: str, state: Route53State) -> Iterator[Finding]:
    for zone in ancestors(name):
        if (pinned := state.astray.get(zone)) is not None:
            text = f"`zones` pins {zone} to {pinned}, and no public hosted zone of the account is that"
            yield _error(host, text, f"write the id of the public zone {zone}, or remove the line")
        elif (ids := state.ambiguous.get(zone)) is not None:
            text = f"{len(ids)} public hosted zones are called {zone} ({', '.join(ids)})"
            lift = (
                f"write zones: {{{zone}: {ids[0]}}} at the alias, with the id of the one that is delegated to"
            )
            yield _error(host, text, lift)
        elif (ids := state.private.get(zone)) is not None:
            text = (
                f"the hosted zone {zone} is private ({', '.join(ids)}): nobody outside its networks asks it"
            )
            lift = f"name the alias that holds the public zone {zone} with `dns:`, or create one"
            yield _error(host, text, lift)


def _no_zone(host: str, name: str, state: Route53State) -> Finding:
    none = _error(
        host,
        f"no hosted zone of the AWS account holds {name}",
        "name the alias that holds it with `dns:` (tdr never creates a zone)",
    )
    return next(_doubts(host, name, state), none)
