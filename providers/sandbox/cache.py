"""What edges share of caching: whole answers by key, for so many sandbox seconds."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from providers.sandbox.http1 import EdgeResponse

MOST_ENTRIES = 10_000


def fresh_s(response: EdgeResponse, now: float) -> float | None:
    """Give for how long the origin says that a shared cache may keep its answer; None where it does not say.

    RFC 9111: s-maxage goes before max-age, and both before Expires, of which one that is no date is past.
    """
    control = response.header("cache-control").lower()
    for directive in ("s-maxage", "max-age"):
        if found := re.search(rf"\b{directive}=(\d+)", control):
            return float(found[1])
    if not response.header("expires"):
        return None
    try:
        return max(0.0, parsedate_to_datetime(response.header("expires")).timestamp() - now)
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One cached answer; times are sandbox time."""

    response: EdgeResponse
    stored: float
    expires: float


class Cache:
    """Answers by key, oldest dropped first when there are too many."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()

    def get(self, key: Hashable, now: float) -> tuple[Entry | None, str]:
        """Give a fresh entry and HIT, or None and why not: MISS or EXPIRED."""
        entry = self._entries.get(key)
        if entry is None:
            return None, "MISS"
        return (entry, "HIT") if now < entry.expires else (None, "EXPIRED")

    def stale(self, key: Hashable) -> Entry | None:
        """Give an entry whether it is still fresh or not."""
        return self._entries.get(key)

    def put(self, key: Hashable, response: EdgeResponse, now: float, ttl_s: float) -> None:
        """Keep an answer for a time."""
        self._entries[key] = Entry(response, now, now + ttl_s)
        self._entries.move_to_end(key)
        while len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)

    def drop(self, key: Hashable) -> None:
        """Forget one answer, if it is there."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
