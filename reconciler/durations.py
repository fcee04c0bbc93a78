"""Durations as people write them in the file: `90s`, `5m`, `2h`. Pure."""

from __future__ import annotations

MINUTE_S, HOUR_S = 60, 3600


def duration(seconds: float) -> str:
    """Return whole seconds in the largest unit that holds them without a rest: `300` is `5m`."""
    whole = max(0, round(seconds))
    if whole and whole % HOUR_S == 0:
        return f"{whole // HOUR_S}h"
    if whole and whole % MINUTE_S == 0:
        return f"{whole // MINUTE_S}m"
    return f"{whole}s"


def about(seconds: float) -> str:
    """Return an estimate in the units that matter: `45s`, `1m15s`, `1h`, `2h5m`."""
    whole = max(0, round(seconds))
    minutes, left = divmod(whole, MINUTE_S)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (0 if hours else left, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def elapsed(seconds: float) -> str:
    """Return how long something took, to the second: `12s`, `5m3s`, `1h0m7s`."""
    minutes, left = divmod(max(0, round(seconds)), MINUTE_S)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"
