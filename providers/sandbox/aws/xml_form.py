"""Values in XML, by the model: what route53, cloudfront and sts speak."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Tree

from .models import Shape, body_members, spelling


def element(shape: Shape, value: Any, tag: str) -> Tree.Element:
    """Spell a value as an element."""
    made = Tree.Element(tag)
    match shape.type_name:
        case "structure":
            for name, member in body_members(shape).items():
                if value.get(name) is not None:
                    _add(made, member, value[name], spelling(shape, name))
        case "list":
            for item in value:
                made.append(element(shape.member, item, shape.member.serialization.get("name", "member")))
        case _:
            made.text = text_of(shape, value)
    return made


def _add(parent: Tree.Element, shape: Shape, value: Any, tag: str) -> None:
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        parent.extend(element(shape.member, item, tag) for item in value)
    else:
        parent.append(element(shape, value, tag))


def text_of(shape: Shape, value: Any) -> str:
    """Spell a leaf: true and false, times in UTC."""
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        when = dt.datetime.fromtimestamp(value, dt.UTC)
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)


def rendered(root: Tree.Element, namespace: str) -> bytes:
    """Give a document with its default namespace."""
    root.set("xmlns", namespace)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(root, encoding="unicode").encode()


def parsed(shape: Shape, found: Tree.Element) -> Any:
    """Read an element. Raises ValueError naming what is not described or of the wrong kind."""
    match shape.type_name:
        case "structure":
            return _structure(shape, found)
        case "list":
            return [parsed(shape.member, child) for child in found]
        case _:
            return leaf(shape, found.text or "")


def _structure(shape: Shape, found: Tree.Element) -> dict[str, Any]:
    names = {spelling(shape, name): name for name in shape.members}
    out: dict[str, Any] = {}
    for child in found:
        tag = child.tag.rpartition("}")[2]
        if tag not in names:
            raise ValueError(f"unexpected element {tag} in {found.tag.rpartition('}')[2]}")
        member = shape.members[names[tag]]
        if member.type_name == "list" and member.serialization.get("flattened"):
            out.setdefault(names[tag], []).append(parsed(member.member, child))
        else:
            out[names[tag]] = parsed(member, child)
    return out


def leaf(shape: Shape, text: str) -> Any:
    """Read a leaf as it travels in text: XML, a query, a header, a form. Raises ValueError."""
    match shape.type_name:
        case "boolean":
            if text not in ("true", "false"):
                raise ValueError(f"{text!r} is not a boolean")
            return text == "true"
        case "integer" | "long":
            return int(text)
        case "float" | "double":
            return float(text)
        case "timestamp":
            return dt.datetime.fromisoformat(text).timestamp()
    return text


def document(body: bytes) -> Tree.Element:
    """Read a document; entities of its own are refused. Raises ValueError."""
    if b"<!" in body:
        raise ValueError("a document type is not allowed")
    parser: Any = Tree.XMLPullParser(("end",))
    try:
        parser.feed(body)
        parser.close()
        ends: list[Tree.Element] = [found for _, found in parser.read_events()]
    except Tree.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    return ends[-1]


def form(shape: Shape, given: Mapping[str, str], prefix: str = "") -> Any:
    """Read a structure from the flat names of the query protocol (``Tags.member.1.Key``)."""
    out: dict[str, Any] = {}
    for name, member in shape.members.items():
        at = f"{prefix}{spelling(shape, name)}"
        if not any(key == at or key.startswith(f"{at}.") for key in given):
            continue
        out[name] = _form_value(member, given, at)
    return out


def _form_value(shape: Shape, given: Mapping[str, str], at: str) -> Any:
    if shape.type_name == "structure":
        return form(shape, given, f"{at}.")
    if shape.type_name == "list":
        start = f"{at}." if shape.serialization.get("flattened") else f"{at}.member."
        count = len({key[len(start) :].partition(".")[0] for key in given if key.startswith(start)})
        return [_form_value(shape.member, given, f"{start}{n + 1}") for n in range(count)]
    return leaf(shape, given[at])
