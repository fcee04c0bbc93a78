"""Rate limits: fixed windows on the sandbox clock, counted for each unit."""

from __future__ import annotations

from providers.sandbox.contract import RateLimit, Usage


class Windows:
    """Counts requests of each unit (an account) in windows that begin with its first request."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._open: dict[tuple[str, str], tuple[float, int]] = {}  # (vendor, unit) -> (began, count)

    def count(self, vendor: str, unit: str, limit: RateLimit, now: float) -> tuple[bool, Usage]:
        """Count one request; say whether it is within the limit, and where the unit stands."""
        began, counted = self._open.get((vendor, unit), (now, 0))
        if now >= began + limit.per_s:
            began, counted = now, 0
        within = counted < limit.requests
        self._open[vendor, unit] = (began, counted + within)
        remaining = max(0, limit.requests - counted - within)
        return within, Usage(limit, remaining, began + limit.per_s - now)

    def forget(self, vendor: str) -> None:
        """Begin anew for a vendor (its limit was changed)."""
        self._open = {key: value for key, value in self._open.items() if key[0] != vendor}
