"""One request and its answer; handlers are plain functions from a Call to an Answer.

Google spells errors in two ways, both under ``error``: Compute Engine and Cloud DNS with ``errors`` (reason,
domain, message) beside code and message, newer APIs with ``status`` and ``details`` only.
docs: "Error model" of the API design guide (google.rpc.Status, ErrorInfo), "Compute Engine: API errors".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.sandbox.kernel import Kernel

from .state import Google, Project

#: docs: google/rpc/code.proto, by HTTP status; 403 and 429 aside, each has one that is usual.
STATUS_NAMES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


@dataclass(frozen=True, slots=True)
class Service:
    """One API: its short name is that of its listener.

    `old_errors`: it tells reasons in ``errors``; the rates are requests a minute of one project, None without
    limit; `busy` is the status of its refusal of more.
    """

    name: str
    title: str
    old_errors: bool
    reads: int | None
    writes: int | None
    busy: int

    @property
    def host(self) -> str:
        """The API as it is enabled: ``compute.googleapis.com``."""
        return f"{self.name}.googleapis.com"


# docs: "Compute Engine: API rate limits" (reads and mutations of global resources), "Certificate Manager:
# Quotas and limits". Cloud DNS: its console's quotas page has the number, no document.
COMPUTE = Service("compute", "Compute Engine API", old_errors=True, reads=1500, writes=1500, busy=403)
DNS = Service("dns", "Cloud DNS API", old_errors=True, reads=None, writes=None, busy=403)
CERTIFICATE_MANAGER = Service(
    "certificatemanager", "Certificate Manager API", old_errors=False, reads=300, writes=300, busy=429
)
SERVICES: tuple[Service, ...] = (COMPUTE, DNS, CERTIFICATE_MANAGER)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives; `body` None is an empty body."""

    body: Any = None
    status: int = 200


class Refusal(Exception):
    """An answer that is an error: HTTP status, words, and `reason` as the old form tells it.

    `name` is the canonical status where it is not the usual one of the HTTP status. `error` has further
    members of the one in ``errors`` (location, locationType, extendedHelp).
    """

    def __init__(self, status: int, reason: str, message: str, **more: Any) -> None:
        """Keep all of it; `more`: domain, name, details, error, told (the words of the one in ``errors``)."""
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message
        self.domain: str = more.get("domain", "global")
        self.name: str = more.get("name", "")
        self.details: Sequence[Mapping[str, Any]] = more.get("details", ())
        self.error: Mapping[str, Any] = more.get("error", {})
        self.told: str = more.get("told", message)

    def body(self, service: Service) -> dict[str, Any]:
        """Spell it as this API does."""
        canonical = self.name or STATUS_NAMES.get(self.status, "UNKNOWN")
        details = {"details": [dict(detail) for detail in self.details]} if self.details else {}
        told: dict[str, Any] = {"code": self.status, "message": self.message}
        if not service.old_errors:
            return {"error": {**told, "status": canonical, **details}}
        one = {"message": self.told, "domain": self.domain, "reason": self.reason, **self.error}
        newer = {"status": canonical, **details} if self.details else {}
        return {"error": {**told, "errors": [one], **newer}}


@dataclass(frozen=True, slots=True)
class Call:
    """One request; who asks was judged already, and whether the route's own permissions are there.

    `params` are of the path, `query` of the query (the last of those named alike).
    """

    google: Google
    project: Project
    caller: str  # e-mail of the service account
    service: Service
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    json: Any
    kernel: Kernel

    @property
    def now(self) -> float:
        """Sandbox time."""
        return self.kernel.now()

    def switch(self, name: str) -> str:
        """Give a switch's present setting."""
        return self.kernel.switch(name)

    def need(self, permission: str, resource: str = "") -> None:
        """Refuse (403) unless the caller has this IAM permission in the project, which it needs besides."""
        if not self.project.allows(self.caller, permission):
            raise denied(self.service, permission, resource or f"projects/{self.project.id}")


def denied(service: Service, permission: str, resource: str) -> Refusal:
    """Refuse what an account may not do, in the words of the API.

    docs: "Troubleshoot permission error messages" (IAM): both forms.
    """
    if service is COMPUTE:
        return Refusal(403, "forbidden", f"Required '{permission}' permission for '{resource}'")
    if service is DNS:
        return Refusal(403, "forbidden", "Forbidden")
    message = (
        f"Permission '{permission}' denied on resource '//{service.host}/{resource}' (or it may not exist)."
    )
    metadata = {"resource": resource, "permission": permission}
    info = {
        "@type": ERROR_INFO,
        "reason": "IAM_PERMISSION_DENIED",
        "domain": service.host,
        "metadata": metadata,
    }
    return Refusal(403, "forbidden", message, details=(info,))


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of an API. Its path names the project as ``{project}``.

    `permissions` are those it needs in any case; what it needs besides its handler asks by `Call.need`.
    `read`: counted among reads.
    """

    service: Service
    method: str
    path: str
    handler: Handler
    permissions: tuple[str, ...] = ()
    read: bool = field(default=False)
