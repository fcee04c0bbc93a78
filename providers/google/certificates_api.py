"""Certificate Manager as an alias uses it: lists, single writes, operations; and all of it read at once.

Everything is in the location `global`: global load balancers take certificates from nowhere else.
docs: Certificate Manager API v1 (discovery document).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from providers.google.names import (
    AUTHORIZATION,
    CERTIFICATE,
    CERTIFICATES_READ,
    CERTIFICATES_WRITE,
    LABEL,
    MAP,
    MAP_ENTRY,
    marked,
)
from providers.google.natives import (
    Authorization,
    Certificate,
    Entry,
    Map,
    Native,
    authorization_from,
    certificate_from,
    entry_from,
    map_from,
)
from providers.google.rest import Rest
from reconciler.errors import ProviderError
from reconciler.provider import Side

PAGE: Final = "1000"
"""The most that a list gives at once (docs: certificateMapEntries.list, pageSize)."""

_LIST_PAGES: Final = 5
_METHODS: Final = "certificatemanager.projects.locations"


@dataclass(frozen=True, slots=True)
class _Collection:
    """Where a kind is, and the query parameter that names a new one."""

    path: str
    new: str


_COLLECTIONS: Final[Mapping[str, _Collection]] = {
    AUTHORIZATION: _Collection("dnsAuthorizations", "dnsAuthorizationId"),
    CERTIFICATE: _Collection("certificates", "certificateId"),
    MAP: _Collection("certificateMaps", "certificateMapId"),
    MAP_ENTRY: _Collection("certificateMapEntries", "certificateMapEntryId"),
}
_MAPS: Final = _COLLECTIONS[MAP].path
# docs: google.rpc.Code, with the HTTP status that each maps to.
_STATUS: Final[Mapping[int, int]] = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429,
    9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503, 15: 500, 16: 401,
}  # fmt: skip


class Certificates:
    """Certificate Manager of one project. Thread-safe. Entries are those of the map that `map_` names."""

    def __init__(self, rest: Rest) -> None:
        self.project = rest.project
        self._rest = rest
        self._location = f"/v1/{self.parent}"

    @property
    def parent(self) -> str:
        """The location that everything is in."""
        return f"projects/{self.project}/locations/global"

    def full(self, kind: str, name: str) -> str:
        """Give the whole name of one that is in no map; what is whole already stays."""
        return name if "/" in name else f"{self.parent}/{_COLLECTIONS[kind].path}/{name}"

    # -- reading
    def listed(self, kind: str, map_: str = "") -> list[Native]:
        """Return all of a kind, page by page."""
        member = _COLLECTIONS[kind].path
        path, asked = self._path(kind, map_), {"pageSize": PAGE}
        return list(self._rest.pages(CERTIFICATES_READ, _method(kind, "list"), path, member, asked))

    def operation(self, name: str) -> Native:
        """Return an operation as it is now, told as Compute Engine tells one."""
        path = f"{self._location}/operations/{name}"
        return _told(self._rest.get(CERTIFICATES_READ, f"{_METHODS}.operations.get", path))

    def operations(self) -> list[Native]:
        """Return operations, some pages of them: the list has no order that can be asked for, and no end."""
        found: list[Native] = []
        path, operation = f"{self._location}/operations", f"{_METHODS}.operations.list"
        asked = {"pageSize": PAGE}
        for _ in range(_LIST_PAGES):
            answer = self._rest.get(CERTIFICATES_READ, operation, path, asked)
            found += [_told(row) for row in answer.get("operations") or () if isinstance(row, Mapping)]
            token = str(answer.get("nextPageToken") or "")
            if not token:
                break
            asked = {**asked, "pageToken": token}
        return found

    # -- writing: each returns its operation
    def create(self, kind: str, name: str, body: Native, map_: str = "") -> Native:
        """Make one."""
        params = {_COLLECTIONS[kind].new: name}
        return self._write(kind, "create", "POST", self._path(kind, map_), body, params)

    def patch(self, kind: str, name: str, body: Native, map_: str = "") -> Native:
        """Change the members that body has, and no others."""
        params = {"updateMask": ",".join(sorted(body))}
        return self._write(kind, "patch", "PATCH", f"{self._path(kind, map_)}/{name}", body, params)

    def delete(self, kind: str, name: str, map_: str = "") -> Native:
        """Remove one."""
        return self._write(kind, "delete", "DELETE", f"{self._path(kind, map_)}/{name}")

    def _write(
        self,
        kind: str,
        verb: str,
        method: str,
        path: str,
        body: Native | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Native:
        """Write. A repeat of what was done is refused (it exists, it is gone) or changes nothing."""
        asked = partial(self._rest.send, CERTIFICATES_WRITE, _method(kind, verb), method, path)
        return _told(asked(body=body, params=params, repeatable=True))

    def _path(self, kind: str, map_: str) -> str:
        inside = f"/{_MAPS}/{map_}" if kind == MAP_ENTRY else ""
        return f"{self._location}{inside}/{_COLLECTIONS[kind].path}"


def _method(kind: str, verb: str) -> str:
    """Give what Google's description calls a method."""
    inside = f".{_MAPS}" if kind == MAP_ENTRY else ""
    return f"{_METHODS}{inside}.{_COLLECTIONS[kind].path}.{verb}"


def _told(native: Native) -> Native:
    """Give an operation as Compute Engine would, so that both are waited for in one way.

    docs: Operation (`done`, `error` with code and message of google.rpc.Status).
    """
    told: dict[str, Any] = {
        "name": str(native.get("name") or "").rpartition("/")[2],
        "status": "DONE" if native.get("done") is True else "RUNNING",
    }
    error = native.get("error")
    if isinstance(error, Mapping) and error:
        code = error.get("code")
        told["httpErrorStatusCode"] = _STATUS.get(code if isinstance(code, int) else 2, 500)
        words = str(error.get("message") or "Google gives no reason")
        told["error"] = {"errors": [{"message": words, **_reason(error)}]}
    return told


def _reason(error: Mapping[str, Any]) -> dict[str, str]:
    rows = (row for row in error.get("details") or () if isinstance(row, Mapping))
    reasons = [row["reason"] for row in rows if isinstance(row.get("reason"), str)]
    if not reasons and error.get("code") == 9:
        reasons = ["FAILED_PRECONDITION"]
    return {"code": reasons[0]} if reasons else {}


# -- all of it
@dataclass(frozen=True, slots=True)
class Found:
    """What Certificate Manager holds, as `GoogleState` takes it."""

    certificates: tuple[Certificate, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    maps: tuple[Map, ...] = ()
    entries: tuple[Entry, ...] = ()


def read_certificates(api: Certificates, together: Side, owner: str, also: Iterable[str] = ()) -> Found:
    """Read everything: three lists side by side, then the entries of the maps that matter.

    Those are the owner's, those that a proxy serves, and the ones in `also`, by name. References come back
    with the project's id or its number; they lead nowhere else, so their short names tell all.
    Raises ProviderError; AuthError where the API is off or may not be read.
    """
    kinds = (CERTIFICATE, AUTHORIZATION, MAP)
    certificates, authorizations, listed = together([partial(api.listed, kind) for kind in kinds])
    maps = tuple(map_from(native) for native in listed)
    wanted = set(also)
    mine = [one.name for one in maps if one.proxies or one.name in wanted or _may_be_own(one, owner)]
    inside = together([partial(_entries, api, name) for name in mine])
    return Found(
        certificates=tuple(certificate_from(native) for native in certificates),
        authorizations=tuple(authorization_from(native) for native in authorizations),
        maps=maps,
        entries=tuple(entry for several in inside for entry in several),
    )


def _may_be_own(one: Map, owner: str) -> bool:
    """Tell whether a map is the owner's by label, description or, both edited away, by its name."""
    said = marked(one.description)
    return owner in (one.owner, said[0] if said is not None else None) or one.name.startswith(f"{LABEL}-")


def _entries(api: Certificates, map_: str) -> list[Entry]:
    """Read the entries of a map; none where it went meanwhile."""
    try:
        return [entry_from(native, map_) for native in api.listed(MAP_ENTRY, map_)]
    except ProviderError as error:
        if error.status == 404:
            return []
        raise
