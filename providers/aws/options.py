"""What an alias says of its AWS account and of what stands there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

QUOTAS: Final[Mapping[str, int]] = {
    "distributions": 500,
    "cache_policies": 20,
    "origin_request_policies": 20,
    "distributions_per_policy": 100,
    "certificates": 2500,
    "certificates_per_year": 5000,
}
"""What an account holds unless AWS raised it (docs: CloudFront quotas, ACM quotas)."""

CACHE_TTL: Final[Mapping[str, int]] = {"min": 1, "default": 10, "max": 10}

_SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": 31536000}

OPTIONS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "profile": {
            "type": "string",
            "minLength": 1,
            "description": "A profile of the AWS configuration files, whatever credentials the environment "
            "names. Without it boto3 looks for credentials in its usual order.",
        },
        "role_arn": {
            "type": "string",
            "pattern": r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$",
            "title": "a role's ARN",
            "examples": ["arn:aws:iam::111122223333:role/tdr"],
            "description": "A role to assume, so that one file spans accounts.",
        },
        "external_id": {
            "type": "string",
            "pattern": r"^[\w+=,.@:/-]{2,1224}$",
            "description": "The external id that the role's trust policy asks for.",
        },
        "zones": {
            "type": "object",
            "description": "Hosted zone ids by zone name, where several public zones bear one name.",
            "additionalProperties": {
                "type": "string",
                "pattern": "^Z[A-Z0-9]{1,31}$",
                "title": "a hosted zone's id",
                "examples": ["Z0123456789ABCDEFGHIJ"],
            },
        },
        "alias_records": {
            "type": "boolean",
            "default": False,
            "description": "Whether a host of Route 53 that points to CloudFront gets alias records (A and "
            "AAAA) instead of a CNAME. Route 53 charges nothing for their queries, and gives their TTL "
            "itself: 60 seconds.",
        },
        "certificates": {
            "type": "array",
            "uniqueItems": True,
            "description": "Certificates of the account in us-east-1 to use, by ARN; the first that covers "
            "the host. tdr never deletes them.",
            "items": {
                "type": "string",
                "pattern": r"^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[0-9A-Za-z-]+$",
                "title": "the ARN of a certificate in us-east-1",
                "examples": [
                    "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
                ],
            },
        },
        "reuse_certificates": {
            "type": "boolean",
            "default": True,
            "description": "Whether an issued certificate of the account that covers the host is used, "
            "instead of a new one.",
        },
        "key_algorithm": {
            "enum": ["RSA_2048", "EC_prime256v1"],
            "default": "RSA_2048",
            "description": "The key of a new certificate. Certificates that are there keep theirs.",
        },
        "cache_ttl": {
            "type": "object",
            "additionalProperties": False,
            "description": "Seconds that the edge answers the same link by itself, so that a mail scanner's "
            "repeats are not recorded; longer hides repeats by people too.",
            "properties": {
                "min": {**_SECONDS, "default": CACHE_TTL["min"]},
                "default": {**_SECONDS, "default": CACHE_TTL["default"]},
                "max": {**_SECONDS, "default": CACHE_TTL["max"]},
            },
        },
        "cache_key": {
            "enum": ["none", "target"],
            "default": "none",
            "description": "What of the query string tells one link from another at the edge. SparkPost's "
            "guide has nothing in the key.",
        },
        "forward_target": {
            "type": "boolean",
            "default": True,
            "description": "Whether the query string `target` reaches SparkPost. False: none does, as in the "
            "guide of 2021.",
        },
        "forwarded_host": {
            "type": "boolean",
            "default": True,
            "description": "Whether SparkPost is told the tracking host in X-Forwarded-Host. False: not, "
            "as in the guide of 2021.",
        },
        "price_class": {
            "enum": ["PriceClass_100", "PriceClass_200", "PriceClass_All"],
            "default": "PriceClass_All",
            "description": "Which edge locations serve; the guide has all.",
        },
        "http_version": {
            "enum": ["http1.1", "http2", "http3", "http2and3"],
            "default": "http2",
            "description": "The newest HTTP that visitors may speak.",
        },
        "ipv6": {
            "type": "boolean",
            "default": True,
            "description": "Whether the edge answers over IPv6.",
        },
        "minimum_tls": {
            "enum": [
                "TLSv1.2_2018",
                "TLSv1.2_2019",
                "TLSv1.2_2021",
                "TLSv1.2_2025",
                "TLSv1.3_2025",
            ],
            "default": "TLSv1.2_2021",
            "description": "The security policy for visitors. Unless this is written, a stricter one that "
            "stands there is left alone.",
        },
        "quotas": {
            "type": "object",
            "additionalProperties": False,
            "description": "The account's quotas where they are not AWS's defaults.",
            "properties": {
                name: {"type": "integer", "minimum": 1, "default": count} for name, count in QUOTAS.items()
            },
        },
    },
}


def check(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, what is wrong, what to write instead)."""
    for name in options.get("zones") or {}:
        if name != name.lower().rstrip(".") or "." not in name:
            yield "zones", f"{name} is not a zone's name", "the name in lower case without a final dot"
    if "external_id" in options and "role_arn" not in options:
        yield "external_id", "an external id belongs to a role", "role_arn: beside it, or neither"
    ttl = {**CACHE_TTL, **(options.get("cache_ttl") or {})}
    if not ttl["min"] <= ttl["default"] <= ttl["max"]:
        told = f"min {ttl['min']}, default {ttl['default']}, max {ttl['max']}"
        yield "cache_ttl", f"CloudFront takes no such order ({told})", "min ≤ default ≤ max"
