"""Managed HTTPS: eligibility, ordering, and issue and renewal by HTTP-01 over the sandbox's own network."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Final

from providers.sandbox.caa import permits
from providers.sandbox.fetch import FetchError
from providers.sandbox.kernel import Kernel
from providers.sandbox.sparkpost import refusals, switches
from providers.sandbox.sparkpost.accounts import Account
from providers.sandbox.sparkpost.domains import ManagedCertificate, TrackingDomain
from providers.sandbox.sparkpost.origin import CHALLENGE_PATH, Origin
from providers.sandbox.sparkpost.switches import Settings
from providers.sandbox.sparkpost.verify import Verifier

AUTHORITY: Final = "letsencrypt.org"
AUTHORITY_ADDRESS: Final = "192.0.2.202"


class ManagedHttps:
    """Managed certificates of one region."""

    def __init__(self, kernel: Kernel, origin: Origin, verifier: Verifier, settings: Settings) -> None:
        """The verifier tells what a name is an alias of; the origin serves the challenges."""
        self._kernel = kernel
        self._origin = origin
        self._verifier = verifier
        self._settings = settings
        self._settling = asyncio.Lock()

    def check(self, account: Account, domain: TrackingDomain) -> None:
        """Whether Let's Encrypt would issue at all; unverified domains may ask. Raises RefusedError."""
        if domain.domain in account.managed.check_times_out:
            raise refusals.check_timed_out()
        if domain.domain in account.managed.check_fails:
            raise refusals.check_failed()
        if domain.domain in account.managed.unavailable:
            raise refusals.not_eligible()

    def enable(self, account: Account, domain: TrackingDomain) -> None:
        """Order a certificate. Raises RefusedError: unverified, not on a V2 endpoint, refused by policy."""
        if domain.domain in account.managed.check_times_out:
            raise refusals.check_timed_out()
        if not domain.verified:
            raise refusals.not_verified_for_certificate()
        if self._verifier.alias_of(domain.domain) != self._origin.region.v2_endpoint:
            raise refusals.not_on_v2()
        if domain.domain in account.managed.unavailable:
            raise refusals.cannot_issue()
        now = self._kernel.now()
        if domain.certificate is not None and domain.certificate.status(now) in ("pending", "valid"):
            if self._settings.has(switches.ENABLE_AGAIN, "conflict-409"):
                raise refusals.enabled_already()
            return
        account.tracking[domain.domain] = self._ordered(account, domain, now)

    def order_on_verify(self, account: Account, domain: TrackingDomain) -> TrackingDomain:
        """After a verify that succeeded: order where the switch says that SparkPost does so unasked."""
        wanted = self._settings.has(switches.MANAGED_BY_DEFAULT, "on-verify") and domain.verified
        if not wanted or domain.certificate is not None or domain.domain in account.managed.unavailable:
            return domain
        if self._verifier.alias_of(domain.domain) != self._origin.region.v2_endpoint:
            return domain
        account.tracking[domain.domain] = self._ordered(account, domain, self._kernel.now())
        return account.tracking[domain.domain]

    async def settle(self, account: Account) -> None:
        """Try every issue and renewal of an account that is due by now: to be called before it is read."""
        async with self._settling:
            now = self._kernel.now()
            for domain in list(account.tracking.values()):
                if domain.certificate is not None and domain.certificate.is_due(now):
                    error_code = await self._challenged(account, domain.domain)
                    self._settled(account, domain.domain, error_code, now)

    def _ordered(self, account: Account, domain: TrackingDomain, now: float) -> TrackingDomain:
        ordered = replace(domain, certificate=ManagedCertificate.ordered(now, account.issue_after_s))
        if self._settings.has(switches.MANAGED_FLAG, "on-issue"):
            return ordered
        return replace(ordered.with_secure(now, secure=True), uses_managed_certificate=True)

    def _settled(self, account: Account, host: str, error_code: str | None, now: float) -> None:
        domain = account.tracking.get(host)
        if domain is None or domain.certificate is None:
            return
        if error_code is not None:
            retried = self._settings.has(switches.FAILED_ISSUE, "retried")
            failed = domain.certificate.failed(now, error_code, tries_again=retried)
            account.tracking[host] = replace(domain, certificate=failed)
            return
        first = domain.certificate.issued_at is None
        domain = replace(domain, certificate=domain.certificate.issued(now), uses_managed_certificate=True)
        account.tracking[host] = domain.with_secure(now, secure=True) if first else domain

    async def _challenged(self, account: Account, host: str) -> str | None:
        """The `error_code` of one issue, or None for success."""
        if host in account.managed.rejected or host in account.managed.unavailable:
            return "acme:rejected_identifier"
        if self._verifier.alias_of(host) != self._origin.region.v2_endpoint:
            return "acme:dns"
        if not self._authorized(host):
            return "acme:unauthorized"
        return await self._http_01(host)

    def _authorized(self, host: str) -> bool:
        """CAA; an answer that cannot be had forbids, too."""
        return bool(permits(lambda name, kind: self._kernel.resolve(name, kind, fresh=True), host, AUTHORITY))

    async def _http_01(self, host: str) -> str | None:
        token, proof = secrets.token_hex(16), secrets.token_hex(16)
        self._origin.challenges[token] = proof
        try:
            got = await self._kernel.fetch(
                f"http://{host}{CHALLENGE_PATH}{token}",
                source=AUTHORITY_ADDRESS,
                verify=False,  # Let's Encrypt follows a redirect to https without asking for its certificate
                follow=True,
                fresh=True,
            )
        except FetchError as error:
            return "acme:dns" if error.stage == "dns" else "acme:temporary"
        finally:
            del self._origin.challenges[token]
        return None if got.status == 200 and got.body == proof.encode() else "acme:unauthorized"
