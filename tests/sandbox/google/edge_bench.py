"""A sandbox with a load balancer after the guide, and an origin that remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from providers.sandbox import started
from providers.sandbox.ca import Authority
from providers.sandbox.fetch import Fetched
from providers.sandbox.google import EMULATOR
from providers.sandbox.google.compute_state import link_of
from providers.sandbox.google.issuing import Issue
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer, Record, Zone
from tests.sandbox.google.bench import PROJECT, project, token, world
from tests.sandbox.google.certmanager_bench import HOST, CertManager, record, zone

ADDRESS = "198.51.100.80"
ORIGIN_ADDRESS = "203.0.113.10"
MANAGER = {
    "certificates": [{"name": "one", "domains": [HOST]}],
    "maps": [{"name": "links", "entries": [{"name": "one", "hostname": HOST, "certificates": ["one"]}]}],
}
MAP = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/links"
Bodies = dict[tuple[str, str], dict[str, Any]]


class Origin:
    """The host spgo.io."""

    name = "origin"

    def __init__(self) -> None:
        """Answer a redirect until told otherwise."""
        self.asked: list[EdgeRequest] = []
        self.answer = EdgeResponse(302, (("Server", "msys-http"), ("Location", "https://target.example/")))
        self.host = "spgo.io"

    def start(self, kernel: Kernel, section: Any) -> Origin:
        """Serve it, and its zone."""
        ca: Authority = kernel.ca
        made = {name: ca.issue([name], issuer="DigiCert Inc") for name in ("spgo.io", "other.example")}
        kernel.edge(ORIGIN_ADDRESS, vendor="origin", tls=lambda _: made[self.host], handle=self.serve)
        records = [Record("spgo.io", "A", 60, ORIGIN_ADDRESS)]
        kernel.add_zone(Zone("spgo.io", [NameServer("ns1.spgo.io", "192.0.2.30")], lambda: records))
        return self

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer as told."""
        self.asked.append(request)
        return self.answer

    def env(self) -> Mapping[str, str]:
        """Nothing to export."""
        return {}

    def dump(self) -> Any:
        """Nothing to keep."""
        return None

    def load(self, state: Any) -> None:
        """Nothing to take."""

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Nothing to change."""
        return {}


def link(collection: str, name: str) -> str:
    """The URL of a resource of the project."""
    return link_of(PROJECT, collection, name)


def backend(**more: Any) -> dict[str, Any]:
    """The guide's backend service."""
    return {
        "name": "spgo",
        "protocol": "HTTPS",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": [{"group": link("networkEndpointGroups", "spgo")}],
        "enableCDN": False,
        "timeoutSec": 30,
        **more,
    }


def balancer(*, port_80: bool = True, proxy: Mapping[str, Any] | None = None, **more: Any) -> Bodies:
    """Give the bodies of the whole load balancer; `more` is of the backend service."""
    endpoints = [{"fqdn": "spgo.io", "port": 443}]
    rule = {"IPAddress": ADDRESS, "IPProtocol": "TCP"}
    secure = {"name": "https", "urlMap": link("urlMaps", "spgo"), **(proxy or {"certificateMap": MAP})}
    found: Bodies = {
        ("networkEndpointGroups", "spgo"): {"name": "spgo", "defaultPort": 443, "_endpoints": endpoints},
        ("backendServices", "spgo"): backend(**more),
        ("urlMaps", "spgo"): {"name": "spgo", "defaultService": link("backendServices", "spgo")},
        ("targetHttpsProxies", "https"): secure,
        ("targetHttpProxies", "http"): {"name": "http", "urlMap": link("urlMaps", "spgo")},
        ("forwardingRules", "443"): {
            "name": "443",
            **rule,
            "portRange": "443-443",
            "target": link("targetHttpsProxies", "https"),
        },
    }
    if port_80:
        target = link("targetHttpProxies", "http")
        found["forwardingRules", "80"] = {"name": "80", **rule, "portRange": "80-80", "target": target}
    return found


class EdgeBench(CertManager):
    """One running sandbox, with its origin."""

    origin: Origin

    def put(self, bodies: Mapping[tuple[str, str], dict[str, Any] | None]) -> None:
        """Let resources of Compute Engine be so from now on; None: gone."""

        def put() -> None:
            now, compute = self.sandbox.kernel.now(), self._project.compute
            for (collection, name), body in bodies.items():
                compute.put(collection, name, body, now, now)

        self.sandbox.do(put)

    @property
    def _project(self) -> Any:
        running: Any = self.sandbox.kernel.vendors["google"]
        return running._google.projects[PROJECT]

    def classic(self, name: str, *domains: str, active: bool = False) -> None:
        """Put a classic managed certificate there, active or just ordered."""
        now = self.sandbox.do(self.sandbox.kernel.now)
        issue = Issue(now, issuer="Google Trust Services")
        if active:
            issue.not_before, issue.not_after, issue.served_since = now - 9e4, now + 7e6, now - 9e4
        body = {"name": name, "type": "MANAGED", "managed": {"domains": list(domains)}}
        self.put({("sslCertificates", name): {**body, "_issue": issue.as_data()}})

    def visit(self, url: str, **options: Any) -> Fetched:
        """Ask the load balancer for a URL, wherever DNS points."""
        options.setdefault("connect_to", ADDRESS)
        return self.sandbox.run(self.sandbox.kernel.fetch(url, **options))

    def last(self) -> EdgeRequest:
        """What the origin was asked last."""
        return self.origin.asked[-1]


@contextmanager
def edge(
    bodies: Bodies | None = None, *, manager: Mapping[str, Any] | None = None, **more: Any
) -> Iterator[EdgeBench]:
    """Run a sandbox whose load balancer has reached the edge."""
    served = Origin()
    given = world(project(certificate_manager=manager or MANAGER), dns=[zone(record("A", HOST, ADDRESS))])
    with started({**given, **more}, emulators=[served, EMULATOR]) as sandbox:
        headers = {"Authorization": f"Bearer {token(sandbox.env)}"}
        with httpx.Client(headers=headers, trust_env=False) as http:
            running = EdgeBench(sandbox, http)
            running.origin = served
            running.put(bodies or balancer())
            running.advance(61)
            yield running
        assert sandbox.kernel.unemulated == []
