"""Fastly: one VCL service for many tracking hosts, a TLS subscription for each (cdn)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from providers.fastly.names import (
    ACTIVATION,
    DOMAIN,
    READ,
    SERVICE,
    SUBSCRIPTION,
    WRITE,
    WRITES_PER_HOUR,
)
from providers.fastly.options import OPTIONS
from reconciler.provider import Kind, Limit, ProviderType, Secret

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting

_HOUR_S: Final = 3600


def open_(setting: Setting) -> Provider:
    """Make the provider; only now is the HTTP client loaded."""
    provider: Provider = import_module("providers.fastly.provider").FastlyProvider(setting)
    return provider


def _writes(per_hour: int) -> Limit:
    return Limit(
        WRITE,
        per_hour / _HOUR_S,
        per_hour,
        "docs: Fastly API, Rate limiting: 1,000 requests that are no reads in an hour, for each user",
        window_s=_HOUR_S,
        reads=False,
    )


def limits_for(options: Mapping[str, Any]) -> tuple[Limit, ...]:
    """Return the rate of an alias whose user may write more often, or less."""
    return (_writes(options["writes_per_hour"]),) if "writes_per_hour" in options else ()


TYPE: Final = ProviderType(
    name="fastly",
    parts=frozenset({"cdn"}),
    open=open_,
    kinds=(
        Kind(SERVICE),
        # A batch of hosts is one version, with one activation, however many they are.
        Kind(DOMAIN, writes=1, gathers=True),
        # Terraform's Fastly provider waits 45 minutes for a certificate.
        Kind(
            SUBSCRIPTION,
            "issued",
            timeout_s=2700,
            usual_s=300,
            poll_s=30.0,
            writes=1,
            # docs: Pricing: certificates are charged by authority, each with a free amount
            billed="certificates are charged by their authority, beyond those that are free",
        ),
        Kind(ACTIVATION, writes=1),
    ),
    options=OPTIONS,
    secrets=(Secret("API_TOKEN", "FASTLY_API_TOKEN"),),
    limits=(
        _writes(WRITES_PER_HOUR),
        Limit(READ, 20.0, 20, "Fastly limits no reads (docs: Rate limiting): a gentle rate"),
    ),
    limits_for=limits_for,
    own_names=("fastly.net", "fastlylb.net", "fastly-validations.com"),
)
