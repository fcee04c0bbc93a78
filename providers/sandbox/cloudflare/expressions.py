"""The part of Cloudflare's Rules language that host and path rules need: parse once, evaluate often.

docs: developers.cloudflare.com/ruleset-engine/rules-language (fields, operators, functions).
What is not understood is refused, as the API refuses a filter that it cannot parse; the
emulator never guesses what an unknown rule would do to a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

Fields = Mapping[str, str | bool]
Test = Callable[[Fields], bool]
Text = Callable[[Fields], str]

TEXT_FIELDS = frozenset(
    {
        "http.host",
        "http.request.uri",
        "http.request.uri.path",
        "http.request.uri.path.extension",
        "http.request.uri.query",
        "http.request.full_uri",
        "http.request.method",
        "http.request.version",
        "http.user_agent",
        "http.referer",
        "http.cookie",
        "ip.src",
        "ip.src.country",
    }
)
FLAG_FIELDS = frozenset({"ssl", "cf.client.bot"})
MAX_LENGTH = 4096
TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<op>&&|\|\||\^\^|==|!=|!|~|\(|\)|\{|\}|,)
      | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<number>\d[\d.:/a-fA-F]*)
    )""",
    re.VERBOSE,
)
COMPARISONS = {
    "eq": "eq",
    "==": "eq",
    "ne": "ne",
    "!=": "ne",
    "contains": "contains",
    "matches": "matches",
    "~": "matches",
}


class ExpressionError(Exception):
    """The expression cannot be parsed; the text is the vendor's kind of message."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression, and where it stands."""

    kind: str
    text: str
    at: int


def tokens(source: str) -> list[Token]:
    """Split an expression; raises ExpressionError at the first character nobody knows."""
    out: list[Token] = []
    at = 0
    while source[at:].strip():
        match = TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise _error(source, at, "unrecognised input")
        out.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return out


def _error(source: str, at: int, what: str) -> ExpressionError:
    return ExpressionError(f"Filter parsing error (1:{at + 1}): {source} ^ {what}")


def wildcard(pattern: str) -> str:
    """Turn a wildcard pattern (`*` any text, backslash escapes) into a regular expression."""
    parts = re.findall(r"\\.|\*|[^\\*]+|\\", pattern)
    return "".join(
        ".*" if p == "*" else re.escape(p[1:] if p.startswith("\\") and len(p) > 1 else p) for p in parts
    )


class _Parser:
    """Recursive descent over the tokens; binding from loose to tight: or, xor, and, not."""

    def __init__(self, source: str) -> None:
        self.source, self.list, self.n = source, tokens(source), 0

    def fail(self, what: str) -> ExpressionError:
        at = self.list[self.n].at if self.n < len(self.list) else len(self.source)
        return _error(self.source, at, what)

    def peek(self) -> str:
        return self.list[self.n].text if self.n < len(self.list) else ""

    def take(self, *wanted: str) -> bool:
        if self.peek() in wanted and self.list[self.n].kind != "string":
            self.n += 1
            return True
        return False

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.fail(f'expected literal "{wanted}"')

    def whole(self) -> Test:
        test = self.either()
        if self.n < len(self.list):
            raise self.fail("unrecognised input")
        return test

    def either(self) -> Test:
        left = self.one_of_two()
        while self.take("or", "||"):
            left = _or(left, self.one_of_two())
        return left

    def one_of_two(self) -> Test:
        left = self.both()
        while self.take("xor", "^^"):
            left = _xor(left, self.both())
        return left

    def both(self) -> Test:
        left = self.single()
        while self.take("and", "&&"):
            left = _and(left, self.single())
        return left

    def single(self) -> Test:
        if self.take("not", "!"):
            inner = self.single()
            return lambda fields: not inner(fields)
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        word = self.peek()
        if self.take("true"):
            return lambda _: True
        if self.take("false"):
            return lambda _: False
        if word in FLAG_FIELDS and self.take(word):
            return lambda fields: fields.get(word) is True
        if self.take("starts_with"):
            return self.two_texts(str.startswith)
        if self.take("ends_with"):
            return self.two_texts(str.endswith)
        return self.text_comparison()

    def two_texts(self, holds: Callable[[str, str], bool]) -> Test:
        self.need("(")
        text = self.text()
        self.need(",")
        value = self.string()
        self.need(")")
        return lambda fields: holds(text(fields), value)

    def text(self) -> Text:
        for name, change in (("lower", str.lower), ("upper", str.upper)):
            if self.take(name):
                self.need("(")
                inner = self.text()
                self.need(")")
                return _changed(inner, change)
        field = self.peek()
        if field not in TEXT_FIELDS:
            raise self.fail("unknown identifier")
        self.n += 1
        return lambda fields: str(fields.get(field, ""))

    def text_comparison(self) -> Test:
        text = self.text()
        if self.take("in"):
            values = self.strings()
            return lambda fields: text(fields) in values
        strict = self.take("strict")
        if self.take("wildcard"):
            pattern = re.compile(wildcard(self.string()), 0 if strict else re.IGNORECASE)
            return lambda fields: pattern.fullmatch(text(fields)) is not None
        operator = COMPARISONS.get(self.peek())
        if operator is None or strict:
            raise self.fail("expected a comparison operator")
        self.n += 1
        return self.compared(text, operator, self.string())

    def compared(self, text: Text, operator: str, value: str) -> Test:
        if operator == "eq":
            return lambda fields: text(fields) == value
        if operator == "ne":
            return lambda fields: text(fields) != value
        if operator == "contains":
            return lambda fields: value in text(fields)
        try:
            pattern = re.compile(value)
        except re.error as exc:
            raise self.fail(f"regex parse error: {exc}") from exc
        return lambda fields: pattern.search(text(fields)) is not None

    def string(self) -> str:
        if self.n >= len(self.list) or self.list[self.n].kind not in {"string", "number"}:
            raise self.fail("expected quoted string")
        token = self.list[self.n]
        self.n += 1
        return re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "string" else token.text

    def strings(self) -> frozenset[str]:
        self.need("{")
        values = []
        while not self.take("}"):
            values.append(self.string())
        return frozenset(values)


def _or(left: Test, right: Test) -> Test:
    return lambda fields: left(fields) or right(fields)


def _xor(left: Test, right: Test) -> Test:
    return lambda fields: left(fields) != right(fields)


def _and(left: Test, right: Test) -> Test:
    return lambda fields: left(fields) and right(fields)


def _changed(text: Text, change: Callable[[str], str]) -> Text:
    return lambda fields: change(text(fields))


@cache
def parse(source: str) -> Test:
    """Give the test that an expression means.

    Raises ExpressionError where it is too long or holds anything outside the subset.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"filter is too long: {len(source)} characters, {MAX_LENGTH} allowed")
    return _Parser(source).whole()


def request_fields(scheme: str, host: str, target: str, method: str, headers: Mapping[str, str]) -> Fields:
    """Give the fields of one request; `target` is path and query, header names in lower case."""
    path, _, query = target.partition("?")
    last = path.rsplit("/", 1)[-1]
    return {
        "http.host": host,
        "http.request.uri": target,
        "http.request.uri.path": path,
        "http.request.uri.path.extension": last.rsplit(".", 1)[-1].lower() if "." in last else "",
        "http.request.uri.query": query,
        "http.request.full_uri": f"{scheme}://{host}{target}",
        "http.request.method": method,
        "http.user_agent": headers.get("user-agent", ""),
        "http.referer": headers.get("referer", ""),
        "http.cookie": headers.get("cookie", ""),
        "ssl": scheme == "https",
    }
