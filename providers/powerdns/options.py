"""What an alias says of its server: where it is, which of its zones are meant. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from reconciler.errors import InvalidRequest

VARIABLE: Final = "TDR_POWERDNS_ENDPOINT"
API: Final = "/api/v1"

OPTIONS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "endpoint": {
            "type": "string",
            "pattern": r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s?#]*)?$",
            "description": "Where the server's webserver listens, without /api/v1, such as "
            f"https://dns.example.com:8081. Needed unless {VARIABLE} says it.",
        },
        "server": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._-]+$",
            "default": "localhost",
            "description": "The server's id in its API; an authoritative server calls itself localhost.",
        },
        "zones": {
            "type": "object",
            "description": "Ids by zone name, for zones that stand in several views, such as "
            "example.com: example.com..internal.",
            "additionalProperties": {"type": "string", "minLength": 1},
        },
    },
}


def base_url(alias: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Return the API's base for the server. Raises InvalidRequest where nobody says where it is."""
    given = environ.get(VARIABLE) or str(options.get("endpoint") or "")
    if not given:
        text = f"no address of the server: write endpoint: https://HOST:8081 at `{alias}`, or set {VARIABLE}"
        raise InvalidRequest(text, provider=f"{alias} (powerdns)")
    server = options.get("server", "localhost")
    return f"{given.rstrip('/').removesuffix(API)}{API}/servers/{server}"


def identity(options: Mapping[str, Any], base: str) -> str:
    """Return what the account is known by: two aliases of one server take turns at its zones."""
    return f"powerdns/{urlsplit(base).netloc.lower()}/{options.get('server', 'localhost')}"


def _is_near(host: str) -> bool:
    """Tell whether a host is this machine or a private address: the server's own webserver speaks no TLS."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def check(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, what is wrong, what to write instead)."""
    address = urlsplit(str(options.get("endpoint", "")))
    if address.scheme == "http" and not _is_near(address.hostname or ""):
        yield (
            "endpoint",
            "over plain http the API key could be read on the way",
            "an address with https:// (a reverse proxy before the webserver), or a private one",
        )
    for name in options.get("zones") or {}:
        if name != name.lower().rstrip(".") or not name:
            yield "zones", f"{name} is not a zone's name", "the name in lower case without a final dot"
