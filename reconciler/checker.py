"""Judging documents by the whole schema, at the scale of ten thousand domains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from reconciler.schema_errors import Found, problems_of
from reconciler.yaml_marks import MAX_PROBLEMS, Document

PathError = tuple[tuple[str | int, ...], ValidationError]


class Checker:
    """Judges documents by the whole schema (`schema.whole`).

    Domains are many and alike: one whose shape was found valid is not looked at again (`_shape`). A test
    holds this to the verdicts of the whole schema.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        registry = Registry().with_resource(schema["$id"], DRAFT202012.create_resource(schema))
        self._all = Draft202012Validator(schema, registry=registry)
        self._domain = Draft202012Validator({"$ref": f"{schema['$id']}#/$defs/domain"}, registry=registry)
        self._valid_shapes: set[Any] = set()

    def found(self, document: Document) -> tuple[Found, ...]:
        """Return what is wrong with a document, at most MAX_PROBLEMS, each with the path of its value."""
        errors = islice(_first_things(self._errors(document.value)), MAX_PROBLEMS)
        pairs = (
            found
            for path, error in errors
            if not document.is_unread(*path)
            for found in problems_of(document, path, error)
        )
        return tuple(islice(pairs, MAX_PROBLEMS))

    def _errors(self, value: Any) -> Iterator[PathError]:
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


def _first_things(errors: Iterable[PathError]) -> Iterator[PathError]:
    """Leave out what is said of a value whose very type is wrong; the type comes first in a schema."""
    wrong_type = None
    for path, error in errors:
        if path == wrong_type and error.validator != "additionalProperties":
            continue
        wrong_type = path if error.validator == "type" else None
        yield path, error


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
