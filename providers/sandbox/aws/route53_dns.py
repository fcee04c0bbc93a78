"""The name servers of hosted zones: what they answer, by the zones' state.

Private zones are not served. Where a policy chooses between sets (weighted, latency), the first is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer
from providers.sandbox.zone import Record as Answered
from providers.sandbox.zone import Zone as NamedZone

from .edge_names import cloudfront_zone
from .route53_names import in_master_form, plain
from .route53_state import ALIAS_TTL_S, CLOUDFRONT_ZONE, SOA_TTL_S, Key, Set, Zone, values_of

if TYPE_CHECKING:
    from .account import Accounts

Targets = Mapping[tuple[str, str], list[str]]
_DEEPEST = 10  # aliases of aliases


def cloudfront_names(accounts: Accounts) -> dict[tuple[str, str], list[str]]:
    """Give the addresses of CloudFront's names, by name and type, as its own servers answer them."""
    found: dict[tuple[str, str], list[str]] = {}
    for record in cloudfront_zone(accounts).content():
        found.setdefault((record.name, record.type), []).append(record.content)
    return found


def named_zone(accounts: Accounts, present: Callable[[], Zone]) -> NamedZone:
    """Give the zone as the kernel serves it; `present` gives the state of now."""
    now = accounts.kernel.now

    def content() -> Iterator[Answered]:
        sets = present().served(now())[1]
        targets = cloudfront_names(accounts) if _aliased(sets) else {}
        return _answers(sets, targets)

    def revision() -> object:
        mark, sets = present().served(now())
        moving = tuple(account.cloudfront.revision for account in accounts) if _aliased(sets) else ()
        return mark, moving

    zone = present()
    return NamedZone(
        plain(zone.name), zone.name_servers, content, revision=revision, negative_ttl_s=SOA_TTL_S
    )


def _aliased(sets: Mapping[Key, Set]) -> bool:
    return any("AliasTarget" in record_set for record_set in sets.values())


def _answers(sets: Mapping[Key, Set], targets: Targets) -> Iterator[Answered]:
    for record_set in _chosen(sets):
        if record_set["Type"] != "SOA":
            yield from _records(sets, targets, record_set, record_set, 0)


def _chosen(sets: Mapping[Key, Set]) -> Iterator[Set]:
    """Give the sets that are answered: the first of one name and type, or all multivalue ones."""
    seen: set[tuple[str, str]] = set()
    for (name, kind, _), record_set in sets.items():
        if (name, kind) not in seen or record_set.get("MultiValueAnswer"):
            seen.add((name, kind))
            yield record_set


def _records(
    sets: Mapping[Key, Set], targets: Targets, asked: Set, record_set: Set, depth: int
) -> Iterator[Answered]:
    """Give a set's records under the name of the one that was asked for."""
    name, kind = plain(asked["Name"]), record_set["Type"]
    target = record_set.get("AliasTarget")
    if target is None:
        for value in values_of(record_set):
            yield Answered(name, kind, record_set["TTL"], in_master_form(kind, value))
        return
    if target["HostedZoneId"] == CLOUDFRONT_ZONE:
        for address in targets.get((plain(target["DNSName"]), kind), ()):
            yield Answered(name, kind, ALIAS_TTL_S, address)
        return
    inside = next((s for key, s in sets.items() if key[:2] == (target["DNSName"], kind)), None)
    if inside is not None and depth < _DEEPEST:
        yield from _records(sets, targets, asked, inside, depth + 1)


class Served:
    """The public zones of all accounts, on the kernel's name servers."""

    def __init__(self, kernel: Kernel, accounts: Accounts) -> None:
        """Begin with none."""
        self._kernel, self._accounts = kernel, accounts
        self._zones: dict[str, NamedZone] = {}
        # How the world delegates zones of the same names on other servers.
        self._elsewhere: dict[NamedZone, tuple[NameServer, ...] | list[NameServer] | None] = {}

    def publish(self) -> None:
        """Answer for the zones of now, each delegated or not."""
        there = {zone.id: zone for zone in self._all() if not zone.private}
        for zone_id in self._zones.keys() - there.keys():
            self._kernel.remove_zone(self._zones.pop(zone_id))
        for zone_id, zone in there.items():
            if zone_id not in self._zones:
                self._zones[zone_id] = self._kernel.add_zone(self._named(zone_id))
            self._zones[zone_id].delegation = None if zone.delegated else ()
        self._undelegate_others({plain(z.name): z for z in there.values() if z.delegated})

    def _all(self) -> Iterator[Zone]:
        for account in self._accounts:
            yield from account.route53.state.zones.values()

    def _named(self, zone_id: str) -> NamedZone:
        return named_zone(self._accounts, lambda: next(zone for zone in self._all() if zone.id == zone_id))

    def _undelegate_others(self, ours: Mapping[str, Zone]) -> None:
        """Let the parent point here; servers elsewhere that hold the same zone lose it, or get it back."""
        here = set(self._zones.values())
        for other in self._kernel.tree.zones:
            if other in here:
                continue
            if other.name in ours:
                self._elsewhere.setdefault(other, other.delegation)
                other.delegation = ours[other.name].name_servers
            elif other in self._elsewhere:
                other.delegation = self._elsewhere.pop(other)
