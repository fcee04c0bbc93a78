"""A vendor in memory whose edge is an address: one load balancer for each origin, shared by all its hosts.

Its address is known once it is made. A host is served as long as a rule listens on the address and the host
has an entry with an issued certificate. Nothing of it knows DNS: it lets go of what links still lead to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from reconciler.dns import HostTarget
from reconciler.errors import InvalidRequest
from reconciler.model import Change, Ref, Resource, ResourceId, attrs
from reconciler.provider import Kind, Wanted
from tests.laws.memory import DEPLOY_S, World

ALIAS = "edge-lb"
ADDRESS, RULE, ENTRY = "memory_address", "memory_rule", "memory_entry"
KINDS = (Kind(ADDRESS), Kind(RULE), Kind(ENTRY, "active", timeout_s=1800, usual_s=300))


def ids(origin: str, host: str = "") -> tuple[ResourceId, ResourceId, ResourceId]:
    """The address and the rule of an origin, and the entry of a host."""
    return (
        ResourceId(ALIAS, ADDRESS, origin),
        ResourceId(ALIAS, RULE, origin),
        ResourceId(ALIAS, ENTRY, f"{host}/{origin}"),
    )


def composed(wanted: Wanted, certificate: Resource, owner: str) -> tuple[HostTarget, list[Resource]]:
    """Where a host points, and all that it needs."""
    address, rule, entry = ids(wanted.origin, wanted.host)
    arn = Ref(certificate.id, "arn")
    made = [
        certificate,
        Resource(address, attrs(origin=wanted.origin), mark=owner),
        Resource(rule, attrs(address=Ref(address, "address")), mark=owner),
        Resource(
            entry,
            attrs(host=wanted.host, certificate=arn),
            wanted.host,
            f"map/{wanted.origin}",
            frozenset({rule}),
            mark=owner,
        ),
    ]
    return HostTarget("A", (Ref(address, "address"),), before_dns=True), made


def resources(world: World, owner: str) -> Iterator[Resource]:
    """What exists."""
    for origin, one in world.balancers.items():
        address, rule, _ = ids(origin)
        yield Resource(
            address, attrs(origin=origin), outputs=attrs(address=one["address"]), mark=one["owner"]
        )
        if one["listens"]:
            yield Resource(rule, attrs(address=one["address"]), after=frozenset({address}), mark=one["owner"])
        for host, held in one["entries"].items():
            entry = ids(origin, host)[2]
            uses = frozenset({rule, ResourceId(ALIAS, "memory_certificate", host)})
            named = attrs(host=host, certificate=held["certificate"])
            yield Resource(entry, named, host, f"map/{origin}", uses, mark=one["owner"])


def write(world: World, change: Change, owner: str) -> None:
    """Make or delete; what is used cannot go, and what is to be used must be there."""
    host, _, origin = change.id.key.rpartition("/")
    one: dict[str, Any] | None = world.balancers.get(origin)
    if change.after is None:
        _delete(world, change, one)
    elif change.id.kind == ADDRESS and one is None:
        world.addresses_made += 1
        world.balancers[origin] = {
            "address": f"198.51.100.{world.addresses_made}",
            "listens": False,
            "entries": {},
            "owner": owner,
        }
    elif one is None:
        raise InvalidRequest(f"there is no address of {origin}")
    elif change.id.kind == RULE:
        if change.after.attrs["address"] != one["address"]:
            raise InvalidRequest(f"the address of {origin} is {one['address']}")
        one["listens"] = True
    elif change.id.kind == ENTRY:
        certificate = str(change.after.attrs["certificate"])
        if not world.issued(certificate):
            raise InvalidRequest(f"the certificate {certificate} is not active")
        active_at = world.clock.now() + DEPLOY_S
        one["entries"].setdefault(host, {"host": host, "deployed_at": active_at})["certificate"] = certificate


def _delete(world: World, change: Change, one: dict[str, Any] | None) -> None:
    host, _, origin = change.id.key.rpartition("/")
    if one is None:
        return
    if change.id.kind == ENTRY:
        one["entries"].pop(host, None)
    elif change.id.kind == RULE:
        one["listens"] = False
    elif one["listens"]:
        raise InvalidRequest(f"the address of {origin} is in use")
    else:
        del world.balancers[origin]


def in_use(world: World, certificate: str) -> bool:
    """Tell whether an entry holds a certificate."""
    entries: Collection[dict[str, Any]] = [
        e for one in world.balancers.values() for e in one["entries"].values()
    ]
    return any(entry["certificate"] == certificate for entry in entries)
