"""Cloudflare's edge: serves exactly what the control plane says, and fetches the rest from the origin.

docs: "Encryption modes" (how the origin is reached), "Error 1xxx", "Error 52x", "Cloudflare HTTP
headers", "Cache responses".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.ca import Certificate
from providers.sandbox.cache import Cache
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeRequest, EdgeResponse, Headers
from providers.sandbox.kernel import Kernel
from providers.sandbox.leaves import Leaves
from providers.sandbox.resolver import Resolved

from . import cache, saas_serving, settings, traffic
from .certificates import ISSUERS, VALIDITY_S, pack_for
from .expressions import Fields, request_fields
from .names import EDGE_ADDRESSES, proxies
from .saas_settling import World
from .state import Pack, Record, State, Zone, derived_id

HOP_HEADERS = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
)
OWN_HEADERS = frozenset(
    {"host", "cf-connecting-ip", "cf-ray", "cf-visitor", "x-forwarded-proto", "x-forwarded-for"}
)
SPARKPOST_ZONE = "spgo.io"
CACHEABLE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One request and what is known of it; `sni` is the origin's where a custom hostname has one."""

    request: EdgeRequest
    zone: Zone
    record: Record
    fields: Fields
    in_force: Mapping[str, Any]
    now: float
    sni: str | None = None


class Edge:
    """The edge of one Cloudflare; `state` gives the state of the moment."""

    def __init__(self, kernel: Kernel, state: Callable[[], State]) -> None:
        """Listen on the edge's addresses."""
        self.kernel, self.state = kernel, state
        self.cache = Cache()
        self._leaves = Leaves(kernel.ca)
        self._visits = 0
        for address in EDGE_ADDRESSES:
            kernel.edge(address, vendor="cloudflare", tls=self.certificate_for, handle=self.serve)

    def certificate_for(self, sni: str | None) -> Certificate | None:
        """Give the certificate for a name; None refuses the handshake."""
        host, now = (sni or "").lower().rstrip("."), self.kernel.now()
        pack = saas_serving.certificate(self._world(), host)
        zone = self.state().zone_of(host)
        if pack is None and zone is not None and proxies(zone, now):
            pack = pack_for(zone, host, now)
        return self._certificate(pack, now) if pack else None

    def _world(self) -> World:
        def look(name: str, kind: str) -> Resolved:
            return self.kernel.resolve(name, kind, fresh=True)

        return World(self.state(), self.kernel.now(), look, self.kernel.switch)

    def _certificate(self, pack: Pack, now: float) -> Certificate:
        end = pack.expires
        if end is None and pack.status_at(now) == "expired":
            end = pack.ordered - 60.0
        valid = None if end is None else (end - VALIDITY_S, end)
        return self._leaves.leaf(pack.hosts, ISSUERS[pack.authority], valid, now=now, of=pack.id)

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request."""
        visit = self._visit(request)
        if isinstance(visit, saas_serving.Error):
            return self._finish(request, failure(visit.status, visit.code), None)
        answer = self._own_answer(visit)
        if answer is None:
            answer = await self._cached_or_fetched(visit)
        return self._finish(request, answer, visit)

    def _visit(self, request: EdgeRequest) -> Visit | saas_serving.Error:
        world, host = self._world(), request.host
        served = saas_serving.route(world, host)
        if isinstance(served, saas_serving.Error):
            return served
        zone = served.zone
        headers = {name.lower(): value for name, value in request.headers}
        fields = request_fields(request.scheme, host, request.target, request.method, headers)
        in_force = traffic.config(zone, fields)
        return Visit(request, zone, served.record, fields, in_force, world.now, served.sni)

    def _own_answer(self, visit: Visit) -> EdgeResponse | None:
        redirect = traffic.redirect(visit.zone, visit.fields, visit.in_force)
        if redirect is not None:
            return EdgeResponse(redirect.status, (("Location", redirect.location),))
        action = traffic.blocked(visit.zone, visit.fields)
        if action == "block":
            return failure(403, 1020)
        if action is not None or visit.in_force.get("security_level") == "under_attack":
            return EdgeResponse(
                403, (("cf-mitigated", "challenge"), ("Content-Type", "text/html")), b"Just a moment..."
            )
        return None

    async def _cached_or_fetched(self, visit: Visit) -> EdgeResponse:
        policy = traffic.cache_policy(visit.zone, visit.fields, visit.in_force)
        method, url = visit.request.method, str(visit.fields["http.request.full_uri"])
        if not policy.eligible or method not in CACHEABLE_METHODS:
            status = "BYPASS" if policy.bypassed else "DYNAMIC"
            return with_headers(await self._fetched(visit, method), ("CF-Cache-Status", status))
        entry, status = self.cache.get(url, visit.now)
        if entry is not None:
            age = ("Age", str(int(visit.now - entry.stored)))
            return browser_ttl(visit, policy, with_headers(entry.response, ("CF-Cache-Status", status), age))
        # docs: Cloudflare asks the origin with GET for a HEAD whose answer it may keep.
        response = await self._fetched(visit, "GET")
        seconds = cache.stored_for(policy, response)
        if seconds <= 0 or response.header("x-sandbox-edge-error"):
            return with_headers(response, ("CF-Cache-Status", "BYPASS" if seconds <= 0 else status))
        kept = cache.as_stored(policy, response)
        self.cache.put(url, kept, visit.now, seconds)
        return browser_ttl(visit, policy, with_headers(kept, ("CF-Cache-Status", status)))

    async def _fetched(self, visit: Visit, method: str) -> EdgeResponse:
        """Ask the origin; what goes wrong there is one of Cloudflare's error pages."""
        mode = str(visit.in_force["ssl"])
        host, sni, override = traffic.origin_host(visit.zone, visit.fields, visit.in_force, sni=visit.sni)
        target = override or visit.record.content
        if code := self._prohibited(visit, target):
            return code
        secure = mode == "origin_pull" or (visit.request.scheme == "https" and mode in {"full", "strict"})
        strict = secure and mode != "full"
        if strict and self.kernel.switch("cloudflare.strict-accepts-target") == "yes":
            sni = target
        uri = traffic.rewritten(visit.zone, visit.fields)
        try:
            got = await self.kernel.fetch(
                f"{'https' if secure else 'http'}://{sni if secure else host}{uri}",
                method=method,
                headers=self._onward(visit, host),
                body=visit.request.body,
                connect_to=target,
                sni=sni,
                verify=strict,
                source=visit.request.address,
            )
        except FetchError as error:
            return origin_failure(error, strict=strict)
        kept = tuple((k, v) for k, v in got.headers if k.lower() not in HOP_HEADERS)
        return EdgeResponse(got.status, kept, got.body)

    def _prohibited(self, visit: Visit, target: str) -> EdgeResponse | None:
        """Refuse an origin that is a proxied host itself: of another account 1014, of this one 1000."""
        spark = target == SPARKPOST_ZONE or target.endswith(f".{SPARKPOST_ZONE}")
        if spark and self.kernel.switch("cloudflare.sparkpost-on-cloudflare") == "yes":
            return failure(409, 1014)
        other = self.state().zone_of(target)
        if other is None or not proxies(other, visit.now) or traffic.record_for(other, target) is None:
            return None
        return failure(409, 1014) if other.account != visit.zone.account else failure(403, 1000)

    def _onward(self, visit: Visit, host: str) -> Headers:
        changes = traffic.header_changes(visit.zone, "http_request_late_transform", visit.fields)
        gone = {name.lower() for name in changes} | HOP_HEADERS | OWN_HEADERS
        sent = tuple((k, v) for k, v in visit.request.headers if k.lower() not in gone)
        request = visit.request
        before = request.header("x-forwarded-for")
        chain = f"{before}, {request.client}" if before else request.client
        ours = (
            ("Host", host),
            ("CF-Connecting-IP", request.client),
            ("X-Forwarded-For", chain),
            ("X-Forwarded-Proto", request.scheme),
            ("CF-Visitor", f'{{"scheme":"{request.scheme}"}}'),
        )
        return (*ours, *sent, *((name, value) for name, value in changes.items() if value is not None))

    def _finish(self, request: EdgeRequest, answer: EdgeResponse, visit: Visit | None) -> EdgeResponse:
        """Add what every answer of the edge has, and the zone's own response headers."""
        self._visits += 1
        changes: dict[str, str | None] = {"x-sandbox-edge-error": None}
        if visit is not None:
            changes |= traffic.header_changes(visit.zone, "http_response_headers_transform", visit.fields)
            changes |= strict_transport(visit)
        if self.kernel.switch("cloudflare.server-header") == "overwritten" or not answer.header("server"):
            changes["Server"] = "cloudflare"
        ray = derived_id("ray", request.client, self._visits)[:16]
        answer = changed(answer, {**changes, "CF-RAY": f"{ray}-SBX"})
        body = b"" if request.method == "HEAD" else answer.body
        return EdgeResponse(answer.status, answer.headers, body)


def failure(status: int, code: int) -> EdgeResponse:
    """Give one of Cloudflare's error pages, as clients that are no browsers get it."""
    headers = (("Content-Type", "text/plain; charset=UTF-8"), ("x-sandbox-edge-error", str(code)))
    return EdgeResponse(status, headers, f"error code: {code}".encode())


def origin_failure(error: FetchError, *, strict: bool) -> EdgeResponse:
    """Give the error page for an origin that could not be asked."""
    wrong_certificate = strict and error.stage == "tls"
    status, code = {
        "dns": (530, 1016),
        "connect": (521, 521),
        "timeout": (522, 522),
        "tls": (526, 526) if wrong_certificate else (525, 525),
    }.get(error.stage, (520, 520))
    return failure(status, code)


def with_headers(response: EdgeResponse, *more: tuple[str, str]) -> EdgeResponse:
    """Give an answer with headers added."""
    return EdgeResponse(response.status, (*response.headers, *more), response.body)


def changed(response: EdgeResponse, changes: Mapping[str, str | None]) -> EdgeResponse:
    """Give an answer with headers set (a value) or removed (None)."""
    gone = {name.lower() for name in changes}
    kept = tuple((k, v) for k, v in response.headers if k.lower() not in gone)
    added = tuple((name, value) for name, value in changes.items() if value is not None)
    return EdgeResponse(response.status, (*kept, *added), response.body)


def browser_ttl(visit: Visit, policy: traffic.CachePolicy, response: EdgeResponse) -> EdgeResponse:
    """Set Cache-Control for the visitor, as rule and zone have it (docs: Browser Cache TTL)."""
    mode, seconds = policy.browser_mode, policy.browser_ttl_s
    if mode is None:
        seconds = int(settings.value(visit.zone, "browser_cache_ttl"))
        mode = "override_origin" if seconds and not response.header("cache-control") else "respect_origin"
    if mode == "override_origin" and seconds is not None:
        return changed(response, {"Cache-Control": f"max-age={seconds}"})
    if mode == "bypass" or (mode == "bypass_by_default" and not response.header("cache-control")):
        return changed(response, {"Cache-Control": "no-store"})
    return response


def strict_transport(visit: Visit) -> dict[str, str | None]:
    """Give the HSTS header of a zone that sends one; over https only."""
    hsts = settings.strict_transport(visit.zone)
    if not hsts["enabled"] or visit.request.scheme != "https":
        return {}
    parts = [f"max-age={hsts['max_age']}"]
    parts += ["includeSubDomains"] * bool(hsts["include_subdomains"]) + ["preload"] * bool(hsts["preload"])
    return {"Strict-Transport-Security": "; ".join(parts)}
