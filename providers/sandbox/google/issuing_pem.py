"""Certificates and keys that users upload, as PEM: read, and held against each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

LONGEST_CHAIN = 5  # docs: sslCertificates: "no greater than 5 certs long"


class BadPemError(ValueError):
    """What was uploaded is no certificate with its key; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an uploaded certificate says; times are unix seconds."""

    names: tuple[str, ...]
    not_before: float
    not_after: float
    issuer: str

    def as_data(self) -> dict[str, Any]:
        """Give JSON values."""
        return {**asdict(self), "names": list(self.names)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Uploaded:
        """Take what `as_data` gave."""
        return cls(tuple(data["names"]), data["not_before"], data["not_after"], data["issuer"])


def read(certificate: str, key: str) -> Uploaded:
    """Read a chain, leaf first, and its private key. Raises BadPemError."""
    try:
        chain = x509.load_pem_x509_certificates(certificate.encode())
    except ValueError as error:
        raise BadPemError("The SSL certificate could not be parsed.") from error
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadPemError("The SSL key could not be parsed.") from error
    if len(chain) > LONGEST_CHAIN:
        raise BadPemError(f"The SSL certificate chain has more than {LONGEST_CHAIN} certificates.")
    if _public(private.public_key()) != _public(chain[0].public_key()):
        raise BadPemError("The SSL certificate and key do not match.")
    return _told(chain[0])


def _public(key: Any) -> bytes:
    data: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return data


def _told(leaf: x509.Certificate) -> Uploaded:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = tuple(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        hosts = tuple(str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    organisations = leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Uploaded(
        hosts,
        leaf.not_valid_before_utc.timestamp(),
        leaf.not_valid_after_utc.timestamp(),
        str(organisations[0].value) if organisations else "Uploaded",
    )
