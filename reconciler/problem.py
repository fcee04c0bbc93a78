"""What is wrong with what a user wrote, where, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file: line and column count from 1; line 0 means the file as a whole."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def problem(self, what: str, instead: str, severity: Severity = "error") -> Problem:
        """Return a problem at this place."""
        return Problem(self.file, self.line, self.column, what, instead, severity)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: `what` says what, `instead` what to write or do; neither ends in a full stop."""

    file: str
    line: int
    column: int
    what: str
    instead: str
    severity: Severity = "error"

    @property
    def mark(self) -> Mark:
        """The place."""
        return Mark(self.file, self.line, self.column)

    def __str__(self) -> str:
        place = f"{self.mark}: " if self.file else ""
        return f"{place}{joined(self.what, self.instead)}"

    def as_data(self) -> dict[str, Any]:
        """Return the diagnostic object of Terraform's `validate -json` and event stream."""
        found: dict[str, Any] = {"severity": self.severity, "summary": self.what, "detail": self.instead}
        if self.file:
            place = {"line": self.line, "column": self.column}
            found["range"] = {"filename": self.file, "start": place, "end": dict(place)}
        return found


def in_order(problems: Iterable[Problem], files: Iterable[str] = ()) -> tuple[Problem, ...]:
    """Return problems without repeats: by file (`files` first, then as met), line and column."""
    unique = list(dict.fromkeys(problems))
    rank = {file: n for n, file in enumerate(dict.fromkeys((*files, *(p.file for p in unique))))}
    return tuple(sorted(unique, key=lambda p: (rank[p.file], p.line, p.column)))


def validation(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the document of `validate -json` (Terraform's format_version 1.0)."""
    errors = sum(1 for p in problems if p.severity == "error")
    return {
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": len(problems) - errors,
        "diagnostics": [p.as_data() for p in problems],
    }


def joined(what: str, instead: str) -> str:
    """Return what is wrong and what to do instead as one text; either may be a whole sentence."""
    return f"{what}; {instead}" if instead else what


def shown(text: str) -> str:
    """Return a user's text in quotes, fit for one line of a terminal: short, no control characters."""
    cut = text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut) + '"'


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a mistyped one, if one is like it."""
    if len(name) > SHOWN_CHARS:
        return None
    # Case and separators are what people mix up first: `sendingDomains`, `sending-domains`.
    by_letters = {_letters(word): word for word in sorted(known, reverse=True)}
    found = difflib.get_close_matches(_letters(name), by_letters, n=1)
    return by_letters[found[0]] if found else None


def _letters(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
