"""The quick check of a schema against jsonschema, which has the last word."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.contract.quick import Quick

NAMES = st.sampled_from("abc")
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 0.5, "x", "y"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "boolean", "null", "integer", "number"])
REF = st.just({"$ref": "#/components/schemas/Tree"})
TREE = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Tree"}, "b": {}}}
FLAT = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "required": st.lists(NAMES, max_size=1),
        "title": st.just("a note"),
        "minimum": st.just(1),  # not read: jsonschema decides
    },
)


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "items": inner,
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "additionalProperties": inner,
            "unevaluatedProperties": st.just(False),  # noqa: FBT003 - a schema
        },
    )


SCHEMAS = st.recursive(FLAT | REF | st.booleans(), _deeper, max_leaves=8)


def _exact(schema: Any, value: Any) -> bool:
    root = {"components": {"schemas": {"Tree": TREE}}, **schema}
    registry: Registry[Any] = Registry().with_resource("", DRAFT202012.create_resource(root))
    return Draft202012Validator(root, registry=registry).is_valid(value)


@settings(max_examples=100)
@given(SCHEMAS.filter(lambda schema: isinstance(schema, dict)), VALUES)
def test_its_yes_is_always_right(schema: Any, value: Any) -> None:
    if Quick({"Tree": TREE}).check(schema)(value, None):
        assert _exact(schema, value)


def test_it_says_yes_to_what_descriptions_are_made_of() -> None:
    row = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    other = {"type": "object", "properties": {"b": {"type": ["integer", "null"]}}, "required": ["b"]}
    schema = {
        "type": "array",
        "items": {"anyOf": [row, {"allOf": [row, other]}], "unevaluatedProperties": False},
    }
    check = Quick({}).check(schema)
    assert check([{"a": "x"}, {"a": "x", "b": 1}, {"a": "x", "b": None}], None)
    assert not check([{"a": "x", "c": 1}], None)
    assert not check([{"b": 1}], None)
