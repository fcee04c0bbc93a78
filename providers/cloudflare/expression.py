"""Whether an expression of Cloudflare's Rules language can be true for a host: yes, no, or maybe. Pure.

Only what tests the host is understood; all else is "maybe", so that a rule is never called harmless
by a guess. docs: developers.cloudflare.com/ruleset-engine/rules-language.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final


class Match(enum.IntEnum):
    """The three answers; `and` is the least of both, `or` the greatest."""

    NO = 0
    MAYBE = 1
    YES = 2

    def __invert__(self) -> Match:
        return Match(2 - self)


_TOKEN: Final = re.compile(
    r'r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes)|"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|(?P<symbol>&&|\|\||\^\^|[=!<>]=|[!~<>(){}\[\],*])|(?P<word>[^\s\"(){}\[\],!~=<>&|^*]+)",
    re.DOTALL,
)
_OPERATORS: Final = {"or": "or", "||": "or", "xor": "xor", "^^": "xor", "and": "and", "&&": "and"}
_KNOWN: Final = {True: Match.YES, False: Match.NO}
_HOST: Final = "http.host"
_URLS: Final = frozenset({"http.request.full_uri", "raw.http.request.full_uri"})


class _Text(str):
    """A quoted string, told from the words around it."""

    __slots__ = ()


def host_match(expression: str, host: str) -> Match:
    """Tell whether a request for `host` can satisfy the expression."""
    ours = hosts_in(expression)
    if ours is not None:
        return _KNOWN[host in ours]
    tokens = _tokens(expression)
    if not tokens:
        return Match.MAYBE
    reader = _Reader(tokens, host)
    answer = reader.either()
    return answer if reader.at == len(tokens) else Match.MAYBE


# Every host of a zone asks about the same few rules: each is read once.
@lru_cache(maxsize=4096)
def hosts_in(expression: str) -> frozenset[str] | None:
    """Give the hosts of an expression in tdr's own form, None where it is any other."""
    tokens = _tokens(expression)
    if tokens[:4] != ("(", _HOST, "in", "{") or tokens[-2:] != ("}", ")"):
        return None
    hosts = tokens[4:-2]
    return frozenset(map(str, hosts)) if hosts and all(isinstance(h, _Text) for h in hosts) else None


def expression_for(hosts: frozenset[str]) -> str:
    """Write the expression for hosts, tdr's own form."""
    return "(http.host in {" + " ".join(f'"{host}"' for host in sorted(hosts)) + "})"


@lru_cache(maxsize=4096)
def _tokens(expression: str) -> tuple[str, ...]:
    """Split an expression; empty where it holds what cannot be split."""
    found, at = list[str](), 0
    while at < len(expression):
        if expression[at].isspace():
            at += 1
            continue
        token = _TOKEN.match(expression, at)
        if token is None:
            return ()
        found.append(_token(token))
        at = token.end()
    return tuple(found)


def _token(found: re.Match[str]) -> str:
    if found["raw"] is not None:
        return _Text(found["raw"])
    if found["text"] is not None:
        return _Text(re.sub(r"\\(.)", r"\1", found["text"]))
    return found["symbol"] or found["word"]


class _Reader:
    """Reads or, xor, and, not and brackets; what stands between them is one test."""

    def __init__(self, tokens: tuple[str, ...], host: str) -> None:
        self.tokens, self.host, self.at = tokens, host, 0

    def operator(self) -> str:
        """Give the logical operator here, empty where there is none."""
        if self.at >= len(self.tokens) or isinstance(self.tokens[self.at], _Text):
            return ""
        return _OPERATORS.get(self.tokens[self.at], "")

    def either(self) -> Match:
        return self._chain("or", self._odd, max)

    def _odd(self) -> Match:
        return self._chain("xor", self._both, _xor)

    def _both(self) -> Match:
        return self._chain("and", self._single, min)

    def _chain(
        self, operator: str, part: Callable[[], Match], joined: Callable[[Match, Match], Match]
    ) -> Match:
        left = part()
        while self.operator() == operator:
            self.at += 1
            left = joined(left, part())
        return left

    def _single(self) -> Match:
        word = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if not isinstance(word, _Text) and word in {"not", "!"}:
            self.at += 1
            return ~self._single()
        if not isinstance(word, _Text) and word == "(":
            return self._bracket()
        return _test(self._atom(), self.host)

    def _bracket(self) -> Match:
        self.at += 1
        inner = self.either()
        if self.at < len(self.tokens) and self.tokens[self.at] == ")":
            self.at += 1
            return inner
        self.at = len(self.tokens) + 1  # not understood: host_match sees that the end was missed
        return Match.MAYBE

    def _atom(self) -> list[str]:
        """Take the tokens up to the next operator or closing bracket of this level."""
        start, depth = self.at, 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if not isinstance(token, _Text):
                depth += (token in {"(", "{", "["}) - (token in {")", "}", "]"})
                if depth < 0 or (depth == 0 and self.operator()):
                    break
            self.at += 1
        return list(self.tokens[start : self.at])


def _xor(left: Match, right: Match) -> Match:
    if Match.MAYBE in (left, right):
        return Match.MAYBE
    return Match.YES if left != right else Match.NO


def _test(atom: list[str], host: str) -> Match:
    """Judge one test."""
    if atom in (["true"], ["false"]):
        return Match.YES if atom == ["true"] else Match.NO
    if atom[:3] == ["lower", "(", _HOST] and atom[3:4] == [")"]:
        atom = [_HOST, *atom[4:]]
    if atom[:2] == ["starts_with", "("] or atom[:2] == ["ends_with", "("]:
        return _edge(atom, host)
    if atom[:1] == [_HOST]:
        return _host_test([str(t) for t in atom[1:] if t != "strict"], host)
    if atom and atom[0] in _URLS and "wildcard" in atom and isinstance(atom[-1], _Text):
        return url_match(atom[-1], host, certain=False)
    return Match.MAYBE


def _edge(atom: list[str], host: str) -> Match:
    match atom:
        case [way, "(", field, ",", text, ")"] if field == _HOST:
            return _KNOWN[host.startswith(text) if way == "starts_with" else host.endswith(text)]
        case _:
            return Match.MAYBE


def _host_test(rest: list[str], host: str) -> Match:
    match rest:
        case ["eq" | "==", text]:
            return _KNOWN[host == text]
        case ["ne" | "!=", text]:
            return _KNOWN[host != text]
        case ["contains", text]:
            return _KNOWN[text in host]
        case ["wildcard", text]:
            return _KNOWN[_wildcard(text, host)]
        case ["in", "{", *texts, "}"]:
            return _KNOWN[host in texts]
        case _:
            return Match.MAYBE


def url_match(pattern: str, host: str, *, certain: bool = True) -> Match:
    """Tell whether a URL pattern (`*` is any text) can match a link on host.

    Yes only where it matches every link on the host, http and https; `certain` False: at most maybe.
    """
    scheme, found, rest = pattern.lower().partition("://")
    where, slash, path = (rest if found else scheme).partition("/")
    if not _wildcard(where, host):
        return Match.NO
    every_scheme = not found or scheme in {"*", "http*"}
    every_path = path == "*" if slash else where.endswith("*")
    return Match.YES if certain and every_scheme and every_path else Match.MAYBE


def _wildcard(pattern: str, text: str) -> bool:
    expression = ".*".join(map(re.escape, pattern.lower().split("*")))
    return re.fullmatch(expression, text, re.DOTALL) is not None
