"""Judge Fastly's exchanges by the description made from its SDK, and read the recordings of real calls.

Both are data that stand in a folder beside the checkout, or where TDR_API_SPECS says; where it is absent,
nothing is judged and there are no recordings. Requests are judged strictly; answers plainly, as real ones
hold more than the SDK has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from tests.contract.contract import FORM, Spec
from tests.contract.judge import Exchange, specs_folder

# Operations of the API that the description was not made for, with where they are documented.
UNDESCRIBED = {"/diff/from/": "API reference, Diff"}
# What the service takes, as recorded, though the description has it not (`force`: as documented).
TOLERATED_QUERY = {"include", "filter[versions.staged]", "force"}
# Answers that are recorded otherwise than the SDK has them.
RECORDED_OTHERWISE = {
    "/domain/check_all": "pairs of a domain and its CNAME, with a truth value",
    "/check": "a domain, its CNAME, a truth value",
    "/tokens/self": "expires_at is null where the token does not end",
}
# Members of an answer that are recorded otherwise than the SDK has them; all others are judged.
RECORDED_MEMBERS = {
    ("GET", "/service/{service_id}/details"): ("$.active_version: None ",),  # no version is active
}
TOLERATED_FORMS = {
    ("POST", "/tls/subscriptions"): "the relationships of the API reference, of which the SDK has none",
    ("PATCH", "/tls/subscriptions/{tls_subscription_id}"): "the relationships of the API reference",
    ("POST", "/service/{service_id}/version"): "create_service_version takes a comment",
    ("POST", "/service/{service_id}/version/{version_id}/request_settings"): "takes its members",
}


@cache
def specs() -> tuple[Spec, Spec] | None:
    """Give the description for requests and for answers, None where the folder is absent."""
    file = specs_folder() / "fastly-sdk.json"
    if not file.exists():
        return None
    doc = json.loads(file.read_text(encoding="utf-8"))
    return Spec(doc, strict=True), Spec(doc)


@cache
def recordings() -> tuple[Mapping[str, Any], ...]:
    """Give the recorded calls, none where the folder is absent."""
    file = specs_folder() / "fastly-recordings.json"
    if not file.exists():
        return ()
    return tuple(json.loads(file.read_text(encoding="utf-8"))["recordings"])


def fastly_findings(calls: Iterable[Exchange]) -> list[str]:
    """Say what is wrong with Fastly's API calls, each finding once."""
    there = specs()
    if there is None:
        return []
    asked = (call for call in calls if call.kind == "api" and call.vendor == "fastly")
    return list(dict.fromkeys(finding for call in asked for finding in _findings(*there, call)))


def _findings(strict: Spec, plain: Spec, call: Exchange) -> list[str]:
    if any(part in call.path for part in UNDESCRIBED):
        return []
    template, _, _ = strict.find(call.method, call.path)
    what = f"{call.method} {template or call.path} {call.status}"
    if template is None:
        return [f"{what}: no such operation in the vendor's description"]
    refused = call.status is not None and 400 <= call.status < 500
    if refused:
        return [f"{what}: {error}" for error in _refusal_errors(call)] if call.fault is None else []
    # Of a TLS resource's relations the SDK has ids as read-only, and one alone where several go together.
    asked = _request_errors(plain if template.startswith("/tls/") else strict, call, template)
    known = RECORDED_MEMBERS.get((call.method, template), ())
    answered = _answer_errors(plain, call) if call.fault is None else []
    answered = [error for error in answered if not error.startswith(known)]
    return [f"{what}: {error}" for error in (*asked, *answered)]


def _request_errors(spec: Spec, call: Exchange, template: str) -> list[str]:
    query = {k: v for k, v in parse_qsl(call.query, keep_blank_values=True) if k not in TOLERATED_QUERY}
    kind = call.content_type.partition(";")[0] or "application/json"
    body: Any = None
    if call.request_body and (call.method, template) not in TOLERATED_FORMS:
        form = kind == FORM
        body = (
            dict(parse_qsl(call.request_body, keep_blank_values=True))
            if form
            else json.loads(call.request_body)
        )
    return spec.request_errors(call.method, call.path, query, body, kind)


def _answer_errors(spec: Spec, call: Exchange) -> list[str]:
    if call.status is None or call.path.endswith(tuple(RECORDED_OTHERWISE)):
        return []
    body = json.loads(call.response_body) if call.response_body else None
    if call.path.endswith("/details") and body.get("active_version", body) is None:
        del body["active_version"]  # as recorded of a service that is not served
    return spec.response_errors(call.method, call.path, call.status, body)


def _refusal_errors(call: Exchange) -> list[str]:
    """Two forms: that of the service API, which is also that of credentials, and that of the others."""
    body = json.loads(call.response_body)
    if "errors" in body:
        forms = [set(error) for error in body["errors"]]
        return [] if forms == [{"title", "detail"}] else [f"errors of the members {forms}"]
    right = "msg" in body and set(body) <= {"msg", "detail"}
    return [] if right else [f"a refusal of the members {sorted(body)}"]
