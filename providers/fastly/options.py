"""What an alias says of its Fastly account and of what stands there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.fastly.names import WRITES_PER_HOUR

CACHE_TTL_S: Final = 10
AUTHORITY: Final = "certainly"
_ID: Final = {"type": "string", "pattern": "^[0-9A-Za-z]{10,32}$"}

OPTIONS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "customer": {
            **_ID,
            "title": "a customer id",
            "description": "The account's customer id: a token of another account is refused.",
        },
        "domains": {
            "enum": ["auto", "versionless", "classic"],
            "default": "auto",
            "description": "How new hosts are attached to their service: `versionless` at once, `classic` "
            "by a new version of it. `auto`: versionless where the account has them. A host that is attached "
            "already stays as it is.",
        },
        "authority": {
            "enum": ["certainly", "lets-encrypt", "globalsign"],
            "default": AUTHORITY,
            "description": "Who issues new certificates. Unless this is written, a certificate that is "
            "there keeps its authority.",
        },
        "tls_configuration": {
            **_ID,
            "title": "the id of a TLS configuration",
            "description": "The TLS configuration that new certificates are served with, by id; otherwise "
            "the account's default. The host's CNAME is read from it.",
        },
        "certificates": {
            "type": "array",
            "uniqueItems": True,
            "description": "Uploaded certificates of the account to use, by id; the first that covers the "
            "host. tdr never deletes them.",
            "items": {**_ID, "title": "the id of an uploaded certificate"},
        },
        "cache_ttl": {
            "type": "integer",
            "minimum": 0,
            "maximum": 31536000,
            "default": CACHE_TTL_S,
            "description": "Seconds that the edge answers the same link by itself where SparkPost's answer "
            "does not say, so that a mail scanner's repeats are not recorded.",
        },
        "writes_per_hour": {
            "type": "integer",
            "minimum": 1,
            "default": WRITES_PER_HOUR,
            "description": "How many writes Fastly takes from the token's user in an hour, where support "
            "raised it.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options, with what is meant where they are silent.

    authority          None where it is not written: what is live may be left alone
    tls_configuration  None: the account's default
    customer           None: whatever account the token is of
    """

    domains: str = "auto"
    authority: str | None = None
    tls_configuration: str | None = None
    certificates: tuple[str, ...] = ()
    cache_ttl_s: int = CACHE_TTL_S
    customer: str | None = None


def wishes_from(options: Mapping[str, Any]) -> Wishes:
    """Read an alias's options."""
    return Wishes(
        domains=options.get("domains", "auto"),
        authority=options.get("authority"),
        tls_configuration=options.get("tls_configuration"),
        certificates=tuple(options.get("certificates") or ()),
        cache_ttl_s=options.get("cache_ttl", CACHE_TTL_S),
        customer=options.get("customer"),
    )
