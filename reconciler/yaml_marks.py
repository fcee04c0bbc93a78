"""YAML with the line and column of every key and value, safe to read from anyone.

Built on PyYAML's parser events (libyaml's where it is there): no object is ever constructed from a tag.
Refused with a clear problem: duplicate keys, merge keys, tags, several documents, more than MAX_BYTES,
MAX_DEPTH or MAX_ALIASES, what unfolds to more than MAX_WEIGHT, encodings other than UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.problem import Mark, Problem, shown
from reconciler.scalars import Scalar, ScalarError, filled, plain
from reconciler.yaml_errors import syntax_problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 49
MAX_ALIASES = 500
MAX_SCALAR_CHARS = 10_000
# Eight a value and one a character, aliases unfolded: twice what the largest honest file comes to.
MAX_WEIGHT = 16_000_000
MAX_PROBLEMS = 1_000

Value = Scalar | list[Any] | dict[str, Any]

_COLUMN_BITS = 16
_COLUMN_MAX = (1 << _COLUMN_BITS) - 1
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Marks:
    """Where a mapping or list stands, its keys and its items; a place is `line << 16 | column`, from 0."""

    __slots__ = ("items", "keys", "place")

    def __init__(self, place: int, keys: dict[str, int], items: Any) -> None:
        self.place = place
        self.keys = keys
        self.items = items


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content with its places. `value` is plain: dict, list, str, int, float, bool, None.

    `unread` are the places of values that could not be taken, and have their problem: None stands for them.
    """

    file: str
    value: Value
    marks: Marks | int
    unread: frozenset[int] = frozenset()

    def is_unread(self, *path: str | int) -> bool:
        """Say whether the value at path could not be taken, so that nothing more is to be said of it."""
        if not self.unread:
            return False
        node = self._node(path)
        return not isinstance(node, Marks) and node in self.unread

    def mark(self, *path: str | int) -> Mark:
        """Return where the value at path stands, or the nearest thing around it that does stand there."""
        node = self._node(path)
        return self._mark(node.place if isinstance(node, Marks) else node)

    def key_mark(self, *path: str | int) -> Mark:
        """Return where the key at path stands; for an item of a list, the item."""
        node = self.marks
        for step in path[:-1]:
            if not (isinstance(node, Marks) and _has(node.items, step)):
                return self.mark(*path)
            node = node.items[step]
        if path and isinstance(node, Marks) and path[-1] in node.keys:
            return self._mark(node.keys[str(path[-1])])
        return self.mark(*path)

    def _node(self, path: tuple[str | int, ...]) -> Marks | int:
        node = self.marks
        for step in path:
            if not (isinstance(node, Marks) and _has(node.items, step)):
                break
            node = node.items[step]
        return node

    def _mark(self, place: int) -> Mark:
        return Mark(self.file, (place >> _COLUMN_BITS) + 1, (place & _COLUMN_MAX) + 1)


def _has(items: Any, step: str | int) -> bool:
    return step in items if isinstance(items, dict) else isinstance(step, int) and step < len(items)


def parse(data: bytes, file: str, environ: Mapping[str, str]) -> tuple[Document | None, tuple[Problem, ...]]:
    """Return the document, None where nothing can be said of it, and every problem found on the way.

    `${ENV}` in string values is filled in from environ. Never raises for anything in data.
    """
    text, problem = _decoded(data, file)
    if problem is not None:
        return None, (problem,)
    builder = _Builder(text, file, environ)
    try:
        return builder.document(), tuple(builder.problems)
    except _Stop as stop:
        return None, (*builder.problems, stop.problem)
    except yaml.YAMLError as error:
        return None, (*builder.problems, syntax_problem(error, file, text))
    finally:
        builder.close()


def _decoded(data: bytes, file: str) -> tuple[str, Problem | None]:
    """Return the text of a file, or what is wrong with its bytes."""
    whole = Mark(file, 0, 0)
    if len(data) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES // 2**20} MB"
        return "", whole.problem(what, "split it into several files; a folder or `include` unites them")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", whole.problem("the file is written in UTF-16 or UTF-32", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _position(data[: error.start].decode("utf-8-sig", "replace"), file)
        return "", place.problem(
            "this is not UTF-8 text", "save the file as UTF-8, if it is a text file at all"
        )
    if found := _UNREADABLE.search(text):
        place = _position(text[: found.start()], file)
        what = f"the file has a character that no YAML file may have (U+{ord(found[0]):04X})"
        return "", place.problem(what, "remove it; if this is a binary file, name another")
    return text, None


def _position(before: str, file: str) -> Mark:
    """Return the place after a text."""
    return Mark(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


class _Stop(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an anchor names; without `value` while it is still being read."""

    value: Any
    marks: Any
    weight: int
    height: int
    whole: bool = True


class _Builder:
    """Builds values and marks from events, one file at a time."""

    def __init__(self, text: str, file: str, environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._unread: set[int] = set()
        self._loader = _LOADER(text)
        self._next = self._loader.get_event
        self._file = file
        self._environ = environ
        self._anchors: dict[str, _Anchored] = {}
        self._memo: dict[str, Scalar] = {}
        self._aliases = 0
        self._weight = 0
        self._depth = 0
        self._deepest = 0

    def close(self) -> None:
        """Let the parser's memory go."""
        self._loader.dispose()

    def document(self) -> Document:
        """Return the only document of the stream."""
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return Document(self._file, None, 0)
        value, marks = self._node(self._next())
        self._next()  # the end of the document
        further = self._next()
        if not isinstance(further, yaml.StreamEndEvent):
            self._say(further, "a second document begins here", "put it into a file of its own")
        return Document(self._file, value, marks, frozenset(self._unread))

    def _node(self, event: Any) -> tuple[Any, Any]:
        """Return the value and the marks of the node that begins with event."""
        if type(event) is yaml.AliasEvent:
            return self._alias(event)
        if event.tag is not None:
            self._say(
                event, f"the tag {shown(event.tag)} is not taken", "remove it and write the plain value"
            )
        if event.anchor is not None:
            return self._anchored(event)
        return self._bare(event)

    def _bare(self, event: Any) -> tuple[Any, Any]:
        """Return a node, its anchor and tag aside."""
        if type(event) is yaml.ScalarEvent:
            return self._scalar(event), _place(event)
        self._depth += 1
        self._deepest = max(self._deepest, self._depth)
        if self._depth > MAX_DEPTH:
            self._stop(event, f"this is nested more than {MAX_DEPTH} levels deep", "write it flatter")
        self._weigh(event, 8)
        node = self._mapping(event) if type(event) is yaml.MappingStartEvent else self._sequence(event)
        self._depth -= 1
        return node

    def _mapping(self, start: Any) -> tuple[dict[str, Any], Marks]:
        values: dict[str, Any] = {}
        keys: dict[str, int] = {}
        items: dict[str, Any] = {}
        following = self._next
        while type(event := following()) is not yaml.MappingEndEvent:
            name = self._key(event)
            value, marks = self._node(following())
            if name is None:
                continue
            if name in keys:
                first = (keys[name] >> _COLUMN_BITS) + 1
                self._say(
                    event, f"the key {shown(name)} stands here again (first on line {first})", "keep one"
                )
                continue
            values[name] = value
            keys[name] = _place(event)
            items[name] = marks
        return values, Marks(_place(start), keys, items)

    def _sequence(self, start: Any) -> tuple[list[Any], Marks]:
        values: list[Any] = []
        items: list[Any] = []
        following = self._next
        while type(event := following()) is not yaml.SequenceEndEvent:
            value, marks = self._node(event)
            values.append(value)
            items.append(marks)
        return values, Marks(_place(start), {}, items)

    def _key(self, event: Any) -> str | None:
        """Return the name that a key gives, None where its entry is to be skipped."""
        if type(event) is not yaml.ScalarEvent:
            self._say(event, "a key must be a plain name", "write `name: value`")
            self._node(event)
            return None
        name: str = event.value
        self._weigh(event, 8 + len(name))
        if event.anchor is not None or event.tag is not None:
            self._say(event, f"the key {shown(name)} bears an anchor or a tag", "write the key alone")
        if name == "<<" and event.implicit[0]:
            self._say(
                event, "merge keys (`<<`) are not taken", "write the keys out, or put them under `defaults`"
            )
            return None
        if not name:
            self._say(event, "a key is empty", "write `name: value`")
            return None
        if not name.isprintable() and _CONTROL.search(name):
            self._say(event, f"the key {shown(name)} has a control character", "remove it")
            return None
        return name

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        self._weigh(event, 8 + len(text))
        if "${" not in text and event.implicit[0] and text in self._memo:
            return self._memo[text]
        if len(text) > MAX_SCALAR_CHARS:
            what = f"a value of {len(text)} characters is too long"
            return self._refuse(event, what, f"use at most {MAX_SCALAR_CHARS}")
        try:
            return self._meaning(event, text)
        except ScalarError as error:
            return self._refuse(event, error.what, error.instead)

    def _meaning(self, event: Any, text: str) -> Scalar:
        """Return what a scalar stands for. Raises ScalarError."""
        full = filled(text, self._environ) if "${" in text else text
        if not full.isprintable() and _CONTROL.search(full):
            raise ScalarError("the value has a control character", "remove it")
        if not event.implicit[0]:
            return full
        value = plain(full)
        if full is text:
            self._memo[text] = value
        return value

    def _anchored(self, event: Any) -> tuple[Any, Any]:
        """Build a node and keep it under its anchor."""
        self._anchors[event.anchor] = _Anchored(None, None, 0, 0, whole=False)
        before, outer, self._deepest = self._weight, self._deepest, self._depth
        value, marks = self._bare(event)
        height = self._deepest - self._depth
        self._deepest = max(outer, self._deepest)
        self._anchors[event.anchor] = _Anchored(value, marks, self._weight - before, height)
        return value, marks

    def _alias(self, event: Any) -> tuple[Any, Any]:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._stop(
                event, f"the file has more than {MAX_ALIASES} aliases (`*name`)", "write the values out"
            )
        known = self._anchors.get(event.anchor)
        if known is None or not known.whole:
            what = f"the alias *{event.anchor[:60]} " + (
                "names no anchor" if known is None else "contains itself"
            )
            return self._refuse(event, what, "write the value out"), _place(event)
        self._weigh(event, 8 + known.weight)
        if self._depth + known.height > MAX_DEPTH:
            self._stop(event, f"this is nested more than {MAX_DEPTH} levels deep", "write it flatter")
        self._deepest = max(self._deepest, self._depth + known.height)
        return known.value, known.marks

    def _weigh(self, event: Any, weight: int) -> None:
        self._weight += weight
        if self._weight > MAX_WEIGHT:
            self._stop(event, "the file holds too many values", "split it into several files")

    def _say(self, event: Any, what: str, instead: str) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            self._stop(event, f"there are more than {MAX_PROBLEMS} problems", "correct those above first")
        self.problems.append(self._problem(event, what, instead))

    def _refuse(self, event: Any, what: str, instead: str) -> Scalar:
        """Say that a value cannot be taken, and that None stands for it."""
        self._unread.add(_place(event))
        self._say(event, what, instead)
        return None

    def _stop(self, event: Any, what: str, instead: str) -> None:
        raise _Stop(self._problem(event, what, instead))

    def _problem(self, event: Any, what: str, instead: str) -> Problem:
        start = event.start_mark
        return Mark(self._file, start.line + 1, start.column + 1).problem(what, instead)


def _place(event: Any) -> int:
    """Return where an event starts, packed; a column beyond what fits is clamped."""
    start = event.start_mark
    return int(start.line << _COLUMN_BITS | min(start.column, _COLUMN_MAX))
