"""What is to be written into a draft so that it holds what is desired. Pure.

docs: Fastly API: Backend, Settings, Request settings, Header, Cache settings, Domain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from providers.fastly import service_api
from providers.fastly.api import Native, Operation
from providers.fastly.names import BACKEND, PLACEHOLDER
from providers.fastly.spelling import BACKEND_MEMBERS, SETTINGS, listed, on, version_attrs
from reconciler.model import Attrs, Change

LABEL_CHARS: Final = 200
LISTS: Final[Mapping[str, Operation]] = {
    "backends": service_api.DROP_BACKEND,
    "rewrites": service_api.DROP_HEADER,
    "hsts": service_api.DROP_HEADER,
    "cache_settings": service_api.DROP_CACHE,
}
"""What is too much in a version, and how it goes."""
_ABSENT: Final = frozenset({"", None})


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a draft; `host` is the member that it is for, None for the service itself."""

    operation: Operation
    name: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """The changes of one service's container: of itself, hosts that come or stay, hosts that go."""

    key: str
    service: Change | None = None
    hosts: tuple[Change, ...] = ()
    leaving: tuple[Change, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*((self.service,) if self.service else ()), *self.hosts, *self.leaving)

    def without(self, ids: Collection[object]) -> Work:
        """Return this work without some of its changes."""
        service = self.service if self.service and self.service.id not in ids else None
        hosts = tuple(c for c in self.hosts if c.id not in ids)
        return Work(self.key, service, hosts, tuple(c for c in self.leaving if c.id not in ids))


def text_of(value: object) -> str:
    """Spell a value as a form does; Fastly takes 1 and 0 for what is on and off."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def writes(config: Native, work: Work) -> list[Write]:
    """Return what a version lacks: settings first, then the hosts that come, then those that go."""
    found: list[Write] = []
    if work.service is not None and work.service.after is not None:
        found += _settings(config, work.service.after.attrs)
    return [*found, *_hosts(config, work)]


# -- settings
def _settings(config: Native, wanted: Attrs) -> Iterator[Write]:
    now = version_attrs(config)
    yield from _backend(config, now, wanted)
    general = {
        told: text_of(wanted[name]) for name, told in SETTINGS.items() if now.get(name) != wanted.get(name)
    }
    if general:
        yield Write(service_api.SETTINGS, form=general)
    yield from _requests(config, now, wanted)
    for name, operation in LISTS.items():
        yield from (Write(operation, one) for one in _spare(now, wanted, name))


def _backend(config: Native, now: Attrs, wanted: Attrs) -> Iterator[Write]:
    """Write the one backend: what differs of one that stands, all of one that does not."""
    there = next((b for b in listed(config, "backends") if b.get("name") == BACKEND), None)
    named = {name: wanted.get(name) for name in BACKEND_MEMBERS}
    if there is None:
        form = {name: text_of(value) for name, value in named.items() if value not in _ABSENT}
        yield Write(service_api.ADD_BACKEND, form={"name": BACKEND, **form})
        return
    held = BACKEND in _names(now, "backends")
    off = {name: text_of(value) for name, value in named.items() if not held or now.get(name) != value}
    if not held:
        off["request_condition"] = ""
    if off:
        yield Write(service_api.PUT_BACKEND, BACKEND, off)


def _requests(config: Native, now: Attrs, wanted: Attrs) -> Iterator[Write]:
    """Put request settings right, and leave of each what does no harm."""
    forced = _spare(now, wanted, "force_ssl")
    replaced = _spare(now, wanted, "request_rewrites")
    for one in listed(config, "request_settings"):
        name, form = str(one.get("name")), {}
        if name in forced:
            form["force_ssl"] = "0"
        if name in replaced:
            form |= {"default_host": ""} if one.get("default_host") else {}
            form |= {"xff": "append"} if one.get("xff") == "clear" else {}
        if form:
            yield Write(service_api.PUT_REQUEST, name, form)


def _spare(now: Attrs, wanted: Attrs, name: str) -> list[str]:
    return sorted(_names(now, name) - _names(wanted, name))


def _names(given: Attrs, name: str) -> set[str]:
    value = given.get(name)
    return {str(one) for one in value} if isinstance(value, tuple) else set()


# -- hosts
def comments(config: Native) -> dict[str, str]:
    """Return the classic domains of a version with their comments, but for a placeholder of tdr's."""
    rows = (row for row in listed(config, "domains") if not is_placeholder(row))
    return {str(row.get("name") or "").lower().rstrip("."): str(row.get("comment") or "") for row in rows}


def is_placeholder(row: Native) -> bool:
    """Tell whether a domain of a version stands there only because Fastly wants one."""
    return row.get("comment") == PLACEHOLDER


def _hosts(config: Native, work: Work) -> Iterator[Write]:
    there = comments(config)
    for change in work.hosts:
        host, comment = change.id.key, text_of(change.resource.attrs.get("comment"))
        if host not in there:
            form = {"name": host, "comment": comment}
            yield Write(service_api.ADD_DOMAIN, form=form, host=host)
        elif there[host] != comment:
            yield Write(service_api.PUT_DOMAIN, host, {"comment": comment}, host)
    for change in work.leaving:
        if change.id.key in there:
            yield Write(service_api.DROP_DOMAIN, change.id.key, host=change.id.key)


# -- what is told of it
def label(config: Native, work: Work, base: int | None) -> str:
    """Say in a version's comment what it changes, so that Fastly's own list of versions can be read.

    base  the version that it is made of
    """
    told = [*_told_settings(config, work), *_told_hosts(config, work)]
    head = f"tdr, from {base}: " if base is not None else "tdr: "
    shown = 1 + max(
        (n for n in range(len(told)) if len(_joined(head, told, n + 1)) <= LABEL_CHARS), default=0
    )
    return _joined(head, told, shown)[:LABEL_CHARS]


def _joined(head: str, told: Sequence[str], shown: int) -> str:
    more = len(told) - shown
    return f"{head}{', '.join(told[:shown])}{f' and {more} more' if more > 0 else ''}"


def _told_settings(config: Native, work: Work) -> Iterator[str]:
    if work.service is None or work.service.after is None:
        return
    now, wanted = version_attrs(config), work.service.after.attrs
    for name in sorted(now.keys() & wanted.keys()):
        if now[name] != wanted[name]:
            yield f"{name} {_shown(now[name])} -> {_shown(wanted[name])}"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(str(one) for one in value) or "none"
    return "none" if value in _ABSENT else str(value)


def _told_hosts(config: Native, work: Work) -> Iterator[str]:
    there = comments(config)
    yield from (f"+{c.id.key}" for c in work.hosts if c.id.key not in there)
    yield from (f"~{c.id.key}" for c in work.hosts if c.id.key in there)
    yield from (f"-{c.id.key}" for c in work.leaving if c.id.key in there)


def is_open(version: Mapping[str, Any]) -> bool:
    """Tell whether a version can be written: neither locked nor served."""
    return not (on(version.get("locked")) or on(version.get("active")))
