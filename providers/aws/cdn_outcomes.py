"""What CloudFront says where something moved since it was looked at, and how that is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers._outcomes import told
from reconciler.model import Change

MISSED: Final = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})
"""How CloudFront says that something was written since its ETag was read (docs: UpdateDistribution)."""


def moved(change: Change, off: Mapping[str, object]) -> str:
    """Say in what a resource is no longer what the plan saw."""
    return f"{change.id.key} changed since it was planned: {told(off)}"
