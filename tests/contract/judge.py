"""Judge what a sandbox received and answered by the vendors' own descriptions.

`judge(sandbox.kernel.calls)` gives a list of texts, empty when all is well.  Cloudflare's
description is made from the installed SDK; SparkPost's is data that stands in a folder beside the
checkout (or where TDR_API_SPECS says): where it is absent, `undescribed` says so and nothing of
SparkPost is judged.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from tests.contract.cloudflare_description import description
from tests.contract.contract import Spec

ROOT = Path(__file__).resolve().parents[2]
# Ids and times: of their kind, one is as good as another.
CHANGING = re.compile(r"\b[0-9a-f]{32}\b|\d{4}-?\d\d-?\d\dT[\d:.]+Z")
MOST_ROWS = 20  # of a longer list, rows of one shape are judged once
CHOOSING = frozenset({"type", "action", "status", "kind", "phase", "mode", "ssl"})
# What the service takes though the description has it not: Cloudflare's DNS filters of old
# (seen in recordings of real calls), and fields that its older clients send as null.
TOLERATED_QUERY = {"cloudflare": {"dns_records": {"name", "content", "comment", "tag"}}}


# Answers that a vendor gives and its description leaves out, with where they are documented.
HOSTNAMES = "/zones/{zone_id}/custom_hostnames"
UNDESCRIBED: Mapping[str, Mapping[tuple[str, str, int], str]] = {
    "cloudflare": {
        ("POST", HOSTNAMES, 201): "docs: Status codes - Custom hostnames",
        ("PATCH", f"{HOSTNAMES}/{{custom_hostname_id}}", 202): "docs: Status codes - Custom hostnames",
    },
    "sparkpost": {
        ("GET", "/v1/sending-domains/{domain}", 404): "error table: 1600, sending domain not found",
        ("PUT", "/v1/sending-domains/{domain}", 404): "error table: 1600, sending domain not found",
        ("PUT", "/v1/sending-domains/{domain}", 422): "general table of errors",
        ("PUT", "/v1/tracking-domains/{domain}", 415): "general table of errors",
        ("POST", "/v1/tracking-domains", 415): "general table of errors",
        ("DELETE", "/v1/tracking-domains/{domain}", 409): "a setting of sparkpost.delete-in-use",
        (
            "POST",
            "/v1/tracking-domains/{domain}/certificate/enable",
            409,
        ): "a setting of sparkpost.enable-again",
    },
}
#: Answers that may come within the usual envelope, where nobody knows: a setting of a switch.
ENVELOPED = frozenset({("DELETE", f"{HOSTNAMES}/{{custom_hostname_id}}")})
_JUDGED: dict[tuple[object, ...], list[str]] = {}


class Exchange(Protocol):
    """What is judged: the sandbox's record of one call."""

    @property
    def kind(self) -> str: ...
    @property
    def vendor(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    @property
    def request_body(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def response_body(self) -> str: ...
    @property
    def emulated(self) -> bool: ...
    @property
    def fault(self) -> int | None: ...


def specs_folder() -> Path:
    """The folder of vendors' descriptions that are data."""
    return Path(os.environ.get("TDR_API_SPECS") or ROOT.parent / "shared" / "api-specs")


@cache
def cloudflare_spec() -> Spec:
    """Cloudflare's description, from the SDK."""
    return Spec(description(), strict=True)


@cache
def sparkpost_spec() -> Spec | None:
    """SparkPost's description, None where the folder is absent."""
    file = specs_folder() / "sparkpost.json"
    return Spec(file, strict=True) if file.exists() else None


SPECS: Mapping[str, Callable[[], Spec | None]] = {"cloudflare": cloudflare_spec, "sparkpost": sparkpost_spec}


def undescribed() -> list[str]:
    """Say which vendors cannot be judged here, and why."""
    if sparkpost_spec() is not None:
        return []
    return [f"sparkpost: no description at {specs_folder() / 'sparkpost.json'} (see TDR_API_SPECS)"]


def judge(calls: Iterable[Exchange]) -> list[str]:
    """Say what is wrong with the API calls of known vendors, each finding once.

    Calls that a fault struck are judged by what was asked only; a call that the sandbox does not
    emulate is a finding.
    """
    findings: dict[str, None] = {}
    for call in calls:
        if call.kind == "api" and call.vendor in SPECS:
            findings.update(dict.fromkeys(_findings_of_its_like(call)))
    return list(findings)


def _findings_of_its_like(call: Exchange) -> list[str]:
    """Judge a call, once for all that differ from it in ids and times only."""
    like = (
        call.vendor,
        call.method,
        call.status,
        call.content_type,
        call.fault is not None,
        call.emulated,
        *(CHANGING.sub("#", text) for text in (call.path, call.query, call.request_body, call.response_body)),
    )
    if like not in _JUDGED:
        _JUDGED[like] = exchange_findings(call)
    return _JUDGED[like]


def exchange_findings(call: Exchange) -> list[str]:
    """Say what is wrong with one call."""
    spec = SPECS[call.vendor]() if call.vendor in SPECS else None
    if spec is None:
        return []
    what = f"{call.vendor} {call.method} {call.path}"
    if not call.emulated:
        return [f"{what}: the sandbox does not emulate this"]
    template, _, _ = spec.find(call.method, call.path)
    if template is None:
        return [f"{what}: no such operation in the vendor's description"]
    refused = call.status is not None and 400 <= call.status < 500
    # What the vendor refuses may well be wrong: then only its answer is judged.
    asked = [] if refused else request_errors(spec, call, template)
    left_out = (call.method, template, call.status) in UNDESCRIBED.get(call.vendor, {})
    answered = [] if left_out or call.fault is not None else response_errors(spec, call, template)
    what = f"{call.vendor} {call.method} {template}"
    return [f"{what} request: {e}" for e in asked] + [f"{what} {call.status}: {e}" for e in answered]


def request_errors(spec: Spec, call: Exchange, template: str) -> list[str]:
    """Say what is wrong with what was asked."""
    tolerated = TOLERATED_QUERY.get(call.vendor, {}).get(template.rsplit("/", 1)[-1], set())
    query = {k: v for k, v in parse_qsl(call.query, keep_blank_values=True) if k not in tolerated}
    body = shortened(_parsed(call.request_body))
    kind = call.content_type or "application/json"
    return spec.request_errors(call.method, call.path, query, body, kind)


def response_errors(spec: Spec, call: Exchange, template: str) -> list[str]:
    """Say what is wrong with what was answered."""
    if call.status is None:
        return []
    body = shortened(_parsed(call.response_body))
    if (call.method, template) in ENVELOPED and isinstance(body, Mapping) and body.get("success") is True:
        body = body["result"]
    return spec.response_errors(call.method, call.path, call.status, body)


def shortened(value: Any) -> Any:
    """A JSON value whose long lists hold one row of each shape, so that judging a large page stays cheap."""
    if isinstance(value, Mapping):
        return {name: shortened(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    rows = value if len(value) <= MOST_ROWS else list({shape(row): row for row in value}.values())
    return [shortened(row) for row in rows]


def shape(value: Any) -> str:
    """What a JSON value is made of: members and kinds of values, and the words that choose among types."""
    if isinstance(value, Mapping):
        members = (f"{k}={v}" if k in CHOOSING else f"{k}:{shape(v)}" for k, v in sorted(value.items()))
        return "{" + " ".join(members) + "}"
    if isinstance(value, list):
        return "[" + " ".join(sorted({shape(item) for item in value})) + "]"
    return type(value).__name__


def _parsed(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
