"""Cloudflare: a zone is the edge and the DNS at once.

Imports no SDK: what needs one is loaded when an alias is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from providers.cloudflare.names import (
    CACHE_HOST,
    CERTIFICATE_UNIT,
    CUSTOM_HOSTNAME,
    FALLBACK_ORIGIN,
    SAAS_ORIGIN,
    SAAS_SSL_HOST,
    SSL_HOST,
    UNIT,
)
from reconciler.errors import ProviderError, TdrError
from reconciler.provider import Kind, Limit, Provider, ProviderType, Secret, Setting

CALLS_PER_ZONE = 14
"""The most calls that reading one zone takes, with up to 5,000 records, however many hosts it serves.

One page of records, the list of rulesets, six entry points, three settings, universal TLS, certificate
packs, page rules. On top of it: one call for each 50 zones that the token reaches, and one for each
further 5,000 records of a zone.
"""
CALLS_FOR_SAAS = 1
"""What reading the saas zone takes more than that, and one for each further 50 custom hostnames.

The fallback origin, DCV delegation and a page of custom hostnames; without the two of its own certificates.
"""

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "account": {
            "type": "string",
            "minLength": 1,
            "description": "Id or name of the only account to use, where the token reaches several.",
        },
        "zones": {
            "type": "object",
            "description": "Zone ids by zone name, where one name stands in several accounts.",
            "additionalProperties": {
                "type": "string",
                "pattern": "^[0-9a-f]{32}$",
                "title": "a zone's id, 32 hexadecimal digits",
                "examples": ["023e105f4ecef8ad9ca31a8372d0c353"],
            },
        },
        "mode": {
            "enum": ["zone", "saas"],
            "default": "zone",
            "description": (
                "`zone`: the host's own zone is at Cloudflare and its record is the edge. `saas`: the host's "
                "DNS stays wherever it is, and a zone of the account (`saas_zone`) serves it as a custom "
                "hostname (Cloudflare for SaaS)."
            ),
        },
        "saas_zone": {
            "type": "string",
            "minLength": 1,
            "title": "a zone of the account, of any plan",
            "examples": ["brand-links.net"],
            "description": "For `mode: saas`: the zone of the account that serves the hosts, on any plan.",
        },
        "ssl": {
            "enum": ["full", "strict"],
            "default": "full",
            "description": (
                "How the edge asks SparkPost, for the tracking hosts only. `full`: over https for https "
                "visitors, whatever name SparkPost's certificate bears. `strict` checks that name as well, "
                "which SparkPost's endpoints are not known to pass."
            ),
        },
        "cache_ttl": {
            "type": "integer",
            "minimum": 0,
            "maximum": 31536000,
            "default": 10,
            "description": (
                "Seconds that the edge answers the same link by itself, so that a mail scanner's repeats are "
                "not recorded; longer hides repeats by people too. 0: never cache. Zones on the Free and Pro "
                "plans cannot hold anything for less than 2 and 1 hours: there links are not cached."
            ),
        },
    },
}


def _open(setting: Setting) -> Provider:
    """Make the provider; raises TdrError with the line to type where the SDK is not installed."""
    try:
        module = import_module("providers.cloudflare.provider")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"cloudflare", "httpx"}:
            raise
        message = f"{setting.alias} needs the cloudflare package: pip install 'tdr-reconciler[cloudflare]'"
        raise TdrError(message) from error
    made: Provider = module.CloudflareProvider.opened(setting)
    return made


def _translate(error: Exception) -> ProviderError | None:
    """Tell what an exception of the SDK means; the SDK is loaded where one was raised."""
    translated: ProviderError | None = import_module("providers.cloudflare.errors").translate(error)
    return translated


def _check(options: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Find zone names that no zone can have, and a mode without what it needs."""
    zone = options.get("saas_zone")
    if options.get("mode", "zone") == "saas" and zone is None:
        yield (
            "mode",
            "`mode: saas` needs a zone that serves the hosts",
            "add `saas_zone: ZONE`, a zone of the account",
        )
    if options.get("mode", "zone") != "saas" and zone is not None:
        yield "saas_zone", "`saas_zone` is for `mode: saas` alone", "add `mode: saas`, or remove it"
    if isinstance(zone, str) and (zone != zone.lower().rstrip(".") or "." not in zone):
        yield "saas_zone", f"{zone} is not a zone's name", "write the name in lower case, without a final dot"
    for name in options.get("zones") or {}:
        if name != name.lower().rstrip(".") or "." not in name:
            yield "zones", f"{name} is not a zone's name", "write the name in lower case, without a final dot"


def _limits(options: Mapping[str, Any]) -> Iterable[Limit]:
    """Give the rate of certificates, which custom hostnames alone order: 75 of the 1,200 calls below."""
    if options.get("mode") == "saas":
        source = "docs: Cloudflare for SaaS, Troubleshooting: 15 certificates a minute, then none for 30 s"
        yield Limit(CERTIFICATE_UNIT, 0.25, 15, source, window_s=60.0, reads=False)


TYPE = ProviderType(
    name="cloudflare",
    parts=frozenset({"cdn", "dns"}),
    open=_open,
    kinds=(
        # docs: Universal SSL: 15 minutes to 24 hours after the zone turned active
        Kind(SSL_HOST, ready="certificate active", timeout_s=2700, usual_s=900, poll_s=30.0),
        Kind(CACHE_HOST),
        Kind(SAAS_SSL_HOST),
        Kind(SAAS_ORIGIN),
        Kind(FALLBACK_ORIGIN),
        # docs: Validation backoff schedule: looked at within minutes at first, then ever more seldom.
        Kind(
            CUSTOM_HOSTNAME,
            ready="hostname and certificate active",
            timeout_s=2700,
            usual_s=300,
            poll_s=30.0,
            # docs: Cloudflare for SaaS, Plans
            billed="custom hostnames are charged by the month, beyond the 100 that are included",
        ),
    ),
    options=_OPTIONS,
    secrets=(Secret("API_TOKEN", "CLOUDFLARE_API_TOKEN"),),
    limits=(
        # 600 at once and 2/s never pass 1,200 in any five minutes; over it all is refused for five more.
        Limit(UNIT, 2.0, 600, "docs: API rate limits: 1,200 requests per five minutes per user"),
        Limit("address", 200.0, 200, "docs: API rate limits: 200 requests per second per IP address"),
    ),
    limits_for=_limits,
    check=_check,
    extra="cloudflare",
    translate=_translate,
)
