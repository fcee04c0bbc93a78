"""What the engine knows of one host in one run. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.claim import Claim, Was
from reconciler.desired import Domain
from reconciler.dns import HostTarget, Record
from reconciler.model import Resource
from reconciler.records import ZoneView, was_of


@dataclass(frozen=True, slots=True)
class HostView:
    """All that the engine knows of one host in this run.

    `claim` is ours, or None; `moves` whether its host record changes its answer; `pinned` the wildcard's
    answer that must become the host's own first; `https_live` whether links of this host are https today.
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
    pinned: Record | None = None
    https_live: bool = False

    @property
    def was(self) -> Was | None:
        return was_of(self.before)
