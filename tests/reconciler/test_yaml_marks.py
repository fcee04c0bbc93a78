"""YAML with places: what is read as what, what is refused, and that nothing hostile costs anything."""

from __future__ import annotations

import itertools
import re
import tracemalloc
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.problem import Mark
from reconciler.yaml_marks import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, Document, parse

MIB = 1024 * 1024


def doc(text: str, environ: dict[str, str] | None = None) -> Document:
    document, problems = parse(text.encode(), "f.yaml", environ or {})
    assert problems == ()
    assert document is not None
    return document


def said(data: str | bytes, environ: dict[str, str] | None = None) -> list[str]:
    raw = data if isinstance(data, bytes) else data.encode()
    return [str(problem) for problem in parse(raw, "f.yaml", environ or {})[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-12", -12),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'12'", "12"),
        ('"true"', "true"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("OFF", "OFF"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("...5", "...5"),
        ("a # comment", "a"),
        ("|\n  one\n  two", "one\ntwo"),
        (">-\n  one\n  two", "one two"),
        ("&a x", "x"),
        ("$HOME", "$HOME"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    """`no` is Norway and not false; a date is a text."""
    found = doc(f"key: {text}").value
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "one"),
        ("x-${A}.${B:-two}", "x-one.two"),
        ("${B:-}", None),
        ("'${B:-}'", ""),
        ("${EMPTY:-two}", "two"),
        ("'${EMPTY}'", ""),
        ("$${A}", "${A}"),
        ("${N}", 7),
        ("'${N}'", "7"),
        ('"${N}"', "7"),
        ("${NESTED}", "${A}"),
        ("${B:-a:-b}", "a:-b"),
    ],
)
def test_the_environment_fills_values_in(text: str, value: object) -> None:
    """Unquoted, what is filled in counts as if it were written there; it is not looked at again."""
    environ = {"A": "one", "EMPTY": "", "N": "7", "NESTED": "${A}"}
    assert doc(f"key: {text}", environ).value == {"key": value}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${A}", "the environment variable A is not set; set it, or write a default: ${A:-default}"),
        ("${A", "`${` is not closed; write ${NAME}, ${NAME:-default}, or $${ for a literal ${"),
        ("${A-b}", "`${A-b}` is not understood; write ${NAME}, ${NAME:-default}, or $${ for a literal ${"),
        ("${}", "`${}` is not understood; write ${NAME}, ${NAME:-default}, or $${ for a literal ${"),
        (
            "${SPARKPOST_API_KEY:-x}",
            (
                "${SPARKPOST_API_KEY} would put a secret into the file's values;"
                " remove it: tdr takes secrets from the environment by itself"
            ),
        ),
    ],
)
def test_what_cannot_be_filled_in_is_told_at_its_place(text: str, problem: str) -> None:
    assert said(f"version: 1\nkey: {text}") == [f"f.yaml:2:6: {problem}"]


def test_keys_are_not_filled_in() -> None:
    assert doc("'${A}': 1", {"A": "x"}).value == {"${A}": 1}


def test_every_key_and_value_has_its_place() -> None:
    document = doc("a: 1\nb:\n  - x\n  - {c: d}\n'é': {e: }\n")
    places = {
        "value a": document.mark("a"),
        "key b": document.key_mark("b"),
        "item": document.mark("b", 0),
        "key c": document.key_mark("b", 1, "c"),
        "value c": document.mark("b", 1, "c"),
        "item by key": document.key_mark("b", 0),
        "after é": document.mark("é"),
        "nothing there": document.mark("b", 1, "nope"),
        "no key there": document.key_mark("nope", "x"),
        "whole": document.mark(),
    }
    assert {name: (mark.line, mark.column) for name, mark in places.items()} == {
        "value a": (1, 4),
        "key b": (2, 1),
        "item": (3, 5),
        "key c": (4, 6),
        "value c": (4, 9),
        "item by key": (3, 5),
        "after é": (5, 6),
        "nothing there": (4, 5),
        "no key there": (1, 1),
        "whole": (1, 1),
    }
    assert str(document.mark("a")) == "f.yaml:1:4"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a: 1\nb: 2\na: 3", ['f.yaml:3:1: the key "a" stands here again (first on line 1); keep one']),
        (
            "x: &b {k: 1}\ny:\n  <<: *b",
            ["f.yaml:3:3: merge keys (`<<`) are not taken; write the keys out, or put them under `defaults`"],
        ),
        ("a: *b", ["f.yaml:1:4: the alias *b names no anchor; write the value out"]),
        ("a: &x [*x]", ["f.yaml:1:8: the alias *x contains itself; write the value out"]),
        (
            "a: !!int 1",
            ['f.yaml:1:4: the tag "tag:yaml.org,2002:int" is not taken; remove it and write the plain value'],
        ),
        ("a: !x {}", ['f.yaml:1:4: the tag "!x" is not taken; remove it and write the plain value']),
        (
            "a: !!python/object/apply:os.system [x]",
            [
                (
                    'f.yaml:1:4: the tag "tag:yaml.org,2002:python/object/apply:os.system" is not taken;'
                    " remove it and write the plain value"
                )
            ],
        ),
        (
            "!x a: 1",
            ['f.yaml:1:1: the key "a" bears an anchor or a tag; write the key alone'],
        ),
        ("? [a, b]\n: c", ["f.yaml:1:3: a key must be a plain name; write `name: value`"]),
        ("'': c", ["f.yaml:1:1: a key is empty; write `name: value`"]),
        ("a: 1\n---\nb: 1", ["f.yaml:2:1: a second document begins here; put it into a file of its own"]),
        ("a:\n\tb: 1", ["f.yaml:2:1: a tab indents this line; indent with spaces"]),
        ("a: @b", ['f.yaml:1:4: a value cannot begin with "@"; put it in quotes']),
        ("a: 'b\nc: d", ["f.yaml:1:4: a quote is opened here and never closed; close it"]),
        (
            "a: {b: c\nd: e",
            ["f.yaml:1:4: this {…} is not well formed or never closed; write {key: value, key: value}"],
        ),
        ("a: [b, c\nd: e", ["f.yaml:1:4: this […] is not well formed or never closed; write [one, two]"]),
        (
            "a: {b: ${C}}",
            ['f.yaml:1:4: `${` inside {…} or […] is read as a bracket; put it in quotes: "${NAME}"'],
        ),
        (
            "a:\n  b: 1\n c: 2",
            [
                (
                    "f.yaml:3:2: this line does not fit the lines around it;"
                    " line it up with its neighbours: keys of one mapping stand in one column"
                )
            ],
        ),
        (
            "a: b: c",
            [
                (
                    "f.yaml:1:5: a `: ` does not fit here; put the value in quotes,"
                    " or check the indentation and that the line above has its `:`"
                )
            ],
        ),
        (
            'a: "\\q"',
            [
                (
                    "f.yaml:1:5: a backslash in double quotes begins something unknown;"
                    " use single quotes, or write \\\\"
                )
            ],
        ),
        (
            "a: .inf",
            ["f.yaml:1:4: .inf is not a number that can be used; write a finite number, or quote it"],
        ),
        (
            "a: 1e999",
            ["f.yaml:1:4: 1e999 is not a number that can be used; write a finite number, or quote it"],
        ),
        ('a: "\\0"', ["f.yaml:1:4: the value has a control character; remove it"]),
        ('"\\e[31m": 1', ['f.yaml:1:1: the key "\\x1b[31m" has a control character; remove it']),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, problems: list[str]) -> None:
    assert said(text) == problems


def test_all_problems_come_at_once() -> None:
    found = said("a: 1\na: 2\nb: !x 3\nc: *d\ne: ${F}\n")
    assert [line.split(":")[1] for line in found] == ["2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            b"a: 1\n" + b"#" * 10_000_000,
            (
                "f.yaml: the file is larger than 4 MB;"
                " split it into several files; a folder or `include` unites them"
            ),
        ),
        ("a: b".encode("utf-16"), "f.yaml: the file is written in UTF-16 or UTF-32; save it as UTF-8"),
        ("a: b".encode("utf-32"), "f.yaml: the file is written in UTF-16 or UTF-32; save it as UTF-8"),
        (
            b"a: 1\nb: caf\xe9\n",
            "f.yaml:2:7: this is not UTF-8 text; save the file as UTF-8, if it is a text file at all",
        ),
        (
            b"a: 1\nb: \0\n",
            (
                "f.yaml:2:4: the file has a character that no YAML file may have (U+0000);"
                " remove it; if this is a binary file, name another"
            ),
        ),
        (
            b"a: &a x\nb: [" + b"*a, " * 1_000 + b"]",
            (
                f"f.yaml:2:{5 + 4 * MAX_ALIASES}: the file has more than {MAX_ALIASES} aliases (`*name`);"
                " write the values out"
            ),
        ),
        (b"[" * 50, f"f.yaml:1:50: this is nested more than {MAX_DEPTH} levels deep; write it flatter"),
        (
            b"[" * 4_000_000,
            f"f.yaml:1:50: this is nested more than {MAX_DEPTH} levels deep; write it flatter",
        ),
        (
            b"{a: " * 1_000_000,
            f"f.yaml:1:197: this is nested more than {MAX_DEPTH} levels deep; write it flatter",
        ),
        (
            b"a: " + b"x" * 3_000_000,
            "f.yaml:1:4: a value of 3000000 characters is too long; use at most 10000",
        ),
        (
            b"a: " + b"9" * 5_000,
            "f.yaml:1:4: a number of 5000 characters is too long; quote it if it is a text",
        ),
    ],
    ids=["10MB", "utf16", "utf32", "latin1", "nul", "aliases", "50", "deep", "deep map", "scalar", "digits"],
)
def test_hostile_files_end_in_one_clear_problem(data: bytes, problem: str) -> None:
    assert said(data) == [problem]


def test_aliases_of_aliases_are_counted_unfolded() -> None:
    """The billion laughs: each line is nine of the line before."""
    names = "abcdefghijklmnop"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in itertools.pairwise(names)]
    found = said("\n".join(lines))
    assert [line.partition(": ")[2] for line in found] == [
        "the file holds too many values; split it into several files"
    ]


def test_aliases_are_counted_as_deep_as_they_unfold() -> None:
    lines = [
        "a: &a " + "[" * 20 + "]" * 20,
        "b: &b " + "[" * 20 + "*a" + "]" * 20,
        "c: [[[[[[[[*b]]]]]]]]",
        "d: [[[[[[[[[*b]]]]]]]]]",
    ]
    assert said("\n".join(lines[:3])) == []
    assert said("\n".join(lines)) == [
        f"f.yaml:4:13: this is nested more than {MAX_DEPTH} levels deep; write it flatter"
    ]


def test_problems_without_end_are_cut_short() -> None:
    found = said("a: 1\n" * (MAX_PROBLEMS + 100))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1].endswith(f"there are more than {MAX_PROBLEMS} problems; correct those above first")


@pytest.mark.parametrize("data", [b"#" * (10 * MIB), b"[" * (4 * MIB), b"\xff\xfe" + b"a" * (4 * MIB)])
def test_hostile_files_take_bounded_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        said(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * MAX_BYTES


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    document, problems = parse(data, "f.yaml", {})
    assert document is not None or problems


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    document, problems = parse(text.encode("utf-8", "replace"), "f.yaml", {})
    assert document is not None or problems


def test_a_byte_order_mark_and_windows_lines_are_taken() -> None:
    document = doc("\ufeffa: 1\r\nb: 2\r\n")
    assert document.value == {"a": 1, "b": 2}
    assert document.mark("b") == Mark("f.yaml", 2, 4)


@pytest.mark.parametrize("text", ["", "# nothing\n", "~\n"])
def test_an_empty_file_is_a_document_of_nothing(text: str) -> None:
    assert doc(text).value is None


# A number of YAML 1.2 that YAML 1.1 reads as a text: there the two dialects differ by design.
NEWER = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+|0o[0-7]+")
WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=12).filter(
    lambda s: "${" not in s and not NEWER.fullmatch(s)
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS.filter(bool), inner, max_size=4),
    max_leaves=20,
)


@given(value=PLAIN, flow=st.booleans())
def test_plain_documents_read_as_pyyaml_reads_them(*, value: Any, flow: bool) -> None:
    """Written out by PyYAML, which quotes what YAML 1.1 would misread; so both dialects agree."""
    text = yaml.safe_dump({"key": value}, default_flow_style=flow, allow_unicode=True)
    assert doc(text).value == yaml.safe_load(text)


@given(st.dictionaries(WORDS.filter(bool), st.integers(0, 99), min_size=1, max_size=8))
def test_every_mark_points_at_what_it_marks(value: dict[str, int]) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, width=10_000)
    document, lines = doc(text), text.split("\n")
    for key, number in value.items():
        mark = document.mark(key)
        assert lines[mark.line - 1][mark.column - 1 :] == str(number)
        assert document.key_mark(key).line <= mark.line
