"""What a run will cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.desired import Desired
from reconciler.plan import Plan
from reconciler.provider import ProviderType


def forecast_text(
    plan: Plan, desired: Desired, types: Mapping[str, ProviderType], reads: Mapping[str, int]
) -> str:
    """Return a line for each account."""
    _ = plan
    return "".join(
        f"{alias} ({desired.accounts[alias].type}): {count} reads\n"
        for alias, count in sorted(reads.items())
        if desired.accounts[alias].type in types
    )
