"""The sandbox's certificate authority: one root, an intermediate for each issuer, leaves in real time."""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY_S = 86_400
_ROOT_NAME = "tdr sandbox root"


def covers(hosts: Sequence[str], name: str) -> bool:
    """Say whether a certificate for `hosts` covers `name`: equal, or ``*.`` for exactly one label."""
    wanted = name.lower().rstrip(".")
    parent = wanted.partition(".")[2]
    return any(host.lower() in (wanted, f"*.{parent}") for host in hosts)


@dataclass(frozen=True)
class Certificate:
    """A leaf with its key and chain. Dates are real unix seconds."""

    hosts: tuple[str, ...]
    issuer: str  # organisation of the intermediate
    not_before: float
    not_after: float
    serial: int
    chain_pem: bytes  # leaf, intermediate
    key_pem: bytes = field(repr=False)

    def covers(self, name: str) -> bool:
        """Say whether this certificate is good for `name`."""
        return covers(self.hosts, name)

    @cached_property
    def context(self) -> ssl.SSLContext:
        """The TLS server context that serves this certificate (made once)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.NamedTemporaryFile() as pem:  # the ssl module loads from files only
            pem.write(self.key_pem + self.chain_pem)
            pem.flush()
            context.load_cert_chain(pem.name)
        return context


class Authority:
    """Issues leaves below one root. The root's key is kept in `folder`, so that a restart keeps its trust."""

    def __init__(self, folder: Path) -> None:
        """Load the root from `folder`, or make one there (``ca.pem`` and ``ca.key``)."""
        self.file = folder / "ca.pem"
        self._key, self.root = _load_root(folder) or _make_root(folder)
        self._intermediates: dict[str, tuple[ec.EllipticCurvePrivateKey, x509.Certificate]] = {}

    def issue(
        self,
        hostnames: Sequence[str],
        *,
        issuer: str = "tdr sandbox",
        not_before: float | None = None,
        not_after: float | None = None,
    ) -> Certificate:
        """Issue a leaf for these names under an intermediate whose organisation is `issuer`.

        Dates are real unix seconds; by default an hour ago and 90 days later. The first name is the subject.
        """
        now = dt.datetime.now(dt.UTC).timestamp()
        start = now - 3600 if not_before is None else not_before
        end = start + 90 * DAY_S if not_after is None else not_after
        ca_key, ca = self._intermediate(issuer)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(hostnames[0]), ca.subject, key.public_key(), start, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hostnames])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
        for extension in (names, usage, identifier):
            builder = builder.add_extension(extension, critical=False)
        leaf = builder.sign(ca_key, hashes.SHA256())
        return Certificate(
            hosts=tuple(hostnames),
            issuer=issuer,
            not_before=start,
            not_after=end,
            serial=leaf.serial_number,
            chain_pem=_pem(leaf) + _pem(ca),
            key_pem=_key_pem(key),
        )

    def client_context(self, *, verify: bool = True) -> ssl.SSLContext:
        """Give a TLS client context that trusts this root only, or anything when `verify` is off."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if verify:
            context.load_verify_locations(cafile=str(self.file))
            return context
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _intermediate(self, issuer: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        if issuer not in self._intermediates:
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name(
                [
                    x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer),
                    x509.NameAttribute(NameOID.COMMON_NAME, f"{issuer} sandbox CA"[:64]),
                ]
            )
            self._intermediates[issuer] = (key, _sign_ca(subject, key, self.root.subject, self._key, 0))
        return self._intermediates[issuer]


def _name(common_name: str) -> x509.Name:
    # A common name holds 64 characters at most; the alternative names carry the whole.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, start: float, end: float
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime.fromtimestamp(start, dt.UTC))
        .not_valid_after(dt.datetime.fromtimestamp(end, dt.UTC))
    )


def _sign_ca(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    path_length: int,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC).timestamp()
    # Long before and after: leaves of any date that a test asks for fall within.
    builder = _builder(subject, issuer, key.public_key(), now - 3650 * DAY_S, now + 3650 * DAY_S)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _make_root(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    root = _sign_ca(_name(_ROOT_NAME), key, _name(_ROOT_NAME), key, 1)
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "ca.key"
    secret.touch(mode=0o600)
    secret.write_bytes(_key_pem(key))
    (folder / "ca.pem").write_bytes(_pem(root))
    return key, root


def _load_root(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    if not ((folder / "ca.pem").exists() and (folder / "ca.key").exists()):
        return None
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return key, x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
