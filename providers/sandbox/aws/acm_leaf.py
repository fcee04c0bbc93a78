"""The real certificates, from the sandbox's authority, that stand for those of ACM."""

from __future__ import annotations

from providers.sandbox.ca import Authority
from providers.sandbox.ca import Certificate as Leaf

from .acm_state import DAY_S, Certificate

ISSUER = "Amazon"
_END = "-----END CERTIFICATE-----\n"


class Leaves:
    """Those of one account: made when first asked for, and again when another day is over."""

    def __init__(self, ca: Authority) -> None:
        """Begin with none."""
        self._ca = ca
        self._made: dict[tuple[str, float], Leaf] = {}

    def leaf(self, certificate: Certificate, now: float) -> Leaf:
        """Give the certificate to serve, with its dates in real time: to the day as much is left as here."""
        key = (certificate.arn, ((certificate.not_after or now) - now) // DAY_S)
        if key not in self._made:
            self._made[key] = self._issue(certificate, now)
        return self._made[key]

    def pem(self, certificate: Certificate, now: float) -> tuple[str, str]:
        """Give a certificate and its chain as PEM."""
        leaf, *chain = self.leaf(certificate, now).chain_pem.decode().split(_END)[:-1]
        return leaf + _END, "".join(part + _END for part in chain)

    def _issue(self, certificate: Certificate, now: float) -> Leaf:
        issuer = ISSUER if certificate.type == "AMAZON_ISSUED" else "Imported"
        fresh = self._ca.issue(certificate.names, issuer=issuer)
        if certificate.not_before is None or certificate.not_after is None:
            return fresh
        real = fresh.not_before + 3600 - now
        start, end = certificate.not_before + real - 3600, certificate.not_after + real
        return self._ca.issue(certificate.names, issuer=issuer, not_before=start, not_after=end)
