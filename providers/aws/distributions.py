"""A distribution's settings as attributes, and attributes as CloudFront's configuration. Pure.

Only the members named here are compared and written; every other one stays as it is found, for an update
replaces the whole configuration. docs: CloudFront API, DistributionConfig; UpdateDistribution.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

from providers.aws.cdn_names import MARKS
from reconciler.model import Attrs, Value, attrs

FORWARDED_HOST: Final = "X-Forwarded-Host"
TLS_BY_STRICTNESS: Final = (
    "SSLv3",
    "TLSv1",
    "TLSv1_2016",
    "TLSv1.1_2016",
    "TLSv1.2_2018",
    "TLSv1.2_2019",
    "TLSv1.2_2021",
    "TLSv1.2_2025",
    "TLSv1.3_2025",
)
"""docs: "Supported protocols and ciphers between viewers and CloudFront"."""
MINIMUM_TLS: Final = "TLSv1.2_2021"
_LEGACY: Final = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
"""What a cache policy takes the place of; CloudFront refuses both together."""

Native = Mapping[str, Any]


def items(member: object) -> tuple[Any, ...]:
    """Return what one of CloudFront's lists (Quantity, Items) holds."""
    return tuple(member.get("Items") or ()) if isinstance(member, Mapping) else ()


def listed(values: Iterable[Any]) -> dict[str, Any]:
    """Return values as CloudFront spells a list; an empty one has no Items."""
    found = list(values)
    return {"Quantity": len(found), "Items": found} if found else {"Quantity": 0}


# -- reading
def settings(config: Native, owner: str | None) -> Attrs:
    """Return the managed settings of a distribution, from its configuration or its line in the list.

    `owner` is whom its mark names: its tags are compared too, so that what is adopted gets marked.
    """
    behavior = config.get("DefaultCacheBehavior") or {}
    return attrs(
        tags=MARKS if owner else (),
        aliases=tuple(sorted(alias.lower() for alias in items(config.get("Aliases")))),
        enabled=bool(config.get("Enabled")),
        **_origin_settings(origin_of(config)),
        **_behavior_settings(behavior),
        **_viewer_settings(config),
    )


def origin_of(config: Native) -> Native:
    """Return the origin that the default behaviour asks."""
    origins = items(config.get("Origins"))
    wanted = (config.get("DefaultCacheBehavior") or {}).get("TargetOriginId")
    found: Native = next((o for o in origins if o.get("Id") == wanted), origins[0] if origins else {})
    return found


def _origin_settings(origin: Native) -> dict[str, object]:
    custom = origin.get("CustomOriginConfig") or {}
    headers = {h["HeaderName"].lower(): h["HeaderValue"] for h in items(origin.get("CustomHeaders"))}
    return {
        "origin": origin.get("DomainName"),
        "origin_path": origin.get("OriginPath") or "",
        "origin_protocol": custom.get("OriginProtocolPolicy"),
        "origin_ports": (custom.get("HTTPPort"), custom.get("HTTPSPort")),
        "origin_tls": tuple(sorted(items(custom.get("OriginSslProtocols")))),
        "origin_shield": bool((origin.get("OriginShield") or {}).get("Enabled")),
        "forwarded_host": headers.get(FORWARDED_HOST.lower()),
    }


def _behavior_settings(behavior: Native) -> dict[str, object]:
    methods = behavior.get("AllowedMethods") or {}
    associated = [
        *(f.get("FunctionARN") for f in items(behavior.get("FunctionAssociations"))),
        *(f.get("LambdaFunctionARN") for f in items(behavior.get("LambdaFunctionAssociations"))),
    ]
    return {
        "compress": bool(behavior.get("Compress")),
        "viewer_protocol": behavior.get("ViewerProtocolPolicy"),
        "allowed_methods": tuple(sorted(items(methods))),
        "cached_methods": tuple(sorted(items(methods.get("CachedMethods")))),
        "restrict_viewer_access": _restricted(behavior),
        "cache_policy": behavior.get("CachePolicyId"),
        "origin_request_policy": behavior.get("OriginRequestPolicyId"),
        "functions": tuple(sorted(str(arn) for arn in associated)),
    }


def _restricted(behavior: Native) -> bool:
    return any((behavior.get(m) or {}).get("Enabled") for m in ("TrustedSigners", "TrustedKeyGroups"))


def _viewer_settings(config: Native) -> dict[str, object]:
    viewer = config.get("ViewerCertificate") or {}
    arn = viewer.get("ACMCertificateArn")
    return {
        "certificate": arn or viewer.get("IAMCertificateId"),
        "minimum_tls": viewer.get("MinimumProtocolVersion") if arn else None,
        "price_class": config.get("PriceClass"),
        "http_version": str(config.get("HttpVersion")).lower(),
        "ipv6": bool(config.get("IsIPV6Enabled")),
    }


# -- writing
def merged(config: Native, wanted: Attrs) -> dict[str, Any]:
    """Return the configuration with the managed settings as wanted, everything else as it is."""
    found = copy.deepcopy(dict(config))
    found["Aliases"] = listed(_several(wanted["aliases"]))
    found["Enabled"] = wanted["enabled"]
    found["PriceClass"] = wanted["price_class"]
    found["HttpVersion"] = wanted["http_version"]
    found["IsIPV6Enabled"] = wanted["ipv6"]
    found["ViewerCertificate"] = _viewer_certificate(found.get("ViewerCertificate") or {}, wanted)
    origin = _merged_origin(origin_of(found), wanted)
    others = [o for o in items(found.get("Origins")) if o.get("Id") != origin["Id"]]
    found["Origins"] = listed([origin, *others])
    found["DefaultCacheBehavior"] = _merged_behavior(found.get("DefaultCacheBehavior") or {}, origin, wanted)
    return found


def fresh(reference: str, comment: str, wanted: Attrs) -> dict[str, Any]:
    """Return the whole configuration of a new distribution; what the console would fill in is said."""
    blank: dict[str, Any] = {
        "CallerReference": reference,
        "Comment": comment,
        "DefaultRootObject": "",
        "Origins": listed(
            [
                {
                    "Id": "sparkpost",
                    "OriginPath": "",
                    "CustomHeaders": listed([]),
                    "ConnectionAttempts": 3,
                    "ConnectionTimeout": 10,
                }
            ]
        ),
        "CacheBehaviors": listed([]),
        "CustomErrorResponses": listed([]),
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "DefaultCacheBehavior": {
            "TargetOriginId": "sparkpost",
            "SmoothStreaming": False,
            "FieldLevelEncryptionId": "",
        },
    }
    return merged(blank, wanted)


def _viewer_certificate(live: Native, wanted: Attrs) -> dict[str, Any]:
    """Return the certificate member; the deprecated doubles of an answer are left out."""
    same = live.get("ACMCertificateArn") is not None
    method = live.get("SSLSupportMethod") if same else None
    return {
        "ACMCertificateArn": wanted["certificate"],
        "SSLSupportMethod": method or "sni-only",
        "MinimumProtocolVersion": wanted["minimum_tls"],
        "CloudFrontDefaultCertificate": False,
    }


def _merged_origin(origin: Native, wanted: Attrs) -> dict[str, Any]:
    found = dict(origin)
    found.pop("S3OriginConfig", None)
    ports = _several(wanted["origin_ports"])
    custom = dict(found.get("CustomOriginConfig") or {"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5})
    custom |= {
        "HTTPPort": ports[0],
        "HTTPSPort": ports[1],
        "OriginProtocolPolicy": wanted["origin_protocol"],
        "OriginSslProtocols": listed(_several(wanted["origin_tls"])),
    }
    found |= {
        "Id": found.get("Id") or "sparkpost",
        "DomainName": wanted["origin"],
        "OriginPath": wanted["origin_path"],
        "CustomOriginConfig": custom,
        "CustomHeaders": _merged_headers(found.get("CustomHeaders"), wanted["forwarded_host"]),
        "OriginShield": _shield(found.get("OriginShield"), on=bool(wanted["origin_shield"])),
    }
    return found


def _several(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _shield(live: Native | None, *, on: bool) -> Native:
    return live if live is not None and bool(live.get("Enabled")) is on else {"Enabled": on}


def _merged_headers(live: Native | None, forwarded_host: object) -> dict[str, Any]:
    """Return the origin's headers: the user's own, and the one that tells SparkPost the host."""
    others = [h for h in items(live) if h["HeaderName"].lower() != FORWARDED_HOST.lower()]
    ours = [{"HeaderName": FORWARDED_HOST, "HeaderValue": forwarded_host}] if forwarded_host else []
    return listed([*others, *ours])


def _merged_behavior(behavior: Native, origin: Native, wanted: Attrs) -> dict[str, Any]:
    found = {name: value for name, value in behavior.items() if name not in _LEGACY}
    functions = frozenset(map(str, _several(wanted["functions"])))
    found |= {
        "TargetOriginId": origin["Id"],
        "Compress": wanted["compress"],
        "ViewerProtocolPolicy": wanted["viewer_protocol"],
        "AllowedMethods": _methods(found.get("AllowedMethods"), wanted),
        "CachePolicyId": wanted["cache_policy"],
        "OriginRequestPolicyId": wanted["origin_request_policy"],
        "FunctionAssociations": _kept(found.get("FunctionAssociations"), "FunctionARN", functions),
        "LambdaFunctionAssociations": _kept(
            found.get("LambdaFunctionAssociations"), "LambdaFunctionARN", functions
        ),
    }
    if _restricted(found) is not wanted["restrict_viewer_access"]:
        found |= {"TrustedSigners": {"Enabled": False, "Quantity": 0}}
        found |= {"TrustedKeyGroups": {"Enabled": False, "Quantity": 0}}
    else:
        found.setdefault("TrustedSigners", {"Enabled": False, "Quantity": 0})
        found.setdefault("TrustedKeyGroups", {"Enabled": False, "Quantity": 0})
    return found


def _methods(live: Native | None, wanted: Attrs) -> dict[str, Any]:
    """Return the methods, in the order found where they are the same set."""
    allowed = _ordered(items(live), wanted["allowed_methods"])
    cached = _ordered(items((live or {}).get("CachedMethods")), wanted["cached_methods"])
    return {**listed(allowed), "CachedMethods": listed(cached)}


def _ordered(live: tuple[Any, ...], wanted: Any) -> list[Any]:
    return list(live) if set(live) == set(wanted) else list(wanted)


def _kept(live: Native | None, name: str, arns: frozenset[str]) -> dict[str, Any]:
    return listed([f for f in items(live) if f.get(name) in arns])


# -- what is wanted
def minimum_tls(live: object, asked: str | None) -> str:
    """Return the TLS policy to have: as asked, else one that is at least the guide's."""
    if asked is not None:
        return asked
    known = live in TLS_BY_STRICTNESS
    stricter = known and TLS_BY_STRICTNESS.index(str(live)) >= TLS_BY_STRICTNESS.index(MINIMUM_TLS)
    # A policy that is not known here is newer than this list.
    unknown = isinstance(live, str) and not known
    return str(live) if stricter or unknown else MINIMUM_TLS


def http_version(live: object, asked: str | None) -> str:
    """Return the HTTP version to have: as asked, else one that includes HTTP/2."""
    if asked is not None:
        return asked
    return str(live) if live in ("http2", "http2and3") else "http2"
