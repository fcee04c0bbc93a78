"""SparkPost, the sparkpost part; with managed HTTPS it plays the cdn part of the same domains too."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from providers.sparkpost.regions import OPTIONS, check, origin
from reconciler.provider import Kind, Limit, ProviderType, Secret
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting

KINDS: Final = (
    Kind(TRACKING_DOMAIN),
    Kind(SECURE),
    Kind(DEFAULT),
    Kind(LINK),
    # docs: Managed HTTPS: issued within 15 minutes; over 30 minutes pending means trouble.
    Kind(MANAGED_CERTIFICATE, ready="issued", timeout_s=1800, usual_s=900, poll_s=15.0),
)

OWN_NAMES: Final = ("spgo.io", "sparkpost.com", "sparkpostmail.com")


def open_(setting: Setting) -> Provider:
    """Make the provider; only now is the HTTP client loaded."""
    provider: Provider = import_module("providers.sparkpost.provider").SparkPost(setting)
    return provider


TYPE: Final = ProviderType(
    name="sparkpost",
    parts=frozenset({"sparkpost", "cdn"}),
    open=open_,
    kinds=KINDS,
    options=OPTIONS,
    secrets=(Secret("API_KEY", "SPARKPOST_API_KEY"),),
    limits=(
        Limit(
            "sparkpost", 10.0, 10, "SparkPost publishes no rate: `dynamic`, wait 1 to 5 s on 429 (docs: API)"
        ),
    ),
    check=check,
    origin=origin,
    own_names=OWN_NAMES,
)
