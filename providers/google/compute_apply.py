"""Making changes of what Compute Engine keeps, round by round.

Each round looks, asks for the next thing that is still to be done, and says NotReady; the next one asks first
how far the operations of this run are. An operation that another run began is found by what it makes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol, TypeAlias

from providers._outcomes import Outcome, is_idle, moved, stuck
from providers.google.compute_api import Compute, Native
from providers.google.compute_bodies import (
    Links,
    changed,
    endpoints_body,
    new_body,
    policy_patch,
    rule_target,
)
from providers.google.managed import (
    address_attrs,
    backend_attrs,
    classic_attrs,
    group_attrs,
    http_proxy_attrs,
    https_proxy_attrs,
    policy_attrs,
    rule_attrs,
    url_map_attrs,
)
from providers.google.names import (
    ADDRESS,
    BACKEND,
    HTTP_PROXY,
    HTTPS_PROXY,
    NEG,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
)
from providers.google.natives import (
    address_from,
    backend_from,
    classic_from,
    group_from,
    http_proxy_from,
    https_proxy_from,
    policy_from,
    rule_from,
    url_map_from,
)
from providers.google.refusals import is_gone, is_taken, operation_error
from reconciler.errors import Conflict, InvalidRequest, NotReady, ProviderError
from reconciler.model import Action, Attrs, Change, ResourceId, attrs
from reconciler.provider import Done, Failed, Outcomes, Side

DONE: Final = "DONE"
FIRST: Final = frozenset({"first_certificate"})
"""What matters when something is made, and never again."""

_FEW: Final = 4
_STEPS: Final = 8
"""More than the most writes that one change takes."""

_Ask: TypeAlias = "Callable[[], Native]"
_MANAGED: Final[Mapping[str, Callable[[Native, str], Attrs]]] = {
    NEG: lambda n, _p: group_attrs(group_from(n, n.get("endpoints"))),
    BACKEND: lambda n, p: backend_attrs(backend_from(n, p)),
    URL_MAP: lambda n, p: url_map_attrs(url_map_from(n, p)),
    SSL_POLICY: lambda n, _p: policy_attrs(policy_from(n)),
    HTTPS_PROXY: lambda n, p: https_proxy_attrs(https_proxy_from(n, p)),
    HTTP_PROXY: lambda n, p: http_proxy_attrs(http_proxy_from(n, p)),
    ADDRESS: lambda n, p: address_attrs(address_from(n, p)),
    RULE: lambda n, p: rule_attrs(rule_from(n, p)),
    SSL_CERTIFICATE: lambda n, _p: classic_attrs(classic_from(n)),
}
_OUTPUTS: Final[Mapping[str, tuple[str, ...]]] = {ADDRESS: ("address",)}


class Told(Protocol):
    """Where operations are asked for: Compute Engine, or Certificate Manager told in its words."""

    @property
    def project(self) -> str: ...

    def operation(self, name: str) -> Native:
        """Return an operation as it is now."""

    def operations(self) -> list[Native]:
        """Return many at once; what is not among them is asked for by itself."""


class Operations:
    """The operations of this run, by what they are for. Thread-safe."""

    def __init__(self, api: Told, together: Side) -> None:
        self._api, self._together = api, together
        self._lock = threading.Lock()
        self._running: dict[ResourceId, str] = {}
        self._begun: set[ResourceId] = set()

    def begin(self, ids: Sequence[ResourceId], native: Native) -> None:
        """Remember an operation. Raises ProviderError where it failed at once."""
        with self._lock:
            self._begun.update(ids)
        if native.get("status") == DONE:
            if (error := operation_error(native, self._api.project)) is not None:
                raise error
            return
        with self._lock:
            self._running.update(dict.fromkeys(ids, str(native.get("name"))))

    def has_begun(self, id_: ResourceId) -> bool:
        """Tell whether this run wrote it already."""
        with self._lock:
            return id_ in self._begun

    def end(self, id_: ResourceId) -> None:
        """Forget what is done, or is not to be."""
        with self._lock:
            self._begun.discard(id_)
            self._running.pop(id_, None)

    def waiting(self, ids: Sequence[ResourceId]) -> dict[ResourceId, ProviderError]:
        """Ask for the operations of these; return what still runs (NotReady) or failed."""
        with self._lock:
            named = {id_: self._running[id_] for id_ in ids if id_ in self._running}
        told = self._told(sorted(set(named.values())))
        found: dict[ResourceId, ProviderError] = {}
        for id_, name in named.items():
            native = told[name]
            if native.get("status") != DONE:
                word = str(native.get("status") or "unknown").lower()
                found[id_] = NotReady(f"Google's operation {name} is {word}")
                continue
            with self._lock:
                self._running.pop(id_, None)
            if (error := operation_error(native, self._api.project)) is not None:
                found[id_] = error
        return found

    def _told(self, names: Sequence[str]) -> dict[str, Native]:
        """Return operations by name: one list for many."""
        listed: dict[str, Native] = {}
        if len(names) > _FEW:
            listed = {str(native.get("name")): native for native in self._api.operations()}
        left = [name for name in names if name not in listed]
        asked = self._together([partial(self._one, name) for name in left])
        return {**{n: listed[n] for n in names if n in listed}, **dict(zip(left, asked, strict=True))}

    def _one(self, name: str) -> Native:
        try:
            return self._api.operation(name)
        except ProviderError as error:
            if is_gone(error):  # it ended long ago: what it made tells the rest
                return {"name": name, "status": DONE}
            raise


class ComputeApply:
    """Changes of one kind at a time."""

    def __init__(self, api: Compute, operations: Operations, together: Side) -> None:
        self._api, self._operations, self._together = api, operations, together
        self._links = Links(api.project)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one kind: those whose operations still run are NotReady."""
        outcomes: dict[ResourceId, Outcome] = {c.id: Done(c.after) for c in batch if is_idle(c)}
        left = [c for c in batch if c.id not in outcomes]
        for _ in range(_STEPS):
            held = self._operations.waiting([c.id for c in left])
            outcomes |= {id_: Failed(error) for id_, error in held.items()}
            left = [c for c in left if c.id not in held]
            if not left:
                break
            made = self._round(left)
            outcomes |= {id_: outcome for id_, outcome in made.items() if outcome is not None}
            left = [c for c in left if made[c.id] is None]
        outcomes |= {c.id: Failed(NotReady("Google is at it")) for c in left}
        self._settle(outcomes)
        return outcomes

    def _settle(self, outcomes: Mapping[ResourceId, Outcome]) -> None:
        for id_, outcome in outcomes.items():
            if not (isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)):
                self._operations.end(id_)

    def _round(self, changes: Sequence[Change]) -> dict[ResourceId, Outcome | None]:
        """Look once, and ask for the next thing of each; None: it was asked for."""
        natives = self._natives(changes)
        calls = [partial(self._tried, c, natives.get(_name(c))) for c in changes]
        return dict(zip((c.id for c in changes), self._together(calls), strict=True))

    def _natives(self, changes: Sequence[Change]) -> dict[str, Native]:
        kind = changes[0].id.kind
        found = {str(n.get("name")): n for n in self._api.listed(kind)}
        if kind != NEG:
            return found
        mine = [name for name in map(_name, changes) if name in found]
        several = self._together([partial(self._api.endpoints, name) for name in mine])
        return {name: {**found[name], "endpoints": e} for name, e in zip(mine, several, strict=True)}

    def _tried(self, change: Change, native: Native | None) -> Outcome | None:
        try:
            return self._step(change, native)
        except ProviderError as error:
            error.resource = error.resource or change.id.address
            return Failed(error)

    def _step(self, change: Change, native: Native | None) -> Outcome | None:
        if change.action is Action.DELETE:
            if native is None:
                return Done(None)
            self._asked(change, partial(self._api.delete, change.id.kind, _name(change)))
            return None
        if native is None:
            self._insert(change)
            return None
        now = _MANAGED[change.id.kind](native, self._api.project)
        self._check(change, now)
        ask = self._next(change.id.kind, change.resource.attrs, now, native)
        if ask is None:
            here = replace(change.resource, attrs=now, outputs=_outputs(change.id.kind, native))
            return stuck(change, here, FIRST)
        self._asked(change, ask)
        return None

    def _asked(self, change: Change, ask: _Ask) -> None:
        self._operations.begin([change.id], ask())

    def _insert(self, change: Change) -> None:
        kind, managed = change.id.kind, self._with_first(change.resource.attrs)
        try:
            self._asked(change, partial(self._api.insert, kind, new_body(kind, managed, self._links)))
        except Conflict as error:
            if not is_taken(error):
                raise
            # It was asked for before, by a run that ended: the list will show it.
            raise NotReady(error.message, status=error.status) from error

    def _with_first(self, managed: Attrs) -> Attrs:
        """Choose the certificate to make a proxy with: the first that is there."""
        names = _texts(managed.get("first_certificate"))
        if not names:
            return managed
        there = {n.get("name") for n in self._api.listed(SSL_CERTIFICATE)}
        found = next((name for name in names if name in there), None)
        if found is None:
            raise NotReady("none of the certificates is there yet")
        return attrs(**{**managed, "first_certificate": found})

    def _check(self, change: Change, now: Attrs) -> None:
        """Raise Conflict where what stands there is not what the change rests on."""
        if self._operations.has_begun(change.id):
            return
        if change.before is None and now["description"] != change.resource.attrs["description"]:
            raise Conflict(f"{now['name']} is there already, and is not tdr's: {now['description']!r}")
        text = moved(now, change, FIRST) if change.before is not None else ""
        if text:
            raise Conflict(text)

    # -- what is next
    def _next(self, kind: str, want: Attrs, now: Attrs, native: Native) -> _Ask | None:
        """Return the next write that leads from now to want; None where nothing is left to do."""
        off = {n for n in want.keys() - FIRST if want[n] != now.get(n)}
        if not off:
            return None
        name = str(want["name"])
        body = self._change_of(kind, off, want, now, native)
        if body is None:
            told = ", ".join(sorted(off))
            raise InvalidRequest(f"{name}: {told} cannot be changed; apply -replace it, or delete it by hand")
        method, sent = body
        return partial(self._api.change, kind, method, name, sent)

    def _change_of(
        self, kind: str, off: set[str], want: Attrs, now: Attrs, native: Native
    ) -> tuple[str, Native] | None:
        if kind == NEG and off == {"endpoints"}:
            # One that leads elsewhere is left: another group takes its place, so that no request goes astray.
            alone = not _texts(now["endpoints"])
            return ("attachNetworkEndpoints", endpoints_body(want["endpoints"])) if alone else None
        if kind in (BACKEND, URL_MAP):
            return "update", changed(kind, want, native, self._links)
        if kind == SSL_POLICY and not off & {"name", "description"}:
            return "patch", policy_patch(want, native)
        if kind in (HTTPS_PROXY, HTTP_PROXY):
            return self._proxy_change(off, want)
        if kind == RULE and off == {"target"}:
            return "setTarget", {"target": rule_target(want, self._links)}
        return None

    def _proxy_change(self, off: set[str], want: Attrs) -> tuple[str, Native] | None:
        """Return one setter: the certificate map last, when all else is right."""
        if "url_map" in off:
            return "setUrlMap", {"urlMap": self._links.to(URL_MAP, want["url_map"])}
        if "ssl_policy" in off:
            policy = want["ssl_policy"]
            return "setSslPolicy", {"sslPolicy": self._links.to(SSL_POLICY, policy)} if policy else {}
        if "certificate_map" in off:
            return "setCertificateMap", {"certificateMap": self._links.to_map(want["certificate_map"])}
        return None


def _name(change: Change) -> str:
    return str(change.resource.attrs["name"])


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple) else ()


def _outputs(kind: str, native: Native) -> Attrs:
    return attrs(**{name: native[name] for name in _OUTPUTS.get(kind, ()) if native.get(name)})
