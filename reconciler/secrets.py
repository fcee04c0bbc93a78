"""Secrets come from the environment alone, and go out nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.desired import Account
from reconciler.errors import ConfigError
from reconciler.problem import Problem
from reconciler.provider import ProviderType, Secret

HIDDEN = "(sensitive value)"
# Shorter texts are words: hiding them would garble every message, and no vendor's key is so short.
_SHORTEST = 8
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def variable(alias: str, suffix: str) -> str:
    """Return the variable of one alias: `TDR_<ALIAS>_<suffix>`, upper case, `-` to `_`."""
    return f"TDR_{alias.upper().replace('-', '_')}_{suffix}"


def referred(value: object, type_: ProviderType) -> str | None:
    """Return the environment variable that an option's text stands for, or None for a plain value."""
    if not type_.reference or not isinstance(value, str) or not value.startswith(type_.reference):
        return None
    name = value.removeprefix(type_.reference)
    return name if _NAME.fullmatch(name) else None


def references(value: Any, type_: ProviderType) -> Iterator[str]:
    """Yield the environment variables that the texts inside an account's options stand for."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for one in inner:
        yield from references(one, type_)
    if (name := referred(value, type_)) is not None:
        yield name


def secret(account: Account, type_: ProviderType, environ: Mapping[str, str]) -> str:
    """Return the one secret of an account. Raises ConfigError naming both variables; ValueError for another
    number of secrets than one."""
    (wanted,) = type_.secrets
    return _value(account, wanted, environ)


def secrets(account: Account, type_: ProviderType, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return every secret of an account by suffix. Raises ConfigError with all that are missing, those that
    its options refer to included."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for wanted in type_.secrets:
        try:
            found[wanted.suffix] = _value(account, wanted, environ)
        except ConfigError as error:
            problems.extend(error.problems)
    for name in sorted({name for name in references(account.options, type_) if not environ.get(name)}):
        what = f"the alias {account.alias} ({account.type}) takes {name} from the environment, which has none"
        problems.append(account.mark.problem(what, f"set {name}"))
    if problems:
        raise ConfigError(problems)
    return found


def _value(account: Account, wanted: Secret, environ: Mapping[str, str]) -> str:
    own = variable(account.alias, wanted.suffix)
    for name in (own, wanted.variable):
        value = environ.get(name, "").strip()
        if value and not value.isprintable():
            what = f"the environment variable {name} has a line break or control character in it"
            raise ConfigError([account.mark.problem(what, "set it to the key alone")])
        if value:
            return value
    what = f"no secret for the alias {account.alias} ({account.type}) is in the environment"
    raise ConfigError([account.mark.problem(what, f"set {own} or {wanted.variable}")])


class Redactor:
    """Hides known secrets in texts that go out: errors, logs, reports."""

    __slots__ = ("_known",)

    def __init__(self, known: Iterable[str] = ()) -> None:
        # The longest first, so that a secret which contains another is hidden whole.
        self._known = tuple(sorted({k for k in known if len(k) >= _SHORTEST}, key=lambda k: (-len(k), k)))

    def __call__(self, text: str) -> str:
        """Return text with each known secret replaced by `(sensitive value)`."""
        for known in self._known:
            text = text.replace(known, HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"


def redactor(
    accounts: Mapping[str, Account], types: Mapping[str, ProviderType], environ: Mapping[str, str]
) -> Redactor:
    """Return a redactor of every secret that the environment holds for these accounts."""
    names = {
        name
        for account in accounts.values()
        if account.type in types
        for wanted in types[account.type].secrets
        for name in (variable(account.alias, wanted.suffix), wanted.variable)
    }
    for account in accounts.values():
        if account.type in types:
            names.update(references(account.options, types[account.type]))
    return Redactor(environ[name].strip() for name in names if name in environ)
