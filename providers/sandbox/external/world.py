"""Reading the `external` section of a world file: one entry an edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from typing import Any, Final

from providers.sandbox.contract import WorldError
from providers.sandbox.zone import to_name

WRONG: Final = {
    "redirects": "http is redirected to https",
    "no-http": "port 80 hangs up",
    "no-certificate": "the TLS handshake is refused",
    "own-certificate": "the certificate is for the edge's own name",
    "expired": "the certificate has expired",
    "no-host": "SparkPost is told its own name as Host, and no X-Forwarded-Host",
    "no-user-agent": "User-Agent is not passed on",
    "no-client": "the client's address is not passed on",
    "no-query": "the query string is not passed on",
    "not-found": "nothing is forwarded: 404",
}
"""What an edge may do wrong."""


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """One edge; without addresses it is a name that leads nowhere.

    `hosts` are those that it has certificates for, wildcards too; `wrong` is some of `WRONG`.
    """

    name: str
    addresses: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    origin: str = "spgo.io"
    wrong: tuple[str, ...] = ()


KEYS: Final = tuple(field.name for field in fields(EdgeSettings))
CHANGEABLE: Final = ("hosts", "origin", "wrong")


def edge_settings(section: Any) -> Iterator[EdgeSettings]:
    """Every edge of the section. Raises `WorldError` with the place and what to write."""
    if not isinstance(section, list | None):
        raise WorldError("external", "must be a list")
    for number, entry in enumerate(section or []):
        path = f"external[{number}]"
        if not isinstance(entry, dict) or "name" not in entry:
            raise WorldError(
                path, "write {name: edge.proxy.example, addresses: [198.51.100.9], hosts: [HOST]}"
            )
        name, addresses = _host(entry["name"], f"{path}.name"), entry.get("addresses", [])
        rest = {key: value for key, value in entry.items() if key not in ("name", "addresses")}
        yield changed(EdgeSettings(name, _addresses(addresses, f"{path}.addresses")), rest, path)


def changed(settings: EdgeSettings, members: Mapping[str, Any], path: str) -> EdgeSettings:
    """Return settings with these members. Raises `WorldError`."""
    given: dict[str, Any] = {}
    for key, value in members.items():
        if key not in CHANGEABLE:
            raise WorldError(f"{path}.{key}", f"unknown key; write one of {', '.join(CHANGEABLE)}")
        given[key] = _host(value, f"{path}.origin") if key == "origin" else _texts(value, f"{path}.{key}")
    for word in given.get("wrong", ()):
        if word not in WRONG:
            raise WorldError(f"{path}.wrong", f"{word!r} is none of {', '.join(WRONG)}")
    return replace(settings, **given)


def _texts(value: Any, path: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise WorldError(path, "must be a list of texts")
    return tuple(value)


def _addresses(value: Any, path: str) -> tuple[str, ...]:
    for text in _texts(value, path):
        try:
            ip_address(text)
        except ValueError as error:
            raise WorldError(path, str(error)) from error
    return tuple(value)


def _host(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip("."):
        raise WorldError(path, f"{value!r} is no host name")
    try:
        to_name(value)
    except ValueError as error:
        raise WorldError(path, str(error)) from error
    return value.lower().rstrip(".")
