"""Worlds with AWS accounts, and the files that speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.scenarios.town import CLICK, sparkpost

REGION = "us-east-1"
ACCOUNT = {
    "account": "111122223333",
    "access_key": "AKIASANDBOX0000ACME",
    "secret_key": "sandbox-secret-of-acme",
}
FILE: Mapping[str, Any] = {
    "providers": {"sp": {"type": "sparkpost", "region": "us"}, "aws": {"type": "aws"}},
    "defaults": {"sparkpost": "sp", "cdn": "aws", "dns": "aws"},
}


def record(type_: str, name: str, *values: str, ttl: int = 300, **more: Any) -> dict[str, Any]:
    """A record of a hosted zone as the world writes it."""
    return {"type": type_, "name": name, "ttl": ttl, "values": list(values), **more}


def r53(name: str = "example.com", *records: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A hosted zone; the guide's main case answers by CNAME to SparkPost unless told otherwise."""
    return {"name": name, "records": list(records) or [record("CNAME", CLICK, "spgo.io")], **more}


def aws_world(*zones: Mapping[str, Any], sp: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A world with one AWS account that has these zones, and one SparkPost account."""
    return {
        "clock": "2026-01-05T09:00:00Z",
        "sparkpost": [sp or sparkpost()],
        "aws": [{**ACCOUNT, "zones": list(zones), **more}],
    }


def with_options(**options: Any) -> dict[str, Any]:
    """The keys of a file whose AWS alias has these options."""
    return {**FILE, "providers": {**FILE["providers"], "aws": {"type": "aws", **options}}}
