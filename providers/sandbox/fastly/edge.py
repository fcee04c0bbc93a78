"""Fastly's edge: serves what is active, and fetches the rest from the origin.

docs: Fastly guides "Common service and domain errors", "How caching and CDNs work", "Cache freshness and
TTLs"; HTTP headers reference (X-Served-By, X-Cache, X-Cache-Hits, Age).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from providers.sandbox.ca import Certificate
from providers.sandbox.cache import Cache
from providers.sandbox.contract import Switch
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.leaves import Leaves

from . import edge_answer as answers
from . import edge_origin as origin
from .edge_rules import Rules, on
from .serving import Served, serving, wildcard
from .state import Fastly
from .tls_issuing import EDGE_ADDRESSES, judge_of, settle
from .tls_names import EDGE_ADDRESSES_6, fastly_zone, validations_zone

VENDOR = "fastly"
HEAD_ON_MISS = Switch(
    "fastly.head-on-miss",
    ("get", "head"),
    "get",
    "Varnish, which Fastly is built on, asks with GET for what it may keep; Fastly's documents are silent",
    "How is the origin asked when a HEAD finds nothing in the cache?",
)
NO_STORE = Switch(
    "fastly.no-store",
    ("passed", "kept"),
    "passed",
    "docs: newer generated VCL passes `private` and `no-store`, the older only `private`",
    "Is an answer with Cache-Control: no-store kept for the fallback TTL?",
)
SWITCHES: tuple[Switch, ...] = (HEAD_ON_MISS, NO_STORE)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, and the service that serves it."""

    request: EdgeRequest
    served: Served
    rules: Rules
    now: float

    @property
    def key(self) -> tuple[str, ...]:
        """What answers are kept under: the service, the host and the URL, whatever the scheme."""
        return (self.served.service.id, self.request.host, self.request.target)


@dataclass
class Edge:
    """The edge of Fastly, for all customers; `fastly` gives the state of the moment."""

    kernel: Kernel
    fastly: Callable[[], Fastly]
    _cache: Cache = field(default_factory=Cache)
    _stale_until: dict[tuple[str, ...], float] = field(default_factory=dict)
    _varying: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _hits: dict[tuple[str, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Listen on the edge's addresses and serve Fastly's zones, where the world has Fastly at all."""
        self._leaves = Leaves(self.kernel.ca)
        if not self.fastly().customers:
            return
        for address in (*EDGE_ADDRESSES, *EDGE_ADDRESSES_6):
            self.kernel.edge(address, vendor=VENDOR, tls=self.certificate_for, handle=self.serve)
        self.kernel.add_zone(fastly_zone(self.fastly))
        self.kernel.add_zone(validations_zone(self.fastly))

    def forget(self) -> None:
        """Drop what is cached: the state was replaced."""
        self._cache.clear()
        self._varying.clear()

    def certificate_for(self, sni: str | None) -> Certificate | None:
        """Give the certificate that is active for a name, or for its wildcard; None refuses the handshake."""
        host, now = (sni or "").lower().rstrip("."), self.kernel.now()
        if not host:
            return None
        names = (host, wildcard(host))
        for customer in self.fastly():
            settle(customer.tls, judge_of(self.kernel), now, only=names)
            for name in names:
                activation = customer.tls.active_for(name, now)
                used = customer.tls.in_use(activation, now) if activation else None
                if used is not None:
                    valid = used.not_before, used.not_after
                    return self._leaves.leaf(used.names, used.issuer, valid, now=now, of=used.id)
        return None

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request."""
        now = self.kernel.now()
        certificate = self.certificate_for(request.sni) if request.sni else None
        served = serving(self.fastly(), request.host)
        if certificate is not None and not certificate.covers(request.host):
            return finished(request, answers.misdirected(request.host, certificate.hosts))
        if served is None:
            return finished(request, answers.unknown_domain(request.host))
        rules = Rules(served.version, request)
        rules.judge()
        settings = rules.request_settings
        if request.scheme == "http" and on(settings.get("force_ssl")):
            return finished(request, answers.redirect(f"https://{request.host}{request.target}"))
        visit = Visit(request, served, rules, now)
        passes = request.method not in ("GET", "HEAD") or settings.get("action") == "pass"
        answer = await (self._passed(visit) if passes else self._cached_or_fetched(visit))
        answer = EdgeResponse(answer.status, rules.headers("response", answer.headers, answer), answer.body)
        return finished(request, answer)

    async def _passed(self, visit: Visit) -> EdgeResponse:
        return _told(await origin.fetched(self.kernel, visit.rules, visit.request.method), "MISS", 0)

    async def _cached_or_fetched(self, visit: Visit) -> EdgeResponse:
        key, now = self._full_key(visit), visit.now
        entry, _ = self._cache.get(key, now)
        if entry is not None and not on(visit.rules.request_settings.get("force_miss")):
            self._hits[key] = self._hits.get(key, 0) + 1
            return _told(entry.response, "HIT", self._hits[key], int(now - entry.stored))
        method = visit.request.method
        if self.kernel.switch(HEAD_ON_MISS.name) == "get":
            method = "GET"
        answer = await origin.fetched(self.kernel, visit.rules, method)
        stale = self._cache.stale(key)
        if answer.status >= 500 and stale and now < self._stale_until.get(key, 0.0):
            return _told(stale.response, "HIT", self._hits.get(key, 0) + 1, int(now - stale.stored))
        cached = EdgeResponse(
            answer.status, visit.rules.headers("cache", answer.headers, answer), answer.body
        )
        self._keep(visit, method, cached)
        return _told(cached, "MISS", 0)

    def _keep(self, visit: Visit, method: str, answer: EdgeResponse) -> None:
        keeps_no_store = self.kernel.switch(NO_STORE.name) == "kept"
        kept = answers.kept_for(visit.rules, answer, visit.now, keeps_no_store=keeps_no_store)
        if kept.ttl_s <= 0 or method == "HEAD":
            return
        vary = answer.header("vary").lower()
        self._varying[visit.key] = tuple(name.strip() for name in vary.split(",") if name.strip())
        key = self._full_key(visit)
        self._cache.put(key, answer, visit.now, kept.ttl_s)
        self._stale_until[key] = visit.now + kept.ttl_s + kept.stale_s
        self._hits[key] = 0

    def _full_key(self, visit: Visit) -> tuple[str, ...]:
        names = self._varying.get(visit.key, ())
        return (*visit.key, *(visit.request.header(name) for name in names))


def _told(response: EdgeResponse, x_cache: str, hits: int, age: int = 0) -> EdgeResponse:
    """Give an answer with what the cache has to say of it."""
    said = (("X-Cache", x_cache), ("X-Cache-Hits", str(hits)), ("Age", str(age)))
    gone = answers.NOT_PASSED | {"x-edge"}
    kept = tuple(pair for pair in response.headers if pair[0].lower() not in gone)
    return EdgeResponse(response.status, (*kept, *said), response.body)


def finished(request: EdgeRequest, answer: EdgeResponse) -> EdgeResponse:
    """Add what every answer of the edge has."""
    kept = tuple(pair for pair in answer.headers if pair[0].lower() not in ("x-edge", "via"))
    before = answer.header("via")
    added = (
        ("Via", f"{before}, 1.1 varnish" if before else "1.1 varnish"),
        ("X-Served-By", origin.CACHE_NAME),
    )
    return EdgeResponse(answer.status, (*kept, *added), b"" if request.method == "HEAD" else answer.body)
