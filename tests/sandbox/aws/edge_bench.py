"""A sandbox with CloudFront and an origin that remembers what it was asked and answers as it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer, Record, Zone
from tests.sandbox.aws.acm_bench import NUMBER, Bench, account, world

HOST = "click.example.com"
DISTRIBUTION = "E1EDGE"
ORIGIN_ADDRESS = "203.0.113.10"
ORIGIN_SERVER = NameServer("ns1.spgo.io", "192.0.2.30")
CACHE_POLICY, REQUEST_POLICY = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


class Origin:
    """The host spgo.io, with certificates for the names it is given."""

    name = "origin"

    def __init__(self) -> None:
        """Answer a redirect until told otherwise."""
        self.asked: list[EdgeRequest] = []
        self.answer = EdgeResponse(302, (("Server", "msys-http"), ("Location", "https://target.example/")))
        self.pages: dict[str, EdgeResponse] = {}
        self.names = ["spgo.io"]
        self.addresses = [ORIGIN_ADDRESS]

    def start(self, kernel: Kernel, section: Any) -> Origin:
        """Serve it, and its zone."""
        made = {name: kernel.ca.issue([name], issuer="DigiCert Inc") for name in ("spgo.io", "other.example")}
        kernel.edge(ORIGIN_ADDRESS, vendor="origin", tls=lambda _: made[self.names[0]], handle=self.serve)
        records = [ORIGIN_SERVER]
        kernel.add_zone(
            Zone("spgo.io", records, lambda: [Record("spgo.io", "A", 60, a) for a in self.addresses])
        )
        return self

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer as told."""
        self.asked.append(request)
        return self.pages.get(request.path, self.answer)

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


def names(*items: str) -> dict[str, Any]:
    """A list as CloudFront writes it."""
    return {"Quantity": len(items), "Items": list(items)}


def origin(**more: Any) -> dict[str, Any]:
    """The guide's origin, whose request names the tracking host."""
    custom = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "match-viewer",
        "OriginSslProtocols": names("TLSv1.2"),
        **more.pop("custom", {}),
    }
    header = {"HeaderName": "X-Forwarded-Host", "HeaderValue": HOST}
    return {
        "Id": "spgo.io",
        "DomainName": "spgo.io",
        "OriginPath": "",
        "CustomHeaders": {"Quantity": 1, "Items": [header]},
        "CustomOriginConfig": custom,
        **more,
    }


def behavior(**more: Any) -> dict[str, Any]:
    """The guide's behavior."""
    return {
        "TargetOriginId": "spgo.io",
        "ViewerProtocolPolicy": "allow-all",
        "Compress": True,
        "AllowedMethods": {**names("GET", "HEAD"), "CachedMethods": names("GET", "HEAD")},
        "CachePolicyId": CACHE_POLICY,
        "OriginRequestPolicyId": REQUEST_POLICY,
        **more,
    }


def named(part: str, behavior_name: str, *items: str) -> dict[str, Any]:
    """One part of a policy: none, or those that are named."""
    singular = part.removesuffix("s")
    key = f"{singular}Behavior"
    return {key: behavior_name, part: names(*items)} if items else {key: behavior_name}


def cache_policy(**more: Any) -> dict[str, Any]:
    """The guide's cache policy; `headers`, `cookies` and `queries` name what is in the key."""
    parameters = {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": more.pop("headers", named("Headers", "none")),
        "CookiesConfig": more.pop("cookies", named("Cookies", "none")),
        "QueryStringsConfig": more.pop("queries", named("QueryStrings", "none")),
    }
    ttls = {"MinTTL": 1, "DefaultTTL": 10, "MaxTTL": 10, **more}
    return {"Name": "cache", **ttls, "ParametersInCacheKeyAndForwardedToOrigin": parameters}


def request_policy(**more: Any) -> dict[str, Any]:
    """Today's origin request policy: User-Agent and the query string `target`."""
    return {
        "Name": "request",
        "HeadersConfig": more.get("headers", named("Headers", "whitelist", "User-Agent")),
        "CookiesConfig": more.get("cookies", named("Cookies", "none")),
        "QueryStringsConfig": more.get("queries", named("QueryStrings", "whitelist", "target")),
    }


def edge_world(
    *,
    cache: Mapping[str, Any] | None = None,
    request: Mapping[str, Any] | None = None,
    origins: list[dict[str, Any]] | None = None,
    aliases: tuple[str, ...] = (HOST,),
    certificate: Mapping[str, Any] | None = None,
    accounts: tuple[Mapping[str, Any], ...] = (),
    **config: Any,
) -> dict[str, Any]:
    """A world with one distribution after the guide; `config` is merged over its DistributionConfig."""
    arn = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/one"
    viewer = {
        "ACMCertificateArn": arn,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": config.pop("minimum", "TLSv1.2_2021"),
    }
    chosen = origins or [origin()]
    merged = {
        "Origins": {"Quantity": len(chosen), "Items": chosen},
        "DefaultCacheBehavior": behavior(),
        "IsIPV6Enabled": True,
        "ViewerCertificate": viewer,
        **config,
    }
    first = account(
        certificates=[{"id": "one", "domain": HOST, "names": ["*.example.com"], **(certificate or {})}],
        cache_policies=[{"id": CACHE_POLICY, "config": dict(cache or cache_policy())}],
        origin_request_policies=[{"id": REQUEST_POLICY, "config": dict(request or request_policy())}],
        distributions=[{"id": DISTRIBUTION, "aliases": list(aliases), "config": merged}],
    )
    return world(first, *accounts)


class EdgeBench(Bench):
    """One running sandbox, with its origin."""

    origin: Origin

    @property
    def domain_name(self) -> str:
        """The distribution's own name."""
        return str(self.of("cloudfront").get_distribution(Id=DISTRIBUTION)["Distribution"]["DomainName"])

    def last(self) -> EdgeRequest:
        """What the origin was asked last."""
        return self.origin.asked[-1]


@contextmanager
def edge_bench(given: Mapping[str, Any] | None = None) -> Iterator[EdgeBench]:
    """Run a sandbox."""
    served = Origin()
    with started(given or edge_world(), emulators=[served, EMULATOR]) as sandbox:
        running = EdgeBench(sandbox)
        running.origin = served
        yield running
        running.judged_well()
