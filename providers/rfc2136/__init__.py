"""RFC 2136: zones on a name server of one's own (BIND, Knot, …), written by dynamic updates signed with TSIG.

Such a server has no list of its zones to ask for, so the file names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from reconciler.provider import Provider, ProviderType, Secret, Setting

ALGORITHMS = ("hmac-sha256", "hmac-sha512", "hmac-sha384", "hmac-sha224", "hmac-sha1")

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["server", "zones", "key_name"],
    "properties": {
        "server": {
            "type": "string",
            "minLength": 1,
            "description": (
                "Primary name server that takes the updates, asked over TCP: a host name or an address, with "
                "`:port` where it is not 53. It need not be among the zone's public servers."
            ),
        },
        "zones": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1},
            "description": "Zones to use there, each by name: such a server has no list to ask for.",
        },
        "key_name": {
            "type": "string",
            "minLength": 1,
            "description": "Name of the TSIG key, just as the server's configuration spells it.",
        },
        "algorithm": {
            "enum": list(ALGORITHMS),
            "default": ALGORITHMS[0],
            "description": "Algorithm of the TSIG key, just as the server's configuration has it.",
        },
        "transfer": {
            "enum": ["auto", "axfr", "query"],
            "default": "auto",
            "description": (
                "How zones are read. `axfr`: whole, by one transfer, which the key must be allowed. `query`: "
                "only the names that hosts of the file concern are asked for, so that orphans are not seen. "
                "`auto`: by transfer, and by queries where that is refused."
            ),
        },
    },
}


def _open(setting: Setting) -> Provider:
    """Make the provider. Raises AuthError where the secret is no key."""
    made: Provider = import_module("providers.rfc2136.provider").Rfc2136Provider.opened(setting)
    return made


def _check(options: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Find a server that cannot be connected to, and names that no zone or key can have."""
    found: Iterable[tuple[str, str, str]] = import_module("providers.rfc2136.server").problems(options)
    return found


TYPE = ProviderType(
    name="rfc2136",
    parts=frozenset({"dns"}),
    open=_open,
    options=_OPTIONS,
    secrets=(Secret("TSIG_SECRET", "RFC2136_TSIG_SECRET"),),
    check=_check,
)
