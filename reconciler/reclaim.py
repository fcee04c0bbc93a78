"""Changing hands: the one change to a claim that adopt and forget make. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.assemble import World
from reconciler.checks import newer_claims
from reconciler.claim import is_claim, parse_claim, stamp
from reconciler.desired import Desired
from reconciler.errors import RefusedError, UsageError
from reconciler.hostname import HostnameError, normalise
from reconciler.model import Action, Change, Resource
from reconciler.provider import DnsProvider, Provider
from reconciler.records import (
    Memory,
    ZoneView,
    claim_record,
    claim_wanted,
    claims_of,
    live_claim,
    live_host,
    view_for,
    was_of,
    wildcard_answer,
    zone_views,
)

CLAIM_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Held:
    """What an alias holds of a host: its zone, and the claim on it where one stands."""

    alias: str
    view: ZoneView
    claim: Resource | None


def reclaiming(
    host: str,
    old_owner: str | None,
    desired: Desired,
    world: World,
    providers: Mapping[str, Provider],
    now_s: float,
) -> Change:
    """Return the change that takes host over from old_owner, or with None gives it up.

    Where the old owner's claim is gone and only marks are left, a first claim is written: it knows nothing,
    so full waits follow. Raises RefusedError where old_owner has neither, UsageError for what is no
    host name.
    """
    try:
        name = normalise(host)
    except HostnameError as error:
        raise UsageError(str(error)) from error
    held = _held(name, desired, world)
    if held is not None and (newer := newer_claims(name, held.view)):
        raise RefusedError(f"a newer tdr wrote the claim on {name} (v={newer[0]}); use that version of tdr")
    if held is None or held.claim is None:
        if held is None or old_owner is None or not _is_marked(name, old_owner, world):
            raise RefusedError(f"no claim stands at _tdr.{name} in any zone of the file's accounts")
        return _first_claim(name, held, desired, world, providers, now_s)
    values = held.claim.attrs["values"]
    texts = [str(value) for value in values] if isinstance(values, tuple) else []
    owner = old_owner or desired.owner
    mine = [text for text in texts if is_claim(text) and parse_claim(text).owner == owner]
    if not mine:
        owners = ", ".join(sorted(parse_claim(t).owner for t in texts if is_claim(t)))
        raise RefusedError(f"{name} is claimed by `{owners}`, not by `{owner}`")
    kept = [text for text in texts if text not in mine]
    ours_stands = any(is_claim(text) and parse_claim(text).owner == desired.owner for text in kept)
    if old_owner is not None and not ours_stands:
        kept.append(parse_claim(mine[0]).updated({"o": desired.owner}).text())
    if not kept:
        return Change(held.claim.id, Action.DELETE, held.claim, None)
    after = held.claim.with_attrs(values=tuple(sorted(kept)))
    return Change(held.claim.id, Action.UPDATE, held.claim, after)


def _held(host: str, desired: Desired, world: World) -> Held | None:
    """Return where the claim stands; else the zone of the file's own dns alias, else of any that has one."""
    domain = desired.domains.get(host)
    aliases = sorted(world, key=lambda alias: (domain is None or alias != domain.dns, alias))
    found: list[Held] = []
    for alias in aliases:
        view = view_for(host, zone_views(world[alias].zones, world[alias].rrsets))
        if view is not None:
            found.append(Held(alias, view, live_claim(alias, host, view) if claims_of(host, view) else None))
    return next((held for held in found if held.claim is not None), next(iter(found), None))


def _is_marked(host: str, owner: str, world: World) -> bool:
    return any(r.host == host and r.mark == owner for live in world.values() for r in live.resources)


def _first_claim(
    host: str,
    held: Held,
    desired: Desired,
    world: World,
    providers: Mapping[str, Provider],
    now_s: float,
) -> Change:
    if wildcard_answer(host, held.view) is not None:
        raise RefusedError(
            f"a wildcard answers for {host}, and a claim alone would silence it: "
            "give the host a record of its own first"
        )
    before = was_of(live_host(held.alias, host, held.view))
    memory = Memory(desired.owner, digest="", sp=None, cdn="")
    claim = claim_wanted(memory, None, before, moves=False).updated({"w": None, "cdn": None})
    ttl_s = max(CLAIM_TTL_S, held.view.zone.min_ttl)
    provider = providers[held.alias]
    if not isinstance(provider, DnsProvider):
        raise AssertionError(f"unreachable: {held.alias} holds a zone and spells no records")
    record = claim_record(host, claim, held.view, ttl_s)
    (spelled,) = provider.spell([record], world[held.alias]).resources
    values = spelled.attrs["values"]
    texts = values if isinstance(values, tuple) else ()
    stamped = spelled.with_attrs(values=tuple(stamp(str(text), now_s) for text in texts))
    beside = live_claim(held.alias, host, held.view)
    return Change(spelled.id, Action.UPDATE if beside else Action.CREATE, beside, stamped)
