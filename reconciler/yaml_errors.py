"""The YAML parser's complaints, said so that a person sees what to change."""

from __future__ import annotations

import yaml

from reconciler.problem import Mark, Problem, shown

_INDENT = "line it up with its neighbours; keys of one mapping stand in one column"


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
    what, instead = _meaning(said, _rest_of_line(text, error.problem_mark), _line(text, place.line))
    return Mark(file, place.line + 1, place.column + 1).problem(what, instead)


def _meaning(said: str, rest: str, line: str) -> tuple[str, str]:
    """Return what is wrong and what to write instead."""
    if "flow" in said and "${" in line:
        return "`${` inside {…} or […] is read as a bracket", 'put it in quotes: "${NAME}"'
    if "cannot start any token" in said:
        return _odd_start(rest)
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
