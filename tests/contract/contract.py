"""Judge requests and answers by a vendor's OpenAPI description.

    spec = Spec(Path("cloudflare.json"), strict=True)
    spec.request_errors("POST", "/client/v4/zones/z/dns_records", {}, body)
    spec.response_errors("POST", "/client/v4/zones/z/dns_records", 200, answer)

Each returns a list of texts, empty when all is well.  `strict` also refuses members that the
description does not name, which plain OpenAPI validation lets through.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.contract.quick import Check, Quick

Schema = Any  # a JSON Schema: a mapping, True or False
ONE = ("items", "not", "additionalProperties")
SEVERAL = ("allOf", "anyOf", "oneOf")
IGNORED = frozenset({"example", "examples", "discriminator", "xml", "externalDocs"})
# What a text in a query may stand for besides itself.
READINGS: dict[str, list[Any]] = {"true": [True], "false": [False], "1": [True], "0": [False], "": [None]}
FORM = "application/x-www-form-urlencoded"


class Spec:
    """One description; `null_is_absent` reads a null member as left out, as some vendors mean it."""

    def __init__(
        self, source: Mapping[str, Any] | Path, *, strict: bool = False, null_is_absent: bool = False
    ) -> None:
        """Read a description: parsed already, or a JSON file."""
        self.doc: Mapping[str, Any] = (
            json.loads(source.read_text(encoding="utf-8")) if isinstance(source, Path) else source
        )
        self.strict, self.null_is_absent = strict, null_is_absent
        servers = [urllib.parse.urlsplit(server["url"]).path for server in self.doc.get("servers", [])]
        self._bases = [base.rstrip("/") for base in servers] + [""]
        self._routes = sorted((_route(template) for template in self.doc["paths"]), key=lambda r: r[0])
        self._shared = {side: self._components(side) for side in ("request", "response")}
        self._quick = {side: Quick(shared) for side, shared in self._shared.items()}
        self._validators: dict[tuple[str, str], tuple[Check, Draft202012Validator]] = {}

    def find(self, method: str, path: str) -> tuple[str | None, Any, dict[str, str]]:
        """Give template, operation and path parameters of a call; (None, None, {}) where there is none."""
        path, method = urllib.parse.urlsplit(path).path, method.lower()
        for base in self._bases:
            if not path.startswith(base):
                continue
            for _, pattern, template in self._routes:
                match = pattern.match(path[len(base) :])
                if match and method in self.doc["paths"][template]:
                    return template, self.doc["paths"][template][method], match.groupdict()
        return None, None, {}

    def request_errors(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> list[str]:
        """Say what is wrong with a request: parameters, then the body."""
        template, operation, given = self.find(method, path)
        if template is None:
            return [f"{method} {path}: no such operation"]
        errors = self._parameter_errors(template, operation, {"path": given, "query": dict(query or {})})
        return errors + self._body_errors(operation, body, content_type)

    def response_errors(self, method: str, path: str, status: int, body: Any = None) -> list[str]:
        """Say what is wrong with an answer."""
        template, operation, _ = self.find(method, path)
        if template is None:
            return [f"{method} {path}: no such operation"]
        answers = operation["responses"]
        kinds = (str(status), f"{status // 100}XX", "default")
        answer = next((answers[kind] for kind in kinds if kind in answers), None)
        if answer is None:
            return [f"status {status} is not described"]
        content = self._resolved(answer).get("content")
        if not content:
            return [] if body in (None, "", {}) else ["a body is not described"]
        return self._errors("response", next(iter(content.values())).get("schema", {}), body)

    def _parameter_errors(
        self, template: str, operation: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]
    ) -> list[str]:
        listed = [*self.doc["paths"][template].get("parameters", []), *operation.get("parameters", [])]
        known = {(p["in"], p["name"]): p for p in map(self._resolved, listed)}
        errors: list[str] = []
        for (where, name), parameter in known.items():
            value = given.get(where, {}).get(name)
            if value is None:
                if parameter.get("required") and where in given:
                    errors.append(f"{where} parameter {name} is missing")
                continue
            text = urllib.parse.unquote(value) if where == "path" else value
            found = self._text_errors(parameter.get("schema", {}), text)
            errors += [f"{where} parameter {name}: {error}" for error in found]
        unknown = [name for name in given["query"] if ("query", name) not in known]
        return errors + [f"query parameter {name} is not described" for name in unknown]

    def _body_errors(self, operation: Mapping[str, Any], body: Any, content_type: str) -> list[str]:
        wanted = self._resolved(operation.get("requestBody"))
        if wanted is None:
            return ["a body is not described"] if body not in (None, {}, "") else []
        if body is None:
            return ["the body is missing"] if wanted.get("required") else []
        kind = content_type.partition(";")[0].strip()
        media = wanted["content"].get(kind)
        if media is None:
            return [f"content type {content_type} is not one of {sorted(wanted['content'])}"]
        if kind != FORM:
            return self._errors("request", media.get("schema", {}), body)
        fields = self._resolved(media["schema"])["properties"]
        return [
            f"form field {name}: {error}"
            for name, value in body.items()
            for error in self._text_errors(fields.get(name, False), value)
        ]

    def _text_errors(self, schema: Schema, given: Any) -> list[str]:
        """Errors of a query, path or form value, which travels as text whatever its type."""
        readings = [given]
        if isinstance(given, str):
            readings += READINGS.get(given, [])
            readings += [int(given)] if re.fullmatch(r"-?\d+", given) else []
            readings += [[given]]
        tries = [self._errors("request", schema, reading) for reading in readings]
        return min(tries, key=len) if all(tries) else []

    def _resolved(self, part: Any) -> Any:
        while isinstance(part, Mapping) and "$ref" in part:
            _, _, section, name = part["$ref"].split("/")
            part = self.doc["components"][section][name]
        return part

    def _components(self, side: str) -> dict[str, Schema]:
        shared = {k: self._plain(v, side) for k, v in self.doc["components"]["schemas"].items()}
        return {k: _closed(v, shared, here=False) for k, v in shared.items()} if self.strict else shared

    def _errors(self, side: str, schema: Schema, value: Any) -> list[str]:
        if isinstance(schema, bool):
            return [] if schema else ["is not described"]
        value = without_nulls(value) if self.null_is_absent else value
        fits, validator = self._validator(side, schema)
        found = () if fits(value, None) else validator.iter_errors(value)
        return [f"{error.json_path}: {deepest(error)}" for error in found]

    def _validator(self, side: str, schema: Schema) -> tuple[Check, Draft202012Validator]:
        key = (side, json.dumps(schema, sort_keys=True))
        if key not in self._validators:
            shared = self._shared[side]
            whole = self._plain(schema, side)
            if self.strict:
                whole = _closed(whole, shared, here=True)
            root = {"components": {"schemas": shared}, **whole}
            registry: Registry[Schema] = Registry().with_resource("", DRAFT202012.create_resource(root))
            exact = Draft202012Validator(root, registry=registry, format_checker=FormatChecker())
            self._validators[key] = (self._quick[side].check(whole), exact)
        return self._validators[key]

    def _plain(self, schema: Schema, side: str) -> Schema:
        """An OpenAPI schema as JSON Schema 2020-12, for requests or for answers."""
        if not isinstance(schema, Mapping):
            return schema
        if "$ref" in schema and self.doc["openapi"].startswith("3.0"):
            return {"$ref": schema["$ref"]}
        out = {word: value for word, value in schema.items() if word not in IGNORED}
        for word in ONE:
            if isinstance(out.get(word), Mapping):
                out[word] = self._plain(out[word], side)
        for word in SEVERAL:
            if word in out:
                out[word] = [self._plain(part, side) for part in out[word]]
        if "properties" in out:
            self._members(out, side)
        _limits(out)
        return {"anyOf": [out, {"type": "null"}]} if out.pop("nullable", False) else out

    def _members(self, out: dict[str, Any], side: str) -> None:
        """Keep the members that travel this way: readOnly ones are no part of a request."""
        gone = {n for n, p in out["properties"].items() if side == "request" and _read_only(p)}
        out["properties"] = {n: self._plain(p, side) for n, p in out["properties"].items() if n not in gone}
        if gone and "required" in out:
            out["required"] = [name for name in out["required"] if name not in gone]


def _route(template: str) -> tuple[int, re.Pattern[str], str]:
    """How exact a path template is (fewer parameters first), its pattern, and itself."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)).rstrip("/")
    return template.count("{"), re.compile(pattern + "/?$", re.IGNORECASE), template


def _read_only(schema: Schema) -> bool:
    return isinstance(schema, Mapping) and bool(schema.get("readOnly"))


def _limits(out: dict[str, Any]) -> None:
    """OpenAPI 3.0 says `exclusiveMinimum: true` beside `minimum`; JSON Schema has one number."""
    for word, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(out.get(word), bool) and out.pop(word) and plain in out:
            out[word] = out.pop(plain)


def _parts(schema: Mapping[str, Any], shared: Mapping[str, Schema]) -> Iterator[Schema]:
    for word in SEVERAL:
        yield from schema.get(word, [])
    if "$ref" in schema:
        yield shared[schema["$ref"].rsplit("/", 1)[1]]


def _names_members(schema: Schema, shared: Mapping[str, Schema], seen: tuple[int, ...] = ()) -> bool:
    """Whether a schema names any member, itself or through what it refers to."""
    if not isinstance(schema, Mapping) or id(schema) in seen:
        return False
    if schema.get("additionalProperties") not in (None, False):
        return False
    if schema.get("properties"):
        return True
    return any(_names_members(part, shared, (*seen, id(schema))) for part in _parts(schema, shared))


def _closed(schema: Schema, shared: Mapping[str, Schema], *, here: bool) -> Schema:
    """A copy of a schema in which each place for members refuses those that nobody named."""
    if not isinstance(schema, Mapping):
        return schema
    out = dict(schema)
    for word in SEVERAL:
        if word in out:
            out[word] = [_closed(part, shared, here=False) for part in out[word]]
    for word in ONE:
        if isinstance(out.get(word), Mapping):
            out[word] = _closed(out[word], shared, here=word != "not")
    if "properties" in out:
        out["properties"] = {n: _closed(p, shared, here=True) for n, p in out["properties"].items()}
    if here and _names_members(schema, shared):
        out["unevaluatedProperties"] = False
    return out


def without_nulls(value: Any) -> Any:
    """A JSON value without its null members."""
    if isinstance(value, Mapping):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def deepest(error: Any) -> str:
    """The most telling text of a failed anyOf or oneOf: that of the branch that got furthest."""
    while error.context:
        error = max(
            error.context, key=lambda e: (len(e.absolute_path), e.validator not in ("type", "const", "enum"))
        )
    return f"{error.message[:200]} (at {error.json_path})"
