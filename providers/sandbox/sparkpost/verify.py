"""Verify: the check against the configured redirect, made by really fetching over the sandbox's network."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final

from providers.sandbox.fetch import FetchError
from providers.sandbox.kernel import Kernel
from providers.sandbox.sparkpost import refusals, switches
from providers.sandbox.sparkpost.accounts import Account
from providers.sandbox.sparkpost.domains import TrackingDomain
from providers.sandbox.sparkpost.origin import Origin
from providers.sandbox.sparkpost.switches import Settings

CHECKER_ADDRESS: Final = "203.0.113.5"
USER_AGENT: Final = ("User-Agent", "msys-domain-check")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: whether it reached SparkPost, and what the name is an alias of, if anything."""

    reached: bool
    alias: str | None


class Verifier:
    """Verifies the tracking domains of one region."""

    def __init__(self, kernel: Kernel, origin: Origin, settings: Settings) -> None:
        """Kernel for DNS and fetching; the origin tells whether a check arrived."""
        self._kernel = kernel
        self._origin = origin
        self._settings = settings

    async def verify(self, account: Account, domain: TrackingDomain) -> TrackingDomain:
        """Check a domain and keep the result. Raises RefusedError: 400 the check failed, 404 it went."""
        finding = await self._check(domain)
        present = account.tracking.get(domain.domain)
        if present is None:
            raise refusals.no_such_domain()
        changed = self._judged(present, finding)
        account.tracking[domain.domain] = changed
        if not finding.reached and self._settings.has(switches.VERIFY_FAILURE, "error-400"):
            raise refusals.verify_failed(domain.scheme, domain.domain, domain.port)
        return changed

    def alias_of(self, host: str) -> str | None:
        """The name that a host is directly an alias of, as its authoritative servers say now."""
        answer = self._kernel.resolve(host, "CNAME", fresh=True)
        own = (record for record in answer.records if record.name == host and record.type == "CNAME")
        return next((record.content.rstrip(".").lower() for record in own), None)

    async def _check(self, domain: TrackingDomain) -> Finding:
        alias = self.alias_of(domain.domain)
        if not domain.secure and alias in self._origin.region.endpoints:
            return Finding(reached=True, alias=alias)
        return Finding(await self._reaches(domain), alias)

    async def _reaches(self, domain: TrackingDomain) -> bool:
        """Fetch by scheme and port, certificate verified, redirects not followed; see what arrives here."""
        nonce = secrets.token_hex(8)
        below = (
            f"/f/a/{nonce}/c/d" if self._settings.has(switches.VERIFY_PATH, "click") else f"/?check={nonce}"
        )
        self._origin.checks.add(nonce)
        try:
            await self._kernel.fetch(
                f"{domain.scheme}://{domain.domain}{below}",
                headers=(USER_AGENT,),
                source=CHECKER_ADDRESS,
                fresh=True,
            )
        except FetchError:
            return False
        finally:
            self._origin.checks.discard(nonce)
        event = self._origin.arrived.pop(nonce, None)
        if event is None:
            return False
        return event.tracking_host == domain.domain or self._settings.has(switches.VERIFY_ACCEPTS, "reached")

    def _judged(self, domain: TrackingDomain, finding: Finding) -> TrackingDomain:
        if finding.reached:
            direct = finding.alias in self._origin.region.endpoints
            shown = direct and self._settings.has(switches.CNAME_STATUS, "direct-valid")
            return replace(domain, verified=True, cname_status="valid" if shown else "")
        if domain.verified and self._settings.has(switches.FAILED_VERIFY, "keeps"):
            return domain
        return replace(domain, verified=False, cname_status="invalid" if finding.alias else "unverified")
