"""Making changes of what Certificate Manager keeps, round by round, and telling what of it is active.

The changes of one container are written side by side; then their operations are asked for, and one list tells
what came of them. What still runs is NotReady, and asked for again. An operation that another run began is
found by what it makes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias

from providers._outcomes import Outcome, is_idle, moved, stuck
from providers.google.certificates import certificate_status, entry_status
from providers.google.certificates_api import Certificates
from providers.google.compute_apply import Operations
from providers.google.managed import authorization_attrs, certificate_attrs, entry_attrs, map_attrs
from providers.google.names import AUTHORIZATION, CERTIFICATE, LABEL, MAP, MAP_ENTRY, key_in, marked
from providers.google.natives import (
    Entry,
    Native,
    authorization_from,
    certificate_from,
    entry_from,
    map_from,
)
from providers.google.refusals import is_gone, is_taken, reason_of
from reconciler.errors import Conflict, InvalidRequest, NotReady, ProviderError
from reconciler.model import Action, Attrs, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Outcomes, Side, Status

KINDS: Final = frozenset({AUTHORIZATION, CERTIFICATE, MAP, MAP_ENTRY})
"""What goes to Certificate Manager."""

_IN_USE: Final = frozenset({"failedprecondition", "resourcestillinuse"})
_STEPS: Final = 4
"""More than the most writes that one change takes."""

_Look: TypeAlias = "tuple[str, Mapping[str, Native]]"
_MANAGED: Final[Mapping[str, Callable[[Native], Attrs]]] = {
    AUTHORIZATION: lambda native: authorization_attrs(authorization_from(native)),
    CERTIFICATE: lambda native: certificate_attrs(certificate_from(native)),
    MAP: lambda native: map_attrs(map_from(native)),
    MAP_ENTRY: lambda native: entry_attrs(entry_from(native, "")),
}
_CHANGEABLE: Final[Mapping[str, frozenset[str]]] = {
    AUTHORIZATION: frozenset({"owner"}),
    CERTIFICATE: frozenset(),
    MAP: frozenset({"owner", "description"}),
    MAP_ENTRY: frozenset({"owner", "certificates"}),
}
"""What a patch of ours changes. The rest is so for life: another one is made."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something is: its name, and for an entry the map that it is in."""

    name: str
    map: str = ""


class CertificatesApply:
    """Certificate Manager's part of an alias. Thread-safe: keeps the names of what was read or made."""

    def __init__(self, api: Certificates, owner: str, together: Side) -> None:
        self._api, self._owner, self._together = api, owner, together
        self._operations = Operations(api, together)
        self._lock = threading.Lock()
        self._maps: dict[str, str] = {}
        self._places: dict[ResourceId, _Place] = {}

    def remember(self, resources: Iterable[Resource]) -> None:
        """Keep from what was read which map serves an origin, and where each certificate and entry is."""
        several = [one for one in resources if one.id.kind in KINDS]
        maps = {one.id.key: str(one.attrs["name"]) for one in several if one.id.kind == MAP}
        with self._lock:
            self._maps = maps
        for one in several:
            self._keep(one)

    def _keep(self, one: Resource) -> None:
        name, key = str(one.attrs["name"]), key_in(one.container, "map")
        with self._lock:
            if one.id.kind == MAP:
                self._maps[one.id.key] = name
            self._places[one.id] = _Place(name, self._maps.get(key or "", ""))

    # -- writing
    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container: those whose operations still run are NotReady."""
        outcomes: dict[ResourceId, Outcome] = {c.id: Done(c.after) for c in batch if is_idle(c)}
        left = [c for c in batch if c.id not in outcomes]
        for _ in range(_STEPS):
            held = self._operations.waiting([c.id for c in left])
            outcomes |= {id_: _held(id_, error, left) for id_, error in held.items()}
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
            if isinstance(outcome, Done) and outcome.resource is not None:
                self._keep(outcome.resource)
            if not (isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)):
                self._operations.end(id_)

    def _round(self, changes: Sequence[Change]) -> dict[ResourceId, Outcome | None]:
        """Look once, and ask for the next thing of each; None: it was asked for."""
        look = self._look(changes[0])
        if look is None:
            return {c.id: _without_map(c) for c in changes}
        calls = [partial(self._tried, c, look) for c in changes]
        return dict(zip((c.id for c in changes), self._together(calls), strict=True))

    def _look(self, change: Change) -> _Look | None:
        """List the collection that a change belongs to: its map's name, and what is there by short name.

        None where the map is not there.
        """
        kind, map_ = change.id.kind, ""
        if kind == MAP_ENTRY:
            map_ = self._map_of(key_in(change.container, "map") or "")
            if not map_:
                return None
        try:
            rows = self._api.listed(kind, map_)
        except ProviderError as error:
            if map_ and is_gone(error):
                return None
            raise
        return map_, {_short(native): native for native in rows}

    def _map_of(self, key: str) -> str:
        """Return the map for an origin: the one that was read or made, else the one that its mark tells."""
        with self._lock:
            name = self._maps.get(key, "")
        if name:
            return name
        listed = (map_from(native) for native in self._api.listed(MAP))
        mine = (one.name for one in listed if marked(one.description) == (self._owner, key))
        name = min(mine, default="")
        if name:
            with self._lock:
                self._maps[key] = name
        return name

    def _tried(self, change: Change, look: _Look) -> Outcome | None:
        try:
            return self._step(change, *look)
        except ProviderError as error:
            error.resource = error.resource or change.id.address
            return Failed(error)

    def _step(self, change: Change, map_: str, there: Mapping[str, Native]) -> Outcome | None:
        kind, name = change.id.kind, _name(change)
        native = there.get(name)
        if native is None:
            if change.action is Action.DELETE:
                return Done(None)
            _refuse_second(change, there.values())
            self._create(change, map_)
            return None
        now = _MANAGED[kind](native)
        if change.action is Action.DELETE:
            return self._delete(change, map_, now)
        self._check(change, now)
        body = self._patch(kind, change.resource.attrs, now, native)
        if not body:
            return _ended(change, now, native)
        self._asked(change, partial(self._api.patch, kind, name, body, map_))
        return None

    def _asked(self, change: Change, ask: Callable[[], Native]) -> None:
        self._operations.begin([change.id], ask())

    def _create(self, change: Change, map_: str) -> None:
        name = _name(change)
        body = self._new_body(change.id.kind, change.resource.attrs)
        try:
            self._asked(change, partial(self._api.create, change.id.kind, name, body, map_))
        except Conflict as error:
            if not (is_taken(error) and f"/{name}'" in error.message):
                raise  # something else is there for the same host
            # It was asked for before, by a run that ended: the list will show it.
            raise NotReady(error.message, status=error.status) from error

    def _delete(self, change: Change, map_: str, now: Attrs) -> Outcome | None:
        """Remove what is still whose it was; what something else still uses is asked for again."""
        before = change.resource.attrs
        if now["owner"] != before.get("owner") and not self._operations.has_begun(change.id):
            raise Conflict(f"{now['name']} changed since it was planned: owner is now {now['owner']}")
        try:
            self._asked(change, partial(self._api.delete, change.id.kind, _name(change), map_))
        except ProviderError as error:
            if is_gone(error):
                return Done(None)
            raise _used(error) from error
        return None

    def _check(self, change: Change, now: Attrs) -> None:
        """Raise Conflict where what stands there is not what the change rests on."""
        if self._operations.has_begun(change.id):
            return
        if change.before is None and now["owner"] != change.resource.attrs["owner"]:
            raise Conflict(f"{now['name']} is there already, and is not tdr's: label {now['owner']!r}")
        text = moved(now, change) if change.before is not None else ""
        if text:
            raise Conflict(text)

    # -- what is sent
    def _new_body(self, kind: str, managed: Attrs) -> Native:
        labels = {LABEL: str(managed["owner"])}
        return {"labels": labels, **self._members(kind, managed)}

    def _members(self, kind: str, managed: Attrs) -> dict[str, Any]:
        """Return what a new one of a kind has besides its labels."""
        if kind == AUTHORIZATION:
            return {"domain": managed["domain"], "type": managed["type"]}
        if kind == CERTIFICATE:
            proofs = [self._api.full(AUTHORIZATION, name) for name in _texts(managed["authorizations"])]
            return {"managed": {"domains": list(_texts(managed["domains"])), "dnsAuthorizations": proofs}}
        if kind == MAP:
            return {"description": managed["description"]}
        return {"hostname": managed["hostname"], "certificates": self._held(managed)}

    def _held(self, managed: Attrs) -> list[str]:
        return [self._api.full(CERTIFICATE, name) for name in _texts(managed["certificates"])]

    def _patch(self, kind: str, want: Attrs, now: Attrs, native: Native) -> Native:
        """Return the members to write, each whole; nothing where nothing is left to do.

        Labels of others stay. Raises InvalidRequest for what cannot be changed.
        """
        off = {name for name in want if want[name] != now.get(name)}
        if fixed := sorted(off - _CHANGEABLE[kind]):
            told = ", ".join(fixed)
            raise InvalidRequest(f"{want['name']}: {told} cannot be changed; apply -replace it")
        body: dict[str, Any] = {}
        if "owner" in off:
            body["labels"] = {**(native.get("labels") or {}), LABEL: str(want["owner"])}
        if "description" in off:
            body["description"] = want["description"]
        if "certificates" in off:
            body["certificates"] = self._held(want)
        return body

    # -- what is active
    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell which certificates are issued, and which entries are served: one list for all of a kind."""
        certificates = [id_ for id_ in ids if id_.kind == CERTIFICATE]
        entries = [id_ for id_ in ids if id_.kind == MAP_ENTRY]
        statuses: dict[ResourceId, Status] = {}
        if certificates:
            there = {_short(n): certificate_from(n) for n in self._api.listed(CERTIFICATE)}
            places = self._known(certificates)
            statuses |= {i: certificate_status(there.get(places[i].name)) for i in certificates}
        if entries:
            places = self._known(entries)
            told = self._entries({place.map for place in places.values() if place.map})
            statuses |= {i: entry_status(told.get((places[i].map, places[i].name))) for i in entries}
        return statuses

    def _known(self, ids: Collection[ResourceId]) -> dict[ResourceId, _Place]:
        """Return where these are; nowhere, for what this run neither read nor made."""
        with self._lock:
            return {id_: self._places.get(id_, _Place("")) for id_ in ids}

    def _entries(self, maps: Collection[str]) -> dict[tuple[str, str], Entry]:
        names = sorted(maps)
        listed = self._together([partial(self._api.listed, MAP_ENTRY, name) for name in names])
        several = (entry_from(n, name) for name, rows in zip(names, listed, strict=True) for n in rows)
        return {(one.map, one.name): one for one in several}


def _ended(change: Change, now: Attrs, native: Native) -> Outcome:
    """Tell what a change has come to; the record of an authorization is what others wait for."""
    outputs = _outputs(change.id.kind, native)
    if change.id.kind == AUTHORIZATION and not outputs:
        return Failed(NotReady("Google has not told the record that proves the host yet"))
    mark = str(now["owner"] or "") or None
    return stuck(change, replace(change.resource, attrs=now, outputs=outputs, mark=mark))


def _outputs(kind: str, native: Native) -> Attrs:
    """Return what is told of a live one, as `serving` tells it."""
    if kind == AUTHORIZATION:
        record = authorization_from(native).record
        return attrs(record_name=record[0], record_value=record[1]) if record is not None else attrs()
    if kind == CERTIFICATE:
        return attrs(state=certificate_from(native).state)
    return attrs(state=entry_from(native, "").state) if kind == MAP_ENTRY else attrs()


def _held(id_: ResourceId, error: ProviderError, changes: Sequence[Change]) -> Outcome:
    """Tell what holds a change: an operation that runs, or one that failed."""
    error.resource = error.resource or id_.address
    going = any(c.id == id_ and c.action is Action.DELETE for c in changes)
    return Failed(_used(error) if going else error)


def _used(error: ProviderError) -> ProviderError:
    """Tell of a deletion that was refused since something uses it: that may be on its way out, too.

    docs: google.rpc.Code FAILED_PRECONDITION, with a violation of type RESOURCE_STILL_IN_USE.
    """
    if reason_of(error).replace("_", "").lower() not in _IN_USE:
        return error
    return NotReady(error.message, status=error.status, resource=error.resource)


def _refuse_second(change: Change, there: Iterable[Native]) -> None:
    """Raise Conflict where a map has an entry for the host by another name: it takes no second one."""
    if change.id.kind != MAP_ENTRY:
        return
    host = change.resource.attrs["hostname"]
    other = next((one for n in there if (one := entry_from(n, "")).host == host), None)
    if other is not None:
        raise Conflict(f"the certificate map has an entry for {host} already: {other.name}")


def _without_map(change: Change) -> Outcome:
    if change.action is Action.DELETE:
        return Done(None)
    return Failed(Conflict("the certificate map is not there", resource=change.id.address))


def _name(change: Change) -> str:
    return str(change.resource.attrs["name"])


def _short(native: Native) -> str:
    return str(native.get("name") or "").rpartition("/")[2]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple) else ()
