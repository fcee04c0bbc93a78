"""Certificates that stand for a vendor's: on the wire in real time what is so on the sandbox's clock."""

from __future__ import annotations

import time
from collections.abc import Sequence

from providers.sandbox.ca import DAY_S, Authority, Certificate


class Leaves:
    """Those that one vendor serves: made when first asked for, and again when another day is over."""

    def __init__(self, ca: Authority) -> None:
        """Begin with none."""
        self._ca = ca
        self._made: dict[tuple[object, ...], Certificate] = {}

    def leaf(
        self,
        names: Sequence[str],
        issuer: str,
        valid: tuple[float, float] | None = None,
        *,
        now: float,
        of: str = "",
    ) -> Certificate:
        """Give a certificate for these names by the issuer `issuer`.

        `valid` is from when to when, on the sandbox's clock as `now` is: to the day as much is left on the
        wire. Without it the dates are those of any new one. `of` tells apart what is for the same names.
        """
        left_days = None if valid is None else (valid[1] - now) // DAY_S
        key = (of, *names, issuer, valid, left_days)
        if key not in self._made:
            self._made[key] = self._issue(names, issuer, valid, now)
        return self._made[key]

    def _issue(
        self, names: Sequence[str], issuer: str, valid: tuple[float, float] | None, now: float
    ) -> Certificate:
        if valid is None:
            return self._ca.issue(names, issuer=issuer)
        ahead = time.time() - now
        # An hour before: who checks in this very second finds it valid already.
        start, end = valid[0] + ahead - 3600, valid[1] + ahead
        return self._ca.issue(names, issuer=issuer, not_before=start, not_after=end)
