"""What an alias says: which class, with which settings, for which zones. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.errors import AuthError

UNIT: Final = "octodns"
"""The accounting unit of every call: how many requests one makes is the class's own affair."""

REFERENCE: Final = "env/"
"""octoDNS's own way to say that a setting is the value of an environment variable."""

_ZONE: Final = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"

OPTIONS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["class"],
    "properties": {
        "class": {
            "type": "string",
            "pattern": r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$",
            "description": (
                "The provider class, as in octoDNS's own configuration, such as "
                "octodns_powerdns.PowerDnsProvider. Install its package beside tdr."
            ),
        },
        "config": {
            "type": "object",
            "description": (
                "The class's settings, as in octoDNS's own configuration. `env/NAME` is the value of the "
                "environment variable NAME, `env/NAME/other` is `other` where that is unset; a secret is "
                "always `env/NAME`."
            ),
        },
        "zones": {
            "type": "array",
            "items": {"type": "string", "pattern": _ZONE},
            "uniqueItems": True,
            "minItems": 1,
            "description": (
                "The zones that tdr may write to, without a final dot. Needed for a class that cannot list "
                "them."
            ),
        },
        "min_ttl": {
            "type": "integer",
            "minimum": 1,
            "maximum": 86400,
            "description": (
                "The lowest TTL that the vendor holds, seconds. If omitted, what the class says of it, "
                "else 60."
            ),
        },
    },
}

#: Settings that hold secrets by the names that classes give them, beyond those that tdr knows anyway.
_SECRET: Final = re.compile(r"(?:^KEY|(?:APP|APPLICATION|CLIENT|CONSUMER|MASTER)_KEY|(?:^|_)(?:PASS|PWD))$")
_RESERVED: Final = {
    "id": "the class is called by the alias",
    "class": "the class stands at the alias itself",
    "apply_disabled": "nothing would ever be written",
}


def check(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, what is wrong, what to write instead)."""
    config = options.get("config") or {}
    for key, reason in _RESERVED.items():
        if config.get(key):
            yield "config", f"{key} cannot be set: {reason}", "remove it"
    for key, value in _leaves(config):
        if _SECRET.search(key.upper()) and not (isinstance(value, str) and _is_reference(value)):
            yield "config", f"{key} is a secret in the file", f"write {REFERENCE}NAME, and set NAME"


def _leaves(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield str(key), value


def _is_reference(text: str) -> bool:
    return text.startswith(REFERENCE) and "/" not in text.removeprefix(REFERENCE)


def identity(options: Mapping[str, Any]) -> str:
    """Return what the account is known by: two aliases with the same class and settings take turns."""
    config = json.dumps(_plain(options.get("config") or {}), sort_keys=True)
    return f"octodns/{options['class']}/{config}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of the class with the environment put in, and the values that came from there."""

    keywords: Mapping[str, Any]
    taken: frozenset[str]


def config_of(alias: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """Return the settings as octoDNS would pass them on. Raises AuthError for a variable that is not set."""
    taken: set[str] = set()

    def settled(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(k): settled(f"{key}.{k}", v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [settled(key, inner) for inner in value]
        if not (isinstance(value, str) and value.startswith(REFERENCE)):
            return value
        name, _, default = value.removeprefix(REFERENCE).partition("/")
        text = environ.get(name, default if value.count("/") > 1 else None)
        if text is None:
            raise AuthError(f"{key} takes {name} from the environment, where it is not set", provider=alias)
        if name in environ:
            taken.add(text)
        return _typed(text)

    return Config(settled("config", options.get("config") or {}), frozenset(taken))


def _typed(text: str) -> str | int | float:
    """Turn numbers into numbers, as octoDNS does. docs: octoDNS, "Environment variables" (EnvironSecrets)."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
