"""Which of the live resources are the file's to manage, where several aliases reach them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from reconciler.desired import Desired
from reconciler.dns import HostTarget
from reconciler.model import Attrs, Ref, Resource, ResourceId, Value
from reconciler.parts import present
from reconciler.provider import Composition, Live, Parts, Provider
from reconciler.tracking import KINDS, TRACKING_DOMAIN


def seen_once(desired: Desired, world: Mapping[str, Live]) -> dict[ResourceId, Resource]:
    """Return every live resource, without what of the file's hosts is another alias's to tell.

    A tracking domain counts only in the account that the file names for its host: the same one seen through
    a second alias (a subaccount's own key beside the primary's) is no leftover to delete, and one of that
    name in another account is nobody's of this file. An edge seen through two aliases is one edge: that
    of the host's own cdn alias; of a host that the file does not name, the first one's.
    """
    live = {r.id: r for one in world.values() for r in one.resources}
    first = one_account(world)
    return {id_: r for id_, r in live.items() if not _is_anothers(r, desired, first, live)}


def _is_anothers(
    resource: Resource, desired: Desired, first: Mapping[str, str], live: Mapping[ResourceId, Resource]
) -> bool:
    if resource.host is None:
        return False
    domain = desired.domains.get(resource.host)
    if resource.id.kind in KINDS:
        return domain is not None and resource.id.alias != domain.sparkpost
    return _is_twin(resource, domain.cdn if domain else first[resource.id.alias], first, live)


def _is_twin(
    resource: Resource, alias: str, first: Mapping[str, str], live: Mapping[ResourceId, Resource]
) -> bool:
    """Tell whether the resource is what this other alias of its account shows, too."""
    if resource.id.alias == alias or first[resource.id.alias] != first.get(alias):
        return False
    same = live.get(ResourceId(alias, resource.id.kind, resource.id.key))
    return same is not None and (same.container, same.attrs) == (resource.container, resource.attrs)


# -- what several domains share, and several aliases reach
Names = Mapping[ResourceId, ResourceId]
"""For what is reached by several aliases of one account, the id under which it is known."""


def shared_names(composed: Mapping[str, Composition], world: Mapping[str, Live]) -> Names:
    """Return under which id a shared resource is known that several aliases of one account compose or show:
    that of the first alias that composes it, else of the first that shows it."""
    first = one_account(world)
    if len(set(first.values())) == len(first):
        return {}
    wanted = sorted(r.id for one in composed.values() for r in one.resources if r.host is None)
    live = sorted(r.id for one in world.values() for r in one.resources if r.host is None)
    known: dict[tuple[str, str, str], ResourceId] = {}
    for id_ in (*wanted, *live):
        known.setdefault((first[id_.alias], id_.kind, id_.key), id_)
    named = {id_: known[first[id_.alias], id_.kind, id_.key] for id_ in (*wanted, *live)}
    return {id_: name for id_, name in named.items() if name != id_}


def renamed(composition: Composition, names: Names) -> Composition:
    """Return a composition that names what is shared by the ids under which it is known, once each: what is
    known under another alias's id is for that alias to compose."""
    if not names:
        return composition
    return replace(
        composition,
        resources=tuple(_renamed(r, names) for r in composition.resources if r.id not in names),
        records=tuple(
            replace(r, name=_value(r.name, names), values=_values(r.values, names))
            for r in composition.records
        ),
        targets={host: _target(target, names) for host, target in composition.targets.items()},
        ready=frozenset(names.get(id_, id_) for id_ in composition.ready),
    )


def live_renamed(live: Mapping[ResourceId, Resource], names: Names) -> dict[ResourceId, Resource]:
    """Return live resources under the ids by which they are known; what is seen twice counts once."""
    if not names:
        return dict(live)
    own = {id_: _renamed(resource, names) for id_, resource in live.items() if id_ not in names}
    seen = {names[id_]: replace(_renamed(live[id_], names), id=names[id_]) for id_ in names if id_ in live}
    return {**seen, **own}


def _renamed(resource: Resource, names: Names) -> Resource:
    if not resource.depends_on & names.keys():
        return resource
    return replace(
        resource,
        attrs=_mapping(resource.attrs, names),
        after=frozenset(names.get(id_, id_) for id_ in resource.after),
    )


def _target(target: HostTarget, names: Names) -> HostTarget:
    return replace(target, values=_values(target.values, names))


def _value(value: Value, names: Names) -> Value:
    match value:
        case Ref(target=id_) if id_ in names:
            return replace(value, target=names[id_])
        case tuple():
            return _values(value, names)
        case Mapping():
            return _mapping(value, names)
        case _:
            return value


def _values(values: tuple[Value, ...], names: Names) -> tuple[Value, ...]:
    return tuple(_value(value, names) for value in values)


def _mapping(value: Attrs, names: Names) -> Attrs:
    return MappingProxyType({name: _value(inner, names) for name, inner in value.items()})


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


def composed_once(
    desired: Desired, parts: Mapping[str, Parts], world: Mapping[str, Live], providers: Mapping[str, Provider]
) -> tuple[dict[str, Composition], dict[ResourceId, Resource]]:
    """Return what each alias composes, and what is live beside DNS; what aliases share has one name."""
    given = sorted(providers.items())
    composed = {alias: provider.compose(present(parts[alias]), world[alias]) for alias, provider in given}
    names = shared_names(composed, world)
    live = live_renamed(seen_once(desired, world), names)
    return {alias: renamed(one, names) for alias, one in composed.items()}, live
