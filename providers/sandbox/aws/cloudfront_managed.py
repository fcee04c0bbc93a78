"""The policies that CloudFront itself keeps, the same in every account.

docs: CloudFront developer guide, "Use managed cache policies", "Use managed origin request policies".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .cloudfront_state import Kind, Policy

_DAY, _YEAR = 86400, 31536000


def _named(list_name: str, behavior_name: str, behavior: str, names: tuple[str, ...]) -> dict[str, Any]:
    if not names:
        return {behavior_name: behavior}
    return {behavior_name: behavior, list_name: {"Quantity": len(names), "Items": list(names)}}


def _headers(behavior: str, *names: str) -> dict[str, Any]:
    return _named("Headers", "HeaderBehavior", behavior, names)


def _cookies(behavior: str) -> dict[str, Any]:
    return {"CookieBehavior": behavior}


def _queries(behavior: str, *names: str) -> dict[str, Any]:
    return _named("QueryStrings", "QueryStringBehavior", behavior, names)


def _cache(
    ttls: tuple[int, int, int],
    key: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
    *,
    compressed: bool,
) -> dict[str, Any]:
    headers, cookies, queries = key
    parameters = {
        "EnableAcceptEncodingGzip": compressed,
        "EnableAcceptEncodingBrotli": compressed,
        "HeadersConfig": headers,
        "CookiesConfig": cookies,
        "QueryStringsConfig": queries,
    }
    return {
        "MinTTL": ttls[0],
        "DefaultTTL": ttls[1],
        "MaxTTL": ttls[2],
        "ParametersInCacheKeyAndForwardedToOrigin": parameters,
    }


_NOTHING = (_headers("none"), _cookies("none"), _queries("none"))
_ORIGIN_CONTROLS = (*("Host", "Origin", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"),)
_CACHE: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": (
        "CachingOptimized",
        "Policy with caching enabled. Supports Gzip and Brotli compression.",
        _cache((1, _DAY, _YEAR), _NOTHING, compressed=True),
    ),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": (
        "CachingOptimizedForUncompressedObjects",
        "Policy with caching enabled, without compression",
        _cache((1, _DAY, _YEAR), _NOTHING, compressed=False),
    ),
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": (
        "CachingDisabled",
        "Policy with caching disabled",
        _cache((0, 0, 0), _NOTHING, compressed=False),
    ),
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": (
        "Elemental-MediaPackage",
        "Policy for Elemental MediaPackage Origin",
        _cache(
            (0, _DAY, _YEAR),
            (
                _headers("whitelist", "Origin"),
                _cookies("none"),
                _queries("whitelist", "aws.manifestfilter", "start", "end", "m"),
            ),
            compressed=True,
        ),
    ),
    "2e54312d-136d-493c-8eb9-b001f22f67d2": (
        "Amplify",
        "Policy for Amplify Origin",
        _cache(
            (2, 2, 600),
            (
                _headers("whitelist", "Authorization", "CloudFront-Viewer-Country", "Host"),
                _cookies("all"),
                _queries("all"),
            ),
            compressed=True,
        ),
    ),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": (
        "UseOriginCacheControlHeaders",
        "Policy for origins that return Cache-Control headers. Query strings are not in the cache key.",
        _cache(
            (0, 0, _YEAR),
            (_headers("whitelist", *_ORIGIN_CONTROLS), _cookies("all"), _queries("none")),
            compressed=True,
        ),
    ),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": (
        "UseOriginCacheControlHeaders-QueryStrings",
        "Policy for origins that return Cache-Control headers and serve different content by query string.",
        _cache(
            (0, 0, _YEAR),
            (_headers("whitelist", *_ORIGIN_CONTROLS), _cookies("all"), _queries("all")),
            compressed=True,
        ),
    ),
}


def _request(headers: dict[str, Any], cookies: str, queries: str) -> dict[str, Any]:
    return {
        "HeadersConfig": headers,
        "CookiesConfig": _cookies(cookies),
        "QueryStringsConfig": _queries(queries),
    }


_CORS = ("Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method")
_VIEWER = (
    *("CloudFront-Forwarded-Proto", "CloudFront-Is-Android-Viewer", "CloudFront-Is-Desktop-Viewer"),
    *("CloudFront-Is-IOS-Viewer", "CloudFront-Is-Mobile-Viewer", "CloudFront-Is-SmartTV-Viewer"),
    *("CloudFront-Is-Tablet-Viewer", "CloudFront-Viewer-Address", "CloudFront-Viewer-ASN"),
    *("CloudFront-Viewer-City", "CloudFront-Viewer-Country", "CloudFront-Viewer-Country-Name"),
    *("CloudFront-Viewer-Country-Region", "CloudFront-Viewer-Country-Region-Name"),
    *("CloudFront-Viewer-Http-Version", "CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude"),
    *("CloudFront-Viewer-Metro-Code", "CloudFront-Viewer-Postal-Code", "CloudFront-Viewer-Time-Zone"),
    "CloudFront-Viewer-TLS",
)
_ORIGIN_REQUEST: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "216adef6-5c7f-47e4-b989-5492eafa07d3": (
        "AllViewer",
        "Policy to forward all parameters in viewer requests",
        _request(_headers("allViewer"), "all", "all"),
    ),
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": (
        "AllViewerAndCloudFrontHeaders-2022-06",
        "Policy to forward all parameters in viewer requests and all CloudFront headers of June 2022",
        _request(_headers("allViewerAndWhitelistCloudFront", *_VIEWER), "all", "all"),
    ),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": (
        "AllViewerExceptHostHeader",
        "Policy to forward all parameters in viewer requests except for the Host header",
        _request(_headers("allExcept", "host"), "all", "all"),
    ),
    "59781a5b-3903-41f3-afcb-af62929ccde1": (
        "CORS-CustomOrigin",
        "Policy for Custom Origin with CORS",
        _request(_headers("whitelist", "Origin"), "none", "none"),
    ),
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": (
        "CORS-S3Origin",
        "Policy for S3 Origin with CORS",
        _request(_headers("whitelist", *_CORS), "none", "none"),
    ),
    "775133bc-15f2-49f9-abea-afb2e0bf67d2": (
        "Elemental-MediaTailor-PersonalizedManifests",
        "Policy for Elemental MediaTailor Origin",
        _request(_headers("whitelist", *_CORS, "User-Agent", "X-Forwarded-For"), "none", "all"),
    ),
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": (
        "HostHeaderOnly",
        "Policy to forward the Host header only",
        _request(_headers("whitelist", "Host"), "none", "none"),
    ),
    "acba4595-bd28-49b8-b9fe-13317c0390fa": (
        "UserAgentRefererHeaders",
        "Policy for Origin that uses User-Agent and Referer headers",
        _request(_headers("whitelist", "User-Agent", "Referer"), "none", "none"),
    ),
}


def _policies(kind: Kind, given: Mapping[str, tuple[str, str, dict[str, Any]]]) -> dict[str, Policy]:
    return {
        policy_id: Policy(
            id=policy_id,
            config={"Comment": comment, "Name": f"Managed-{name}", **config},
            changed=0.0,
            deployed=0.0,
            kind=kind,
            managed=True,
        )
        for policy_id, (name, comment, config) in given.items()
    }


MANAGED: Mapping[str, Policy] = MappingProxyType(
    {**_policies("cache", _CACHE), **_policies("origin-request", _ORIGIN_REQUEST)}
)
MANAGED_ETAG = "E23ZP02F085DFQ"  # the same for all of them
