"""What one such edge does: TLS for its hosts, and everything forwarded to SparkPost, unless told to be wrong.

docs: "Using a reverse proxy for HTTPS tracking domain", "Enabling HTTPS engagement tracking" (SparkPost).
"""

from __future__ import annotations

from providers.sandbox.ca import Certificate, covers
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import Dropped, EdgeRequest, EdgeResponse, Headers
from providers.sandbox.kernel import Kernel

from .world import EdgeSettings

VENDOR = "external"
ISSUER = "Let's Encrypt"
DAY_S = 86_400
_OWN_HEADERS = frozenset(
    {
        *("host", "x-forwarded-host", "x-forwarded-for", "x-forwarded-proto"),
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"),
    }
)


class Edge:
    """One edge; its settings may be changed while it runs."""

    def __init__(self, kernel: Kernel, settings: EdgeSettings) -> None:
        """Begin with no certificate made."""
        self.kernel, self.settings = kernel, settings
        self._made: dict[tuple[str, bool], Certificate] = {}

    def certificate_for(self, sni: str | None) -> Certificate | None:
        """The certificate of a host that it has one for; None refuses the handshake."""
        host, wrong = (sni or "").lower().rstrip("."), self.settings.wrong
        covering = self._covering(host)
        if "no-certificate" in wrong or covering is None:
            return None
        name = self.settings.name if "own-certificate" in wrong else covering
        return self._certificate(name, expired="expired" in wrong)

    def _covering(self, host: str) -> str | None:
        """The certificate's name that covers a host; None where no certificate does."""
        return next((name for name in self.settings.hosts if covers([name], host)), None)

    def _certificate(self, name: str, *, expired: bool) -> Certificate:
        if (name, expired) not in self._made:
            fresh = self.kernel.ca.issue([name], issuer=ISSUER)
            begun = fresh.not_before
            self._made[name, expired] = (
                self.kernel.ca.issue([name], issuer=ISSUER, not_before=begun - 90 * DAY_S, not_after=begun)
                if expired
                else fresh
            )
        return self._made[name, expired]

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request."""
        wrong = self.settings.wrong
        if request.scheme == "http" and "no-http" in wrong:
            raise Dropped
        if request.scheme == "http" and "redirects" in wrong:
            return EdgeResponse(301, (("Location", f"https://{request.host}{request.target}"),))
        if "not-found" in wrong or self._covering(request.host) is None:
            return EdgeResponse(404)
        try:
            return await self._forwarded(request)
        except FetchError as error:
            return EdgeResponse(502, (("Content-Type", "text/plain"),), str(error).encode())

    async def _forwarded(self, request: EdgeRequest) -> EdgeResponse:
        target = request.path if "no-query" in self.settings.wrong else request.target
        got = await self.kernel.fetch(
            f"https://{self.settings.origin}{target}",
            method=request.method,
            headers=self._onward(request),
            body=request.body,
            source=request.address,
        )
        kept = tuple(pair for pair in got.headers if pair[0].lower() not in _OWN_HEADERS)
        return EdgeResponse(got.status, kept, got.body)

    def _onward(self, request: EdgeRequest) -> Headers:
        wrong = self.settings.wrong
        gone = _OWN_HEADERS | ({"user-agent"} if "no-user-agent" in wrong else frozenset())
        sent = [pair for pair in request.headers if pair[0].lower() not in gone]
        host = self.settings.origin if "no-host" in wrong else request.host
        client = [] if "no-client" in wrong else [("X-Forwarded-For", request.client)]
        return (("Host", host), *client, ("X-Forwarded-Proto", request.scheme), *sent)
