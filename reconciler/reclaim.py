"""Changing hands: the one change to a claim that adopt and forget make. Pure."""

from __future__ import annotations

from reconciler.assemble import World
from reconciler.claim import is_claim, parse_claim
from reconciler.desired import Desired
from reconciler.errors import RefusedError
from reconciler.hostname import normalise
from reconciler.model import Action, Change, Resource
from reconciler.records import live_claim, view_for, zone_views


def reclaiming(host: str, old_owner: str | None, desired: Desired, world: World) -> Change:
    """Return the change that takes host over from old_owner, or with None gives it up.

    Raises RefusedError where there is no such claim.
    """
    name = normalise(host)
    live = _live_claim(name, world)
    if live is None:
        raise RefusedError(f"no claim stands at _tdr.{name} in any zone of the file's accounts")
    values = live.attrs["values"]
    texts = [str(value) for value in values] if isinstance(values, tuple) else []
    owner = old_owner or desired.owner
    mine = [text for text in texts if is_claim(text) and parse_claim(text).owner == owner]
    if not mine:
        owners = ", ".join(sorted(parse_claim(t).owner for t in texts if is_claim(t)))
        raise RefusedError(f"{name} is claimed by `{owners}`, not by `{owner}`")
    kept = [text for text in texts if text not in mine]
    if old_owner is not None:
        kept.append(parse_claim(mine[0]).updated({"o": desired.owner}).text())
    if not kept:
        return Change(live.id, Action.DELETE, live, None)
    return Change(live.id, Action.UPDATE, live, live.with_attrs(values=tuple(sorted(kept))))


def _live_claim(host: str, world: World) -> Resource | None:
    for alias, live in sorted(world.items()):
        view = view_for(host, zone_views(live.zones, live.rrsets))
        found = live_claim(alias, host, view) if view else None
        if found is not None:
            return found
    return None
