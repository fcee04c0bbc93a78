"""What DNS allows at a name and below it, asked before anything is written. Pure.

Servers differ in what they do with a record that breaks these rules: some refuse it, some answer NOERROR and
drop it (RFC 2136 §3.4.2.2), some store what nobody will ever be answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from reconciler.diff import resolve
from reconciler.dns import ALIAS, HOST, Record, Zone, ancestors
from reconciler.hostview import HostView
from reconciler.model import Finding, Resource, ResourceId, Severity
from reconciler.records import ADDRESS_TYPES, Views, ZoneView, answering, view_for

BESIDE_ANY = frozenset({"NSEC", "NSEC3", "RRSIG", "KEY"})
"""What may stand beside a CNAME (RFC 4034 §2.5, RFC 2535)."""


def findings(
    wanted: Iterable[Record],
    hosts: Mapping[str, HostView],
    zones: Mapping[str, Views],
    live: Mapping[ResourceId, Resource],
) -> Iterator[Finding]:
    """Yield what stands in the way of the records that should exist."""
    for record in wanted:
        host, name = hosts.get(record.host), resolve(record.name, live)
        view = view_for(name, zones.get(host.dns, {})) if host and isinstance(name, str) else None
        if view is None or not isinstance(name, str):
            continue
        yield from _beside(record, name, view)
        yield from _below_a_cut(record, name, view)


def _error(record: Record, text: str, lift: str) -> Finding:
    return Finding(Severity.ERROR, record.host, text, lift, "dns")


def _beside(record: Record, name: str, view: ZoneView) -> Iterator[Finding]:
    """Refuse a CNAME beside anything else (RFC 1034 §3.6.2), where the vendor does not see to that itself."""
    zone = view.zone
    if zone.cname_beside:
        return
    if record.type == "CNAME" and name == zone.name:
        if name != record.host:  # of a host at the apex the engine tells anyway
            yield _error(
                record,
                f"{name} is the apex of zone {zone.name}, where no CNAME can stand",
                f"choose an edge that gives addresses, or a name below {name}",
            )
        return
    others = {one.type for one in view.sets(name)} - set(record.type.split("+")) - BESIDE_ANY
    if name != zone.name:
        others -= {"NS"}  # of a name that is delegated away that is told
    if record.role == HOST:
        others -= set(answering(zone))  # what a host record takes the place of
    in_the_way = sorted(others if record.type == "CNAME" else others & _rivals(record.type))
    if in_the_way:
        kinds = ", ".join(in_the_way)
        yield _error(
            record,
            f"{name} has {kinds} records in zone {zone.name}, and {_why({*in_the_way, record.type})}: the "
            f"{record.type} record that {record.host} needs there cannot stand beside",
            f"move what stands at {name} to another name, or take another host{_or_an_alias(record, zone)}",
        )


def _or_an_alias(record: Record, zone: Zone) -> str:
    is_choice = zone.aliases and record.role == HOST and record.type == "CNAME"
    return ", or have an alias record there, where the vendor's options offer it" if is_choice else ""


def _rivals(type_: str) -> frozenset[str]:
    """Return what cannot stand beside a record of this type: an ALIAS is the name's addresses."""
    if type_ == ALIAS:
        return frozenset(ADDRESS_TYPES)
    addresses = not {"A", "AAAA"}.isdisjoint(type_.split("+"))
    return frozenset({"CNAME", ALIAS} if addresses else {"CNAME"})


def _why(types: set[str]) -> str:
    return "a CNAME must stand alone" if "CNAME" in types else "an ALIAS stands for all addresses of its name"


def _below_a_cut(record: Record, name: str, view: ZoneView) -> Iterator[Finding]:
    """Refuse a name below a delegation; of those on the host's own way up the engine speaks itself."""
    seen = set(ancestors(record.host))
    for above in takewhile(lambda one: one != view.zone.name, ancestors(name)):
        servers = sorted(value for one in view.sets(above, "NS") for value in one.values)
        if servers and above not in seen:
            yield _error(
                record,
                f"{name}, which {record.host} needs, is delegated to {', '.join(servers)} at {above}, away "
                f"from zone {view.zone.name}",
                f"take the delegation of {above} out of zone {view.zone.name}",
            )
