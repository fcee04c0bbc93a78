"""Certificates of the account, and which of them serves a host. Pure.

docs: ACM API, CertificateSummary and DomainValidation; CloudFront Developer Guide, "Requirements for using
SSL/TLS certificates with CloudFront".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from providers.aws.cdn_names import (
    CERTIFICATES,
    HOST_TAG,
    MARKS,
    NAME_TAG,
    OWNER_TAG,
    VALUE_TAG,
    spare_key,
)
from providers.aws.names import CERTIFICATE
from reconciler.model import Attrs, Resource, ResourceId, attrs
from reconciler.provider import Status

KEY_ALGORITHM: Final = "RSA_2048"
USABLE_KEYS: Final = frozenset({"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1"})
"""docs: "Requirements for using SSL/TLS certificates with CloudFront", key type and size."""
ALL_KEYS: Final = (*sorted(USABLE_KEYS), "EC_secp384r1", "EC_secp521r1")
"""Every key type is asked for: ListCertificates tells of RSA_2048 alone where none is named."""
AUTHORITIES: Final = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
"""docs: ACM User Guide, "Troubleshoot CAA problems": a record for one of them suffices."""
ISSUED, PENDING = "ISSUED", "PENDING_VALIDATION"
HOPELESS: Final = frozenset({"FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "EXPIRED", "INACTIVE"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as ListCertificates tells of it, with its tags.

    validation  name and value of the record that proves the first name; None while it is not known
    remembered  whether the tags tell the validation record, so that nobody needs to ask for it
    requested   when it was asked for; None for an imported one
    """

    arn: str
    names: frozenset[str]
    status: str
    type: str = "AMAZON_ISSUED"
    key_algorithm: str = KEY_ALGORITHM
    requested: datetime | None = None
    owner: str | None = None
    host: str | None = None
    validation: tuple[str, str] | None = None
    remembered: bool = False
    in_use: bool = False

    @property
    def issued(self) -> bool:
        return self.status == ISSUED

    @property
    def alive(self) -> bool:
        return self.status in (ISSUED, PENDING)

    def covers(self, host: str) -> bool:
        """Tell whether a name is the host, or a wildcard one label above it."""
        above = host.partition(".")[2]
        return host in self.names or f"*.{above}" in self.names

    def serves(self, host: str) -> bool:
        """Tell whether CloudFront would take it for host."""
        return self.issued and self.covers(host) and self.key_algorithm in USABLE_KEYS

    def is_for(self, host: str) -> bool:
        """Tell whether ACM asks for the same validation record for it as for host: `*.host` has the same."""
        return self.type == "AMAZON_ISSUED" and bool({host, f"*.{host}"} & self.names)


def certificate_from(native: Mapping[str, Any], tags: Mapping[str, str]) -> Certificate:
    """Read one line of ListCertificates."""
    names = [native.get("DomainName"), *(native.get("SubjectAlternativeNameSummaries") or ())]
    name, value = tags.get(NAME_TAG), tags.get(VALUE_TAG)
    return Certificate(
        arn=native["CertificateArn"],
        names=frozenset(str(n).lower() for n in names if n),
        status=native.get("Status") or "",
        type=native.get("Type") or "",
        key_algorithm=str(native.get("KeyAlgorithm") or KEY_ALGORITHM).replace("-", "_"),
        requested=native.get("CreatedAt"),
        owner=tags.get(OWNER_TAG),
        host=tags.get(HOST_TAG),
        validation=(name, value) if name and value else None,
        remembered=bool(name and value),
        in_use=bool(native.get("InUse")),
    )


def validation_of(described: Mapping[str, Any], host: str) -> tuple[str, str] | None:
    """Return name and value of the record that proves host, None while ACM does not tell it.

    docs: DescribeCertificate: the record is told some seconds after the request.
    """
    for option in described.get("DomainValidationOptions") or ():
        record = option.get("ResourceRecord")
        if record and str(option.get("DomainName")).lower() == host:
            return _plain(record["Name"]), _plain(record["Value"])
    return None


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def with_validation(certificate: Certificate, described: Mapping[str, Any]) -> Certificate:
    """Return the certificate with what DescribeCertificate tells of it."""
    told = validation_of(described, certificate.host or "")
    return replace(certificate, validation=told) if told else certificate


def newest_first(certificates: Iterable[Certificate]) -> list[Certificate]:
    """Sort issued ones before pending ones, newer before older."""
    age = {c.arn: c.requested.timestamp() if c.requested else 0.0 for c in certificates}
    return sorted(certificates, key=lambda c: (not c.issued, -age[c.arn], c.arn))


def own(certificates: Iterable[Certificate], owner: str, host: str, used: str | None) -> Certificate | None:
    """Return the owner's certificate for host that is to serve it: the one in use, issued, newest; or None.

    One that will never serve is none.
    """
    fitting = [
        c for c in certificates if c.owner == owner and c.host == host and c.alive and c.names == {host}
    ]
    by_use = sorted(newest_first(fitting), key=lambda c: not (c.issued and c.arn == used))
    return by_use[0] if by_use else None


def certificate_resource(
    alias: str, certificate: Certificate, *, spare: bool, theirs: bool = False
) -> Resource:
    """Return one of ours as a resource; a spare one serves its host no more.

    One that is still a former owner's is to be tagged anew.
    """
    host = certificate.host or ""
    key = spare_key(host, certificate.arn) if spare else host
    told = dict(zip(("validation_name", "validation_value"), certificate.validation or (), strict=False))
    return Resource(
        id=ResourceId(alias, CERTIFICATE, key),
        attrs=certificate_attrs(
            certificate.names, certificate.key_algorithm, remembered=certificate.remembered and not theirs
        ),
        host=host,
        container=CERTIFICATES,
        outputs=attrs(arn=certificate.arn, status=certificate.status, **told),
        mark=certificate.owner,
    )


def certificate_attrs(names: Iterable[str], key_algorithm: str, *, remembered: bool) -> Attrs:
    """Return the managed attributes; tags are to tell the validation record, so that nobody asks for it."""
    tags = (*MARKS, NAME_TAG, VALUE_TAG) if remembered else MARKS
    return attrs(names=tuple(sorted(names)), key_algorithm=key_algorithm, tags=tags)


def certificate_status(certificate: Certificate | None, reason: str = "") -> Status:
    """Tell whether a certificate is issued, in ACM's word."""
    if certificate is None:
        return Status(ready=False, text="ACM does not list it")
    text = f"{certificate.status}: {reason}" if reason else certificate.status
    return Status(certificate.issued, text, hopeless=certificate.status in HOPELESS)
