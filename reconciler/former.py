"""Zones that a host leaves when its `dns:` changes: where they are, whether resolvers still ask there. Pure.

A former zone is a zone in another account in which this owner claims a host of the file. It stays as it is
until the parent names the new zone's servers and none of the old, and the old delegation has left all caches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.accounts import hash_of
from reconciler.claim import NOW, PHASE, Claim, hash8
from reconciler.desired import Desired, Domain
from reconciler.dns import Zone, is_within
from reconciler.provider import Live
from reconciler.records import Views, ZoneView, claims_of, view_for, zone_views
from reconciler.twins import one_account

UNKNOWN_NS_TTL_S = 172_800
"""How long resolvers may hold a delegation whose TTL cannot be told: most registries' two days."""


@dataclass(frozen=True, slots=True)
class Former:
    """One zone that a host leaves.

    word       what claims call its account
    claim      this owner's claim on the host that stands in it
    handed     whether the parent sends resolvers to the new zone, and none here; None where that is not known
    ns_ttl_s   how long resolvers may hold a delegation to it
    """

    alias: str
    view: ZoneView
    word: str
    claim: Claim
    handed: bool | None
    ns_ttl_s: int


@dataclass(frozen=True, slots=True)
class Places:
    """The zones of every account, and what claims call the accounts.

    first   for each alias the one that stands for its account
    hashes  of every account that an alias reaches
    zones   by alias; of one account first those that are a `dns:` of the file
    """

    desired: Desired
    first: Mapping[str, str]
    hashes: frozenset[str]
    zones: Mapping[str, Views]

    @classmethod
    def of(cls, desired: Desired, world: Mapping[str, Live], zones: Mapping[str, Views]) -> Places:
        """Return the places of what was read."""
        used = {domain.dns for domain in desired.domains.values()}
        accounts = {account for live in world.values() for account in _accounts(live)}
        return cls(
            desired,
            one_account(world),
            frozenset(map(hash8, accounts)),
            {alias: zones[alias] for alias in sorted(zones, key=lambda one: (one not in used, one))},
        )

    def word(self, alias: str, zone: Zone) -> str:
        return f"{self.desired.accounts[alias].type}.{hash8(zone.account)}"

    def reached(self, words: Iterable[str]) -> bool:
        """Tell whether each of these accounts is one that an alias of the file reaches."""
        return all(hash_of(word) in self.hashes for word in words)


def _accounts(live: Live) -> frozenset[str]:
    """Return the accounts that an alias reaches; a zone that people edit is of none, by which it is known."""
    return live.accounts | {zone.account for zone in live.zones}


def unread(
    desired: Desired, world: Mapping[str, Live], can_hold: Callable[[str], bool]
) -> dict[str, tuple[Domain, ...]]:
    """Return for each alias the domains of other aliases that may come from one of its zones.

    Those are hosts without a claim of this owner where `dns:` says, and hosts whose claim says that they
    leave a zone of that account.
    """
    first = one_account(world)
    holding = [alias for alias in world if can_hold(alias)]
    if len({first[alias] for alias in holding}) < 2:
        return {}
    views = {alias: zone_views(world[alias].zones, world[alias].rrsets) for alias in holding}
    found: dict[str, list[Domain]] = {}
    for domain in desired.domains.values():
        view = view_for(domain.host, views.get(domain.dns, {}))
        if view is None:
            continue
        own = _own(claims_of(domain.host, view), desired.owner)
        for alias in holding:
            if first[alias] != first[domain.dns] and _may_leave(own, world[alias]):
                found.setdefault(alias, []).append(domain)
    return {alias: tuple(domains) for alias, domains in found.items()}


def _may_leave(own: Claim | None, live: Live) -> bool:
    if own is None:
        return True
    hashes = {hash8(account) for account in live.accounts}
    return any(not hashes or hash_of(word) in hashes for word in own.old)


def _own(claims: Iterable[Claim], owner: str) -> Claim | None:
    return next((claim for claim in claims if claim.owner == owner), None)


def formers(
    host: str, dns: str, view: ZoneView, claims: Collection[Claim], places: Places
) -> tuple[Former, ...]:
    """Return the zones that host leaves for view, the latest first."""
    own = _own(claims, places.desired.owner)
    found = [
        Former(
            alias=alias,
            view=other,
            word=places.word(alias, other.zone),
            claim=claim,
            handed=handed_over(view.zone, other.zone),
            ns_ttl_s=_ns_ttl_s(view.zone, other),
        )
        for alias, other, claim in _claimed_elsewhere(host, dns, view, places)
        if _is_left(own, claim, places.word(dns, view.zone), places.word(alias, other.zone))
    ]
    return tuple(sorted(found, key=lambda one: (not one.claim.old, one.alias)))


def _claimed_elsewhere(
    host: str, dns: str, view: ZoneView, places: Places
) -> Iterator[tuple[str, ZoneView, Claim]]:
    """Yield each other zone once, whatever number of aliases shows it."""
    seen = {(places.first[dns], view.zone.name)}
    for alias, views in places.zones.items():
        other = view_for(host, views)
        if other is None or (places.first[alias], other.zone.name) in seen:
            continue
        claim = _own(claims_of(host, other), places.desired.owner)
        if claim is not None:
            seen.add((places.first[alias], other.zone.name))
            yield alias, other, claim


def _is_left(own: Claim | None, other: Claim, here: str, there: str) -> bool:
    """Tell whether a claim in another zone is of one that the host leaves: its own claim says so, or is not
    written yet, or the other was to follow this one. Claims alike are one zone seen through two accounts."""
    if own is None:
        return True
    return own != other and (there in own.old or here in other.old)


# -- what the parent says
def handed_over(new: Zone, old: Zone) -> bool | None:
    """Tell whether the parent sends resolvers to the new zone and no longer to the old; None: not known."""
    if new.parent is None or old.parent is None or not new.name_servers:
        return None
    here, there = set(_plain(new.name_servers)), set(_plain(old.name_servers))
    if here == there:  # the same servers hold both: only the vendor can tell which one they answer from
        return new.active if new.active != old.active else None
    told = set(_plain(new.parent.servers))
    only_there = there - here
    if not here & told or (not only_there and not told <= here):
        return False
    if new.name != old.name and is_within(new.name, old.name):
        return True  # cut out of the old zone, which stays where it is
    return not only_there & set(_plain(old.parent.servers))


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.rstrip(".").lower() for name in names)


def _ns_ttl_s(new: Zone, old: ZoneView) -> int:
    """Return the longest that a delegation to the old zone is held: the parent's word, or the zone's own."""
    told = [zone.parent.ttl_s for zone in (new, old.zone) if zone.parent is not None]
    known = [ttl for ttl in told if ttl is not None]
    return max((*(known or [UNKNOWN_NS_TTL_S]), *(one.ttl for one in old.sets(old.zone.name, "NS"))))


# -- what the claim remembers of it
def inherited(found: Collection[Former]) -> Claim | None:
    """Return what the claim in the latest former zone remembers of the host, for the first in a new zone."""
    latest = next(iter(found), None)
    if latest is None:
        return None
    return latest.claim.updated({"old": None, "keep": None, PHASE: None})


def is_over(own: Claim | None, found: Collection[Former], now_s: float) -> bool:
    """Tell whether no resolver can be sent to any of the former zones any more."""
    keep_s = own.keep_s if own is not None else None
    return bool(found) and all(one.handed for one in found) and keep_s is not None and keep_s <= now_s


def remembering(claim: Claim, found: Collection[Former], places: Places, *, over: bool) -> Claim:
    """Return the claim with what it is to remember of the former zones, and until when they are to stay."""
    if over or (not found and places.reached(claim.old)):
        return claim.updated({"old": None, "keep": None})
    if not found:
        return claim  # a zone that no alias reaches now: nothing is known of it
    words = {*(one.word for one in found), *(word for word in claim.old if not places.reached([word]))}
    return claim.updated({"old": ",".join(sorted(words)), "keep": _keep(claim, found)})


def _keep(claim: Claim, found: Collection[Former]) -> str | None:
    if any(one.handed is False for one in found):
        return None
    begins = claim.get("keep") is None and all(one.handed for one in found)
    return f"{NOW}{max(one.ns_ttl_s for one in found)}" if begins else claim.get("keep")
