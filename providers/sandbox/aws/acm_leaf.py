"""The real certificates, from the sandbox's authority, that stand for those of ACM."""

from __future__ import annotations

from providers.sandbox import leaves
from providers.sandbox.ca import Certificate as Leaf

from .acm_state import Certificate

ISSUER = "Amazon"
_END = "-----END CERTIFICATE-----\n"


def issuer_of(certificate: Certificate) -> str:
    """Give who issued a certificate."""
    return ISSUER if certificate.type == "AMAZON_ISSUED" else "Imported"


class Leaves(leaves.Leaves):
    """Those of one account."""

    def of(self, certificate: Certificate, now: float) -> Leaf:
        """Give the certificate to serve."""
        start, end = certificate.not_before, certificate.not_after
        valid = None if start is None or end is None else (start, end)
        return self.leaf(certificate.names, issuer_of(certificate), valid, now=now, of=certificate.arn)

    def pem(self, certificate: Certificate, now: float) -> tuple[str, str]:
        """Give a certificate and its chain as PEM."""
        leaf, *chain = self.of(certificate, now).chain_pem.decode().split(_END)[:-1]
        return leaf + _END, "".join(part + _END for part in chain)
