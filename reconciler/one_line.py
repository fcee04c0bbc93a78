"""Text of vendors' and users' as one line that a terminal shows and does not obey. Pure."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return text with every run of white space as one space, and what cannot be printed escaped."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
