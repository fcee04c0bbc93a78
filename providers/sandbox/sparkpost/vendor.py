"""SparkPost assembled: two API listeners, four tracking endpoints, one DNS zone, all on one state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.sandbox.ca import Certificate
from providers.sandbox.contract import ControlError, Switch
from providers.sandbox.http1 import EdgeRequest, EdgeResponse
from providers.sandbox.kernel import Kernel
from providers.sandbox.leaves import Leaves
from providers.sandbox.sparkpost import names, switches, world
from providers.sandbox.sparkpost.accounts import Account, Accounts
from providers.sandbox.sparkpost.api import PREFIX, Api
from providers.sandbox.sparkpost.control import AccountControl
from providers.sandbox.sparkpost.domains import DAY_S
from providers.sandbox.sparkpost.managed import ManagedHttps
from providers.sandbox.sparkpost.names import REGIONS, Region
from providers.sandbox.sparkpost.origin import Origin
from providers.sandbox.sparkpost.switches import Settings
from providers.sandbox.sparkpost.verify import Verifier
from providers.sandbox.zone import NameServer, Record, Zone

VENDOR: Final = "sparkpost"
LETS_ENCRYPT: Final = "Let's Encrypt"
ENDPOINT_ISSUER: Final = "DigiCert Inc"


@dataclass(frozen=True, slots=True)
class _Service:
    """One region at work."""

    region: Region
    origin: Origin
    base_url: str


class Endpoint:
    """One tracking endpoint (a host name on an address) of a region: its certificates and its requests."""

    def __init__(
        self, kernel: Kernel, origin: Origin, name: str, accounts: Accounts, settings: Settings
    ) -> None:
        """Certificates are made when first asked for."""
        self._kernel = kernel
        self._origin = origin
        self._name = name
        self._accounts = accounts
        self._settings = settings
        self._leaves = Leaves(kernel.ca)

    def certificate_for(self, sni: str | None) -> Certificate | None:
        """The endpoint's own, whatever SNI says; on a V2 endpoint the managed one of a host that has one."""
        if sni is None and self._settings.has(switches.ORIGIN_WITHOUT_SNI, "refused"):
            return None
        managed = self._managed(sni) if sni and self._name == self._origin.region.v2_endpoint else None
        return managed or self._own(wrong=sni is None)

    async def serve(self, request: EdgeRequest) -> EdgeResponse:
        """Answer one request on port 80 or 443."""
        return await self._origin.serve(self._name, request)

    def _own(self, *, wrong: bool) -> Certificate:
        host = f"default.{names.SERVED_ZONE}" if wrong else self._name
        return self._leaves.leaf([host], ENDPOINT_ISSUER, now=self._kernel.now())

    def _managed(self, host: str) -> Certificate | None:
        account = self._accounts.holder(self._origin.region, host)
        certificate = account.tracking[host].certificate if account else None
        if certificate is None or certificate.issued_at is None or certificate.expires_at is None:
            return None
        valid = certificate.expires_at - 90 * DAY_S, certificate.expires_at
        return self._leaves.leaf([host], LETS_ENCRYPT, valid, now=self._kernel.now())


class SparkPost:
    """The running vendor, as the sandbox's contract has it."""

    def __init__(self, kernel: Kernel, section: object) -> None:
        """Raises WorldError for a section that cannot be read."""
        self._kernel = kernel
        self._settings = Settings(kernel.switch)
        self._credentials = world.credentials(section)
        self._accounts = Accounts(world.accounts(section, kernel.now()))
        self._control = AccountControl()
        for switch in switches.SWITCHES:
            kernel.register_switch(switch)
        self._services = [self._served(region) for region in REGIONS.values()]
        kernel.add_zone(zone())

    def env(self) -> Mapping[str, str]:
        """Both API bases, and the keys that the world names variables for."""
        bases = {service.region.variable: service.base_url for service in self._services}
        return bases | self._credentials

    def dump(self) -> Any:
        """Accounts, how many links were wrapped, and every event that the origins saw.

        A certificate that is due is settled by the next API call, so it may still read as it was before.
        """
        events = [event for service in self._services for event in service.origin.saved()]
        return {
            "accounts": [account.saved() for account in self._accounts],
            "wrapped": self._control.serial,
            "events": events,
        }

    def load(self, state: Any) -> None:
        """Take what `dump` gave; accounts that the world no longer has are left out."""
        for saved in state["accounts"]:
            account = self._accounts.named(saved["account"], REGIONS[saved["region"]])
            if account is not None:
                account.restore(saved)
        self._control.serial = state["wrapped"]
        for service in self._services:
            service.origin.restore(state["events"])

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """`{"clear_events": true}`, or changes of one account as `AccountControl.apply` takes them."""
        if changes.get("clear_events"):
            for service in self._services:
                service.origin.clear()
            changes = {name: value for name, value in changes.items() if name != "clear_events"}
            if not changes:
                return {}
        return self._control.apply(self._account(changes), changes, self._kernel.now())

    def _account(self, changes: Mapping[str, Any]) -> Account:
        region, name = changes.get("region"), changes.get("account")
        known = [each for each in self._accounts if region in (None, each.region.name)]
        wanted = [each for each in known if name in (None, each.name)]
        if len(wanted) == 1:
            return wanted[0]
        choices = ", ".join(f"{each.name} ({each.region.name})" for each in self._accounts)
        raise ControlError(f"account, region: name one of {choices or 'none: the world has no account'}")

    def _served(self, region: Region) -> _Service:
        kernel, settings, accounts = self._kernel, self._settings, self._accounts
        origin = Origin(region, accounts, settings, kernel.now)
        verifier = Verifier(kernel, origin, settings)
        managed = ManagedHttps(kernel, origin, verifier, settings)
        api = Api(region, accounts, settings, kernel.now, verifier, managed)
        url = kernel.api(VENDOR, region.name, api.routes, prefix=PREFIX, limiting=api.limiting)
        for name, address in region.addresses:
            endpoint = Endpoint(kernel, origin, name, accounts, settings)
            kernel.edge(address, vendor=VENDOR, tls=endpoint.certificate_for, handle=endpoint.serve)
        return _Service(region, origin, url)


def zone() -> Zone:
    """SparkPost's own zone, with the endpoints of both regions."""
    server = NameServer(names.NAME_SERVER, names.NAME_SERVER_ADDRESS)
    records = [
        Record(name, "A", 60, address) for region in REGIONS.values() for name, address in region.addresses
    ]
    return Zone(names.SERVED_ZONE, [server], lambda: records, revision=lambda: 0)


class Emulator:
    """How the sandbox starts SparkPost."""

    name = VENDOR

    def start(self, kernel: Kernel, section: Any) -> SparkPost:
        """Register everything with the kernel. Raises WorldError."""
        return SparkPost(kernel, section)

    @property
    def switches(self) -> tuple[Switch, ...]:
        """The table of everything unknown that changes what tdr does."""
        return switches.SWITCHES
