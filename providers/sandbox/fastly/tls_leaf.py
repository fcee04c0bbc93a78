"""The real certificates, from the sandbox's authority, that stand for those that Fastly has active."""

from __future__ import annotations

from providers.sandbox.ca import Authority
from providers.sandbox.ca import Certificate as Leaf

from .tls_state import DAY_S, Certificate


class Leaves:
    """Made when first asked for, and again when another day is over."""

    def __init__(self, ca: Authority) -> None:
        """Begin with none."""
        self._ca = ca
        self._made: dict[tuple[str, float, float], Leaf] = {}

    def leaf(self, certificate: Certificate, now: float) -> Leaf:
        """Give the certificate to serve, with its dates in real time: to the day as much is left as here."""
        key = (certificate.id, certificate.not_after, (certificate.not_after - now) // DAY_S)
        if key not in self._made:
            self._made[key] = self._issue(certificate, now)
        return self._made[key]

    def _issue(self, certificate: Certificate, now: float) -> Leaf:
        fresh = self._ca.issue(certificate.names, issuer=certificate.issuer)
        real = fresh.not_before + 3600 - now
        start, end = certificate.not_before + real - 3600, certificate.not_after + real
        return self._ca.issue(certificate.names, issuer=certificate.issuer, not_before=start, not_after=end)
