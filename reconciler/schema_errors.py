"""What a JSON Schema validator finds, said as: what is wrong, what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError

from reconciler.problem import Mark, Problem, nearest, shown
from reconciler.scalars import plain
from reconciler.secret_shapes import looks_like_secret, names_a_secret
from reconciler.yaml_marks import Document

Path = tuple[str | int, ...]
Found = tuple[Path, Problem]

# Keys that people know from SparkPost's API, with tdr's way.
_HINTS = {
    "uses_managed_certificate": (
        "managed HTTPS excludes a CDN, so it is chosen in the CDN's place",
        "write `cdn:` with the domain's own sparkpost alias, and remove this key",
    ),
    "secure": ("HTTPS is what tdr makes of every domain", "remove this key"),
    "verified": ("tdr verifies every domain", "remove this key"),
    "region": ("the region belongs to the account", "write it under `providers`, at the alias"),
}
_HINTS["managed"] = _HINTS["managed_certificate"] = _HINTS["managed_https"] = _HINTS[
    "uses_managed_certificate"
]
_YES = frozenset({"yes", "y", "on", "true"})
_NO = frozenset({"no", "n", "off", "false"})
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """A validator's error: the keyword that refuses `given`, the keyword's value, the schema around it."""

    keyword: str
    wanted: Any
    given: Any
    schema: Any
    of_name: bool


def problems_of(document: Document, path: Path, found: ValidationError) -> Iterator[Found]:
    """Yield the problems that one validation error stands for, with the path of what each is about."""
    of_name = "propertyNames" in found.absolute_schema_path
    error = Complaint(str(found.validator), found.validator_value, found.instance, found.schema, of_name)
    if error.of_name:
        yield _bad_name(document, path, error)
    elif error.keyword == "additionalProperties":
        yield from _unknown_keys(document, path, error)
    else:
        say = _SAYINGS.get(error.keyword, _other)
        what, instead = say(path, error)
        yield path, _place(document, path, error).problem(what, instead)


def _place(document: Document, path: Path, error: Complaint) -> Mark:
    """Return where to point: at the value; at the key of what lacks something or is empty."""
    if path and (error.keyword == "required" or error.given is None):
        return document.key_mark(*path)
    return document.mark(*path)


def _bad_name(document: Document, path: Path, error: Complaint) -> Found:
    name = str(error.given)
    what = f"{shown(name)} is not {_expected(error.schema)}"
    if name == "none":
        what = '"none" is no alias: it stands for "no account"'
    place = (*path, name)
    return place, document.key_mark(*place).problem(what, _example(error.schema))


def _unknown_keys(document: Document, path: Path, error: Complaint) -> Iterator[Found]:
    known = list(error.schema.get("properties", {}))
    for key in error.given:
        if key in known or _matches(key, error.schema.get("patternProperties", {})):
            continue
        place = (*path, key)
        # A secret within an account is told with the variable to use, by the offline rules.
        if not (names_a_secret(key) and path[:1] == ("providers",)):
            what, instead = _unknown_key(path, key, known)
            yield place, document.key_mark(*place).problem(what, instead)


def _matches(key: str, patterns: dict[str, Any]) -> bool:
    return any(re.search(pattern, key) for pattern in patterns)


def _unknown_key(path: Path, key: str, known: list[str]) -> tuple[str, str]:
    if names_a_secret(key):
        return f"{shown(key)} would be a secret in the file", "remove it: secrets come from the environment"
    if path[:1] == ("domains",) and key in _HINTS:
        why, instead = _HINTS[key]
        return f"unknown key {shown(key)} ({why})", instead
    what = f"unknown key {shown(key)} in {_named(path)}"
    if like := nearest(key, known):
        return what, f"write {shown(like)}"
    return what, f"use one of: {', '.join(sorted(known))}"


def _type(path: Path, error: Complaint) -> tuple[str, str]:
    value, schema = error.given, error.schema
    if not path:
        what = "the file is empty" if value is None else f"the file is not a mapping but {_given(value)}"
        return what, "begin with `version: 1`"
    what = f"{_named(path)} must be {_expected(schema)}, not {_given(value)}"
    wanted = error.wanted if isinstance(error.wanted, list) else [error.wanted]
    return what, _converted(value, wanted, schema) or _example(schema, path)


def _converted(value: Any, wanted: list[str], schema: Any) -> str | None:
    """Return how to write this very value in the type that is wanted."""
    if isinstance(value, str):
        return _converted_text(value, wanted)
    if "string" in wanted and isinstance(value, bool | int | float):
        text = json.dumps(value)
        return f'put it in quotes: "{text}"' if re.search(schema.get("pattern", ""), text) else None
    return None


def _converted_text(value: str, wanted: list[str]) -> str | None:
    if "boolean" in wanted and value.lower() in _YES | _NO:
        return f"write {'true' if value.lower() in _YES else 'false'}, without quotes"
    if "integer" in wanted and re.fullmatch(r"[0-9]{1,12}", value):
        return f"write {value} without quotes"
    if "integer" in wanted and (found := re.fullmatch(r"([0-9]{1,6})([smhd])", value)):
        return f"write {int(found[1]) * _UNITS_S[found[2]]}, in seconds"
    if "array" in wanted and len(value) <= 60 and not looks_like_secret(value):
        return f"write a list: [{value}]"
    return None


def _enum(path: Path, error: Complaint) -> tuple[str, str]:
    choices = [str(choice) for choice in error.wanted]
    what = f"{_named(path)} cannot be {_given(error.given)}"
    if path[:1] == ("providers",) and path[-1:] == ("type",):
        what = f"no provider type {_quoted(error.given)} is installed"
    like = nearest(error.given, choices) if isinstance(error.given, str) else None
    if like:
        return what, f"write {like}" + (f" (or one of: {', '.join(choices)})" if len(choices) > 1 else "")
    return what, f"write one of: {', '.join(choices)}"


def _const(path: Path, error: Complaint) -> tuple[str, str]:
    wanted = json.dumps(error.wanted)
    key = f"{path[-1]}: " if path else ""
    if path == ("version",):
        return (
            f"this tdr reads version {wanted} of the format, not {_given(error.given)}",
            f"write {key}{wanted}",
        )
    return f"{_named(path)} cannot be {_given(error.given)}", f"write {key}{wanted}"


def _unfit(path: Path, error: Complaint) -> tuple[str, str]:
    """A value of the right type that a pattern, a range or a length refuses."""
    if "title" not in error.schema and "description" in error.schema:
        what = f"{_named(path)} cannot be {_given(error.given)}"
        return what, f"what belongs here: {error.schema['description'].rstrip('.')}"
    what = f"{_named(path)} is {_given(error.given)}, which is not {_expected(error.schema)}"
    return what, _example(error.schema, path)


def _too_few(path: Path, error: Complaint) -> tuple[str, str]:
    about = str(error.schema.get("description", "")).rstrip(".")
    what = "is an empty list" if not error.given else f"has fewer than {error.wanted} items"
    return f"{_named(path)} {what}", f"what belongs here: {about}" if about else _example(error.schema, path)


def _twice(path: Path, error: Complaint) -> tuple[str, str]:
    repeated = next((one for at, one in enumerate(error.given) if one in error.given[:at]), "")
    return f"{_named(path)} names {_given(repeated)} twice", "write each once"


def _required(path: Path, error: Complaint) -> tuple[str, str]:
    missing = next((key for key in error.wanted if key not in error.given), "")
    if not path:
        return (
            f"the file has no {shown(missing)}",
            "add `version: 1`" if missing == "version" else f"add {missing}",
        )
    return f"{_named(path)} has no {shown(missing)}", f"add `{missing}: …`"


def _other(path: Path, error: Complaint) -> tuple[str, str]:
    if "title" in error.schema or "type" in error.schema:
        return _unfit(path, error)
    return f"{_named(path)} does not fit its schema ({error.keyword})", "see `tdr schema`"


_SAYINGS: dict[str, Callable[[Path, Complaint], tuple[str, str]]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "pattern": _unfit,
    "minimum": _unfit,
    "maximum": _unfit,
    "minItems": _too_few,
    "uniqueItems": _twice,
}


def _named(path: Path) -> str:
    """Return what a path is called in a message."""
    match path:
        case ():
            return "the file"
        case ("domains", host):
            return f"the domain {shown(str(host))}"
        case ("providers", alias):
            return f"the alias {shown(str(alias))}"
        case (*_, str(key), int()):
            return f"an item of {shown(key)}"
        case _:
            return shown(str(path[-1]))


def _given(value: Any) -> str:
    """Return what was written, as a message shows it; never a secret."""
    if isinstance(value, str):
        return _quoted(value) if looks_like_secret(value) else f"the text {shown(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if value is None:
        return "empty"
    return "a mapping" if isinstance(value, dict) else "a list"


def _quoted(value: Any) -> str:
    """Return a value in quotes; a secret, as far as it can be told, is not shown."""
    text = str(value)
    return "a text that looks like a secret" if looks_like_secret(text) else shown(text)


def _expected(schema: Any) -> str:
    """Return what a schema wants: its title, else its type."""
    if isinstance(schema, dict) and "title" in schema:
        return str(schema["title"])
    types = schema.get("type", []) if isinstance(schema, dict) else []
    names = types if isinstance(types, list) else [types]
    return " or ".join(_TYPES[name] for name in names) or "what its schema allows"


def _example(schema: Any, path: Path = ()) -> str:
    """Return what to write, by the schema's own example."""
    examples = schema.get("examples") if isinstance(schema, dict) else None
    if not examples:
        return f"write {_expected(schema)}"
    key = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
    return f"write for example {key}{_flow(examples[0])}"


def _flow(value: Any) -> str:
    """Return a value as a person writes it in YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    bare = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][\w./*-]*", value) and plain(value) == value
    return value if bare else json.dumps(value, ensure_ascii=False)
