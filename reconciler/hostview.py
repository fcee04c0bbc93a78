"""What the engine knows of one host in one run. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.claim import Claim, Was
from reconciler.desired import Domain
from reconciler.dns import HostTarget
from reconciler.former import Former
from reconciler.model import Resource
from reconciler.records import LOW_TTL_S, UNKNOWN_OLD_TTL_S, ZoneView, was_of

SHORT_TTL_S = 60


@dataclass(frozen=True, slots=True)
class HostView:
    """All that the engine knows of one host in this run.

    `claim` is ours, or None; `before` the live host record; `moves` whether that changes its answer; `pinned`
    the host's own record with the answer of a wildcard, which must stand first; `earlier` what stood there
    before a move that an earlier run made and none proved; `https_live` whether links of this host are https
    today; `former` the zones that it leaves since `dns:` changed, `former_over` whether no resolver can be
    sent there any more, `left_behind` what of ours stands in them.
    """

    host: str
    domain: Domain | None
    dns: str
    view: ZoneView | None
    claims: tuple[Claim, ...] = ()
    claim: Claim | None = None
    target: HostTarget | None = None
    before: Resource | None = None
    moves: bool = False
    pinned: Resource | None = None
    earlier: Resource | None = None
    https_live: bool = False
    former: tuple[Former, ...] = ()
    former_over: bool = False
    left_behind: tuple[Resource, ...] = ()

    @property
    def by_hand(self) -> bool:
        """Whether people write the host's records."""
        return self.view is not None and self.view.zone.by_hand

    @property
    def unproven(self) -> bool:
        """Whether an earlier run began on the host and did not prove what it made."""
        return self.claim is not None and self.claim.unproven

    @property
    def https_in_mail(self) -> bool:
        """Whether mail carries https links of the host: those written today, or before an unproven run."""
        return self.https_live or (self.claim is not None and self.claim.kept_https)

    @property
    def answer(self) -> Was | None:
        """What answers for the host today: its own record, or a wildcard's."""
        return was_of(self.before or self.pinned)

    @property
    def low_ttl_s(self) -> int:
        """The TTL of a record that is about to change: of the host's while it moves, of its claim."""
        return max(SHORT_TTL_S, self.view.zone.min_ttl if self.view else SHORT_TTL_S)

    @property
    def old_ttl_s(self) -> int:
        """The longest that any earlier answer may be held; the claim tells when it was given out."""
        remembered = self.claim.was if self.claim else None
        if self.claim is None and self.before is not None and not self.moves:
            return max(UNKNOWN_OLD_TTL_S, self.answer.ttl if self.answer else 0)
        standing_s = self.answer.ttl if self.moves and self.answer else 0
        return max(standing_s, remembered.ttl if remembered else 0)

    def is_held_long(self, record: Resource) -> bool:
        """Tell whether a host record is held too long for a move, and has a TTL that tdr may shorten."""
        if self.target is None or self.target.proxied or self.by_hand:
            return False
        return int(str(record.attrs["ttl"])) > max(LOW_TTL_S, self.low_ttl_s)
