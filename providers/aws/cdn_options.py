"""What an alias's options ask of every distribution, with what is meant where they are silent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.aws.options import CACHE_TTL, QUOTAS


@dataclass(frozen=True, slots=True)
class CacheTtl:
    """Seconds that the edge holds an answer: at least, where the origin does not say, at most."""

    min: int = CACHE_TTL["min"]
    default: int = CACHE_TTL["default"]
    max: int = CACHE_TTL["max"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of the cdn part; None where the option is not written and what is live may be left alone.

    certificates   ARNs of certificates to use, the first that covers the host
    reuse          whether an issued certificate of the account is used before a new one is requested
    key_algorithm  of a new certificate
    alias_records  whether Route 53's alias pair stands in place of a CNAME
    """

    alias: str
    owner: str
    certificates: tuple[str, ...] = ()
    reuse: bool = True
    key_algorithm: str = "RSA_2048"
    ttl: CacheTtl = CacheTtl()
    target_in_key: bool = False
    forward_target: bool = True
    forwarded_host: bool = True
    alias_records: bool = False
    price_class: str | None = None
    http_version: str | None = None
    ipv6: bool = True
    minimum_tls: str | None = None
    quotas: Mapping[str, int] = field(default_factory=lambda: QUOTAS)

    def quota(self, name: str) -> int:
        """Return how many the account may have: AWS's default unless the option says otherwise."""
        return self.quotas.get(name, QUOTAS[name])


def wishes_from(alias: str, owner: str, options: Mapping[str, Any]) -> Wishes:
    """Read an alias's options."""
    ttl = CacheTtl(**{**CACHE_TTL, **(options.get("cache_ttl") or {})})
    return Wishes(
        alias=alias,
        owner=owner,
        certificates=tuple(options.get("certificates") or ()),
        reuse=options.get("reuse_certificates", True),
        key_algorithm=options.get("key_algorithm", "RSA_2048"),
        ttl=ttl,
        target_in_key=options.get("cache_key", "none") == "target",
        forward_target=options.get("forward_target", True),
        forwarded_host=options.get("forwarded_host", True),
        alias_records=options.get("alias_records", False),
        price_class=options.get("price_class"),
        http_version=options.get("http_version"),
        ipv6=options.get("ipv6", True),
        minimum_tls=options.get("minimum_tls"),
        quotas={**QUOTAS, **(options.get("quotas") or {})},
    )
