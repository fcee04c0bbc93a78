"""Harbor: a small CDN with DNS of its own, as a provider for tdr."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.provider import Kind, Limit, ProviderType, Secret

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting


def open_(setting: Setting) -> Provider:
    """Make the provider."""
    provider: Provider = import_module("tdr_harbor.provider").Harbor(setting)
    return provider


TYPE = ProviderType(
    name="harbor",
    parts=frozenset({"cdn", "dns"}),
    open=open_,
    kinds=(Kind("harbor_berth", ready="moored", timeout_s=600, usual_s=60, poll_s=15.0),),
    options={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "quay": {"type": "string", "description": "Which quay of the harbor.", "default": "north"}
        },
    },
    secrets=(Secret("API_KEY", "HARBOR_API_KEY"),),
    limits=(Limit("harbor", 20.0, 20, "Harbor's price list"),),
)
