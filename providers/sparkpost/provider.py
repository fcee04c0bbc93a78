"""The provider: SparkPost's tracking domains as the engine asks for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from providers._http import Client, credential
from providers.sparkpost import convert, regions
from providers.sparkpost.api import Api
from providers.sparkpost.compose import compose, managed_hosts
from providers.sparkpost.convert import Eligible, Holdings, SendingDomain, TrackingDomain
from providers.sparkpost.findings import Scene
from providers.sparkpost.meanings import BLOCKED, FINAL, explained
from providers.sparkpost.writes import write
from reconciler.errors import ProviderError
from reconciler.provider import Composition, Done, Failed, Live, Status, both
from reconciler.tracking import DEFAULT, LINK, MANAGED_CERTIFICATE, SECURE, TRACKING_DOMAIN

if TYPE_CHECKING:
    import httpx

    from reconciler.model import Change, Resource, ResourceId
    from reconciler.provider import Outcomes, Parts, Scope, Setting, Wanted

ABSENT: Final = Status(ready=False, text="SparkPost has no such tracking domain")


class SparkPost:
    """One SparkPost account. `transport` replaces the network, for tests."""

    def __init__(self, setting: Setting, *, transport: httpx.BaseTransport | None = None) -> None:
        """Raises AuthError for a key that cannot be one."""
        options = setting.options
        key = credential(setting.secrets.get("API_KEY", ""), "the SparkPost API key")
        base = regions.api_base(setting.alias, options, setting.environ)
        client = Client(
            base,
            headers={"Authorization": key},
            secrets=[key],
            ca_file=setting.environ.get("TDR_CA_FILE"),
            transport=transport,
        )
        self._alias = setting.alias
        self._together = setting.together
        self._region = regions.region_of(options)
        self._identity = regions.identity(setting.alias, options)
        self._api = Api(client, setting.calls, f"region {options.get('region', 'us')}")
        # Fixed when a domain is made; writes and verify need it, and get only the host.
        self._subaccounts: dict[str, int | None] = {}

    def close(self) -> None:
        """End all connections."""
        self._api.close()

    # -- reading
    def read(self, scope: Scope) -> Live:
        """One list of tracking domains, one of sending domains where links matter, for all subaccounts.

        Beside, for each managed host that has no certificate yet, SparkPost's check whether it can have one.
        """
        domains, sending = self._lists(links=_needs_links(scope))
        return Live(
            resources=tuple(self._resources(domains.values(), (sending or {}).values())),
            accounts=frozenset({self._identity}),
            facts=Holdings(domains, sending, self._eligible(scope.parts, domains)),
        )

    def _lists(self, *, links: bool) -> tuple[dict[str, TrackingDomain], dict[str, SendingDomain] | None]:
        """Return the tracking domains and, where links matter, the sending domains, read side by side."""
        if not links:
            return {found.domain: found for found in self._list()}, None
        tracking, sending = both(self._together, self._list, self._api.sending_domains)
        return {found.domain: found for found in tracking}, {one.domain: one for one in sending}

    def _list(self) -> list[TrackingDomain]:
        found = self._api.tracking_domains()
        self._subaccounts.update({domain.domain: domain.subaccount for domain in found})
        return found

    def _resources(
        self, domains: Iterable[TrackingDomain], sending: Iterable[SendingDomain]
    ) -> Iterable[Resource]:
        for domain in domains:
            yield from convert.resources_of(self._alias, domain)
        for one in sending:
            link = convert.link_of(self._alias, one)
            if link is not None:
                yield link

    def _eligible(self, parts: Parts, domains: Mapping[str, TrackingDomain]) -> dict[str, Eligible]:
        if self._region is None:
            return {}
        found = (domains[host] for host in sorted(managed_hosts(parts)) if host in domains)
        asked = [domain for domain in found if not domain.managed]
        checks = [partial(self._api.eligible, domain.domain, domain.subaccount) for domain in asked]
        return dict(zip([domain.domain for domain in asked], self._together(checks), strict=True))

    # -- planning
    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what SparkPost should hold for these parts, and where managed hosts point."""
        holdings = live.facts if isinstance(live.facts, Holdings) else Holdings()
        scene = Scene(
            alias=self._alias,
            region=self._region,
            holdings=holdings,
            wanted={wanted.host: wanted for wanted in parts.sparkpost if not wanted.absent},
            managed=managed_hosts(parts),
        )
        return compose(scene, parts, live.resources, self._identity)

    # -- applying
    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make each change; SparkPost has no containers, so one change fails alone."""
        return {change.id: self._outcome(change) for change in batch}

    def _outcome(self, change: Change) -> Done | Failed:
        if change.id.kind == TRACKING_DOMAIN:
            self._subaccounts.pop(change.id.key, None)
        try:
            return Done(write(self._api, change))
        except ProviderError as error:
            # What no single call says, such as a write that did not stick, has no context yet.
            error.provider = error.provider or f"{self._alias} (sparkpost)"
            error.resource = error.resource or change.id.key
            return Failed(error)

    # -- waiting
    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """One list of tracking domains answers for all; one of sending domains where a link is asked for."""
        domains, listed = self._lists(links=any(id_.kind == LINK for id_ in ids))
        sending = listed or {}
        return {
            id_: _link_status(sending.get(id_.key)) if id_.kind == LINK else _status(id_, domains)
            for id_ in ids
        }

    def verify(self, id_: ResourceId) -> Status:
        """Have SparkPost look at the host; decided by `verified` alone, never by `cname_status`."""
        host = id_.key
        if host not in self._subaccounts:
            found = self._api.tracking_domain(host)
            if found is None:
                return ABSENT
            self._subaccounts[host] = found.subaccount
        said = self._api.verify(host, self._subaccounts[host])
        return Status(ready=False, text=said) if isinstance(said, str) else _verified(said)


def _needs_links(scope: Scope) -> bool:
    """Whether links matter: a host manages them, or goes, and SparkPost lets none dangle."""
    return scope.everything or any(map(_concerns_links, scope.parts.sparkpost))


def _concerns_links(wanted: Wanted) -> bool:
    return wanted.absent or wanted.sending_domains is not None


def _verified(found: TrackingDomain) -> Status:
    if found.compliance_status == "blocked":
        return Status(ready=False, text=BLOCKED, hopeless=True)
    if found.verified:
        return Status(ready=True, text="verified")
    return Status(ready=False, text=f"not verified (cname_status {found.cname_status or 'empty'})")


def _status(id_: ResourceId, domains: Mapping[str, TrackingDomain]) -> Status:
    found = domains.get(id_.key)
    return ABSENT if found is None else _STATUS[id_.kind](found)


def _issued(found: TrackingDomain) -> Status:
    hopeless = found.tls == "unavailable" or (found.tls == "failed" and found.error_code in FINAL)
    return Status(ready=found.issued, text=explained(found), hopeless=hopeless)


def _secured(found: TrackingDomain) -> Status:
    return Status(ready=found.secure, text="secure" if found.secure else "not secure")


def _chosen(found: TrackingDomain) -> Status:
    return Status(ready=found.default, text="the default" if found.default else "not the default")


_STATUS: Final[Mapping[str, Callable[[TrackingDomain], Status]]] = {
    TRACKING_DOMAIN: _verified,
    MANAGED_CERTIFICATE: _issued,
    SECURE: _secured,
    DEFAULT: _chosen,
}


def _link_status(found: SendingDomain | None) -> Status:
    if found is None or found.tracking_domain is None:
        return Status(ready=False, text="linked to no tracking domain")
    return Status(ready=True, text=f"linked to {found.tracking_domain}")
