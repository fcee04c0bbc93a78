"""Lines of lists as AWS gives them, states made of them, and what is composed from those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from providers.aws.cdn_names import HOST_TAG, MARKS, OWNER_TAG, policy_name
from providers.aws.cdn_options import wishes_from
from providers.aws.cdn_state import CdnState, Distribution, distribution_from
from providers.aws.certificates import Certificate
from providers.aws.composing import compose_edges
from providers.aws.distributions import fresh
from providers.aws.policies import Policy, content_of, native_of
from reconciler.model import Attrs, Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Wanted

ALIAS, OWNER, ACCOUNT = "aws", "acme-mail", "aws.111122223333"
HOST = "click.example.com"
AT = datetime(2026, 1, 5, tzinfo=UTC)
ARN = "arn:aws:acm:us-east-1:111122223333:certificate"


def arn(name: str) -> str:
    """The ARN of a certificate."""
    return f"{ARN}/{name}"


def certificate(name: str = "c1", *names: str, **more: Any) -> Certificate:
    """An issued certificate, for the host unless other names are given."""
    given = {"status": "ISSUED", "requested": AT, **more}
    return Certificate(arn(name), frozenset(names or (HOST,)), **given)


def ours(name: str = "c1", host: str = HOST, **more: Any) -> Certificate:
    """A certificate that tdr requested."""
    told = {"validation": (f"_v.{host}", "_w.acm-validations.aws"), "remembered": True}
    return certificate(name, host, **{"owner": OWNER, "host": host, **told, **more})


def wanted_settings(**more: object) -> Attrs:
    """The settings of a distribution as tdr wants them, with ids filled in."""
    return attrs(
        **{
            "tags": MARKS,
            "aliases": (HOST,),
            "enabled": True,
            "origin": "spgo.io",
            "origin_path": "",
            "origin_protocol": "match-viewer",
            "origin_ports": (80, 443),
            "origin_tls": ("TLSv1.2",),
            "origin_shield": False,
            "forwarded_host": HOST,
            "compress": True,
            "viewer_protocol": "allow-all",
            "allowed_methods": ("GET", "HEAD"),
            "cached_methods": ("GET", "HEAD"),
            "restrict_viewer_access": False,
            "cache_policy": "p-cache",
            "origin_request_policy": "p-request",
            "functions": (),
            "certificate": arn("c1"),
            "minimum_tls": "TLSv1.2_2021",
            "price_class": "PriceClass_All",
            "http_version": "http2",
            "ipv6": True,
            **more,
        }
    )


def config(**more: object) -> dict[str, Any]:
    """The configuration of a distribution as tdr makes it; `more` are settings."""
    return fresh("ref", "", wanted_settings(**more))


def distribution(
    name: str = "E1", native: Mapping[str, Any] | None = None, *, owner: str | None = None, host: str = HOST
) -> Distribution:
    """A deployed distribution as the list tells of it."""
    line = {
        "Id": name,
        "ARN": f"arn:aws:cloudfront::111122223333:distribution/{name}",
        "DomainName": f"{name.lower()}.cloudfront.net",
        "Status": "Deployed",
        "ETag": "etag",
        **(native if native is not None else config()),
    }
    return distribution_from(line, {OWNER_TAG: owner, HOST_TAG: host} if owner else {})


def policy(kind: str, key: str, id_: str) -> Policy:
    """A policy that the owner made."""
    name = policy_name(OWNER, key)
    return Policy(id_, name, kind, native_of(kind, name, content_of(key), ""))


def state(**more: Any) -> CdnState:
    """An account; empty unless told otherwise."""
    return CdnState(ALIAS, OWNER, ACCOUNT, **{"origins": {HOST: "spgo.io"}, "at": AT, **more})


def composed(found: CdnState | None = None, *hosts: str, **options: Any) -> Composition:
    """What is composed for hosts, one unless told otherwise, with these options."""
    wanted = [Wanted(host, "spgo.io", 3600) for host in hosts or (HOST,)]
    return compose_edges(wanted, found or state(), wishes_from(ALIAS, OWNER, options))


def one(composition: Composition, kind: str, key: str = "") -> Resource:
    """The one resource of a kind, or the one with this key."""
    (found,) = [r for r in composition.resources if r.id.kind == kind and key in ("", r.id.key)]
    return found


def kinds(composition: Composition) -> list[str]:
    """The kinds of the composed resources, in order, without their vendor's name."""
    return [r.id.kind.removeprefix("aws_") for r in composition.resources]


def errors(composition: Composition) -> list[Finding]:
    """The findings that forbid."""
    return [f for f in composition.findings if f.severity is Severity.ERROR]


def warnings(composition: Composition) -> list[Finding]:
    """The findings that are only told."""
    return [f for f in composition.findings if f.severity is Severity.WARNING]


def with_config(found: Distribution, **members: Any) -> Distribution:
    """A distribution with other members of its line."""
    return replace(found, config={**found.config, **members})
