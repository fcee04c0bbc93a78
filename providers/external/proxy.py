"""What a proxy configuration is made from, whatever the software. Pure.

docs: "Using a reverse proxy for HTTPS tracking domain", "Enabling HTTPS engagement tracking": the client's
Host or X-Forwarded-Host, User-Agent and address reach SparkPost, TLS to it bears its own name (SNI), plain
http goes on without a redirect, paths and queries stay as they are, answers are held for 10 seconds at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.provider import Wanted

CERTIFICATES: Final = "/etc/letsencrypt/live/{host}"
TRUSTED: Final = "/etc/ssl/certs/ca-certificates.crt"
CACHE_TTL_S: Final = 10
LOOKED_UP_S: Final = 10
CONNECT_TIMEOUT_S: Final = 5
ANSWER_TIMEOUT_S: Final = 30


@dataclass(frozen=True, slots=True)
class Site:
    """One tracking host as a proxy serves it.

    origin    SparkPost's tracking host: the name in the TLS handshake and in its certificate
    connect   where to connect to instead, `HOST:PORT`; "" for the origin itself
    """

    host: str
    origin: str
    certificate: str
    key: str
    connect: str = ""

    @property
    def upstream(self) -> str:
        """The host, and port where it is not 443, to connect to."""
        return self.connect or self.origin


@dataclass(frozen=True, slots=True)
class Proxy:
    """A whole configuration's values.

    listen        addresses to listen on; none: every one, of IPv6 where `ipv6` says so
    resolvers     DNS servers, `IP` or `IP:PORT`; none: the system's, where the software can
    looked_up_s   how long an address of SparkPost's is used before it is looked up again
    cache_folder  where answers are held for `cache_ttl_s`
    trusted       PEM file of the authorities that the origin's certificate is checked by; "": the system's
    """

    alias: str
    sites: tuple[Site, ...]
    listen: tuple[str, ...] = ()
    ipv6: bool = True
    http_port: int = 80
    https_port: int = 443
    resolvers: tuple[str, ...] = ()
    looked_up_s: int = LOOKED_UP_S
    cache_ttl_s: int = CACHE_TTL_S
    cache_folder: str = ""
    trusted: str = ""


def proxy_of(alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> Proxy:
    """Return the values for the hosts of one alias."""
    folder = str(options.get("certificates", CERTIFICATES))
    return Proxy(
        alias=alias,
        sites=tuple(_site(one, folder.replace("{host}", one.host)) for one in wanted),
        ipv6=_serves_ipv6(options["target"]),
        resolvers=tuple(_bracketed(str(one)) for one in options.get("resolvers", ())),
        cache_ttl_s=int(options.get("cache_ttl", CACHE_TTL_S)),
        cache_folder=f"/var/cache/tdr-{alias}",
        trusted=str(options.get("trusted", "")),
    )


def _site(wanted: Wanted, folder: str) -> Site:
    return Site(wanted.host, wanted.origin, f"{folder}/fullchain.pem", f"{folder}/privkey.pem")


def _serves_ipv6(target: object) -> bool:
    """Tell whether visitors may come over IPv6: of a name nobody knows, so it is assumed."""
    return not isinstance(target, list | tuple) or any(":" in str(one) for one in target)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
