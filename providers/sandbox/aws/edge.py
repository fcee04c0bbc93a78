"""CloudFront's edge: serves what deployed distributions say, and fetches the rest from their origins.

docs: CloudFront developer guide, "How CloudFront delivers content", "Values that you specify when you create
or update a distribution", "Request and response behavior for custom origins", "Troubleshooting error response
status codes in CloudFront" (403, 502, 504).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.sandbox.ca import Certificate
from providers.sandbox.cache import Cache
from providers.sandbox.contract import Switch
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel

from . import edge_answer as answers
from . import edge_request as requests
from .account import Accounts
from .acm_leaf import ISSUER
from .cloudfront_serving import Served, serving
from .cloudfront_state import Config
from .edge_names import CLOUDFRONT_ZONE, EDGE_ADDRESSES, EDGE_ADDRESSES_6, cloudfront_zone, validations_zone
from .service import derived_id

VENDOR = "aws"
UNKNOWN_NAME = "aws.unknown-server-name"
POP = "SBX50-P1"
#: Of the origin's headers, those that are for the edge only, and those that the edge says itself.
NOT_PASSED = frozenset(
    {
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"),
        *("x-cache", "x-amz-cf-pop", "x-amz-cf-id"),
    }
)

SWITCHES = (
    Switch(
        UNKNOWN_NAME,
        ("cloudfront-certificate", "handshake-refused"),
        "cloudfront-certificate",
        "docs name the 403 that follows; public reports have both the certificate and a handshake failure",
        "A viewer names a host in the handshake that is no distribution's: what does the edge do?",
    ),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, and the distribution and behavior that serve it."""

    request: EdgeRequest
    id: str  # of the request
    served: Served
    behavior: Config
    policies: requests.Policies
    now: float

    @property
    def errors(self) -> Mapping[int, Config]:
        """Custom error responses by the status that they are for."""
        items = (self.served.config.get("CustomErrorResponses") or {}).get("Items") or ()
        return {int(item["ErrorCode"]): item for item in items}


class Edge:
    """The edge of CloudFront, for all accounts."""

    def __init__(self, kernel: Kernel, accounts: Accounts) -> None:
        """Listen on the edge's addresses, and serve CloudFront's and ACM's zones."""
        self.kernel, self.accounts = kernel, accounts
        self.cache = Cache()
        self._own: Certificate | None = None
        self._visits = 0
        for address in (*EDGE_ADDRESSES, *EDGE_ADDRESSES_6):
            kernel.edge(address, vendor=VENDOR, tls=self.certificate_for, handle=self.serve)
        kernel.add_zone(cloudfront_zone(accounts))
        kernel.add_zone(validations_zone())

    def certificate_for(self, sni: str | None) -> Certificate | None:
        """Give the certificate for a name: of the distribution with that alias, else CloudFront's own.

        The handshake begins with TLS 1.2, whatever MinimumProtocolVersion says: names come after versions.
        """
        host, now = (sni or "").lower().rstrip("."), self.kernel.now()
        found = self._serving(host, now)
        if found is not None and found.certificate_arn and not host.endswith(f".{CLOUDFRONT_ZONE}"):
            acm = self.accounts.all[found.account].acm
            certificate = acm.certificate(found.certificate_arn, now)
            if certificate is not None and certificate.status(now) in ("ISSUED", "EXPIRED"):
                return acm.leaves.of(certificate, now)
        unknown = found is None and host and not host.endswith(f".{CLOUDFRONT_ZONE}")
        if unknown and self.kernel.switch(UNKNOWN_NAME) == "handshake-refused":
            return None
        return self._cloudfronts()

    def _cloudfronts(self) -> Certificate:
        if self._own is None:
            names = (f"*.{CLOUDFRONT_ZONE}", CLOUDFRONT_ZONE)
            self._own = self.kernel.ca.issue(names, issuer=ISSUER)
        return self._own

    def _serving(self, host: str, now: float) -> Served | None:
        """Give the distribution that the edge has for a host."""
        return serving((account.cloudfront for account in self.accounts), host, now)

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request."""
        self._visits += 1
        request_id = derived_id("request", request.client, str(self._visits), length=32)
        now = self.kernel.now()
        served = self._serving(request.host, now)
        if served is None:
            answer = answers.error_page(403, answers.NO_HOST)
        elif self._is_fronted(request, served, now):
            answer = answers.error_page(
                421, "The name in the handshake is of another account's distribution."
            )
        elif not served.enabled:
            answer = answers.error_page(403, answers.DISABLED)
        else:
            behavior = served.behavior(request.path)
            visit = Visit(request, request_id, served, behavior, policies_of(served, behavior), now)
            answer = own_answer(visit) or await self._cached_or_fetched(visit)
        return finished(request, request_id, answer)

    def _is_fronted(self, request: EdgeRequest, served: Served, now: float) -> bool:
        """Say whether the handshake was for a distribution of another account (no domain fronting)."""
        shaken = self._serving(request.sni, now) if request.sni else None
        return shaken is not None and shaken.account != served.account

    async def _cached_or_fetched(self, visit: Visit) -> EdgeResponse:
        request, behavior = visit.request, visit.behavior
        if request.method not in ("GET", "HEAD"):
            return _told(await self._fetched(visit), "Miss from cloudfront")
        key = (*requests.cache_key(visit.served.id, request, visit.policies), behavior["TargetOriginId"])
        for method in ("GET", "HEAD")[: 1 if request.method == "GET" else 2]:
            entry, _ = self.cache.get((*key, method), visit.now)
            if entry is not None and not visit.served.forgotten(request.path, entry.stored, visit.now):
                return _told(entry.response, "Hit from cloudfront", int(visit.now - entry.stored))
        answer = await self._fetched(visit)
        own_key = (*key, request.method)
        stale = self.cache.stale(own_key)
        if answer.status >= 500 and stale is not None and stale.response.status < 400:
            return _told(stale.response, "Hit from cloudfront", int(visit.now - stale.stored))
        seconds = answers.kept_for(visit.policies.cache, visit.errors, answer, visit.now)
        answer = await self._page_for_error(visit, answer)
        if behavior.get("Compress"):
            answer = answers.compressed(answer, requests.encodings(request, visit.policies))
        if seconds > 0:
            self.cache.put(own_key, answer, visit.now, seconds)
        return _told(answer, "Miss from cloudfront")

    async def _fetched(self, visit: Visit) -> EdgeResponse:
        """Ask the origin; what goes wrong is a page of CloudFront's own."""
        request, origin = visit.request, visit.served.origin(visit.behavior)
        custom = origin.get("CustomOriginConfig")
        if not custom:
            return answers.error_page(502, "The sandbox has no origins but custom ones.")
        policy = str(custom["OriginProtocolPolicy"])
        secure = request.scheme == "https" if policy == "match-viewer" else policy == "https-only"
        port = int(custom["HTTPSPort" if secure else "HTTPPort"])
        host = requests.host_of(request, visit.policies, origin)
        target = requests.onward_target(request, visit.policies, str(origin.get("OriginPath") or ""))
        try:
            got = await self.kernel.fetch(
                f"{'https' if secure else 'http'}://{origin['DomainName']}:{port}{target}",
                method=request.method,
                headers=requests.onward_headers(request, visit.policies, origin, visit.id),
                body=request.body,
                sni=host,
                source=request.address,
            )
        except FetchError as error:
            return answers.origin_failure(error)
        gone = NOT_PASSED if visit.policies.cookies else NOT_PASSED | {"set-cookie"}
        kept = tuple((name, value) for name, value in got.headers if name.lower() not in gone)
        return EdgeResponse(got.status, kept, got.body)

    async def _page_for_error(self, visit: Visit, answer: EdgeResponse) -> EdgeResponse:
        """Give the custom page for an error, where the distribution has one that can be had."""
        custom = visit.errors.get(answer.status, {})
        path = str(custom.get("ResponsePagePath") or "")
        if not path:
            return answer
        asked = replace(visit.request, method="GET", target=path, body=b"")
        behavior = visit.served.behavior(path)
        policies = policies_of(visit.served, behavior)
        page = await self._fetched(replace(visit, request=asked, behavior=behavior, policies=policies))
        if page.status != 200:
            return answer
        status = int(custom.get("ResponseCode") or answer.status)
        return EdgeResponse(status, (*page.headers, ("X-Cache", answers.ERROR)), page.body)


def finished(request: EdgeRequest, request_id: str, answer: EdgeResponse) -> EdgeResponse:
    """Add what every answer of the edge has."""
    via, before = f"1.1 {requests.via(request_id)}.cloudfront.net (CloudFront)", answer.header("via")
    kept = tuple(pair for pair in answer.headers if pair[0].lower() != "via")
    added = (
        ("Via", f"{before}, {via}" if before else via),
        ("X-Amz-Cf-Pop", POP),
        ("X-Amz-Cf-Id", f"{request_id}=="),
    )
    return EdgeResponse(answer.status, (*kept, *added), b"" if request.method == "HEAD" else answer.body)


def own_answer(visit: Visit) -> EdgeResponse | None:
    """Give what the edge answers without asking the origin: redirects and refusals."""
    request, policy = visit.request, visit.behavior["ViewerProtocolPolicy"]
    if request.scheme == "http" and policy == "redirect-to-https":
        status = 301 if request.method in ("GET", "HEAD") else 307
        return answers.redirect(status, f"https://{request.host}{request.target}")
    if request.scheme == "http" and policy == "https-only":
        return answers.error_page(403, answers.HTTPS_ONLY)
    methods = (visit.behavior.get("AllowedMethods") or {}).get("Items") or ("GET", "HEAD")
    if request.method not in methods or (request.method == "GET" and request.body):
        return answers.error_page(403, answers.NOT_ALLOWED)
    return None


def policies_of(served: Served, behavior: Config) -> requests.Policies:
    """Give the configs of a behavior's policies."""
    cache = served.cache_policy(behavior)
    if cache is None:
        return requests.legacy(behavior)
    return requests.Policies(cache, served.origin_request_policy(behavior) or {})


def _told(response: EdgeResponse, x_cache: str, age: int | None = None) -> EdgeResponse:
    """Give an answer with what the cache has to say of it; an error is told as one, kept or not."""
    failed = response.status >= 400 or response.header("x-cache") == answers.ERROR
    kept = tuple(pair for pair in response.headers if pair[0].lower() not in ("x-cache", "age"))
    aged = (("Age", str(age)),) if age is not None else ()
    return EdgeResponse(
        response.status, (*kept, ("X-Cache", answers.ERROR if failed else x_cache), *aged), response.body
    )
