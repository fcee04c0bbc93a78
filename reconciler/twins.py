"""Which of the live resources are the file's to manage, where several aliases reach them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.desired import Desired, Domain
from reconciler.model import Resource, ResourceId
from reconciler.provider import Live
from reconciler.tracking import KINDS, TRACKING_DOMAIN


def seen_once(desired: Desired, world: Mapping[str, Live]) -> dict[ResourceId, Resource]:
    """Return every live resource, without what of the file's hosts is another alias's to tell.

    A tracking domain counts only in the account that the file names for its host: the same one seen through
    a second alias (a subaccount's own key beside the primary's) is no leftover to delete, and one of that
    name in another account is nobody's of this file. An edge seen through two aliases is one edge.
    """
    live = {r.id: r for one in world.values() for r in one.resources}
    return {id_: r for id_, r in live.items() if not _is_anothers(r, desired, world, live)}


def _is_anothers(
    resource: Resource, desired: Desired, world: Mapping[str, Live], live: Mapping[ResourceId, Resource]
) -> bool:
    domain = desired.domains.get(resource.host or "")
    if domain is None:
        return False
    if resource.id.kind in KINDS:
        return resource.id.alias != domain.sparkpost
    return resource.id.alias != domain.cdn and _is_twin(resource, domain, world, live)


def _is_twin(
    resource: Resource, domain: Domain, world: Mapping[str, Live], live: Mapping[ResourceId, Resource]
) -> bool:
    """Tell whether the resource is what the host's own cdn alias shows, too."""
    same = live.get(ResourceId(domain.cdn, resource.id.kind, resource.id.key))
    if same is None or domain.cdn not in world:
        return False
    one_account = not world[domain.cdn].accounts.isdisjoint(world[resource.id.alias].accounts)
    return one_account and (same.container, same.attrs) == (resource.container, resource.attrs)


def holders(world: Mapping[str, Live]) -> dict[str, tuple[str, ...]]:
    """Return for each tracking domain the aliases whose accounts hold it."""
    found: dict[str, tuple[str, ...]] = {}
    for alias, live in sorted(world.items()):
        for resource in live.resources:
            if resource.id.kind == TRACKING_DOMAIN:
                found[resource.id.key] = (*found.get(resource.id.key, ()), alias)
    return found


def one_account(world: Mapping[str, Live]) -> dict[str, str]:
    """Return for each alias the first that reaches one of its accounts: both write to the same containers."""
    first: dict[str, str] = {}
    for alias, live in sorted(world.items()):
        other = next((a for a in first if not world[a].accounts.isdisjoint(live.accounts)), None)
        first[alias] = alias if other is None else first[other]
    return first
