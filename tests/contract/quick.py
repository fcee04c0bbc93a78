"""Whether a JSON value fits a schema, found out quickly: asked thousands of times, mostly answered by yes.

Yes is certain. No may also mean that a schema says what this does not read: then jsonschema decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jsonschema import FormatChecker

Schema = Any  # a JSON Schema: a mapping, True or False
#: Tells whether a value fits, and adds to the set, where there is one, the members that the schema has named.
Check = Callable[[Any, "set[str] | None"], bool]
NOTES = frozenset({"title", "description", "default", "readOnly", "writeOnly", "deprecated", "components"})
SCALARS = (str, int, float, bool, type(None))
FORMATS = FormatChecker()
KINDS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


class Quick:
    """Checks of schemas that refer to these named ones."""

    def __init__(self, named: Mapping[str, Schema]) -> None:
        """Nothing is made before it is asked for: schemas may refer to themselves."""
        self._schemas = named
        self._named: dict[str, Check] = {}
        self._words: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
            "$ref": self._ref,
            "allOf": self._all_of,
            "anyOf": self._any_of,
            "type": _type,
            "enum": _enum,
            "format": _format,
            "required": _required,
            "items": self._items,
            "properties": self._properties,
            "additionalProperties": self._additional,
        }

    def check(self, schema: Schema) -> Check:
        """Give the check of a schema."""
        if not isinstance(schema, Mapping):
            return lambda _value, _seen: schema is True
        words = schema.keys() - NOTES
        closed = "unevaluatedProperties" in words and schema["unevaluatedProperties"] is False
        words -= {"unevaluatedProperties"} if closed else set()
        if not words <= self._words.keys():
            return lambda _value, _seen: False
        # In the order of the table: what is cheap to say no comes before members and items.
        parts = [self._words[word](schema) for word in sorted(words, key=list(self._words).index)]
        return _closed(parts) if closed else _every(parts)

    def _ref(self, schema: Mapping[str, Any]) -> Check:
        name = schema["$ref"].rsplit("/", 1)[1]

        def check(value: Any, seen: set[str] | None) -> bool:
            if name not in self._named:
                self._named[name] = self.check(self._schemas[name])
            return self._named[name](value, seen)

        return check

    def _all_of(self, schema: Mapping[str, Any]) -> Check:
        return _every([self.check(part) for part in schema["allOf"]])

    def _any_of(self, schema: Mapping[str, Any]) -> Check:
        checks = [self.check(part) for part in schema["anyOf"]]

        def check(value: Any, seen: set[str] | None) -> bool:
            if seen is None:
                return any(each(value, None) for each in checks)
            fits = False
            for each in checks:
                named: set[str] = set()
                if each(value, named):
                    fits = True
                    seen |= named
            return fits

        return check

    def _items(self, schema: Mapping[str, Any]) -> Check:
        each = self.check(schema["items"])
        return lambda value, _seen: not isinstance(value, list) or all(each(item, None) for item in value)

    def _properties(self, schema: Mapping[str, Any]) -> Check:
        checks = {name: self.check(part) for name, part in schema["properties"].items()}

        def check(value: Any, seen: set[str] | None) -> bool:
            there = value.keys() & checks.keys() if isinstance(value, dict) else set()
            if seen is not None:
                seen |= there
            return all(checks[name](value[name], None) for name in there)

        return check

    def _additional(self, schema: Mapping[str, Any]) -> Check:
        each, known = self.check(schema["additionalProperties"]), schema.get("properties", {}).keys()

        def check(value: Any, seen: set[str] | None) -> bool:
            there = value.keys() - known if isinstance(value, dict) else set()
            if seen is not None:
                seen |= there
            return all(each(value[name], None) for name in there)

        return check


def _every(parts: Sequence[Check]) -> Check:
    if len(parts) == 1:
        return parts[0]
    return lambda value, seen: all(part(value, seen) for part in parts)


def _closed(parts: Sequence[Check]) -> Check:
    every = _every(parts)

    def check(value: Any, seen: set[str] | None) -> bool:
        named: set[str] = set()
        if not every(value, named) or (isinstance(value, dict) and not value.keys() <= named):
            return False
        if seen is not None:
            seen |= named
        return True

    return check


def _type(schema: Mapping[str, Any]) -> Check:
    wanted = schema["type"]
    kinds = [KINDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted)]
    return lambda value, _seen: any(kind(value) for kind in kinds)


def _enum(schema: Mapping[str, Any]) -> Check:
    # With their types, as True is no 1.
    allowed = {(type(each), each) for each in schema["enum"] if isinstance(each, SCALARS)}
    return lambda value, _seen: isinstance(value, SCALARS) and (type(value), value) in allowed


def _format(schema: Mapping[str, Any]) -> Check:
    return lambda value, _seen: FORMATS.conforms(value, schema["format"])


def _required(schema: Mapping[str, Any]) -> Check:
    names = frozenset(schema["required"])
    return lambda value, _seen: not isinstance(value, dict) or names <= value.keys()
