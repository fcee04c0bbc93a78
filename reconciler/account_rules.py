"""What can be judged offline of the aliases under `providers`: secrets, their variables, odd options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.problem import Problem, shown
from reconciler.provider import ProviderType
from reconciler.secret_shapes import looks_like_secret, names_a_secret
from reconciler.secrets import referred, variable
from reconciler.union import Place

Accounts = Mapping[str, Place]
Types = Mapping[str, ProviderType]
Rule = Callable[[Accounts, Types, frozenset[str]], Iterator[Problem]]

# tdr's own environment: no alias's secret may fall on one of these.
OWN_VARIABLES = frozenset(
    {
        "TDR_CA_FILE",
        "TDR_CLI_ARGS",
        "TDR_DNS",
        "TDR_INPUT",
        "TDR_IN_AUTOMATION",
        "TDR_LOG",
        "TDR_LOG_PATH",
        "TDR_NET_MAP",
        "TDR_RESOLVERS",
        "TDR_SANDBOX_URL",
        "TDR_SPARKPOST_ENDPOINT",
        "TDR_SPARKPOST_EU_ENDPOINT",
    }
)


def _type(place: Place, types: Types) -> ProviderType | None:
    name = place.value.get("type") if isinstance(place.value, dict) else None
    return types.get(name) if isinstance(name, str) else None


def _no_secrets(accounts: Accounts, types: Types, _odd: frozenset[str]) -> Iterator[Problem]:
    """No key and no value of an account is a secret; one that names an environment variable is none."""
    for alias, place in accounts.items():
        type_ = _type(place, types)
        instead = f"remove it and set {_variables(alias, type_)} in the environment"
        if type_ is not None and type_.reference:
            instead = f"write {type_.reference}NAME instead, and set NAME in the environment"
        for path, key, value in _leaves(place.value):
            if type_ is not None and referred(value, type_) is not None:
                continue
            if key is not None and names_a_secret(key):
                yield place.key_mark(*path).problem(f"{shown(key)} is a secret in the file", instead)
            elif isinstance(value, str) and looks_like_secret(value):
                yield place.mark(*path).problem("this value looks like a secret", instead)


def _leaves(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str | None, Any]]:
    """Yield path, key and value of all that an account's mapping holds; nothing below a secret's key."""
    entries: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in entries:
        name = key if isinstance(key, str) else None
        yield (*path, key), name, item
        if name is None or not names_a_secret(name):
            yield from _leaves(item, (*path, key))


def _variables(alias: str, type_: ProviderType | None) -> str:
    """Return the variables that hold the secrets of an alias, for a message."""
    if type_ is None or not type_.secrets:
        return variable(alias, "…")
    return " and ".join(f"{variable(alias, one.suffix)} (or {one.variable})" for one in type_.secrets)


def _variables_apart(accounts: Accounts, types: Types, _odd: frozenset[str]) -> Iterator[Problem]:
    """No two aliases share a variable, and none takes one of tdr's own."""
    first: dict[str, str] = {}
    for alias in sorted(accounts):
        type_ = _type(accounts[alias], types)
        for one in type_.secrets if type_ is not None else ():
            name = variable(alias, one.suffix)
            other = first.setdefault(name, alias)
            mark = accounts[alias].key_mark()
            if name in OWN_VARIABLES:
                what = f"the secret of the alias {shown(alias)} would come from {name}, which is tdr's own"
                yield mark.problem(what, "choose another alias")
            elif other != alias:
                what = f"the aliases {shown(other)} and {shown(alias)} would both take a secret from {name}"
                yield mark.problem(what, "choose another alias")


def _options(accounts: Accounts, types: Types, odd: frozenset[str]) -> Iterator[Problem]:
    """The options of an account agree, by its type's own judgement."""
    for alias, place in accounts.items():
        type_ = _type(place, types)
        if type_ is None or alias in odd:
            continue
        options = {key: value for key, value in place.value.items() if key != "type"}
        for key, what, instead in type_.check(options):
            mark = place.mark(key) if key in options else place.key_mark()
            yield mark.problem(what, instead)


ACCOUNT_RULES: tuple[Rule, ...] = (_no_secrets, _variables_apart, _options)
