"""How Cloud DNS spells names."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
LONGEST = 253


def is_name(text: object, *, wildcard: bool = False) -> bool:
    """Say whether a text is a full DNS name: labels, and a dot at the end."""
    if not isinstance(text, str) or not text.endswith(".") or len(text) > LONGEST + 1:
        return False
    labels = text.lower()[:-1].split(".")
    if wildcard and labels[0] == "*":
        labels = labels[1:]
    return all(_LABEL.fullmatch(label) for label in labels)


def reversed_labels(name: str) -> str:
    """Give what names are sorted by: the labels reversed, with a dot after each."""
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def within(name: str, zone: str) -> bool:
    """Say whether a name lies in a zone; both with their final dots."""
    return name == zone or name.endswith(f".{zone}")
