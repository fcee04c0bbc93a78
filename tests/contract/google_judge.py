"""Judge what a sandbox received and answered as Google Cloud, by the discovery documents of its three APIs.

`google_findings(sandbox.kernel.calls)` gives a list of texts, empty when all is well. The documents lie
inside google-api-python-client; where that is not installed, nothing is judged (`undescribed` says so).
Requests and answers are judged strictly; refusals by the two forms that Google's errors have.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from tests.contract.contract import Spec
from tests.contract.judge import Exchange, shortened, specs_folder

DOCUMENTS = {"compute": "compute.v1", "dns": "dns.v1", "certificatemanager": "certificatemanager.v1"}
OLD_ERRORS = ("compute", "dns")
KEPT = ("enum", "pattern", "format", "description", "readOnly")
# ProtoJSON: "int32: JSON value will be a decimal number; either numbers or strings are accepted", and so
# google-cloud-dns spells every ttl.
NUMBER_AS_TEXT = re.compile(r"'\d+' is not of type 'integer'")
# What clients send to all Google APIs and no document lists.
STANDARD_QUERY = {"$alt", "$prettyPrint"}
ERROR_MEMBERS = {"code", "message", "errors", "status", "details"}
ENTRY_MEMBERS = {"message", "domain", "reason", "location", "locationType", "extendedHelp", "debugInfo"}


class Told(Exchange, Protocol):
    """A call that says which of a vendor's APIs it was made of."""

    @property
    def listener(self) -> str: ...


def undescribed() -> str:
    """Say why nothing of Google can be judged here; "" where it can."""
    if importlib.util.find_spec("googleapiclient") is None:
        return "google-api-python-client is not installed: no discovery documents"
    return ""


@cache
def spec_of(api: str) -> Spec | None:
    """An API's description, None where the documents are absent."""
    if undescribed():
        return None
    return Spec(openapi(discovery(api)), strict=True)


@cache
def discovery(api: str) -> Mapping[str, Any]:
    """The discovery document of an API. Raises OSError where there is none."""
    found = importlib.util.find_spec("googleapiclient")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "discovery_cache" / "documents"
    document: Mapping[str, Any] = json.loads((folder / f"{DOCUMENTS[api]}.json").read_text(encoding="utf-8"))
    return document


@cache
def recordings() -> tuple[Mapping[str, Any], ...]:
    """The recorded calls of Cloud DNS, none where the folder is absent."""
    file = specs_folder() / "dns-recordings.json"
    if not file.exists():
        return ()
    calls = json.loads(file.read_text(encoding="utf-8"))["recordings"]
    return tuple(call for call in calls if call["api"] == "googleclouddns")


def openapi(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a discovery document as OpenAPI 3.1, as far as `Spec` reads it."""
    paths: dict[str, Any] = {}
    for method in methods(document["resources"]):
        path = f"/{document['servicePath']}{method.get('flatPath', method['path'])}"
        paths.setdefault(path, {})[method["httpMethod"].lower()] = _operation(document, method, path)
    schemas = {name: _schema(one) for name, one in document["schemas"].items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": document["title"], "version": document["version"]},
        "servers": [{"url": document["rootUrl"]}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def methods(resources: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give every method of a document's resources, those inside others included."""
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from methods(resource.get("resources", {}))


def _operation(document: Mapping[str, Any], method: Mapping[str, Any], path: str) -> dict[str, Any]:
    given = {**document.get("parameters", {}), **method.get("parameters", {})}
    in_path = set(re.findall(r"\{(\w+)\}", path))
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _schema(given.get(name, {}))}
        for name in sorted(in_path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": one.get("required", False), "schema": _schema(one)}
        for name, one in given.items()
        if one.get("location") == "query"
    ]
    good = _schema(method["response"]) if "response" in method else {}
    operation = {
        "operationId": method["id"],
        "parameters": parameters,
        "responses": {"200": _json(good), "204": {"description": ""}, "default": _json({})},
    }
    if "request" in method:
        operation["requestBody"] = {"required": True, **_json(_schema(method["request"]))}
    return operation


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def _schema(given: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in given:
        return {"$ref": f"#/components/schemas/{given['$ref']}"}
    out = {word: given[word] for word in KEPT if word in given}
    if str(out.get("format", "")).startswith(("google-", "int", "uint", "double", "float")):
        del out["format"]
    if given.get("type") not in (None, "any"):
        out["type"] = given["type"]
    if "properties" in given:
        out["properties"] = {name: _schema(one) for name, one in given["properties"].items()}
    for word in ("items", "additionalProperties"):
        if word in given:
            out[word] = _schema(given[word])
    return {"type": "array", "items": out} if given.get("repeated") else out


def google_findings(calls: Iterable[Told]) -> list[str]:
    """Say what is wrong with Google's API calls, each finding once."""
    found: dict[str, None] = {}
    for call in calls:
        if call.kind == "api" and call.vendor == "google" and (spec := _judge_of(call)):
            found.update(dict.fromkeys(_findings(spec, call)))
    return list(found)


def _judge_of(call: Told) -> Spec | None:
    return spec_of(call.listener) if call.listener in DOCUMENTS else None


def reached(call: Told) -> str:
    """Give the method that a call means, as the documents name it (``dns.changes.create``)."""
    spec = _judge_of(call)
    operation = spec.find(call.method, call.path)[1] if spec else None
    return str(operation["operationId"]) if operation else ""


def _findings(spec: Spec, call: Told) -> Iterator[str]:
    what = f"google {call.listener} {call.method} {call.path}"
    if not call.emulated:
        yield f"{what}: the sandbox does not emulate this"
        return
    template, operation, _ = spec.find(call.method, call.path)
    if template is None:
        yield f"{what}: no such method in the discovery document"
        return
    what = f"{operation['operationId']} {call.status}"
    if call.status is not None and call.status >= 400:
        wrong = (
            [] if call.fault is not None else refusal_errors(call.listener, call.status, call.response_body)
        )
    else:
        wrong = _request_errors(spec, call)
        if call.fault is None and call.status is not None:
            wrong += _answer_errors(spec, call)
    yield from (f"{what}: {error}" for error in wrong)


def _request_errors(spec: Spec, call: Told) -> list[str]:
    asked = parse_qsl(call.query, keep_blank_values=True)
    query = {name: value for name, value in asked if name not in STANDARD_QUERY}
    body = shortened(without_kinds(json.loads(call.request_body))) if call.request_body else None
    content = call.content_type or "application/json"
    errors = spec.request_errors(call.method, unquote(call.path), query, body, content)
    return [f"request: {error}" for error in errors if not NUMBER_AS_TEXT.search(error)]


def without_kinds(value: Any) -> Any:
    """Give a body without `kind`, which clients send back as they got it.

    docs: AIP-203: what is output only is ignored in requests.
    """
    if isinstance(value, Mapping):
        return {name: without_kinds(inner) for name, inner in value.items() if name != "kind"}
    return [without_kinds(inner) for inner in value] if isinstance(value, list) else value


def _answer_errors(spec: Spec, call: Told) -> list[str]:
    body = shortened(json.loads(call.response_body)) if call.response_body else None
    status = call.status or 200
    return spec.response_errors(call.method, unquote(call.path), status, body)


def refusal_errors(api: str, status: int, text: str) -> list[str]:
    """Say what is wrong with a refusal's body, in the form that the API's errors have."""
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return [f"no error in {text[:100]!r}"]
    wrong = [f"error.{name} is not known" for name in error.keys() - ERROR_MEMBERS]
    if error.get("code") != status or not error.get("message"):
        wrong.append("error.code is not the status, or there is no message")
    if api not in OLD_ERRORS:
        named = re.fullmatch(r"[A-Z_]+", str(error.get("status", "")))
        return [*wrong, *([] if named else ["error.status is missing"])]
    entries = error.get("errors") or []
    wrong += [f"errors[].{name} is not known" for one in entries for name in one.keys() - ENTRY_MEMBERS]
    if not entries or not all({"message", "domain", "reason"} <= one.keys() for one in entries):
        wrong.append("errors[] lacks message, domain or reason")
    return wrong
