"""A sandbox with SparkPost's origin behind a real proxy, which is reached at a documentation address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.external.proxy import Proxy, Site
from providers.sandbox import started
from providers.sandbox.fetch import Fetched
from providers.sandbox.running import Running
from tests.servers.programs import free_ports

CLICK, GO = "click.example.com", "go.example.com"
ADDRESS, NAME = "198.51.100.9", "proxy.example.org"
ORIGIN = "origin.example.net"
"""Where the proxy under test is told to connect to: loopback, by DNS as in real life."""


def world(**more: Any) -> dict[str, Any]:
    """SparkPost with two hosts, the proxy's name, and a name for loopback."""
    domains = [{"domain": host, "verified": True} for host in (CLICK, GO)]
    return {
        "sparkpost": [{"region": "us", "key": "k", "env": "SPARKPOST_API_KEY", "tracking_domains": domains}],
        "dns": [
            {"zone": "example.org", "records": [{"type": "A", "name": NAME, "content": ADDRESS}]},
            {"zone": "example.net", "records": [{"type": "A", "name": ORIGIN, "content": "127.0.0.1"}]},
        ],
        **more,
    }


@dataclass(frozen=True)
class Front:
    """A proxy's values, and the world around it."""

    sandbox: Running
    proxy: Proxy

    def visit(self, url: str, **options: Any) -> Fetched:
        """Fetch through the proxy."""
        fetch = self.sandbox.kernel.fetch(url, **{"connect_to": ADDRESS, **options})
        return self.sandbox.run(fetch)

    def events(self, **wanted: Any) -> list[dict[str, Any]]:
        """What SparkPost's origin counted, where these members have these values."""
        found = self.sandbox.control("GET", "/vendors/sparkpost")["events"]
        return [e for e in found if all(e[name] == value for name, value in wanted.items())]


@contextmanager
def front(folder: Path, given: Mapping[str, Any] | None = None, **more: Any) -> Iterator[Front]:
    """Start the sandbox and give the values of a proxy for it; `more` are further ones."""
    with started(given or world()) as sandbox:
        http, https = free_ports(2)
        sandbox.net_map[f"{ADDRESS}:80"] = f"127.0.0.1:{http}"
        sandbox.net_map[f"{ADDRESS}:443"] = f"127.0.0.1:{https}"
        port = sandbox.net_map["203.0.113.10:443"].rpartition(":")[2]
        values = {
            "alias": "front",
            "sites": tuple(site(sandbox, folder, host, f"{ORIGIN}:{port}") for host in (CLICK, GO)),
            "listen": ("127.0.0.1",),
            "http_port": http,
            "https_port": https,
            "resolvers": (sandbox.kernel.resolver_address,),
            "cache_folder": str(folder / "cache"),
            "trusted": sandbox.env["TDR_CA_FILE"],
        }
        yield Front(sandbox, Proxy(**{**values, **more}))


def site(sandbox: Running, folder: Path, host: str, connect: str) -> Site:
    """A host with a certificate of its own on disk."""
    made = sandbox.do(lambda: sandbox.kernel.ca.issue([host], issuer="Let's Encrypt"))
    chain, key = folder / f"{host}.pem", folder / f"{host}.key"
    chain.write_bytes(made.chain_pem)
    key.write_bytes(made.key_pem)
    return Site(host, "spgo.io", str(chain), str(key), connect)
