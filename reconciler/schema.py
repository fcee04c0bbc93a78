"""The JSON Schema of the files, provider options included: for editors, and what tdr judges files by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.data_files import schema_text
from reconciler.provider import ProviderType

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
