"""What several domains share, such as a policy: it comes with its first user and goes with its last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from reconciler.assemble import Assembly
from reconciler.diff import diff
from reconciler.model import Action, Change, Resource, ResourceId

UNUSED = "no domain uses it any more"


def changes(
    assembly: Assembly, ids: Iterable[ResourceId], owner: str, *, takes_down: bool
) -> Iterator[Change]:
    """Yield what would make the shared resources with these ids as they should be; of those that are not
    wanted only what bears the owner's mark goes, where the run `takes_down` anything at all."""
    for id_ in sorted(ids):
        live, wanted = assembly.live.get(id_), assembly.desired.get(id_)
        if wanted is None and not (takes_down and live is not None and live.mark == owner):
            continue
        change = diff(live, wanted)
        if change is None:
            continue
        yield Change(id_, Action.DELETE, live, None, reason=UNUSED) if wanted is None else change


def settled(found: Iterable[Change], assembly: Assembly) -> tuple[Change, ...]:
    """Return the changes that may go, without those of shared resources that the others do not bear out.

    What anything still uses that stays as it is stays, too; what is to be made for resources of which none is
    made is not made.
    """
    kept = {change.id: change for change in found}
    while unfit := list(_unfit(kept, assembly)):
        for id_ in unfit:
            del kept[id_]
    return tuple(kept.values())


def _unfit(kept: Mapping[ResourceId, Change], assembly: Assembly) -> Iterator[ResourceId]:
    shared = [change for change in kept.values() if change.host is None]
    goes = {change.id for change in shared if change.action is Action.DELETE}
    comes = {change.id for change in shared if change.action is Action.CREATE}
    if not (goes or comes):
        return
    used = _used(_then(kept, assembly))
    yield from goes & used
    yield from (comes & _used(assembly.desired.values())) - used


def _then(kept: Mapping[ResourceId, Change], assembly: Assembly) -> Iterator[Resource]:
    """Yield what stands once the changes are made; what is as it should be also as it is wanted, for it uses
    what is to be made anew because somebody took it away.
    """
    for id_, resource in assembly.live.items():
        if id_ not in kept:
            yield resource
            wanted = assembly.desired.get(id_)
            if wanted is not None and diff(resource, wanted) is None:
                yield wanted
    yield from (change.after for change in kept.values() if change.after is not None)


def _used(resources: Iterable[Resource]) -> frozenset[ResourceId]:
    return frozenset(chain.from_iterable(resource.depends_on for resource in resources))
