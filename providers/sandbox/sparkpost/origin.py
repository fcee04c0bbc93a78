"""SparkPost's tracking origin: what spgo.io and its three sisters answer, and what they remember.

Sources: docs: enabling HTTPS engagement tracking (probe, 302, server), using a proxy (transcripts, open),
Momentum's manual (paths served), managed HTTPS. What is not documented is a switch.
"""

from __future__ import annotations

import urllib.parse
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from providers.sandbox.http1 import EdgeRequest, EdgeResponse, Headers
from providers.sandbox.sparkpost import links, switches
from providers.sandbox.sparkpost.accounts import Account, Accounts
from providers.sandbox.sparkpost.names import OWN_ZONES, Region
from providers.sandbox.sparkpost.switches import Settings

CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"
ELSEWHERE: Final = "https://www.example.com/"
EVENTS_KEPT: Final = 10_000
MINUTE_S: Final = 60.0

SERVER: Final = ("Server", "msys-http")
PLAIN: Final = ("Content-Type", "text/plain")

#: One transparent pixel, 44 bytes long as in the transcripts.
PIXEL: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x03D\x01\x00\x00;"
)


@dataclass(frozen=True, slots=True)
class Event:
    """One request as the origin counts it. `kind`: click, open, probe (`/f/`), verify, challenge or other.

    `tracking_host` is the registered host that Host or X-Forwarded-Host named, or None: not identified.
    """

    at: float
    region: str
    endpoint: str
    kind: str
    tracking_host: str | None
    account: str | None
    client: str
    peer: str
    user_agent: str
    host: str
    forwarded_host: str
    scheme: str
    sni: str | None
    method: str
    path: str
    query: str
    status: int
    location: str


class Origin:
    """The tracking origin of one region behind both of its endpoints."""

    def __init__(
        self, region: Region, accounts: Accounts, settings: Settings, now: Callable[[], float]
    ) -> None:
        """Nothing is served before `handler` is given to an edge."""
        self.region = region
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.checks: set[str] = set()
        self.arrived: dict[str, Event] = {}
        self.challenges: dict[str, str] = {}
        self._accounts = accounts
        self._settings = settings
        self._now = now

    async def serve(self, endpoint: str, request: EdgeRequest) -> EdgeResponse:
        """Answer one request that reached `endpoint`, and remember it."""
        host = self.tracking_host(request)
        account = self._accounts.holder(self.region, host) if host else None
        response = self._answer(endpoint, request, host, account)
        event = self._event(endpoint, request, host, account, response)
        self.events.append(event)
        nonce = next((nonce for nonce in self.checks if nonce in request.target), None)
        if nonce is not None:
            self.arrived[nonce] = event
        return response

    def tracking_host(self, request: EdgeRequest) -> str | None:
        """The registered host that the request names: by Host first, else by X-Forwarded-Host."""
        for name in (request.host, _forwarded_host(request)):
            if name and not _is_own(name) and self._accounts.holder(self.region, name):
                return name
        return None

    def clear(self) -> None:
        """Forget all events."""
        self.events.clear()

    def saved(self) -> list[dict[str, Any]]:
        """The events as plain JSON."""
        return [asdict(event) for event in self.events]

    def restore(self, saved: list[Mapping[str, Any]]) -> None:
        """Take what `saved` gave, in so far as it is of this region."""
        self.events.extend(Event(**each) for each in saved if each["region"] == self.region.name)

    def _answer(
        self, endpoint: str, request: EdgeRequest, host: str | None, account: Account | None
    ) -> EdgeResponse:
        if request.method == "OPTIONS":
            return _plain(405)
        if request.method == "POST" and self._settings.has(switches.POST_ON_TRACKING_HOST, "accepted-200"):
            return _plain(200)
        if request.method != "GET":
            return _plain(405)
        served = self._challenge(endpoint, request)
        if served is not None:
            return served
        return self._tracked(request, host, account)

    def _challenge(self, endpoint: str, request: EdgeRequest) -> EdgeResponse | None:
        if endpoint != self.region.v2_endpoint or not request.path.startswith(CHALLENGE_PATH):
            return None
        proof = self.challenges.get(request.path.removeprefix(CHALLENGE_PATH))
        return None if proof is None else _plain(200, proof.encode())

    def _tracked(self, request: EdgeRequest, host: str | None, account: Account | None) -> EdgeResponse:
        match request.path.split("/")[1]:
            case "robots.txt":
                return _plain(200, b"User-agent: *\nDisallow: /\n")
            case "f" if request.path in ("/f", "/f/"):
                return _plain(200)
            case "f":
                return self._click(request, host, account)
            case "q" | "o":
                return EdgeResponse(
                    200,
                    (SERVER, ("Content-Type", "image/gif"), ("Cache-Control", "no-cache, max-age=0")),
                    PIXEL,
                )
            case _:
                return _plain(404)

    def _click(self, request: EdgeRequest, host: str | None, account: Account | None) -> EdgeResponse:
        if host is None and self._settings.has(switches.UNIDENTIFIED_HOST, "not-found-404"):
            return _plain(404)
        if account is not None and self._is_flood(request, account):
            return _plain(403)
        target = links.target_of(request.path, request.query)
        if target is not None and len(target) > links.LONGEST_TARGET:
            return _plain(400)
        headers: Headers = (SERVER, PLAIN, ("X-Robots-Tag", "noindex"))
        if target is None and self._settings.has(switches.PROBE_LOCATION, "absent"):
            return EdgeResponse(302, headers)
        return EdgeResponse(302, (*headers, ("Location", target or ELSEWHERE)))

    def _is_flood(self, request: EdgeRequest, account: Account) -> bool:
        limit = account.click_limit_per_minute
        if limit is None:
            return False
        since = self._now() - MINUTE_S
        same = [e for e in self.events if e.at > since and e.path == request.path and e.kind == "click"]
        return len(same) >= limit

    def _event(
        self,
        endpoint: str,
        request: EdgeRequest,
        host: str | None,
        account: Account | None,
        response: EdgeResponse,
    ) -> Event:
        forwarded_for = request.header("x-forwarded-for").partition(",")[0].strip()
        return Event(
            at=self._now(),
            region=self.region.name,
            endpoint=endpoint,
            kind=self._kind(request),
            tracking_host=host,
            account=account.name if account else None,
            client=forwarded_for or request.client,
            peer=request.client,
            user_agent=request.header("user-agent"),
            host=request.host,
            forwarded_host=_forwarded_host(request),
            scheme=request.scheme,
            sni=request.sni,
            method=request.method,
            path=urllib.parse.unquote(request.path),
            query=request.query,
            status=response.status,
            location=response.header("location"),
        )

    def _kind(self, request: EdgeRequest) -> str:
        if any(nonce in request.target for nonce in self.checks):
            return "verify"
        if request.path.startswith(CHALLENGE_PATH):
            return "challenge"
        if request.method != "GET":
            return "other"
        if request.path in ("/f", "/f/"):
            return "probe"
        return {"f": "click", "q": "open", "o": "open"}.get(request.path.split("/")[1], "other")


def _plain(status: int, body: bytes = b"") -> EdgeResponse:
    return EdgeResponse(status, (SERVER, PLAIN), body)


def _forwarded_host(request: EdgeRequest) -> str:
    return request.header("x-forwarded-host").partition(",")[0].strip().partition(":")[0].lower()


def _is_own(name: str) -> bool:
    return any(name == zone or name.endswith("." + zone) for zone in OWN_ZONES)
