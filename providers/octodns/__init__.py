"""Zones at any vendor that has a provider class for octoDNS, the dns part.

Imports neither octoDNS nor the class: both are loaded when an alias is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from providers.octodns.options import OPTIONS, REFERENCE, UNIT, check
from providers.octodns.quiet import unwarned
from reconciler.errors import TdrError
from reconciler.provider import Limit, ProviderType

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting


def open_(setting: Setting) -> Provider:
    """Make the provider; raises TdrError with the line to type where octoDNS or the class is missing."""
    try:
        import_module("octodns")
    except ModuleNotFoundError as error:
        message = f"{setting.alias} needs octoDNS: pip install 'tdr-reconciler[octodns]'"
        raise TdrError(message) from error
    with unwarned():
        module = import_module("providers.octodns.provider")
    provider: Provider = module.OctoDns(setting)
    return provider


TYPE: Final = ProviderType(
    name="octodns",
    parts=frozenset({"dns"}),
    open=open_,
    options=OPTIONS,
    limits=(
        Limit(UNIT, 2.0, 20, "no rate is known of a vendor that octoDNS's class speaks to: a gentle one"),
    ),
    check=check,
    extra="octodns",
    reference=REFERENCE,
)
