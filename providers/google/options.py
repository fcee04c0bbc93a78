"""What an alias says of its project and of what stands there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

DNS_AUTHORIZED: Final = "dns-authorized"
LOAD_BALANCER: Final = "load-balancer"
SCHEME: Final = "EXTERNAL_MANAGED"

OPTIONS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["project"],
    "properties": {
        "project": {
            "type": "string",
            "pattern": "^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$",
            "title": "a project's id",
            "examples": ["acme-mail"],
            "description": "The project, by its id. tdr makes none, and enables no API in it.",
        },
        "impersonate": {
            "type": "string",
            "pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
            "title": "a service account's e-mail address",
            "examples": ["tdr@acme-mail.iam.gserviceaccount.com"],
            "description": "A service account to act as. The credentials at hand need the role Service "
            "Account Token Creator on it.",
        },
        "certificates": {
            "enum": [DNS_AUTHORIZED, LOAD_BALANCER],
            "default": DNS_AUTHORIZED,
            "description": "`dns-authorized`: a record proves the host to Certificate Manager, and its "
            "certificate is active before any visitor is sent there. `load-balancer`: the certificate of "
            "SparkPost's guide, which turns active only once DNS points to the load balancer; 15 hosts at "
            "most.",
        },
        "uploaded": {
            "type": "array",
            "uniqueItems": True,
            "description": "Certificates of the project that you uploaded, by name; the first that covers "
            "the host is used, and none is ordered for it. Of Certificate Manager, or with `certificates: "
            "load-balancer` of the load balancers. tdr never deletes them.",
            "items": {
                "type": "string",
                "pattern": "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
                "title": "a certificate's name",
            },
        },
        "scheme": {
            "enum": [SCHEME, "EXTERNAL"],
            "default": SCHEME,
            "description": "Google's load balancing scheme: `EXTERNAL` is the classic Application Load "
            "Balancer. Unless this is written, a load balancer that stands keeps its own.",
        },
        "cache_ttl": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1800,
            "title": "seconds",
            "examples": [10],
            "description": "Seconds that Cloud CDN answers the same link by itself, so that a mail scanner's "
            "repeats are not recorded. Without it Cloud CDN is off, as in SparkPost's guide.",
        },
        "host_header": {
            "enum": ["viewer", "origin"],
            "default": "viewer",
            "description": "The Host that SparkPost is asked for: the visitor's, or that of SparkPost's "
            "tracking host.",
        },
        "zones": {
            "type": "object",
            "description": "Managed zones of Cloud DNS by zone name, where several public ones serve it.",
            "additionalProperties": {
                "type": "string",
                "pattern": "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
                "title": "a managed zone's name",
                "examples": ["example-com"],
            },
        },
        "validation_record": {
            "enum": ["fixed", "per-project"],
            "default": "fixed",
            "description": "The record that proves a new host: one for all projects, or one of this "
            "project's own, so that two projects can hold the same host. What is there keeps its own.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options, with what is meant where they are silent.

    scheme       None where it is not written: a load balancer that stands keeps its own
    cache_ttl_s  None: Cloud CDN off
    """

    project: str
    certificates: str = DNS_AUTHORIZED
    uploaded: tuple[str, ...] = ()
    scheme: str | None = None
    cache_ttl_s: int | None = None
    host_header: str = "viewer"
    validation_record: str = "fixed"

    @property
    def by_map(self) -> bool:
        """Whether hosts are served from a certificate map."""
        return self.certificates == DNS_AUTHORIZED


def wishes_from(options: Mapping[str, Any]) -> Wishes:
    """Read an alias's options."""
    return Wishes(
        project=str(options["project"]),
        certificates=options.get("certificates", DNS_AUTHORIZED),
        uploaded=tuple(options.get("uploaded") or ()),
        scheme=options.get("scheme"),
        cache_ttl_s=options.get("cache_ttl"),
        host_header=options.get("host_header", "viewer"),
        validation_record=options.get("validation_record", "fixed"),
    )


def check(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, what is wrong, what to write instead)."""
    for name in options.get("zones") or {}:
        if name != name.lower().rstrip(".") or "." not in name:
            yield "zones", f"{name} is not a zone's name", "the name in lower case without a final dot"
    if "validation_record" in options and options.get("certificates") == LOAD_BALANCER:
        yield (
            "validation_record",
            "no record proves a host with `certificates: load-balancer`",
            "`certificates: dns-authorized`, or no `validation_record`",
        )
