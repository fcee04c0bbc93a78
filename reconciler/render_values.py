"""The attributes of one change, in Terraform's grammar. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from json.encoder import encode_basestring, encode_basestring_ascii

from reconciler.claim import NOW, is_claim, parse_claim
from reconciler.model import Attrs, Ref, Value
from reconciler.nested import Differences, Path, differences

UNKNOWN = "(known after apply)"
SOME_TIME = "(time)"
ALWAYS_SHOWN = ("id", "name", "tags")
"""Shown although unchanged, as Terraform does: they tell a reader what the rest is about."""
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
TIMES = ("at", "until", "keep")
"""What a claim's times are called."""
TIME = re.compile(r"\*[0-9]*|[0-9]{8}T[0-9]{6}Z")
TIMED = re.compile(rf" ({'|'.join(TIMES)})=({TIME.pattern})(?= |$)")


@dataclass(frozen=True, slots=True)
class Shown:
    """One attribute as it is shown: its sign, its name, and its value's lines, the first without indent."""

    sign: str
    name: str
    lines: Sequence[str]


# -- the attributes of a block
def all_attributes(attrs: Attrs, sign: str, indent: int = 6) -> Iterator[str]:
    """Yield the lines of attributes that come, go or stay all together; absent ones are left out."""
    tail = " -> null" if sign == "-" else ""
    shown = [
        Shown(sign, name, _with_tail(_whole(value, sign, indent), tail))
        for name, value in sorted(attrs.items())
        if value is not None
    ]
    return _aligned(shown, indent)


def changed_attributes(before: Attrs, after: Attrs, indent: int = 6) -> Iterator[str]:
    """Yield the lines of what differs between two sets of attributes; the rest is counted."""
    shown: list[Shown] = []
    hidden = 0
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            shown.append(_difference(name, old, new, indent))
        elif old is not None and name in ALWAYS_SHOWN:
            shown.append(Shown(" ", name, _whole(old, " ", indent)))
        elif old is not None:
            hidden += 1
    yield from _aligned(shown, indent)
    yield from _hidden(hidden, "attribute", indent)


def _difference(name: str, before: Value, after: Value, indent: int) -> Shown:
    if before is None:
        return Shown("+", name, _whole(after, "+", indent))
    if after is None:
        return Shown("-", name, _with_tail(_whole(before, "-", indent), " -> null"))
    return Shown("~", name, _update(before, after, indent))


def _aligned(shown: Iterable[Shown], indent: int) -> Iterator[str]:
    listed = list(shown)
    width = max((len(_key(one.name)) for one in listed), default=0)
    for one in listed:
        yield f"{' ' * indent}{one.sign} {_key(one.name):<{width}} = {one.lines[0]}"
        yield from one.lines[1:]


def _hidden(count: int, what: str, indent: int) -> Iterator[str]:
    if count:
        yield f"{' ' * (indent + 2)}# ({count} unchanged {what}{'s' if count > 1 else ''} hidden)"


@cache
def _key(name: str) -> str:
    return name if PLAIN_KEY.fullmatch(name) else _quoted(name)


def _with_tail(lines: Sequence[str], tail: str) -> list[str]:
    return [*lines[:-1], f"{lines[-1]}{tail}"]


def _quoted(text: str) -> str:
    """Return text in quotes; what a terminal would obey is escaped."""
    return encode_basestring(text) if text.isprintable() else encode_basestring_ascii(text)


# -- values
def scalar(value: Value) -> str:
    """Return a value that does not nest, or a nested one in a line."""
    if isinstance(value, Ref):
        return UNKNOWN
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        return f"[{', '.join(scalar(inner) for inner in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(k)} = {scalar(v)}' for k, v in sorted(value.items()))}}}"
    return "null" if value is None else json.dumps(value)


def _text(text: str) -> str:
    if is_claim(text):
        # Plans show no dates: the one to come is not known, the one that stands there means nothing here.
        known = TIMED.sub(lambda found: f" {found[1]}={_time(found[2])}", text)
        return _quoted(known)
    return _quoted(text)


def _time(text: str) -> str:
    return UNKNOWN if text.startswith(NOW) else SOME_TIME


def _whole(value: Value, sign: str, indent: int) -> list[str]:
    """Return a value that comes, goes or stays as a whole."""
    pad = " " * (indent + 2)
    if isinstance(value, tuple) and value:
        inner = [line for one in value for line in _element(_whole(one, sign, indent + 4), sign, indent + 4)]
        return ["[", *inner, f"{pad}]"]
    if isinstance(value, Mapping) and value:
        shown = [Shown(sign, name, _whole(one, sign, indent + 4)) for name, one in sorted(value.items())]
        return ["{", *_aligned(shown, indent + 4), f"{pad}}}"]
    return [scalar(value)]


def _element(lines: Sequence[str], sign: str, indent: int) -> list[str]:
    return (
        [f"{' ' * indent}{sign} {lines[0]}", *lines[1:-1], f"{lines[-1]},"]
        if len(lines) > 1
        else [f"{' ' * indent}{sign} {lines[0]},"]
    )


def _update(before: Value, after: Value, indent: int) -> list[str]:
    """Return how one value becomes another; neither is absent."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        if not (_nests(before) or _nests(after)):
            return _flat_list(before, after, indent)
        return _inside(before, after, differences(before, after), ((), ()), indent)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return _inside(before, after, differences(before, after), ((), ()), indent)
    if isinstance(after, Ref) and _is_container(before):
        return _with_tail(_whole(before, "-", indent), f" -> {UNKNOWN}")
    return [f"{scalar(before)} -> {scalar(after)}"]


def _is_container(value: Value) -> bool:
    return isinstance(value, tuple | Mapping)


def _nests(values: tuple[Value, ...]) -> bool:
    return any(_is_container(value) for value in values)


# -- lists of plain values: DNS values, names
def _flat_list(before: tuple[Value, ...], after: tuple[Value, ...], indent: int) -> list[str]:
    """Show what goes and what comes; values are told apart by what they are, not by their places."""
    gone, new = _without(before, after), _without(after, before)
    if not gone and not new:
        return [f"{scalar(before)} -> {scalar(after)}"]
    kept, inner = len(after) - len(new), indent + 4
    lines: list[str] = []
    claims = [value for value in gone if _is_claim(value)], [value for value in new if _is_claim(value)]
    if len(claims[0]) == len(claims[1]) == 1:
        lines += _claim(str(claims[0][0]), str(claims[1][0]), inner)
        gone.remove(claims[0][0])
        new.remove(claims[1][0])
    lines += [f"{' ' * inner}- {scalar(value)}," for value in gone]
    lines += [f"{' ' * inner}+ {scalar(value)}," for value in new]
    return ["[", *lines, *_hidden(kept, "element", inner), f"{' ' * (indent + 2)}]"]


def _without(values: tuple[Value, ...], others: tuple[Value, ...]) -> list[Value]:
    left = Counter(others)
    found: list[Value] = []
    for value in values:
        if left[value] > 0:
            left[value] -= 1
        else:
            found.append(value)
    return found


def _is_claim(value: Value) -> bool:
    return isinstance(value, str) and is_claim(value)


def _claim(before: str, after: str, indent: int) -> list[str]:
    """Show a claim word by word, as Terraform shows what is inside of a JSON text."""
    pad = " " * indent
    old, new = dict(parse_claim(before).fields), dict(parse_claim(after).fields)
    words = _claim_words(old, new, indent + 8)
    return [f"{pad}~ claim(", f"{pad}    ~ {{", *words, f"{pad}      }}", f"{pad}  ),"]


def _claim_words(old: Mapping[str, str], new: Mapping[str, str], indent: int) -> list[str]:
    shown: list[Shown] = []
    for word in sorted(old.keys() | new.keys()):
        before, after = old.get(word), new.get(word)
        if before == after:
            continue
        if before is None:
            shown.append(Shown("+", word, [_word(word, after)]))
        elif after is None:
            shown.append(Shown("-", word, [f"{_word(word, before)} -> null"]))
        else:
            shown.append(Shown("~", word, [f"{_word(word, before)} -> {_word(word, after)}"]))
    kept = len(new) - sum(one.sign != "-" for one in shown)
    return [*_aligned(shown, indent), *_hidden(kept, "attribute", indent)]


def _word(word: str, value: str | None) -> str:
    is_time = value is not None and word in TIMES and TIME.fullmatch(value)
    return _time(str(value)) if is_time else scalar(value)


# -- values inside of values
def _inside(before: Value, after: Value, found: Differences, at: tuple[Path, Path], indent: int) -> list[str]:
    pad = " " * (indent + 2)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return ["{", *_mapping_lines(before, after, found, at, indent + 4), f"{pad}}}"]
    if isinstance(before, tuple) and isinstance(after, tuple):
        return ["[", *_list_lines(before, after, found, at, indent + 4), f"{pad}]"]
    return [f"{scalar(before)} -> {scalar(after)}"]


def _mapping_lines(
    before: Mapping[str, Value],
    after: Mapping[str, Value],
    found: Differences,
    at: tuple[Path, Path],
    indent: int,
) -> list[str]:
    shown: list[Shown] = []
    hidden = 0
    for name in sorted(before.keys() | after.keys()):
        place = (*at[0], name), (*at[1], name)
        if name not in before:
            shown.append(Shown("+", name, _whole(after[name], "+", indent)))
        elif name not in after:
            shown.append(Shown("-", name, _with_tail(_whole(before[name], "-", indent), " -> null")))
        elif place[0] in found.changed:
            shown.append(Shown("~", name, [f"{scalar(before[name])} -> {scalar(after[name])}"]))
        elif found.within(*place):
            shown.append(Shown("~", name, _inside(before[name], after[name], found, place, indent)))
        else:
            hidden += 1
    return [*_aligned(shown, indent), *_hidden(hidden, "element", indent)]


def _list_lines(
    before: tuple[Value, ...],
    after: tuple[Value, ...],
    found: Differences,
    at: tuple[Path, Path],
    indent: int,
) -> list[str]:
    lines: list[str] = []
    hidden = old = new = 0
    while old < len(before) or new < len(after):
        place = (*at[0], old), (*at[1], new)
        if old < len(before) and (place[0] in found.removed or new >= len(after)):
            lines += _element(_whole(before[old], "-", indent), "-", indent)
            old += 1
        elif new < len(after) and (place[1] in found.added or old >= len(before)):
            lines += _element(_whole(after[new], "+", indent), "+", indent)
            new += 1
        else:
            if place[0] in found.changed:
                lines.append(f"{' ' * indent}~ {scalar(before[old])} -> {scalar(after[new])},")
            elif found.within(*place):
                lines += _element(_inside(before[old], after[new], found, place, indent), "~", indent)
            else:
                hidden += 1
            old, new = old + 1, new + 1
    return [*lines, *_hidden(hidden, "element", indent)]
