"""Zones that people edit: a change board's, or at a vendor without an API that can be used.

tdr says which records to set, and waits until the zone's own name servers show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from reconciler.provider import Provider, ProviderType, Setting

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["zones"],
    "properties": {
        "zones": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1},
            "description": "Zones that are edited by hand, each by name.",
        },
    },
}


def _open(setting: Setting) -> Provider:
    made: Provider = import_module("providers.manual.provider").ManualProvider.opened(setting)
    return made


TYPE = ProviderType(name="manual", parts=frozenset({"dns"}), open=_open, options=_OPTIONS)
