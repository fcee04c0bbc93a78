"""How Route 53 spells names, and in which order it lists them.

docs: Route 53 Developer Guide, "DNS domain name format"; API Reference, ListResourceRecordSets.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")
_PLAIN = re.compile(r"[a-z0-9._\-]")


def decoded(text: str) -> str:
    r"""Give a text without Route 53's octal escapes (``\052`` is an asterisk)."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), text)


def spelt(name: str) -> str:
    r"""Give a name as Route 53 shows it: lower case, a final dot, other characters as octal escapes."""
    plain = decoded(name.strip()).lower().rstrip(".")
    return "".join(c if _PLAIN.fullmatch(c) else f"\\{ord(c):03o}" for c in plain) + "."


def plain(name: str) -> str:
    r"""Give a name without the final dot, as DNS spells it: ``*.example.com``."""
    shown = decoded(name).lower().rstrip(".")
    return "".join(c if _PLAIN.fullmatch(c) or c == "*" else f"\\{ord(c):03d}" for c in shown)


def reversed_labels(name: str) -> str:
    """Give what names are sorted by: the labels reversed, with a dot after each."""
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def within(name: str, zone: str) -> bool:
    """Say whether a name lies in a zone; both as Route 53 spells them."""
    return name == zone or name.endswith(f".{zone}")


def in_master_form(kind: str, value: str) -> str:
    """Give a value as a master file spells it: there, escapes are decimal."""
    if kind in ("TXT", "SPF"):
        return _ESCAPE.sub(lambda found: f"\\{int(found[1], 8):03d}", value)
    return value
