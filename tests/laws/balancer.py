"""A vendor in memory whose edge is an address: one load balancer for each origin, shared by all its hosts.

Its address is known once it is made. A host is served as long as a rule listens on the address and the host
has an entry with an issued certificate; over http without one. It lets go of what links still lead to. The
certificates of `edge-late` are issued only once a host's record leads to the address: moves of class C.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from reconciler.dns import HostTarget
from reconciler.errors import InvalidRequest
from reconciler.model import Change, Ref, Resource, ResourceId, attrs
from reconciler.provider import Kind, Wanted
from tests.laws.memory import DEPLOY_S, World

ALIAS, LATE = "edge-lb", "edge-late"
ALIASES = (ALIAS, LATE)
ADDRESS, RULE, ENTRY = "memory_address", "memory_rule", "memory_entry"
CERTIFICATES = {LATE: "memory_late_certificate"}
"""Of aliases whose certificates are issued once they are at the edge: what is there is waited for alone."""
KINDS = (Kind(ADDRESS), Kind(RULE), Kind(ENTRY, "active", timeout_s=1800, usual_s=300))


def ids(alias: str, origin: str, host: str = "") -> tuple[ResourceId, ResourceId, ResourceId]:
    """The address and the rule of an origin, and the entry of a host."""
    return (
        ResourceId(alias, ADDRESS, origin),
        ResourceId(alias, RULE, origin),
        ResourceId(alias, ENTRY, f"{host}/{origin}"),
    )


def place(alias: str, origin: str) -> str:
    """Under which name the world holds the load balancer of an alias for an origin."""
    return f"{alias}/{origin}" if alias == LATE else origin


def composed(
    world: World, wanted: Wanted, certificate: Resource, owner: str
) -> tuple[HostTarget, list[Resource]]:
    """Where a host points, and all that it needs."""
    alias = certificate.id.alias
    address, rule, entry = ids(alias, wanted.origin, wanted.host)
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
    issued = alias == ALIAS or world.issued(arn_of(alias, wanted.host))
    return HostTarget("A", (Ref(address, "address"),), before_dns=issued, after_dns=not issued), made


def arn_of(alias: str, host: str) -> str:
    """The name of a certificate."""
    return f"arn:{alias}:{host}"


def resources(world: World, alias: str) -> Iterator[Resource]:
    """What exists of an alias."""
    for at, one in world.balancers.items():
        origin = at.rpartition("/")[2]
        if at != place(alias, origin):
            continue
        address, rule, _ = ids(alias, origin)
        yield Resource(
            address, attrs(origin=origin), outputs=attrs(address=one["address"]), mark=one["owner"]
        )
        if one["listens"]:
            yield Resource(rule, attrs(address=one["address"]), after=frozenset({address}), mark=one["owner"])
        for host, held in one["entries"].items():
            entry = ids(alias, origin, host)[2]
            uses = frozenset({rule, ResourceId(alias, CERTIFICATES.get(alias, "memory_certificate"), host)})
            named = attrs(host=host, certificate=held["certificate"])
            yield Resource(entry, named, host, f"map/{origin}", uses, mark=one["owner"])


def write(world: World, change: Change, owner: str) -> None:
    """Make or delete; what is used cannot go, and what is to be used must be there."""
    host, _, origin = change.id.key.rpartition("/")
    at = place(change.id.alias, origin)
    one: dict[str, Any] | None = world.balancers.get(at)
    if change.after is None:
        _delete(world, change, one)
    elif change.id.kind == ADDRESS and one is None:
        world.addresses_made += 1
        world.balancers[at] = {
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
        if change.id.alias == ALIAS and not world.issued(certificate):
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
        del world.balancers[place(change.id.alias, origin)]


def active(world: World, id_: ResourceId) -> bool:
    """Tell whether what is at the edge for a host is served over https."""
    host, _, origin = id_.key.rpartition("/")
    one = world.balancers.get(place(id_.alias, origin), {"entries": {}})
    entry = one["entries"].get(host)
    return world.deployed(entry) and world.issued(entry["certificate"])


def in_use(world: World, certificate: str) -> bool:
    """Tell whether an entry holds a certificate."""
    entries: Collection[dict[str, Any]] = [
        e for one in world.balancers.values() for e in one["entries"].values()
    ]
    return any(entry["certificate"] == certificate for entry in entries)
