"""SparkPost's JSON and tdr's resources, both ways. Pure.

Fields that an answer leaves out are tolerated: the vendor's own samples omit some (docs: Tracking
Domains API). A live and a desired resource are made by the same functions, so they compare dumbly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors import UnexpectedResponse
from reconciler.model import EMPTY, Attrs, Resource, ResourceId, attrs
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN

LOST = frozenset({"failed", "expired", "unavailable"})
UNDER_WAY = frozenset({"pending", "valid"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """The `tls_certificate` object: ISO times with milliseconds and Z, empty where not given."""

    issued_at: str = ""
    expires_at: str = ""
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class TrackingDomain:
    """One tracking domain as SparkPost reports it. `subaccount` None: the primary account."""

    domain: str
    subaccount: int | None = None
    secure: bool = False
    default: bool = False
    verified: bool = False
    port: int | None = None
    cname_status: str = ""
    compliance_status: str = ""
    tls_status: str = ""
    uses_managed: bool = False
    certificate: Certificate | None = None

    @property
    def tls(self) -> str:
        """The TLS status; where SparkPost leaves it out, what `tls_certificate` lets one know."""
        if self.tls_status or self.certificate is None:
            return self.tls_status
        if self.certificate.error_code:
            return "failed"
        return "valid" if self.certificate.issued_at else "pending"

    @property
    def managed(self) -> bool:
        """Whether SparkPost holds, or is getting, the certificate, and it is not lost."""
        return self.tls in UNDER_WAY or (self.uses_managed and self.tls not in LOST)

    @property
    def issued(self) -> bool:
        """Whether SparkPost serves the certificate now."""
        return self.tls == "valid" or (self.uses_managed and self.tls in ("", "unknown"))

    @property
    def error_code(self) -> str:
        return self.certificate.error_code if self.certificate else ""


@dataclass(frozen=True, slots=True)
class SendingDomain:
    """One sending domain: the tracking domain that it is linked to, None where to none."""

    domain: str
    subaccount: int | None = None
    tracking_domain: str | None = None


@dataclass(frozen=True, slots=True)
class Eligible:
    """What SparkPost says of a managed certificate for a host; `known` False: it could not say."""

    known: bool
    eligible: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an account holds. `sending` None: not listed in this run."""

    domains: Mapping[str, TrackingDomain] = field(default_factory=dict)
    sending: Mapping[str, SendingDomain] | None = None
    eligible: Mapping[str, Eligible] = field(default_factory=dict)


def name(value: object) -> str:
    """Return a domain name as tdr spells it: SparkPost's are case insensitive."""
    return value.lower().rstrip(".") if isinstance(value, str) else ""


def subaccount(value: object) -> int | None:
    """Return a subaccount's number; 0 and nothing mean the primary account."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def tracking_domain_from(found: object, asked: str = "") -> TrackingDomain:
    """Return SparkPost's object as a value. Raises UnexpectedResponse where it names no domain."""
    given = _object(found, "tracking")
    status = _mapping(given.get("status"))
    port = given.get("port")
    certificate = given.get("tls_certificate")
    return TrackingDomain(
        domain=_named(given, asked, "tracking"),
        subaccount=subaccount(given.get("subaccount_id")),
        secure=given.get("secure") is True,
        default=given.get("default") is True,
        verified=status.get("verified") is True,
        port=port if isinstance(port, int) else None,
        cname_status=_text(status.get("cname_status")),
        compliance_status=_text(status.get("compliance_status")),
        tls_status=_text(status.get("tls_status")),
        uses_managed=given.get("uses_managed_certificate") is True,
        certificate=_certificate(certificate) if isinstance(certificate, Mapping) else None,
    )


def _certificate(given: Mapping[str, Any]) -> Certificate:
    return Certificate(*(_text(given.get(key)) for key in ("issued_at", "expires_at", "error_code")))


def sending_domain_from(found: object, asked: str = "") -> SendingDomain:
    """Return SparkPost's object as a value; asked for alone, it does not name itself."""
    given = _object(found, "sending")
    return SendingDomain(
        domain=_named(given, asked, "sending"),
        subaccount=subaccount(given.get("subaccount_id")),
        tracking_domain=name(given.get("tracking_domain")) or None,
    )


def _object(found: object, what: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise UnexpectedResponse(f"SparkPost answered with something that is no {what} domain")
    return found


def _named(given: Mapping[str, Any], asked: str, what: str) -> str:
    found = name(given.get("domain")) or name(asked)
    if not found:
        raise UnexpectedResponse(f"SparkPost listed a {what} domain that has no name")
    return found


# -- resources: one function a kind, for both sides
def tracking_domain(
    alias: str, host: str, *, subaccount: int | None, verified: bool, outputs: Attrs = EMPTY
) -> Resource:
    """Return the tracking domain itself."""
    return Resource(
        ResourceId(alias, TRACKING_DOMAIN, host),
        attrs(domain=host, subaccount=subaccount, verified=verified),
        host=host,
        outputs=outputs,
    )


def secure(alias: str, host: str, *, secure: bool, managed: bool, outputs: Attrs = EMPTY) -> Resource:
    """Return whether links are https; where SparkPost holds the certificate, it needs that first."""
    needs = (TRACKING_DOMAIN, MANAGED_CERTIFICATE) if managed else (TRACKING_DOMAIN,)
    return Resource(
        ResourceId(alias, SECURE, host),
        attrs(secure=secure),
        host=host,
        after=_ids(alias, host, *needs),
        outputs=outputs,
    )


def default(alias: str, host: str, *, default: bool) -> Resource:
    """Return whether the domain serves sending domains that have no link."""
    return Resource(
        ResourceId(alias, DEFAULT, host),
        attrs(default=default),
        host=host,
        after=_ids(alias, host, TRACKING_DOMAIN, SECURE),
    )


def managed_certificate(alias: str, host: str, *, enabled: bool, outputs: Attrs = EMPTY) -> Resource:
    """Return the certificate that SparkPost gets and renews by itself."""
    return Resource(
        ResourceId(alias, MANAGED_CERTIFICATE, host),
        attrs(domain=host, enabled=enabled),
        host=host,
        after=_ids(alias, host, TRACKING_DOMAIN),
        outputs=outputs,
    )


def link(alias: str, sending: str, host: str, *, subaccount: int | None) -> Resource:
    """Return the link from a sending domain to the tracking domain that its mail uses."""
    return Resource(
        ResourceId(alias, LINK, sending),
        attrs(tracking_domain=host, subaccount=subaccount),
        host=host,
        after=_ids(alias, host, TRACKING_DOMAIN, SECURE),
    )


def _ids(alias: str, host: str, *kinds: str) -> frozenset[ResourceId]:
    return frozenset(ResourceId(alias, kind, host) for kind in kinds)


def outputs_of(found: TrackingDomain) -> Attrs:
    """Return what SparkPost says beside the managed attributes, what it leaves out left out."""
    certificate = found.certificate or Certificate()
    said = {
        "verified": found.verified,
        "cname_status": found.cname_status,
        "compliance_status": found.compliance_status,
        "tls_status": found.tls_status or None,
        "port": found.port,
        "uses_managed_certificate": found.uses_managed,
        "issued_at": certificate.issued_at or None,
        "expires_at": certificate.expires_at or None,
        "error_code": certificate.error_code or None,
    }
    return attrs(**{key: value for key, value in said.items() if value is not None})


def resources_of(alias: str, found: TrackingDomain) -> Iterator[Resource]:
    """Yield the resources that one live tracking domain is, its links apart."""
    host, outputs = found.domain, outputs_of(found)
    holds = found.managed or found.uses_managed
    yield tracking_domain(alias, host, subaccount=found.subaccount, verified=found.verified, outputs=outputs)
    yield secure(alias, host, secure=found.secure, managed=holds, outputs=outputs)
    yield default(alias, host, default=found.default)
    if holds:
        yield managed_certificate(alias, host, enabled=found.managed, outputs=outputs)


def link_of(alias: str, found: SendingDomain) -> Resource | None:
    """Return the live link of a sending domain, None where it has none."""
    if found.tracking_domain is None:
        return None
    return link(alias, found.domain, found.tracking_domain, subaccount=found.subaccount)
