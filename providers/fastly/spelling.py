"""A service's settings as attributes, spelt as `details` reports them. Pure.

docs: Fastly API, Service (details), Backend, Settings, Request settings, Header, Cache settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from providers.fastly.api import Native
from providers.fastly.names import BACKEND
from reconciler.model import Attrs, attrs

BACKEND_MEMBERS: Final = (
    "address",
    "port",
    "use_ssl",
    "ssl_check_cert",
    "ssl_cert_hostname",
    "ssl_sni_hostname",
    "override_host",
    "min_tls_version",
    "shield",
)
"""What is managed of the backend, in Fastly's words."""
SETTINGS: Final[Mapping[str, str]] = {
    "default_ttl": "general.default_ttl",
    "stale_if_error": "general.stale_if_error",
    "default_host": "general.default_host",
}
"""What is managed of a version's settings, and Fastly's member for it."""
_HEADERS_TOLD: Final = frozenset(
    f"http.{name}"
    for name in ("host", "user-agent", "x-forwarded-for", "x-forwarded-host", "fastly-client-ip")
)
"""What SparkPost learns the tracking host, the software and the address of a reader by."""
_HSTS: Final = "http.strict-transport-security"
_CONDITIONS: Final = ("request_condition", "cache_condition", "response_condition")


def version_attrs(config: Native) -> Attrs:
    """Return the managed settings of a version, from its part of `details`."""
    backends = [b for b in listed(config, "backends") if not conditional(b)]
    ours = next((b for b in backends if b.get("name") == BACKEND), {})
    general = config.get("settings") or {}
    return attrs(
        backends=named(backends),
        **{member: plain(ours.get(member), member) for member in BACKEND_MEMBERS},
        default_ttl=number(general.get(SETTINGS["default_ttl"])),
        stale_if_error=on(general.get(SETTINGS["stale_if_error"])),
        default_host=str(general.get(SETTINGS["default_host"]) or ""),
        force_ssl=named(always(config, "request_settings", forces_tls)),
        request_rewrites=named(always(config, "request_settings", replaces)),
        rewrites=named(always(config, "headers", rewrites)),
        hsts=named(always(config, "headers", is_hsts)),
        cache_settings=named(always(config, "cache_settings", caches)),
    )


def listed(config: Native, member: str) -> Iterator[Native]:
    """Yield the objects of one kind that a version has."""
    yield from (one for one in config.get(member) or () if isinstance(one, Mapping))


def named(found: Iterable[Native]) -> tuple[str, ...]:
    """Return the names of some objects of a version."""
    return tuple(sorted(str(one.get("name")) for one in found))


def always(config: Native, member: str, harms: Callable[[Native], bool]) -> Iterator[Native]:
    """Yield the objects of one kind that do harm to every request."""
    yield from (one for one in listed(config, member) if not conditional(one) and harms(one))


def sometimes(config: Native, member: str, harms: Callable[[Native], bool]) -> Iterator[Native]:
    """Yield the objects of one kind that may do harm where a condition of the user's holds."""
    yield from (one for one in listed(config, member) if conditional(one) and harms(one))


def conditional(one: Native) -> bool:
    """Tell whether an object of a version applies only where a condition holds."""
    return any(one.get(name) for name in _CONDITIONS)


def forces_tls(setting: Native) -> bool:
    """Tell whether a request setting redirects http to https."""
    return on(setting.get("force_ssl"))


def replaces(setting: Native) -> bool:
    """Tell whether a request setting puts another Host in, or drops the reader's address."""
    return bool(setting.get("default_host")) or setting.get("xff") == "clear"


def rewrites(header: Native) -> bool:
    """Tell whether a header object changes what SparkPost has to see as the reader sent it."""
    changed = str(header.get("dst") or "").lower()
    return header.get("type") == "request" and (changed in _HEADERS_TOLD or changed == "url")


def is_hsts(header: Native) -> bool:
    """Tell whether a header object tells browsers to use https alone."""
    changed = str(header.get("dst") or "").lower()
    return header.get("type") != "request" and changed == _HSTS and header.get("action") != "delete"


def caches(setting: Native) -> bool:
    """Tell whether a cache setting decides how long an answer is held."""
    return setting.get("action") != "pass" and bool(number(setting.get("ttl")))


def on(value: object) -> bool:
    """Tell whether a switch is on; Fastly writes true, 1 and "1"."""
    return value is True or str(value).lower() in ("1", "true")


def number(value: object) -> int | None:
    """Return a number that Fastly may write as text; None where it is none."""
    text = str(value)
    return int(text) if text.isdecimal() else None


def plain(value: object, member: str) -> object:
    """Return a member of a backend as tdr compares it: nothing and the empty text are the same to Fastly."""
    if member in ("use_ssl", "ssl_check_cert"):
        return None if value is None else on(value)
    if member == "port":
        return number(value)
    return None if value in (None, "") else value
