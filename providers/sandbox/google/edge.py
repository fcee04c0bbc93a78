"""The edge: addresses of load balancers, served by what forwarding rules lead to.

docs: Cloud Load Balancing "External Application Load Balancer overview", "SSL certificates overview" (which
certificate a proxy chooses), Certificate Manager "Certificate selection logic" (exact host, wildcard,
primary), "Troubleshoot" (changes take minutes to reach all of Google's frontends).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from providers.sandbox.ca import Certificate, covers
from providers.sandbox.cache import Cache
from providers.sandbox.contract import NotEmulated, Switch
from providers.sandbox.http1 import Dropped, EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer, Record, Zone

from . import certmanager_views as views
from . import classic
from . import edge_answer as answers
from . import edge_cache as cdn
from . import edge_origin as origin
from . import edge_route as routes
from .addresses import EDGE_ADDRESSES
from .certmanager_issuing import settle_all
from .certmanager_state import AUTHORIZATIONS, AUTHORIZE_ZONE, ENTRIES, MAPS, Resource, digest
from .serving import Serving, serving
from .state import Google, Project

VENDOR = "google"
PROPAGATION = Switch(
    "google.propagation",
    ("a-minute", "five-minutes", "at-once"),
    "a-minute",
    "docs and the guide say minutes, no number",
    "How long does a change of a load balancer take to reach the edge?",
)
SWITCHES: tuple[Switch, ...] = (PROPAGATION,)
PROPAGATION_S = {"a-minute": 60.0, "five-minutes": 300.0, "at-once": 0.0}
AUTHORIZE_SERVERS = (
    NameServer("ns1.authorize.certificatemanager.goog", "192.0.2.110"),
    NameServer("ns2.authorize.certificatemanager.goog", "192.0.2.111"),
)


class Edge:
    """The addresses of all projects."""

    def __init__(self, kernel: Kernel, google: Callable[[], Google]) -> None:
        """Bind the addresses, and serve the zone that DNS authorizations lead to."""
        self._kernel, self._google = kernel, google
        self._begun = kernel.now()
        self._cache = Cache()
        for address in EDGE_ADDRESSES:
            chosen = partial(self.certificate_for, address)
            kernel.edge(address, vendor=VENDOR, tls=chosen, handle=self.serve)
        kernel.add_zone(authorize_zone(google, kernel.now))

    def forget(self) -> None:
        """Forget what is cached: the state was replaced."""
        self._cache.clear()

    def serving(self, address: str, port: int) -> Serving | None:
        """Give what Google's frontends have for an address now: what was so a while ago.

        What the world begins with was there long before.
        """
        lag_s = PROPAGATION_S[self._kernel.switch(PROPAGATION.name)]
        at = max(self._kernel.now() - lag_s, self._begun)
        return serving(self._google(), address, port, at)

    def certificate_for(self, address: str, sni: str | None) -> Certificate | None:
        """Give the certificate for a name at an address; None refuses the handshake.

        The handshake begins with TLS 1.2, whatever the proxy's TLS policy says: names come after versions.
        """
        found = self.serving(address, 443)
        if found is None or not found.secure:
            return None
        host = (sni or "").lower().rstrip(".")
        if found.certificate_map:
            return self._of_map(found.project, found.certificate_map, host)
        return self._of_list(found, host)

    def _of_map(self, project: Project, name: str, host: str) -> Certificate | None:
        """Choose by a certificate map: the host's entry, its wildcard's, the primary one; no others."""
        certificates, now = project.certificates, self._kernel.now()
        entries = {
            str(entry.body.get("hostname") or entry.body.get("matcher")): entry
            for entry in certificates.of(ENTRIES, now, f"{MAPS}/{name}")
            if entry.visible + views.ENTRY_S <= now
        }
        wildcard = f"*.{host.partition('.')[2]}"
        entry = entries.get(host) or entries.get(wildcard) or entries.get("PRIMARY")
        return self._of_entry(project, entry, now) if entry is not None else None

    def _of_entry(self, project: Project, entry: Resource, now: float) -> Certificate | None:
        certificates = project.certificates
        named = [certificates.get(path, now) for path in entry.body.get("certificates") or ()]
        there = [each for each in named if each is not None]
        settle_all(self._kernel, project, now, there)
        leaves = certificates.leaves_of(self._kernel)
        found = (views.leaf_of(leaves, certificates, each, now) for each in there)
        return next((leaf for leaf in found if leaf is not None), None)

    def _of_list(self, found: Serving, host: str) -> Certificate | None:
        """Choose among classic certificates: one for the host, else the first that there is."""
        now, leaves = self._kernel.now(), list[Certificate]()
        for body in found.certificates:
            leaf = classic.leaf(self._kernel, found.project, body, now)
            if leaf is not None and covers(classic.names_of(body), host):
                return leaf
            leaves += [leaf] if leaf is not None else []
        return leaves[0] if leaves else None

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request. Raises Dropped where no forwarding rule has the port."""
        found = self.serving(request.address, request.port)
        if found is None:
            raise Dropped
        route = routes.route(found.url_map, request)
        if not route.service:
            return answers.finished(request, answers.redirect(route.status, route.location))
        backend = found.find(route.service)
        if backend is None:
            raise NotEmulated(f"the backend {route.service}")
        return answers.finished(request, await self._answered(found, backend, request))

    async def _answered(
        self, found: Serving, backend: Mapping[str, Any], request: EdgeRequest
    ) -> EdgeResponse:
        endpoint = endpoint_of(found, backend)
        if endpoint is None:
            return answers.bad_gateway()
        policy = cdn.policy_of(backend)
        if policy is None or request.method not in ("GET", "HEAD"):
            return await origin.fetched(self._kernel, backend, endpoint, request)
        now, name = self._kernel.now(), f"{found.project.id} {backend['name']}"
        key = cdn.key(policy, name, request)
        entry, _ = self._cache.get(key, now)
        if entry is not None:
            return _aged(entry.response, int(now - entry.stored))
        answer = cdn.shown(policy, await origin.fetched(self._kernel, backend, endpoint, request))
        seconds = cdn.kept_s(policy, answer, now)
        # A HEAD is answered from what a GET brought; what itself brings has no body to keep.
        if seconds > 0 and request.method == "GET":
            self._cache.put(key, answer, now, seconds)
        return answer


def _aged(response: EdgeResponse, age_s: int) -> EdgeResponse:
    kept = tuple(pair for pair in response.headers if pair[0].lower() != "age")
    return EdgeResponse(response.status, (*kept, ("Age", str(age_s))), response.body)


def endpoint_of(found: Serving, backend: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the endpoint that a backend service asks; None: it has none."""
    for each in backend.get("backends") or ():
        group = found.find(str(each.get("group") or ""))
        for endpoint in (group or {}).get("_endpoints") or ():
            told: Mapping[str, Any] = endpoint.get("networkEndpoint", endpoint)
            port = told.get("port") or (group or {}).get("defaultPort")
            return {**told, "port": port}
    return None


def authorize_zone(google: Callable[[], Google], now: Callable[[], float]) -> Zone:
    """Give the zone that the CNAMEs of DNS authorizations lead to: a TXT for each."""

    def targets() -> tuple[str, ...]:
        at = now()
        found = (
            project.certificates.record(each)[1]
            for project in google()
            for each in project.certificates.of(AUTHORIZATIONS, at)
        )
        return tuple(dict.fromkeys(name.rstrip(".") for name in found))

    def content() -> tuple[Record, ...]:
        return tuple(Record(name, "TXT", 60, digest(name)[:43]) for name in targets())

    return Zone(AUTHORIZE_ZONE, AUTHORIZE_SERVERS, content, revision=targets)
