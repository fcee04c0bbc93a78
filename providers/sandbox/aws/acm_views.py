"""A certificate as ACM's answers show it. docs: API reference "CertificateDetail", "CertificateSummary"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .acm_issuing import renewable, validation_record
from .acm_leaf import issuer_of
from .acm_state import RENEWED_BEFORE_S, Certificate, Certificates, digest

ISSUED_STATUSES = frozenset({"ISSUED", "EXPIRED", "REVOKED"})
SUMMARY_NAMES = 100
KEY_USAGES = ("DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT")
EXTENDED_KEY_USAGES = (("TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"),)


def detail(acm: Certificates, certificate: Certificate, now: float) -> dict[str, Any]:
    """Give all that DescribeCertificate tells."""
    users = list(acm.uses(certificate.arn, now))
    out = {**_common(certificate, now, in_use=bool(users)), "InUseBy": users}
    out |= {"SubjectAlternativeNames": list(certificate.names), "Options": dict(certificate.options)}
    out |= {"SignatureAlgorithm": _signature(certificate), "Subject": f"CN={certificate.domain}"}
    issued = certificate.status(now) in ISSUED_STATUSES and certificate.issued is not None
    out["KeyUsages"] = [{"Name": name} for name in KEY_USAGES] if issued else []
    out["ExtendedKeyUsages"] = [{"Name": n, "OID": oid} for n, oid in EXTENDED_KEY_USAGES] if issued else []
    if issued:
        pairs = digest(certificate.arn, str(certificate.not_before))
        out["Serial"] = ":".join(pairs[n : n + 2] for n in range(0, 32, 2))
        out["Issuer"] = issuer_of(certificate)
    if certificate.status(now) == "FAILED":
        out["FailureReason"] = certificate.failure
    if certificate.revoked is not None and certificate.revoked <= now:
        out["RevocationReason"] = certificate.revocation
    if certificate.type == "AMAZON_ISSUED":
        out["DomainValidationOptions"] = _validations(acm, certificate, now)
        out |= _renewal(acm, certificate, now)
    return out


def summary(acm: Certificates, certificate: Certificate, now: float) -> dict[str, Any]:
    """Give what ListCertificates tells of a certificate."""
    issued = certificate.status(now) in ISSUED_STATUSES and certificate.issued is not None
    in_use = any(True for _ in acm.uses(certificate.arn, now))
    return {
        **_common(certificate, now, in_use=in_use),
        "SubjectAlternativeNameSummaries": list(certificate.names[:SUMMARY_NAMES]),
        "HasAdditionalSubjectAlternativeNames": len(certificate.names) > SUMMARY_NAMES,
        "KeyUsages": list(KEY_USAGES) if issued else [],
        "ExtendedKeyUsages": [name for name, _ in EXTENDED_KEY_USAGES] if issued else [],
        "InUse": in_use,
        "ExportOption": certificate.options.get("Export", "DISABLED"),
        "Exported": False,
    }


def _common(certificate: Certificate, now: float, *, in_use: bool) -> dict[str, Any]:
    imported = certificate.type == "IMPORTED"
    issued = certificate.issued if certificate.issued is not None and certificate.issued <= now else None
    revoked = certificate.revoked if certificate.status(now) == "REVOKED" else None
    times: Mapping[str, float | None] = {
        "CreatedAt": certificate.created,
        "IssuedAt": None if imported else issued,
        "ImportedAt": issued if imported else None,
        "NotBefore": certificate.not_before if issued is not None else None,
        "NotAfter": certificate.not_after if issued is not None else None,
        "RevokedAt": revoked,
    }
    eligible = not imported and in_use and certificate.status(now) == "ISSUED"
    return {
        "CertificateArn": certificate.arn,
        "DomainName": certificate.domain,
        "Status": certificate.status(now),
        "Type": certificate.type,
        "KeyAlgorithm": certificate.key_algorithm,
        "CertificateKeyPairOrigin": "CUSTOMER_PROVIDED" if imported else "AWS_MANAGED",
        "RenewalEligibility": "ELIGIBLE" if eligible else "INELIGIBLE",
        **{name: at for name, at in times.items() if at is not None},
    }


def _validations(acm: Certificates, certificate: Certificate, now: float) -> list[dict[str, Any]]:
    return [_validation(acm, certificate, name, now) for name in certificate.names]


def _validation(acm: Certificates, certificate: Certificate, name: str, now: float) -> dict[str, Any]:
    out: dict[str, Any] = {
        "DomainName": name,
        "ValidationDomain": name,
        "ValidationStatus": certificate.validation_status(name, now),
        "ValidationMethod": certificate.method,
    }
    if certificate.method == "EMAIL":
        base = name.removeprefix("*.")
        out["ValidationEmails"] = [f"{who}@{base}" for who in ("admin", "hostmaster", "postmaster")]
    elif now >= certificate.created + acm.timing.record_s:
        record, value = validation_record(acm.number, name)
        out["ResourceRecord"] = {"Name": record, "Type": "CNAME", "Value": value}
    return out


def _renewal(acm: Certificates, certificate: Certificate, now: float) -> dict[str, Any]:
    """Give the summary of the renewal that is due or was made; nothing before there is one."""
    if certificate.not_after is None or certificate.issued is None or certificate.issued > now:
        return {}
    due = certificate.not_after - RENEWED_BEFORE_S
    if now >= due:
        standing = "PENDING_AUTO_RENEWAL" if renewable(acm, certificate, now) else "PENDING_VALIDATION"
        standing, at = ("FAILED" if now >= certificate.not_after else standing), due
    elif certificate.renewed is not None:
        standing, at = "SUCCESS", certificate.renewed
    else:
        return {}
    options = [
        {**each, "ValidationStatus": "SUCCESS" if standing == "SUCCESS" else "PENDING_VALIDATION"}
        for each in _validations(acm, certificate, now)
    ]
    return {
        "RenewalSummary": {"RenewalStatus": standing, "DomainValidationOptions": options, "UpdatedAt": at}
    }


def _signature(certificate: Certificate) -> str:
    strength = {"EC_secp384r1": "384", "EC_secp521r1": "512"}.get(certificate.key_algorithm, "256")
    return f"SHA{strength}WITH{'ECDSA' if certificate.key_algorithm.startswith('EC_') else 'RSA'}"
