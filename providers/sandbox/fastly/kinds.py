"""The kinds of objects that a version has: their members, what they are unless given, and their types.

Members and defaults as recorded, and as the API reference has them. Of the older kinds every value is a
text, as it was sent.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .call import bad_request

Parser = Callable[[str, Any], Any]


def as_text(_: str, given: Any) -> Any:
    """Take a text as it is."""
    return None if given is None else _spelt(given)


def or_null(_: str, given: Any) -> Any:
    """Take a text; an empty one is none."""
    return None if given in (None, "") else _spelt(given)


def whole(name: str, given: Any) -> Any:
    """Take a whole number."""
    if given in (None, ""):
        return None
    try:
        return int(given)
    except (TypeError, ValueError) as error:
        raise bad_request(f"Value for {name} must be an integer") from error


def flag(name: str, given: Any) -> Any:
    """Take true or false, as forms spell them."""
    known = {"1": True, "0": False, "true": True, "false": False, "": False}
    spelt = _spelt(given).lower()
    if spelt not in known:
        raise bad_request(f"Value for {name} must be a boolean")
    return known[spelt]


def headers(_: str, given: Any) -> Any:
    """Take the headers of a health check: a list, in a form spelt as JSON."""
    return json.loads(given) if isinstance(given, str) and given else list(given or ())


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `path` in addresses, `record` in refusals, `details` the list in a version's details.

    `number` says whether a version is spelt as a number in its objects.
    """

    path: str
    record: str
    details: str
    defaults: Mapping[str, Any]
    parsers: Mapping[str, Parser]
    required: tuple[str, ...] = ()
    number: bool = False

    def parsed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the members of a form that this kind has. Raises Refusal."""
        return {
            name: self.parsers.get(name, as_text)(name, value)
            for name, value in given.items()
            if name == "name" or name in self.defaults
        }


def _spelt(given: Any) -> str:
    return {True: "1", False: "0"}[given] if isinstance(given, bool) else str(given)


def addressed(made: dict[str, Any]) -> None:
    """Let a backend's address tell its host name, or its IPv4 or IPv6 address."""
    address = made.get("address") or ""
    made.update(hostname=None, ipv4=None, ipv6=None)
    try:
        made[f"ipv{ipaddress.ip_address(address).version}"] = address
    except ValueError:
        made["hostname"] = address


def _parsers(parser: Parser, names: str) -> dict[str, Parser]:
    return dict.fromkeys(names.split(), parser)


BACKEND_NULLS = (
    "shield ssl_ca_cert ssl_cert_hostname ssl_hostname ssl_sni_hostname ssl_ciphers ssl_client_cert "
    "ssl_client_key client_cert healthcheck min_tls_version max_tls_version share_key override_host"
)
BACKEND_UNSET = (
    "keepalive_time tcp_keepalive_enable tcp_keepalive_interval tcp_keepalive_probes tcp_keepalive_time"
)
BACKEND_NUMBERS = (
    "port connect_timeout first_byte_timeout between_bytes_timeout max_conn max_use max_lifetime weight "
    "error_threshold"
)
BACKEND: Final = Kind(
    "backend",
    "Backend",
    "backends",
    {
        **dict.fromkeys((BACKEND_NULLS + " " + BACKEND_UNSET).split()),
        "address": None,
        "hostname": None,
        "ipv4": None,
        "ipv6": None,
        "port": 80,
        "weight": 100,
        "max_conn": 200,
        "max_use": 0,
        "max_lifetime": 0,
        "error_threshold": 0,
        "comment": "",
        "request_condition": "",
        "connect_timeout": 1000,
        "first_byte_timeout": 15000,
        "between_bytes_timeout": 10000,
        "auto_loadbalance": False,
        "use_ssl": False,
        "ssl_check_cert": True,
        "prefer_ipv6": False,
    },
    {
        **_parsers(or_null, BACKEND_NULLS),
        **_parsers(whole, f"{BACKEND_NUMBERS} {BACKEND_UNSET}"),
        **_parsers(flag, "auto_loadbalance use_ssl ssl_check_cert prefer_ipv6"),
    },
    number=True,
)
DOMAIN: Final = Kind("domain", "Domain", "domains", {"comment": ""}, {}, number=True)
HEALTHCHECK: Final = Kind(
    "healthcheck",
    "Healthcheck",
    "healthchecks",
    {
        "check_interval": 5000,
        "expected_response": 200,
        "initial": 3,
        "threshold": 3,
        "timeout": 500,
        "window": 5,
        "host": None,
        "http_version": "1.1",
        "method": "HEAD",
        "path": "/",
        "comment": "",
        "headers": [],
    },
    {
        **_parsers(whole, "check_interval expected_response initial threshold timeout window"),
        "headers": headers,
    },
    number=True,
)
HEADER: Final = Kind(
    "header",
    "Header",
    "headers",
    {
        **dict.fromkeys(
            ["action", "dst", "src", "type", "request_condition", "cache_condition", "response_condition"]
        ),
        "ignore_if_set": "0",
        "priority": "100",
        "regex": "",
        "substitution": "",
    },
    {},
    ("action", "dst", "type"),
)
CONDITION: Final = Kind(
    "condition",
    "Condition",
    "conditions",
    {"comment": "", "priority": "100", "statement": None, "type": None},
    {},
    ("statement", "type"),
)
REQUEST_SETTINGS: Final = Kind(
    "request_settings",
    "RequestSettings",
    "request_settings",
    {
        **dict.fromkeys(
            [
                "action",
                "default_host",
                "hash_keys",
                "bypass_busy_wait",
                "force_miss",
                "force_ssl",
                "geo_headers",
                "max_stale_age",
                "timer_support",
            ]
        ),
        "xff": "append",
        "request_condition": "",
    },
    {},
)
CACHE_SETTINGS: Final = Kind(
    "cache_settings",
    "CacheSettings",
    "cache_settings",
    {"action": None, "cache_condition": "", "stale_ttl": None, "ttl": None},
    {},
)

KINDS: Final = (BACKEND, DOMAIN, HEALTHCHECK, HEADER, CONDITION, REQUEST_SETTINGS, CACHE_SETTINGS)
