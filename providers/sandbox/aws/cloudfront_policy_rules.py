"""What CloudFront demands of a policy's config.

docs: CloudFront API reference, CachePolicyConfig, OriginRequestPolicyConfig; developer guide, "Understand
cache policies", "Quotas on policies" (10 header, cookie and query string names each); public reports for the
words.
"""

from __future__ import annotations

import re
from typing import Any

from .call import Refusal
from .cloudfront_rules import prohibited
from .cloudfront_state import Config
from .cloudfront_words import QUOTAS, invalid_argument

MOST_NAMES = 10
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PARTS = (
    ("HeadersConfig", "HeaderBehavior", "Headers"),
    ("CookiesConfig", "CookieBehavior", "Cookies"),
    ("QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
)
_NAMED = {"whitelist", "allExcept", "allViewerAndWhitelistCloudFront"}
_NOUNS = {"Headers": "headers", "Cookies": "cookies", "QueryStrings": "query strings"}


def check_cache(config: Config) -> Config:
    """Give a cache policy's config with CloudFront's defaults. Raises Refusal."""
    _check_head(config, "cache policy")
    least = config["MinTTL"]
    config.setdefault("DefaultTTL", max(86400, least))
    config.setdefault("MaxTTL", max(31536000, config["DefaultTTL"]))
    if not 0 <= least <= config["DefaultTTL"] <= config["MaxTTL"]:
        raise invalid_argument(
            "The parameter MinTTL, DefaultTTL or MaxTTL is not valid: the TTL order is not valid."
        )
    nothing: Config = {"EnableAcceptEncodingGzip": False}
    nothing |= {part: {behavior: "none"} for part, behavior, _ in _PARTS}
    parameters = config.setdefault("ParametersInCacheKeyAndForwardedToOrigin", nothing)
    parameters.setdefault("EnableAcceptEncodingBrotli", False)
    if config["MaxTTL"] == 0:
        _check_disabled(parameters)
    headers = _check_parts(parameters, "CachePolicy", "cache policy")
    encodings = parameters["EnableAcceptEncodingGzip"] or parameters["EnableAcceptEncodingBrotli"]
    for name in headers:
        if prohibited(name) or (name.lower() == "accept-encoding" and encodings):
            raise invalid_argument(f"The parameter Headers contains {name} that is not allowed.")
    return config


def check_origin_request(config: Config) -> Config:
    """Give an origin request policy's config as it is kept. Raises Refusal."""
    _check_head(config, "origin request policy")
    headers = _check_parts(config, "OriginRequestPolicy", "origin request policy")
    behavior = config["HeadersConfig"]["HeaderBehavior"]
    for name in headers:
        if prohibited(name) or name.lower() in {"authorization", "accept-encoding"}:
            raise invalid_argument(f"The parameter Headers contains {name} that is not allowed.")
        if behavior == "allViewerAndWhitelistCloudFront" and not name.lower().startswith("cloudfront-"):
            raise invalid_argument(f"The parameter Headers contains {name} that is not a CloudFront header.")
    return config


def _check_head(config: Config, words: str) -> None:
    config.setdefault("Comment", "")
    if not _NAME.fullmatch(config["Name"]):
        raise invalid_argument(f"The parameter Name is not valid for a {words}.")
    if len(config["Comment"]) > 128:
        raise invalid_argument("The parameter Comment is too long.")


def _check_disabled(parameters: Config) -> None:
    """With a MaxTTL of 0 nothing is cached, and nothing can be said of a cache's key."""
    for part, behavior, _ in _PARTS:
        if parameters[part][behavior] != "none":
            raise invalid_argument(f"The parameter {behavior} is invalid for policy with caching disabled.")
    for flag in ("EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli"):
        if parameters[flag]:
            raise invalid_argument(f"The parameter {flag} is invalid for policy with caching disabled.")


def _check_parts(config: Config, noun: str, words: str) -> list[str]:
    """Check the three lists of names; gives those of headers. Raises Refusal."""
    for part, behavior, listed in _PARTS:
        names = _names(config[part], listed)
        if bool(names) != (config[part][behavior] in _NAMED):
            message = f"The parameter {listed} must be given when {behavior} is whitelist, and only then."
            raise invalid_argument(message)
        if len(names) > MOST_NAMES:
            message = f"The number of {_NOUNS[listed]} in the {words} exceeds the maximum. {QUOTAS}"
            raise Refusal(400, f"TooMany{listed}In{noun}", message)
        if not names:
            config[part].pop(listed, None)
    return _names(config["HeadersConfig"], "Headers")


def _names(part: Config, listed: str) -> list[str]:
    names: list[Any] = (part.get(listed) or {}).get("Items") or []
    return [str(name) for name in names]
