"""The YAML parser's complaints, said so that a person sees what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from reconciler.problem import Mark, Problem, shown

_BARE_COMMENT = re.compile(r"(^|\s)#.*")
_KEY = re.compile(r"\s*(?:- +)?[\w.*-]+")
_GLUED = re.compile(r"(\s*(?:- +)?[\w.*-]+):[^\s:].*")
_PAIR = re.compile(r"\s*(?:- +)?[\w.*-]+: +[^\s\"'\[{|>&*].*")
_INDENT = "line it up with its neighbours: keys of one mapping stand in one column"


def syntax_problem(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """Return the parser's error as a problem at its place."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Mark(file, 0, 0).problem("this is not YAML", "save the file as UTF-8 text")
    said = " ".join(str(part) for part in (error.context, error.problem) if part)
    place = error.problem_mark
    # What is never closed or completed is told where it begins: the end of the file helps nobody.
    begun = ("unexpected end of stream", "flow", "could not find expected ':'")
    if error.context_mark is not None and any(words in said for words in begun):
        place = error.context_mark
    if "mapping values are not allowed" in said and (found := _line_above(text, error.problem_mark)):
        return found.in_file(file)
    what, instead = _meaning(said, _rest_of_line(text, error.problem_mark), _line(text, place.line))
    return Mark(file, place.line + 1, place.column + 1).problem(what, instead)


@dataclass(frozen=True, slots=True)
class _Misfit:
    """What is wrong in a line, counted from 0."""

    line: int
    column: int
    what: str
    instead: str

    def in_file(self, file: str) -> Problem:
        return Mark(file, self.line + 1, self.column + 1).problem(self.what, self.instead)


def _line_above(text: str, mark: yaml.Mark) -> _Misfit | None:
    """Return what the line above has to do with a `: ` that does not fit, where that is it.

    YAML takes a line without `: ` and the next one, if that stands deeper, for one text.
    """
    lines = text.splitlines()
    key = lines[mark.line][: mark.column]
    above = next((n for n in range(mark.line - 1, -1, -1) if _BARE_COMMENT.sub("", lines[n]).strip()), None)
    if above is None or not _KEY.fullmatch(key):
        return None
    written = _BARE_COMMENT.sub("", lines[above]).rstrip()
    column = len(written) - len(written.lstrip())
    if found := _GLUED.fullmatch(written):
        return _Misfit(above, found.end(1), "a `:` wants a space after it", "write `key: value`")
    if ":" not in written:
        return _Misfit(above, column, "this line has no `:`", f"write `{written.strip()}:`")
    if len(key) - len(key.lstrip()) > column and _PAIR.fullmatch(written):
        return _Misfit(
            mark.line,
            len(key) - len(key.lstrip()),
            "this line stands deeper than the one above, which has its value already",
            _INDENT,
        )
    return None


def _meaning(said: str, rest: str, line: str) -> tuple[str, str]:
    """Return what is wrong and what to write instead."""
    if "flow" in said and "${" in line:
        return "`${` inside {…} or […] is read as a bracket", 'put it in quotes: "${NAME}"'
    if "cannot start any token" in said:
        return _odd_start(rest)
    if "could not find expected ':'" in said and line.lstrip().startswith("-"):
        return "a dash that begins an item wants a space after it", "write `- item`"
    if "quoted scalar" in said and "end of stream" in said:
        return "a quote is opened here and never closed", "close it"
    for words, what, instead in _SAID:
        if words in said:
            return what, instead
    return f"this is not YAML: {shown(said)[1:-1]}", "correct it"


def _odd_start(rest: str) -> tuple[str, str]:
    """Return what to say of a character that begins no value."""
    if rest.startswith("\t"):
        return "a tab indents this line", "indent with spaces"
    return f"a value cannot begin with {shown(rest[:1])}", "put it in quotes"


_SAID = (
    ("tab character", "a tab indents this line", "indent with spaces"),
    (
        "mapping values are not allowed",
        "a `: ` does not fit here",
        "put the value in quotes, or check the indentation and that the line above has its `:`",
    ),
    ("unexpected ':'", "a `:` wants a space after it", "write `key: value`, or put the text in quotes"),
    ("flow mapping", "this {…} is not well formed or never closed", "write {key: value, key: value}"),
    ("flow sequence", "this […] is not well formed or never closed", "write [one, two]"),
    ("could not find expected ':'", "this line has no `: `", "write `key: value`"),
    ("block mapping", "this line does not fit the lines around it", _INDENT),
    ("block collection", "this line does not fit the list around it", _INDENT),
    ("block end", "this line does not fit the lines around it", _INDENT),
    ("undefined tag handle", "tags (`!name`) are not taken", "remove it and write the plain value"),
    ("document start", "this does not belong here", "keep one YAML mapping in the file"),
    ("escape c", "a backslash in double quotes begins something unknown", "use single quotes, or write \\\\"),
    ("end of stream", "the file ends too early", "complete it"),
)


def _line(text: str, number: int) -> str:
    """Return one line of a text, counted from 0."""
    return next((line for n, line in enumerate(text.splitlines()) if n == number), "")


def _rest_of_line(text: str, mark: yaml.Mark) -> str:
    return _line(text, mark.line)[mark.column :]
