"""What a project has of Compute Engine: nine global collections, and the operations that change them.

All is a function of time: a resource is the list of what it was and will be, each from a moment on, so that
an operation that ends later is written when it begins.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

Body = dict[str, Any]  # a resource as the API has it; members that begin with "_" are not shown

COLLECTIONS = (
    "networkEndpointGroups",
    "backendServices",
    "urlMaps",
    "sslCertificates",
    "sslPolicies",
    "targetHttpsProxies",
    "targetHttpProxies",
    "addresses",
    "forwardingRules",
)
HOST = "https://www.googleapis.com/compute/v1/"
#: What was is kept so long, for an edge that lags behind.
KEPT_S = 3600.0
#: How long an operation takes, half a second of it PENDING. unknown: reports have seconds to a minute.
OPERATION_S = 5.0
PENDING_S = 0.5


@dataclass
class Operation:
    """One change under way or done; `errors` are (code, message) that it ends with, `status` their HTTP's."""

    name: str
    id: str
    type: str  # "insert", "delete", "patch", "setUrlMap", …
    collection: str
    target: str
    target_id: str
    user: str
    inserted: float
    begins: float
    ends: float
    request_id: str = ""
    asked: str = ""  # a digest of the request, to know its repeat
    errors: list[list[str]] = field(default_factory=list)
    status: int = 0

    def state(self, now: float) -> str:
        """PENDING, RUNNING or DONE."""
        if now >= self.ends:
            return "DONE"
        return "RUNNING" if now >= self.begins else "PENDING"


@dataclass
class Compute:
    """The versions of every resource, by collection and name: (from when, body or None), oldest first."""

    kept: dict[str, dict[str, list[tuple[float, Body | None]]]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    made: int = 0
    operation_s: float = OPERATION_S  # how long an operation takes

    def body(self, collection: str, name: str, at: float) -> Body | None:
        """Give what a resource is at a moment; None where it is not there."""
        found: Body | None = None
        for since, body in self.kept.get(collection, {}).get(name, ()):
            if since <= at:
                found = body
        return found

    def bodies(self, collection: str, at: float) -> dict[str, Body]:
        """Give a collection's resources at a moment, by name in order."""
        names = sorted(self.kept.get(collection, {}))
        found = ((name, self.body(collection, name, at)) for name in names)
        return {name: body for name, body in found if body is not None}

    def all(self, at: float) -> Iterator[tuple[str, Body]]:
        """Give every resource with its collection."""
        for collection in COLLECTIONS:
            for body in self.bodies(collection, at).values():
                yield collection, body

    def coming(self, collection: str, name: str, now: float) -> Body | None:
        """Give what a resource will be when the operation under way on it is done; None: nothing, or gone."""
        versions = self.kept.get(collection, {}).get(name, [])
        return versions[-1][1] if versions and versions[-1][0] > now else None

    def claimed(self, collection: str, now: float) -> list[Body]:
        """Give what a collection's resources are now, or will be where they are not there yet."""
        both = ((self.body(collection, name, now), name) for name in self.kept.get(collection, {}))
        found = [body or self.coming(collection, name, now) for body, name in both]
        return [body for body in found if body is not None]

    def put(self, collection: str, name: str, body: Body | None, since: float, now: float) -> None:
        """Let a resource be this from a moment on; None: gone."""
        named = self.kept.setdefault(collection, {})
        versions = named.setdefault(name, [])
        versions.append((since, body))
        old = [at for at, _ in versions if at <= now - KEPT_S]
        named[name] = versions[max(0, len(old) - 1) :]
        if [each for _, each in named[name]] == [None]:
            del named[name]

    def running(self, collection: str, name: str, now: float) -> Operation | None:
        """Give the operation that is under way on a resource."""
        for operation in reversed(self.operations.values()):
            if (operation.collection, operation.target) == (collection, name) and operation.ends > now:
                return operation
        return None

    def new_id(self, project: str) -> str:
        """Make a number such as Google's: the same ones in the same order for the same project."""
        self.made += 1
        digest = hashlib.sha256(f"{project} {self.made}".encode()).hexdigest()
        return str(10**18 + int(digest, 16) % (8 * 10**18))

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        operations = [asdict(operation) for operation in self.operations.values()]
        return {**vars(self), "operations": operations}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Compute:
        """Take what `as_data` gave."""
        kept = {
            collection: {name: [(at, body) for at, body in versions] for name, versions in named.items()}
            for collection, named in data["kept"].items()
        }
        operations = [Operation(**given) for given in data["operations"]]
        read = {"kept": kept, "operations": {operation.name: operation for operation in operations}}
        return cls(**{**data, **read})


def path_of(project: str, collection: str, name: str) -> str:
    """Give what texts call a resource: ``projects/acme-mail/global/urlMaps/links``."""
    return f"projects/{project}/global/{collection}/{name}"


def link_of(project: str, collection: str, name: str) -> str:
    """Give a resource's URL, as it refers to itself and others to it."""
    return HOST + path_of(project, collection, name)


def stamp(at: float) -> str:
    """Spell a time as Compute Engine does: with milliseconds and the offset of California in winter."""
    local = datetime.fromtimestamp(at - 8 * 3600, UTC)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}-08:00"


def hashed(body: Mapping[str, Any], salt: str = "") -> str:
    """Give a fingerprint: eight bytes of base64 that follow from the content."""
    digest = hashlib.sha256(f"{salt}{sorted(body.items(), key=lambda each: each[0])!r}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()
