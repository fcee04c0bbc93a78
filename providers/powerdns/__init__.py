"""PowerDNS Authoritative Server, the dns part, through its HTTP API."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from providers.powerdns.options import OPTIONS, check
from reconciler.provider import Limit, ProviderType, Secret

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting


def open_(setting: Setting) -> Provider:
    """Make the provider; only now is the HTTP client loaded."""
    provider: Provider = import_module("providers.powerdns.provider").PowerDns(setting)
    return provider


TYPE: Final = ProviderType(
    name="powerdns",
    parts=frozenset({"dns"}),
    open=open_,
    options=OPTIONS,
    secrets=(Secret("API_KEY", "PDNS_API_KEY"),),
    limits=(Limit("powerdns", 50.0, 50, "PowerDNS has no rate limit: its webserver is the user's own"),),
    check=check,
)
