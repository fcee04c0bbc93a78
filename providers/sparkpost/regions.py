"""SparkPost's separate services: their addresses, and which options fit together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

ENTERPRISE: Final = "enterprise"


@dataclass(frozen=True, slots=True)
class Region:
    """One of SparkPost's public services; accounts and keys are its own (docs: API, "Endpoints").

    api        base of the API
    origin     tracking host that a CDN forwards to
    managed    tracking host that can hold managed certificates
    variable   environment variable that replaces the API's base
    """

    name: str
    api: str
    origin: str
    managed: str
    variable: str

    @property
    def origins(self) -> tuple[str, str]:
        return self.origin, self.managed


US: Final = Region(
    "us", "https://api.sparkpost.com/api/v1", "spgo.io", "v2.spgo.io", "TDR_SPARKPOST_ENDPOINT"
)
EU: Final = Region(
    "eu",
    "https://api.eu.sparkpost.com/api/v1",
    "eu.spgo.io",
    "eu.v2.spgo.io",
    "TDR_SPARKPOST_EU_ENDPOINT",
)
REGIONS: Final[Mapping[str, Region]] = {region.name: region for region in (US, EU)}

OPTIONS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "region": {
            "enum": ["us", "eu", ENTERPRISE],
            "default": "us",
            "description": "Which SparkPost service the account is in. US and EU accounts share nothing.",
        },
        "endpoint": {
            "type": "string",
            "pattern": r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s?#]*)?$",
            "description": "Base of the API, such as https://TENANT.api.e.sparkpost.com/api/v1. "
            "Needed for enterprise.",
        },
        "origin": {
            "type": "string",
            "pattern": r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?$",
            "description": "Tracking host that the edge forwards to, such as TENANT.et.e.sparkpost.com. "
            "By default spgo.io (us) or eu.spgo.io (eu). Needed for enterprise.",
        },
        "account": {
            "type": "string",
            "minLength": 1,
            "maxLength": 64,
            "description": "A name of your own for the account; claims remember its hash. "
            "By default the alias: with this, an alias may be renamed.",
        },
    },
}


def region_of(options: Mapping[str, Any]) -> Region | None:
    """Return the public service that options name, None for enterprise."""
    return REGIONS.get(str(options.get("region", "us")))


def origin(options: Mapping[str, Any]) -> str:
    """Return the tracking host of an alias; empty for an enterprise alias that names none."""
    given = str(options.get("origin") or "").lower().rstrip(".")
    region = region_of(options)
    return given or (region.origin if region else "")


def api_base(alias: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Return the base of the API; the environment replaces the address only, whatever the file says."""
    region = region_of(options)
    variable = region.variable if region else f"TDR_{alias.upper().replace('-', '_')}_ENDPOINT"
    default = region.api if region else ""
    return (environ.get(variable) or str(options.get("endpoint") or default)).rstrip("/")


def identity(alias: str, options: Mapping[str, Any]) -> str:
    """Return what claims know the account by: service and account, no address of the environment."""
    service = str(options.get("region", "us"))
    if service == ENTERPRISE:
        service = urlsplit(str(options.get("endpoint", ""))).hostname or ENTERPRISE
    return f"sparkpost/{service}/{options.get('account') or alias}"


def check(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, what is wrong, what to write instead) for options that contradict each other."""
    name = str(options.get("region", "us"))
    if name == ENTERPRISE:
        yield from _missing(options)
    else:
        yield from _strangers(options, name)
    yield from _insecure(options)


def _missing(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    examples = {
        "endpoint": "https://TENANT.api.e.sparkpost.com/api/v1",
        "origin": "TENANT.et.e.sparkpost.com (your Technical Account Manager confirms it)",
    }
    for key, example in examples.items():
        if not options.get(key):
            yield "region", f"an enterprise account needs `{key}`", f"write {key}: {example}"


def _strangers(options: Mapping[str, Any], name: str) -> Iterator[tuple[str, str, str]]:
    """Yield what belongs to another region than the one that the alias names."""
    region = REGIONS.get(name)
    for other in REGIONS.values():
        if region is None or other is region:
            continue
        if origin(options) in other.origins:
            yield (
                "origin",
                f"{origin(options)} is the tracking host of region {other.name}, and this alias is in {name}",
                f"write origin: {region.origin}, or region: {other.name}",
            )
        if urlsplit(str(options.get("endpoint", ""))).hostname == urlsplit(other.api).hostname:
            yield (
                "endpoint",
                f"this is the API of region {other.name}, and this alias is in {name}",
                f"write region: {other.name}, without `endpoint`",
            )


def _insecure(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    address = urlsplit(str(options.get("endpoint", "")))
    if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield (
            "endpoint",
            "over plain http the API key could be read on the way",
            "write an address with https://",
        )
