"""Provider types for tests of the files: two vendors that exist in name only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.load import judge
from reconciler.provider import Provider, ProviderType, Secret, Setting
from reconciler.yaml_marks import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.desired import Desired

ORIGINS = {"us": "spgo.io", "eu": "eu.spgo.io"}

# Enough of a file for a domain to be right; each test adds what it is about.
HEAD = """\
version: 1
owner: acme
providers:
  sp: {type: sparkpost, region: us}
  web: {type: edge}
defaults: {sparkpost: sp, cdn: web, dns: web}
"""


def cannot_open(setting: Setting) -> Provider:
    """Refuse: judging files opens nothing."""
    raise AssertionError(setting.alias)


def region_fits(options: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Find an origin that belongs to the other region."""
    region, origin = options.get("region", "us"), options.get("origin")
    if origin in ORIGINS.values() and origin != ORIGINS.get(region):
        yield "origin", f"the origin {origin} is not in the region {region}", f"write {ORIGINS[region]}"


SPARKPOST = ProviderType(
    "sparkpost",
    frozenset({"sparkpost", "cdn"}),
    open=cannot_open,
    options={
        "type": "object",
        "properties": {
            "region": {"title": "a region", "enum": ["us", "eu", "enterprise"]},
            "origin": {"title": "a host name", "type": "string"},
            "endpoint": {
                "title": "a URL",
                "type": "string",
                "pattern": "^https?://",
                "examples": ["https://a.b"],
            },
        },
    },
    secrets=(Secret("API_KEY", "SPARKPOST_API_KEY"),),
    check=region_fits,
)
EDGE = ProviderType(
    "edge",
    frozenset({"cdn", "dns"}),
    open=cannot_open,
    options={
        "type": "object",
        "properties": {
            "zones": {"type": "array", "items": {"type": "string"}},
            "site": {"type": "string", "minLength": 3, "description": "The site, such as ams1."},
        },
    },
    secrets=(Secret("API_TOKEN", "EDGE_API_TOKEN"),),
    own_names=("edge.example",),
)
# Its secret's name makes some aliases fall on variables that are taken.
MAPPER = ProviderType("mapper", frozenset({"dns"}), open=cannot_open, secrets=(Secret("MAP", "MAPPER_MAP"),))
ODD = ProviderType("odd", frozenset({"mail"}), open=cannot_open)
TYPES = {"sparkpost": SPARKPOST, "edge": EDGE, "mapper": MAPPER}


def read(
    text: str, environ: Mapping[str, str] | None = None, types: Mapping[str, ProviderType] = TYPES
) -> tuple[Desired | None, list[str]]:
    """Return the desired state of one file's text and its problems, as printed."""
    document, problems = parse(text.encode(), "f.yaml", environ or {})
    desired, further = judge([document] if document else [], types, complete=document is not None)
    return (None if problems else desired), [str(p) for p in (*problems, *further)]


def problems_in(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the problems of one file's text, in order of place."""
    return sorted(read(text, environ)[1], key=lambda line: [int(n) for n in line.split(":")[1:3]])


def desired_from(text: str, environ: Mapping[str, str] | None = None) -> Desired:
    """Return the desired state of a text that is right."""
    desired, problems = read(text, environ)
    assert problems == []
    assert desired is not None
    return desired
