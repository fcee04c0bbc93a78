"""The JSON Schema of the files, provider options included, and what it finds wrong, said readably."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from reconciler.data_files import schema_text
from reconciler.provider import ProviderType
from reconciler.schema_errors import Found, problems_of
from reconciler.yaml_marks import MAX_PROBLEMS, Document

DOMAINS_SCHEMA = "domains-v1.schema.json"


def whole(types: Mapping[str, ProviderType]) -> dict[str, Any]:
    """Return the schema of one file, with the options of every provider type: for editors and for tdr."""
    schema: dict[str, Any] = json.loads(schema_text(DOMAINS_SCHEMA))
    account = schema["$defs"]["account"]
    account["properties"]["type"]["enum"] = sorted(types)
    account["allOf"] = [_if_type(name) for name in sorted(types)]
    for name in sorted(types):
        schema["$defs"][f"account-{name}"] = _account(types[name])
    return schema


def _if_type(name: str) -> dict[str, Any]:
    is_it = {"type": "object", "properties": {"type": {"const": name}}, "required": ["type"]}
    return {"if": is_it, "then": {"$ref": f"#/$defs/account-{name}"}}


def _account(type_: ProviderType) -> dict[str, Any]:
    """Return the schema of one account: the type's own options, and `type`."""
    options = json.loads(json.dumps(_plain(type_.options)))
    options.setdefault("additionalProperties", False)
    options["properties"] = {"type": {"const": type_.name}, **options.get("properties", {})}
    if "$defs" in options:
        # A resource of its own, so that its `#/$defs/…` go on meaning what they meant to its author.
        options.setdefault("$id", f"urn:tdr:schema:options:{type_.name}")
    return {"type": "object", **options}


def _plain(value: Any) -> Any:
    """Return a schema as plain JSON values, whatever mappings and sequences it was written in."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [_plain(item) for item in value]
    return value


class Checker:
    """Judges documents by the whole schema.

    Domains are many and alike: one whose shape was found valid is not looked at again (`_shape`). A test
    holds this to the verdicts of the whole schema.
    """

    def __init__(self, types: Mapping[str, ProviderType]) -> None:
        schema = whole(types)
        registry = Registry().with_resource(schema["$id"], DRAFT202012.create_resource(schema))
        self._all = Draft202012Validator(schema, registry=registry)
        self._domain = Draft202012Validator({"$ref": f"{schema['$id']}#/$defs/domain"}, registry=registry)
        self._valid_shapes: set[Any] = set()

    def found(self, document: Document) -> tuple[Found, ...]:
        """Return what is wrong with a document, at most MAX_PROBLEMS, each with the path of its value."""
        errors = islice(self._errors(document.value), MAX_PROBLEMS)
        pairs = (found for path, error in errors for found in problems_of(document, path, error))
        return tuple(islice(pairs, MAX_PROBLEMS))

    def _errors(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], ValidationError]]:
        domains = value.get("domains") if isinstance(value, dict) else None
        rest = {**value, "domains": {}} if isinstance(domains, dict) else value
        for error in self._all.iter_errors(rest):
            yield tuple(error.absolute_path), error
        for host, domain in domains.items() if isinstance(domains, dict) else ():
            for error in self._domain_errors(domain):
                yield ("domains", host, *error.absolute_path), error

    def _domain_errors(self, domain: Any) -> Iterator[ValidationError]:
        shape = _shape(domain)
        if shape is not None and shape in self._valid_shapes:
            return
        valid = True
        for error in self._domain.iter_errors(domain):
            valid = False
            yield error
        if valid and shape is not None:
            self._valid_shapes.add(shape)


def _shape(domain: Any) -> tuple[Any, ...] | None:
    """Return all of a domain that the schema can see; of a list that is only its items' types."""
    if not isinstance(domain, dict):
        return None
    shape: list[Any] = []
    for key, value in domain.items():
        if isinstance(value, dict):
            return None
        seen = frozenset(map(type, value)) if isinstance(value, list) else value
        shape.append((key, type(value), seen))
    return tuple(shape)
