"""What CloudFront makes of a viewer's request: its cache key, and what of it the origin gets.

docs: CloudFront developer guide, "Control the cache key with a policy", "Control origin requests with a
policy", "Understand cache policies" (Accept-Encoding), "Request and response behavior for custom origins",
"Add custom headers to origin requests".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.http1 import EdgeRequest, Headers

Config = Mapping[str, Any]
AGENT = "Amazon CloudFront"
#: Which part of a policy says which names of headers, cookies and query strings are meant.
PARTS = {
    "header": ("HeadersConfig", "HeaderBehavior", "Headers"),
    "cookie": ("CookiesConfig", "CookieBehavior", "Cookies"),
    "query": ("QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
}
#: Never sent on as the viewer sent them, whatever a policy says.
NEVER_FORWARDED = frozenset(
    {
        *("connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade"),
        *("transfer-encoding", "content-length", "expect", "cookie", "accept-encoding", "x-forwarded-for"),
        *("via", "x-amz-cf-id", "host"),
    }
)
#: What a behavior without policies replaces or removes unless it names it; the rest it lets through.
LEGACY_REMOVED = (
    *("Accept", "Accept-Charset", "Accept-Language", "Authorization", "Cookie", "Host", "Origin", "Referer"),
    *("User-Agent", "X-HTTP-Method-Override"),
)


@dataclass(frozen=True, slots=True)
class Policies:
    """The configs of both policies of a behavior; `request` is empty where there is none for requests."""

    cache: Config
    request: Config

    @property
    def key(self) -> Config:
        """What of a request is in the cache key."""
        found: Config = self.cache["ParametersInCacheKeyAndForwardedToOrigin"]
        return found

    def lets_through(self, kind: str, name: str) -> bool:
        """Say whether the origin gets a header, cookie or query string of the viewer's."""
        return chosen(self.key, kind, name) or chosen(self.request, kind, name)

    @property
    def cookies(self) -> bool:
        """Say whether any cookie goes to the origin; where none does, none comes back."""
        behaviors = {_behavior(each, "cookie") for each in (self.key, self.request)}
        return behaviors != {"none"}


def chosen(config: Config, kind: str, name: str) -> bool:
    """Say whether a policy means a name; those of headers have no case."""
    part, _, items = PARTS[kind]
    names = ((config.get(part) or {}).get(items) or {}).get("Items") or ()
    listed = name.lower() in {each.lower() for each in names} if kind == "header" else name in names
    match _behavior(config, kind):
        case "all" | "allViewer":
            return not name.lower().startswith("cloudfront-")
        case "allViewerAndWhitelistCloudFront":
            return listed or not name.lower().startswith("cloudfront-")
        case "whitelist":
            return listed
        case "allExcept":
            return not listed
        case _:
            return False


def _behavior(config: Config, kind: str) -> str:
    part, behavior, _ = PARTS[kind]
    return str((config.get(part) or {}).get(behavior, "none"))


def legacy(behavior: Config) -> Policies:
    """Give the policies that the settings of a behavior without a cache policy amount to."""
    forwarded: Config = behavior.get("ForwardedValues") or {}
    headers = tuple((forwarded.get("Headers") or {}).get("Items") or ())
    cookies: Config = forwarded.get("Cookies") or {}
    named = (cookies.get("WhitelistedNames") or {}).get("Items") or ()
    keys = (forwarded.get("QueryStringCacheKeys") or {}).get("Items") or ()
    query = bool(forwarded.get("QueryString"))
    parameters = {
        "EnableAcceptEncodingGzip": bool(behavior.get("Compress")),
        "EnableAcceptEncodingBrotli": False,
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Items": headers}},
        "CookiesConfig": {"CookieBehavior": cookies.get("Forward", "none"), "Cookies": {"Items": named}},
        "QueryStringsConfig": {
            "QueryStringBehavior": ("whitelist" if keys else "all") if query else "none",
            "QueryStrings": {"Items": keys},
        },
    }
    ttls = {"MinTTL": behavior.get("MinTTL", 0), "DefaultTTL": behavior.get("DefaultTTL", 86400)}
    ttls["MaxTTL"] = behavior.get("MaxTTL", 31536000)
    if "*" in headers:
        ttls = {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}
    removed = () if "*" in headers else LEGACY_REMOVED
    request = {
        "HeadersConfig": {"HeaderBehavior": "allExcept", "Headers": {"Items": removed}},
        "QueryStringsConfig": {"QueryStringBehavior": "all" if query else "none"},
    }
    return Policies({**ttls, "ParametersInCacheKeyAndForwardedToOrigin": parameters}, request)


def query_of(request: EdgeRequest, config: Config) -> str:
    """Give the query strings that a policy means, as sent and in their order."""
    pairs = request.query.split("&") if request.query else ()
    return "&".join(pair for pair in pairs if chosen(config, "query", pair.partition("=")[0]))


def cookies_of(request: EdgeRequest, config: Config) -> tuple[str, ...]:
    """Give the cookies that a policy means, as sent."""
    sent = [each.strip() for each in request.header("cookie").split(";") if each.strip()]
    return tuple(each for each in sent if chosen(config, "cookie", each.partition("=")[0]))


def encodings(request: EdgeRequest, policies: Policies) -> str:
    """Give Accept-Encoding as CloudFront puts it into the key and sends it; "" for none."""
    offered = {
        each.partition(";")[0].strip().lower() for each in request.header("accept-encoding").split(",")
    }
    enabled = (("br", "EnableAcceptEncodingBrotli"), ("gzip", "EnableAcceptEncodingGzip"))
    return ",".join(name for name, flag in enabled if policies.key.get(flag) and name in offered)


def cache_key(distribution: str, request: EdgeRequest, policies: Policies) -> tuple[object, ...]:
    """Give what a cached answer is found by: no scheme and no Host, unless a policy says so."""
    key = policies.key
    headers = sorted(
        (name.lower(), value) for name, value in viewer_headers(request) if chosen(key, "header", name)
    )
    return (
        *(distribution, request.path, query_of(request, key), tuple(headers)),
        *(cookies_of(request, key), encodings(request, policies)),
    )


def viewer_headers(request: EdgeRequest) -> Iterator[tuple[str, str]]:
    """Give the viewer's headers, and those that CloudFront makes of the connection."""
    yield from request.headers
    yield ("CloudFront-Forwarded-Proto", request.scheme)
    yield ("CloudFront-Viewer-Address", f"{request.client}:40000")
    yield ("CloudFront-Viewer-Http-Version", "1.1")


def onward_target(request: EdgeRequest, policies: Policies, origin_path: str) -> str:
    """Give path and query for the origin: a query string that no policy names is cut off."""
    pairs = request.query.split("&") if request.query else ()
    query = "&".join(pair for pair in pairs if policies.lets_through("query", pair.partition("=")[0]))
    return f"{origin_path}{request.path}" + (f"?{query}" if query else "")


def host_of(request: EdgeRequest, policies: Policies, origin: Config) -> str:
    """Give the Host header for the origin: its own name, unless a policy sends the viewer's."""
    return request.host if policies.lets_through("header", "Host") else str(origin["DomainName"])


def onward_headers(request: EdgeRequest, policies: Policies, origin: Config, request_id: str) -> Headers:
    """Give all headers for the origin."""
    before = request.header("x-forwarded-for")
    custom = [
        (each["HeaderName"], each["HeaderValue"])
        for each in (origin.get("CustomHeaders") or {}).get("Items") or ()
    ]
    given = {name.lower() for name, _ in custom}
    sent = [
        (name, value)
        for name, value in viewer_headers(request)
        if name.lower() not in NEVER_FORWARDED | given and policies.lets_through("header", name)
    ]
    agent = (
        [] if any(name.lower() == "user-agent" for name, _ in (*sent, *custom)) else [("User-Agent", AGENT)]
    )
    cookies = [
        each for each in _all_cookies(request) if policies.lets_through("cookie", each.partition("=")[0])
    ]
    accepted = encodings(request, policies)
    return (
        ("Host", host_of(request, policies, origin)),
        *agent,
        ("X-Amz-Cf-Id", request_id),
        ("X-Forwarded-For", f"{before}, {request.client}" if before else request.client),
        ("Via", f"1.1 {via(request_id)}.cloudfront.net (CloudFront)"),
        *([("Accept-Encoding", accepted)] if accepted else []),
        *sent,
        *([("Cookie", "; ".join(cookies))] if cookies else []),
        *custom,
    )


def _all_cookies(request: EdgeRequest) -> list[str]:
    return [each.strip() for each in request.header("cookie").split(";") if each.strip()]


def via(request_id: str) -> str:
    """Give the name of the edge's server in Via: hexadecimal, as CloudFront's are."""
    return request_id.encode().hex()[:32]
