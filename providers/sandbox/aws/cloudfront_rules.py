"""What CloudFront demands of a DistributionConfig by itself, whatever else there is.

docs: CloudFront API reference, DistributionConfig; developer guide, "All distribution settings reference",
"Add custom headers to origin requests", "Quotas".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from .call import Refusal
from .cloudfront_state import Config, behaviors_of
from .cloudfront_words import FIREWALL_STAYS, illegal_update, invalid_argument

Quota = Callable[[str, int], int]

MOST_ORIGINS, MOST_BEHAVIORS, MOST_CUSTOM_HEADERS = 100, 75, 30
#: Request headers that no policy and no origin may set.
PROHIBITED_HEADERS = frozenset(
    (
        *("connection", "content-length", "cookie", "if-match", "if-modified-since", "if-none-match"),
        *("if-range", "if-unmodified-since", "max-forwards", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-real-ip"),
    )
)
_PROHIBITED_AT_ORIGINS = PROHIBITED_HEADERS | {"cache-control", "host", "pragma", "range", "request-range"}
_HOST = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?"
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"},
)
#: docs: "Required API fields for creating and updating distributions".
REQUIRED_IN_UPDATES = (
    *("Aliases", "DefaultRootObject", "CacheBehaviors", "CustomErrorResponses", "Logging", "PriceClass"),
    *("ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion"),
)
REQUIRED_OF_BEHAVIORS = ("AllowedMethods", "SmoothStreaming", "Compress", "LambdaFunctionAssociations")
_TTLS = ("MinTTL", "DefaultTTL", "MaxTTL")


def prohibited(header: str, also: frozenset[str] = frozenset()) -> bool:
    """Say whether CloudFront keeps a request header to itself."""
    name = header.lower()
    return name in PROHIBITED_HEADERS | also or name.startswith(("x-amz-", "x-edge-"))


def check_quantities(value: Any) -> None:
    """Refuse a list that has not as many items as it says. Raises Refusal."""
    if isinstance(value, Mapping):
        if "Quantity" in value and value["Quantity"] != len(value.get("Items") or []):
            message = "The value of Quantity and the size of Items don't match."
            raise Refusal(400, "InconsistentQuantities", message)
        for each in value.values():
            check_quantities(each)
    elif isinstance(value, list):
        for each in value:
            check_quantities(each)


def check_config(config: Config, quota: Quota) -> None:
    """Refuse what no distribution may be. Raises Refusal."""
    if not config["CallerReference"]:
        raise invalid_argument("The parameter CallerReference is required.")
    if len(config["Comment"]) > 128:
        raise invalid_argument("The parameter Comment is too long.")
    if config["DefaultRootObject"].startswith("/"):
        message = "The parameter Default Root Object is not valid: it must not begin with a forward slash."
        raise Refusal(400, "InvalidDefaultRootObject", message)
    if config["Logging"]["Enabled"] and not config["Logging"]["Bucket"]:
        raise invalid_argument("The parameter Bucket is required when logging is enabled.")
    _check_firewall(config["WebACLId"])
    for origin in check_origins(config, quota):
        _check_origin(origin)
    groups = (config["OriginGroups"].get("Items")) or []
    known = {each["Id"] for each in (*config["Origins"]["Items"], *groups)}
    if len(behaviors_of(config)) - 1 > quota("behaviors", MOST_BEHAVIORS):
        message = "Your request contains more CacheBehaviors than are allowed per distribution."
        raise Refusal(400, "TooManyCacheBehaviors", message)
    for behavior in behaviors_of(config):
        _check_behavior(behavior, known)


def _check_firewall(acl: str) -> None:
    if not acl or re.fullmatch(
        r"arn:aws:wafv2:us-east-1:\d{12}:global/webacl/[^/]+/[^/]+|[0-9a-f-]{36}", acl
    ):
        return
    raise Refusal(400, "InvalidWebACLId", "The web ACL identifier specified is not valid or does not exist.")


def check_origins(config: Config, quota: Quota) -> list[Config]:
    """Give the origins: one or more, not too many, each of a name of its own. Raises Refusal."""
    origins: list[Config] = config["Origins"].get("Items") or []
    if not origins:
        raise invalid_argument("The parameter Origins is required.")
    if len(origins) > quota("origins", MOST_ORIGINS):
        message = "Your request contains more origins than are allowed per distribution."
        raise Refusal(400, "TooManyOrigins", message)
    if len({each["Id"] for each in origins}) < len(origins):
        raise invalid_argument("The parameter Origin Id is not unique.")
    return origins


def _check_origin(origin: Config) -> None:
    if not _is_host(origin["DomainName"]):
        raise invalid_argument("The parameter origin name must be a domain name.")
    path = origin["OriginPath"]
    if path and (not path.startswith("/") or path.endswith("/")):
        raise invalid_argument("The parameter OriginPath must begin with a slash and must not end with one.")
    if not any(key in origin for key in ("CustomOriginConfig", "S3OriginConfig", "VpcOriginConfig")):
        raise invalid_argument("The parameter CustomOriginConfig or S3OriginConfig is required.")
    if not 1 <= origin["ConnectionAttempts"] <= 3:
        raise invalid_argument("The parameter ConnectionAttempts is not in the range from 1 to 3.")
    if not 1 <= origin["ConnectionTimeout"] <= 10:
        raise invalid_argument("The parameter ConnectionTimeout is not in the range from 1 to 10.")
    _check_headers(origin["CustomHeaders"].get("Items") or [])
    if "CustomOriginConfig" in origin:
        _check_custom(origin["CustomOriginConfig"])


def _is_host(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return _HOST.fullmatch(name) is not None
    return False


def _check_headers(headers: list[Config]) -> None:
    if len(headers) > MOST_CUSTOM_HEADERS:
        message = "Your request contains too many origin custom headers."
        raise Refusal(400, "TooManyOriginCustomHeaders", message)
    for header in headers:
        name = header["HeaderName"]
        if not _TOKEN.fullmatch(name) or prohibited(name, _PROHIBITED_AT_ORIGINS):
            raise invalid_argument(f"The parameter HeaderName contains {name} that is not allowed.")
        if len(header["HeaderValue"]) > 1783:
            raise invalid_argument("The parameter HeaderValue is too long.")
    names = [header["HeaderName"].lower() for header in headers]
    if len(set(names)) < len(names):
        raise invalid_argument("The parameter HeaderName contains duplicates.")


def _check_custom(custom: Config) -> None:
    for key in ("HTTPPort", "HTTPSPort"):
        if custom[key] not in {80, 443} and not 1024 <= custom[key] <= 65535:
            raise invalid_argument(f"The parameter {key} is not valid: write 80, 443 or 1024 to 65535.")
    for key in ("OriginReadTimeout", "OriginKeepaliveTimeout"):
        if not 1 <= custom[key] <= 120:
            words = "read" if key == "OriginReadTimeout" else "keep alive"
            raise Refusal(400, f"Invalid{key}", f"The {words} timeout specified for the origin is not valid.")


def _check_behavior(behavior: Config, known: set[str]) -> None:
    if behavior["TargetOriginId"] not in known:
        raise Refusal(404, "NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
    methods = behavior["AllowedMethods"]
    allowed, cached = set(methods["Items"]), set(methods["CachedMethods"]["Items"])
    if allowed not in _METHODS or cached not in _METHODS[:2] or not cached <= allowed:
        raise invalid_argument("The parameter AllowedMethods or CachedMethods is not valid.")
    if behavior.get("CachePolicyId"):
        _check_with_policy(behavior)
    else:
        _check_legacy(behavior)


def _check_with_policy(behavior: Config) -> None:
    for key in ("ForwardedValues", *_TTLS):
        if key in behavior:
            message = (
                f"The parameter {key} cannot be used when a cache policy is associated to the cache behavior."
            )
            raise invalid_argument(message)


def _check_legacy(behavior: Config) -> None:
    if "ForwardedValues" not in behavior:
        raise invalid_argument("The parameter ForwardedValues is required.")
    if behavior.get("OriginRequestPolicyId"):
        message = "The parameter OriginRequestPolicyId cannot be used without a cache policy."
        raise invalid_argument(message)
    least, default, most = (behavior[key] for key in _TTLS)
    if not 0 <= least <= default <= most:
        raise Refusal(400, "InvalidTTLOrder", "The TTL order specified is not valid.")


def check_whole(given: Mapping[str, Any]) -> None:
    """Refuse an update that lacks what creating may leave out. Raises Refusal."""
    for key in REQUIRED_IN_UPDATES:
        if key not in given:
            raise illegal_update(f"{key} is required for updates.")
    for behavior in behaviors_of(given):
        if "FieldLevelEncryptionId" not in behavior:
            raise invalid_argument("The parameter Field level encryption id is required.")
        for key in REQUIRED_OF_BEHAVIORS:
            if key not in behavior:
                raise illegal_update(f"{key} is required for updates.")
    for origin in given["Origins"].get("Items") or []:
        for key in ("OriginReadTimeout", "OriginKeepaliveTimeout"):
            if "CustomOriginConfig" in origin and key not in origin["CustomOriginConfig"]:
                raise illegal_update(f"{key} is required for updates.")


def check_plan(
    plan: Mapping[str, str] | None, before: Config | None, config: Config, managed: set[str]
) -> None:
    """Refuse what a distribution's flat-rate plan does not have. Raises Refusal.

    docs: "CloudFront flat-rate pricing plans", features by tier: rules for caching and origin requests of
    one's own belong to Business and Premium; legacy settings to none.
    """
    if plan is None:
        return
    if before is not None and before["WebACLId"] != config["WebACLId"]:
        raise invalid_argument(FIREWALL_STAYS)
    missing = _beyond_tier(plan["tier"], config, managed)
    if missing:
        raise invalid_argument(f"You're using configuration not available in this tier: {', '.join(missing)}")


def _beyond_tier(tier: str, config: Config, managed: set[str]) -> list[str]:
    found: list[str] = []
    for behavior in behaviors_of(config):
        if "ForwardedValues" in behavior:
            found += ["legacy forwarded values", "legacy minimum TTL", "legacy maximum TTL"]
        if tier.upper() in {"FREE", "PRO"}:
            if behavior.get("CachePolicyId") and behavior["CachePolicyId"] not in managed:
                found.append("custom cache policy")
            if behavior.get("OriginRequestPolicyId") and behavior["OriginRequestPolicyId"] not in managed:
                found.append("custom origin request policy")
    return list(dict.fromkeys(found))
