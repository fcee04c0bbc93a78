"""A DistributionConfig as CloudFront keeps and answers it: whole, in its own order.

What an update leaves out is not kept from before: it gets the same defaults as at creation.
docs: CloudFront API reference, DistributionConfig and the types in it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .cloudfront_state import Config

#: The order in which CloudFront lists methods, whatever the order they were given in.
METHODS = ("HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH")


def nothing() -> Config:
    """Give an empty list as CloudFront spells it: a quantity and no items."""
    return {"Quantity": 0}


def complete(given: Mapping[str, Any], http_version: str) -> Config:
    """Give a config with every member that CloudFront would answer."""
    config: Config = {
        "CallerReference": "",
        "Aliases": nothing(),
        "DefaultRootObject": "",
        "Origins": nothing(),
        "OriginGroups": nothing(),
        "DefaultCacheBehavior": {},
        "CacheBehaviors": nothing(),
        "CustomErrorResponses": nothing(),
        "Comment": "",
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_All",
        "Enabled": False,
        "ViewerCertificate": {},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "HttpVersion": http_version,
        "IsIPV6Enabled": False,
        "ContinuousDeploymentPolicyId": "",
        "Staging": False,
        "ConnectionMode": "direct",
        **copy.deepcopy(dict(given)),
    }
    config["Logging"] = {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""} | config[
        "Logging"
    ]
    config["Origins"] = _each(config["Origins"], _origin)
    config["DefaultCacheBehavior"] = _behavior(config["DefaultCacheBehavior"])
    config["CacheBehaviors"] = _each(config["CacheBehaviors"], _behavior)
    config["CustomErrorResponses"] = _each(config["CustomErrorResponses"], _error_response)
    config["ViewerCertificate"] = _viewer_certificate(config["ViewerCertificate"])
    whole: Config = without_empty_items(config)
    return whole


def without_empty_items(value: Any) -> Any:
    """Leave out the Items of each list that has none."""
    if isinstance(value, dict):
        empty = "Quantity" in value and not value.get("Items")
        return {k: without_empty_items(v) for k, v in value.items() if not (empty and k == "Items")}
    return [without_empty_items(each) for each in value] if isinstance(value, list) else value


def _each(listed: Config, make: Any) -> Config:
    items = [make(each) for each in listed.get("Items") or []]
    return {"Quantity": len(items), "Items": items} if items else nothing()


def _origin(given: Config) -> Config:
    origin = {
        "OriginPath": "",
        "CustomHeaders": nothing(),
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
        "OriginAccessControlId": "",
        **given,
    }
    if "CustomOriginConfig" in origin:
        origin["CustomOriginConfig"] = {
            "OriginSslProtocols": {"Quantity": 2, "Items": ["TLSv1", "SSLv3"]},
            "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
            "IpAddressType": "ipv4",
            **origin["CustomOriginConfig"],
        }
    return origin


def _behavior(given: Config) -> Config:
    behavior = {
        "TrustedSigners": {"Enabled": False, "Quantity": 0},
        "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "SmoothStreaming": False,
        "Compress": False,
        "LambdaFunctionAssociations": nothing(),
        "FunctionAssociations": nothing(),
        "FieldLevelEncryptionId": "",
        "GrpcConfig": {"Enabled": False},
        **given,
    }
    behavior["AllowedMethods"] = _methods(given.get("AllowedMethods") or {})
    if "ForwardedValues" in behavior:
        values = {"Headers": nothing(), "QueryStringCacheKeys": nothing(), **behavior["ForwardedValues"]}
        behavior = {
            "MinTTL": 0,
            "DefaultTTL": 86400,
            "MaxTTL": 31536000,
            **behavior,
            "ForwardedValues": values,
        }
    return behavior


def _methods(given: Config) -> Config:
    cached = (given.get("CachedMethods") or {}).get("Items") or ("GET", "HEAD")
    allowed = _in_order(given.get("Items") or ("GET", "HEAD"))
    return {**allowed, "CachedMethods": _in_order(cached)}


def _in_order(methods: Any) -> Config:
    items = sorted(methods, key=lambda method: METHODS.index(method) if method in METHODS else len(METHODS))
    return {"Quantity": len(items), "Items": items}


def _error_response(given: Config) -> Config:
    return {"ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 10, **given}


def _viewer_certificate(given: Config) -> Config:
    """Say the certificate in all its spellings, the deprecated ones too."""
    acm, iam = given.get("ACMCertificateArn", ""), given.get("IAMCertificateId", "")
    if not acm and not iam and given.get("CertificateSource") in {"acm", "iam"}:
        named = given.get("Certificate", "")
        acm, iam = (named, "") if given["CertificateSource"] == "acm" else ("", named)
    if not acm and not iam:
        return {
            "CloudFrontDefaultCertificate": True,
            "SSLSupportMethod": "vip",
            "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront",
        }
    own = {"ACMCertificateArn": acm} if acm else {"IAMCertificateId": iam}
    kept: Config = {k: given[k] for k in ("SSLSupportMethod", "MinimumProtocolVersion") if k in given}
    source = "acm" if acm else "iam"
    return {
        "CloudFrontDefaultCertificate": False,
        **own,
        **kept,
        "Certificate": acm or iam,
        "CertificateSource": source,
    }
