"""Fastly: one VCL service for many tracking hosts, a TLS subscription for each (cdn)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

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


TYPE: Final = ProviderType(
    name="fastly",
    parts=frozenset({"cdn"}),
    open=open_,
    kinds=(
        Kind(SERVICE),
        Kind(DOMAIN),
        # Terraform's Fastly provider waits 45 minutes for a certificate.
        Kind(SUBSCRIPTION, "issued", timeout_s=2700, usual_s=300, poll_s=30.0),
        Kind(ACTIVATION),
    ),
    options=OPTIONS,
    secrets=(Secret("API_TOKEN", "FASTLY_API_TOKEN"),),
    limits=(
        Limit(
            WRITE,
            WRITES_PER_HOUR / _HOUR_S,
            WRITES_PER_HOUR,
            "docs: Fastly API, Rate limiting: 1,000 requests that are no reads in an hour, for each user",
        ),
        Limit(READ, 20.0, 20, "Fastly limits no reads (docs: Rate limiting): a gentle rate"),
    ),
    own_names=("fastly.net", "fastlylb.net", "fastly-validations.com"),
)
