"""What one YAML scalar means: the YAML 1.2 core schema, and `${ENV}` in strings.

YAML 1.1's further booleans (`yes`, `no`, `on`, `off`) are strings here, so that a country code NO stays one;
where a boolean belongs, the schema's message says to write `true` or `false`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from reconciler.problem import joined
from reconciler.secret_shapes import names_a_secret

Scalar = str | int | float | bool | None

NUMBER_CHARS = 20
_WORDS: Mapping[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_NUMBER_STARTS = frozenset("+-.0123456789")

# `$${` is a literal `${`; anything else after `${` must be a name, or a name and a default.
_EXPRESSION = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\Z", re.DOTALL)


class ScalarError(ValueError):
    """A scalar that cannot be taken; `what` is wrong, `instead` to be written."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(joined(what, instead))
        self.what = what
        self.instead = instead


def plain(text: str) -> Scalar:
    """Return what an unquoted scalar means. Raises ScalarError for numbers that JSON cannot hold."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INT.match(text):
        _refuse_long(text)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _NOT_FINITE.match(text):
        raise ScalarError(f"{text} is not a number that can be used", "write a finite number, or quote it")
    if _FLOAT.match(text):
        _refuse_long(text)
        return _finite(text)
    return text


def _refuse_long(text: str) -> None:
    if len(text) > NUMBER_CHARS:
        raise ScalarError(f"a number of {len(text)} characters is too long", "quote it if it is a text")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ScalarError(f"{text} is not a number that can be used", "write a finite number, or quote it")
    return number


def filled(text: str, environ: Mapping[str, str]) -> str:
    """Return text with `${NAME}` and `${NAME:-default}` filled in from the environment.

    `$${` stands for a literal `${`. The default holds where NAME is unset or empty. What is filled in is
    not looked at again. Raises ScalarError for an unset name, a malformed expression, and a secret.
    """
    return _EXPRESSION.sub(lambda found: _value(found, environ), text)


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    if found[0] == "$${":
        return "${"
    if found[1] is None:
        raise ScalarError("`${` is not closed", "write ${NAME}, ${NAME:-default}, or $${ for a literal ${")
    expression = _VARIABLE.match(found[1])
    if expression is None:
        what = f"`{found[0][:60]}` is not understood"
        raise ScalarError(what, "write ${NAME}, ${NAME:-default}, or $${ for a literal ${")
    name, default = expression[1], expression[2]
    if names_a_secret(name):
        what = f"${{{name}}} would put a secret into the file's values"
        raise ScalarError(what, "remove it: tdr takes secrets from the environment by itself")
    value = environ.get(name)
    if value is None and default is None:
        raise ScalarError(
            f"the environment variable {name} is not set", f"set it, or write a default: ${{{name}:-default}}"
        )
    return (value or default) if default is not None else (value or "")
