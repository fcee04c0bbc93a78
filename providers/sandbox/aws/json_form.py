"""Values in JSON and CBOR, by the model: what acm, the tagging API and the price plans speak."""

from __future__ import annotations

from typing import Any

from .models import Shape, spelling


def spelled(shape: Shape, value: Any) -> Any:
    """Give a value as it travels; a time is unix seconds already."""
    match shape.type_name:
        case "structure":
            members = {n: v for n, v in value.items() if v is not None}
            return {spelling(shape, n): spelled(shape.members[n], v) for n, v in members.items()}
        case "list":
            return [spelled(shape.member, item) for item in value]
        case "map":
            return {key: spelled(shape.value, item) for key, item in value.items()}
    return value


def read(shape: Shape, value: Any, at: str = "") -> Any:
    """Read a value; members that nobody named are passed over, as AWS does. Raises ValueError for a kind."""
    match shape.type_name:
        case "structure":
            names = {spelling(shape, name): name for name in shape.members}
            pairs = _mapping(value, at).items()
            return {
                names[k]: read(shape.members[names[k]], v, f"{at}.{k}")
                for k, v in pairs
                if k in names and v is not None
            }
        case "list":
            if not isinstance(value, list):
                raise ValueError(f"{at or 'the body'} is not a list")
            return [read(shape.member, item, f"{at}[{n}]") for n, item in enumerate(value)]
        case "map":
            return {key: read(shape.value, item, f"{at}.{key}") for key, item in _mapping(value, at).items()}
    return _leaf(shape, value, at)


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int, float),
}


def _leaf(shape: Shape, value: Any, at: str) -> Any:
    wanted = _KINDS.get(shape.type_name, (object,))
    a_number_too = isinstance(value, bool) and shape.type_name in ("integer", "long", "timestamp")
    if not isinstance(value, wanted) or a_number_too:
        raise ValueError(f"{at} is not a {shape.type_name}")
    return value


def _mapping(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{at or 'the body'} is not a mapping")
    return value
