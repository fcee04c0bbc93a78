"""The rates that vendors publish. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limit:
    """The published rate of one accounting unit; a basis for pacing and forecast.

    per_s     how many calls a second it bears lastingly
    burst     how many may come at once
    source    where it is published, for people
    window_s  where it is counted in windows: at most `burst` calls in any so many seconds, the first ones at
              full speed; `per_s` says nothing more then. 0: tokens that come at `per_s`
    reads     whether reading counts, too
    """

    unit: str
    per_s: float
    burst: int
    source: str
    window_s: float = 0.0
    reads: bool = True


def no_limits(_options: Mapping[str, Any]) -> Iterable[Limit]:
    """Change no limit."""
    return ()
