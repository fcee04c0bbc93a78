"""An edge that tdr does not manage: a CDN without a provider, or the user's own proxy.

There is no account to read and nothing to write: DNS points to the target once it serves the host.
Imports no SDK, for there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from providers.external.targets import check
from reconciler.provider import Provider, ProviderType, Setting, Wanted

_PATH = r"/([A-Za-z0-9._/@+-]|\{host\})+"

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["target"],
    "properties": {
        "target": {
            "description": (
                "Where the tracking hosts' records shall point: the name that the CDN or proxy has, for a "
                "CNAME, or a list of its addresses, for A and AAAA records. It must serve each host over "
                "http and over https, with a certificate for it: that is proven before DNS moves."
            ),
            "type": ["string", "array"],
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": 8,
        },
        "certificates": {
            "type": "string",
            "pattern": f"^{_PATH}$",
            "default": "/etc/letsencrypt/live/{host}",
            "description": (
                "For `tdr proxy-config`: the proxy's folder with fullchain.pem and privkey.pem of a host; "
                "`{host}` stands for its name."
            ),
        },
        "resolvers": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": (
                "For `tdr proxy-config`: addresses of the DNS resolvers that the proxy asks for SparkPost's "
                "present addresses. nginx needs them; Caddy has the system's."
            ),
        },
        "cache_ttl": {
            "type": "integer",
            "minimum": 0,
            "maximum": 10,
            "default": 10,
            "description": (
                "For `tdr proxy-config nginx`: seconds that the proxy answers the same link by itself, so "
                "that a mail scanner's repeats are not recorded. 0: never. Caddy has no cache."
            ),
        },
        "trusted": {
            "type": "string",
            "pattern": f"^{_PATH}$",
            "description": (
                "For `tdr proxy-config`: the file of authorities that SparkPost's certificate is checked by. "
                "nginx has /etc/ssl/certs/ca-certificates.crt unless told, Caddy the system's."
            ),
        },
    },
}


def _open(setting: Setting) -> Provider:
    """Make the provider."""
    made: Provider = import_module("providers.external.provider").External(setting.options)
    return made


def _nginx(alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> str:
    """Render nginx's configuration; raises TdrError where an option is missing."""
    rendered: str = import_module("providers.external.nginx").configuration(alias, options, wanted)
    return rendered


def _caddy(alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> str:
    """Render Caddy's configuration."""
    rendered: str = import_module("providers.external.caddy").configuration(alias, options, wanted)
    return rendered


TYPE = ProviderType(
    name="external",
    parts=frozenset({"cdn"}),
    open=_open,
    options=_OPTIONS,
    check=check,
    configurations={"nginx": _nginx, "caddy": _caddy},
)
