"""What one project has in Certificate Manager: resources and operations, in the location `global`.

docs: Certificate Manager REST reference (v1): certificates, certificateMaps, certificateMapEntries,
dnsAuthorizations, operations.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from providers.sandbox.kernel import Kernel
from providers.sandbox.leaves import Leaves

from .issuing import Issue
from .issuing_pem import Uploaded

CERTIFICATES, MAPS, ENTRIES, AUTHORIZATIONS = (
    "certificates",
    "certificateMaps",
    "certificateMapEntries",
    "dnsAuthorizations",
)
#: How a kind is called in the type of an operation's response.
TYPES = {
    CERTIFICATES: "Certificate",
    MAPS: "CertificateMap",
    ENTRIES: "CertificateMapEntry",
    AUTHORIZATIONS: "DnsAuthorization",
}
AUTHORIZE_ZONE = "authorize.certificatemanager.goog"
HOST = "certificatemanager.googleapis.com"
FIXED, PER_PROJECT = "FIXED_RECORD", "PER_PROJECT_RECORD"


def stamp(at: float) -> str:
    """Spell a time as Google does: with microseconds and Z."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(*parts: str) -> str:
    """Give a text that is the same for the same parts, and different for others."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass
class Resource:
    """One resource; `body` has what was written, the rest is computed on read."""

    kind: str
    path: str  # after `locations/global/`
    body: dict[str, Any]
    created: float
    updated: float
    visible: float
    gone: float | None = None
    issue: Issue | None = None  # of a managed certificate
    uploaded: Uploaded | None = None  # of a self-managed one

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The path of the map that an entry is in; "" for all else."""
        return self.path.rpartition(f"/{ENTRIES}/")[0] if self.kind == ENTRIES else ""

    def is_there(self, now: float) -> bool:
        """Say whether it is to be seen."""
        return self.visible <= now and not self.is_gone(now)

    def is_gone(self, now: float) -> bool:
        """Say whether it is no more."""
        return self.gone is not None and self.gone <= now

    def as_data(self) -> dict[str, Any]:
        """Give JSON values."""
        return {
            **vars(self),
            "issue": self.issue and self.issue.as_data(),
            "uploaded": self.uploaded and self.uploaded.as_data(),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Resource:
        """Take what `as_data` gave."""
        issue, uploaded = data["issue"], data["uploaded"]
        read = {
            "issue": issue and Issue.from_data(issue),
            "uploaded": uploaded and Uploaded.from_data(uploaded),
        }
        return cls(**{**data, **read})


@dataclass
class Operation:
    """One long-running operation; `target` and `response` are as they are shown."""

    id: str
    verb: str
    target: str
    created: float
    done: float
    response: dict[str, Any]


@dataclass
class Certificates:
    """Certificate Manager of one project."""

    project: str = ""
    number: str = ""
    resources: dict[str, Resource] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    operation_s: float = 2.0
    made: int = 0
    leaves: Leaves | None = field(default=None, repr=False, compare=False)

    def leaves_of(self, kernel: Kernel) -> Leaves:
        """Give the real certificates that stand for this project's."""
        self.leaves = self.leaves or Leaves(kernel.ca)
        return self.leaves

    def of(self, kind: str, now: float, parent: str = "") -> Iterator[Resource]:
        """Give what is there of a kind; entries of one map, where `parent` is its path."""
        for each in tuple(self.resources.values()):
            if each.kind == kind and each.is_there(now) and parent in ("", each.parent):
                yield each

    def get(self, path: str, now: float) -> Resource | None:
        """Give what is there under a path."""
        found = self.resources.get(path)
        return found if found is not None and found.is_there(now) else None

    def taken(self, path: str, now: float) -> bool:
        """Say whether a path is somebody's already, seen or not yet, and forget what is gone."""
        found = self.resources.get(path)
        if found is not None and found.is_gone(now):
            del self.resources[path]
            return False
        return found is not None

    def full(self, path: str, *, number: bool = False) -> str:
        """Give a resource's whole name, with the project's id or its number."""
        return f"projects/{self.number if number else self.project}/locations/global/{path}"

    def path_of(self, name: str) -> str | None:
        """Give the path of a whole name of this project, in either spelling; None for any other text."""
        for project in (self.project, self.number):
            prefix = f"projects/{project}/locations/global/"
            if name.startswith(prefix):
                return name.removeprefix(prefix)
        return None

    def operation(self, verb: str, path: str, response: dict[str, Any], now: float) -> Operation:
        """Take note of an operation that begins now."""
        self.made += 1
        number = digest(self.project, "operation", str(self.made))
        key = f"operation-{int(now * 1000)}-{number[:13]}-{number[13:21]}-{number[21:29]}"
        made = Operation(key, verb, self.full(path), now, now + self.operation_s, response)
        self.operations[key] = made
        return made

    def record(self, authorization: Resource) -> tuple[str, str]:
        """Give name and data of the CNAME that proves a domain, both with a final dot.

        Fixed ones are at `_acme-challenge`, those of one project at a name of their own (as public examples
        have it).
        """
        domain, kind = str(authorization.body["domain"]), str(authorization.body.get("type", FIXED))
        fixed = digest(self.number, kind, domain)
        token = uuid.UUID(fixed[:32])
        place = int(fixed[32:34], 16) % 19 + 1
        own = "" if kind == FIXED else "_" + _letters(digest(self.number, domain, "name"))
        return f"_acme-challenge{own}.{domain}.", f"{token}.{place}.{AUTHORIZE_ZONE}."

    def uses_of(self, certificate: Resource, now: float) -> Iterator[Resource]:
        """Give the map entries that name a certificate."""
        return (
            entry for entry in self.of(ENTRIES, now) if certificate.path in entry.body.get("certificates", ())
        )

    def users(self, now: float) -> dict[str, list[Resource]]:
        """Give all map entries by the certificates that they name."""
        found: dict[str, list[Resource]] = {}
        for entry in self.of(ENTRIES, now):
            for path in entry.body.get("certificates", ()):
                found.setdefault(path, []).append(entry)
        return found

    def as_data(self) -> Any:
        """Give the state as JSON values."""
        own = {name: value for name, value in vars(self).items() if name != "leaves"}
        return {
            **own,
            "resources": {path: each.as_data() for path, each in self.resources.items()},
            "operations": {key: vars(each) for key, each in self.operations.items()},
        }

    @classmethod
    def from_data(cls, data: Any) -> Certificates:
        """Take what `as_data` gave."""
        return cls(
            **{
                **data,
                "resources": {path: Resource.from_data(each) for path, each in data["resources"].items()},
                "operations": {key: Operation(**each) for key, each in data["operations"].items()},
            }
        )


def _letters(text: str) -> str:
    return "".join(
        "abcdefghijklmnopqrstuvwxyz234567"[int(text[at : at + 2], 16) % 32] for at in range(0, 32, 2)
    )
